#!/bin/sh
# Registries that ask who is there: TLS, Basic, tokens, and where credentials
# come from.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"

need docker-registry skopeo openssl htpasswd

layout_begin "$work/layout"
layout_layer 3000 layer
layout_image one
registry_start tls auth=me:se:cret
registry_push "oci:$work/layout:one" a/b:one

# pulls WHAT [OPTION]...: a result, good when the image can be pulled; nothing
# of it is there before.
pulls ()
{
  pulls_what=$1
  shift
  rm -rf "$UDOCKER_DIR"
  run udocker "$@" -q pull "$registry/a/b:one"
  ok "$pulls_what" test "$status$stderr" = 0 || note "$stderr"
}

# refused WHAT PATTERN [OPTION]...: a result, good when it cannot.
refused ()
{
  refused_what=$1
  refused_why=$2
  shift 2
  rm -rf "$UDOCKER_DIR"
  run udocker "$@" -q pull "$registry/a/b:one"
  is_error "$refused_what" 1 "$refused_why"
}

refused 'a certificate that nobody knows is refused' \
  "^Error: .*'https://$registry'.*certificate.*--insecure"
CURL_CA_BUNDLE=$registry_ca
export CURL_CA_BUNDLE
refused 'with CURL_CA_BUNDLE credentials are asked for' \
  "^Error: .*not found or not authorized.*'https://$registry' wants credentials"
unset CURL_CA_BUNDLE
for place in containers docker; do
  mkdir -p "$HOME/.config/$place/certs.d/$registry"
  cp "$registry_ca" "$HOME/.config/$place/certs.d/$registry/ca.crt"
  refused "also with a certificate in certs.d of $place" 'wants credentials'
  rm -rf "$HOME/.config"
done
SSL_CERT_FILE=$registry_ca refused 'the same with SSL_CERT_FILE' 'credentials'
refused 'and with --insecure' 'credentials' --insecure
refused 'a registry with TLS does not fall back to none' \
  "^Error: .*'https://$registry'"
rm -rf "$UDOCKER_DIR"
run udocker -q pull "http://$registry/a/b:one"
is_error 'http:// to a registry with TLS is an error' 1 '^Error: .*HTTP 400'

CURL_CA_BUNDLE=$registry_ca
export CURL_CA_BUNDLE
good=$(printf 'me:se:cret' | openssl base64)
wrong=$(printf 'me:other' | openssl base64)

mkdir -p "$HOME/.docker"
echo "{\"auths\":{\"$registry\":{\"auth\":\"$good\"}}}" \
  > "$HOME/.docker/config.json"
pulls "credentials in Docker's config.json are used"
echo "{\"auths\":{\"https://$registry/v2/\":{\"username\":\"me\",\
\"password\":\"se:cret\"}}}" > "$HOME/.docker/config.json"
pulls 'also in plain words, under a URL'
echo "{\"auths\":{\"$registry\":{\"auth\":\"$wrong\"}}}" \
  > "$HOME/.docker/config.json"
refused 'wrong ones are refused, and it is said where they are' \
  "^Error: .*$HOME/.docker/config.json.*401"
unlike 'but not what they are' "$stderr" "$wrong|other"
echo '{"auths":' > "$HOME/.docker/config.json"
rm -rf "$UDOCKER_DIR"
run udocker pull "$registry/a/b:one"
like 'a config.json that is broken is warned about' "$stderr" \
  '^Warning: credentials not used: .*config.json'
mkdir "$work/elsewhere"
echo "{\"auths\":{\"$registry\":{\"auth\":\"$good\"}}}" \
  > "$work/elsewhere/config.json"
rm "$HOME/.docker/config.json"
DOCKER_CONFIG=$work/elsewhere
export DOCKER_CONFIG
pulls 'DOCKER_CONFIG says where it is'
unset DOCKER_CONFIG
REGISTRY_AUTH_FILE=$work/elsewhere/config.json
export REGISTRY_AUTH_FILE
pulls 'so does REGISTRY_AUTH_FILE'
unset REGISTRY_AUTH_FILE

mkdir "$work/bin"
cat > "$work/bin/docker-credential-tests" << 'END'
#!/bin/sh
read -r server || test -n "$server"
echo "$1 $server" >> "${0%/*}/log"
case $server in
  localhost:*) echo '{"ServerURL":"x","Username":"me","Secret":"se:cret"}' ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
END
chmod 755 "$work/bin/docker-credential-tests"
PATH=$work/bin:$PATH
echo "{\"credHelpers\":{\"$registry\":\"tests\"}}" > "$HOME/.docker/config.json"
pulls 'a credential helper is asked'
is 'for the registry' "$(cat "$work/bin/log")" "get $registry"
echo '{"credsStore":"tests"}' > "$HOME/.docker/config.json"
pulls 'so is a credential store'
echo '{"credsStore":"missing"}' > "$HOME/.docker/config.json"
rm -rf "$UDOCKER_DIR"
run udocker pull "$registry/a/b:one"
like 'one that is missing is warned about' "$stderr" \
  "^Warning: credential helper 'docker-credential-missing'"
rm "$HOME/.docker/config.json"

cat > "$HOME/.netrc" << END
machine elsewhere login you password no
machine localhost
  login me
  password "se:cret"
END
chmod 600 "$HOME/.netrc"
pulls 'credentials in .netrc are used'
mv "$HOME/.netrc" "$work/netrc"
NETRC=$work/netrc
export NETRC
pulls 'NETRC says where it is'
unset NETRC

for key in "https://$registry" "$registry"; do
  echo "{\"$key\":{\"auth\":\"$good\",\"email\":\"\"}}" > "$work/keystore"
  UDOCKER_KEYSTORE=$work/keystore
  export UDOCKER_KEYSTORE
  pulls "the keystore is used, with the key $key"
done
rm -rf "$UDOCKER_DIR"
run udocker -q pull "--registry=https://$registry" a/b:one
is 'also with --registry=' "$status" 0
rm -rf "$UDOCKER_DIR"
run udocker -D pull "$registry/a/b:one"
is '-D says what goes on' "$status" 0
unlike 'without secrets' "$stderr" "$good"

done_testing
