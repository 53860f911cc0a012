# Claims in a root of debian12 that is 32-bit throughout.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"
. "$top_srcdir/tests/guest/dpkg.sh"

test "${TEST_LONG-}" = yes || skip_all "takes long: make check-long"
test -x "$libexec/loader-i386" \
  || skip_all 'this build does not support 32-bit programs'
guest_open debian12-i386
for name in $guest_all_programs int80; do
  guest_program i386 "$name"
done
guest_program i386-time64 paths absolute
for name in shell links archive many-processes tree perl python git; do
  guest_script "$name"
done
guest_claim architecture /bin/sh -c 'dpkg --print-architecture; apt-get -v;
  apt-cache policy dpkg; uname -m; perl -V:ivsize;
  python3 -c "import struct; print (struct.calcsize (\"P\"))"'

guest_engine_options=-0
guest_dpkg debian12-i386
guest_dpkg debian12-i386 \
  'apt-get -o APT::Sandbox::User=root -y install'
done_testing
