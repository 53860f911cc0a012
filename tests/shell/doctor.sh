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
# in FILE, and whole.
evaluate ()
{
  "$python" -c '
import json, sys
d = json.load(open(sys.argv[1]))
for part in "places modes features runtimes emulators devices".split():
    for x in d[part]:
        assert type(x["works"]) is bool and x["name"], x
assert [len(d[x]) for x in ("places", "modes", "features")] == [3, 8, 9]
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
'features', 'kernel', 'machine', 'modes', 'places', 'recommended', 'runtimes', \
'version'])"
# One runtime is enough from here on: some take long.
for runtime in runc crun; do
  path=$(command -v $runtime) && UDOCKER_USE_RUNC_EXECUTABLE=$path \
    && export UDOCKER_USE_RUNC_EXECUTABLE && break
done
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
unlike '  as one that nobody will make' "$(udocker doctor c1)" 'not there yet'
mv "$root.away" "$root"
chmod 0 "$root"
like 'one that is closed is told' "$(ask_of c1 'of("places", "container")')" \
  "may not go into '$root' .its mode is 0000.*give yourself.*chmod.*False"
unlike '  as one that is there' "$(udocker doctor c1)" 'not there yet'
run udocker doctor c1
is '  in which no mode works' "$status" 1
chmod 755 "$root"
run udocker doctor nothing
is_error 'it wants one that is there' 1 'nothing'
ok 'it makes no repository' sh -c 'UDOCKER_DIR=$PWD/none udocker doctor \
  > /dev/null && test ! -e none'
like 'that of tomorrow is where it would be made' \
  "$(UDOCKER_DIR=$work/none udocker doctor)" 'containers.* not there yet'
is 'nothing is left behind' "$(ls -A "$UDOCKER_DIR/containers" | wc -l)" 2
: > file
like 'what is no directory is told' "$(UDOCKER_DIR=$work/file udocker doctor)" \
  "containers +does not work: .*'$work/file' is no directory; to change that, move"
mkdir closed && chmod 555 closed
like 'so is a place where nothing may be written' \
  "$(UDOCKER_DIR=$work/closed/x udocker doctor)" \
  'not there yet; nothing can .*Permission denied; to change that, give yourself'
like 'or one of others' "$(UDOCKER_DIR=/etc/udocker udocker doctor)" \
  'Permission denied; to change that, use another place \(UDOCKER_DIR'
like 'home, too' "$(HOME=$work/closed UDOCKER_DIR='' udocker doctor)" \
  "$work/closed/.udocker/containers .*not there yet; nothing can be written"
ok 'it needs no HOME' env -u HOME udocker doctor
like 'a directory for temporary files that is gone is told' \
  "$(TMPDIR=$work/gone udocker doctor)" \
  "temporary files .*TMPDIR names '$work/gone', which cannot be used .No such"
run timeout 20 flock "$UDOCKER_DIR/layers/.lock" udocker doctor
is 'it does not wait for others' "$status" 0
run sh -c 'udocker doctor > /dev/full'
is_error 'a full device loses nothing in silence' 1 'No space left'
run sh -c 'udocker doctor --format=json >&-'
is_error 'nor one that is closed' 1 'cannot write to standard output'
run udocker doctor --format=xml
is_error 'other formats are refused' 1 xml

is 'a missing emulator is said' "$(ask 'of("emulators", "s390x")' \
  env PATH="$top_builddir/bin:$work")" "{'name': 's390x', \
'reason': 'there is no qemu-s390x', 'remedy': 'install qemu-user-static', \
'works': False}"
like 'so are missing helpers' "$(ask 'of("features", "subids")' \
  env PATH="$top_builddir/bin:$work")" "no program 'newuidmap'.*uidmap"

# --- programs of the host ---------------------------------------------------

printf '#!/bin/sh\necho "no runs on Fridays" >&2\nexit 1\n' > friday
chmod 755 friday
is 'what a runtime complains of is told' \
  "$(UDOCKER_USE_RUNC_EXECUTABLE=$work/friday ask 'd["runtimes"][0]')" \
  "{'name': '$work/friday', 'reason': 'no runs on Fridays', 'works': False}"
like '  also where its modes are' "$(UDOCKER_USE_RUNC_EXECUTABLE=$work/friday \
  udocker doctor)" "  R2 +does not work: .*no runs on Fridays"

# --- limits --------------------------------------------------------------------

# limited LIMIT WHAT MODE SENTENCE: with that limit MODE does not work, and so
# says run.
limited ()
{
  like "$2" "$(ask "of('modes', '$3')" prlimit "$1")" "'$3', .*$4"
  run prlimit "$1" udocker run --nobanner --execmode="$3" c1 true
  is '  that is so' "$status" 125
}
if prlimit --nofile=64 true; then
  # What is written to a file would be limited, too.
  prlimit --fsize=0 udocker doctor --format=json 2>&1 | cat > zero
  like 'a limit of files that is 0 is told' "$(evaluate zero 'of("modes", "P1")')" \
    'limit of 0 bytes on the size of files; raise it .ulimit -f.*False'
  like '  of places, too' "$(evaluate zero 'of("places", "layers")')" \
    'lets files have 0 bytes only.*raise that limit .ulimit -f.*False'
  limited --fsize=1000000 'or low' T1 'less than .* KiB on the size of files'
  limited --nofile=12 'so is one of open files' T1 'the limit is 12 .ulimit -n'
  limited --nofile=5 '  where nothing can be done' P1 'open files.*raise the limit .ulimit -n'
  limited --as=100000000 'one of memory' T1 'of address space .*ulimit -v'
  limited --nproc=1 'one of processes' T1 'no more processes.*raise.*ulimit -u'
  is 'what works is recommended then' \
    "$(ask 'd["recommended"]' prlimit --fsize=1000000)" P1
else
  skip 'limits' 'there is no prlimit'
fi

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
  like 'it may make no process' "$(ask 'of("modes", "P1")' \
    $sandbox EPERM clone clone3 --)" 'no process can be made that would try it'
  is 'what only tells something is not needed' "$(ask \
    '[of("places", "containers")["works"], d["recommended"] is None]' \
    $sandbox EPERM statfs fstatfs fsync --)" '[True, False]'
  like 'mounting that is forbidden is said' "$(ask \
    '[of("features", x)["works"] for x in ("user_namespace", "mount_namespace",
      "overlay")], of("modes", "R1")' $sandbox EPERM mount --)" \
    '.True, False, False.*R1.*mounting in .* sandbox .*allow unshare'
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
  like 'one on mount namespaces, too' "$(ask \
    'of("features", "mount_namespace")' among \
    'echo 0 > /proc/sys/user/max_mnt_namespaces')" \
    'may be no more of them.*set user.max_mnt_namespaces to 15000'
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
  like '  with what to do' "$(ask 'of("places", "containers")["remedy"]' among \
    "mount -t tmpfs -o ro none $work/small" env UDOCKER_DIR="$work/small")" \
    'another place.*mount it for writing'
  like 'a place without inodes is said' "$(ask \
    'of("places", "containers")["reason"]' among \
    "mount -t tmpfs -o nr_inodes=4 none $work/small && mkdir small/containers \
       && : > small/1 && : > small/2" env UDOCKER_DIR="$work/small")" \
    'no more files can be made there.*no inodes left'
  like 'full ones for temporary files are' "$(ask 'of("places", "temporary")' \
    among "mount -t tmpfs -o size=64k,noexec,nosuid none $work/small \
       && ! cat /dev/zero > small/fill 2> /dev/null" env TMPDIR="$work/small")" \
    "$work/small on tmpfs.*No space left.*make|remove files.*'works': False"
  is 'these may be noexec' "$(ask '[of("places", "temporary")["works"],
    d["recommended"] is None]' among \
    "mount -t tmpfs -o noexec,nosuid none $work/small" env TMPDIR="$work/small")" \
    '[True, False]'
  like 'few inodes are said' "$(ask \
    'of("places", "containers")["reason"]' among \
    "mount -t tmpfs -o nr_inodes=30 none $work/small && mkdir small/containers" \
    env UDOCKER_DIR="$work/small")" 'only 2[0-9] more files'
  like 'set-user-id programs are told of' "$(ask \
    'of("places", "containers")["setuid"]' among \
    "mount -t tmpfs -o nosuid none $work/small && mkdir small/containers" \
    env UDOCKER_DIR="$work/small")" False
  like '  in the table, too' "$(among "mount -t tmpfs -o nosuid none $work/small" \
    env UDOCKER_DIR="$work/small" udocker doctor)" \
    'containers .*small/containers on tmpfs.*, mounted nosuid'
  like 'without /sys a runtime says so' "$(ask '[x["reason"] for x in d["runtimes"]
    if not x["works"]] or "there is no runtime"' among 'mount -t tmpfs none /sys')" \
    "'/sys', which is not mounted here|there is no runtime"
  mkdir -p bare
  cat > bare.sh << EOD
mount -t tmpfs none bare && : > bare/nvidia0 && chmod 0 bare/nvidia0
mount --rbind bare /dev
EOD
  like 'without /dev, the modes P and T work' "$(ask \
    '[of("modes", x)["works"] for x in ("P1", "P2")]' among '. ./bare.sh')" \
    'True, True'
  like '  FUSE does not' "$(ask 'of("features", "fuse")' among '. ./bare.sh')" \
    "'/dev/fuse' cannot be opened .No such.*load the module fuse"
  like '  nor a device that is closed' "$(ask 'of("devices", "nvidia")' among \
    '. ./bare.sh')" "'/dev/nvidia0' cannot be opened .Permission denied.*False"
  mkdir etc
  for file in passwd group nsswitch.conf; do
    cp "/etc/$file" etc/
  done
  mkdir etc/cdi
  echo '{' > etc/cdi/broken.json
  echo 'nobody:1:0' > etc/subuid
  echo 'nobody:1:0' > etc/subgid
  like 'a specification that is broken is told' "$(ask 'of("devices", "cdi")' \
    among 'mount --bind etc /etc')" 'broken.json is not valid JSON.*make it again'
  mkdir helpers
  for helper in newuidmap newgidmap; do
    printf '#!/bin/sh\nexit 1\n' > "helpers/$helper"
    chmod 755 "helpers/$helper"
  done
  like 'an account without ranges is told' "$(PATH=$work/helpers:$PATH \
    ask 'of("features", "subids")' among 'mount --bind etc /etc')" \
    "/etc/subuid' gives you no ids.*usermod"
  echo "$(id -u):100000:65536" | tee etc/subuid > etc/subgid
  like 'so is a newuidmap that refuses' "$(PATH=$work/helpers:$PATH \
    ask 'of("features", "subids")' among 'mount --bind etc /etc')" \
    'newuidmap refuses to map them.*set-user-id root'
  misc=/proc/sys/fs/binfmt_misc
  printf '#!/bin/sh\n' > helpers/qemu
  chmod 755 helpers/qemu
  if test -d $misc; then
    is 'an emulator that the kernel has is found' "$(ask \
      'of("emulators", "s390x")["reason"]' among \
      "mount -t tmpfs none $misc && printf 'enabled\ninterpreter %s\n' \
         $work/helpers/qemu > $misc/qemu-s390x" \
      env PATH="$top_builddir/bin:$work")" "$work/helpers/qemu"
  else
    skip 'an emulator that the kernel has is found' 'this kernel has no binfmt_misc'
  fi
  cat > noproc << 'EOD'
#!/bin/sh
shift
exec unshare -rm sh -c 'mount -t tmpfs none /proc && exec udocker --allow-root "$@"'   sh "$@"
EOD
  chmod 755 noproc
  like 'without /proc, that is what is missing' "$(ask \
    '[of("modes", x) for x in ("P1", "R1")], of("features", "proc")' ./noproc)" \
    "P1.*/proc' is not mounted here.*R1.*/proc' is not mounted here.*mount it"
  run ./noproc udocker run --nobanner c1 true
  is_error '  run says so, too' 125 "'/proc' is not mounted here"
else
  skip 'settings and mounts' 'user namespaces are not possible here'
fi

done_testing
