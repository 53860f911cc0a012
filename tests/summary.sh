#!/bin/sh
# What make check does before and after the tests.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: summary.sh --before SOURCE-DIRECTORY BUILD-DIRECTORY
#        summary.sh --after LOG...
#        summary.sh --remove
#
# --before: when root runs the tests and an ordinary account cannot read the
# trees, copy them to where it can.  --remove: remove that copy.  --after: the
# same, and add up the results of all tests and say 'N passed, N failed, N
# skipped' on a line of its own; exit with 1 when something failed or nothing
# ran.

set -u

remove_copy ()
{
  if test -f .tests-copy; then
    read -r into < .tests-copy
    rm -rf "$into" .tests-copy
  fi
}

case $1 in
  --before)
    source=$2
    build=$3
    rm -f "$build/.tests-copy"
    test "$(id -u)" = 0 || exit 0
    uid=${SUDO_UID:-$(id -u nobody)}
    gid=${SUDO_GID:-$(id -g nobody)}
    test "$uid" != 0 || { uid=65534; gid=65534; }
    setpriv --reuid="$uid" --regid="$gid" --clear-groups \
      sh -c 'cd "$1" && test -r tests/tap.sh && cd "$2" && test -r config.h' \
      sh "$source" "$build" 2> /dev/null && exit 0
    base=${TMPDIR:-/tmp}
    into=$(mktemp -d "$base/udocker-tree.XXXXXX") || exit 1
    chmod 755 "$into"
    echo "$into" > "$build/.tests-copy"
    umask 022
    mkdir -p "$into/build" || exit 1
    (cd "$build" && tar -cf - --exclude=./.git --exclude='*.o' \
                      --exclude='./_*' .) \
      | (cd "$into/build" && tar -xf - --no-same-owner) || exit 1
    if test "$source" != "$build"; then
      mkdir -p "$into/source" || exit 1
      (cd "$source" && tar -cf - --exclude=./.git --exclude='./_*' .) \
        | (cd "$into/source" && tar -xf - --no-same-owner) || exit 1
    fi
    chmod -R go+rX "$into"
    ;;
  --remove)
    remove_copy
    ;;
  --after)
    shift
    remove_copy
    results=
    for log in "$@"; do
      test ! -f "${log%.log}.trs" || results="$results ${log%.log}.trs"
    done
    # The names are split on purpose: make's lists know no spaces either.
    # shellcheck disable=SC2086
    awk '
      /^:test-result: (PASS|XFAIL)/ { passed++ }
      /^:test-result: (FAIL|XPASS|ERROR)/ { failed++; print FILENAME ": " $0 }
      /^:test-result: SKIP/ { skipped++ }
      END {
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0 || passed == 0
      }' $results < /dev/null
    ;;
esac
