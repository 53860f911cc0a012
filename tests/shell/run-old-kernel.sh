#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# On a kernel whose version tells nothing of what it can do, as those of
# distributions that carry newer parts back: it is tried, and used when there.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need setarch
old='setarch --uname-2.6'
case $($old uname -r 2> /dev/null) in
  2.6.*) ;;
  *) skip_all "this kernel cannot call itself 2.6" ;;
esac
make_container "$id" c1 '{}' || bail "no container"

# filters COMMAND...: run a program in a container by COMMAND; does a filter of
# ours stop its calls, as the host sees it?
filters ()
{
  mkfifo fifo
  "$@" sh -c 'echo $$; read -r x' < fifo > out &
  filters_pid=$!
  exec 7> fifo
  filters_tries=0
  until test -s out || test $filters_tries -gt 1200; do
    sleep 0.05
    filters_tries=$((filters_tries + 1))
  done
  sed -n 's/^Seccomp:[^0-9]*//p' "/proc/$(cat out)/status"
  exec 7>&-
  wait "$filters_pid"
  rm -f fifo out
}

before=$(sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status)
test "$before" = 0 || skip_all "there are filters around this test already"
is "a filter is used on this kernel" "$(filters ud c1)" 2
# shellcheck disable=SC2086 # two words
is "and on one that can do it under an older number" \
  "$(filters $old udocker run --nobanner c1)" 2
# shellcheck disable=SC2086
run $old udocker run --nobanner c1 sh -c 'ls / > /dev/null; exit 3'
is "where programs run" "$status$stderr" 3
UDOCKER_DEFAULT_EXECUTION_MODE=P2
export UDOCKER_DEFAULT_EXECUTION_MODE
is "mode P2 has none" "$(filters ud c1)" 0
done_testing
