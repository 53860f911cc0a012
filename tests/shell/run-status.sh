#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Exit statuses of run, and one sentence for each way to fail.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config":{"Cmd":["echo","from image"]}}' || bail "no container"

run ud c1 true
is "true ends with 0" "$status$stdout$stderr" 0
for number in 1 2 77 125 126 127 255; do
  run ud c1 sh -c "exit $number"
  is "a program's own $number passes through" "$status" "$number"
done
for pair in HUP:1 INT:2 KILL:9 USR1:10 SEGV:11 TERM:15; do
  run ud c1 sh -c "kill -${pair%:*} \$\$"
  is "signal ${pair%:*} ends it with 128+${pair#*:}" "$status" \
    $((128 + ${pair#*:}))
done

run ud c1
is "without words the image's command is run" "$status$stdout" "0from image"

run ud c1 no-such-program
is_error "a missing program is 127" 127 \
  "^Error: command not found or has no execute bit set: 'no-such-program': there is no such program"
run ud c1 /bin/no-such-program
is_error "a missing path is 127" 127 \
  "^Error: command not found or has no execute bit set: '/bin/no-such-program': No such file"
echo 'echo x' > "$root/bin/plain"
run ud c1 plain
is_error "a file that is not executable is 126" 126 \
  "^Error: command not found or has no execute bit set: 'plain': Permission denied"
run ud c1 /etc
is_error "a directory is 126" 126 "'/etc': Is a directory"
printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\046\220\001\000\000\000' \
  > "$root/bin/alien"
chmod +x "$root/bin/alien"
run ud c1 alien
is_error "a program of another machine is 126" 126 \
  "^Error: cannot run '/bin/alien': it is a program for another machine"
printf '#!/no/such/interpreter\n' > "$root/bin/orphan"
chmod +x "$root/bin/orphan"
run ud c1 orphan
like "a script without its interpreter is told" "$status $stderr" \
  "^12[67] Error: .*(/bin/)?orphan.*interpreter"
echo 'exit 7' > "$root/bin/text"
chmod +x "$root/bin/text"
run ud c1 text
is "a file in no format is the shell's" "$status$stderr" 7
printf '\177ELF, and then nothing of a program at all' > "$root/bin/damaged"
chmod +x "$root/bin/damaged"
run ud c1 damaged
like "a damaged program is 126" "$status $stderr" "^126 Error: .*damaged"

before=$(tree)
run ud nobody-has-this true
like "an unknown container is 125" "$status $stderr" \
  "^125 Error: .*nobody-has-this"
run ud --pull=never nobody-has-this true
is_error "and so with --pull=never" 125 \
  "^Error: container id or name not found: nobody-has-this"
run ud --user=a:b:c c1 true
is_error "a user that cannot be one" 125 "^Error: invalid syntax for user a:b:c"
run ud --user=alice:nogroup c1 true
is_error "an unknown group" 125 "^Error: group not found: nogroup"
run ud --containerauth --user=bob c1 true
is_error "an unknown user with --containerauth" 125 "^Error: user not found: bob"
run ud -w /missing c1 true
is_error "a missing working directory" 125 \
  "^Error: invalid working directory: /missing: No such file or directory"
run ud -w /etc/passwd c1 true
is_error "a file as working directory" 125 \
  "^Error: invalid working directory: /etc/passwd: Not a directory"
run ud -v /does/not/exist:/x c1 true
is_error "a volume that is not there" 125 \
  "^Error: invalid host volume path: /does/not/exist: No such file"
run ud -v relative:/x c1 true
is_error "a relative volume" 125 "^Error: invalid host volume path: relative:"
run ud -v /tmp:x c1 true
is_error "a relative place for a volume" 125 \
  "^Error: invalid container volume path: x:"
run ud -v /tmp:/ c1 true
is_error "the root as place for a volume" 125 \
  "^Error: invalid container volume path: /:"
run ud -v /tmp:/x:bogus c1 true
is_error "an unknown option of a volume" 125 \
  "^Error: invalid volume '/tmp:/x:bogus': option 'bogus'"
run ud --env-file=/does/not/exist c1 true
is_error "a missing file of variables" 125 "^Error: --env-file: .*/does/not/exist"
run ud --pull=sometimes c1 true
is_error "an unknown --pull" 125 "^Error: .*sometimes"
run ud --cpuset-cpus=x c1 true
is_error "processors that are none" 125 "^Error: invalid list of processors 'x'"
run ud --cpuset-cpus=8000 c1 true
is_error "processors that are not there" 125 \
  "^Error: cannot run on processors 8000: there are only [0-9,-]+\$"
if command -v taskset > /dev/null; then
  run taskset -c 0 udocker run --cpuset-cpus=8000 c1 true
  like "  of which it names all, whatever the caller runs on" "$stderr" \
    " only $(taskset -c 0-1000 awk '/^Cpus_allowed_list/ { print $2 }' \
      /proc/self/status)\$"
fi
run ud --bogus c1 true
is_error "an unknown option" 125 "^Error: .*--bogus"
run ud --privileged c1 true
is_error "--privileged is refused" 125 "^Error: .*your privileges"
run ud --network=none c1 true
is_error "--network=none is refused" 125 "^Error: --network=none:"
for word in --memory-swap=1g --pids-limit=5 --cpu-shares=2 --cpuset-mems=0 \
            --sysctl=a=b --storage-opt=size=1g --security-opt=seccomp=/none; do
  run ud "$word" c1 true
  is_error "$word is refused" 125 "^Error: ${word%%=*}"
done
run ud -q --no-healthcheck --label-file=x --health-cmd=x \
  --security-opt=no-new-privileges --security-opt=seccomp=unconfined c1 true
is "what changes nothing is taken" "$status$stderr" 0
run ud --location=/does/not/exist x true
is_error "a missing --location" 125 "^Error: invalid --location '/does/not/exist'"
run udocker run
is_error "nothing to run" 125 "^Error: must specify container_id or image:tag"
echo F9 > "$UDOCKER_DIR/containers/$id/execmode"
run ud c1 true
is_error "a mode that nobody knows" 125 "^Error: invalid execmode: F9"
echo F3 > "$UDOCKER_DIR/containers/$id/execmode"
run ud c1 true
is_error "a mode of another release" 125 "^Error: no execution engine for this execmode: F3"
rm "$UDOCKER_DIR/containers/$id/execmode"
UDOCKER_DEFAULT_EXECUTION_MODE=F1
export UDOCKER_DEFAULT_EXECUTION_MODE
run ud c1 true
is_error "a default that this release does not have" 125 \
  "^Error: no execution engine for this execmode: F1"
unset UDOCKER_DEFAULT_EXECUTION_MODE
is "none of these left anything behind" "$(tree)" "$before"

run ud -it --init --network=host --label=x -a stdout c1 echo fine
is "harmless options of Docker are accepted" "$status$stdout$stderr" 0fine

run sh -c 'ulimit -d 4000 && exec udocker run --nobanner c1 true'
is_error "too little memory for the first process" 125 \
  "^Error: cannot get .* memory for the first process: Cannot allocate memory; is there a limit"

# Who is traced already cannot be traced by the engine.
if command -v strace > /dev/null \
  && strace -f -o /dev/null true > /dev/null 2>&1; then
  run strace -f -o /dev/null udocker run --nobanner c1 true
  is_error "a system that does not permit tracing" 125 \
    "^Error: this system does not permit tracing .*'strace' traces this process"
else
  skip "a system that does not permit tracing" "strace does not work here"
fi

rm "$root/bin/sh" "$root/bin/bash" 2> /dev/null
printf '{}' > "$UDOCKER_DIR/containers/$id/container.json"
run ud c1
is_error "a root without a shell and nothing to run" 127 \
  "^Error: the image does not say what to run, and there is no shell in it"

printf 'no json' > "$UDOCKER_DIR/containers/$id/container.json"
run ud c1 true
is_error "broken metadata" 125 "^Error: invalid container json metadata"
run ud --nometa c1 true
is "--nometa does without" "$status$stderr" 0
for wrong in '"User": 1000' '"Cmd": ["echo", "a\u0000b"]' '"Env": [7]' \
  '"Entrypoint": {"a": 1}' '"WorkingDir": true'; do
  printf '{"config": {%s}}' "$wrong" \
    > "$UDOCKER_DIR/containers/$id/container.json"
  run ud c1 true
  is_error "metadata with $wrong" 125 \
    "^Error: invalid container json metadata: its [A-Za-z]* is no text;"
done

done_testing
