#!/bin/sh
# Choose the image for a platform from an index.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/python-rules.sh"

need docker-registry skopeo openssl curl

layout_begin "$work/layout"
entries=
for platform in amd64: arm64:v8 arm:v5 arm:v6 s390x:; do
  layout_layer 1000 "$platform"
  layout_image "${platform%:*}${platform#*:}" "${platform%:*}" \
    ${platform#*:}
  eval "digest_${platform%:*}${platform#*:}=$image_digest"
  entries="$entries $image_digest:$image_size:linux:$platform"
done
# shellcheck disable=SC2086
layout_index all $entries
all_digest=$index_digest
all_size=$index_size
layout_layer 1000 alone
layout_image alone
layout_index unnamed "$image_digest:$image_size:"
alone=$image_digest
registry_start
for tag in all unnamed s390x; do
  registry_push "oci:$work/layout:$tag" "a/b:$tag" --all
done
# skopeo makes no indexes of indexes.
nest ()
{
  echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\
\"application/vnd.oci.image.index.v1+json\",\"digest\":\"sha256:$1\",\
\"size\":$2}]}" > "$work/nested"
  curl -s -f -X PUT -T "$work/nested" \
    -H 'Content-Type: application/vnd.oci.image.index.v1+json' \
    "http://$registry/v2/a/b/manifests/$3" || bail 'curl cannot push an index'
  nested_digest=$(openssl dgst -sha256 -r "$work/nested" | cut -d ' ' -f 1)
  nested_size=$(stat -c %s "$work/nested")
}
nest "$all_digest" "$all_size" nested
two_digest=$nested_digest
for tag in deep deeper deepest; do
  nest "$nested_digest" "$nested_size" $tag
done

# chooses PLATFORM TAG DIGEST: what a pull for PLATFORM gets.
chooses ()
{
  run udocker -q pull ${1:+"--platform=$1"} "$registry/a/b:$2"
  is "${1:-this machine} of $2 is found" \
    "$status $(openssl dgst -sha256 -r \
      "$UDOCKER_DIR/repos/$registry/a/b/$2/manifest" | cut -d ' ' -f 1)" \
    "0 $3"
}

# shellcheck disable=SC2154
{
  chooses linux/amd64 all "$digest_amd64"
  chooses Linux/AMD64 all "$digest_amd64"
  chooses amd64 all "$digest_amd64"
  chooses x86_64 all "$digest_amd64"
  chooses linux/arm64 all "$digest_arm64v8"
  chooses linux/arm64/v8 all "$digest_arm64v8"
  chooses aarch64 all "$digest_arm64v8"
  chooses linux/arm/v5 all "$digest_armv5"
  chooses linux/arm/v6 all "$digest_armv6"
  chooses linux/arm/v7 all "$digest_armv6"
  chooses linux/arm all "$digest_armv6"
  chooses S390X all "$digest_s390x"
  chooses linux/amd64 nested "$digest_amd64"
}
chooses linux/amd64 unnamed "$alone"
case $(uname -m) in
  x86_64) chooses '' all "$digest_amd64" ;;
  aarch64) chooses '' all "$digest_arm64v8" ;;
esac

run udocker -q pull "$registry/a/b:deepest"
is_error 'indexes do not lead to indexes for ever' 1 \
  '^Error: .*indexes only lead to other indexes'

run udocker -q pull --platform=linux/riscv64 "$registry/a/b:all"
is_error 'a platform that is not there is an error' 1 \
  '^Error: .*no image found in manifest for platform \(linux/riscv64\)'
like 'that names the platforms there are' "$stderr" \
  'linux/amd64, linux/arm64/v8, linux/arm/v5, linux/arm/v6, linux/s390x$'
run udocker -q pull --platform=nonsense "$registry/a/b:all"
is_error 'what is no platform is an error' 1 "^Error: 'nonsense' is no platform"
run udocker pull --platform=linux/arm64 "$registry/a/b:s390x"
is 'an image without a choice is pulled' "$status" 0
like 'with a warning' "$stderr" \
  '^Warning: this image is for linux/s390x, not for linux/arm64$'

digest=$(skopeo --insecure-policy inspect --raw --tls-verify=false \
  "docker://$registry/a/b:all" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
run udocker -q pull --platform=arm64 "$registry/a/b@sha256:$digest"
is 'an index is pulled by digest' "$status" 0
is 'with the image for the platform' "$(openssl dgst -sha256 -r \
  "$UDOCKER_DIR/repos/$registry/a/b/sha256:$digest/manifest" \
  | cut -d ' ' -f 1)" "$digest_arm64v8"

# By the digest of an index, which is kept so that the image can be verified.
for digest in "$all_digest" "$two_digest"; do
  name=$registry/a/b@sha256:$digest
  run udocker -q pull "$name"
  is "an index by its digest" "$status$stderr" 0
  run udocker -q verify "$name"
  is "  can be verified" "$status$stderr" 0
  echo >> "$UDOCKER_DIR/repos/$registry/a/b/sha256:$digest/index"
  run udocker -q verify "$name"
  is "  or found to be another" "$status$(echo "$stderr" | grep -c 'manifest chksum failed')" 11
done
python_rules 'the Python tool understands the repository' --settled
done_testing
