# Claims in a root with static programs only, in a container of an OCI runtime.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Two are not made: filters and others print that privileges can be gained,
# which they cannot there.
#
# shellcheck shell=sh
# shellcheck disable=SC2034  # for claims.sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_modes=R1
guest_open busybox
# Not with runsc, whose kernel has claims of its own; it has no mode R2.
udocker run --nobanner --execmode=R2 --location="$guest_root" x true \
  2> why < /dev/null || skip_all "$(cat why)"
for name in $guest_all_programs; do
  case $name in
    filters | others) ;;
    proc | ipc) guest_program static "$name" ;;
    *) test "${TEST_LONG-}" != yes || guest_program static "$name" ;;
  esac
done
guest_script shell
test "${TEST_LONG-}" != yes || guest_script links
done_testing
