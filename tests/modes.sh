# What is to be so in every mode in which a program of the host makes the
# container.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source this after tests/container.sh, when there is a container c1.
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154  # scripts for the container

# is_as_before WHAT: the function all prints what it has printed into before.
is_as_before ()
{
  all > now
  ok "$1" cmp -s before now || diff before now | sed 's/^/#   /'
}

# check_ends MODE: a program that a signal ends.
check_ends ()
{
  for ends_signal in KILL:9 TERM:15 SEGV:11; do
    run ud --execmode="$1" c1 sh -c 'kill -s "$1" $$' sh "${ends_signal%:*}"
    is "  a program that ${ends_signal%:*} ends" "$status" \
      $((128 + ${ends_signal#*:}))
  done
}

# check_signals MODE: signals that are sent to udocker.
check_signals ()
{
  for signals_name in INT TERM USR1; do
    rm -f out
    env --default-signal=INT udocker run --nobanner --execmode="$1" c1 sh -c \
      "trap 'exit 40' $signals_name; echo ready; while :; do sleep 0.02; done" \
      > out &
    signals_pid=$!
    until_true grep ready out
    kill -s $signals_name $signals_pid
    status=0
    wait $signals_pid || status=$?
    is "$signals_name reaches the program" $status 40
  done
}

# check_at_once MODE COUNT: so many runs, with volumes at places that are missing.
check_at_once ()
{
  once_i=0
  while test $once_i -lt "$2"; do
    once_place=/shared/$((once_i % 3))
    ud --execmode="$1" -v "$work/host:$once_place" c1 \
      sh -c "cat $once_place/file; sleep 0.$((once_i % 5)); exit $((once_i % 100))" \
      > "out.$once_i" 2>&1 &
    eval "once_pid_$once_i=$!"
    once_i=$((once_i + 1))
  done
  once_bad=
  while test $once_i -gt 0; do
    once_i=$((once_i - 1))
    eval "once_pid=\$once_pid_$once_i"
    status=0
    wait "$once_pid" || status=$?
    test "$status,$(cat "out.$once_i")" = "$((once_i % 100)),inner" \
      || once_bad="$once_bad $once_i: $status $(cat "out.$once_i")"
  done
  is "$2 at once, with mount points that are missing" "$once_bad" ""
}

# check_unwritable MODE: volumes in a container that cannot be written.
check_unwritable ()
{
  chmod -R a-w "$UDOCKER_DIR/containers/$id"
  run ud --execmode="$1" -v "$work/host:/other/place" \
    -v "$work/alone:/etc/alone" c1 sh -c '
      cat /other/place/file; head -n 1 /etc/alone; ls /bin/sh /etc/group; touch /x'
  is "in a container that cannot be written" "$status,$stdout" "1,inner
alone
/bin/sh
/etc/group"
  chmod -R u+w "$UDOCKER_DIR/containers/$id"
}
