# What the in-process engine cannot run goes to a tracer, and comes back.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2154  # claims.sh

. "${top_srcdir:=.}/tests/tap.sh"
GUEST_MODES=${GUEST_MODES:-T1 T2}
. "$top_srcdir/tests/guest/claims.sh"

test -x "$libexec/udocker-handover" \
  || skip_all 'this build has no tracer for the in-process engine'
test -x "$libexec/loader-i386" \
  || skip_all 'this build does not support 32-bit programs'
guest_open i386
for flavour in i386 i386-static static; do
  guest_compile "$flavour" mixed || bail "cannot compile for $flavour"
done
a=$guest_place/bin/mixed-i386
b=$guest_place/bin/mixed-static
s=$guest_place/bin/mixed-i386-static

guest_see truth "$b" who
grep -q "^64 bits, $b" "$work/truth.out" || bail 'the root runs no such program'

# One after the other, in the same process and in children.
guest_claim 'first program' "$a" who fork "$b" who exit 3
guest_claim 'same process' "$b" who "$a" who "$b" who "$s" who "$b" who exit 4
guest_claim children "$b" who fork "$a" who fork "$b" who fork "$s" who \
  fork "$b" who exit 5
guest_claim vfork "$b" vfork "$a" vfork "$b" vfork "$a" who exit 6
guest_claim spawn "$b" spawn "$a" spawn "$b" spawn "$a" who exit 7
guest_claim thread "$b" thread "$a" thread "$b" thread "$a" who exit 8
guest_claim shell /bin/sh -c "$a exit 1; echo \$?; $a fork $b exit 2; echo \$?
  echo one | $a fork /bin/cat | /bin/cat; $a who $b who | /bin/cat"

# Signals: their ends, what is blocked and ignored over execve, stops.
guest_claim ends /bin/sh -c "$a raise 15; echo \$?; $a fork $b raise 6
  echo \$?; $b fork $a raise 11; echo \$?; $a fork $b raise 31; echo \$?"
guest_claim masks "$b" block "$a" signals "$b" "$s" signals
guest_claim ignored "$a" ignore signals "$b" signals "$a" signals "$b" signals
guest_claim stops "$b" stop "$a" pause who exit 9
guest_claim 'stops below' "$a" stop "$b" pause fork "$a" who exit 9
guest_claim groups "$b" fork "$a" group who fork "$b" group who fork "$a" who
# What a 32-bit program closes is not what a 64-bit one needs.
guest_claim close "$a" close "$b" who fork "$a" close fork "$b" who

# Names and owners are the container's, whoever traces.
guest_engine_options=-0
printf '%s\n' 'chown: 0' 33:44 'chown: 0' 0:5 '[ended with 0]' \
  > "$work/truth.out"
for mode in $guest_modes; do
  guest_see "$mode" "$b" own 33 44 "$s" owner own 0 5 "$b" owner exit 0
  ok "owners are one container's in $mode" \
    cmp -s "$work/truth.out" "$work/$mode.out" || guest_explain "$mode"
done
guest_engine_options=

# 64-bit programs that need a tracer are known when they do.
for flavour in static static-pie; do
  guest_program "$flavour" gs
done

# No tracer is where it is not needed.
for mode in $guest_modes; do
  guest_see "$mode" /bin/sh -c "$a fork /bin/grep ^TracerPid /proc/self/status"
  is "a 64-bit program is not traced in $mode" "$(sed 1q "$work/$mode.out")" \
    "TracerPid:	0"
done

# Where tracing is forbidden one sentence says so.
if cc -std=gnu11 -O1 -o "$work/sandbox" "$top_srcdir/tests/sandbox.c" \
  -lseccomp 2> "$work/compiler.log"; then
  for mode in $guest_modes; do
    run "$work/sandbox" EPERM ptrace -- "$work/tools/enter-engine" -m "$mode" \
      "$(guest_engine "$mode")" "$guest_root" / /bin/sh -c "$a who; echo \$?"
    is "without ptrace 32-bit programs are refused in $mode" \
      "$status:$stdout:$(printf '%s\n' "$stderr" | cut -d ';' -f 1)" \
      "0:126:Error: cannot execute '$a': it is a 32-bit program, which mode\
 $mode leaves to a tracer, and this system does not permit tracing (ptrace:\
 Operation not permitted)"
  done
else
  skip 'without ptrace 32-bit programs are refused' 'needs libseccomp'
fi
done_testing
