# The engine by hand: every option of PRoot's command line in every spelling.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC1003,SC2016  # backslashes and scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

engine=$libexec/udocker-proot
tree=$work/tree
make_tree "$tree" || bail "no tree"
mkdir -p "$tree/at/sub" "$tree/opt" "$work/bound"
echo bound > "$work/bound/file"
echo mark > "$tree/mark"
ln -s /opt "$tree/link"
unset PROOT_NO_SECCOMP PROOT_VERBOSE PROOT_IGNORE_MISSING_BINDINGS

# engine_sh OPTION... SCRIPT: run SCRIPT with sh in the tree.
engine_sh ()
{
  count=$#
  for word in "$@"; do
    count=$((count - 1))
    shift
    test "$count" -gt 0 || set -- "$@" sh -c
    set -- "$@" "$word"
  done
  run "$engine" "$@"
}

# says WHAT EXPECTED: the last run wrote EXPECTED and nothing else, and ended
# well.
says ()
{
  is "$1" "$status:$stdout:$stderr" "0:$2:"
}

# refused WHAT PATTERN: the last run was refused with 125 and one line.
refused ()
{
  is_error "$1" 125 "^Error: .*$2"
}

# --- the root -----------------------------------------------------------------

for spelling in "-r $tree" "--rootfs=$tree" "--rootfs $tree" "-r $tree/" \
                "-b $tree:/" "--bind=$tree:/" "-r $tree -r $tree"; do
  # shellcheck disable=SC2086
  engine_sh $spelling 'cat /mark'
  says "$spelling" mark
done
cd "$work" || exit 99
engine_sh -r tree 'cat /mark'
says 'a relative root' mark
run "$engine" sh -c 'echo here'
says 'without -r the root is the host'\''s' here
run "$engine" -r "$work/missing" true
refused 'a root that is missing' "'$work/missing'.*No such file"
run "$engine" -r "$work/bound/file" true
refused 'a root that is a file' "$work/bound/file.*Not a directory"
for first in "-r $work/bound" "-b $work/bound:/" "-R $work/bound" \
             "-r $work/missing"; do
  # shellcheck disable=SC2086
  engine_sh $first -r "$tree" 'cat /mark'
  says "of two roots the last counts: $first -r" mark
done
run "$engine" -r "$tree" -b "$work/bound:/" cat /mark
is '  also as a binding' "$status" 127
run "$engine" -r "$tree" -r "$work/missing" true
refused '  also when it is missing' "'$work/missing'"

# --- bindings -----------------------------------------------------------------

for option in -b -m '--bind' '--mount'; do
  engine_sh -r "$tree" $option "$work/bound:/opt" 'cat /opt/file'
  says "$option HOST:GUEST" bound
done
for option in --bind= --mount=; do
  engine_sh -r "$tree" "$option$work/bound:/opt" 'cat /opt/file'
  says "${option}HOST:GUEST" bound
done
engine_sh -r "$tree" -b "$work/bound" "cat $work/bound/file"
says '-b HOST' bound
engine_sh -r "$tree" -b "$work/bound:/a/b/" 'cat /a/b/file'
says '-b at a place that is missing' bound
engine_sh -r "$tree" -b "$work/bound/file:/etc/new" 'cat /etc/new'
says '-b of a file at a place that is missing' bound
is '  and nothing was made' "$(ls -d "$tree/a" "$tree/etc/new" 2> /dev/null)" ''
engine_sh -r "$tree" -b "$work/bound/file:/new/deep/file" \
  -b "$work/bound:/new/bound" 'ls /new /new/deep /new/bound/..'
says '  and directories above such places are listed' '/new:
bound
deep

/new/bound/..:
bound
deep

/new/deep:
file'
mkdir -p "$work/scratch"
for root in "$tree" /; do
  TMPDIR=$work/scratch engine_sh -r "$root" -b "$work/bound:/new-$$/deep/bound" \
    "cd /new-$$/deep && pwd -P && ls && cat bound/file && cd .. && pwd -P && ls
    ls -d /new-*"
  says "  and entered, in $root" "/new-$$/deep
bound
bound
/new-$$
deep
/new-$$"
  engine_sh -r "$root" -b "$work/bound:/new-$$/deep/bound" \
    "echo x > /new-$$/deep/x || mkdir /new-$$/sub || rmdir /new-$$/deep"
  is '  but not changed' "$status:$(echo "$stderr" | grep -c Read-only)" 1:3
done
is '  and nothing is left of them' "$(ls "$work/scratch")" ''
chmod a-w "$work/scratch"
TMPDIR=$work/scratch engine_sh -r "$tree" -b "$work/bound:/new/deep/bound" \
  'test -d /new/deep && cat /new/deep/bound/file'
says '  which are not needed to use what is bound' bound
chmod u+w "$work/scratch"
engine_sh -r "$tree" -b "$work/bound:/link" 'cat /opt/file; readlink /link'
says '-b follows a link at the place' 'bound
/opt'
engine_sh -r "$tree" -b "$work/bound:/link!" \
  'cat /link/file; ls /opt; readlink /link || echo no link'
says '-b HOST:GUEST! covers it' 'bound
no link'
cd "$work" || exit 99
run "$engine" -r tree -b bound:at -w / cat "$work/at/file"
says '-b with relative paths' bound
engine_sh -r "$tree" -b "$work/bound:/opt" -b "$tree/etc:/opt" 'ls /opt'
says 'the later of two counts' 'group
passwd'
run "$engine" -r "$tree" -b "$work/none" -b "$work/bound:/opt" cat /opt/file
is 'a missing source is a warning' "$status:$stdout" 0:bound
like '  that names it' "$stderr" "^Warning: cannot bind '$work/none'"
PROOT_IGNORE_MISSING_BINDINGS=1 run "$engine" -r "$tree" -b "$work/none" \
  cat /mark
says '  unless PROOT_IGNORE_MISSING_BINDINGS is set' mark
run "$engine" -v -1 -r "$tree" -b "$work/none" cat /mark
says '  or -v says so' mark
for wrong in : :/opt "$work/bound:"; do
  run "$engine" -r "$tree" -b "$wrong" true
  refused "-b $wrong" "'$wrong'"
done
engine_sh -r "$tree" -b /dev -b /proc -b /proc/self/fd:/dev/fd \
  'cd /proc/self/fd && test -e 0 && echo fine'
says '/proc/self of the host stays what it is for each process' fine

# --- -R and -S ----------------------------------------------------------------

engine_sh -R "$tree" 'cat /mark; cmp -s /etc/passwd /proc/self/root/etc/passwd \
  && test -d /proc/self && test -c /dev/null && test -d /sys && echo fine'
says '-R shows /dev, /proc and /sys' 'mark
fine'
engine_sh -R "$tree" 'cat /etc/passwd'
ok '  and the accounts of the host' cmp -s "$work/stdout" /etc/passwd
engine_sh -R "$tree" "ls $tree/mark; id -u; cd ~ && pwd"
says '  and the root, the user and the home directory' "$tree/mark
$(id -u)
$HOME"
engine_sh -S "$tree" 'cat /mark; head -n 1 /etc/passwd; id -u; test -c /dev/null;
  chown 33:44 /mark && stat -c %u:%g /mark; readlink /proc/self > /tmp/n'
is '-S is root with accounts of its own' "$status:$stdout" \
  '0:mark
root:x:0:0:root:/root:/bin/sh
0
33:44'
run "$engine" -S "$tree" -i 5:5 id -u
says '-S and -i' 5

# --- who and what -------------------------------------------------------------

for option in -0 --root-id '-i 0:0' '-i 0'; do
  # shellcheck disable=SC2086
  engine_sh $option -r "$tree" 'id -u; id -g'
  says "$option" '0
0'
done
for option in '-i 123:456' '--change-id=123:456' '--change-id 123:456'; do
  # shellcheck disable=SC2086
  engine_sh $option -r "$tree" 'id -u; id -g; stat -c %u:%g /mark'
  says "$option" '123
456
123:456'
done
for wrong in x 1: :1 1:x 1:2:3 -1:0 99999999999 '1 2'; do
  run "$engine" -i "$wrong" -r "$tree" true
  refused "-i $wrong" "'$wrong'"
done
for option in '0 -i 1:1 -0' '7 -0 -i 7:7' '0 -i 1:1 -0 -i 2:2 -0'; do
  # shellcheck disable=SC2086
  run "$engine" ${option#* } -r "$tree" id -u
  says "of several users the last counts: ${option#* }" "${option%% *}"
done
run "$engine" -k 5.1 -k 5.2 -k 5.3 -r "$tree" uname -r
says '  and the last release' 5.3

for option in '-k 3.4242XX' '--kernel-release=3.4242XX' \
              '--kernel-release 3.4242XX'; do
  # shellcheck disable=SC2086
  run "$engine" $option -r "$tree" uname -r
  says "$option" 3.4242XX
done
run "$engine" -k '\Xinu\node\4.2\#7\m68k\domain\-1\' -r "$tree" uname -snrvm
says '-k with fields' 'Xinu node 4.2 #7 m68k'
if test -e /lib64/ld-linux-x86-64.so.2; then
  for features in 0 1234; do
    LD_SHOW_AUXV=1 run "$engine" -k "\\\\\\\\\\\\\\$features\\" true
    like "  the last of which are the processor's: $features" "$stdout" \
      "AT_HWCAP: *$(printf %x $features)\$"
  done
  LD_SHOW_AUXV=1 run "$engine" -k '\\\\\\\-1\' true
  like '    or not' "$stdout" \
    "$(LD_SHOW_AUXV=1 /bin/true | sed -n '/^AT_HWCAP:/p')"
else
  skip '  the last' 'this test knows the C library of x86_64 only'
fi
run "$engine" -k '\\\4.2' -r "$tree" uname -rm
says '-k with some fields' "4.2 $(uname -m)"
long=$(printf %080d 1)
run "$engine" -k "$long" -r "$tree" uname -r
says '-k cuts what is too long' "$(printf %064d 0)"

# --- where --------------------------------------------------------------------

for option in '-w /at' '--pwd=/at' '--cwd=/at' '--cwd /at' '-w /opt/../at/' \
              '-w /at/sub/..'; do
  # shellcheck disable=SC2086
  engine_sh $option -r "$tree" 'pwd -P; env | grep ^PWD='
  says "$option" '/at
PWD=/at'
done
cd "$tree/at" || exit 99
run "$engine" -r / -w sub pwd
says '-w SUB' "$tree/at/sub"
engine_sh -w /link -r "$tree" 'pwd -P'
says '-w through a link' /opt
for missing in /missing /mark; do
  run "$engine" -w "$missing" -r "$tree" pwd
  is "-w $missing starts in /" "$status:$stdout" 0:/
  like '  and says so' "$stderr" "^Warning: .*'$missing'.*starting in '/': "
done
run "$engine" -v -1 -w /missing -r "$tree" pwd
says '  but for -v -1' /
mkdir -p "$tree$work/bound"
cd "$work/bound" || exit 99
run "$engine" -r "$tree" pwd
says 'it starts where it was called' "$work/bound"
cd "$work/home" || exit 99
run "$engine" -r "$tree" pwd
says '  or in / where that is missing' /
cd "$work/home" || exit 99
run "$engine" -b "$work/home" -r "$tree" pwd
says '  or where a binding shows it' "$work/home"

# --- the rest -----------------------------------------------------------------

for option in '-p 80:8080' '--port=80:8080' '--port 80:8080' -n --netcoop -l \
              --link2symlink --kill-on-exit -H -L --sysvipc \
              '--mixed-mode false' '-v 0' '--verbose=0' '--verbose -1'; do
  # shellcheck disable=SC2086
  run "$engine" $option -r "$tree" cat /mark
  says "$option" mark
done
for wrong in 80 80: :80 0:80 80:0 65536:80 80:65536 80:x 80:80:80 -1:80; do
  run "$engine" -p "$wrong" -r "$tree" true
  refused "-p $wrong" "'$wrong'"
done
for wrong in x 1x 99999999999999999999; do
  run "$engine" -v "$wrong" -r "$tree" true
  refused "-v $wrong" "'$wrong'"
done
for option in -v1 --verbose=1 '--verbose 2'; do
  test "$option" != -v1 || option='-v 1'
  # shellcheck disable=SC2086
  run "$engine" $option -r "$tree" cat /mark
  is "$option: the program's output is its own" "$status:$stdout" 0:mark
  like "  and the plan is shown" "$stderr" "^root: '$tree'"
done
PROOT_VERBOSE=1 run "$engine" -r "$tree" cat /mark
like 'PROOT_VERBOSE is like -v' "$stderr" "^root: '$tree'"
PROOT_NO_SECCOMP=1 run "$engine" -v 1 -r "$tree" cat /mark
like 'PROOT_NO_SECCOMP means mode P2' "$stderr" "^mode: 'P2'"
is '  which works' "$status:$stdout" 0:mark

for option in -h --help --usage; do
  run "$engine" $option
  is "$option" "$status:$stderr" 0:
  like '  tells how it is called' "$stdout" '^Usage: .* \[COMMAND'
done
for name in -r --rootfs -R -S -b --bind -m -w --pwd --cwd -i --change-id -0 \
            --root-id -k --kernel-release -p --port -n --netcoop -q --qemu \
            -v --verbose -l --link2symlink --kill-on-exit -h --help -V \
            --version; do
  like "help has $name" "$stdout" "(^| )$name([ =,]|\$)"
done
for option in -V --version --about; do
  run "$engine" $option
  is "$option" "$status:$stderr" 0:
  like '  tells the version' "$stdout" '^udocker-proot [0-9]+\.[0-9]'
done

# The manual page has what help has.
page=$top_srcdir/man/udocker-proot.1
"$engine" --help | grep -o -e '--[a-z0-9][a-z0-9-]*' -e '^  -[a-zA-Z0-9]' | tr -d ' ' \
  | sort -u > wanted
sed -n 's/\\-/-/g; s/^\.B[RI]* //p' "$page" \
  | grep -o -e '--[a-z0-9][a-z0-9-]*' -e '^-[a-zA-Z0-9]' | sort -u > described
is 'the manual page has all options' "$(comm -23 wanted described)" ''
is '  and no others' "$(comm -13 wanted described)" ''

# --- as others call it --------------------------------------------------------------

# The Python tool.
echo 'root:x:0:0:root:/root:/bin/sh' > "$work/passwd"
run "$engine" -v 9 --kill-on-exit --link2symlink -b /dev:/dev -b /proc:/proc \
  -b /sys:/sys -b /etc/resolv.conf:/etc/resolv.conf -b "$work/passwd:/etc/passwd" \
  -b "$work/bound:/data" -0 -k 6.0.0 -p 80:8080 -n -r "$tree" -w /root \
  /bin/sh -c 'id -u; uname -r; pwd; cat /data/file; wc -l < /etc/passwd; exit 3'
is 'the line of the Python tool' "$status:$stdout" '3:0
6.0.0
/root
bound
1'
run "$engine" -b /dev:/dev -i "$(id -u):$(id -g)" -k "$(uname -r)" -r "$tree" \
  -w / id -u
is '  and with an ordinary user' "$status:$stdout" "0:$(id -u)"
run "$engine" -r / "$engine" --help
is '  and how it finds out what there is' "$status" 0

# proot-distro.
mkdir "$tree/dev/shm" "$tree/usr"
ln -s ../bin "$tree/usr/bin"
echo '0.1 0.2 0.3 1/2 3' > "$tree/etc/loadavg"
run env -i "$engine" --kill-on-exit --link2symlink --sysvipc -L \
  '--kernel-release=\Linux\localhost\6.2.1-PRoot-Distro\#1 SMP\'"$(uname -m)"'\localdomain\-1\' \
  --change-id=0:0 "--rootfs=$tree" --cwd=/root --bind=/dev \
  --bind=/dev/urandom:/dev/random --bind=/proc --bind=/proc/self/fd:/dev/fd \
  --bind=/proc/self/fd/0:/dev/stdin --bind=/proc/self/fd/1:/dev/stdout \
  --bind=/proc/self/fd/2:/dev/stderr --bind=/sys \
  "--bind=$tree/etc/loadavg:/proc/loadavg" "--bind=$tree/tmp:/dev/shm" \
  "--bind=$work/bound:/sdcard" /usr/bin/env -i HOME=/root PATH=/bin:/usr/bin \
  /bin/sh -c 'id -u; uname -nr; pwd; cat /proc/loadavg /sdcard/file
    echo x > /dev/shm/x && cat /tmp/x; rm /tmp/x; test -e /dev/stdout && echo fine
    test -e /dev/fd/0 && head -c 1 /dev/random > /dev/null && echo all'
is 'the line of proot-distro' "$status:$stdout" '0:0
localhost 6.2.1-PRoot-Distro
/root
0.1 0.2 0.3 1/2 3
bound
x
fine
all'

# --- the command and how it ends ------------------------------------------------

run "$engine" -r "$tree" -- cat /mark
says '-- ends the options' mark
run "$engine" -r "$tree" echo -r -b --help
says 'what follows the command is its own' '-r -b --help'
echo 'echo $0; exit 7' > input
run_from input "$engine" -r "$tree"
is 'without a command it is a login shell' "$status:$stdout:$stderr" 7:-sh:
run "$engine"
refused 'no argument at all' "--help"
run "$engine" --nonsense -r "$tree" true
refused 'an unknown long option' "'--nonsense'.*--help"
run "$engine" -Z -r "$tree" true
refused 'an unknown short option' "'-Z'"
run "$engine" --kill-on-exit=yes -r "$tree" true
refused 'a value for an option without' "'--kill-on-exit'"
for option in -r --rootfs -b -w -i -k -p -q -v -R -S; do
  run "$engine" $option
  refused "$option without its value" "'$option' needs a value"
done
for option in -r --rootfs= -b -w --cwd= -k -q; do
  case $option in
    *=) run "$engine" $option true ;;
    *) run "$engine" $option '' true ;;
  esac
  refused "$option with an empty value" "needs a value"
done

for want in 0 1 42 126 127 255; do
  engine_sh -r "$tree" "exit $want"
  is "exit status $want" "$status" "$want"
done
for signal in 1 2 9 11 15; do
  engine_sh -r "$tree" "kill -$signal \$\$"
  is "ended by signal $signal" "$status" $((128 + signal))
done
printf 'echo "$0 $*"; exit 4\n' > "$tree/opt/plain"
chmod +x "$tree/opt/plain"
run "$engine" -r "$tree" /opt/plain a 'b c'
is 'what is no program is a script for the shell' "$status:$stdout:$stderr" \
  '4:/opt/plain a b c:'
PATH=/opt:$PATH run "$engine" -r "$tree" plain a
is '  also from PATH' "$status:$stdout" '4:/opt/plain a'
: > "$tree/opt/plain"
run "$engine" -r "$tree" /opt/plain
says '  also when it is empty' ''
{ printf '\177ELF'; head -c 100 /dev/zero; } > "$tree/opt/plain"
run "$engine" -r "$tree" /opt/plain
is_error '  but not a damaged program' 126 "^Error: cannot execute '/opt/plain'"
run "$engine" -r "$tree" nonsense
is_error 'no such command' 127 "^Error: .*'nonsense'"
run "$engine" -r "$tree" /mark
is_error 'not executable' 126 "^Error: .*'/mark'.*Permission denied"
run "$engine" -r "$tree" /etc
is_error 'a directory' 126 "^Error: .*'/etc'"
engine_sh --kill-on-exit -r "$tree" 'sleep 1000 & exit 3'
is '--kill-on-exit ends what is left' "$status" 3
engine_sh -r "$tree" '(sleep 0.2; exit 9) & exit 3'
is 'the status is that of the first program' "$status" 3
run env -i "$engine" -r "$tree" /bin/sh -c 'echo $FOO$PWD'
says 'an empty environment' /
FOO=bar run "$engine" -r "$tree" sh -c 'echo $FOO'
says 'the environment goes along' bar

cd / || exit 99
done_testing
