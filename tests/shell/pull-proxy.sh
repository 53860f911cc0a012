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

done_testing
