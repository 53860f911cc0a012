# What volumes mean, case by case and in each mode: what is shown where, what is
# refused, and that nothing is made in the container or on the host for it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config":{"Env":["PATH=/bin"],"WorkingDir":"/"}}' \
  || bail "no container"
modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"

# On the host: a directory d, another e, a file f, and links.  In the container:
# a directory dir with things in it, a file, and links.
mkdir -p d/sub/deep e
echo in-d > d/file
echo in-deep > d/sub/deep/file
echo in-e > e/file
echo f > f
ln -s d link-d
ln -s f link-f
ln -s ../f d/up
ln -s /nowhere dangling
mkfifo fifo
mkdir -p "$root/dir/sub" "$root/real"
echo image > "$root/dir/file"
echo image > "$root/dir/sub/file"
echo image > "$root/plain"
ln -s real "$root/link"
ln -s /real "$root/absolute"
ln -s ../../../../../real "$root/dots"
ln -s plain "$root/link-plain"
ln -s /nowhere/at/all "$root/dangling"
ln -s "$work/e" "$root/out"
ln -s loop "$root/loop"

# hosts: all there is of these, with times of change; container: likewise.
hosts ()
{
  find d e f link-d link-f dangling fifo -printf '%p %y %m %s %i %C@ %l\n' | sort
}
image ()
{
  find "$root" -printf '%p %y %m %s %i %C@ %l\n' | sort
}
hosts > hosts.before
image > image.before

# Options, where @ is the directory of the test; a script; and what it prints, a
# blank between lines, or behind 125 a part of the error.
while IFS='#' read -r options script wanted; do
  wrong=
  options=$(echo "$options" | sed "s|@|$work|g")
  script=$(echo "$script" | sed "s|@|$work|g")
  wanted=$(echo "$wanted" | sed "s|@|$work|g")
  for mode in $modes; do
    # shellcheck disable=SC2086 # words
    run ud --execmode="$mode" $options c1 \
      sh -c "exec 2>&-; $script"
    got=$(echo "$stdout" | tr -s '\n' ' ' | sed 's/ *$//')
    case $wanted in
      125*) test "$status" = 125 && echo "$stderr" | grep -Fq -e "${wanted#125 }" ;;
      *) test "$status:$got:$stderr" = "0:$wanted:" ;;
    esac || wrong="$wrong
$mode: $status $got $stderr"
  done
  is "$(echo "$options: $script" | sed "s|$work|@|g")" "$wrong" ""
done << 'EOD'
-v @/f:/plain#cat plain; ls -d plain#f plain
-v @/f:/new#cat new; ls / | grep -c new#f 1
-v @/f:/a/b/new#cat a/b/new; ls a a/b; ls -d a/b/..#f a: b a/b: new a/b/..
-v @/f:/dir#cat dir; ls -d dir/sub; echo done#f done
-v @/f:/dir/file#cat dir/file dir/sub/file; ls dir#f image file sub
-v @/d:/plain#cat plain/file; ls plain#in-d file sub up
-v @/d:/dir#cat dir/file; ls dir; cat dir/sub/deep/file#in-d file sub up in-deep
-v @/d:/dir/sub#cat dir/file dir/sub/file; ls dir#image in-d file sub
-v @/d:/new#cat new/file; ls -d new; cd new; pwd; cd ..; pwd#in-d new /new /
-v @/d:/a/b/c#cat a/b/c/file; ls a; cd a/b/c; cd ../..; pwd#in-d b /a
-v @/d:/a/b/c#echo > a/x; mkdir a/b/y; rmdir a/b; ls a a/b#a: b a/b: c
-v @/d#cat @/d/file#in-d
-v @/d:#cat @/d/file#in-d
-v @/d/:/new/#cat new/file#in-d
-v @//d/./sub/..:/./new//x/.#cat new/x/file#in-d
-v @/link-d:/new#cat new/file; test -L new; echo $?#in-d 1
-v @/link-d/sub:/new#cat new/deep/file#in-deep
-v @/link-f:/new#cat new; test -L new; echo $?#f 1
-v @/d:/new#cat new/up; readlink new/up#../f
-v @/d:/new -v @/f:/f#cat new/up#f
-v @/fifo:/new#test -p new; echo $?#0
-v /dev/null:/new#echo x > new; cat new; test -c new; echo $?#0
-v @/d:/link#cat link/file real/file; readlink link#in-d in-d real
-v @/d:/absolute#cat absolute/file real/file#in-d in-d
-v @/d:/dots#cat dots/file real/file#in-d in-d
-v @/d:/link/x/y#cat link/x/y/file real/x/y/file#in-d in-d
-v @/f:/link-plain#cat link-plain plain; readlink link-plain#f f plain
-v @/d:/link:nofollow#cat link/file; ls real; test -L link; echo $?#in-d 1
-v @/d:/dangling#cat dangling/file; test -L dangling; echo $?#in-d 1
-v @/d:/dangling:nofollow#cat dangling/file#in-d
-v @/d:/out/new#cat out/new/file; ls out#in-d new
-v @/d:/out#cat out/file#in-d
-v @/d:/loop#:#125 Too many levels of symbolic links
-v @/d:/loop/x#:#125 Too many levels of symbolic links
-v @/d:/plain/x#:#125 Not a directory
-v @/d:/new -v @/e:/new/sub#cat new/file new/sub/file; ls new#in-d in-e file sub up
-v @/e:/new/sub -v @/d:/new#cat new/file new/sub/file#in-d in-e
-v @/d:/new -v @/e:/new/none#cat new/file new/none/file; ls new#in-d in-e file none sub up
-v @/d:/new -v @/f:/new/sub/deep/file#cat new/sub/deep/file#f
-v @/d:/new -v @/e:/new/sub -v @/f:/new/sub/deep/x#cat new/sub/deep/x new/sub/file#f in-e
-v @/d:/a -v @/d:/b#cat a/file b/file; ln a/file b/l; echo $?#in-d in-d 1
-v @/d:/x -v @/e:/x#cat x/file#in-e
-v @/e:/x -v @/d:/x -v @/f:/x/y#cat x/file x/y#in-d f
-v @/d:/real -v @/e:/link#cat real/file link/file#in-e in-e
-v @/d:/x:ro#cat x/file; echo x > x/new; rm x/file; ls x#in-d file sub up
-v @/d:/x:rw#cat x/file#in-d
-v @/d:/x:ro,z#cat x/file; echo x >> x/file; cat x/file#in-d in-d
-v @/d:/x:Z -v @/e:/y:z,ro#cat x/file y/file; echo >> y/file; echo $?#in-d in-e 1
-v @/d:/x:cached,rw#cat x/file#in-d
-v @/f:/x:ro#cat x; echo y > x; echo $?#f 1
-v @/d:/x:ro -v @/e:/x/sub#echo $(cat x/sub/file); test -w x; test -w x/sub; echo $?#in-e 0
-v @/d:/x -v @/e:/x/sub:ro#cat x/sub/file; echo > x/sub/n; echo $?#in-e 1
-v @/d:/x:ro,rw#echo > x/new; echo $?#1
-v /:/x#cat x@/d/file; cd x@/d; pwd; cd ../..; ls -d /x/x; echo $?#in-d /x@/d 1
-v /:/x:ro#cat x@/d/file; echo > x@/d/file; echo $?#in-d 1
-v /:/x -v @/e:/x@/d#cat x@/d/file#in-e
-v @/d:/proc/new#cat /proc/new/file; test -e /proc/self/fd; echo $?#in-d 0
-v @/d:/dev/new#cat /dev/new/file; test -c /dev/null; echo $?#in-d 0
-v @/d:/dev#ls dev; test -e /dev/null; echo $?#file sub up 1
-v @/d:/proc#ls proc#file sub up
-v @/f:/etc/resolv.conf#cat etc/resolv.conf#f
-v @/none:/x#:#125 invalid host volume path: @/none: No such file
-v @/dangling:/x#:#125 invalid host volume path: @/dangling: No such file
-v @/f/x:/y#:#125 Not a directory
-v name:/x#:#125 invalid host volume path: name: it does not begin with '/' or './'
-v .name:/x#:#125 invalid host volume path: .name: it does not begin
-v ...:/x#:#125 invalid host volume path: ...: it does not begin
-v ./d:/x#cat x/file#in-d
-v ./e/../d/:/x#cat x/file#in-d
-v .:/x#cat x/d/file#in-d
-v ./d#:#125 invalid container volume path: ./d
-v @/d:x#:#125 invalid container volume path: x: it must be absolute
-v @/d:./x#:#125 invalid container volume path: ./x: it must be absolute
-v @/d:/x/../y#:#125 without '..'
-v @/d:/..#:#125 without '..'
-v @/d:/#:#125 and not '/'
-v @/d:/dir/..#:#125 without '..'
-v @/d:/x:#cat x/file#in-d
-v @/d:/x:what#:#125 option 'what'
-v @/d:/x:ro:rw#:#125 option 'ro:rw'
-v :/x#:#125 invalid host volume path
-v @/d:/x --novol=@/d#ls -d x; echo $?#1
-v @/d:/x -v @/d:/y --novol=@/d:/x#ls -d x y; echo $?#y 1
-v @/d:/x -v @/e:/y --novol=@/d --novol=/dev#ls -d x y; ls dev#y
--novol=/proc --novol=/sys#ls proc sys; test -c /dev/null; echo $?#proc: sys: 0
--nosysdirs#ls dev proc sys; test -e /etc/resolv.conf; echo $?#dev: proc: sys: 1
--nosysdirs -v /dev/null:/dev/null#ls dev; echo x > dev/null; cat dev/null#null
--nosysdirs --device=/dev/zero#ls dev; head -c 2 dev/zero | od -An -tx1 | tr -d " "#zero 0000
--device=/dev/zero#ls dev | grep -cx zero; test -e /dev/null; echo $?#1 0
EOD
hosts > hosts.after
image > image.after
ok "nothing is made or changed on the host" cmp hosts.before hosts.after \
  || diff hosts.before hosts.after | sed 's/^/# /'
ok "  nor in the container" cmp image.before image.after \
  || diff image.before image.after | sed 's/^/# /'

# From where one is.
mkdir -p here/below
echo here > here/file
(cd here/below && ud -v ..:/x -v ../file:/y c1 cat /x/file /y) > out 2>&1
is "a volume above the current directory" "$(cat out)" "here
here"
mkdir gone
(cd gone && rmdir ../gone && ud -v ./x:/x c1 true) > out 2>&1
like "  of one that is gone there is none" "$(cat out)" \
  "^Error: invalid host volume path: ./x: "

# Drivers for direct rendering are directories of the host's.
mkdir drivers
echo driver > drivers/x_dri.so
printf '[DEFAULT]\ndri_list = %s/drivers %s/none\n' "$work" "$work" > dri.conf
for mode in $modes; do
  run udocker --config=dri.conf run --nobanner --execmode="$mode" --dri c1 \
    cat "$work/drivers/x_dri.so"
  is "--dri shows those that there are, in $mode" "$status:$stdout$stderr" \
    0:driver
  run udocker --config=dri.conf run --nobanner --execmode="$mode" c1 \
    cat "$work/drivers/x_dri.so"
  is "  and they are not there without" "$status:$stdout" 1:
done
run ud --dri c1 true
is "--dri does without those that there are not" "$status$stderr" 0

# Memory that is shared with the host, as files.
if test -w /dev/shm; then
  shared=udocker-test.$$
  at_end "rm -f /dev/shm/$shared"
  for mode in $modes; do
    run ud --execmode="$mode" c1 sh -c \
      'echo shared > "/dev/shm/$0"; stat -c %a /dev/shm' "$shared"
    is "/dev/shm is the host's, in $mode" \
      "$status:$stdout:$(cat /dev/shm/$shared)" "0:1777:shared"
    rm -f /dev/shm/$shared
  done
fi

done_testing
