# Claims: what programs see in an engine is what they see in a real chroot.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.  A claim is a program or script that runs in a
# root and prints what it sees; it holds in a mode when it prints the same and
# ends with the same status there as in the truth, which is that root entered
# by the kernel's own means (enter-root.c).  A claim sees an empty directory,
# /tmp/c-TEST/work, the programs in /tmp/c-TEST/bin, and hardly any environment.
#
# By hand, with roots and modes of one's own choice:
#   TEST_ROOTS=DIRECTORY GUEST_MODES="P1" GUEST_CLAIMS="paths links" \
#     sh tests/guest/in-debian12.sh
#
# shellcheck shell=sh
# shellcheck disable=SC2154  # from tap.sh

# Where this machine has the in-process engine it makes the claims, too; T1 does
# what T2 does at first, which therefore has its own turn in the long form.
guest_modes='P1 P2'
if test -x "$libexec/udocker-trap"; then
  guest_modes="$guest_modes T1"
  test "${TEST_LONG-}" != yes || guest_modes="$guest_modes T2"
fi
guest_modes=${GUEST_MODES:-$guest_modes}

# guest_spare_P2: leave that mode to the long form.  It differs from P1 in what
# stops, which the small roots show as well.
guest_spare_P2 ()
{
  test "${TEST_LONG-}" = yes || test -n "${GUEST_MODES-}" \
    || guest_modes=$(echo "$guest_modes" | sed 's/ P2//')
}
guest_limit=${GUEST_LIMIT:-120} # seconds for one claim
guest_source=$top_srcdir/tests/guest

# guest_engine MODE: print the engine's program.
guest_engine ()
{
  case $1 in
    T*) echo "${GUEST_ENGINE:-$libexec/udocker-trap}" ;;
    R*) echo "$libexec/udocker-init" ;;
    *) echo "${GUEST_ENGINE:-$libexec/udocker-proot}" ;;
  esac
}

# guest_open ROOT: make the root ready for claims, or skip the whole test.
guest_open ()
{
  guest_find_root "$1"
  guest_open_here "$guest_root" "$1"
}

# guest_open_here DIRECTORY ROOT: the same for the root in DIRECTORY, which is
# called ROOT.
guest_open_here ()
{
  guest_root=$1
  guest_name=$2
  need cc timeout cmp
  for guest_mode in $guest_modes; do
    test -x "$(guest_engine "$guest_mode")" \
      || skip_all "'$(guest_engine "$guest_mode")' has not been built"
  done
  mkdir -p "$work/tools" || exit 99
  cc -std=gnu11 -O1 -o "$work/tools/enter-root" "$guest_source/enter-root.c" \
    || bail 'cannot compile enter-root'
  cc -std=gnu11 -O1 -D_GNU_SOURCE -I"$top_srcdir" \
    -o "$work/tools/enter-engine" "$guest_source/enter-engine.c" \
    "$top_srcdir/lib/plan/plan.c" "$top_srcdir/lib/plan/plan-write.c" \
    || bail 'cannot compile enter-engine'
  cc -std=gnu11 -O1 -o "$work/tools/lacks" "$guest_source/lacks.c" \
    || bail 'cannot compile lacks'
  guest_place=/tmp/c-$(basename "$0" .sh)
  guest_remove
  mkdir -p "$guest_root$guest_place/bin" || exit 99
  at_end guest_remove
  guest_enter truth /bin/true > "$work/why" 2>&1 < /dev/null
  test $? -ne 125 \
    || skip_all "no truth to compare with: $(sed 1q "$work/why")"
}

# Look for the root where roots are kept; make it if that is cheap.
guest_find_root ()
{
  for guest_cache in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    guest_root=$guest_cache/$1
    test -n "$guest_cache" && test -d "$guest_root" \
      && { test ! -d "$guest_root/tmp" || test -w "$guest_root/tmp"; } \
      && return
  done
  mkdir -p "$work/roots"
  guest_root=$(TEST_ROOTS=$work/roots sh "$top_srcdir/tests/images/root.sh" \
                 --if-cheap "$1" 2> "$work/why") \
    || skip_all "$(sed 1q "$work/why")"
}

guest_remove ()
{
  chmod -R u+rwx "$guest_root$guest_place" 2> /dev/null
  rm -rf "$guest_root${guest_place:?}"
}

# guest_compile FLAVOUR NAME: compile the program NAME.c for the root: static,
# static-pie, dynamic, musl, musl-static, or for 32 bits: i386, i386-static,
# i386-time64, i386-time64-static.
guest_compile ()
{
  case $1 in
    i386*)
      # The kernel's headers lie where only 64-bit compilations look.
      guest_compiler="cc -m32 -idirafter /usr/include/$(cc -print-multiarch)"
      case $1 in
        *-time64*)
          guest_compiler="$guest_compiler -D_FILE_OFFSET_BITS=64
            -D_TIME_BITS=64" ;;
      esac
      case $1 in
        *-static) guest_compiler="$guest_compiler -static" ;;
      esac ;;
    static) guest_compiler='cc -static' ;;
    static-pie) guest_compiler='cc -static-pie' ;;
    dynamic) guest_compiler=cc ;;
    musl) guest_compiler=musl-gcc ;;
    musl-static) guest_compiler='musl-gcc -static' ;;
  esac
  $guest_compiler -std=gnu11 -O1 -w -pthread \
    -o "$guest_root$guest_place/bin/$2-$1" "$guest_source/$2.c" \
    2> "$work/compiler.log"
}

# guest_enter HOW COMMAND...: run COMMAND in the root; HOW is truth or a mode.
guest_enter ()
{
  guest_how=$1
  shift
  guest_directory=/
  test ! -d "$guest_root$guest_place/work" || guest_directory=$guest_place/work
  case $guest_how in
    truth*) # truth-again shows whether a claim is honest
      set -- "$work/tools/enter-root" $guest_truth_options $guest_bindings \
        "$guest_root" "$guest_directory" "$@" ;;
    R*)
      # What these need is made by udocker.
      guest_user=$(id -u):$(id -g)
      test "$guest_engine_options" != -0 || guest_user=root
      set -- "$udocker" run --nobanner --execmode="$guest_how" \
        --location="$guest_root" --user="$guest_user" \
        --workdir="$guest_directory" --env=HOME=/tmp --env=LC_ALL=C \
        --env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ignored "$@" ;;
    *)
      if test -n "$guest_container"; then
        set -- "$work/tools/enter-udocker" "$guest_how" "$guest_directory" \
          "$guest_container" "$@"
      else
        set -- "$work/tools/enter-engine" $guest_engine_options \
          -m "$guest_how" $guest_bindings "$(guest_engine "$guest_how")" \
          "$guest_root" "$guest_directory" "$@"
      fi ;;
  esac
  test -z "$guest_lacks" || set -- "$work/tools/lacks" "$guest_lacks" "$@"
  timeout -k 5 "$guest_limit" env -i \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/tmp LC_ALL=C TERM=dumb "$@"
}
guest_lacks= # what the kernel is to lack (lacks.c)
guest_truth_options=
guest_engine_options=
guest_bindings=
guest_container= # not through the engine alone: this container by udocker run

# guest_see HOW COMMAND...: run COMMAND in a fresh directory and keep what it
# says as $work/HOW.out, its last line being how it ended.
guest_see ()
{
  chmod -R u+rwx "$guest_root$guest_place/work" 2> /dev/null
  rm -rf "$guest_root${guest_place:?}/work"
  mkdir "$guest_root$guest_place/work" || exit 99
  guest_before
  guest_saw=$work/$1.out
  guest_status=0
  guest_enter "$@" > "$guest_saw" 2> "$work/$1.err" < /dev/null \
    || guest_status=$?
  echo "[ended with $guest_status]" >> "$guest_saw"
}

# What a test does before each run: its own to define.
guest_before ()
{
  :
}

# guest_claim WHAT COMMAND...: a result for each mode.
guest_claim ()
{
  guest_what=$1
  shift
  if test -n "${GUEST_CLAIMS-}"; then
    case " $GUEST_CLAIMS " in
      *" ${guest_what%% *} "*) ;;
      *) return 0 ;;
    esac
  fi
  guest_see truth "$@"
  # What hangs without us, too, proves nothing.
  if test "$guest_status" = 124; then
    ok "$guest_what ends on $guest_name" false
    note "$(tail -n 3 "$work/truth.out")"
    return
  fi
  for guest_mode in $guest_modes; do
    guest_see "$guest_mode" "$@"
    ok "$guest_what in $guest_mode on $guest_name" \
      cmp -s "$work/truth.out" "$work/$guest_mode.out" \
      || guest_explain "$guest_mode"
  done
}

guest_explain ()
{
  if test -n "${GUEST_KEEP-}"; then
    mkdir -p "$GUEST_KEEP"
    for guest_side in truth "$1"; do
      for guest_kind in out err; do
        cp "$work/$guest_side.$guest_kind" \
          "$GUEST_KEEP/$guest_name-${guest_what%% *}-$guest_side.$guest_kind"
      done
    done
  fi
  diff "$work/truth.out" "$work/$1.out" > "$work/diff"
  note "$(grep -c '^[<>]' "$work/diff") lines differ (< truth, > $1)"
  note "$(cut -c 1-200 "$work/diff" | head -n "${GUEST_LINES:-30}")"
  note "stderr: $(cut -c 1-200 "$work/$1.err" | head -n 5)"
}

# guest_program FLAVOUR NAME [ARGUMENT]: the claim of the program NAME.c.
guest_program ()
{
  if guest_compile "$1" "$2"; then
    guest_claim "$2${3+ $3} ($1)" "$guest_place/bin/$2-$1" ${3+"$3"}
  else
    skip "$2 ($1) on $guest_name" "cannot compile it: $(sed 1q \
      "$work/compiler.log")"
  fi
}

# guest_script NAME: the claim of the script claims/NAME.sh.
guest_script ()
{
  guest_file=$guest_source/claims/$1.sh
  for guest_need in $(sed -n 's/^# needs: //p' "$guest_file"); do
    if test ! -e "$guest_root/usr/bin/$guest_need" \
       && test ! -e "$guest_root/bin/$guest_need" \
       && test ! -L "$guest_root/bin/$guest_need"; then
      skip "$1 on $guest_name" "the root has no $guest_need"
      return 0
    fi
  done
  cp "$guest_file" "$guest_root$guest_place/bin/$1.sh"
  guest_claim "$1" /bin/sh "$guest_place/bin/$1.sh"
}

guest_all_programs='paths newer directories files filters sockets ipc
  processes registers signals threads vectors proc others'
