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

# inject NAME MODE OPTION...: put what step says, and its status, into files of
# that name.  Each has its own directory in the container, so that there may be
# several at once.
inject ()
{
  step_name=$1
  step_mode=$2
  shift 2
  mkdir "$guest_root${guest_place:?}/$step_name" || exit 99
  step_status=0
  # shellcheck disable=SC2086  # words
  "$work/tools/step" "$@" ${STEP_OPTIONS-} "$work/tools/enter-engine" \
    -m "$step_mode" "$(guest_engine "$step_mode")" "$guest_root" \
    "$guest_place/$step_name" \
    "$guest_place/bin/stepped-static" > "$work/$step_name.out" \
    2> "$work/$step_name.err" || step_status=$?
  echo $step_status > "$work/$step_name.status"
}

# claim WHAT MODE NAME: what inject has said is right.
claim ()
{
  step_file=$work/$3
  step_status=$(cat "$step_file.status")
  test "$step_status" != 77 || skip_all "$(cat "$step_file.out")"
  ok "$1 in $2" test "$step_status" = 0 || {
    note "$(grep -c '^not right' "$step_file.out") are not right"
    note "$(grep '^not right' "$step_file.out" | head -n 40)"
    note "stderr: $(head -n 5 "$step_file.err")"
  }
  note "$(awk -F '[:,] ' '{ count += $3 }
            END { print count " signals in " NR " calls" }' \
            "$step_file.out")"
}

one='-e 200' two='-2 -e 400'
if test "${TEST_LONG-}" = yes; then
  one=-l two='-2 -e 3'
fi
for mode in $guest_modes; do
  # shellcheck disable=SC2086  # words
  inject "one$mode" "$mode" $one &
  # shellcheck disable=SC2086
  inject "two$mode" "$mode" $two
  wait
  claim 'a signal anywhere' "$mode" "one$mode"
  claim 'a signal anywhere behind another' "$mode" "two$mode"
done
done_testing
