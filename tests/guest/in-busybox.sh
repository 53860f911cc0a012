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
for name in shell links archive many-processes; do
  guest_script "$name"
done
done_testing
