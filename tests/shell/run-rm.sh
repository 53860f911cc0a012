#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# run --rm: the container goes, the status and signals come through; a
# container that runs cannot be removed.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

there ()
{
  test -e "$UDOCKER_DIR/containers/$id"
}

make_container "$id" c1 '{}' || bail "no container"
run ud --rm c1 sh -c 'echo out; exit 9'
is "the status is passed on" "$status$stdout" 9out
not_ok "the container is gone" there
not_ok "and its name" test -L "$UDOCKER_DIR/containers/c1"
is "and nothing else is left" \
  "$(find "$UDOCKER_DIR/containers" "$UDOCKER_DIR/run" -mindepth 1 ! -type d)" ""

make_container "$id" c1 '{}' || bail "no container"
run ud --rm c1 sh -c 'kill -TERM $$'
is "death by a signal is told as 128+N" "$status" 143
not_ok "and the container is gone" there

make_container "$id" c1 '{}' || bail "no container"
run ud --rm c1 no-such-program
is "a program that is missing" "$status" 127
not_ok "the container goes all the same" there

make_container "$id" c1 '{}' || bail "no container"
: > "$UDOCKER_DIR/containers/$id/PROTECT"
run ud --rm c1 true
is "a protected container" "$status$stderr" 0
ok "stays" there
rm "$UDOCKER_DIR/containers/$id/PROTECT"

# wait_for FILE: until it is there, at most ten seconds.
wait_for ()
{
  for _ in $(seq 100); do
    test -e "$1" && return
    sleep 0.1
  done
  return 1
}

for rm in '' --rm; do
  for signal in TERM:15 HUP:1 INT:2 USR1:10; do
    there || make_container "$id" c1 '{}' || bail "no container"
    rm -f "$root/tmp/started"
    # Without job control a shell has its background jobs ignore SIGINT.
    python3 - "$signal" "$rm" "$root/tmp/started" > out << 'EOP' || bail "python3"
import os, signal, subprocess, sys, time
number = int(sys.argv[1].split(":")[1])
command = ["udocker", "run", "--nobanner"] + ([sys.argv[2]] if sys.argv[2] else [])
process = subprocess.Popen(command + ["c1", "sh", "-c",
    "trap 'echo caught; exit 5' %d; : > /tmp/started; while :; do sleep 0.1; done" % number],
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
for _ in range(100):
    if os.path.exists(sys.argv[3]):
        break
    time.sleep(0.1)
process.send_signal(number)
print("status", process.wait())
EOP
    is "signal ${signal%:*} reaches the program (run $rm)" "$(tr '\n' . < out)" \
      "caught.status 5."
  done
done
not_ok "and --rm removes the container then" there

make_container "$id" c1 '{}' || bail "no container"
ud c1 sh -c ': > /tmp/on; while test ! -e /tmp/off; do sleep 0.1; done' &
ok "a container runs" wait_for "$root/tmp/on"
run udocker rm c1
is_error "it is not removed" 1 "^Error: .*container $id is running"
ok "but stays" there
run ud --rm c1 true
is "a second run with --rm ends" "$status" 0
like "and tells that it stays" "$stderr" "^Warning: the container is not removed: container $id is running"
ok "it is there" there
: > "$root/tmp/off"
wait
run udocker rm c1
is "it can be removed when it has ended" "$status" 0
not_ok "and is" there

make_container "$id" c1 '{}' || bail "no container"
rm -f "$root/tmp/on"
udocker run --nobanner c1 sh -c ': > /tmp/on; sleep 60' &
pid=$!
wait_for "$root/tmp/on"
kill -KILL $pid
wait $pid 2> /dev/null
run udocker -q rm c1
is "a run that was killed does not count" "$status$stderr" 0

# What has joined the run may go on behind it.
for mode in P1 T1; do
  test "$mode" != T1 || test -x "$libexec/udocker-trap" || continue
  there || make_container "$id" c1 '{}' || bail "no container"
  rm -f "$root/tmp/o"*
  udocker run -d --rm --execmode=$mode c1 sh -c '
    until test -e /tmp/off; do sleep 0.1; done' > /dev/null
  udocker exec c1 true
  ok "exec that ends before a run with --rm leaves the container in $mode" there
  udocker exec c1 sh -c ': > /tmp/on
    until test -e /tmp/over; do sleep 0.1; done; exit 6' &
  pid=$!
  wait_for "$root/tmp/on"
  : > "$root/tmp/off"
  until_true sh -c 'test "$(udocker ps --running | wc -l)" = 2'
  ok "  one that goes on, too" there
  : > "$root/tmp/over"
  wait $pid
  is "  and it ends as its program" $? 6
  not_ok "  and removes the container then" there
done

there || make_container "$id" c1 '{}' || bail "no container"
is "many at once in one container" "$(
  for n in $(seq 20); do ud c1 sh -c "echo $n" & done | sort -n | tr '\n' ' '
  wait)" "$(seq 20 | tr '\n' ' ')"

done_testing
