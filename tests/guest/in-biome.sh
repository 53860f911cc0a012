# Claims in a root with a static program in Rust that was linked with musl.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

test "${TEST_LONG-}" = yes || skip_all "takes long: make check-long"
guest_open biome
guest_script biome
done_testing
