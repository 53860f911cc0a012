#!/bin/sh
# The test harness itself, and that the two programs start.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

ok 'tests do not run as root' test "$(id -u)" != 0
is 'the test has a directory of its own' "$(pwd)" "$work"

run "$udocker" --version
is 'the light program starts' "$status" 0
like 'it says its version' "$stdout" "${VERSION:-[0-9]}"
run "$libexec/udocker-full" --version
is 'the full program starts' "$status" 0

light=$(ldd "$udocker" 2> /dev/null)
unlike 'the light program is not linked with libcurl' "$light" libcurl
unlike 'the light program is not linked with libarchive' "$light" libarchive

done_testing
