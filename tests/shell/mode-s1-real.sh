# Mode S1 with a real Apptainer or Singularity: the one that is installed, or the
# one of Debian's sid that tests/images/root.sh has unpacked.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/modes.sh"

# unpacked: make in $work/usr what finds its parts by where it lies, of the root
# of sid, whose libraries it needs.
unpacked ()
{
  for place in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    from=$place/apptainer
    test -z "$place" || test ! -x "$from/usr/bin/apptainer" || break
    from=
  done
  test -n "$from" || return
  command -v patchelf > /dev/null || return
  parts=$(cd "$from/usr/lib" && echo ./*/apptainer)
  libraries=$from/usr/lib/${parts%/apptainer}
  mkdir -p "usr/lib/${parts%/apptainer}" usr/bin usr/etc \
    usr/var/lib/apptainer/mnt/session
  cp "$from/usr/bin/apptainer" usr/bin/
  cp -R "$libraries/apptainer" "usr/lib/$parts"
  cp -R "$from/etc/apptainer" usr/etc/
  # One of its programs looks for these a directory further down.
  ln -s ../etc ../var usr/lib/
  for program in usr/bin/apptainer "usr/lib/$parts/bin/starter"; do
    patchelf --set-interpreter "$(echo "$libraries"/ld-linux*)" \
      --force-rpath --set-rpath "$libraries" "$program" || return
  done
  real=$work/usr/bin/apptainer
}

real=$(command -v apptainer || command -v singularity) || unpacked \
  || skip_all 'there is no Apptainer, neither installed nor a root of it'
make_container "$id" c1 '{"config": {"Env": ["IMAGE=a b", "PATH=/bin"]}}' \
  || bail 'no container'
note "$("$real" --version)"
"$real" --quiet exec --writable --no-mount home,cwd,tmp,bind-paths "$root" \
  /bin/true > first.log 2>&1 || skip_all "it starts nothing here: $(cat first.log)"
UDOCKER_USE_SINGULARITY_EXECUTABLE=$real
export UDOCKER_USE_SINGULARITY_EXECUTABLE

s1 ()
{
  ud --execmode=S1 "$@"
}

# both WHAT ARGUMENT...: what run says with the arguments is what mode P1 makes
# of them.
both ()
{
  both_what=$1
  shift
  run ud --execmode=P1 "$@" < /dev/null
  p1=$status,$stdout,$stderr
  run s1 "$@" < /dev/null
  is "$both_what" "$status,$stdout,$stderr" "$p1"
}

run udocker doctor
like 'doctor has tried it' "$stdout" '^  S1 +works$'
run s1 c1 sh -c 'echo out; echo err >&2; exit 9'
is 'status and streams' "$status,$stdout,$stderr" 9,out,err
check_ends S1
run s1 c1 sh -c 'exit 255'
is '  its own status for failures is nothing else' "$status,$stderr" 255,
run s1 c1 no-such-program
is_error 'no such program' 127 "^Error: command not found .*'no-such-program'"
head -c 3000000 /dev/urandom > data
s1 c1 cat < data > copy
ok 'binary data go through unchanged' cmp data copy

both 'words are exact' c1 printf '<%s>' 'two words' '' '$HOME' '`id`' '"' "'" \\
both 'so are variables' -e 'A=$(id) "`' -e "B='x" -e 'C=a
b\n\' -e D= c1 sh -c 'env | grep -v ^container_execmode= | sort'
both 'the working directory' -w /tmp c1 pwd
both 'and the one without being asked' c1 pwd
both 'umask and limits' --ulimit nofile=100 c1 sh -c 'umask; ulimit -n'
both 'descriptors' c1 ls /proc/self/fd
mkdir -p "$root/home/user"
for user in 0:0 "$(id -u):$(id -g)" alice 1234 55:66; do
  both "user $user" --user="$user" c1 \
    sh -c 'echo "$(id -u):$(id -g) $(id -un) $HOME"'
done
both 'the host name' --hostname=box c1 hostname

mkdir host 'odd:a,b'
echo inner > host/file
echo alone > alone
echo odd > 'odd:a,b/file'
tree > before
both 'volumes' -v "$work/host:/data" -v "$work/alone:/some/where" \
  -v "$work/odd\\:a,b:/other" c1 cat /data/file /some/where /other/file
run s1 -v "$work/host:/data:ro" c1 sh -c ': > /data/new'
like 'one that is read-only' "$status$stderr" '1.*Read-only file system'
both 'files in memory' --add-host=other:10.1.2.3 c1 grep other /etc/hosts
tree > after
ok '  nothing of them stays' diff before after
run s1 c1 sh -c 'echo kept > /tmp/kept'
is 'what is written is kept' "$(cat "$root/tmp/kept")" kept
run s1 --read-only c1 sh -c ': > /tmp/no'
like 'unless the container is read-only' "$status$stderr" \
  '1.*Read-only file system'
run s1 c1 ls "$HOME"
like 'home is not shown' "$status$stderr" '1.*No such file'

s1 -d c1 sh -c 'trap "exit 7" TERM; : > /tmp/there; while :; do sleep 0.1; done' \
  > started
for _ in $(seq 100); do
  test ! -e "$root/tmp/there" || break
  sleep 0.1
done
like 'one in the background is found' "$(udocker ps --running)" "$id.* sh -c trap"
udocker stop c1 > stopped
is 'and stopped' "$(udocker wait c1)" 7

# It complains.
echo 'singularity_options = -w --nonsense' > odd.conf
run udocker --config=odd.conf run --nobanner --execmode=S1 c1 true
is_error 'what it says itself is told' 125 \
  "starts no container here: .*unknown flag: --nonsense"
run udocker --config=odd.conf doctor
like 'by doctor, too' "$stdout" '  S1 +does not work: .*unknown flag: --nonsense'

done_testing
