#!/bin/sh
# Many pulls at once share the work: every blob is fetched once.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"

need docker-registry skopeo openssl python3

pulls=16
test "${TEST_LONG-}" != yes || pulls=64

layout_begin "$work/layout"
for layer in 1 2 3 4 5 6; do
  layout_layer 400000 "layer$layer"
done
layout_image one
layout_layer 400000 layer1
layout_layer 400000 another
layout_image two
registry_start
registry_push "oci:$work/layout:one" a/b:one
registry_push "oci:$work/layout:two" a/c:two
network_start 'slow - blobs/ 800000'

i=0
pids=
while test $i -lt $pulls; do
  if test $((i % 4)) -eq 3; then
    udocker pull "$network/a/c:two" > "$work/out-$i" 2>&1 &
  else
    udocker pull "$network/a/b:one" > "$work/out-$i" 2>&1 &
  fi
  pids="$pids $!"
  i=$((i + 1))
done
failed=0
for pid in $pids; do
  wait "$pid" || failed=$((failed + 1))
done
is "$pulls pulls at once work" $failed 0
is 'every blob is fetched once' \
  "$(awk '$2 ~ /\/blobs\// { sub(".*/", "", $2); n[$2]++ }
    END { for (blob in n) if (n[blob] != 1) print blob, n[blob] }' \
    "$network_log")" ''
is 'and all of them' "$(find "$UDOCKER_DIR/layers" -name 'sha256:*' | wc -l)" 9
is 'each with its digest' \
  "$(cd "$UDOCKER_DIR/layers" && openssl dgst -sha256 -r sha256:* \
    | awk '{ if ("*sha256:" $1 != $2) n++ } END { print n + 0 }')" 0
like 'who waits says for what' "$(cat "$work"/out-*)" \
  '^Info: waiting for another process that fetches sha256:'
is 'nothing is left half done' "$(find "$UDOCKER_DIR" -name '*.part')" ''

# One that dies is replaced by one that waits.
rm -rf "$UDOCKER_DIR"
udocker pull "$network/a/b:one" > "$work/dying" 2>&1 &
first=$!
sleep 0.3
udocker pull "$network/a/b:one" > "$work/waiting" 2>&1 &
second=$!
sleep 0.2
kill -9 $first
wait $first 2> /dev/null
wait $second
is 'one that waits goes on where another was killed' $? 0
is 'and has all blobs right' \
  "$(cd "$UDOCKER_DIR/layers" && openssl dgst -sha256 -r sha256:* \
    | awk '{ n++; if ("*sha256:" $1 != $2) n = -100 } END { print n }')" 7

done_testing
