# A container's root may do what root does, and sees it afterwards.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
#
# An ordinary user cannot have the truth, so it has been recorded, by real root
# in a chroot: root.expected is what root.c prints there.  Started by root this
# test compares with the truth itself, and so notices a record that is wrong.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
guest_compile static root || bail 'cannot compile the program'
guest_engine_options=-0

if test "$(id -u)" = 0; then
  guest_truth_options=-r
  guest_see truth "$guest_place/bin/root-static"
  guest_truth_options=
  ok 'the record is the truth' \
    cmp -s "$work/truth.out" "$guest_source/root.expected"
fi
cat "$guest_source/root.expected" > "$work/truth.out"
for mode in $guest_modes; do
  guest_see "$mode" "$guest_place/bin/root-static"
  ok "ids, owners, modes and devices in $mode" \
    cmp -s "$work/truth.out" "$work/$mode.out" || guest_explain "$mode"

done

cp "$guest_source/claims/root.sh" "$guest_root$guest_place/bin/root.sh"
if test "$(id -u)" = 0; then
  guest_truth_options=-r
  guest_see truth /bin/sh "$guest_place/bin/root.sh"
  guest_truth_options=
  ok 'the record of the script is the truth' \
    cmp -s "$work/truth.out" "$guest_source/claims/root.expected"
fi
cat "$guest_source/claims/root.expected" > "$work/truth.out"
for mode in $guest_modes; do
  guest_see "$mode" /bin/sh "$guest_place/bin/root.sh"
  ok "the view of a shell in $mode" \
    cmp -s "$work/truth.out" "$work/$mode.out" || guest_explain "$mode"
done

# A package, installed by dpkg as root would.
guest_find_optional ()
{
  for cache in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    test -z "$cache" || test ! -d "$cache/$1" || {
      echo "$cache/$1"
      return
    }
  done
}
from=$(guest_find_optional debian12-small)
if test -z "$from"; then
  skip 'dpkg -i' 'there is no root of debian12-small'
  done_testing
fi
cp -a "$from" "$work/debian" 2> /dev/null
guest_remove
guest_root=$work/debian
guest_name=debian
guest_place=/tmp/c-debian
mkdir -p "$guest_root$guest_place"
for mode in $guest_modes; do
  guest_see "$mode" /bin/sh -c '
    set -e
    mkdir -p p/DEBIAN p/usr/share/probe p/usr/bin p/etc
    printf "Package: probe\nVersion: 1\nArchitecture: all\n" > p/DEBIAN/control
    printf "Maintainer: M <m@example.org>\nDescription: x\n" >> p/DEBIAN/control
    echo /etc/probe.conf > p/DEBIAN/conffiles; echo a=1 > p/etc/probe.conf
    printf "#!/bin/sh\nset -e\nchown daemon:games /usr/share/probe/data\n" \
      > p/DEBIAN/postinst
    echo "chmod 2750 /usr/share/probe/data" >> p/DEBIAN/postinst
    chmod 755 p/DEBIAN/postinst; echo data > p/usr/share/probe/data
    printf "#!/bin/sh\necho probe runs\n" > p/usr/bin/probe
    chmod 755 p/usr/bin/probe; ln -s probe p/usr/bin/probe2
    dpkg-deb --build p probe.deb > /dev/null
    dpkg -i probe.deb > log 2>&1 || { cat log; exit 1; }
    dpkg -s probe | grep Status; probe2; dpkg -L probe | wc -l
    stat -c "%U %G %a %n" /usr/share/probe/data /usr/bin/probe /etc/probe.conf
    dpkg -V probe; dpkg --purge probe > log 2>&1 || { cat log; exit 1; }
    test ! -e /usr/share/probe && echo gone'
  is "dpkg -i and --purge in $mode" "$(cat "$work/$mode.out")" \
'Status: install ok installed
probe runs
10
daemon games 2750 /usr/share/probe/data
root root 755 /usr/bin/probe
root root 644 /etc/probe.conf
gone
[ended with 0]'
done
done_testing
