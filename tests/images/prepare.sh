#!/bin/sh
# Make the roots that the tests want and an ordinary user cannot make, and the
# packages for them.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: prepare.sh NAME...
#
# Run before the tests by whoever runs them, from the build directory, while
# the tests themselves may run as another account.  What cannot be had is said
# and is no error: the tests that want it skip.  Nothing is fetched for a
# tarball, only in a git clone or where $TEST_ROOTS says where to keep roots.

set -u

test -n "${TEST_ROOTS-}" || test -e "$top_srcdir/.git" || exit 0
for name
do
  case $name in
    packages-*)
      why=$(sh "$top_srcdir/tests/images/packages.sh" "${name#packages-}" \
              2>&1 >/dev/null) \
        || echo "No packages for ${name#packages-} for the tests: $why" ;;
    *)
      why=$(sh "$top_srcdir/tests/images/root.sh" "$name" 2>&1 >/dev/null) \
        || echo "No root of $name for the tests: $why" ;;
  esac
done
