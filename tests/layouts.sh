# OCI layouts of any size and shape for tests of the network, written by hand:
# what is in the layers does not matter.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

# layout_begin DIRECTORY: start a layout, or add to it.
layout_begin ()
{
  layout=$1
  mkdir -p "$layout/blobs/sha256"
  echo '{"imageLayoutVersion":"1.0.0"}' > "$layout/oci-layout"
  layout_entries=$layout.entries
  test -f "$layout_entries" || : > "$layout_entries"
  layout_layers=
  layout_diff_ids=
}

# layout_blob FILE: move FILE into the layout.  Sets $blob_digest (without
# "sha256:") and $blob_size.
layout_blob ()
{
  blob_digest=$(openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1)
  blob_size=$(stat -c %s "$1")
  mv "$1" "$layout/blobs/sha256/$blob_digest"
}

# layout_layer BYTES [NAME]: add a gzipped layer of one file NAME with BYTES of
# noise, the same for the same NAME.
layout_layer ()
{
  layer_name=${2:-file$(printf '%s\n' "$layout_layers" | wc -w)}
  mkdir -p "$layout.tree"
  head -c "$1" /dev/zero | openssl enc -aes-128-ctr -nosalt -pbkdf2 \
    -pass "pass:$layer_name" 2> /dev/null > "$layout.tree/$layer_name"
  tar -C "$layout.tree" --owner=0 --group=0 --mtime=@0 -cf "$layout.tar" \
    "$layer_name"
  rm -f "$layout.tree/$layer_name"
  layout_diff_ids="$layout_diff_ids\
${layout_diff_ids:+,}\"sha256:$(openssl dgst -sha256 -r "$layout.tar" \
    | cut -d ' ' -f 1)\""
  gzip -1n < "$layout.tar" > "$layout.gz"
  rm -f "$layout.tar"
  layout_blob "$layout.gz"
  layout_layers="$layout_layers${layout_layers:+,}{\"mediaType\":\
\"application/vnd.oci.image.layer.v1.tar+gzip\",\
\"digest\":\"sha256:$blob_digest\",\"size\":$blob_size}"
  layer_digest=$blob_digest
}

# layout_image TAG [ARCHITECTURE [VARIANT]]: make an image of the layers since
# the last one (or layout_begin).  Sets $image_digest, $image_size and
# $config_digest.
layout_image ()
{
  image_architecture=${2:-amd64}
  image_variant=${3:+,\"variant\":\"$3\"}
  echo "{\"architecture\":\"$image_architecture\"$image_variant,\"os\":\"linux\",\
\"config\":{\"Cmd\":[\"/bin/sh\"]},\"rootfs\":{\"type\":\"layers\",\
\"diff_ids\":[$layout_diff_ids]}}" > "$layout.config"
  layout_blob "$layout.config"
  config_digest=$blob_digest
  printf '%s' "{\"schemaVersion\":2,\"mediaType\":\
\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\
\"application/vnd.oci.image.config.v1+json\",\"digest\":\
\"sha256:$blob_digest\",\"size\":$blob_size},\"layers\":[$layout_layers]}" \
    > "$layout.manifest"
  layout_blob "$layout.manifest"
  image_digest=$blob_digest
  image_size=$blob_size
  layout_entry "$1" application/vnd.oci.image.manifest.v1+json
  layout_layers=
  layout_diff_ids=
}

# layout_entry TAG MEDIA-TYPE: list the last blob as TAG in index.json.
layout_entry ()
{
  printf '%s\n' "{\"mediaType\":\"$2\",\"digest\":\"sha256:$blob_digest\",\
\"size\":$blob_size,\"annotations\":\
{\"org.opencontainers.image.ref.name\":\"$1\"}}" >> "$layout_entries"
  {
    printf '{"schemaVersion":2,"manifests":['
    paste -s -d , "$layout_entries" | tr -d '\n'
    printf ']}'
  } > "$layout/index.json"
}

# layout_index TAG ENTRY...: make an index of the given entries, each
# DIGEST:SIZE:OS:ARCHITECTURE[:VARIANT]; OS may be empty, then the entry has no
# platform.  Sets $index_digest and $index_size.
layout_index ()
{
  index_tag=$1
  shift
  index_entries=
  for index_entry in "$@"; do
    index_rest=${index_entry#*:}
    index_platform=$(printf '%s\n' "${index_rest#*:}" | awk -F : '
      $1 != "" {
        printf ",\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"", $1, $2
        if ($3 != "")
          printf ",\"variant\":\"%s\"", $3
        printf "}"
      }')
    index_entries="$index_entries${index_entries:+,}{\"mediaType\":\
\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\
\"sha256:${index_entry%%:*}\",\"size\":${index_rest%%:*}$index_platform}"
  done
  printf '%s' "{\"schemaVersion\":2,\"mediaType\":\
\"application/vnd.oci.image.index.v1+json\",\"manifests\":[$index_entries]}" \
    > "$layout.manifest"
  layout_blob "$layout.manifest"
  index_digest=$blob_digest
  index_size=$blob_size
  layout_entry "$index_tag" application/vnd.oci.image.index.v1+json
}
