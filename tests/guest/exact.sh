# Claims that hold in an engine that is no tracer.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
GUEST_MODES=${GUEST_MODES:-T1 T2}
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
guest_program static filters exact
done_testing
