# A container's root may do what root does, and sees it afterwards.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
#
# An ordinary user cannot have the truth, so it has been recorded, by real root
# in a chroot: root.expected is what root.c prints there.  Started by root this
# test compares with the truth itself, and so notices a record that is wrong.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"
. "$top_srcdir/tests/guest/dpkg.sh"

guest_open busybox
guest_compile static root || bail 'cannot compile the program'
guest_engine_options=-0

if test "$(id -u)" = 0; then
  guest_truth_options=-r
  guest_see truth "$guest_place/bin/root-static"
  guest_truth_options=
  ok 'the record is the truth' \
    cmp -s "$work/truth.out" "$guest_source/root.expected"
fi
cat "$guest_source/root.expected" > "$work/truth.out"
for mode in $guest_modes; do
  guest_see "$mode" "$guest_place/bin/root-static"
  ok "ids, owners, modes and devices in $mode" \
    cmp -s "$work/truth.out" "$work/$mode.out" || guest_explain "$mode"

done

cp "$guest_source/claims/root.sh" "$guest_root$guest_place/bin/root.sh"
if test "$(id -u)" = 0; then
  guest_truth_options=-r
  guest_see truth /bin/sh "$guest_place/bin/root.sh"
  guest_truth_options=
  ok 'the record of the script is the truth' \
    cmp -s "$work/truth.out" "$guest_source/claims/root.expected"
fi
cat "$guest_source/claims/root.expected" > "$work/truth.out"
for mode in $guest_modes; do
  guest_see "$mode" /bin/sh "$guest_place/bin/root.sh"
  ok "the view of a shell in $mode" \
    cmp -s "$work/truth.out" "$work/$mode.out" || guest_explain "$mode"
done

# It says only whether ids are its own, which is no matter of which they are.
guest_program static ipc

guest_dpkg debian12-small
done_testing
