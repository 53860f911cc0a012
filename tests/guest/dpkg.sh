# A package, installed by dpkg as root would.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/guest/claims.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # to and from claims.sh

guest_find_optional ()
{
  for cache in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    test -z "$cache" || test ! -d "$cache/$1" || {
      echo "$cache/$1"
      return
    }
  done
}

# guest_dpkg NAME [INSTALL]: make a package in a copy of the root NAME, which
# may be missing, install it by the command INSTALL and remove it again, in each
# mode.
guest_dpkg ()
{
  guest_from=$(guest_find_optional "$1")
  guest_install=${2:-dpkg -i}
  if test -z "$guest_from"; then
    skip "$guest_install" "there is no root of $1"
    return 0
  fi
  test -d "$work/$1" || cp -a "$guest_from" "$work/$1" 2> /dev/null
  guest_remove
  guest_root=$work/$1
  guest_name=$1
  guest_place=/tmp/c-debian
  mkdir -p "$guest_root$guest_place"
  for guest_mode in $guest_modes; do
    guest_see "$guest_mode" /bin/sh -c '
      set -e
      mkdir -p p/DEBIAN p/usr/share/probe p/usr/bin p/etc
      printf "Package: probe\nVersion: 1\nArchitecture: all\n" \
        > p/DEBIAN/control
      printf "Maintainer: M <m@example.org>\nDescription: x\n" \
        >> p/DEBIAN/control
      echo /etc/probe.conf > p/DEBIAN/conffiles; echo a=1 > p/etc/probe.conf
      printf "#!/bin/sh\nset -e\nchown daemon:games /usr/share/probe/data\n" \
        > p/DEBIAN/postinst
      echo "chmod 2750 /usr/share/probe/data" >> p/DEBIAN/postinst
      chmod 755 p/DEBIAN/postinst; echo data > p/usr/share/probe/data
      printf "#!/bin/sh\necho probe runs\n" > p/usr/bin/probe
      chmod 755 p/usr/bin/probe; ln -s probe p/usr/bin/probe2
      dpkg-deb --build p probe.deb > /dev/null
      '"$guest_install"' ./probe.deb > log 2>&1 || { cat log; exit 1; }
      dpkg -s probe | grep Status; probe2; dpkg -L probe | wc -l
      stat -c "%U %G %a %n" /usr/share/probe/data /usr/bin/probe \
        /etc/probe.conf
      dpkg -V probe; dpkg --purge probe > log 2>&1 || { cat log; exit 1; }
      test ! -e /usr/share/probe && echo gone'
    is "$guest_install and --purge in $guest_mode on $1" \
      "$(cat "$work/$guest_mode.out")" \
'Status: install ok installed
probe runs
10
daemon games 2750 /usr/share/probe/data
root root 755 /usr/bin/probe
root root 644 /etc/probe.conf
gone
[ended with 0]' || note "$(head -n 5 "$work/$guest_mode.err")"
  done
}
