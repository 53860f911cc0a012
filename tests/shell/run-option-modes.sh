#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Every option of run in every mode: it does the same, or one sentence says that
# it cannot and which mode can.

# shellcheck disable=SC2016,SC2086,SC2254 # for the container; words; a pattern

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config":{"Env":["IMAGE=image"],"Cmd":["echo","cmd"],
  "Entrypoint":["echo","entry"],"WorkingDir":"/tmp"}}' || bail "no container"
make_container 22222222-89ab-3def-8123-456789abcdef other \
  '{"config":{"Volumes":{"/of-other":{}}}}' || bail "no container"
mkdir "$UDOCKER_DIR/containers/other/ROOT/of-other"
touch "$UDOCKER_DIR/containers/other/ROOT/of-other/seen"

modes=
for mode in P1 P2 T1 T2 R2 R3; do
  if ud --execmode=$mode --entrypoint= c1 true 2> why; then
    modes="$modes $mode"
    # Where runsc alone works, R1 is something else (mode-r1-runsc.sh).
    test $mode != R2 || modes="$modes R1"
  else
    skip "mode $mode" "$(cat why)"
  fi
done

mkdir host
echo inner > host/file
echo FROM_FILE=file > env-file
esc=$(printf 'caf\351')
mkdir "$esc"
echo latin > "$esc/file"

# in_each PATTERN OPTION... -- PROGRAM...: in each mode the program prints what
# the extended regular expression says, or status and message do.
in_each ()
{
  pattern=$1
  shift
  line=$*
  options=
  for mode in $modes; do
    case $mode in
      ${only:-*}) ;;
      *) continue ;;
    esac
    rm -f id-file
    run udocker run --nobanner --execmode=$mode "$@"
    printf '%s' "$status$stdout$stderr" | tr '\n' ' ' | LC_ALL=C grep -aEq -- "^$pattern\$" \
      || options="$options [$mode: $status$stdout$stderr]"
  done
  is "$(printf %s "${only:+$only: }$line" | tr -d '\351')" "$options" ""
}

in_each '0inner' -v "$work/host:/data" --entrypoint= c1 cat /data/file
in_each '1inner.*Read-only file system' --volume="$work/host:/new/place:ro" --entrypoint= c1 \
  sh -c 'cat /new/place/file; echo > /new/place/file 2> /dev/null'
in_each '0inner' --mount "type=bind,source=$work/host,target=/data,readonly" \
  --entrypoint= c1 cat /data/file
in_each '0x' --tmpfs=/scratch --entrypoint= c1 sh -c 'touch /scratch/x; ls /scratch'
in_each '0inner x' --tmpfs=/scratch -v "$work/host:/scratch/deep/data" \
  -v "$work/host/file:/scratch/one" --entrypoint= c1 \
  sh -c 'cat /scratch/deep/data/file; touch /scratch/x; cat /scratch/one > /dev/null && echo x'
in_each '0seen' --volumes-from=other --entrypoint= c1 ls /of-other
in_each '0none' --novol=/etc/resolv.conf --entrypoint= c1 \
  sh -c 'test -e /etc/resolv.conf || echo none'
in_each '0none' --novol=/sys --entrypoint= c1 sh -c 'test -e /sys/class || echo none'
only='[PT]*' in_each '0none' --novol=/proc --entrypoint= c1 sh -c 'test -e /proc/self || echo none'
only='R*' in_each '0Warning: --novol=/proc has no effect in mode R[123], .*' \
  --novol=/proc --entrypoint= c1 true
in_each '0none' --nosysdirs --entrypoint= c1 sh -c 'test -e /sys/class || echo none'
in_each '0value image' -e A=value --entrypoint= c1 sh -c 'echo $A $IMAGE'
in_each '0file' --env-file=env-file --entrypoint= c1 sh -c 'echo $FROM_FILE'
in_each '0none' --unsetenv=IMAGE --entrypoint= c1 sh -c 'echo ${IMAGE-none}'
in_each '0root' --hostenv=PATTERN* --entrypoint= c1 sh -c 'echo $USER'
in_each "0alice $(id -u) /home/alice" --user=alice --entrypoint= c1 \
  sh -c 'echo $(id -un) $(id -u) $HOME'
in_each '0staff' --user=alice:staff --entrypoint= c1 id -gn
in_each '055 66' -u 55:66 --entrypoint= c1 sh -c 'echo $(id -u) $(id -g)'
only='[PT]*' in_each '0.*staff.*' --group-add=staff --entrypoint= c1 id
only='R1' in_each '125Error: mode R1 shows no supplementary groups; modes R2, P1 and T1 do that' \
  --group-add=staff --entrypoint= c1 id
in_each "0$(id -un)" --hostauth --user="$(id -un)" --entrypoint= c1 id -un
in_each '0alice' --containerauth --user=alice --entrypoint= c1 id -un
in_each '0/etc' -w /etc --entrypoint= c1 pwd
in_each '0/tmp' --entrypoint= c1 pwd
in_each '0new x' --entrypoint="echo new" c1 x
in_each '0entry echo cmd' c1
in_each '0nothing' --nometa c1 sh -c 'echo ${IMAGE-nothing}'
in_each '0x' --init --stop-signal=INT --label=x --entrypoint= c1 echo x
in_each "0$id" --cidfile="$work/id-file" --entrypoint= -v "$work:/work" c1 \
  cat /work/id-file
in_each '00' --cpuset-cpus=0 --entrypoint= c1 \
  sh -c 'sed -n s/^Cpus_allowed_list:.//p /proc/self/status'
in_each '0there there' --hostname=there --entrypoint= c1 \
  sh -c 'hostname; cat /etc/hostname'
in_each '010.0.0.1.db' --add-host=db:10.0.0.1 --entrypoint= c1 grep db /etc/hosts
in_each '0nameserver 1.2.3.4 search a.org options ndots:2' --nosysdirs \
  --dns=1.2.3.4 --dns-search=a.org --dns-option=ndots:2 --entrypoint= c1 cat /etc/resolv.conf
in_each '077' --ulimit=nofile=77 --entrypoint= c1 sh -c 'ulimit -n'
in_each '1' --read-only --entrypoint= c1 sh -c 'touch /x 2> /dev/null'
in_each '0x' --read-only --tmpfs /scratch --entrypoint= c1 \
  sh -c 'touch /scratch/x; ls /scratch'
only='[!R]*' in_each '09.9.9' --kernel=9.9.9 --entrypoint= c1 uname -r
only='R[23]' in_each '09.9.9' --kernel=9.9.9 --entrypoint= c1 uname -r
only='R1' in_each '125Error: mode R1 shows no other kernel release; modes R2, P1 and T1 do that' \
  --kernel=9.9.9 --entrypoint= c1 uname -r
in_each '0yes' --device=/dev/null --entrypoint= c1 sh -c 'test -c /dev/null && echo yes'
in_each '0yes' --device=/dev/zero:/dev/nought --entrypoint= c1 \
  sh -c 'head -c 1 /dev/nought | tr "\0" Y | grep -q Y && echo yes'
# One that containers do not have anyway.
for device in /dev/kmsg /dev/fuse /dev/net/tun /dev/ttyS0; do
  test ! -c $device || break
done
if test -c $device; then
  in_each '0yes' --device=$device --entrypoint= c1 \
    sh -c "test -c $device && echo yes"
else
  skip "a device of the host" "there is none"
fi
in_each '125Error: .*' --device=/dev/no-such-device --entrypoint= c1 true
in_each '0x' -p 18080:18080 --entrypoint= c1 echo x
only='[!R]*' in_each '0x' -p 18080:80 --entrypoint= c1 echo x
only='R[23]' in_each '0x' -p 18080:80 --entrypoint= c1 echo x
only='R1' in_each '125Error: mode R1 moves no ports: .*; modes R2, P1 and T1 do that' \
  -p 18080:80 --entrypoint= c1 echo x
only='R1' in_each '125Error: mode R1 moves no ports: .*; modes R2, P1 and T1 do that' \
  --publish-all --entrypoint= c1 echo x
only='[!R]*' in_each '0x' --fakeowner --entrypoint= c1 echo x
only='R*' in_each '125Error: mode R[123] keeps no owners; .*' --fakeowner --entrypoint= c1 echo x
in_each '0inner' --location="$root" -v "$work/host:/data" x cat /data/file
in_each '0x' --pid=host --ipc=host --uts=host --network=host --entrypoint= c1 echo x
in_each '0x' -it --rm=false --entrypoint= c1 echo x
in_each '0.*' --bindhome --entrypoint= c1 true
in_each '0.*' --dri --entrypoint= c1 true
in_each '00' --shm-size=1m --entrypoint= c1 sh -c 'test -d /dev/shm; echo $?'
only='R*' in_each '01024' --shm-size=1m --entrypoint= c1 \
  sh -c 'df -k /dev/shm | sed -n "\$s/^[^ ]* *\([0-9]*\).*/\1/p"'
only='[PT]*' in_each '0Warning: --shm-size: /dev/shm is the host.*' \
  --shm-size=900t --entrypoint= c1 true
only='[PT]*' in_each '0latin' -v "$work/$esc:/data" --entrypoint= c1 cat /data/file
only='R*' in_each "125Error: cannot show '.*' in mode R[123]: its name is not in UTF-8.*" \
  -v "$work/$esc:/data" --entrypoint= c1 cat /data/file
in_each '127Error: .*no-such-program.*' --entrypoint= c1 no-such-program
in_each '125Error: .*' --memory=1g c1
in_each '125Error: .*' --network=none c1
in_each '125Error: .*' --privileged c1

# In the background.
for mode in $modes; do
  run udocker run -d --execmode="$mode" --entrypoint= c1 sh -c 'echo out; exit 6'
  is "$mode: --detach prints the id" "$status$stdout$stderr" "0$id"
  run udocker wait c1
  is "  wait says how it ended" "$stdout" 6
  udocker logs c1 | tail -n 1 > log
  is "  logs what was written" "$(cat log)" out
  udocker -q clone --name=copy c1 > copy.id
  run ud --rm --execmode="$mode" --entrypoint= copy true
  is "  --rm removes the container" \
    "$status$(test -d "$UDOCKER_DIR/containers/$(cat copy.id)" && echo there)" 0
done
done_testing
