# A token service for the registry of tests/registry.sh.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/bad-network.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

# service_start [KEY=VALUE]...: start a token service, and the registry (anew)
# so that it demands its tokens, which are given to the user "me" with the
# password "secret".  Sets $service_log.
service_start ()
{
  service_count=$((${service_count:-0} + 1))
  service_log=$work/service-$service_count.log
  : > "$service_log"
  test -f "$work/token.key" \
    || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests \
      -keyout "$work/token.key" -out "$work/token.crt" 2> /dev/null \
    || bail 'openssl cannot make a certificate'
  stand_in "service-$service_count" token-service.py "$service_log" \
    "$work/token.key" "$work/token.crt" me:secret "$@"
  service_pid=$stand_in_pid
  sed -i '/^auth:/,$d' "$registry_home/config.yml"
  cat >> "$registry_home/config.yml" << END
auth:
  token:
    realm: http://$stand_in/token?x=1
    service: "registry of tests, with a comma"
    issuer: tests
    rootcertbundle: $work/token.crt
END
  registry_restart
}
