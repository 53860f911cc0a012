#!/bin/sh
# lib/guest needs nothing of any library.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

archive=$top_builddir/lib/guest/libguest.a
command -v nm > /dev/null 2>&1 || skip_all 'there is no nm'
test -f "$archive" || skip_all 'lib/guest is not built'

# What one object defines another may use; memcpy and the like are what a
# compiler makes of loops and assignments.
nm "$archive" > symbols 2> /dev/null
awk 'NF == 3 && $2 ~ /[TRDBVW]/ { print $3 }' symbols | sort -u > defined
awk 'NF == 2 && $1 == "U" { print $2 }' symbols | sort -u > used
wanted=$(comm -13 defined used \
  | grep -vx 'mem\(cpy\|move\|set\|cmp\)' | tr '\n' ' ')
is 'nothing is undefined but what a compiler may need' "$wanted" ''

writable=$(awk 'NF == 3 && $2 ~ /[bBdDC]/ { print $3 }' symbols \
  | grep -vx 'guest_rules' | tr '\n' ' ')
is 'no state of its own' "$writable" ''

done_testing
