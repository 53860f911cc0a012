# Debuggers in a root of debian12: what they show in the in-process engine is
# what they show in a chroot; and that nothing can be traced below a tracer.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
GUEST_MODES=${GUEST_MODES:-P1 T1 T2}
. "$top_srcdir/tests/guest/claims.sh"

guest_open debian12-debuggers
all_modes=$guest_modes
guest_modes=
for mode in $all_modes; do
  case $mode in
    T*)
      guest_modes="$guest_modes $mode"
      continue ;;
  esac
  guest_see "$mode" strace -o /dev/null true
  like "strace is refused in $mode" "$(cat "$work/$mode.err")" \
    'strace: .*Operation not permitted'
  like "and the user told why" "$(cat "$work/$mode.err")" \
    '^Warning: .*wants to trace another'
  guest_see "$mode" gdb -batch -ex run -ex 'print 6 * 7' /bin/true
  like "gdb is refused in $mode" "$(cat "$work/$mode.err")" \
    'Operation not permitted'
  like "but does what it can" "$(cat "$work/$mode.out")" '^\$1 = 42'
done
# A 32-bit program has a tracer already.
if guest_compile i386-static nothing; then
  for mode in $guest_modes; do
    guest_see "$mode" strace -o /dev/null \
      "$guest_place/bin/nothing-i386-static"
    like "a 32-bit program says in $mode that it cannot be traced" \
      "$(cat "$work/$mode.err")" '32-bit programs cannot be traced'
  done
else
  skip '32-bit programs' "cannot compile one: $(sed 1q "$work/compiler.log")"
fi
for name in gdb strace; do
  guest_script "$name"
done
done_testing
