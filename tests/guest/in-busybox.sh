# Claims in a root with static programs only.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
for name in $guest_all_programs; do
  guest_program static "$name"
done
guest_program static paths absolute
if test "$(uname -m)" = x86_64 \
   && cc -static -no-pie -O1 -Wl,--section-start=.far=0x600000000000 \
     -o "$guest_root$guest_place/bin/sparse" "$guest_source/sparse.c" \
     2> "$work/compiler.log"; then
  guest_claim 'a sparse program' "$guest_place/bin/sparse"
else
  skip 'a sparse program' 'cannot compile it'
fi
for name in shell links archive many-processes; do
  guest_script "$name"
done
done_testing
