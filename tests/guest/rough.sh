# Programs that are rough to themselves fare as they do in a chroot.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
guest_program static rough
if test -z "${GUEST_CLAIMS-}"; then
  guest_engine_options=-0
  guest_see P1 "$guest_place/bin/rough-static"
  ok "rough (static) as root ends" grep -qx "traced by itself: signal 5" \
    "$work/P1.out"
fi
done_testing
