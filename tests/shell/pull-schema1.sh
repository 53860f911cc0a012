#!/bin/sh
# Images in the old format of Docker: no configuration, no sizes.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/python-rules.sh"

need docker-registry skopeo umoci openssl

REGISTRY_COMPATIBILITY_SCHEMA1_ENABLED=true
export REGISTRY_COMPATIBILITY_SCHEMA1_ENABLED
registry_start
registry_push_busybox a/b:old --format v2s1

run udocker pull "$registry/a/b:old"
is 'an image of schema 1 is pulled' "$status" 0
manifest=$UDOCKER_DIR/repos/$registry/a/b/old/manifest
like 'its manifest is stored as it came' "$(cat "$manifest")" \
  '"schemaVersion": *1'
like 'with its signature' "$(cat "$manifest")" '"signatures"'
is 'its blobs are right' "$(cd "$UDOCKER_DIR/layers" \
  && openssl dgst -sha256 -r sha256:* \
  | awk '{ if ("*sha256:" $1 != $2) n++ } END { print n + 0 }')" 0
run udocker images
like 'it is listed' "$stdout" "a/b:old"
run udocker inspect "$registry/a/b:old"
like 'and has a configuration' "$stdout" '"architecture": "amd64"'
run udocker create "$registry/a/b:old"
is 'a container is made of it' "$status" 0
ok 'with its files' test -x "$UDOCKER_DIR/containers/$stdout/ROOT/bin/busybox"

python_rules 'the Python tool understands the repository' --settled
done_testing
