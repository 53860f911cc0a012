#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Modes T1 and T2 as users meet them: chosen, run, ended, refused.
# shellcheck disable=SC2016  # scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need cc python3
test "$(uname -m)" = x86_64 || skip_all "these modes are for x86_64"
make_container "$id" c1 '{}' || bail "no container"

for mode in T1 T2; do
  run udocker setup --execmode="$mode" c1
  is "setup takes $mode" "$status$stderr" 0
  run udocker setup c1
  like "  and shows it" "$stdout" "^execmode: $mode"
  run ud c1 sh -c 'echo $container_execmode; cat /etc/passwd | head -n 1'
  is "  programs run in it" "$stdout" "$mode
root:x:0:0:root:/root:/bin/sh"
  run ud c1 sh -c 'exit 9'
  is "  their status comes out" "$status" 9
  run ud c1 sh -c 'kill -TERM $$'
  is "  and a signal's number" "$status" 143
  run ud c1 none
  is_error "  what is missing" 127 "^Error: command not found .*'none'"
  run ud c1 /etc
  is_error "  what cannot be executed" 126 "^Error: .*'/etc'"
  run ud -w /none c1 true
  is_error "  a directory that is missing" 125 "^Error: .*/none"
done
run ud --execmode=P1 c1 sh -c 'echo $container_execmode'
is "run can take another mode" "$stdout" P1
run ud --execmode=t1 c1 sh -c 'echo $container_execmode'
is "  in small letters, too" "$stdout" T1
run ud --execmode=X1 c1 true
is_error "  but none that is not there" 125 "^Error: invalid execmode: X1"
run udocker setup c1
like "  which changes nothing for later runs" "$stdout" "^execmode: T2"

# What is left in the end.
run ud c1 sh -c 'sleep 60 & echo $!'
not_ok "what a program leaves is killed" kill -0 "$stdout"
run ud --rm c1 sh -c 'sh -c "sleep 0.3; echo late" & exit 3'
is "and before --rm removes the container" "$status$stdout" 3
not_ok "  which is gone" test -e "$UDOCKER_DIR/containers/$id"
make_container "$id" c1 '{}' || bail "no container"
udocker setup --execmode=T1 c1
echo 'proot_killonexit = False' >> "$UDOCKER_DIR/udocker.conf"
: > "$work/nothing"
run ud -v "$work/nothing:/etc/file" c1 sh -c 'sh -c "sleep 0.5; : > /tmp/late" > /dev/null 2>&1 & echo $!'
ok "otherwise it lives on" kill -0 "$stdout"
left=$stdout
run udocker rm c1
is_error "  and the container is in use" 1 "^Error: .*container $id is running"
while kill -0 "$left" 2> /dev/null; do
  sleep 0.1
done
ok "  until it ends" test -e "$root/tmp/late"
run ud --rm c1 sh -c '(sleep 0.5; echo late) & exit 3'
is "--rm waits for that" "$status$stdout" 3late
not_ok "  and removes the container then" test -e "$root"
make_container "$id" c1 '{}' || bail "no container"
udocker setup --execmode=T1 c1

# comm PID: the name of a process.
run ud c1 sh -c 'cat /proc/$PPID/comm'
is "no process of ours stays where nothing is left to do" \
  "$stdout" "$(cat /proc/$$/comm)"
run ud --execmode=T1 --location="$root" -v "$work/nothing:/none/at/all/file" \
  x sh -c \
  'cat /proc/$PPID/comm; ls /none/at/all'
is "  but where there is" "$stdout" "udocker-trap
file"
is "  which goes" "$(ls "$TMPDIR")" "$(basename "$work")"

# Descriptors of ours.
cat > "$work/check.py" << 'EOP'
import fcntl, os, subprocess, sys
# What a caller has opened high reaches the program.
high = fcntl.fcntl(os.open("/dev/null", os.O_RDONLY), fcntl.F_DUPFD, int(sys.argv[1]))
os.set_inheritable(high, True)
sys.exit(subprocess.run(["udocker", "run", "--nobanner", "c1", "sh", "-c",
                         "readlink /proc/self/fd/%d" % high], close_fds=False).returncode)
EOP
for limit in 64 256 1024 4096 20000; do
  run sh -c "ulimit -Sn $limit && udocker run --nobanner c1 sh -c '
    ulimit -n; ls /proc/self/fd | wc -l; echo /proc/self/fd/*'"
  is "with a limit of $limit files" "$status$stdout" \
    "0$limit
$(sh -c 'ls /proc/self/fd | wc -l')
$(sh -c 'echo /proc/self/fd/*')"
done
run sh -c "ulimit -n 256 && udocker run --nobanner c1 sh -c 'ulimit -n'"
is "where there is no room above it" "$status$stdout" 0256
run sh -c "ulimit -n 30 && udocker run --nobanner c1 true"
is_error "where there is no room at all" 125 "^Error: .*ulimit -n"
for first in 100 1024 4080; do
  run sh -c "ulimit -n 8192; python3 '$work/check.py' $first"
  is "one of the caller's at $first" "$status$stdout" 0/dev/null
done

mkdir "$work/many"
set --
for i in $(seq 1500); do
  echo "$i" > "$work/many/$i"
  set -- "$@" -v "$work/many/$i:/tmp/many-$i"
done
run sh -c 'ulimit -n 4096; udocker run --nobanner "$@" c1 cat /tmp/many-1 /tmp/many-777 /tmp/many-1500' sh "$@"
is "many volumes" "$status$stdout" "01
777
1500"

# Limits.
for limit in 1 200; do
  run sh -c "ulimit -f $limit; udocker run --nobanner c1 true"
  is_error "too low a limit on files is told" 125 "^Error: .*ulimit -f"
done
run sh -c "ulimit -Sf 200; udocker run --nobanner c1 sh -c 'ulimit -f; dd if=/dev/zero of=/tmp/big bs=4096 count=100 2> /dev/null; echo \$?'"
like "one that can be raised is the program's" "$stdout" '^200
[1-9]'
run sh -c "ulimit -v 100000; udocker run --nobanner c1 true"
is_error "as is one on memory" 125 "^Error: .*ulimit -v"

# What it needs.
cc -std=gnu11 -O1 -o "$work/lacks" "$top_srcdir/tests/guest/lacks.c" \
  || bail "cannot compile lacks"
run "$work/lacks" seccomp udocker setup --execmode=T1 c1
is_error "without filters" 1 "^Error: mode T1 does not work here: filters .*mode P2 works"
run "$work/lacks" seccomp udocker run --nobanner c1 true
is_error "  at a run, too" 125 "^Error: mode T1 does not work here: filters .*mode P2 works"
if echo 'int main (void) { return 0; }' \
     | cc -m32 -static -x c - -o "$root/bin/small" 2> /dev/null; then
  run ud c1 /bin/small
  is "a 32-bit program" "$status$stderr" 0
else
  skip "a 32-bit program" "cannot compile one"
fi

# In each other.
run "$libexec/udocker-proot" -r / -w "$work" udocker run --nobanner \
  --execmode=T1 c1 sh -c 'head -n 1 /etc/passwd; exit 4'
is "in a container that is traced the tracer does it" \
  "$status$stdout$stderr" 4root:x:0:0:root:/root:/bin/sh
run ud --execmode=T1 --location=/ -e "UDOCKER_DIR=$UDOCKER_DIR" -e "HOME=$HOME" \
  x "$(command -v udocker)" --allow-root run --nobanner --execmode=T2 c1 \
  sh -c 'head -n 1 /etc/passwd; exit 5'
is "in one like itself it is as elsewhere" \
  "$status$stdout$stderr" 5root:x:0:0:root:/root:/bin/sh
done_testing
