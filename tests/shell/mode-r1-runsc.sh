#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Mode R1 with runsc (gVisor), which has a kernel of its own: programs are as with
# any other runtime, and nothing stays.
#
# shellcheck disable=SC2016,SC2317  # scripts for the container, until_true

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/modes.sh"

need runsc
make_container "$id" c1 '{"config":{"Env":["IMAGE=image"]}}' || bail "no container"
runsc=$(command -v runsc)
UDOCKER_USE_RUNC_EXECUTABLE=$runsc
export UDOCKER_USE_RUNC_EXECUTABLE
ud --execmode=R1 c1 true 2> why || skip_all "$(cat why)"

# The default is left to the settings: the option comes with each run.
r1 ()
{
  ud --execmode=R1 "$@"
}

# all: what the container is made of.
all ()
{
  (cd "$UDOCKER_DIR/containers/$id" \
     && find . ! -name output.log ! -name exit.status -printf '%p %y %m %l\n' | sort)
}

# nothing_runs: no runsc of this test does.
place=${TMPDIR:-/dev/shm}/udocker-$(id -u)-tmpfs
# shellcheck disable=SC2009 # pgrep would find itself
nothing_runs ()
{
  ! ps -ww -e -o args | grep -q "[r]unsc.*$place"
}
mkdir host && echo inner > host/file && echo alone > alone
mkdir "$root/data"
all > before

# What comes out, and goes in.
run r1 c1 sh -c 'echo out; echo err >&2; exit 9'
is "status and streams" "$status,$stdout,$stderr" 9,out,err
check_ends R1
run r1 c1 no-such-program
is_error "no such program" 127 "^Error: command not found .*'no-such-program'"
run r1 c1 /etc
is_error "not a program" 126 "^Error: command not found .*'/etc'"
head -c 1000000 /dev/urandom > data
# shellcheck disable=SC2002 # through pipes
cat data | r1 c1 cat | cat > copy
ok "binary data go through pipes unchanged" cmp data copy
run sh -c 'udocker run --nobanner --execmode=R1 c1 yes | head -n 2; echo end'
is "a reader that goes away ends the program" "$status,$stdout" "0,y
y
end"
run sh -c 'udocker run --nobanner --execmode=R1 c1 sh -c "echo x; test ! -e /proc/self/fd/0" <&-'
is "what is closed stays so" "$status,$stdout,$stderr" 0,x,

# Files, which are read and written before and afterwards, too.
{
  echo first
  r1 c1 sh -c 'echo out; echo err >&2; echo out'
  echo last
} > file 2>&1
is "files are written where they were left" "$(cat file)" "first
out
err
out
last"
echo zero > file
r1 c1 sh -c 'echo out; echo err >&2; echo out' >> file 2>&1
is "  also at their ends" "$(tr '\n' ' ' < file)" "zero out err out "
printf 'one\ntwo\nthree\n' > file
{
  read -r one
  two=$(r1 c1 sh -c 'read x; echo $x')
  read -r three
} < file
is "  and read" "$one,$two,$three" one,two,three
udocker run --nobanner --execmode=R1 c1 sh -c 'cat <&8; echo added >&9' \
  8< host/file 9> other > file
is "other descriptors are passed on" "$(cat file other)" "inner
added"
# shellcheck disable=SC3045 # every sh that we know has it
(umask 027; ulimit -S -n 200; trap '' USR1
 r1 c1 sh -c 'umask; ulimit -n; kill -USR1 $$; echo alive') > inherited
is "umask, limits and ignored signals are inherited" \
  "$(tr '\n' ' ' < inherited)" "0027 200 alive "

# What the container is.
for user in root alice 1234 55:66; do
  for mode in P1 R1; do
    ud --execmode=$mode --user="$user" c1 sh -c 'echo "$(id -u):$(id -g) $(id -un)"
      touch /tmp/mine; stat -c %u:%g /tmp/mine /bin/sh; rm /tmp/mine' > "who.$mode" 2>&1
  done
  is "user $user is as in P1" "$(cat who.R1)" "$(cat who.P1)"
done
run r1 -v "$work/host:/data" -v "$work/host:/new/deep:ro" -v "$work/alone:/a/file" \
  --mount type=bind,source="$work/alone",target=/root/mounted,readonly \
  --tmpfs=/scratch --workdir=/new/deep --env=A=b c1 sh -c '
  pwd; cat file /a/file /root/mounted; echo "$A $IMAGE"
  echo more > /data/new; echo more >> /a/file; touch /scratch/x
  touch ./x 2> /dev/null || echo refused
  echo 1 2> /dev/null > /root/mounted || echo refused'
is "volumes, files, temporary ones, environment, directory" "$stdout" \
  "/new/deep
inner
alone
alone
b image
refused
refused"
is "  written through" "$(cat host/new alone)" "more
alone
more"
rm host/new
run r1 --hostname=there --add-host=far:192.0.2.1 c1 sh -c 'hostname; grep far /etc/hosts'
is "names of hosts" "$stdout" "there
192.0.2.1	far"
run r1 c1 hostname
is "  or the host's" "$stdout" "$(uname -n)"
r1 c1 sh -c 'echo kept > /tmp/file; mkdir /var; echo kept > /var/file'
is "what is written is on disk, in /tmp, too" \
  "$(cat "$root/tmp/file" "$root/var/file")" "kept
kept"
rm -r "$root/tmp/file" "${root:?}/var"
run r1 --read-only c1 sh -c 'touch /x /tmp/x; touch /dev/shm/x'
is "a container that is read-only" "$status$stdout" 0
like "  is so in /tmp, too" "$stderr" '/tmp/x.*Read-only'
run r1 --ulimit=nofile=77 --shm-size=1m --device=/dev/null c1 sh -c '
  ulimit -n; df -k /dev/shm | sed -n "\$s/^[^ ]* *\([0-9]*\).*/\1/p"
  test -c /dev/null; ls /sys/class > /dev/null; set -- /proc/[0-9]*; test $# -lt 6; echo $?'
is "limits, shared memory, /dev, /proc and /sys of its own" "$stdout" "77
1024
0"
run r1 --nosysdirs c1 ls /sys
is "--nosysdirs shows no /sys" "$status$stdout" 0
is_as_before "nothing of all that stays"

# What cannot be had is said, and where.
for option in --pid=host --ipc=host -v=/dev:/dev --device=/dev/zero:/dev/nought \
              "-v=$work/host:/proc/x"; do
  run r1 "$option" c1 true
  is_error "$option is refused" 125 \
    "^Error: cannot use '$runsc': its kernel .*; use crun or runc, or mode P1 or T1\$"
done
run ud --execmode=R2 c1 true
is_error "mode R2 is refused" 125 "^Error: mode R2 needs crun, runc or youki: "
run udocker doctor
like "doctor says so" "$stdout" '^  R1 +works'
like "  of both modes" "$stdout" '^  R3 +does not work: mode R3 needs crun'
cat > refuses << 'EOD'
#!/bin/sh
echo 'nothing runs on Fridays' >&2
exit 1
EOD
chmod +x refuses
export UDOCKER_USE_CRUN_EXECUTABLE="$work/refuses"
run r1 -v "$work/host:/new/place" c1 sh -c 'cat /new/place/file; exit 5'
is "it is tried when another one refuses" "$status,$stdout,$stderr" 5,inner,
run r1 --pid=host c1 true
is_error "  and both say why they do not" 125 \
  "^Error: no OCI runtime .*'$work/refuses': nothing .*; '$runsc': its kernel shows .*; modes P1"
unset UDOCKER_USE_CRUN_EXECUTABLE
mkdir refusing
cat > refusing/runsc << EOD
#!/bin/sh
exec '$runsc' --no-such-option "\$@"
EOD
chmod +x refusing/runsc
run env UDOCKER_USE_RUNC_EXECUTABLE="$work/refusing/runsc" \
  udocker run --nobanner --execmode=R1 c1 true
is_error "what it says itself is told" 125 \
  "^Error: no OCI runtime .*'$work/refusing/runsc': .*; modes P1 and T1 "
run env UDOCKER_USE_RUNC_EXECUTABLE="$work/refusing/runsc" \
  udocker run --nobanner --execmode=R1 -d c1 true
is_error "  in the background, too" 125 \
  "^Error: cannot run in the background: no OCI runtime .*runsc flags"

# Signals.
check_signals R1
rm -f out
env --default-signal=INT udocker run --nobanner --execmode=R1 c1 sh -c \
  'sleep 1000 & echo ready; exec sleep 1000' > out &
pid=$!
until_true grep ready out
kill -TERM $pid
status=0
wait $pid || status=$?
is "a program that is not prepared for SIGTERM ends" $status 143
ok "  with all that is in the container" until_true nothing_runs
is_as_before "  and leaves nothing"

# In the background, and who joins it.
run r1 --detach c1 sh -c 'trap "echo asked; exit 4" TERM; echo ready
  sleep 1000 & while :; do sleep 0.02; done'
is "--detach" "$status,$stdout" "0,$id"
run udocker exec --user=55:66 --workdir=/tmp --env=B=c c1 \
  sh -c 'cat; id -u; pwd; echo $B; pidof sleep > /dev/null; echo err >&2; exit 6'
is "exec is in the same container" "$status,$stdout,$stderr" "6,55
/tmp
c,err"
until_true sh -c 'udocker logs c1 | grep ready'
run udocker ps --running
like "  which is seen" "$stdout" "^$id .* sh -c "
run udocker stop c1
is "  and can be stopped" "$status$stdout" 0c1
like "  as a program is" "$(udocker logs c1)" '^asked$'
run r1 --detach c1 sh -c 'exit 6'
run udocker wait c1
is "wait says how it ended" "$stdout" 6
run r1 --detach c1 sleep 1000
run udocker kill c1
is "a run is killed" "$status" 0
ok "  with all that is in it" until_true nothing_runs
run udocker run --nobanner --execmode=R1 c1 sh -c 'sleep 1000 & kill -KILL $$'
is "a program that is killed" "$status" 137
ok "  leaves no processes" nothing_runs
rm -f out
udocker run --nobanner --execmode=R1 c1 sh -c 'echo ready; exec sleep 1000' > out &
pid=$!
until_true grep ready out
kill -KILL $pid
wait $pid 2> /dev/null
ok "with udocker everything ends" until_true nothing_runs
# Their directories are removed by a later run, when they are clearly nobody's.
killed=$(ls -d "$place".* 2> /dev/null)
at_end 'rm -rf $killed'
r1 c1 true # whatever these have left, the next run removes
is_as_before "  and nothing stays in the container"

check_at_once R1 5
is_as_before "  which the last one removes"

check_unwritable R1

# At a terminal.
if command -v script > /dev/null; then
  at_terminal ()
  {
    script -qefc "stty rows 33 cols 77; udocker run --nobanner --execmode=R1 c1 $*" \
      /dev/null > seen
  }
  run at_terminal "sh -c 'stty size; tty; echo err >&2; exit 7'"
  is "a terminal, with its size" "$status,$(tr -d '\r' < seen)" "7,33 77
/dev/pts/0
err"
  { until_true grep ready seen; printf '\003'; sleep 1; } \
    | at_terminal "sh -c 'echo re\"\"ady; sleep 1000'"
  status=$?
  is "  where Ctrl-C ends the program" "$status" 130
  { until_true grep ready seen; printf 'typed\n'; sleep 1; } \
    | at_terminal "sh -c 'echo re\"\"ady; read x; echo got-\$x'"
  like "  and lines are read" "$(tr -d '\r' < seen)" '^got-typed$'
else
  skip "at a terminal" "'script' is not installed"
fi

udocker -q clone --name=copy c1 > copy.id
run r1 --rm copy true
is "--rm removes the container" \
  "$status$(test -d "$UDOCKER_DIR/containers/$(cat copy.id)" && echo there)" 0
is "no bundle stays" "$(ls -d "$place".* 2> /dev/null)" "$killed"
ok "no process stays" nothing_runs
done_testing
