#!/bin/sh
# Registries with a token service, and whom credentials and tokens are sent to.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/token-service.sh"

need docker-registry skopeo openssl python3

# pulls WHAT IMAGE: a result, good when IMAGE can be pulled; nothing is there
# before.
pulls ()
{
  rm -rf "$UDOCKER_DIR"
  run udocker -q pull "$2"
  ok "$1" test "$status$stderr" = 0 || note "$stderr"
}

layout_begin "$work/layout"
for layer in 1 2 3 4 5; do
  layout_layer 30000 "layer$layer"
done
layout_image one
registry_start
registry_push "oci:$work/layout:one" public/b:one
registry_push "oci:$work/layout:one" private/b:one
service_start

pulls 'an anonymous token is enough for what is public' "$registry/public/b:one"
is 'the service is asked once' "$(cat "$service_log")" \
  'GET - repository:public/b:pull'
rm -rf "$UDOCKER_DIR"
run udocker -q pull "$registry/private/b:one"
is_error 'but not for what is private' 1 \
  "^Error: .*not found or not authorized.*private/b"

mkdir -p "$HOME/.docker"
echo "{\"auths\":{\"$registry\":{\"auth\":\"$(printf 'me:secret' \
  | openssl base64)\"}}}" > "$HOME/.docker/config.json"
: > "$service_log"
pulls 'with credentials it is' "$registry/private/b:one"
is 'and the service is asked once, for the user' "$(cat "$service_log")" \
  'GET me repository:private/b:pull'
echo "{\"auths\":{\"$registry\":{\"auth\":\"$(printf 'me:wrong' \
  | openssl base64)\"}}}" > "$HOME/.docker/config.json"
rm -rf "$UDOCKER_DIR"
run udocker -q pull "$registry/private/b:one"
is_error 'with wrong credentials the service refuses' 1 \
  "^Error: .*does not accept.*config.json.*401.*incorrect username or password"
: > "$service_log"
echo "{\"auths\":{\"$registry\":{\"auth\":\"\",\"identitytoken\":\"refresh\"}}}" \
  > "$HOME/.docker/config.json"
pulls 'with an identity token it gives one' "$registry/private/b:one"
is 'by OAuth2' "$(cat "$service_log")" 'POST me repository:private/b:pull'

echo "{\"auths\":{\"127.0.0.1\":{},\"$registry\":{\"auth\":\"$(
  printf 'me:secret' | openssl base64)\"}}}" > "$HOME/.docker/config.json"
service_start key=access_token
pulls "a token may be called 'access_token'" "$registry/private/b:one"
service_start key=nonsense
rm -rf "$UDOCKER_DIR"
run udocker -q pull "$registry/private/b:one"
is_error 'but not anything' 1 '^Error: .*token service.* gave no token'

# The registry bears a clock that is wrong by a minute, so that these tokens
# are good for a second, and the last blobs are asked for after two.
service_start seconds=-59
network_start 'slow - blobs/ 15000'
pulls 'a token that runs out in the middle' "$network/public/b:one"
ok 'is replaced' test "$(wc -l < "$service_log")" -gt 1
network_stop

# Redirects.  The registry stands behind a host that redirects to another one.
service_start
network_start 'slow 0 x'
elsewhere=$network
elsewhere_log=$network_log
network_start "redirect - blobs/ http://$elsewhere"
sed "s/\"$registry\"/\"$network\"/" "$HOME/.docker/config.json" \
  > "$work/config.json"
mv "$work/config.json" "$HOME/.docker/config.json"
rm -rf "$UDOCKER_DIR"
run udocker -q pull "$network/private/b:one"
is 'blobs that are redirected elsewhere come without the token' \
  "$(awk '$4 != "-"' "$elsewhere_log")" ''
ok 'though they were asked for' test -s "$elsewhere_log"
like 'which that registry refuses' "$stderr" '^Error: in download: .*401'
registry_stop
sed -i '/^auth:/,$d' "$registry_home/config.yml"
registry_restart
pulls 'and takes where it has no question' "$network/private/b:one"
network_start 'redirect 6 blobs/ '
pulls 'a redirect may be relative' "$network/private/b:one"
network_start 'redirect 30 manifests/ '
rm -rf "$UDOCKER_DIR"
run udocker -q pull "$network/private/b:one"
is_error 'but not lead in a circle' 1 "^Error: .*redirects too often"

done_testing
