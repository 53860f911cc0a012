# Package managers in a root of debian12-small.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"
. "$top_srcdir/tests/guest/packages.sh"

packages_here debian12-small
done_testing
