#!/bin/sh
# Which proxy is used, and which hosts may be asked without TLS.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"

need docker-registry skopeo openssl python3

layout_begin "$work/layout"
layout_layer 30000 layer
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one
# It passes on whatever it is asked for, as a proxy would.
network_start 'slow 0 x'
port=${registry#*:}

# pulls WHAT REQUESTS IMAGE [OPTION]...: a result, good when IMAGE can be
# pulled with REQUESTS through the proxy.
pulls ()
{
  pulls_what=$1
  pulls_requests=$2
  pulls_image=$3
  shift 3
  rm -rf "$UDOCKER_DIR"
  : > "$network_log"
  run udocker -q pull "$@" "$pulls_image"
  is "$pulls_what" "$status $(wc -l < "$network_log")$stderr" \
    "0 $pulls_requests"
}

pulls 'without a proxy none is used' 0 "http://$registry/a/b:one"
pulls 'with --httpproxy it is' 3 "http://$registry/a/b:one" \
  "--httpproxy=http://$network"
like 'for whole URLs' "$(cat "$network_log")" \
  "^GET http://$registry/v2/a/b/manifests/one "
pulls 'also where it lets no TLS through' 3 "$registry/a/b:one" \
  "--httpproxy=http://$network"

http_proxy=http://$network
export http_proxy
pulls 'http_proxy is not asked for this machine' 0 "http://$registry/a/b:one"
# A name that only the proxy can find.
pulls 'but for others' 3 "http://registry.invalid:$port/a/b:one"
no_proxy=registry.invalid
export no_proxy
rm -rf "$UDOCKER_DIR"
run udocker -q pull "http://registry.invalid:$port/a/b:one"
is_error 'unless no_proxy names them' 1 "^Error: .*resolve host"
unset http_proxy no_proxy
HTTP_PROXY=http://$network
export HTTP_PROXY
pulls 'HTTP_PROXY does as well' 3 "http://registry.invalid:$port/a/b:one"

rm -rf "$UDOCKER_DIR"
run udocker -q pull "registry.invalid:$port/a/b:one"
is_error 'other hosts are only asked with TLS' 1 "^Error: .*'https://registry"
mkdir -p "$HOME/.udocker"
printf '[DEFAULT]\ninsecure_registries = %s\n' "registry.invalid:$port" \
  > "$HOME/.udocker/udocker.conf"
unset HTTP_PROXY
pulls 'unless they are listed as insecure' 3 "registry.invalid:$port/a/b:one" \
  "--httpproxy=http://$network"

# Mirrors: the first is asked first, then the others, then the registry.
network_stop
registry_push "oci:$work/layout:one" library/word:latest
network_start 'slow 0 x'
first=$network
first_log=$network_log
network_start 'status - manifests/ 503,1000' 'flip - blobs/'
second=$network
second_log=$network_log
# mirrors REGISTRY=URL...: use these.
mirrors ()
{
  printf '[DEFAULT]\nregistry_mirrors = %s\n' "$*" \
    > "$HOME/.udocker/udocker.conf"
  : > "$first_log"
  : > "$second_log"
  rm -rf "$UDOCKER_DIR"
}

mirrors "docker.io=http://$first"
run udocker -q pull word
is 'a mirror is asked for images of Docker Hub' \
  "$status$stderr $(wc -l < "$first_log")" '0 3'
ok 'which keep their name' test -f "$UDOCKER_DIR/repos/word/latest/TAG"
mirrors "registry.invalid=http://$second" "registry.invalid=http://$first"
run udocker pull registry.invalid/a/b:one
is 'another one when it fails' "$status $(grep -c manifests "$first_log") $(
  grep -c manifests "$second_log")" '0 1 1'
like 'which is said' "$stderr" "^Info: mirror passed over: .*'http://$second'"
mirrors "registry.invalid=http://$second" "registry.invalid=http://$first"
run udocker -q manifest inspect registry.invalid/a/b:one
is 'also for a manifest' "$status$stderr" 0
mirrors "registry.invalid=http://127.0.0.1:1" "registry.invalid=http://$first"
run udocker -q search --list-tags registry.invalid/a/b
is 'and for tags' "$status$stdout$stderr" 0one
mirrors "$registry=http://$second"
run udocker -q pull "$registry/a/b:one"
is 'and in the end the registry' "$status$stderr" 0
mirrors "registry.invalid=http://$second"
run udocker -q pull registry.invalid/a/b:one
is_error 'whose error is told' 1 "^Error: .*'https://registry.invalid'"
mirrors "registry.invalid=http://$second"
run udocker -q pull "--registry=http://$registry" a/b:one
is 'a registry that is named in words is asked itself' \
  "$status $(wc -l < "$second_log")" '0 0'

done_testing
