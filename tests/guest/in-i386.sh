# Claims of 32-bit programs, in a root that has 64-bit ones too.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_spare_P2
# The in-process engine has a tracer for them, where that can be built.
test -x "$libexec/udocker-handover" \
  || guest_modes=$(echo "$guest_modes" | sed 's/ T[12]//g')
test -x "$libexec/loader-i386" \
  || skip_all 'this build does not support 32-bit programs'
guest_open i386
for name in $guest_all_programs; do
  guest_program i386 "$name"
done
guest_program i386 paths absolute
guest_program i386-time64 paths
guest_program i386-static processes
guest_program i386 int80
# The same calls by 64-bit code.
guest_program static int80
guest_program static-pie int80
# A program that does not say how it wants its stack is an old one.
guest_program i386 stack
if command -v python3 > /dev/null; then
  python3 - "$guest_root$guest_place/bin/stack-i386" << 'END'
import struct, sys
with open (sys.argv[1], "r+b") as file:
    header = file.read (52)
    offset, = struct.unpack_from ("<I", header, 28)
    size, count = struct.unpack_from ("<HH", header, 42)
    for i in range (count):
        file.seek (offset + i * size)
        if struct.unpack ("<I", file.read (4)) == (0x6474e551,): # PT_GNU_STACK
            file.seek (offset + i * size)
            file.write (struct.pack ("<I", 0))
END
  guest_claim "an old program's stack" "$guest_place/bin/stack-i386"
fi
# Hand in hand: 64-bit programs execute 32-bit ones, and these those.
guest_claim uname /bin/uname -m
guest_claim linux32 /bin/linux32 /bin/uname -m
guest_compile i386 nothing || bail "cannot compile a 32-bit program"
guest_claim mixed /bin/sh -c "$guest_place/bin/nothing-i386; echo \$?;
  $guest_place/bin/int80-i386 say; /bin/linux32 $guest_place/bin/int80-i386 say"

# What root of the container does has been recorded (fake-root.sh).
guest_compile i386-static root || bail 'cannot compile a 32-bit program'
guest_engine_options=-0
cat "$guest_source/root.expected" > "$work/truth.out"
for mode in $guest_modes; do
  guest_see "$mode" "$guest_place/bin/root-i386-static"
  ok "ids, owners, modes and devices in $mode" \
    cmp -s "$work/truth.out" "$work/$mode.out" || guest_explain "$mode"
done
guest_program i386-static ipc
guest_engine_options=

# A build whose compiler made no 32-bit programs.
mkdir "$work/libexec"
cp "$libexec/udocker-proot" "$libexec/loader-$(uname -m)" "$work/libexec/"
GUEST_ENGINE=$work/libexec/udocker-proot
for mode in $guest_modes; do
  guest_see "$mode" "$guest_place/bin/nothing-i386"
  is "without the loader, $mode says so" \
    "$(cat "$work/$mode.err" "$work/$mode.out")" \
    "Error: cannot execute '$guest_place/bin/nothing-i386': it is a 32-bit\
 program, which this build of udocker does not support
[ended with 126]"
done
done_testing
