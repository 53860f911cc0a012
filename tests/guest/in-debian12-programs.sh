# Claims in a root of debian12 with servers, and with compilers and what else
# scientific programs stand on.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

test "${TEST_LONG-}" = yes || skip_all "takes long: make check-long"
guest_open debian12-programs
guest_limit=${GUEST_LIMIT:-600}
for name in cmake sanitizers mpi postgres nginx; do
  guest_script "$name"
done
done_testing
