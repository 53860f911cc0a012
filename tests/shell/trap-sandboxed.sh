#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Modes T1 and T2 in sandboxes and on kernels that lack something.
# shellcheck disable=SC2016,SC2086  # scripts for the container, lists

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need cc
test "$(uname -m)" = x86_64 || skip_all "these modes are for x86_64"
tree=$work/tree
make_tree "$tree" || bail 'no tree'
cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
  2> compiler.log || skip_all 'needs libseccomp to build a sandbox'
./sandbox EPERM fanotify_init -- true \
  || skip_all 'no filters of system calls can be set here'
mkdir "$work/bound"
echo bound > "$work/bound/file"
udocker -q ps > /dev/null || bail 'no repository'

# in_tree COMMAND...: run the script in the tree, started by COMMAND.
in_tree ()
{
  "$@" udocker --allow-root run --nobanner --execmode="$mode" --location="$tree" \
    --user=root --nosysdirs -v /proc -v /dev -v "$work/bound:/data" x \
    /bin/sh -c 'cp /etc/passwd /tmp/copy && wc -l < /tmp/copy; rm /tmp/copy
      ln -s ../etc/group /tmp/link; cat /tmp/link | wc -l; readlink /tmp/link
      rm /tmp/link; (exit 3); echo $?; find /etc | wc -l
      cd /data && pwd && cat file; cat ../data/file; readlink /proc/self/exe
      id -u; touch /tmp/o; chown 5:6 /tmp/o; stat -c %u:%g /tmp/o; rm /tmp/o
      test -x /bin/sh && echo x; stat -c %F /data'
}

mode=P1
run in_tree env
test "$status" = 0 || bail "the script does not run: $stderr"
expected=$stdout

# Of each, what old kernels say, and what old sandboxes say of what they do not
# know.
all='openat2 process_vm_readv process_vm_writev statx faccessat2 clone3
  memfd_create pidfd_open pidfd_getfd close_range ptrace'
for calls in openat2 'process_vm_readv process_vm_writev' statx faccessat2 \
             clone3 memfd_create 'pidfd_open pidfd_getfd' close_range ptrace \
             seccomp personality sched_setaffinity prlimit64 membarrier \
             'rseq set_robust_list' "$all"; do
  for error in EPERM ENOSYS; do
    what=$calls
    test "$calls" != "$all" || what='all that'
    for mode in T1 T2; do
      run in_tree ./sandbox $error $calls --
      is "$error from $what in $mode" "$status$stderr
$stdout" "0
$expected"
    done
  done
done

# User name spaces.
if unshare -Ur true 2> /dev/null; then
  for how in '-U' '-Ur' '-Urm' '-Urmpf --mount-proc'; do
    for mode in T1 T2; do
      run in_tree unshare $how
      is "in unshare $how in $mode" "$status$stderr
$stdout" "0
$expected"
    done
  done
else
  skip 'user name spaces' 'they are not permitted here'
fi

# Without filters it cannot be.
for mode in T1 T2; do
  run in_tree ./sandbox EPERM prctl --
  is_error "no filters at all in $mode" 125 \
    "^Error: mode $mode does not work here: filters .*mode P2 works without"
done
done_testing
