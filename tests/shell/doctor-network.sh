# udocker doctor asks registries when it is told to, and only then.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"

need docker-registry python3

# says LIST: what the last run said of registries, a line each.
says ()
{
  python3 -c '
import json
for r in json.load(open("stdout")).get("registries", []):
    print(r["name"], r["works"], r.get("reason", ""))'
}

registry_start
open=$registry
asked=$(grep -c 'GET /v2/' "$registry_log")
printf 'dockerio_registry_url = http://%s\n' "$open" > this.conf
udocker --config=this.conf doctor > plain
is 'registries are not asked unless that is wanted' \
  "$(grep -c 'GET /v2/' "$registry_log")" "$asked"
not_ok 'nor spoken of' grep -q Registries plain
run udocker doctor --format=json --registry="http://$open"
is 'one that is there works' "$(says | sed -n 2p)" "http://$open True "
not_ok 'it was asked' test "$(grep -c 'GET /v2/' "$registry_log")" = "$asked"
run env UDOCKER_REGISTRY=x udocker doctor --registry="$open"
like 'the table has it, too' "$stdout" "^  $open +works\$"

registry_stop
run udocker doctor --format=json --registry="http://$open"
like 'one that is gone does not' "$(says | sed -n 2p)" \
  "^http://$open False cannot reach registry '"

registry_start auth=me:secret
run udocker doctor --format=json --registry="http://$registry"
is 'one that wants a login is there' "$(says | sed -n 2p)" \
  "http://$registry True it wants a login"
printf 'dockerio_registry_url = http://%s\nregistry_mirrors = docker.io=http://%s\n' \
  "$registry" "$open" > some.conf
run udocker --config=some.conf doctor --network --format=json
like 'those of the settings are asked' "$(says)" "^http://$registry True"
like 'mirrors as well' "$(says)" "^http://$open False"
run env https_proxy=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 \
  udocker doctor --format=json --registry=http://registry.invalid
like 'a proxy that does not work is told' "$(says | sed -n 2p)" \
  'registry.invalid False .*127.0.0.1'
run udocker doctor --registry='ftp://x y'
like 'nonsense is no registry' "$stdout" '^  ftp://x y +does not work: '

done_testing
