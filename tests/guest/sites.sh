# Call sites in every mode: what is called from them, how often, by whom and amid
# what; and in which mode they are patched.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
GUEST_MODES=${GUEST_MODES:-P1 T1 T2}
. "$top_srcdir/tests/guest/claims.sh"

test "$(uname -m)" = x86_64 || skip_all 'call sites are patched on x86_64'
guest_open busybox
guest_compile static sites || bail 'cannot compile the program'
long=
test "${TEST_LONG-}" != yes || long=long
guest_claim 'call sites' "$guest_place/bin/sites-static" $long
for mode in $guest_modes; do
  same=9
  test "$mode" != T1 || same=0
  guest_see "$mode" "$guest_place/bin/sites-static" show
  is "call sites as they are in $mode" "$(sed 1q "$work/$mode.out")" \
    "$same of 9 are as they were, 0 wrong"
done

# Without what patching needs while threads run, and what it looks with.
case " $guest_modes " in
  *' T1 '*)
    guest_modes=T1
    for guest_lacks in membarrier process-vm; do
      guest_claim "call sites without $guest_lacks" \
        "$guest_place/bin/sites-static"
      guest_see T1 "$guest_place/bin/sites-static" show
      is "call sites are patched without $guest_lacks" \
        "$(sed 1q "$work/T1.out")" '0 of 9 are as they were, 0 wrong'
    done ;;
esac
done_testing
