# Commands that make a container, killed and interrupted at all moments.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

# time_it COMMAND [ARGUMENT]...: run it and set $took to its milliseconds.
time_it ()
{
  time_start=$(date +%s%N)
  "$@" > "$work/timed" 2>&1 || bail "'$*' does not work"
  took=$((($(date +%s%N) - time_start) / 1000000))
}

# seconds MILLISECONDS: as timeout wants them.
seconds ()
{
  echo "$(($1 / 1000)).$(printf '%03d' $(($1 % 1000)))"
}

# kills N WHOLE COMMAND [ARGUMENT]...: N times run COMMAND, which makes a
# container called 'victim' and takes $took, and kill it after a delay, which
# grows to cover all of that time; then call WHOLE, which says whether what is
# there is whole.
kills ()
{
  kills_count=$1
  kills_whole=$2
  shift 2
  kills_before=$(udocker ps | wc -l)
  kills_late=0
  kills_bad=0
  kills_i=0
  while test $kills_i -lt "$kills_count"; do
    kills_i=$((kills_i + 1))
    timeout -s KILL "$(seconds $((took * kills_i * 11 / kills_count / 10 + 1)))" \
      "$@" > /dev/null 2>&1 && kills_late=$((kills_late + 1))
    "$kills_whole" || kills_bad=$((kills_bad + 1))
    udocker rm victim > /dev/null 2>&1
  done
  is "$kills_count kills leave no container that is not whole" $kills_bad 0
  note "$kills_late of them came too late"
  is "  nor one without its name" "$(udocker ps | wc -l)" "$kills_before"
  run "$@"
  # Who was killed while it flushed holds the name for a moment.
  is "afterwards it works, with the same name" \
    "$status$(printf '%s\n' "$stderr" | grep -v -e 'Info: waiting' -e '^$')" 0
  ok "  and all are whole" "$kills_whole"
  age_unlocked "$UDOCKER_DIR/containers"
  udocker rm none 2> /dev/null
  is "  and what was half made is gone" \
    "$(find "$UDOCKER_DIR/containers" -maxdepth 1 -name '.*.*')" ''
}

# age_unlocked DIRECTORY: have what lies below it and was killed in the moment
# when it has no lock, which is kept for ten minutes, look as old as that.
age_unlocked ()
{
  find "$1" -type d \( -name '.*.part' -o -name '.*.new' \) \
    -exec sh -c 'test -e "$1/lock" && test "${1%.new}" = "$1" \
      || touch -d "1 hour ago" "$1"' sh {} \;
}

# interruptions COMMAND [ARGUMENT]...: interrupt COMMAND, as above, halfway by
# each signal that a user may send: it leaves nothing.
interruptions ()
{
  signals_before=$(ls "$UDOCKER_DIR/containers")
  for signal in INT TERM HUP; do
    status=0
    timeout --foreground -s "$signal" "$(seconds $((took / 2)))" \
      sh -c 'trap - INT HUP; exec "$@"' sh "$@" > "$work/out" 2> "$work/err" \
      || status=$?
    # Once the id is out the container is whole and stays.
    if test "$status" = 124 && test ! -s "$work/out"; then
      is "SIG$signal leaves nothing" \
        "$(cat "$work/err"; ls "$UDOCKER_DIR/containers")" "$signals_before"
    else
      skip "SIG$signal leaves nothing" "it came too late, $status"
      udocker rm victim > /dev/null 2>&1
    fi
  done
}

# rivals N COMMAND [ARGUMENT]...: of N that run at once, which all want to make
# 'victim', one succeeds.
rivals ()
{
  rivals_count=$1
  shift
  for rival in $(seq "$rivals_count"); do
    { "$@" > "$work/rival-out.$rival" 2> "$work/rival-err.$rival"
      echo $? > "$work/rival-status.$rival"; } &
  done
  wait
  is "of $rivals_count with one name one succeeds" \
    "$(cat "$work"/rival-status.* | sort | uniq -c | tr -s ' \n' ' ')" \
    " 1 0 $((rivals_count - 1)) 1 "
  is "  the others say why" \
    "$(cat "$work"/rival-err.* | grep -v 'Info: waiting' | sort | uniq -c | tr -s ' ')" \
    " $((rivals_count - 1)) Error: ${RIVALS_ERROR-}container name already exists: victim"
}
