# udocker doctor: what works, and of each thing that is taken away the reason
# and what would bring it back.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2086,SC2154  # scripts for others, lists

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need cc python3
python=$(command -v python3)
make_container "$id" c1 '{}' || bail 'no container'

# evaluate FILE EXPRESSION: what EXPRESSION of Python makes of d, which is the JSON
# in FILE.
evaluate ()
{
  "$python" -c '
import json, sys
d = json.load(open(sys.argv[1]))
def of(part, name):
    return next(x for x in d[part] if x["name"] == name)
print(eval(sys.argv[2]))' "$work/$1" "$2" 2>&1
}

# ask EXPRESSION COMMAND...: what EXPRESSION of Python makes of d, which is what
# COMMAND, or udocker behind it, says in JSON.
ask ()
{
  expression=$1
  shift
  run "$@" udocker doctor --format=json
  evaluate stdout "$expression"
}

# ask_of CONTAINER EXPRESSION: the same of a container.
ask_of ()
{
  udocker doctor --format=json "$1" > "$work/container.json" 2> "$work/why"
  evaluate container.json "$2"
}

# --- as it is ------------------------------------------------------------------

run udocker doctor
is 'it ends well where something works' "$status" 0
is 'it says nothing on the standard error' "$stderr" ''
for mode in P1 P2; do
  like "$mode works" "$stdout" "^  $mode +works"
done
like 'a mode is recommended' "$stdout" '^  recommended: [PT][12], with .udocker setup'
is 'programs are told the same' "$(ask '[of("modes", m)["works"] for m in
  ("P1", "P2")], sorted(d)')" "([True, True], ['devices', 'emulators', \
'features', 'kernel', 'machine', 'modes', 'places', 'recommended', 'version'])"
recommended=$(ask 'd["recommended"]')
run udocker run --nobanner --execmode="$recommended" c1 true
is 'the recommended mode works' "$status" 0
run udocker run --nobanner --execmode=auto c1 echo hello
is 'so does "auto"' "$status$stdout$stderr" 0hello
run env UDOCKER_DEFAULT_EXECUTION_MODE=auto udocker run --nobanner c1 echo hello
is '"auto" may be the default' "$status$stdout$stderr" 0hello
run udocker setup --execmode=auto c1
run udocker setup c1
like 'setup remembers what "auto" was' "$stdout" "^execmode: $recommended\$"

run udocker doctor c1
is 'it looks at a container' "$status" 0
like 'where that lies' "$stdout" "the container +works \\(.*/ROOT on "
run udocker setup --execmode=P2 c1
is 'and at its mode' "$(ask_of c1 'of("container", "mode")')" \
  "{'name': 'mode', 'reason': 'P2', 'works': True}"
printf F3 > "$UDOCKER_DIR/containers/$id/execmode"
like 'that there may be none for' "$(ask_of c1 'of("container", "mode")')" \
  'no execution engine.*False'
rm "$UDOCKER_DIR/containers/$id/execmode"
is 'it says nothing of machines that the image does not say' \
  "$(ask_of c1 '[x["name"] for x in d["container"]]')" "['mode']"
echo '{"architecture": "s390x"}' > "$UDOCKER_DIR/containers/$id/container.json"
like 'of a foreign one it says what is missing' "$(PATH=$top_builddir/bin:$work \
  ask_of c1 'of("container", "machine")')" 's390x, and there is no emulator.*qemu'
echo "{\"architecture\": \"$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')\"}" \
  > "$UDOCKER_DIR/containers/$id/container.json"
like 'its own machine is good' "$(ask_of c1 'of("container", "machine")')" 'True'
mv "$root" "$root.away"
like 'a tree that is gone is told' "$(ask_of c1 'of("places", "container")')" \
  'without it nothing can run.*False'
mv "$root.away" "$root"
run udocker doctor nothing
is_error 'it wants one that is there' 1 'nothing'
ok 'it makes no repository' sh -c 'UDOCKER_DIR=$PWD/none udocker doctor \
  > /dev/null && test ! -e none'
like 'that of tomorrow is where it would be made' \
  "$(UDOCKER_DIR=$work/none udocker doctor)" 'containers.* not there yet'
is 'nothing is left behind' "$(ls -A "$UDOCKER_DIR/containers" | wc -l)" 2
run udocker doctor --format=xml
is_error 'other formats are refused' 1 xml

is 'a missing emulator is said' "$(ask 'of("emulators", "s390x")' \
  env PATH="$top_builddir/bin:$work")" "{'name': 's390x', \
'reason': 'there is no qemu-s390x', 'remedy': 'install qemu-user-static', \
'works': False}"
like 'so are missing helpers' "$(ask 'of("features", "subids")' \
  env PATH="$top_builddir/bin:$work")" "no program 'newuidmap'.*uidmap"

# --- sandboxes -----------------------------------------------------------------

cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
  2> compiler.log || rm -f sandbox
if test -x sandbox && ./sandbox EPERM fanotify_init -- true; then
  sandbox=$work/sandbox
  is 'without ptrace P1 and P2 do not work' "$(ask '[of("modes", m)["works"]
    for m in ("P1", "P2")]' $sandbox EPERM ptrace --)" '[False, False]'
  like 'the sandbox is blamed' "$(ask 'of("modes", "P1")' \
    $sandbox EPERM ptrace --)" \
    'sandbox that udocker runs in.*to change that.*SYS_PTRACE'
  run $sandbox EPERM ptrace -- udocker setup --execmode=P1 c1
  is_error 'setup refuses P1 there' 1 'ptrace.*sandbox'
  is 'without filters T1 does not work, P1 does' "$(ask \
    '[of("modes", m)["works"] for m in ("P1", "T1")], d["recommended"]' \
    $sandbox EPERM seccomp prctl --)" "([True, False], 'P1')"
  like 'the reason is the sandbox, too' "$(ask 'of("modes", "T1")' $sandbox \
    EPERM seccomp prctl --)" 'sandbox that udocker runs in.*seccomp=unconfined'
  run $sandbox EPERM ptrace seccomp prctl unshare -- udocker doctor
  is 'without all that nothing works' "$status" 1
  unlike 'nothing is recommended then' "$stdout" 'recommended'
  is 'in JSON it is null' "$(ask 'd["recommended"]' \
    $sandbox EPERM ptrace seccomp prctl unshare --)" None
  run $sandbox EPERM ptrace seccomp prctl -- udocker run --execmode=auto c1 true
  is_error '"auto" refuses' 125 "no execution mode works.*doctor"
  like 'locks that fail are said' "$(ask 'of("places", "containers")' \
    $sandbox ENOSYS flock --)" "'locks': False.*"
  like 'in words' "$($sandbox ENOSYS flock -- udocker doctor)" \
    'containers +does not work: .*locks do not hold.*to change that'
  like 'namespaces that are forbidden are said' "$(ask \
    'of("features", "user_namespace")' $sandbox EPERM unshare --)" \
    'sandbox that udocker runs in'
else
  skip 'sandboxes' 'needs libseccomp, and filters of system calls'
fi

# --- settings and mounts -------------------------------------------------------

# among SCRIPT COMMAND...: run COMMAND where SCRIPT has mounted things.
among ()
{
  unshare -rm sh -c 'eval "$1" || exit 99
    ids="--map-user=$2 --map-group=$3"
    shift 3
    exec unshare -U $ids "$@"' sh "$1" "$(id -u)" "$(id -g)" \
    sh -c 'shift; exec "$@"' sh "$@"
}

if among : true 2> /dev/null; then
  echo 3 > three
  echo 1 > one
  echo 0 > zero
  yama=/proc/sys/kernel/yama/ptrace_scope
  if test -e $yama && test -x sandbox; then
    like 'Yama is blamed' "$(ask 'of("modes", "P1")' among \
      "mount --bind three $yama" $sandbox EPERM ptrace --)" \
      'forbidden it.*kernel.yama.ptrace_scope is 3.*have the administrator set'
  else
    skip 'Yama is blamed' 'this kernel has no Yama'
  fi
  like 'a limit on user namespaces is blamed' "$(ask \
    'of("features", "user_namespace")' among \
    'echo 1 > /proc/sys/user/max_user_namespaces')" \
    'may be no more of them.*set user.max_user_namespaces to 15000'
  clone=/proc/sys/kernel/unprivileged_userns_clone
  if test -e $clone; then
    like "Debian's setting is blamed" "$(ask 'of("features", "user_namespace")' \
      among "mount --bind zero $clone" $sandbox EPERM unshare --)" \
      'unprivileged_userns_clone is 0'
  else
    skip "Debian's setting is blamed" 'this kernel has no such setting'
  fi
  mkdir -p "$work/small/containers"
  like 'a place where programs cannot run is said' "$(ask \
    'of("places", "containers")' among \
    "mount -t tmpfs -o noexec none $work/small && mkdir small/containers" \
    env UDOCKER_DIR="$work/small")" 'cannot run.*noexec.*.works.: False'
  run among "mount -t tmpfs -o noexec none $work/small && mkdir small/containers" \
    env UDOCKER_DIR="$work/small" udocker doctor
  is 'no mode works there' "$status" 1
  like 'a place that is read-only is said' "$(ask \
    'of("places", "containers")["reason"]' among \
    "mount -t tmpfs -o ro none $work/small" env UDOCKER_DIR="$work/small")" \
    'nothing can be written there: Read-only file system'
  like 'a place that is full is said' "$(ask \
    'of("places", "containers")["reason"]' among \
    "mount -t tmpfs -o size=64k none $work/small && mkdir small/containers \
       && ! cat /dev/zero > small/fill 2> /dev/null" \
    env UDOCKER_DIR="$work/small")" 'nothing can be written there: No space left'
  like 'few inodes are said' "$(ask \
    'of("places", "containers")["reason"]' among \
    "mount -t tmpfs -o nr_inodes=30 none $work/small && mkdir small/containers" \
    env UDOCKER_DIR="$work/small")" 'only 2[0-9] more files'
  like 'set-user-id programs are told of' "$(ask \
    'of("places", "containers")["setuid"]' among \
    "mount -t tmpfs -o nosuid none $work/small && mkdir small/containers" \
    env UDOCKER_DIR="$work/small")" False
else
  skip 'settings and mounts' 'user namespaces are not possible here'
fi

done_testing
