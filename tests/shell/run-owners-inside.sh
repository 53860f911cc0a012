# What run-owners.sh says of --fakeowner, in a mode where the programs keep owners
# themselves.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

test -x "${top_builddir:=.}/libexec/udocker/udocker-trap" || {
  echo '1..0 # SKIP there is no in-process engine here'
  exit 0
}
TEST_EXECMODE=T1
export TEST_EXECMODE
. "${top_srcdir:=.}/tests/shell/run-owners.sh"
