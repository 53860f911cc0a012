#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Mode R1: an OCI runtime makes the container, and nothing stays of it.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/modes.sh"

make_container "$id" c1 '{}' || bail "no container"
. "$top_srcdir/tests/runtime.sh"
note "runtimes that work here: $(runtimes)"

# The default is left to the settings: the option comes with each run.
r1 ()
{
  ud --execmode=R1 "$@"
}

# all: what the container is made of, with contents of files, and times but for
# directories.
all ()
{
  (cd "$UDOCKER_DIR/containers/$id" \
     && find . -type d -printf '%p %m %i\n' -o -printf '%p %y %m %i %l %T@\n' \
          | sort \
     && find . -type f -exec cksum {} + | sort)
}

left="${TMPDIR:-/dev/shm}/udocker-$(id -u)-tmpfs.*"
mkdir host && echo inner > host/file && echo alone > alone
mkdir "$root/data"
all > before

# What comes out.
run r1 c1 sh -c 'echo out; echo err >&2; exit 9'
is "status and streams" "$status,$stdout,$stderr" 9,out,err
check_ends R1
run r1 c1 no-such-program
is_error "no such program" 127 "^Error: command not found .*'no-such-program'"
run r1 c1 /etc
is_error "not a program" 126 "^Error: command not found .*'/etc'"
printf '#!/no/such/interpreter\n' > "$root/bad" && chmod +x "$root/bad"
run r1 c1 /bad
is "an interpreter that is missing" "$status" 127
rm "$root/bad"
run sh -c 'udocker run --nobanner --execmode=R1 c1 sh -c "echo x; test ! -e /proc/self/fd/0" <&-'
is "what is closed stays so" "$status,$stdout,$stderr" 0,x,

head -c 3000000 /dev/urandom > data
r1 c1 cat < data > copy
ok "binary data go through unchanged" cmp data copy
# shellcheck disable=SC2094
r1 c1 sh -c 'head -c 5; exec cat > /dev/null' < data > five
is "  and only what is read" "$(wc -c < five)" 5
run sh -c 'udocker run --nobanner --execmode=R1 c1 yes | head -n 2; echo end'
is "a reader that goes away ends the program" "$status,$stdout" "0,y
y
end"
# shellcheck disable=SC3045 # every sh that we know has it
(umask 027; ulimit -n 200; trap '' USR1
 r1 c1 sh -c 'umask; ulimit -n; kill -USR1 $$; echo alive') > inherited
is "umask, limits and ignored signals are inherited" \
  "$(tr '\n' ' ' < inherited)" "0027 200 alive "

echo passed > passed
for mode in P1 R1; do
  udocker run --nobanner --execmode=$mode c1 \
    sh -c 'read x <&8; echo $x; ls /proc/self/fd' 8< passed > "passed.$mode"
done
is "descriptors of the caller are passed on, and no others" \
  "$(cat passed.R1)" "$(cat passed.P1)"

# With ever fewer left.
cat > many.py << 'EOD'
import os, resource, sys
for i in range (int (sys.argv[1])):
    os.set_inheritable (os.open ("/dev/null", os.O_RDONLY), True)
resource.setrlimit (resource.RLIMIT_NOFILE, (64, 64))
os.execvp ("udocker", ["udocker", "run", "--nobanner", "--execmode=R1", "c1",
                       "sh", "-c", "echo runs"])
EOD
ends=
for count in 10 20 30 40; do
  run timeout 60 python3 many.py $count
  ends="$ends $status"
  test "$status" != 125 || last=$stderr
done
like "  or it says that there are too many" "$ends $last" \
  '^ 0 0( 0)*( 125)+ Error: .*Too many open files'

# Who the program is.
for user in 0:0:root alice:alice alice:staff 1234 55:66 nobody-knows; do
  case $user in
    0:0:root) want="0:0 root" user=root ;;
    55:66) want="55:66 user55" ;;
    *) want= ;;
  esac
  p1=$(ud --execmode=P1 --user="$user" c1 \
         sh -c 'echo "$(id -u):$(id -g) $(id -un)"; touch /tmp/mine;
                stat -c %u:%g /tmp/mine; rm /tmp/mine')
  run r1 --user="$user" c1 \
         sh -c 'echo "$(id -u):$(id -g) $(id -un)"; touch /tmp/mine;
                stat -c %u:%g /tmp/mine; rm /tmp/mine'
  is "user $user is as in P1" "$stdout$stderr" "$p1"
  test -z "$want" || like "  and right" "$stdout" "^$want\$"
done
run r1 --user=alice c1 sh -c 'grep -c "^CapEff:.*0000000000000000" /proc/self/status'
is "who is not root has no privileges" "$stdout" 1
run r1 c1 grep NoNewPrivs /proc/self/status
like "nobody gains any" "$stdout" '^NoNewPrivs:.1$'

# What the container shows.
run r1 -v "$work/host:/data" -v "$work/host:/new/deep:ro" -v "$work/alone:/a/file" \
  --mount type=bind,source="$work/alone",target=/root/mounted,readonly \
  --tmpfs=/scratch --workdir=/new/deep --env=A=b c1 sh -c '
  pwd; cat file /a/file /root/mounted; echo "$A"
  echo more > /data/new; touch /scratch/x
  touch ./x 2> /dev/null || echo refused
  echo 1 2> /dev/null > /root/mounted || echo refused'
is "volumes: directories, files, read-only ones, temporary ones" "$stdout" \
  "/new/deep
inner
alone
alone
b
refused
refused"
is "  written through" "$(cat host/new)" more
run r1 -v "$work/host:/data" -v "$work/alone:/data/missing" c1 true
is_error "no mount point is made on the host" 125 \
  "^Error: cannot show anything at '/data/missing' in mode R1: .*'$work/host'.*P1"
run r1 -v "$work/alone:/tmp" c1 true
is_error "a file does not cover a directory" 125 "'/tmp'.* mode P1 can"
is "  nothing came of it" "$(ls host)" "file
new"
for place in proc dev; do
  mkdir -p "$root/$place" "$root/elsewhere"
  rmdir "$root/$place" && ln -s elsewhere "$root/$place"
  run r1 c1 ls /elsewhere
  is_error "a link in the place of /$place" 125 \
    "^Error: cannot cover the symbolic link '/$place' in mode R1; mode P1 can\$"
  rm "$root/$place" && mkdir "$root/$place"
done
rmdir "$root/elsewhere"
all > before
run r1 --hostname=there --add-host=far:192.0.2.1 --dns=192.0.2.9 c1 \
  sh -c 'hostname; grep far /etc/hosts; cat /etc/resolv.conf'
is "names of hosts" "$stdout" "there
192.0.2.1	far
nameserver 192.0.2.9"
run r1 --ulimit=nofile=77 --read-only c1 sh -c 'ulimit -n; touch /x'
is "limits, and a container that is read-only" "$status,$stdout" "1,77"
run r1 --device=/dev/null c1 sh -c 'ls /dev; test -c /dev/null; ls /dev/shm'
like "it has a /dev of its own" "$stdout" '^pts$'
unlike "  without disks" "$stdout" '^(sd|vd|nvme|mem)'
run r1 --nosysdirs c1 sh -c 'test -e /proc/self/stat; cat /etc/host.conf 2>&1'
like "--nosysdirs shows nothing of the host" "$stdout" 'No such file'
run r1 c1 sh -c 'set -- /proc/[0-9]*; test $# -lt 6; echo $?
                 : < /proc/kcore | wc -c;
                 echo 1 2> /dev/null > /proc/sys/kernel/panic || echo refused'
is "processes of its own, parts of /proc out of reach" "$stdout" "0
0
refused"
# shellcheck disable=SC2016 # for the container
spaces='for kind in pid ipc uts net; do readlink /proc/self/ns/$kind; done'
run r1 c1 sh -c "$spaces"
for kind in pid ipc uts; do
  unlike "the $kind namespace is its own" "$stdout" "^$(readlink /proc/self/ns/$kind | sed 's/[][]/./g')\$"
done
run r1 --pid=host --ipc=host --uts=host c1 sh -c "$spaces; stat -c %i /dev/shm"
is "  unless the host's are asked for" "$stdout" "$(sh -c "$spaces")
$(stat -c %i /dev/shm)"
run r1 --pid=host c1 sh -c 'setsid sleep 1000 > /dev/null 2>&1 & echo $!; exit 3'
is "  and the end of the program is that of the run" "$status" 3
not_ok "  with all that it has started" sh -c "kill -0 $stdout 2> /dev/null"

# Whatever is killed, nothing goes on among the processes of the host.
mark=100.$$
# marked: how many processes sleep for so long.
# shellcheck disable=SC2317 # called by until_true
marked ()
{
  # shellcheck disable=SC2009 # pgrep would find itself
  ps -ww -e -o args= | grep -c "^sleep $mark\$"
}
# shellcheck disable=SC2317 # called by until_true
none_marked ()
{
  # shellcheck disable=SC2009 # as above
  ! ps -ww -e -o args= | grep -q "[1]00\\.$$"
}
# shellcheck disable=SC2317 # called by until_true
all_marked ()
{
  test "$(marked)" -ge "$1"
}
started="trap '' TERM; setsid sleep $mark & sleep $mark & sleep $mark; sleep $mark"
# child_of PID: the first one.
child_of ()
{
  ps -o pid= --ppid "$1" | head -n 1 | tr -d ' '
}
victims='udocker runtime udocker-init'
if test "$(runtimes | head -n 1)" = crun; then
  skip "all ends when udocker-init is killed" \
    "crun waits for what a killed first process has left"
  victims='udocker runtime'
fi
for mode in R1 R2; do
  for victim in $victims; do
    udocker run --nobanner --pid=host --execmode=$mode c1 sh -c "$started" &
    pid=$!
    until_true all_marked 3
    case $victim in
      udocker) kill -KILL $pid ;;
      runtime) kill -KILL "$(child_of $pid)" ;;
      *) kill -KILL "$(child_of "$(child_of $pid)")" ;;
    esac
    wait $pid 2> /dev/null || :
    ok "$mode: all ends when $victim is killed" until_true none_marked
  done
done
for i in 1 2 3 4; do
  udocker -q run --nobanner --detach --pid=host --execmode=R$((i % 2 + 1)) c1 \
    sh -c "$started" > /dev/null
done
until_true all_marked 12
run udocker kill c1
is "  and udocker kill kills it" "$status" 0
ok "  wherever it is" until_true none_marked
for i in 1 2 3 4 5 6 7 8; do
  timeout --signal=KILL 0.$((i + 1)) udocker run --nobanner --pid=host \
    --execmode=R1 c1 sh -c "$started" 2> /dev/null &
done
wait
ok "  killed at any moment, too" until_true none_marked
run r1 --kernel=9.9 c1 true
is_error "--kernel is refused, and who can is named" 125 '^Error: mode R1 .* R2, P1 and T1 '
run r1 --publish=8080:80 c1 true
is_error "so are ports that move" 125 '^Error: mode R1 .* R2, P1 and T1 '
run r1 --user=alice --group-add=4242 c1 true
is_error "and groups that you are not in" 125 '^Error: mode R1 .* R2, P1 and T1 '
run r1 --fakeowner c1 true
is_error "and owners that outlive the run" 125 '^Error: mode R1 .* P1 and T1 '

# Signals and the commands that send them.
check_signals R1
rm -f out
env --default-signal=INT udocker run --nobanner --execmode=R1 c1 sh -c \
  'echo ready; exec sleep 1000' > out &
pid=$!
until_true grep ready out
kill -INT $pid
status=0
wait $pid || status=$?
is "a program that is not prepared for SIGINT ends" $status 130
run r1 --detach c1 sh -c 'trap "echo asked; exit 4" TERM; echo ready
  sleep 1000 & while :; do sleep 0.02; done'
is "--detach" "$status,$stdout" "0,$id"
until_true sh -c 'udocker logs c1 | grep ready'
run udocker ps --running
like "  is seen" "$stdout" "^$id .* sh -c "
run udocker exec --user=alice --workdir=/tmp --env=B=c c1 \
  sh -c 'id -un; pwd; echo $B; test -d /proc/1; pidof sleep > /dev/null; exit 6'
is "exec is in the same container" "$status,$stdout,$stderr" "6,alice
/tmp
c,"
pids=
for _ in 1 2 3 4 5 6; do
  udocker exec c1 sh -c "$started" &
  pids="$pids $!"
done
until_true all_marked 18
# shellcheck disable=SC2086 # numbers
{
  kill -KILL $pids
  wait $pids 2> /dev/null || :
}
ok "  which it leaves with all that it has started when it is killed" \
  until_true none_marked
run udocker stop c1
is "  and can be stopped" "$status$stdout" 0c1
like "  as a program is" "$(udocker logs c1)" '^asked$'
run r1 --detach c1 sh -c 'echo again; sleep 1000'
run udocker exec c1 sh -c 'exit 7'
is "exec right after that finds it" "$status,$stderr" 7,
until_true sh -c 'udocker logs c1 | grep again'

# It cannot pass for a run of its own, nor stop anybody who looks.
run udocker exec c1 sh -c 'mkfifo "/memfd:udocker-plan" && {
  exec 5<> "/memfd:udocker-plan"
  rm "/memfd:udocker-plan"
  setsid sleep 1000 > /dev/null 2>&1 & }'
run timeout 20 udocker ps --running
is "a program cannot stop who looks at what runs" \
  "$status,$(echo "$stdout" | grep -c "^$id")" 0,1
run udocker kill c1
is "a run is killed" "$status" 0
nothing_runs ()
{
  test "$(udocker ps --running | wc -l)" = 1
}
ok "  with all that is in it" until_true nothing_runs
# Its directory is removed by a later run, when it is clearly nobody's.
# shellcheck disable=SC2086 # a pattern
killed=$(ls -d $left 2> /dev/null)
at_end 'rm -rf $killed'
rm -f "$UDOCKER_DIR/containers/$id/output.log" \
  "$UDOCKER_DIR/containers/$id/exit.status"
run r1 c1 true # whatever the kill has left, the next run removes
is_as_before "nothing of all that is left in the container"

# Others that use the container.
count=8
test "${TEST_LONG-}" != yes || count=50
check_at_once R1 $count
is_as_before "  which the last one removes"

check_unwritable R1

chmod a-w "$root/etc"
for option in "--volume=$work/alone:/etc/alone" --env=A; do
  run r1 "$option" c1 sh -c 'cat /etc/alone 2> /dev/null; wc -c < /etc/passwd; id -un'
  is "one with a directory that cannot be shows what is there with $option" \
    "$stdout" "$(case $option in --vol*) echo alone ;; esac
                 wc -c < "$root/etc/passwd"; echo root)"
done
chmod u+w "$root/etc"

# What it has of its own, and what nobody asked for.
mkdir -p devices
for place in /proc /proc/x /proc/self /sys/x /dev; do
  run r1 -v "$work/devices:$place" c1 true
  is_error "a volume at $place" 125 "^Error: cannot show .*'$place' in mode R1.* P1 "
done
mkdir -p "$root/etc/resolv.conf"
run r1 c1 echo fine
is "a place for a file that is a directory" "$status$stdout" 0fine
like "  is told" "$stderr" "^Warning: cannot show a file at '/etc/resolv.conf'"
rmdir "$root/etc/resolv.conf"
mkdir -p etc && cp "$root/etc/passwd" "$root/etc/group" etc
run r1 -v "$work/etc:/etc" c1 id -un
is "a volume at /etc lacks what cannot be made there" "$status$stdout" 0root
rm "$UDOCKER_DIR/containers/$id/output.log" "$UDOCKER_DIR/containers/$id/exit.status" 2> /dev/null
all > before

run r1 --location=/ x sh -c "cat '$work/alone'; test ! -e /proc/\$PPID; echo \$\$"
like "the host's own root can be one" "$status $(echo "$stdout" | tr '\n' ' ')" \
  '^0 alone [0-9] $'

# The mode of a container.
run udocker setup --execmode=R1 c1
is "setup sets the mode" "$status$stdout$stderr" 0
run udocker run --nobanner c1 sh -c 'echo $container_execmode'
is "  which runs have" "$stdout" R1
udocker setup --execmode=P1 c1
run udocker run --nobanner c1 sh -c 'echo $container_execmode'
is "  until it is set back" "$stdout" P1
rm "$UDOCKER_DIR/containers/$id/execmode" "$UDOCKER_DIR/containers/$id/root.path"
is_as_before "  and the container is as it was"

# What a killed run has left, with a file that somebody has put there.
mkdir -p "$UDOCKER_DIR/containers/$id/.mountpoints" "$root/left/deep" "$root/used"
touch "$root/used/file"
for note in '#left#deep:#left' '#left:#' '#used:#' '#gone:#'; do
  ln -s "${note#*:}" "$UDOCKER_DIR/containers/$id/.mountpoints/${note%:*}"
done
run udocker setup --purge c1
is "setup --purge removes mount points that were left" \
  "$status,$(ls -d "$root/left" "$UDOCKER_DIR/containers/$id/.mountpoints" 2> /dev/null)" "0,"
is "  and nothing that is in use" "$(ls "$root/used")" file
rm -r "$root/used"

# Without a runtime, or without what it needs.
UDOCKER_USE_RUNC_EXECUTABLE=/no/such/runc
export UDOCKER_USE_RUNC_EXECUTABLE
run r1 c1 true
is_error "a runtime that is not there" 125 "^Error: .*'/no/such/runc'.* P1"
cat > refuses << 'EOD'
#!/bin/sh
echo 'nothing runs on Fridays' >&2
exit 1
EOD
chmod +x refuses
UDOCKER_USE_RUNC_EXECUTABLE=$work/refuses
run r1 --detach c1 true
is_error "one that refuses is told of by --detach, too" 125 \
  "^Error: cannot run in the background: no OCI runtime .*: nothing runs on Fridays;"
run udocker wait c1
is "  and it has ended so" "$stdout" 125
run r1 c1 true
is_error "one that refuses is named, and what it says" 125 \
  "^Error: no OCI runtime .*'$work/refuses': nothing runs on Fridays; modes P1 "
cat > hangs << 'EOD'
#!/bin/sh
echo hangs > hanging
exec sleep 1000
EOD
chmod +x hangs
UDOCKER_USE_RUNC_EXECUTABLE=$work/hangs
env --default-signal=INT udocker run --nobanner --execmode=R1 c1 true 2> err &
pid=$!
until_true test -s hanging
kill -INT $pid
sleep 0.1
kill -INT $pid
status=0
wait $pid || status=$?
is "one that hangs ends when that is asked for twice" "$status" 125
like "  and is named" "$(cat err)" "^Error: asked to end before '$work/hangs'"
UDOCKER_USE_RUNC_EXECUTABLE=$(for name in $(runtimes); do command -v "$name"; done | head -n 1)
UDOCKER_USE_CRUN_EXECUTABLE=$work/refuses
export UDOCKER_USE_CRUN_EXECUTABLE
run r1 c1 sh -c 'exit 5'
is "another one is tried then" "$status$stderr" 5
unset UDOCKER_USE_CRUN_EXECUTABLE # and runsc, which needs less, is not tried
run unshare --user --map-root-user sh -c '
  echo 0 > /proc/sys/user/max_user_namespaces || exit 77
  exec udocker --allow-root run --nobanner --execmode=R1 c1 true'
if test "$status" = 77; then
  skip "no user namespaces" "their number cannot be limited here"
else
  is_error "no user namespaces" 125 \
    '^Error: mode R1 .* P1 and T1 .*\(user.max_user_namespaces\)'
fi

if cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
     2> compiler.log && ./sandbox EPERM fanotify_init -- true; then
  run ./sandbox EPERM unshare clone3 -- udocker run --nobanner --execmode=R1 \
    c1 true
  is_error "a sandbox that forbids them is blamed" 125 \
    '^Error: mode R1 .* P1 and T1 .* sandbox that udocker runs in .*unshare'
  run ./sandbox EPERM pivot_root -- udocker run --nobanner --execmode=R1 c1 true
  is_error "what a runtime says of what it is forbidden is told" 125 \
    '^Error: no OCI runtime starts a container here: .*pivot_root.* P1 and T1 '
  run ./sandbox EPERM pivot_root -- udocker setup --execmode=R1 c1
  is_error "  by setup, too, which tries it" 1 'pivot_root'
else
  skip "what is forbidden" "a sandbox cannot be built here"
fi
run unshare --user --map-root-user --mount sh -c '
  for place in /proc/acpi /proc/scsi /proc/fs; do
    mount -t tmpfs none $place 2> /dev/null && break
  done || exit 77
  exec udocker --allow-root run --nobanner --execmode=R1 c1 true'
if test "$status" = 77; then
  skip "a container with parts of /proc masked" "nothing can be masked here"
else
  is_error "in a container with parts of /proc masked that is the reason" 125 \
    '^Error: no OCI runtime .*/proc is not whole.* P1 and T1 '
fi

unset UDOCKER_USE_RUNC_EXECUTABLE

# crun, which refuses control groups of both versions, mixed: there it is shown
# only those of version 2.
crun_run ()
{
  set -- env UDOCKER_USE_CRUN_EXECUTABLE=crun udocker run --nobanner \
    --execmode=R1 "$@"
  test ! -d /sys/fs/cgroup/unified \
    || set -- unshare --user --map-current-user --keep-caps --mount sh -c \
         'mount --rbind /sys/fs/cgroup/unified /sys/fs/cgroup && exec "$@"' \
         sh "$@"
  run_from alone "$@"
}
crun_run c1 true
if ! command -v crun > /dev/null; then
  skip "crun" "it is not installed"
elif test "$status" != 0; then
  skip "crun" "$stderr"
else
  crun_run -v "$work/host:/new/place:ro" -v "$work/alone:/etc/alone" \
    --user=55:66 --workdir=/new/place --tmpfs=/scratch c1 sh -c '
      cat; id -u; id -g; pwd; cat file /etc/alone; touch x 2> /dev/null || echo refused
      touch /scratch/x; echo err >&2; trap "exit 7" TERM; kill -TERM $$'
  is "crun does the same" "$status,$stdout,$stderr" "7,alone
55
66
/new/place
inner
alone
refused,err"
  crun_run c1 sh -c 'kill -KILL $$'
  is "  with the same status" "$status" 137
fi

# shellcheck disable=SC2086 # a pattern
is "no bundle stays" "$(ls -d $left 2> /dev/null)" "$killed"

if test "${TEST_LONG-}" = yes; then
  head -c 100000000 /dev/urandom > data
  r1 c1 cat < data > copy
  ok "100 MB go through unchanged" cmp data copy
fi
done_testing
