#!/bin/sh
# login asks the registry, and what is kept is what pull finds.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/token-service.sh"

need docker-registry skopeo openssl python3 htpasswd

keystore=$HOME/.udocker/keystore

# pulls WHAT STATUS IMAGE: a result, good when a pull of IMAGE, of which
# nothing is here, ends with STATUS.
pulls ()
{
  rm -rf "$UDOCKER_DIR"
  run udocker -q pull "$3"
  is "$1" "$status" "$2" || note "$stderr"
}

# A registry with passwords.
layout_begin "$work/layout"
layout_layer 1000 layer
layout_image one
registry_start auth=me:secret
registry_push "oci:$work/layout:one" a/b:one
registry_push "oci:$work/layout:one" library/word:latest
run udocker login --username=me --password=wrong "--registry=$registry"
is_error 'credentials that the registry refuses are an error' 1 \
  "^Error: invalid credentials: 'http://$registry' refuses them: HTTP 401 "
ok 'and are not kept' test ! -e "$keystore"
run udocker login --username=me --password=secret "--registry=$registry"
is 'good ones are kept' "$status$stdout$stderr" 0
pulls 'and found by a pull' 0 "$registry/a/b:one"
run udocker search --list-tags "$registry/a/b"
is 'and a question for tags' "$status$stdout$stderr" 0one
run udocker search "$registry/wor"
is 'and a search' "$status $(tail -n 1 stdout | cut -d ' ' -f 1)" \
  '0 library/word'
run udocker manifest inspect "$registry/a/b:one"
is 'and a look at the manifest' "$status$stderr" 0
# What lies elsewhere has no question.
guarded=$registry
registry_start "data=$registry_data" readonly
network_start 'slow 0 x'
elsewhere_log=$network_log
elsewhere=$network
registry=$guarded
network_start "redirect - blobs/ http://$elsewhere"
run udocker login --username=me --password=secret "--registry=$network"
pulls 'a redirect to another host is followed' 0 "$network/a/b:one"
is 'without credentials' "$(awk '{ print $4 }' "$elsewhere_log" | sort -u)" -
like 'which the registry got' "$(cat "$network_log")" '/manifests/.* Basic 200 '
run udocker logout "--registry=$network"
network_stop
cp "$keystore" before
run udocker login --username=me --password=wrong "--registry=$registry"
is 'wrong ones do not replace them' "$status $(cmp before "$keystore")" '1 '
run udocker logout "--registry=$registry"
pulls 'after logout they are gone' 1 "$registry/a/b:one"

# Docker Hub, whatever it is called.
UDOCKER_REGISTRY=http://$registry
export UDOCKER_REGISTRY
run udocker login --username=me --password=wrong
is_error 'without --registry the one of the settings is asked' 1 \
  "^Error: invalid credentials: 'http://$registry' refuses them"
run udocker login --username=me --password=secret
pulls 'and its credentials are used for names without a host' 0 word
run udocker logout
is 'logout takes the same one' "$status$stderr" 0
unset UDOCKER_REGISTRY
# Where nobody can be reached.
https_proxy=http://127.0.0.1:1
export https_proxy
for name in docker.io index.docker.io registry-1.docker.io hub.docker.com \
    https://index.docker.io/v1/ https://docker.io; do
  rm -f "$keystore"
  run udocker login --username=u --password=p "--registry=$name"
  is "login to $name" "$status $(cat "$keystore")" \
    '0 { "https://registry-1.docker.io": { "auth": "dTpw", "email": "" } }'
  run udocker logout
  is 'is login to Docker Hub' "$status" 0
done
like 'offline, credentials are kept with a warning' \
  "$(udocker login --username=u --password=p 2>&1)" \
  "^Warning: credentials are kept without having been tried: cannot reach "
run udocker logout -a
unset https_proxy
run udocker login --username=u --password=p --registry=localhost:1
like 'also where nobody listens' "$status $stderr" '^0 Warning: .*localhost:1'
network_start 'status - /v2/ 500'
run udocker login --username=u --password=p "--registry=$network"
like 'and where the registry is broken' "$status$stderr" '^Warning: .*500'
network_stop
network_start 'status - /v2/ 403'
run udocker login --username=u --password=p "--registry=$network"
is_error 'but not where it says no' 1 '^Error: invalid credentials: .*403'
network_stop
registry_start
run udocker login --username=u --password=p "--registry=$registry"
like 'a registry that asks nobody takes all' "$status $stderr" \
  '^0 Info: .*does not ask'

# A registry with a token service.
registry_push "oci:$work/layout:one" private/b:one
service_start
run udocker login --username=me --password=wrong "--registry=$registry"
is_error 'a token service refuses them too' 1 \
  "^Error: invalid credentials: 'http://.*/token?.*' refuses them: HTTP 401.*incorrect"
run udocker login --username=me --password=secret "--registry=$registry"
is 'or takes them' "$status$stderr" 0
is 'asked for no scope' "$(tail -n 1 "$service_log")" 'GET me '
pulls 'a pull finds them' 0 "$registry/private/b:one"

# The keystore belongs to its owner alone.
chmod 644 "$keystore"
run udocker login --username=me --password=secret "--registry=$registry"
is_error 'a keystore that others can read is refused' 1 \
  "^Error: '$keystore' is open to others; 'chmod 600 $keystore' closes it\$"
run udocker logout -a
is_error 'also by logout' 1 \
  "^Error: deleting credentials: '$keystore' is open to others"
pulls 'though it is used' 0 "$registry/private/b:one"
chmod 600 "$keystore"
if test -O / || ! test -d /var/tmp; then
  skip 'a directory of somebody else is refused' 'all are ours'
else
  UDOCKER_KEYSTORE=/var/tmp/udocker-keystore-$$ run udocker login \
    --username=me --password=secret "--registry=$registry"
  is_error 'a directory of somebody else is refused' 1 \
    "^Error: directory '/var/tmp' belongs to another user"
fi

done_testing
