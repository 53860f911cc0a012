#!/bin/sh
# Pulls that are interrupted, by the network or by a signal, go on.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"

need docker-registry skopeo openssl python3

# is_whole WHAT: a result, good when the last pull worked and its blobs are
# right.
is_whole ()
{
  is "$1" "$status $(cd "$UDOCKER_DIR/layers" \
    && openssl dgst -sha256 -r sha256:* \
    | awk '{ n++; if ("*sha256:" $1 != $2) n = -1000 } END { print n }') \
$(find "$UDOCKER_DIR" -name '*.part' | wc -l)" '0 3 0'
}

# wait_for_part: wait until a pull has some of the big layer.
wait_for_part ()
{
  count=0
  until test "$(stat -c %s "$part" 2> /dev/null || echo 0)" -ge 400000; do
    count=$((count + 1))
    test $count -lt 200 || break
    sleep 0.05
  done
}

# forget: remove what was pulled.
forget ()
{
  rm -rf "$UDOCKER_DIR"
}

layout_begin "$work/layout"
layout_layer 3000000 big
big=$layer_digest
part=$UDOCKER_DIR/layers/.sha256:$big.part
layout_layer 3000 small
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one

network_start "cut 3 blobs/sha256:$big 700000"
run udocker pull "$network/a/b:one"
is_whole 'a connection that is cut is taken up again'
is 'the rest is asked for, not the whole' \
  "$(network_requests "$big bytes=[0-9]+- .* 206 ")" 3
is 'each time from where it was cut' "$(awk -v big="$big" '
  index($2, big) { sum += $6 } END { print sum }' "$network_log")" \
  "$(stat -c %s "$UDOCKER_DIR/layers/sha256:$big")"
forget
network_stop

network_start "short 2 blobs/sha256:$big 700000"
run udocker pull "$network/a/b:one"
is_whole 'so is one that ends early and cleanly'
forget
network_stop

network_start "cut - blobs/sha256:$big 65536"
run udocker -q pull "$network/a/b:one"
is_whole 'so is one that is cut every 64 KiB'
is 'as often as it takes' "$(network_requests "$big ")" \
  $((($(stat -c %s "$UDOCKER_DIR/layers/sha256:$big") + 65535) / 65536))
forget
network_stop

printf '[DEFAULT]\ntimeout = 1\n' > "$work/impatient.conf"
network_start "stall 1 blobs/sha256:$big 700000"
run udocker "--config=$work/impatient.conf" -q pull "$network/a/b:one"
is_whole 'one that stalls is given up and taken up again'
is 'from where it stalled' "$(network_requests "$big bytes=700000- ")" 1
forget
network_stop

network_start "excess - blobs/sha256:$big 1000"
run udocker -q pull "$network/a/b:one"
is_whole 'what comes behind the announced end does no harm'
forget
network_stop

network_start "cut 1 blobs/sha256:$big 700000" "norange - blobs/sha256:$big"
run udocker pull "$network/a/b:one"
is_whole 'a registry that knows no ranges is asked for all'
forget
network_stop

network_start 'status 1 manifests/ 429,1' 'status 1 blobs/ 503' \
  'status 1 blobs/ 429,1' 'status 1 blobs/ 500'
run udocker pull "$network/a/b:one"
is_whole 'a registry that is busy is asked again'
like 'and it is said what is waited for' "$stderr" \
  '^Info: .*HTTP 429 Too Many Requests; trying again in 1 s$'
forget
network_stop

network_start 'cut - blobs/ 0'
start=$(date +%s)
run udocker -q pull "$network/a/b:one"
network_stop
is_error 'a connection that is always cut is an error' 1 \
  "^Error: in download: blob sha256:.*'http://$network'"
ok 'after a while' test $(($(date +%s) - start)) -le 60

# The registry dies half way and comes back.
network_start "slow - blobs/sha256:$big 2000000"
udocker -q pull "$network/a/b:one" 2> "$work/stderr" &
pull=$!
wait_for_part
network_stop
NETWORK_PORT=${network##*:} network_start 'slow 0 x'
status=0
wait $pull || status=$?
is_whole 'a registry that died and came back is asked for the rest'
is 'and for no more' "$(network_requests "$big bytes=[0-9]+- .* 206 ")" 1
forget
network_stop

# In a later run.
network_start "slow - blobs/sha256:$big 1000000"
udocker -q pull "--registry=http://$network" a/b:one 2> "$work/stderr" &
pull=$!
wait_for_part
kill -9 $pull
wait $pull 2> /dev/null
network_stop
ok 'a pull that is killed leaves a part' test -s "$part"
ok 'that is not under its final name' \
  test ! -e "$UDOCKER_DIR/layers/sha256:$big"
ok 'and no image' test -z "$(find "$UDOCKER_DIR/repos" -name TAG)"
have=$(stat -c %s "$part")
network_start 'slow 0 x'
run udocker -q pull "--registry=http://$network" a/b:one
is_whole 'the next pull is whole'
is 'and asks only for what is missing' \
  "$(network_requests "$big bytes=$have- .* 206 ")" 1
network_stop
is 'nothing of the killed one is left' \
  "$(find "$UDOCKER_DIR" -name '.*' ! -name .lock | wc -l)" 0

# What is left may be wrong: then it does not help, but does not harm.
for what in 'zeros' 'longer than the blob'; do
  forget
  mkdir -p "$UDOCKER_DIR/layers"
  case $what in
    zeros) head -c 500000 /dev/zero > "$part" ;;
    *) head -c 5000000 /dev/zero > "$part" ;;
  esac
  run udocker -q pull "$registry/a/b:one"
  is_whole "a part that is $what is thrown away"
done
forget
mkdir -p "$UDOCKER_DIR/layers"
cp "$work/layout/blobs/sha256/$big" "$part"
before=$(grep -c "blobs/sha256:$big HTTP" "$registry_log")
run udocker -q pull "$registry/a/b:one"
is_whole 'a part that is all of the blob is taken'
is 'without asking for it' \
  "$(grep -c "blobs/sha256:$big HTTP" "$registry_log")" "$before"

done_testing
