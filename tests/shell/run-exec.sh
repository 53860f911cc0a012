#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# exec, ps --running, kill, stop and wait: what runs is found without a daemon.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need flock python3
make_container "$id" c1 '{"config":{"Env":["IMAGE=image"]}}' \
  || bail "no container"
make_container 22222222-89ab-3def-8123-456789abcdef other \
  '{"config":{"StopSignal":"SIGHUP"}}' \
  || bail "no container"
mkdir volume

not ()
{
  ! "$@"
}

# await COMMAND...: until it is true, which is soon.
await ()
{
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    test $tries -lt 1200 || bail "this is never true: $*"
    sleep 0.05
  done
}

# Nothing goes on when something is never true.
at_end 'udocker -q kill c1 other 2> /dev/null || :'

# start WORD...: run in the background and wait until the program has begun,
# which makes the file started.
start ()
{
  rm -f volume/started
  udocker run --nobanner -v "$PWD/volume:/vol" "$@" > log 2>&1 < /dev/null &
  runner=$!
  await test -e volume/started
}

# ended: the run is over; its status is in $status.
ended ()
{
  status=0
  wait "$runner" || status=$?
}

# watches PID: give the process PID, which is waiting, time to begin with it.
watches ()
{
  tries=0
  until readlink "/proc/$1/fd"/* | grep -q pidfd; do
    tries=$((tries + 1))
    test $tries -lt 100 || return 0
    sleep 0.02
  done
}

# told STATUS: what a process learns of how another ended: from 6.15 on.
told ()
{
  uname -r | awk -F '[.-]' -v "status=$1" \
    '{ print ($1 > 6 || ($1 == 6 && $2 >= 15)) ? status : "unknown" }'
}

run udocker ps --running
is "nothing runs yet" "$status:$stdout" \
  "0:$(printf '%-36s %7s %-8s %-24s COMMAND' 'CONTAINER ID' PID USER SINCE)"
run udocker exec c1 true
is_error "there is nothing to join" 125 "container $id does not run here"
run udocker kill c1
is_error "nor to kill" 1 "container 'c1' does not run here"
run udocker stop c1
is "what does not run is stopped already" "$status:$stdout" 0:c1
run udocker wait c1 other
is "and is not waited for" "$status:$stdout" "0:unknown
unknown"

forever='echo > /vol/started; while :; do sleep 0.1; done'
for mode in P1 P2 T1 T2; do
  case $mode in
    T*) test -x "$libexec/udocker-trap" || continue ;;
  esac
  start --execmode=$mode -e RUN=run --hostname=joined --user=alice -w /tmp \
    --ulimit=nofile=77 --read-only --add-host=db:10.0.0.1 c1 sh -c "$forever"
  run udocker ps --running
  like "ps --running shows it in $mode" "$stdout" \
    "^$id +$runner alice +20[0-9T:+-]+ sh -c echo"
  run udocker ps --running --format=json
  is "  as JSON, too" "$(echo "$stdout" | python3 -c '
import json, sys
for run in json.load (sys.stdin):
    print (run["id"], run["pid"], run["user"], run["mode"],
           run["command"][:2], run["pid"] in run["processes"])')" \
    "$id $runner alice $mode ['sh', '-c'] True"
  run udocker exec c1 sh -c 'echo $IMAGE $RUN $USER $HOME; pwd; hostname
    ulimit -n; grep db /etc/hosts; id -un; ls /vol; echo > /new; exit 7'
  is "exec sees what the program sees" "$status:$stdout" "7:image run alice /home/alice
/tmp
joined
77
10.0.0.1	db
alice
started"
  like "  and may do no more" "$stderr" "Read-only file system"
  run udocker exec -e RUN=mine -e NEW=new --unsetenv IMAGE -u root -w /etc c1 \
    sh -c 'echo ${IMAGE-none} $RUN $NEW $USER $HOME; pwd; id -u; id -un'
  is "exec has options of its own" "$status:$stdout" "0:none mine new root /root
/etc
0
root"
  run udocker exec -u nobody-knows:staff c1 id
  like "  also for whom nobody knows" "$stdout" 'nobody-knows.*gid=50\(staff\)'
  run udocker exec -u root c1 sh -c 'id -un; grep -c ^alice: /etc/passwd'
  is "  with the passwd that the run sees" "$stdout" "root
1"
  run udocker exec c1 no-such-program
  is_error "  and says what is not there" 127 "no-such-program"
  run udocker exec -w /none c1 true
  is_error "  or where" 125 "invalid working directory: /none"
  run udocker exec other true
  is_error "other containers do not run" 125 "does not run here"
  run udocker rm -f c1
  is_error "what runs is not removed" 1 "running"

  udocker exec c1 sleep 100 2> /dev/null &
  joined=$!
  udocker wait c1 > waited &
  waiter=$!
  watches "$waiter"
  run udocker kill --signal=TERM c1
  is "kill sends a signal" "$status:$stdout" 0:c1
  ended
  is "  to the program" $status 143
  wait "$waiter"
  is "wait waits, and tells how it ended where Linux does" \
    "$?:$(cat waited)" "0:$(told 143)"
  wait "$joined"

  start --execmode=$mode c1 sh -c "trap 'exit 5' TERM; $forever"
  run udocker stop c1
  is "stop lets it end" "$status:$stdout" 0:c1
  ended
  is "  as it likes" $status 5
  start --execmode=$mode --stop-signal=USR1 c1 \
    sh -c "trap 'exit 6' USR1; trap '' TERM; $forever"
  run udocker stop c1
  ended
  is "  by the signal that it was started with" $status 6
  start --execmode=$mode other sh -c "trap 'exit 8' HUP; trap '' TERM; $forever"
  run udocker stop other
  ended
  is "  or that the image says" $status 8
  start --execmode=$mode c1 sh -c "trap '' TERM HUP; sleep 500 & $forever"
  run udocker stop --signal=HUP -t 1 c1
  ended 2> /dev/null
  is "or kills it" $status 137
  run udocker ps --running
  is "  with all that belongs to it" "$(echo "$stdout" | wc -l)" 1

  start --execmode=$mode c1 sh -c "$forever"
  first=$runner
  start --execmode=$mode -e RUN=second c1 sh -c "$forever"
  run udocker exec c1 sh -c 'echo $RUN'
  is "the newest run is joined" "$stdout" second
  is "  of two" "$(udocker ps --running | tee listed | grep -c "^$id")" 2 || sed "s/^/# /" listed
  run udocker kill c1
  ended 2> /dev/null
  second=$status
  runner=$first
  ended 2> /dev/null
  is "kill ends all" "$second $status" "137 137"
done

# What a program in another name space of users says is no plan of a run.
start c1 sh -c "$forever"
cat > forge.py << 'EOD'
import fcntl, os, sys
plan = os.memfd_create ("udocker-plan", os.MFD_ALLOW_SEALING)
os.write (plan, open ("plan", "rb").read ())
fcntl.fcntl (plan, fcntl.F_ADD_SEALS, 15)
print ("ready", flush=True)
sys.stdin.read ()
EOD
for fd in "/proc/$runner/fd"/*; do
  case $(readlink "$fd") in
    *memfd:udocker-plan*) cat "$fd" > plan ;;
  esac
done
forge ()
{
  rm -f forged fifo
  mkfifo fifo
  "$@" python3 forge.py < fifo > forged &
  exec 4> fifo
  await test -s forged
  run udocker ps --running
  exec 4>&-
  wait $!
}
forge env
is "a plan is known by who has it" "$(echo "$stdout" | grep -c "^$id")" 2
if unshare --user --map-root-user true; then
  forge unshare --user --map-root-user
  is "  and not from a container" "$(echo "$stdout" | grep -c "^$id")" 1
else
  skip "a plan from a container" "no user namespaces here"
fi
udocker -q kill c1
ended 2> /dev/null

run ud --stop-signal=NONE c1 true
is_error "there must be such a signal" 125 "there is no signal 'NONE'"

# In the background.
run udocker logs c1
is_error "nothing has run in the background" 1 \
  "container $id has not run in the background"
run udocker run -d -v "$PWD/volume:/vol" c1 sh -c '
  echo one; echo two >&2; cat; until test -e /vol/go; do sleep 0.05; done
  printf three'
is "run --detach prints the id" "$status:$stdout:$stderr" "0:$id:"
run udocker ps --running
like "  and what runs is known at once" "$stdout" "^$id +[0-9]+ root"
udocker logs -f c1 > followed &
follower=$!
await test -s followed
touch volume/go
run udocker wait c1
is "wait says what it ended with" "$status:$stdout" "0:0"
wait "$follower"
is "logs --follow ends with the run" "$?:$(cat followed)" "0:one
two
three"
run udocker logs c1
is "logs prints it all" "$status:$stdout" "0:one
two
three"
run udocker run --detach c1 sh -c 'echo; seq 3000 5000'
udocker wait c1 > /dev/null
is "what the next one writes comes behind it" "$(udocker logs c1 | tail -n +3 \
  | sed 2q)" "three
3000"
if test -w /dev/full; then
  udocker run --detach c1 true > /dev/full 2> why
  is "an id that cannot be printed is told" "$?:$(cat why)" "125:Error: container \
$id runs in the background, but its id cannot be printed: No space left on device"
  udocker wait c1 > /dev/null
fi
until_go='until test -e /vol/go; do sleep 0.05; done; exit 9'
for mode in P1 P2 T1; do
  case $mode in
    T*) test -x "$libexec/udocker-trap" || continue ;;
  esac
  udocker run -d --execmode=$mode c1 sh -c 'exit 7' > /dev/null
  run udocker wait c1 other c1
  is "  and goes on saying it, in $mode" "$status:$stdout" "0:7
unknown
7"
  udocker run -d --cpuset-cpus=0 --execmode=$mode c1 sleep 100 > /dev/null
  run udocker exec c1 grep Cpus_allowed_list /proc/self/status
  like "  exec has the processors of the run, in $mode" "$stdout" '[[:space:]]0$'
  udocker ps --running --format=json > running.json
  is "  each process is listed once" "$(python3 -c 'import json
p = json.load(open("running.json"))[0]["processes"]; print(len(p) - len(set(p)))')" 0
  udocker -q kill c1
  run udocker wait c1
  is "  nor is what a kill did lost, in $mode" "$status:$stdout" 0:137
  udocker run -d --execmode=$mode c1 sh -c 'sleep 0.3; exit 8' > /dev/null
  run udocker wait c1
  is "  also when it is waited for" "$status:$stdout" 0:8
  copy=$(udocker -q clone c1)
  rm -f volume/go
  udocker run -d --rm --execmode=$mode -v "$PWD/volume:/vol" "$copy" sh -c \
    "$until_go" > /dev/null
  udocker wait "$copy" > waited &
  waiter=$!
  watches $waiter
  touch volume/go
  wait $waiter
  is "  and the container goes then" "$?:$(cat waited)" "0:$(told 9)"
  udocker run -d --execmode=$mode c1 sleep 100 > /dev/null
  udocker stop c1 > /dev/null
  run udocker wait c1
  is "  when it is stopped" "$status:$stdout" 0:143
  udocker run -d --execmode=$mode c1 sleep 100 > /dev/null
  udocker kill c1 > /dev/null
  run udocker wait c1
  is "  and says nothing that is not true when all is killed" \
    "$(echo "$stdout" | grep -Ecx '137|unknown')" 1
done
# By a parent that does not want to know.
cat > careless.py << 'EOP'
import ctypes, os, subprocess, time
ctypes.CDLL (None).prctl (36, 1, 0, 0, 0) # PR_SET_CHILD_SUBREAPER
subprocess.run (["udocker", "run", "-d", "c1", "sh", "-c", "sleep 0.5; exit 6"],
                stdout=subprocess.DEVNULL)
begin = time.monotonic ()
print (subprocess.run (["udocker", "wait", "c1"], stdout=subprocess.PIPE,
                       text=True).stdout.strip (),
       "soon" if time.monotonic () - begin < 2 else "late")
EOP
run python3 careless.py
is "what is noted is told at once" "$stdout" "6 soon"
# Where Linux tells nothing.
if cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
  2> compiler.log && ./sandbox EPERM fanotify_init -- true 2> /dev/null; then
  udocker run -d c1 sh -c 'sleep 0.4; exit 9' > /dev/null
  run ./sandbox ENOSYS pidfd_open -- udocker wait c1
  is "what is noted is told on an old kernel, too" "$status:$stdout" 0:9
  rm -f volume/go
  start c1 sh -c "echo > /vol/started; $until_go"
  ./sandbox ENOSYS pidfd_open -- udocker wait c1 > waited &
  waiter=$!
  # It asks again and again, asleep most of the time.
  asleep=0
  tries=0
  while test $asleep -lt 5 && test $tries -lt 200; do
    asleep=$((asleep + 1))
    tries=$((tries + 1))
    grep -q '^Name:.udocker' "/proc/$waiter/status" \
      && grep -q '^State:.S' "/proc/$waiter/status" || asleep=0
    sleep 0.05
  done
  touch volume/go
  wait $waiter
  is "  and what the one before has noted is not" "$?:$(cat waited)" 0:unknown
  ended
else
  skip "an old kernel" "no sandbox here"
fi
udocker run -d c1 printf '\n' > /dev/null
udocker wait c1 > /dev/null
for lines in 0 1 2 1500; do
  is "logs --tail=$lines" "$(udocker logs --tail=$lines c1 | cksum)" \
    "$(udocker logs c1 | tail -n "$lines" | cksum)"
done
is "  and all of more than there are" \
  "$(udocker logs -n 100000 c1 | cksum)" "$(udocker logs c1 | cksum)"
run udocker logs --tail=x c1
is_error "  but no word" 1 "invalid number of lines 'x'"
run udocker run -d c1 no-such-program
is_error "what cannot be started is said before" 127 no-such-program
run udocker run -d --execmode=P1 other sh -c '
  cut -d " " -f 5 /proc/self/stat; exec sleep 100'
says ()
{
  udocker logs "$1" | grep -q "$2"
}
await says other .
is "it stays in the process group" "$(udocker logs other | tr -d ' ')" \
  "$(ps -o pgid= $$ | tr -d ' ')"
run udocker stop other
is "stop ends it" "$status:$(udocker ps --running | wc -l)" 0:1
udocker run -d c1 sleep 100 > /dev/null
esc=$(printf '\033')
run udocker run -d -e USER="a${esc}b" c1 sh -c "sleep 100; : ${esc}c"
run udocker ps --running
is "what a terminal would obey is not shown" \
  "$(echo "$stdout" | grep -c "$esc"):$(echo "$stdout" | grep -c 'a?b.*?c')" 0:1
udocker kill c1 > /dev/null
# It ends with the container around it.
run udocker run --nobanner --location=/ --hostauth --hostenv \
  --user="$(id -un)" x sh -c '
  "$1" run -d c1 sh -c "echo inner" || exit
  tries=0
  until "$1" logs c1 | grep inner; do
    tries=$((tries + 1))
    test $tries -lt 1200 || exit
    sleep 0.05
  done' x "$top_builddir/bin/udocker"
is "in a container, too, it goes on" "$status:$stdout" "0:$id
inner"
run udocker run -d --location="$root" x true
is_error "a directory has no output" 125 "^Error: --detach: only a container"

# Stopped, and going on.
counts='trap "exit 4" TERM; while :; do echo >> /vol/count; sleep 0.05; done'
# counts_more: it goes on.
counts_more ()
{
  size=$(wc -c < volume/count)
  until_true has_grown
}
has_grown ()
{
  test "$(wc -c < volume/count)" -gt "$size"
}
# stands: it does not.
stands ()
{
  sleep 0.2 # what is being written
  size=$(wc -c < volume/count)
  sleep 0.4
  not has_grown
}
for mode in P1 P2 T1 R1; do
  case $mode in
    T*) test -x "$libexec/udocker-trap" || continue ;;
    R*) udocker run --nobanner --execmode=$mode c1 true 2> /dev/null \
      || continue ;;
  esac
  : > volume/count
  udocker run -d --execmode=$mode -v "$PWD/volume:/vol" c1 sh -c "$counts" \
    > /dev/null
  counts_more
  run udocker kill -s STOP c1
  is "kill stops it in $mode" "$status:$stdout" 0:c1
  ok "  all of it" stands
  run udocker kill -s CONT c1
  ok "  and has it go on" counts_more
  udocker kill -s STOP c1 > /dev/null
  run udocker stop -t 20 c1
  is "stop ends what is stopped" "$status:$stdout" 0:c1
  run udocker wait c1
  is "  as it likes" "$stdout" 4
  : > volume/count
  udocker run -d --execmode=$mode -v "$PWD/volume:/vol" c1 sh -c "$counts" \
    > /dev/null
  counts_more
  udocker kill -s STOP c1 > /dev/null
  run udocker kill c1
  run timeout 20 udocker wait c1
  is "  and so does a kill, which is noted" "$status:$stdout" 0:137
done

# All at once.
heedless='trap "" TERM; : > "/vol/$0"; while :; do sleep 0.1; done'
rm -f volume/*
for i in 1 2 3; do
  udocker run -d -v "$PWD/volume:/vol" c1 sh -c "$heedless" $i > /dev/null
  udocker run -d -v "$PWD/volume:/vol" other sh -c "$heedless" 1$i > /dev/null
done
for i in 1 2 3; do
  await test -e volume/$i
  await test -e volume/1$i
done
begin=$(date +%s)
run udocker stop -t 2 c1 nobody other c1
is "stop ends many at once" "$stdout" "c1
other
c1"
like "  but what is not there" "$status:$stderr" '^1:.*nobody'
ok "  and waits once" test $(($(date +%s) - begin)) -lt 6
is "  for all" "$(udocker ps --running | wc -l)" 1

run udocker kill --signal=NONE c1
is_error "a signal that is none" 1 "there is no signal 'NONE'"
run udocker stop -t soon c1
is_error "a time that is none" 1 "invalid number of seconds 'soon'"
run udocker kill nobody
is_error "a container that is none" 1 "nobody"

# What another machine says of a shared repository.
mkdir "$UDOCKER_DIR/run/elsewhere"
flock -F -s "$UDOCKER_DIR/run/elsewhere/$id" sleep 100 &
holder=$!
await not flock -n "$UDOCKER_DIR/run/elsewhere/$id" true
run udocker ps --running
like "what runs on another machine is shown as that" "$stdout" \
  "^$id +- - +- +\\(on elsewhere\\)"
run udocker stop c1
is "  and left alone" "$status:$(kill -0 "$holder" && echo there)" 0:there
kill "$holder"
done_testing
