#!/bin/sh
# Registries that are wrong, broken or not there, disks that are full: one
# sentence each, and nothing left behind.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"

need docker-registry skopeo openssl python3 prlimit

# blob_file DIGEST: where the registry keeps a blob.
blob_file ()
{
  printf '%s\n' "$registry_data/docker/registry/v2/blobs/sha256/$(printf \
    '%.2s' "$1")/$1/data"
}

# leaves_nothing WHAT: a result, good when the last pull left nothing.
leaves_nothing ()
{
  is "$1" "$(find "$UDOCKER_DIR/repos" "$UDOCKER_DIR/layers" -mindepth 1 \
    ! -name .lock 2> /dev/null)" ''
}

layout_begin "$work/layout"
layout_layer 3000000 big
big=$layer_digest
layout_layer 3000 small
small=$layer_digest
layout_image one
manifest=$image_digest
config=$config_digest
registry_start
registry_push "oci:$work/layout:one" a/b:one
mkdir "$UDOCKER_DIR"
udocker -q pull "$registry/a/b:one" 2> /dev/null
rm -rf "$UDOCKER_DIR"

run udocker -q pull localhost:1/a/b
is_error 'a port where nobody listens' 1 \
  "^Error: .*registry 'https?://localhost:1'.*[Cc]onnect"
run udocker -q pull nosuch.invalid/a/b
is_error 'a host that does not exist' 1 \
  "^Error: .*registry 'https://nosuch.invalid'.*resolve host"
leaves_nothing 'leave nothing'

network_start 'html - manifests/html' 'html - blobs/' \
  'status - manifests/teapot 418' 'status - manifests/late 503,1000'
run udocker -q pull "$network/a/b:html"
is_error 'a web page instead of a manifest' 1 \
  "^Error: .*'http://$network'.*web page.*'a/b:html'"
run udocker -q pull "$network/a/b:one"
is_error 'a web page instead of a blob' 1 \
  "^Error: .*blob sha256:[0-9a-f]* .*'http://$network'.*web page"
run udocker -q pull "$network/a/b:teapot"
is_error 'a status nobody expects' 1 "^Error: .*'http://$network'.*HTTP 418"
run udocker -q pull "$network/a/b:late"
is_error 'a registry that wants us to come back much later' 1 \
  '^Error: .*HTTP 503 Service Unavailable'
leaves_nothing 'leave nothing'
network_stop

network_start 'flip - blobs/'
run udocker -q pull "$network/a/b:one"
is_error 'a network that changes bytes' 1 '^Error: .*digest sha256:'
leaves_nothing 'leaves nothing'
network_stop
network_start 'flip - manifests/'
run udocker -q pull "$network/a/b@sha256:$manifest"
is_error 'even in a manifest, when asked by digest' 1 \
  "^Error: .*@sha256:$manifest.*something else"
leaves_nothing 'leaves nothing'
network_stop

network_start 'more - blobs/ 1000'
run udocker -q pull "$network/a/b:one"
is_error 'a body that is longer than the manifest says' 1 \
  "^Error: .*file size mismatch: more than the [0-9]* bytes"
leaves_nothing 'leaves nothing'
network_stop
network_start 'more - manifests/ 9000000'
run udocker -q pull "$network/a/b:one"
is_error 'a manifest without an end' 1 '^Error: .*too big for a manifest'
leaves_nothing 'leaves nothing'
network_stop
network_start 'limit - manifests/'
run udocker -q pull "$network/a/b:one"
is_error 'a limit to pulls is told, with what the registry says of it' 1 \
  "^Error: .*HTTP 429 Too Many Requests \\(ratelimit-limit: 100;w=21600, \
ratelimit-remaining: 0;w=21600, docker-ratelimit-source: 192.0.2.1.*: You"
is 'but nothing that takes over a terminal' \
  "$(LC_ALL=C tr -d ' -~\n' < stderr | wc -c)" 0
network_stop

file=$(blob_file "$small")
cp "$file" "$work/saved"
head -c "$(stat -c %s "$file")" /dev/zero > "$work/zeros"
cp "$work/zeros" "$file"
run udocker -q pull "$registry/a/b:one"
is_error 'a blob with another digest' 1 \
  "^Error: .*blob sha256:$small of 'a/b' from .*'http://$registry'.*digest"
leaves_nothing 'leaves nothing'
cat "$work/saved" "$work/saved" > "$file"
run udocker -q pull "$registry/a/b:one"
is_error 'a blob that is too long' 1 \
  "^Error: .*blob sha256:$small.*file size mismatch"
leaves_nothing 'leaves nothing'
rm "$file"
run udocker -q pull "$registry/a/b:one"
is_error 'a blob that is not there' 1 \
  "^Error: in download: blob sha256:$small.*HTTP 404.*blob unknown"
leaves_nothing 'leaves nothing'
cp "$work/saved" "$file"

file=$(blob_file "$manifest")
cp "$file" "$work/manifest"
for text in '{' '[]' '{}' '{"schemaVersion":2,"layers":[]}'; do
  printf '%s' "$text" > "$file"
  registry_restart
  run udocker -q pull "$registry/a/b:one"
  is "a manifest '$text' is an error" "$status" 1
  is 'of one sentence' "$(printf '%s\n' "$stderr" | grep -c '^Error: ')" 1
done
leaves_nothing 'leaves nothing'
cp "$work/manifest" "$file"
registry_restart

run prlimit --fsize=1000000 udocker -q pull "$registry/a/b:one"
is_error 'a limit on the size of files' 1 \
  "^Error: .*sha256:$big cannot be written: File too large"
leaves_nothing 'leaves nothing'

if test -c /dev/full; then
  mkdir -p "$UDOCKER_DIR/layers"
  ln -s /dev/full "$UDOCKER_DIR/layers/.sha256:$big.part"
  run udocker -q pull "$registry/a/b:one"
  is 'something strange in the place of a part' "$status" 1
  is 'is an error of one sentence' \
    "$(printf '%s\n' "$stderr" | grep -c '^Error: ')" 1
  rm -rf "$UDOCKER_DIR"
fi

mkdir -p "$UDOCKER_DIR/layers" "$UDOCKER_DIR/repos"
udocker -q images > /dev/null 2>&1
chmod 555 "$UDOCKER_DIR/layers"
run udocker -q pull "$registry/a/b:one"
is_error 'a repository that cannot be written' 1 \
  "^Error: .*$UDOCKER_DIR.*Permission denied"
chmod 755 "$UDOCKER_DIR/layers"
leaves_nothing 'leaves nothing'

run udocker -q pull "$registry/a/b:one"
is 'after all that the pull works' "$status" 0
ok 'and the configuration is there' test -f "$UDOCKER_DIR/layers/sha256:$config"

done_testing
