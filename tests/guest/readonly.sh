# A read-only binding refuses what a read-only mount refuses.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
guest_compile static readonly || bail 'cannot compile the program'

place=$guest_root$guest_place
guest_before ()
{
  chmod -R u+rwx "$work/bound" 2> /dev/null
  rm -rf "$work/bound" "$work/inner" "$place/place"
  mkdir -p "$work/bound/directory" "$work/bound/tree" "$place/place/ro" \
    "$place/place/rw"
  echo content > "$work/bound/file"
  echo f > "$work/bound/tree/f"
  echo alone > "$work/file"
  mkdir "$work/inner"
  ln -s file "$work/bound/link"
  mkfifo "$work/bound/fifo"
  echo '#!/bin/sh' > "$work/bound/program"
  chmod 755 "$work/bound/program"
  touch "$place/place/file"
}

guest_bindings="-b $work/bound:$guest_place/place/ro:ro
  -b $work/file:$guest_place/place/file:ro"
guest_claim readonly "$guest_place/bin/readonly-static"
# The same by 32-bit programs, with short and with long times.
for flavour in i386-static i386-time64-static; do
  if test -x "$libexec/loader-i386" && guest_compile "$flavour" readonly; then
    guest_claim "readonly ($flavour)" "$guest_place/bin/readonly-$flavour"
  fi
done
guest_bindings="-b $work/bound:$guest_place/place/ro:ro
  -b $work/bound:$guest_place/place/rw
  -b $work/inner:$guest_place/place/ro/directory"
guest_claim 'readonly and not' "$guest_place/bin/readonly-static" both
done_testing
