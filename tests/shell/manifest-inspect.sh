#!/bin/sh
# What a registry has under a name, printed.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"

need docker-registry skopeo openssl python3

layout_begin "$work/layout"
layout_layer 1000 one
layout_image amd64 amd64
amd64=$image_digest:$image_size:linux:amd64:
layout_layer 1000 two
layout_image arm64 arm64 v8
arm64=$image_digest
layout_index all "$amd64" "$arm64:$image_size:linux:arm64:v8"
registry_start
registry_push "oci:$work/layout:all" a/b:all --all
registry_push "oci:$work/layout:arm64" a/b:arm64
registry_push "oci:$work/layout:arm64" library/word:latest

# as_python: stdin, JSON, as the Python tool prints it.
as_python ()
{
  python3 -c 'import json, sys
print(json.dumps(json.load(sys.stdin), sort_keys=True, indent=4,
                 separators=(",", ": ")))'
}

run udocker manifest inspect "$registry/a/b:arm64"
is 'a manifest is printed' "$status$stderr" 0
is 'sorted and indented' "$stdout" \
  "$(as_python < "$work/layout/blobs/sha256/$arm64")"
run udocker manifest inspect "$registry/a/b:all"
is 'so is an index' "$stdout" \
  "$(as_python < "$work/layout/blobs/sha256/$index_digest")"
run udocker manifest --platform=linux/arm64 inspect "$registry/a/b:all"
is 'of which --platform chooses an entry' "$stdout" \
  "$(as_python < "$work/layout/blobs/sha256/$arm64")"
run udocker manifest inspect --platform=arm64 "$registry/a/b:all"
is 'also behind the word inspect' "$stdout" \
  "$(as_python < "$work/layout/blobs/sha256/$arm64")"
run udocker manifest inspect --raw "$registry/a/b@sha256:$arm64"
ok '--raw prints what came' cmp stdout "$work/layout/blobs/sha256/$arm64"
run udocker manifest "--registry=http://$registry" --index=x inspect word
is '--registry says whom to ask' "$status $(printf '%s\n' "$stdout" \
  | head -n 1)" '0 {'
ok 'and nothing is stored' test ! -e "$UDOCKER_DIR"
run udocker manifest inspect "$registry/a/b:nosuch"
is_error 'an unknown image is an error' 1 \
  "^Error: .*'a/b:nosuch': HTTP 404 Not Found: manifest unknown"
run udocker manifest inspect --platform=linux/s390x "$registry/a/b:all"
is_error 'so is a platform that it is not for' 1 '^Error: .*s390x'
run udocker manifest inspect
is 'so is no image' "$status" 1
run udocker manifest show "$registry/a/b:all"
is_error 'so is another word' 1 "^Error: 'show' is nothing that manifest does"
network_start 'flip - manifests/'
run udocker manifest inspect "$network/a/b:all"
is_error 'what is not JSON is an error' 1 '^Error: '

done_testing
