# A program that traces others sees of them in the in-process engine what it
# sees in a chroot, and nothing of the engine.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
GUEST_MODES=${GUEST_MODES:-T1 T2}
. "$top_srcdir/tests/guest/claims.sh"

test "$(uname -m)" = x86_64 || skip_all 'programs trace each other on x86_64'
guest_open busybox
guest_program static debugging
done_testing
