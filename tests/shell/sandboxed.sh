# In sandboxes and on kernels that lack something: what the engine can do
# without it does without, and what it cannot it says.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2086  # scripts for the container, lists

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need cc
engine=$libexec/udocker-proot
tree=$work/tree
make_tree "$tree" || bail 'no tree'
cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
  2> compiler.log || skip_all 'needs libseccomp to build a sandbox'
./sandbox EPERM fanotify_init -- true \
  || skip_all 'no filters of system calls can be set here'
for program in paths processes; do
  cc -std=gnu11 -O1 -w -static -pthread -o "$tree/bin/$program" \
    "$top_srcdir/tests/guest/$program.c" || bail "cannot compile $program.c"
done
mkdir "$tree/work" "$work/bound"
echo bound > "$work/bound/file"

script='cp /etc/passwd /tmp/copy && wc -l < /tmp/copy; rm /tmp/copy
  ln -s ../etc/group /tmp/link; cat /tmp/link | wc -l; readlink /tmp/link
  rm /tmp/link; (exit 3); echo $?; find /etc | wc -l
  cd /data && pwd && cat file; cat ../data/file; readlink /proc/self/exe
  id -u; touch /tmp/o; chown 5:6 /tmp/o; stat -c %u:%g /tmp/o; rm /tmp/o
  test -x /bin/sh && echo x; stat -c %F /data; ls /proc/self/fd | wc -l > /dev/null'

# sees WHAT COMMAND...: the script sees there what it sees without a sandbox.
sees ()
{
  what=$1
  shift
  for mode in P1 P2; do
    test $mode = P1 || export PROOT_NO_SECCOMP=1
    run "$@" "$engine" -0 -b /proc -b /dev -b "$work/bound:/data" -r "$tree" \
      /bin/sh -c "$script"
    is "$what in $mode" "$status$stderr
$stdout" "0
$expected"
  done
  unset PROOT_NO_SECCOMP
}

run "$engine" -0 -b /proc -b /dev -b "$work/bound:/data" -r "$tree" /bin/sh \
  -c "$script"
is 'the script runs' "$status" 0
expected=$stdout

# Of each, what old kernels say, and what old sandboxes say of what they do not
# know.
all='openat2 process_vm_readv process_vm_writev statx faccessat2 clone3 memfd_create
  pidfd_open pidfd_getfd close_range'
for calls in openat2 'process_vm_readv process_vm_writev' statx faccessat2 \
             clone3 memfd_create 'pidfd_open pidfd_getfd' pidfd_getfd seccomp \
             prctl 'seccomp prctl' personality sched_setaffinity prlimit64 \
             'rseq set_robust_list' "$all"; do
  for error in EPERM ENOSYS; do
    what=$calls
    test "$calls" != "$all" || what='all that'
    sees "$error from $what" ./sandbox $error $calls --
  done
done

# Longer programs.  Without memfd_create they could not do the same.
clean ()
{
  chmod -R u+rwx "$tree/work"
  rm -rf "${tree:?}/work" && mkdir "$tree/work"
}
for program in paths processes; do
  for mode in P1 P2; do
    test $mode = P1 || export PROOT_NO_SECCOMP=1
    clean
    "$engine" -b /proc -b /dev -w /work -r "$tree" $program > wanted 2>&1
    clean
    ./sandbox ENOSYS openat2 process_vm_readv process_vm_writev statx \
      faccessat2 clone3 pidfd_open pidfd_getfd close_range -- \
      "$engine" -b /proc -b /dev -w /work -r "$tree" $program > seen 2>&1
    ok "$program sees what it sees elsewhere in $mode" cmp -s wanted seen \
      || diff wanted seen | head -n 20 | sed 's/^/# /'
  done
  unset PROOT_NO_SECCOMP
done

# udocker, whose files made up for a container need memory or a directory, and a
# container in a container.
make_container "$id" c1 '{"config":{}}' || bail 'no container'
run udocker run --nobanner --user=7:8 c1 sh -c 'tail -n 1 /etc/passwd; id -u'
is 'run makes files up' "$status" 0
expected_run=$stdout
for error in EPERM ENOSYS; do
  run ./sandbox $error $all -- udocker run --nobanner --user=7:8 c1 sh -c \
    'tail -n 1 /etc/passwd; id -u'
  is "  also where $error is the answer to all that" \
    "$status$stderr$stdout" "0$expected_run"
  run ./sandbox $error $all -- "$engine" -r / -w / "$engine" -r "$tree" sh -c \
    'head -n 1 /etc/passwd'
  is "a container in a container where $error is the answer to all that" \
    "$status$stderr$stdout" 0root:x:0:0:root:/root:/bin/sh
done

saved=${TMPDIR-/tmp}
TMPDIR=$work/none
export TMPDIR
run ./sandbox ENOSYS memfd_create -- udocker run --nobanner c1 true
is_error 'neither memory nor TMPDIR' 125 '^Error: cannot pass the run plan on: '
mkdir temporary
run env PROOT_TMP_DIR="$work/temporary" ./sandbox ENOSYS memfd_create -- \
  udocker run --nobanner c1 sh -c 'exit 3'
is '  but PROOT_TMP_DIR' "$status$stderr" 3
is '  where nothing stays' "$(ls -A temporary)" ''
TMPDIR=$saved

# --- no tracing --------------------------------------------------------------------

for error in EPERM ENOSYS EACCES; do
  run ./sandbox $error ptrace -- "$engine" -r "$tree" true
  is_error "$error from ptrace" 125 \
    '^Error: this system does not permit tracing .*P1 and P2.*sandbox.*SYS_PTRACE'
done
run ./sandbox EPERM ptrace -- udocker run --nobanner c1 true
is_error '  and from run' 125 '^Error: this system does not permit tracing'
if command -v strace > /dev/null && strace -o /dev/null true 2> /dev/null; then
  run strace -f -o /dev/null "$engine" -r "$tree" true
  is_error 'a debugger around it is named' 125 "^Error: .*'strace' traces this"
else
  skip 'a debugger around it' 'there is no strace'
fi

# --- user name spaces ----------------------------------------------------------------

if unshare -Ur true 2> /dev/null; then
  for how in '-U' '-Ur' '-Urm' '-Urmpf --mount-proc'; do
    sees "in unshare $how" unshare $how
  done

  # within SCRIPT COMMAND...: COMMAND where SCRIPT has changed mounts.
  within ()
  {
    mounts=$1
    shift
    unshare -Urm /bin/sh -c "$mounts"' && exec "$@"' sh "$@"
  }
  if within 'mount -t tmpfs tmpfs /mnt' true 2> /dev/null; then
    sees 'where /tmp is noexec' within \
      "mount --bind $work $work && mount -t tmpfs -o noexec tmpfs $work/home \
       && export TMPDIR=$work/home"
    mkdir noexec
    loader=loader-$(uname -m)
    for mode in P1 P2; do
      test $mode = P1 || export PROOT_NO_SECCOMP=1
      run within "mount -t tmpfs -o noexec tmpfs $work/noexec \
        && cp $libexec/$loader $work/noexec \
        && mount --bind $work/noexec/$loader $libexec/$loader" \
        "$engine" -r "$tree" /bin/sh -c 'echo fine; exit 4'
      is "a loader that may not be executed in $mode" "$status:$stdout" 4:fine
    done
    unset PROOT_NO_SECCOMP
    run within "mount -t tmpfs -o noexec tmpfs $work/noexec \
      && cp $libexec/$loader $work/noexec \
      && mount --bind $work/noexec/$loader $libexec/$loader" \
      ./sandbox ENOSYS memfd_create -- "$engine" -r "$tree" /bin/true
    is_error '  and cannot be copied either' 125 \
      "^Error: cannot use the loader '.*/$loader': Permission denied"
    run within "mount -t tmpfs -o noexec tmpfs $work/noexec \
      && cp -a $tree/. $work/noexec" "$engine" -r "$work/noexec" /bin/true
    is_error 'a root that is noexec' 126 "^Error: cannot execute '/bin/true': .* noexec;"
    # Yama's setting as it would be, and a kernel that goes by it.
    for scope in 1 2 3; do
      run within "mount -t tmpfs tmpfs /proc/sys/kernel \
        && mkdir /proc/sys/kernel/yama \
        && echo $scope > /proc/sys/kernel/yama/ptrace_scope" \
        ./sandbox EPERM ptrace -- "$engine" -r "$tree" true
      case $scope in
        1) pattern='sandbox around' ;;
        2) pattern='ptrace_scope is 2 .*unshare -r' ;;
        3) pattern='ptrace_scope is 3 here, .*administrator can set to 1$' ;;
      esac
      is_error "Yama's ptrace_scope $scope" 125 "^Error: .*$pattern"
    done
    run within 'mount -t tmpfs tmpfs /proc' "$engine" -r "$tree" true
    is_error 'no /proc' 125 '^Error: /proc is not mounted here'
  else
    skip 'mounts' 'they are not permitted here'
  fi
  if unshare -Urmpf --mount-proc mount -t proc -o hidepid=2 proc /proc \
    2> /dev/null; then
    sees 'where /proc hides processes' unshare -Urmpf --mount-proc /bin/sh -c \
      'mount -t proc -o hidepid=2 proc /proc && exec "$@"' sh
  else
    skip 'hidepid' 'it cannot be set here'
  fi
else
  skip 'user name spaces' 'they are not permitted here'
fi

done_testing
