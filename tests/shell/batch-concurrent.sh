#!/bin/sh
# Many runs of one container at once, on one machine and on two that share the
# repository, end right and leave nothing behind.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

many=40
test "${TEST_LONG-}" != yes || many=200

make_container $id c1 '{"config":{"Cmd":["/bin/sh"]}}' \
  || bail "cannot make a container"
XDG_RUNTIME_DIR=$work/runtime
TMPDIR=$work/tmp
mkdir "$XDG_RUNTIME_DIR" "$TMPDIR"
export XDG_RUNTIME_DIR TMPDIR

# There is a lock file once the container has run; it holds nothing.
ud c1 true || bail "udocker run does not work"

# traces: everything that a run might leave: files of ours, processes.
traces ()
{
  find "$work/repository" "$work/home" "$TMPDIR" "$XDG_RUNTIME_DIR" | sort
  cat "$UDOCKER_DIR"/run/*/*
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' < "$process/cmdline") in
      *"$libexec"*) echo "$process" ;;
    esac
    case $(readlink "$process/root" "$process/cwd" "$process/exe") in
      *"$root"*) echo "$process" ;;
    esac
  done 2> /dev/null
}

# start N ARGUMENT...: run N times at once 'sh -c "exit $((I % 100))"', with
# udocker's ARGUMENTs; what comes out wrong goes to the file wrong.
start ()
{
  start_count=$1
  shift
  pids=
  for i in $(seq "$start_count"); do
    {
      udocker run --nobanner -e "i=$i" "$@" c1 \
        /bin/sh -c 'echo "says $i"; exit $((i % 100))' > "out.$i" 2>&1
      status=$?
      test $status = $((i % 100)) \
        && test "$(cat "out.$i")" = "says $i" \
        || { echo "$i: $status"; cat "out.$i"; } >> wrong
      rm -f "out.$i"
    } &
    pids="$pids $!"
  done
}

traces > before
for mode in P1 T1; do
  for options in '' '--tmpfs=/scratch' '--rm'; do
    test "$mode" != T1 || test -x "$libexec/udocker-trap" || {
      skip "T1 $options" 'the in-process engine is not built'
      continue
    }
    udocker protect c1
    : > wrong
    # shellcheck disable=SC2086
    start $many --execmode=$mode $options
    # shellcheck disable=SC2086
    wait $pids
    udocker unprotect c1
    is "$many at once in $mode${options:+ with $options}" "$(cat wrong)" ''
    traces > after
    is "  leave nothing" "$(diff before after)" ''
    ok "  nor a lock" flock -n "$UDOCKER_DIR"/run/*/$id true
    is "  nor a run" "$(udocker ps --running | sed 1d)" ''
  done
done

# Two machines: name spaces with a host name and processes of their own.
# machine NAME: start one; sets $machine_pid, which ends with the test.
machine ()
{
  rm -f ready
  # The redirection keeps the pipe of who reads the results from it.
  unshare -Ur --uts --mount --pid --fork --kill-child sh -c '
    mount -t proc proc /proc && hostname "$1" && touch ready
    exec sleep 1000' - "$1" > "$1.log" 2>&1 &
  machine_unshare=$!
  at_end "kill -KILL $machine_unshare 2> /dev/null" # it ignores others
  until_true test_machine && test -e ready || return 1
  machine_pid=$(cat "/proc/$machine_unshare/task/$machine_unshare/children")
  machine_pid=${machine_pid% }
}

# test_machine: it is ready, or has failed.
test_machine ()
{
  test -e ready || ! kill -0 $machine_unshare
}

# on PID COMMAND...: run it on the machine.
on ()
{
  on_pid=$1
  shift
  nsenter -t "$on_pid" -U -u -m -p --preserve-credentials -w"$PWD" "$@"
}

command -v unshare > /dev/null && machine one && one=$machine_pid \
  && machine two && two=$machine_pid && on "$two" hostname > name 2>&1 || {
  skip "two machines" \
    "no name spaces that look like one: $(cat one.log two.log name 2> /dev/null)"
  done_testing
}
is "two machines" "$(on "$one" hostname) $(cat name)" "one two"

# runs_on PID: c1 runs on that machine.
runs_on ()
{
  on "$1" udocker --allow-root ps --running | grep -q "$id  *[0-9]"
}

for mode in P1 T1; do
  test "$mode" != T1 || test -x "$libexec/udocker-trap" || continue
  on "$one" udocker --allow-root run --nobanner --execmode=$mode c1 sleep 1000 \
    > sleeper 2>&1 &
  sleeper=$!
  ok "a run in $mode on one" until_true runs_on "$one"
  run on "$two" udocker --allow-root ps --running
  like "  is shown on two as that of one" "$stdout" \
    "^$id +- - +- +\\(on one\\)"
  run on "$two" udocker --allow-root kill c1
  is_error "  cannot be killed there" 1 \
    "container 'c1' does not run here, but on machine one"
  run on "$two" udocker --allow-root stop -t 1 c1
  is "  nor stopped" "$status $stderr" \
    "0 Warning: container 'c1' runs on machine one, and goes on there"
  run on "$two" udocker --allow-root rm c1
  is_error "  nor removed" 1 "container $id is running on machine one"
  run on "$two" udocker --allow-root rm --force --all
  like "  by no means" "$stderr" "container $id is running on machine one"
  run on "$two" udocker --allow-root run --nobanner --rm c1 true
  like "  nor by who runs it" "$status $stderr" \
    "^0 Warning: the container is not removed: .* on machine one"
  run on "$two" udocker --allow-root prune
  is "  nor is anything of it to be pruned" "$status" 0
  ok "  it goes on" kill -0 $sleeper
  run on "$one" udocker --allow-root stop -t 5 c1
  wait $sleeper
  is "  and is stopped where it runs" "$status $?" "0 143"
done

# Both at once, while others look, and one would remove it.
on "$one" udocker --allow-root run --nobanner c1 sleep 1000 > sleeper 2>&1 &
sleeper=$!
ok "one more runs on one" until_true runs_on "$one"
mkdir one two
: > wrong
for name in one two; do
  (
    cd $name || exit 99
    # What nsenter starts in cannot be told beforehand.
    udocker () { on "$(eval "echo \$$name")" udocker --allow-root "$@"; }
    start $((many / 2)) --execmode=P1
    # shellcheck disable=SC2086
    wait $pids
    cat wrong >> ../wrong 2> /dev/null
  ) &
  eval "pid_$name=\$!"
done
while kill -0 $pid_one 2> /dev/null || kill -0 $pid_two 2> /dev/null; do
  on "$one" udocker --allow-root ps --running
  on "$two" udocker --allow-root rm c1
  sleep 0.1
done > list 2>&1
wait $pid_one $pid_two
is "$((many / 2)) at once on each of them" "$(cat wrong)" ''
ok "  while none could remove the container" test -d "$root"
on "$one" udocker --allow-root stop -t 5 c1 > list
wait $sleeper
on "$one" udocker --allow-root ps --running | sed 1d > list
on "$two" udocker --allow-root ps --running | sed 1d >> list
is "  and none runs in the end" "$(cat list)" ''
run on "$two" udocker --allow-root rm c1
is "  when it can be removed" "$status" 0
is "  and nothing is left of it" \
  "$(find "$UDOCKER_DIR/run" "$UDOCKER_DIR/containers" "$TMPDIR" \
    "$XDG_RUNTIME_DIR" ! -type d ! -name .lock)" ''

done_testing
