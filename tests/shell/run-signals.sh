#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Signals to udocker reach the program, its end ends what it left, and nothing
# outlives the tracer; stops, zombies, limits.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need bash
make_container "$id" c1 '{}' || bail "no container"

# Everything that a container of this test runs has this among its arguments.
mark=98$$
pid=
at_end 'kill_marked KILL'

# marked: the processes of the containers; what has ended has no arguments.
echo "$mark" > mark
marked ()
{
  # No shell or grep has the mark among its own arguments.
  for marked_file in $(grep -alFf "$work/mark" /proc/[0-9]*/cmdline \
                         2> /dev/null); do
    marked_pid=${marked_file#/proc/}
    test "${marked_pid%/cmdline}" = "$pid" || echo "${marked_pid%/cmdline}"
  done
}

kill_marked ()
{
  for kill_pid in $(marked); do
    # Only what the containers have started is marked.
    kill -s "$1" "$kill_pid" 2> /dev/null
  done
}

none_marked ()
{
  test -z "$(marked)"
}

# started COMMAND...: run it in the background until it says "ready" in out.
started ()
{
  rm -f out err
  # Background jobs of a shell ignore these otherwise.
  env --default-signal=INT,QUIT "$@" > out 2> err < /dev/null &
  pid=$!
  until_true grep -q ready out
}

# ended: wait for it; keep $status.
ended ()
{
  until_true none_marked || kill -KILL "$pid"
  status=0
  wait "$pid" || status=$?
}

catcher='trap "echo caught; exit 40" SIGNAL; echo ready; while :; do sleep 0.02; done'
for options in '' --rm; do
  for signal in TERM HUP INT QUIT USR1 USR2 WINCH ALRM PWR IO URG XCPU VTALRM PROF; do
    udocker -q protect c1 # so that --rm leaves it
    # shellcheck disable=SC2086 # one option or none
    started udocker run $options --nobanner c1 sh -c \
      "$(echo "$catcher" | sed "s/SIGNAL/$signal/")" "$mark"
    kill -s "$signal" "$pid"
    ended
    is "SIG$signal reaches the program${options:+ with $options}" \
      "$status $(grep -v ready out)" "40 caught"
  done
  # shellcheck disable=SC2086
  started udocker run $options --nobanner c1 sh -c \
    'echo ready; exec sleep "$0"' "$mark"
  kill -TERM "$pid"
  ended
  is "what is not caught ends it${options:+ with $options}" "$status" 143

  # shellcheck disable=SC2086
  started udocker run $options --nobanner c1 sh -c \
    'echo ready; sleep 0.3; exit 6' "$mark"
  kill -STOP "$pid"
  kill -CONT "$pid"
  ended
  is "stopped and continued it goes on${options:+ with $options}" "$status" 6
done

for mode in P1 P2; do
  UDOCKER_DEFAULT_EXECUTION_MODE=$mode
  export UDOCKER_DEFAULT_EXECUTION_MODE

  # The tracer is killed without a chance to do anything.
  started udocker run --nobanner c1 sh -c \
    'setsid sleep "$0" & (sleep "$0" &); echo ready; sleep "$0"' "$mark"
  not_ok "they run in $mode" none_marked
  kill -KILL "$pid"
  ended
  ok "nothing outlives the tracer in $mode" until_true none_marked

  # At the end of the program everything ends with it.
  run ud c1 sh -c 'setsid sleep "$0" & (setsid sh -c "sleep $0 & sleep $0" &)
    (sleep "$0" & exec setsid sleep "$0") & nohup sleep "$0" > /dev/null &
    exit 3' "$mark"
  is "the status is the program's in $mode" "$status" 3
  is "daemons end with it in $mode" "$(marked)" ""
  i=0
  while test $i -lt 5; do
    run ud c1 sh -c 'f () { while :; do (setsid sleep "$0" &) ; done; }
      f & f & f & sleep 0.2; exit 5' "$mark"
    test "$status$(marked)" = 5 || break
    i=$((i + 1))
  done
  is "and so do those that are just being made in $mode" "$status$(marked)" 5

  # Without that, a run ends with the last of its processes.
  printf '[DEFAULT]\nproot_killonexit = False\n' > wait.conf
  started udocker --config=wait.conf run --nobanner c1 sh -c \
    'trap "" HUP; (sleep 0.4; echo late) & echo ready; exit 4' "$mark"
  ended
  is "without the setting it waits for them in $mode" \
    "$status $(grep late out)" "4 late"

  run ud c1 sh -c 'i=0
    while test $i -lt 40; do (sh -c "exit 0" &); i=$((i + 1)); done
    zombies () { cat /proc/[0-9]*/stat 2> /dev/null | grep -c " Z $PPID "; }
    i=0
    while test "$(zombies)" != 0 && test $i -lt 400; do
      sleep 0.05; i=$((i + 1))
    done
    zombies' "$mark"
  is "orphans leave no zombies in $mode" "$stdout" 0
done
unset UDOCKER_DEFAULT_EXECUTION_MODE

# What Docker's init is for: orphans are looked after, signals reach the
# program, and nothing goes on behind it.
for mode in P1 P2 T1; do
  test "$mode" != T1 || test -x "$libexec/udocker-trap" || continue
  run udocker --config=wait.conf run --init --nobanner --execmode=$mode c1 sh -c \
    'setsid sleep "$0" & (sleep "$0" &); exit 5' "$mark"
  is "with --init nothing is left whatever the setting says, in $mode" \
    "$status$(marked)" 5
  started udocker run --init --nobanner --execmode=$mode c1 sh -c '
    trap "echo caught; exit 40" TERM
    i=0
    while test $i -lt 20; do (sh -c "exit 0" &); i=$((i + 1)); done
    zombies () { cat /proc/[0-9]*/stat 2> /dev/null | grep -c " Z $PPID "; }
    i=0
    while test "$(zombies)" != 0 && test $i -lt 400; do
      sleep 0.05; i=$((i + 1))
    done
    zombies; echo ready; while :; do sleep 0.02; done' "$mark"
  kill -TERM "$pid"
  ended
  is "  no zombies, and signals are heeded" "$status $(tr '\n' . < out)" \
    "40 0.ready.caught."
done

# A terminal that is hung up: the kernel tells only the leader of its session.
if command -v python3 > /dev/null; then
  cat > hang-up.py << 'EOP'
import os, pty, sys
pid, terminal = pty.fork ()
if pid == 0:
    os.execvp (sys.argv[1], sys.argv[1:])
text = b""
while b"ready" not in text:
    text += os.read (terminal, 1000)
EOP
  udocker -q protect c1 2> /dev/null # so that --rm leaves it
  for mode in P1 P2 T1; do
    test "$mode" != T1 || test -x "$libexec/udocker-trap" || continue
    for options in '' --rm; do
      # shellcheck disable=SC2086 # one option or none
      python3 hang-up.py udocker run $options --nobanner --execmode=$mode c1 \
        sh -c 'echo ready; sleep "$0"; sleep "$0"' "$mark" < /dev/null
      ok "with the terminal the program ends in $mode${options:+ with $options}" \
        until_true none_marked
      kill_marked KILL
    done
  done
else
  skip "a terminal that is hung up" "there is no python3"
fi

# Limits of the caller.  The environment lies on the stack, and descriptors that
# were inherited count, so that there is nothing but what is needed.
bare="env -i HOME=$HOME PATH=$PATH UDOCKER_DIR=$UDOCKER_DIR LC_ALL=C bash -c"
for size in 64 32; do
  run $bare "ulimit -s $size && exec udocker run --nobanner c1 sh -c '
    cat /proc/self/maps /proc/mounts > /dev/null; ulimit -s; exit 7'"
  is "a stack of $size kB" "$status $stdout$stderr" "7 $size"
done
for count in 4 6 8 10; do
  run $bare "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- 10>&- 11>&-
    ulimit -n $count && exec udocker run --nobanner c1 true"
  is_error "$count open files" 125 '^Error: .*Too many open files'
done
# What it says must not go to a file.
like "no file larger than nothing" \
  "$(bash -c 'ulimit -f 0; udocker run --nobanner c1 true; echo $?' 2>&1)" \
  '^Error: cannot run with a limit of 0 bytes on the size of files; raise it'
run bash -c "ulimit -f 6 && exec udocker run --nobanner c1 sh -c '
  cat /proc/self/smaps /proc/self/smaps > /dev/null; exit 7'"
is "what /proc tells is no matter of it" "$status$stderr" 7
run bash -c 'ulimit -u 1 && exec udocker run --nobanner c1 true'
is_error "no process more" 125 \
  '^Error: cannot make a process: Resource temporarily unavailable'
run bash -c "ulimit -t 1 && exec udocker run --nobanner c1 sh -c '
  while :; do :; done'"
ok "time that has run out ends it" test "$status" -gt 128
done_testing
