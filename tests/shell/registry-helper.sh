#!/bin/sh
# The registry that other tests stand on: plain, and with TLS and a password.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
need docker-registry skopeo umoci busybox curl openssl htpasswd

registry_start
registry_push_busybox library/busybox:1
registry_push_busybox docker/busybox:2 --format v2s2
like 'a plain registry has the image' \
  "$(curl -s "http://$registry/v2/library/busybox/tags/list")" '"1"'
like 'the other one has Docker'\''s manifest' \
  "$(curl -s -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
     "http://$registry/v2/docker/busybox/manifests/2")" \
  'vnd.docker.distribution.manifest.v2'

registry_start tls auth=ann:secret
registry_push_busybox private/busybox:1
is 'the other registry wants a password' \
  "$(curl -s -o answer -w '%{http_code}' --cacert "$registry_ca" \
     "https://$registry/v2/")" 401
is 'and takes the right one' \
  "$(curl -s -o answer -w '%{http_code}' --cacert "$registry_ca" \
     -u ann:secret "https://$registry/v2/")" 200

done_testing
