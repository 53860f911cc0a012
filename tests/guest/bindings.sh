# Bindings behave as mounts do.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
guest_compile static bindings || bail 'cannot compile the program'

# The world is made anew for each run: some of it changes.
place=$guest_root$guest_place
guest_before ()
{
  rm -rf "$work/bound" "$place/place"
  mkdir -p "$work/bound/sub" "$place/place/dir" "$place/place/second" \
    "$place/place/nested/sub" "$place/place/empty" "$place/place/machine"
  echo inner > "$work/bound/inner"
  echo below > "$work/bound/sub/below"
  echo outer > "$place/place/outer"
  echo hidden > "$place/place/dir/hidden"
  echo nested > "$place/place/nested/only-nested"
  touch "$place/place/file"
  ln -s ../outer "$work/bound/up"
  ln -s "$guest_place/place/outer" "$work/bound/absolute"
  ln -s sub/below "$work/bound/relative"
  ln -s "$work/bound/inner" "$work/bound/out"
  ln -s dir "$place/place/link-to-dir"
  ln -s file "$place/place/link-to-file"
}

guest_bindings="-b $work/bound:$guest_place/place/dir
  -b $work/bound:$guest_place/place/second
  -b $work/bound/sub:$guest_place/place/nested/sub
  -b $work/bound/inner:$guest_place/place/file"
guest_claim bindings "$guest_place/bin/bindings-static"
guest_bindings="$guest_bindings -b /:$guest_place/place/machine"
guest_claim 'bindings and the machine' "$guest_place/bin/bindings-static" \
  "$work/bound/inner"
done_testing
