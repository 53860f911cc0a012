#!/bin/sh
# The tasks of one job want the same image, or the same container, at once: one
# pulls and makes it, the others wait.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/python-rules.sh"

need docker-registry skopeo umoci

tasks=8
test "${TEST_LONG-}" != yes || tasks=64

image_tree=$work/tree
mkdir -p "$image_tree/bin"
cp "$busybox" "$image_tree/bin/busybox"
for applet in ls sh true wc; do
  ln -s busybox "$image_tree/bin/$applet"
done
image_layout_of "$image_tree" "$work/layout" small --config.env PATH=/bin
# One that takes a moment to unpack.
mkdir "$image_tree/many"
(cd "$image_tree/many" && seq 4000 | xargs touch)
image_layout_of "$image_tree" "$work/layout" large --config.env PATH=/bin
registry_start
registry_push "oci:$work/layout:small" small:1
registry_push "oci:$work/layout:large" large:1
network_start 'slow - blobs/ 2000000'
image=$network/small:1

# start N ARGUMENT...: N times 'udocker run ARGUMENT...' in the background, with
# output and messages in out.I and err.I.
start ()
{
  rm -f out.* err.*
  pids=
  start_count=$1
  shift
  for i in $(seq "$start_count"); do
    udocker run --nobanner "$@" > "out.$i" 2> "err.$i" &
    pids="$pids $!"
  done
}

# finish: wait for them and set $good to how many ended well.
finish ()
{
  good=0
  for pid in $pids; do
    wait "$pid" && good=$((good + 1))
  done
}

# said PATTERN N: N tasks have said what PATTERN matches.
said ()
{
  test "$(cat err.* | grep -c -e "$1")" -ge "$2"
}

# appears PATTERN: wait until there is a file of that name, which may be there
# for a moment only.
appears ()
{
  appears_count=0
  # shellcheck disable=SC2086  # a pattern
  until ls $1 > list 2>&1; do
    appears_count=$((appears_count + 1))
    test "$appears_count" -lt 3000 || return 1
    sleep 0.01
  done
}

containers ()
{
  find "$UDOCKER_DIR/containers" -mindepth 1 -maxdepth 1 -type d \
    ! -name '.*' | wc -l
}

# leftovers: what is half done.
leftovers ()
{
  find "$UDOCKER_DIR/layers" "$UDOCKER_DIR/containers" "$UDOCKER_DIR/repos" \
    -mindepth 1 -maxdepth 2 -name '.*' ! -name .lock
}

start $tasks --rm "$image" sh -c 'echo $container_uuid'
finish
is "$tasks runs of an image that is not here" $good $tasks
is "  are of $tasks containers" "$(sort -u out.* | wc -l)" $tasks
is "  for which nothing is asked twice" \
  "$(cut -d ' ' -f 1,2 "$network_log" | sort | uniq -c | awk '$1 > 1')" ''
like "  who waits says for what" "$(cat err.*)" \
  "^Info: waiting for another process that pulls '$image'"
is "  and nothing is left" "$(containers)$(leftovers)" 0

# All in one container, which goes with the last of them.
udocker -q rmi "$image"
: > "$network_log"
start $tasks --pull=reuse --name=job "$image" sh -c 'echo $container_uuid'
finish
is "$tasks runs of one name" $good $tasks
is "  are of one container" "$(sort -u out.* | wc -l)$(containers)" 11
is "  for which nothing is asked twice" \
  "$(cut -d ' ' -f 1,2 "$network_log" | sort | uniq -c | awk '$1 > 1')" ''
is "  and nothing is left but it" "$(leftovers)" ''
run ud --name=job "$image" true
is_error "without --pull=reuse the name is taken" 125 \
  '^Error: container name already exists: job; --pull=reuse runs in that'
udocker -q rm job
start $tasks --pull=reuse --name=job "$image" true
finish
is "$tasks runs of one name, of an image that is here" $good $tasks
like "  of which one makes the container" "$(cat err.*)" \
  "^Info: waiting for another process that creates container 'job'"
udocker -q rm job

start $tasks --rm --pull=reuse --name=brief "$image" true
finish
is "with --rm all have one while they run" $good $tasks
is "  and it does not stay" "$(containers)$(leftovers)" 0
udocker -q create --name=shared "$image" > made || bail 'create does not work'
start $tasks --pull=reuse --name=second shared true
finish
is "all give the same second name to one container" $good $tasks
udocker -q rm shared

# One that fails does so for all.
udocker -q rmi "$image"
network_stop
network_start 'status - manifests/ 404'
image=$network/small:2
start $tasks --rm "$image" true
finish
is "an image that there is not" $good 0
like "  is not there for those who waited" "$(cat err.*)" \
  "^Error: image or container not available: $image: .*; another process was told so just now$"
ok "  nor asked for by each" test \
  "$(network_requests '^GET .*/manifests/')" -lt $((tasks / 2))
is "  and nothing is left" "$(containers)$(leftovers)" 0
network_stop

# Who pulls is killed.
network_start 'slow - blobs/ 500000'
image=$network/small:1
udocker run --nobanner --rm "$image" true 2> first.err &
first=$!
ok "one pulls" appears "$UDOCKER_DIR/layers/.*.part"
start 3 --rm "$image" true
ok "three wait for one that pulls" until_true said 'process that pulls' 3
kill -KILL $first
wait $first 2> list
finish
is "  and succeed when that is killed" $good 3
is "  as one of them pulls" "$(network_requests '^GET .*/manifests/')" 2
is "  and nothing is left" "$(containers)$(leftovers)" 0

# Who makes the container is killed.
image=$network/large:1
udocker -q pull "$image" || bail 'pull does not work'
udocker run --nobanner --pull=reuse --name=job "$image" true 2> first.err &
first=$!
ok "one makes a container" appears "$UDOCKER_DIR/containers/.job.lock"
kill -STOP $first
start 3 --pull=reuse --name=job "$image" sh -c 'ls /many | wc -l'
ok "three wait for one that makes a container" \
  until_true said "process that creates container 'job'" 3
kill -KILL $first
wait $first 2> list
finish
is "  and succeed when that is killed" $good 3
is "  in a whole one" "$(sort out.* | uniq -c | tr -d ' ')" 34000
udocker -q rm job
udocker -q prune > list
is "  and nothing is left" "$(containers)$(leftovers)" 0
python_rules "the repository is in order" --settled

done_testing
