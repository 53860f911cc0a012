#!/bin/sh
# What one system call costs in each mode, against the same in a chroot.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: syscalls.sh [ROUNDS [OPERATION...]]
#
# From the build directory, by root or where user namespaces are allowed.  In
# each round syscalls.c runs natively and in each mode, one after the other;
# printed are the median of native and the ratios of the medians to it, once
# with engine and program pinned to one processor and once left alone.  The
# machine should be quiet.  $HOWS: the modes, "native" first ("-0" shows root's
# ids); $PLACES: "pinned", "alone"; $ROOT_NAME: another root.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/bench/engines.sh"

rounds=${1:-9}
test $# -eq 0 || shift
hows=${HOWS:-native P1 P1-0 T1 T1-0 T2}
bench_root "${ROOT_NAME:-debian12-small}"
program=$root/tmp/syscalls.$$
cc -std=gnu11 -O2 -static -pthread -o "$program" \
  "$top_srcdir/tests/bench/syscalls.c" || exit 99
chmod 755 "$program"
trap 'rm -rf "$work" "$program"' EXIT

for place in ${PLACES:-pinned alone}; do
  pin=
  test "$place" = alone || pin='taskset -c 0'
  round=0
  : > "$work/$place"
  while test "$round" -lt "$rounds"; do
    for how in $hows; do
      enter "$how" /tmp "/tmp/${program##*/}" -t 10 "$@" \
        | sed "s/^/$how /" >> "$work/$place"
    done
    round=$((round + 1))
  done
  echo "$place, $rounds rounds:"
  # The names are split on purpose.
  # shellcheck disable=SC2086
  compare "$work/$place" $hows
done
