# A bad network between udocker and the registry of tests/registry.sh.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/registry.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

network_count=0

# wait_for_file FILE PID: wait until FILE is there.
wait_for_file ()
{
  wait_count=0
  until test -f "$1"; do
    wait_count=$((wait_count + 1))
    if test $wait_count -gt 200 || ! kill -0 "$2" 2> /dev/null; then
      bail "what should make $1 does not start"
    fi
    sleep 0.05
  done
}

# stand_in NAME PROGRAM ARGUMENT...: start tests/PROGRAM, which writes its port
# to the file that is its first argument.  Sets $stand_in (HOST:PORT) and
# $stand_in_pid, which ends with the test.
stand_in ()
{
  stand_in_file=$work/$1
  stand_in_program=$2
  shift 2
  PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/$stand_in_program" \
    "$stand_in_file" "$@" < /dev/null &
  stand_in_pid=$!
  at_end "kill $stand_in_pid 2> /dev/null"
  wait_for_file "$stand_in_file" $stand_in_pid
  stand_in=127.0.0.1:$(cat "$stand_in_file")
}

# network_start RULE...: start a bad network in front of $registry, as
# tests/bad-network.py says.  Sets $network (HOST:PORT), $network_pid and
# $network_log.
network_start ()
{
  network_count=$((network_count + 1))
  network_log=$work/network-$network_count.log
  stand_in "network-$network_count" bad-network.py "$network_log" \
    "http://$registry" "$@"
  network_pid=$stand_in_pid
  network=$stand_in
}

# network_stop: stop the one started last.
network_stop ()
{
  kill $network_pid 2> /dev/null
  wait $network_pid 2> /dev/null
  return 0
}

# network_requests PATTERN: print how many requests of the one started last
# match PATTERN, as tests/bad-network.py writes them.
network_requests ()
{
  grep -Ec -e "$1" "$network_log"
}
