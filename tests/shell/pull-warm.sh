#!/bin/sh
# What is here already is not asked for; one image under several names; several
# images at once.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/python-rules.sh"

need docker-registry skopeo openssl

# asks WHAT COUNT WORD...: a result, good when udocker with the WORDs works and
# sends COUNT requests.
asks ()
{
  asks_what=$1
  asks_count=$2
  shift 2
  before=$(grep -Ec '"(GET|HEAD) /v2/' "$registry_log")
  run udocker -q "$@"
  after=$(grep -Ec '"(GET|HEAD) /v2/' "$registry_log")
  is "$asks_what" "$status $((after - before))" "0 $asks_count" \
    || note "$stderr"
}

layout_begin "$work/layout"
layout_layer 3000 one
layout_layer 3000 two
layout_image one
one=$image_digest
layer=$layer_digest
layout_layer 3000 three
layout_image other
other=$image_digest
layout_layer 1000 amd64
layout_image amd64 amd64
amd64=$image_digest:$image_size:linux:amd64:
layout_layer 1000 arm64
layout_image arm64 arm64 v8
layout_index all "$amd64" "$image_digest:$image_size:linux:arm64:v8"
registry_start
registry_push "oci:$work/layout:one" a/b:one
registry_push "oci:$work/layout:other" a/b:other
registry_push "oci:$work/layout:all" a/b:all --all
image=$registry/a/b

asks 'a pull asks for a manifest and three blobs' 4 pull "$image:one"
gets=$(grep -c '"GET /v2/' "$registry_log")
asks 'again by tag it asks once' 1 pull "$image:one"
is '  and only whether it moved' "$(grep -c '"GET /v2/' "$registry_log")" "$gets"
asks 'by digest for the manifest, which may not be there' 1 \
  pull "$image@sha256:$one"
asks 'again by digest for nothing' 0 pull "$image@sha256:$one"
asks 'for several platforms for an index too' 4 pull --platform=amd64 \
  "$image:all"
gets=$(grep -c '"GET /v2/' "$registry_log")
asks 'which then is all that is asked for' 1 pull --platform=amd64 "$image:all"
is '  or even whether it moved' "$(grep -c '"GET /v2/' "$registry_log")" "$gets"
asks 'until the platform is another' 4 pull --platform=arm64 "$image:all"
asks 'an index by its digest' 2 pull --platform=arm64 \
  "$image@sha256:$index_digest"
asks 'is not asked for again' 0 pull --platform=arm64 \
  "$image@sha256:$index_digest"
asks 'unless for another platform' 4 pull --platform=amd64 \
  "$image@sha256:$index_digest"

rm "$UDOCKER_DIR/layers/sha256:$layer"
asks 'a blob that is gone is asked for, once it is known how' 2 \
  pull "$image@sha256:$one"
printf x > "$UDOCKER_DIR/layers/sha256:$layer"
run udocker -q pull "$image@sha256:$one"
is 'so is one that was cut' "$status $(openssl dgst -sha256 -r \
  "$UDOCKER_DIR/layers/sha256:$layer" | cut -d ' ' -f 1)" "0 $layer"
printf '\n' >> "$UDOCKER_DIR/repos/$image/sha256:$one/manifest"
asks 'a manifest that was changed is not trusted' 1 pull "$image@sha256:$one"
asks 'but made right' 0 pull "$image@sha256:$one"

# A tag that moves.
registry_push "oci:$work/layout:other" a/b:moving
udocker -q pull "$image:moving"
registry_push "oci:$work/layout:one" a/b:moving
asks 'a tag that moved is asked for twice, its blobs are here' 2 \
  pull "$image:moving"
is '  and is the new one' "$(openssl dgst -sha256 -r \
  "$UDOCKER_DIR/repos/$image/moving/manifest" | cut -d ' ' -f 1)" "$one"
registry_push "oci:$work/layout:all" a/b:moving --all
udocker -q pull --platform=amd64 "$image:moving"
asks 'an index in its place is not asked for again' 1 \
  pull --platform=amd64 "$image:moving"
registry_push "oci:$work/layout:one" a/b:moving
asks 'nor taken for the image that follows it' 2 pull "$image:moving"
is '  which is the new one' "$(openssl dgst -sha256 -r \
  "$UDOCKER_DIR/repos/$image/moving/manifest" | cut -d ' ' -f 1)" "$one"

# A tag beside the digest.
rm -rf "$UDOCKER_DIR"
asks 'a tag and a digest get the image of the digest' 3 \
  pull "$image:mine@sha256:$other"
is 'under both names' "$(udocker -q images)" "$image:mine    .
$image:sha256:$other    ."
asks 'and again nothing' 0 pull "$image:mine@sha256:$other"
asks 'the tag follows the digest' 4 pull "$image:mine@sha256:$one"
registry_stop
is 'all names are found without a network' "$(for name in :mine \
    ":mine@sha256:$one" "@sha256:$one"; do
  udocker -q inspect "$image$name"
done | grep -c '"rootfs"')" 3
run udocker -q pull "$image@sha256:$one"
is 'and need none to be pulled' "$status" 0
registry_restart

python_rules 'images under a tag and a digest' --settled

# Several images.
rm -rf "$UDOCKER_DIR"
run udocker -q pull "$image:one" "$image:nosuch" "$image:other"
is_error 'several are pulled though one is not there' 1 \
  "^Error: .*'a/b:nosuch': HTTP 404"
is 'which is the only one missing' "$(udocker -q images)" "$image:one    .
$image:other    ."

done_testing
