# Execution modes: which one a container has, and that changing it, in any order,
# leaves the container as it was.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154

. "${top_srcdir:=.}/tests/tap.sh"
unset TEST_EXECMODE
. "$top_srcdir/tests/container.sh"

need python3
make_container "$id" c1 '{}' || bail 'no container'
place=$UDOCKER_DIR/containers/$id
ln -s /bin/busybox "$root/absolute"

# state: all that is in the container, but for what setup writes.  Mount points
# that come and go change the times of directories.
state ()
{
  (cd "$place" && ls -A | grep -vx 'execmode\|root.path'
   find ROOT ! -type d -printf '%p %y %m %l %T@\n' | sort
   find ROOT -type d -printf '%p %m\n' | sort
   find ROOT -type f -exec cksum {} + | sort)
}

# --- from each to each -----------------------------------------------------------

udocker doctor --format=json > doctor.json
modes=$(python3 -c 'import json
print(*[m["name"] for m in json.load(open("doctor.json"))["modes"]
        if m["works"] and m["name"] != "S1"])')
like 'modes work here' "$modes" 'P1 P2'
note "modes: $modes"
before=$(state)
changed=
for from in $modes; do
  for to in $modes; do
    for mode in $from $to; do
      udocker setup --execmode="$mode" c1 > out 2>&1 \
        || { changed="$changed $from-$to"; note "$(cat out)"; }
    done
    test "$(cat "$place/execmode")" = "$to" || changed="$changed $from-$to"
    test "$(state)" = "$before" || changed="$changed $from-$to"
  done
done
is 'the container is the same after each change' "$changed" ''
for mode in $modes; do
  udocker setup --execmode="$mode" c1 > /dev/null
  run udocker run --nobanner c1 sh -c 'echo "$container_execmode"; test -x /absolute'
  is "and runs in $mode" "$status$stdout" "0$mode"
done
udocker setup --execmode=P1 c1
is 'in the end it is what it was' "$(state)" "$before"
run udocker setup --execmode=p2 c1
is 'modes may be written small' "$status$(cat "$place/execmode")" 0P2
for mode in X1 '' P F1; do
  run udocker setup --execmode="$mode" c1
  is_error "there is no mode '$mode'" 1 'execmode.*P1, P2'
done
is 'the mode stays then' "$(cat "$place/execmode")" P2
run udocker run --nobanner --execmode=P1 c1 sh -c 'echo "$container_execmode"'
is 'one run may have another' "$stdout$(cat "$place/execmode")" P1P2

# --- where there is none -------------------------------------------------------------

# mode_by WHAT MODE COMMAND...: a container without a mode has MODE by COMMAND.
rm "$place/execmode"
mode_by ()
{
  what=$1 mode=$2
  shift 2
  run "$@" setup c1
  like "$what" "$stdout" "^execmode: $mode\$"
}
machine=$(uname -m)
mode_by 'P1 is the default' P1 udocker
mode_by 'the environment wins' P2 env UDOCKER_DEFAULT_EXECUTION_MODE=P2 udocker
echo "override_default_execution_mode = P2" > one.conf
mode_by 'a setting does' P2 udocker --config=one.conf
echo "default_execution_modes = {'$machine': 'P2', 'DEFAULT': 'R1'}" > two.conf
mode_by 'each machine may have its own' P2 udocker --config=two.conf
echo "default_execution_modes = {'other': 'P1', 'DEFAULT': 'P2'}" > three.conf
mode_by 'others have what all others have' P2 udocker --config=three.conf
echo "default_execution_modes = sparc=P1 $machine=P2" > four.conf
mode_by 'it may be written without quotes' P2 udocker --config=four.conf
echo "default_execution_modes = {'other': 'P2'}" > five.conf
mode_by 'who is not named has P1' P1 udocker --config=five.conf
run udocker --config=two.conf run --nobanner c1 sh -c 'echo "$container_execmode"'
is 'it is what runs have' "$stdout" P2
run env UDOCKER_DEFAULT_EXECUTION_MODE=X9 udocker run c1 true
is_error 'nonsense is refused' 125 'invalid execmode: X9'

# --- what a killed run of a mode R has left -----------------------------------------

# leave: mount points with their notes, one of which somebody uses since.
leave ()
{
  mkdir -p "$place/.mountpoints" "$root/left/deep" "$root/used"
  touch "$root/used/file"
  for note in '#left#deep:#left' '#left:#' '#used:#'; do
    ln -s "${note#*:}" "$place/.mountpoints/${note%:*}"
  done
}
leave
run udocker export -o tree.tar c1
is 'export leaves them out' "$status,$(tar -tf tree.tar | grep -c -e left)" 0,0
is '  but not what is in use' "$(tar -tf tree.tar | grep used/file)" ./used/file
is '  the container has them no more' "$(ls -d "$root/left" "$place/.mountpoints" \
  2> why)" ''
leave
run udocker clone c1
copy=$UDOCKER_DIR/containers/$stdout
is 'so does clone' "$status,$(ls -d "$copy/ROOT/left" "$copy/.mountpoints" 2> why)" 0,
is '  but not what is in use' "$(ls "$copy/ROOT/used")" file
leave
flock -s "$root" udocker export -o tree.tar c1
is 'those of a run that lives stay' "$(ls "$root/left")" deep
run flock -s "$root" udocker clone c1
is '  and are noted beside a copy' \
  "$(ls "$UDOCKER_DIR/containers/$stdout/.mountpoints" | tr '\n' ' ')" \
  '#left #left#deep #used '
if udocker run --nobanner --execmode=R1 c1 true 2> why; then
  udocker setup --purge c1
  mkdir host
  udocker run --nobanner --execmode=R1 -v "$work/host:/made/here" c1 \
    sh -c ': > /tmp/there; sleep 100' &
  runner=$!
  for _ in $(seq 200); do
    test ! -e "$root/tmp/there" || break
    sleep 0.05
  done
  kill -KILL $runner
  wait $runner 2> why
  is 'a run is killed' "$(ls "$root/made")" here
  for _ in $(seq 200); do
    flock -n "$root" true && break
    sleep 0.05
  done
  udocker export c1 > tree.tar
  is '  export leaves out what it has left' "$(tar -tf tree.tar | grep -c made)" 0
else
  skip 'a run is killed' "no mode R here: $(cat why)"
fi

done_testing
