# Claims on kernels that lack something: each of what newer ones have, alone,
# and all of it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
all=seccomp,syscall-info,process-vm,openat2,statx,faccessat2,pidfd,close-range
all=$all,memfd,set-mm,getxattrat
guest_all_modes=$guest_modes
for guest_lacks in ${GUEST_LACKS:-$(echo "$all" | tr , ' ') "$all"}; do
  guest_name="busybox without $guest_lacks"
  guest_modes=$guest_all_modes
  case $guest_lacks in
    # Nothing but the tracer works without these, or would notice.
    *seccomp* | *memfd* | syscall-info | process-vm) guest_modes=${GUEST_MODES:-P1 P2} ;;
  esac
  programs='paths proc'
  test "${TEST_LONG-}" != yes || programs="$guest_all_programs"
  for name in $programs; do
    case $name,$guest_lacks in
      # The truth would see the filter that takes away.
      filters,* | others,*) continue ;;
      # openat2 is answered all the same.
      newer,*openat2*) continue ;;
      # Names of nearly 108 bytes are only untouched with it.
      sockets,*openat2*) continue ;;
      # /proc/PID/mem does not heed the protection of pages.
      registers,*process-vm*) continue ;;
      # Where the heap is the kernel tells, who in modes T cannot be told.
      registers,*set-mm*)
        lacking_modes=$guest_modes
        guest_modes=$(echo "$guest_modes" | sed 's/T[12]//g')
        guest_program static "$name"
        guest_modes=$lacking_modes
        continue ;;
    esac
    guest_program static "$name"
  done
done
# As root of the container, too.
guest_lacks=$all
guest_engine_options=-0
guest_compile static root || bail 'cannot compile the program'
grep -v '^statx ' "$guest_source/root.expected" > "$work/truth.out"
for mode in $guest_modes; do
  guest_see "$mode" "$guest_place/bin/root-static"
  ok "ids, owners, modes and devices without all of it in $mode" \
    cmp -s "$work/truth.out" "$work/$mode.out" || guest_explain "$mode"
done
done_testing
