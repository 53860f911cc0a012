# Random operations on paths give the same in an engine as in a real chroot.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# $RANDOM_SEEDS: seeds to try instead, to look at a difference again.
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
guest_compile static random-paths || bail 'cannot compile the program'
place=$guest_root$guest_place
# Always the same by day; the long form also looks where nobody has been.
seeds='1 2'
count=3000
if test "${TEST_LONG-}" = yes; then
  seeds="3 4 5 6 7 8 9 10 11 12 13 $(date +%s)"
  count=10000
fi
seeds=${RANDOM_SEEDS:-$seeds}

# What ".." has led to beside the work must not be there in the next run.
guest_before ()
{
  for directory in "$guest_root" "$guest_root/tmp" "$place"; do
    find "$directory" -maxdepth 1 \( -name '[abcd]' -o -name 'e f' \
      -o -name 'ä' -o -name '0000*' \) -exec rm -rf {} +
    chmod 755 "$directory"
  done
  world
}

world ()
{
  :
}
for seed in $seeds; do
  guest_program static random-paths "$seed:$count"
done
# What a call means is the same for 32-bit programs.
if test -x "$libexec/loader-i386"; then
  guest_program i386-static random-paths "${seeds##* }:$count"
fi

# With bindings: directories, one inside another's, a file.  Each shows a place
# of its own: where one directory is bound twice, getcwd after fchdir may tell
# the other place.
world ()
{
  rm -rf "$work/bound" "$place/m"
  mkdir -p "$work/bound/1/a/b" "$work/bound/2/a" "$work/bound/3/c" \
    "$work/bound/4" "$place/m/one" "$place/m/two" "$place/m/deep/three" \
    "$place/work/m"
  echo below > "$work/bound/1/a/d"
  echo file > "$work/bound/file"
  ln -s ../work "$work/bound/1/d"
  ln -s "$guest_place/m/two/a" "$work/bound/3/c/b"
  touch "$place/m/file"
}
guest_bindings="-b $work/bound/1:$guest_place/m/one
  -b $work/bound/2:$guest_place/m/two
  -b $work/bound/3:$guest_place/m/deep/three
  -b $work/bound/4:$guest_place/work/m
  -b $work/bound/file:$guest_place/m/file"
for seed in $seeds; do
  guest_program static random-paths \
    "$seed:$count:$guest_place/m/one:$guest_place/m/two:$guest_place/m:m:m/a:$guest_place/m/file:$guest_place/m/deep"
done
done_testing
