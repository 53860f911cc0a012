#!/bin/sh
# Pull from a registry that asks no questions: names, what is stored, what is
# not fetched again.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/python-rules.sh"

need docker-registry skopeo openssl

# blob_requests: how many blobs the registry was asked for so far.
blob_requests ()
{
  grep -c '"GET /v2/[^ ]*/blobs/' "$registry_log"
}

# same_manifest NAME DIGEST: whether NAME's manifest is stored byte by byte.
same_manifest ()
{
  test "$(openssl dgst -sha256 -r "$UDOCKER_DIR/repos/$1/manifest" \
    | cut -d ' ' -f 1)" = "$2"
}

layout_begin "$work/layout"
layout_layer 300000 first
first=$layer_digest
layout_layer 2000 second
layout_layer 2000 second
layout_image one
one=$image_digest
layout_layer 300000 first
layout_layer 4000 third
layout_image two
two=$image_digest
registry_start
registry_push "oci:$work/layout:one" a/b:one
registry_push "oci:$work/layout:one" library/word:latest
registry_push "oci:$work/layout:one" single:latest
registry_push "oci:$work/layout:one" a/docker:v2 --format v2s2

run udocker pull "$registry/a/b:one"
is 'an image is pulled by host, port and tag' "$status" 0
is 'nothing goes to stdout' "$stdout" ''
is 'a plain line for each blob goes to stderr' \
  "$(printf '%s\n' "$stderr" | grep -c '^Info: downloading layer sha256:')" 3
unlike 'and nothing that is for terminals' "$stderr" "$(printf '\033|\r')"
image=$UDOCKER_DIR/repos/$registry/a/b/one
ok 'its directory is named as typed' test -f "$image/TAG"
ok 'it is marked as version 2' test -f "$image/v2"
ok 'the manifest is stored as it came' same_manifest "$registry/a/b/one" "$one"
is 'links lead to the blobs' \
  "$(openssl dgst -sha256 -r "$image/sha256:$first" | cut -d ' ' -f 1)" "$first"
is 'links are relative' "$(readlink "$image/sha256:$first" | cut -c 1-3)" ../
is 'every blob has its digest' \
  "$(cd "$UDOCKER_DIR/layers" && openssl dgst -sha256 -r sha256:* \
    | awk '{ if ("*sha256:" $1 != $2) n++ } END { print n + 0 }')" 0

before=$(blob_requests)
run udocker pull "$registry/a/b:one"
is 'the same pull again works' "$status" 0
is 'and fetches no blob' "$(blob_requests)" "$before"
registry_push "oci:$work/layout:two" a/b:one
run udocker pull "$registry/a/b:one"
is 'a tag that moved is followed' "$status" 0
is 'fetching only what is new' "$(blob_requests)" $((before + 2))
ok 'the manifest is the new one' same_manifest "$registry/a/b/one" "$two"

run udocker pull "$registry/a/docker:v2"
is "Docker's own format is pulled" "$status" 0
run udocker pull "$registry/a/b@sha256:$two"
is 'an image is pulled by digest' "$status" 0
ok 'and stored under it' test -f \
  "$UDOCKER_DIR/repos/$registry/a/b/sha256:$two/TAG"
run udocker pull "$registry/a/b:whatever@sha256:$two"
is 'a tag beside the digest does not matter' "$status" 0
run udocker pull "http://$registry/a/b:one"
is 'an image is pulled by http://' "$status" 0
run udocker pull "--registry=http://$registry" a/b:one
is 'an image is pulled by --registry=URL' "$status" 0
ok 'its local name has no host' test -f "$UDOCKER_DIR/repos/a/b/one/TAG"
run udocker pull "--registry=$registry" --index=http://unused single
is 'a one-word name is found at the registry given' "$status" 0
run udocker pull "--registry=$registry" word
is 'also where it is below library/' "$status" 0
UDOCKER_REGISTRY=http://$registry udocker -q pull docker.io/word:latest \
  > "$work/stdout" 2> "$work/stderr"
is 'and by UDOCKER_REGISTRY, instead of Docker Hub' "$?" 0
ok 'there as typed' test -f "$UDOCKER_DIR/repos/docker.io/word/latest/TAG"

rm -rf "$UDOCKER_DIR"
run udocker -q pull "$registry/a/b:one"
is 'with -q a pull works' "$status$stdout" 0
is 'and says nothing' "$stderr" ''

# A blob as an interrupted pull of the Python tool leaves it.
printf 'x' > "$UDOCKER_DIR/layers/sha256:$first"
run udocker -q pull "$registry/a/b:one"
is 'a blob that is too short is fetched again' \
  "$(openssl dgst -sha256 -r "$UDOCKER_DIR/layers/sha256:$first" \
    | cut -d ' ' -f 1)" "$first"

find "$UDOCKER_DIR/repos" "$UDOCKER_DIR/layers" | sort > "$work/before"

# refuses NAME PATTERN: a name that cannot be pulled, and why.
refuses ()
{
  run udocker -q pull "$1"
  is_error "'$1' is refused" 1 "$2"
}

refuses "$registry/A/b:one" '^Error: .*upper-case'
refuses "$registry/a/../b" '^Error: must specify image:tag'
refuses '../../etc' '^Error: must specify image:tag'
refuses '/etc/passwd' '^Error: must specify image:tag'
refuses "$registry/a/b:../x" '^Error: must specify image:tag'
refuses "$registry/a/b@sha256:123" '^Error: must specify image:tag.*digest'
refuses "$registry/a//b" '^Error: must specify image:tag'
refuses "host:99999/a" '^Error: must specify image:tag.*port'
refuses '' '^Error: must specify image:tag or repository/image:tag$'
run udocker pull
is_error 'no name is refused' 1 '^Error: must specify image:tag'
run udocker -q pull --registry=ftp://x a/b
is_error 'so is a registry that is neither http nor https' 1 "'ftp://x'"
refuses "$registry/a/b:nosuch" \
  "^Error: .*'http://$registry'.*'a/b:nosuch'.*404.*manifest unknown"
refuses "$registry/a/nosuch" '^Error: .*404'
refuses "$registry/a/b@sha256:$(printf '%064d' 7)" '^Error: .*404'
find "$UDOCKER_DIR/repos" "$UDOCKER_DIR/layers" | sort > "$work/after"
ok 'no failed pull leaves anything' cmp "$work/before" "$work/after"

python_rules 'the Python tool understands the repository' --settled
done_testing
