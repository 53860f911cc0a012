# A signal may come at any instruction of the in-process engine.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# step.c says how.  By hand, for one call and one way of signals:
#   STEP_OPTIONS='-s stat -v USR1' make check TESTS=tests/guest/step.sh
#
# shellcheck shell=sh
# shellcheck disable=SC2154  # from claims.sh

. "${top_srcdir:=.}/tests/tap.sh"

case $(uname -m) in
  x86_64) ;;
  *) skip_all "it is about registers of x86_64" ;;
esac
. "$top_srcdir/tests/guest/claims.sh"

guest_modes=${GUEST_MODES:-T1 T2}
guest_open busybox
cc -std=gnu11 -O1 -o "$work/tools/step" "$guest_source/step.c" \
  || bail 'cannot compile step'
guest_compile static stepped || bail 'cannot compile stepped'

# inject MODE OPTION...: what step says, with its status.
inject ()
{
  step_mode=$1
  shift
  chmod -R u+rwx "$guest_root$guest_place/work" 2> /dev/null
  rm -rf "$guest_root${guest_place:?}/work"
  mkdir "$guest_root$guest_place/work" || exit 99
  step_status=0
  # shellcheck disable=SC2086  # words
  "$work/tools/step" "$@" ${STEP_OPTIONS-} "$work/tools/enter-engine" \
    -m "$step_mode" "$(guest_engine "$step_mode")" "$guest_root" \
    "$guest_place/work" \
    "$guest_place/bin/stepped-static" > "$work/step.out" 2> "$work/step.err" \
    || step_status=$?
  test "$step_status" != 77 || skip_all "$(cat "$work/step.out")"
}

# claim WHAT MODE OPTION...
claim ()
{
  step_what=$1
  shift
  inject "$@"
  ok "$step_what in $step_mode" test "$step_status" = 0 || {
    note "$(grep -c '^not right' "$work/step.out") are not right"
    note "$(grep '^not right' "$work/step.out" | head -n 40)"
    note "stderr: $(head -n 5 "$work/step.err")"
  }
  note "$(awk -F '[:,] ' '{ count += $3 }
            END { print count " signals in " NR " calls" }' \
            "$work/step.out")"
}

one='-e 200' two='-2 -e 400'
if test "${TEST_LONG-}" = yes; then
  one=-l two='-2 -e 3'
fi
for mode in $guest_modes; do
  # shellcheck disable=SC2086  # words
  claim 'a signal anywhere' "$mode" $one
  # shellcheck disable=SC2086
  claim 'a signal anywhere behind another' "$mode" $two
done
done_testing
