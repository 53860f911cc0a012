# A container in a container: the inner engine hands its plan to the outer one.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2086  # scripts for the container, lists

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

engine=$libexec/udocker-proot
tree=$work/tree
make_tree "$tree" || bail 'no tree'
mkdir -p "$tree/at" "$tree/inner" "$work/bound/sub" "$work/over" "$work/ro"
echo bound > "$work/bound/file"
echo below > "$work/bound/sub/file"
echo over > "$work/over/file"
echo kept > "$work/ro/file"
echo mark > "$tree/mark"
make_tree "$tree/inner" || bail 'no inner tree'
echo innermost > "$tree/inner/mark"

# outer_in ROOT DIRECTORY OPTION... COMMAND...: the outer container has ROOT for
# its root, and the command starts in DIRECTORY.
outer_in ()
{
  outer_root=$1
  outer_directory=$2
  shift 2
  case $mode in
    P*)
      run "$engine" -r "$outer_root" -w "$outer_directory" "$@"
      return ;;
  esac
  options="-m $mode"
  while :; do
    case $1 in
      -0)
        options="$options $1" ;;
      --kill-on-exit)
        options="$options -x" ;;
      -*)
        options="$options $1 $2"
        shift ;;
      *)
        break ;;
    esac
    shift
  done
  run "$work/enter-engine" $options "$libexec/udocker-trap" "$outer_root" \
    "$outer_directory" "$@"
}

# outer OPTION... COMMAND...: it is the host itself, with changes.
outer ()
{
  outer_in / "$work" "$@"
}

modes='P1 P2'
if test -x "$libexec/udocker-trap"; then
  cc -std=gnu11 -O1 -D_GNU_SOURCE -I"$top_srcdir" -o "$work/enter-engine" \
    "$top_srcdir/tests/guest/enter-engine.c" "$top_srcdir/lib/plan/plan.c" \
    "$top_srcdir/lib/plan/plan-write.c" || bail 'cannot compile enter-engine'
  modes="$modes T1 T2"
fi
for mode in $modes; do
  case $mode in
    P2) export PROOT_NO_SECCOMP=1 ;;
    *) unset PROOT_NO_SECCOMP ;;
  esac
  outer "$engine" -r "$tree" cat /mark
  is "a container in a container in $mode" "$status:$stdout:$stderr" 0:mark:
  outer "$engine" -0 -r "$tree" sh -c \
    'id -u; touch /tmp/f; chown 33:44 /tmp/f; stat -c %u:%g /tmp/f'
  is '  with fake root' "$status:$stdout" '0:0
33:44'
  outer -0 "$engine" -i 12:34 -r "$tree" sh -c 'id -u; stat -c %u:%g /mark'
  is '  with other ids than the outer one' "$status:$stdout" '0:12
12:34'
  outer -i 12:34 sh -c "$engine -i 56:78 -r $tree id -u; id -u"
  is '  and the outer one keeps its own' "$stdout" "56
12"
  for ids in 12:34 0:0; do
    outer -i $ids "$engine" -r "$tree" sh -c \
      'echo $(id -u):$(id -g); stat -c %u:%g /mark'
    is "  or those of the outer one, $ids" "$stdout" "$ids
$ids"
  done
  outer -k 4.2 "$engine" -k 4.3 -r "$tree" sh -c 'uname -r'
  is '  with another kernel release' "$stdout" 4.3
  outer -k 4.2 "$engine" -i 1:1 -r "$tree" sh -c 'uname -r'
  is '  or that of the outer one' "$stdout" 4.2
  outer "$engine" -r "$tree" "$work/none"
  is_error '  a program that is missing' 127 "^Error: command not found in the container: '$work/none'"
  outer "$engine" -r "$work/none" true
  is_error '  a root that is missing' 125 "^Error: cannot use '$work/none'"
  outer "$engine" -r "$work/bound/file" true
  is_error '  a root that is a file' 125 "^Error: cannot use '$work/bound/file' .*Not a directory"
  for want in 0 5 255; do
    outer "$engine" -r "$tree" sh -c "exit $want"
    is "  exit status $want" "$status" "$want"
  done
  outer "$engine" -r "$tree" sh -c 'kill -9 $$'
  is '  a signal' "$status" 137
  outer sh -c "$engine -r $tree sh -c 'kill -9 \$\$'; echo \$?"
  is '    as a shell sees it' "$stdout" 137

  # What the outer container shows is what the inner one gets.
  outer -b "$work/bound:$work/there" -b "$work/over:$work/there/sub" \
    "$engine" -b "$work/there:/at" -r "$tree" cat /at/file /at/sub/file
  is '  bindings of a place that the outer one binds, and below it' \
    "$status:$stdout" '0:bound
over'
  outer -b "$work/over:$tree/at" "$engine" -r "$tree" cat /at/file
  is '  one in the inner root' "$status:$stdout" 0:over
  outer -b "$tree:/newroot" "$engine" -r /newroot cat /mark
  is '  a root that is only bound' "$status:$stdout" 0:mark
  outer -b "$work/bound:$work/there" "$engine" -r "$tree" cat "$work/there/file"
  is '  and nothing else' "$status:$stdout" 1:

  outer "$engine" -b "$work/over:/at" -b /proc -r "$tree" sh -c \
    'cd /at; pwd; readlink /proc/self/exe; readlink /proc/self/cwd
     cd /; cd ..; pwd; ls -d /at/../at; readlink /proc/self/root'
  is '  paths are its own' "$stdout" '/at
/bin/busybox
/at
/
/at/../at
/'
  outer_in "$tree" / -b "$engine" -b "$libexec" "$engine" -r /inner cat /mark
  is '  a container in a root of its own' "$status:$stdout" 0:innermost
  outer_in "$tree" / -b "$engine" "$engine" -r /inner/../inner/../.. ls /mark
  is '  from which ".." does not lead out' "$status:$stdout" 0:/mark
  outer_in "$tree" / -b "$engine" "$engine" -r "$work/tree" true
  is_error '  nor a path of the host' 125 "^Error: cannot use '$work/tree'"
  outer "$engine" -r / "$engine" -r / "$engine" -r "$tree" cat /mark
  is '  four containers deep' "$status:$stdout" 0:mark
  outer sh -c "for i in 0 1 2 3 4 5 6 7 8 9; do
      $engine -r $tree cat /mark > many.\$i & done; wait"
  is '  ten at once' "$(cat many.? | grep -c mark)" 10
  rm -f many.?

  outer --kill-on-exit "$engine" -r "$tree" sh -c 'sleep 1000 & exit 6'
  is '  --kill-on-exit of the outer one' "$status" 6
  outer sh -c "$engine --kill-on-exit -r $tree sh -c 'sleep 1001 & exit 6'
    echo \$?"
  is '  --kill-on-exit of the inner one' "$status:$stdout" 0:6
  outer "$engine" --kill-on-exit -r "$tree" sh -c 'sleep 1004 & exit 6'
  is '  --kill-on-exit of one that takes the place of the outer program' \
    "$status" 6
  outer sh -c "sleep 1 & $engine --kill-on-exit -r $tree true; wait \$!; echo \$?"
  is '    ends nothing else' "$stdout" 0
done
unset PROOT_NO_SECCOMP

cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
  2> compiler.log

# --- udocker in udocker ---------------------------------------------------------

make_container "$id" c1 '{"config":{}}' || bail 'no container'
pairs='P1:P1 P2:P2'
test "$modes" = 'P1 P2' || pairs="$pairs T1:T1 T2:T2 T1:P1 P1:T1 T1:T2 T2:P2"
for pair in $pairs; do
  mode="${pair#*:} in ${pair%:*}"
  inner="$udocker run --nobanner --execmode=${pair#*:}"
  outer_run="udocker run --nobanner --execmode=${pair%:*} --location=/
    --hostauth --hostenv -v $work --user=$(id -un)"
  run $outer_run x $inner --user="$(id -un)" c1 sh -c 'id -un; cat /etc/passwd | wc -l; pwd; exit 9'
  is "udocker in udocker, $mode" "$status:$stderr" 9:
  like '  as the same user' "$stdout" "^$(id -un)\$"
  run $outer_run x $inner --user=root -v "$work/ro:/data:ro" c1 sh -c \
    'id -u; cat /data/file; echo x > /data/new || echo refused; ls /data'
  is '  as root, with a volume that is read-only' "$status:$stdout" '0:0
kept
refused
file'
  run $outer_run -v "$work/ro:$work/ro:ro" x $inner -v "$work/ro:/data" c1 \
    sh -c 'echo x > /data/new || echo refused'
  is '  what is read-only outside stays so' "$stdout" refused
  rm -f "$root/started"
  run $outer_run x sh -c "$inner c1 sh -c '> /started; exec sleep 1002' & job=\$!
    until test -e $root/started || ! kill -0 \$job; do sleep 0.1; done
    $udocker rm c1 2>&1; kill \$job; wait \$job; echo \$?"
  is '  the container is in use while it runs' "$status:$stdout" \
    "0:Error: container $id is running or being copied
143"
  is '  and is still there' "$(wc -c < "$root/bin/busybox")" \
    "$(wc -c < "$busybox")"
  rm -f "$root/started"
  if test -x sandbox; then
    run ./sandbox EPERM pidfd_getfd -- $outer_run x sh -c "$inner c1 sh -c \
        '> /started; exec sleep 1003' & job=\$!
      until test -e $root/started || ! kill -0 \$job; do sleep 0.1; done
      $udocker rm c1 2>&1; kill \$job; wait \$job; echo \$?"
    is '  also where the tracer cannot have the lock' "$status:$stdout" \
      "0:Error: container $id is running or being copied
143"
  else
    skip '  also where the tracer cannot have the lock' 'needs libseccomp'
  fi
  run $outer_run x $inner -p 8080:80 c1 true
  is '  ports' "$status" 0
  run $outer_run x $inner --user=root --fakeowner c1 sh -c \
    'touch /owned; stat -c %u /owned; chown 5:6 /owned; chmod 4711 /owned'
  run $outer_run x $inner --user=root --fakeowner c1 sh -c \
    'stat -c %u:%g:%a /owned; chown 0:0 /owned'
  is '  owners that are kept' "$status:$stdout$stderr" 0:5:6:4711
  if test "${pair%?:*}" = T && command -v strace > /dev/null; then
    run $outer_run x strace -f -o "$work/trace" $inner c1 sh -c \
      '(exit 3); echo > /marked; exit 9'
    is '  traced by a program of the outer one' \
      "$status$(grep -c 'open.*"/marked", O_WRONLY.*= [1-9]' trace)" 91
  fi
done

udocker -q clone --name=c2 c1 > /dev/null || bail 'no second container'
run $outer_run x $inner --rm c2 sh -c 'exit 8'
is 'run --rm in udocker' "$status" 8
is '  removes the container' "$(test -e "$UDOCKER_DIR/containers/c2" && echo there)" ''
ok '  and no other' test -e "$UDOCKER_DIR/containers/c1"

done_testing
