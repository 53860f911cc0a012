#!/bin/sh
# Real proxies: HTTP, SOCKS 4, 4a, 5 and 5h, with user and password.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"

need docker-registry skopeo openssl python3 curl tinyproxy microsocks danted

# proxy_start NAME COMMAND [ARGUMENT]...: start the proxy NAME, which COMMAND
# runs in the foreground and which listens on the port $proxy_port, and wait
# until it does.  What it says goes to the file NAME.log.
proxy_start ()
{
  proxy_name=$1
  shift
  "$@" < /dev/null >> "$proxy_name.log" 2>&1 &
  proxy_pid=$!
  at_end "kill $proxy_pid 2> /dev/null"
  python3 - "$proxy_port" << 'END' || { cat "$proxy_name.log"; bail "$*"; }
import socket, sys, time
for attempt in range(200):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
        sys.exit(0)
    except OSError:
        time.sleep(0.05)
sys.exit(1)
END
}

# free_port: set $proxy_port to one where nobody listens.
free_port ()
{
  proxy_port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
}

# pulls WHAT PROXY IMAGE [PATTERN]: a result, good when IMAGE can be pulled
# through PROXY, which then has said something that matches PATTERN.
pulls ()
{
  rm -rf "$UDOCKER_DIR"
  : > "$proxy_log"
  run udocker -q pull "--httpproxy=$2" "$3"
  is "$1" "$status$stderr" 0
  test -z "${4-}" || like '  and did go through it' "$(cat "$proxy_log")" "$4"
}

# refused WHAT PROXY IMAGE PATTERN: a result, good when it cannot, because of
# what matches PATTERN.
refused ()
{
  rm -rf "$UDOCKER_DIR"
  run udocker -q pull "--httpproxy=$2" "$3"
  is_error "$1" 1 "$4"
}

layout_begin "$work/layout"
layout_layer 3000 layer
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one
plain=http://localhost:${registry##*:}/a/b:one
plain_port=${registry##*:}
registry_start tls
CURL_CA_BUNDLE=$registry_ca
export CURL_CA_BUNDLE
registry_push "oci:$work/layout:one" a/b:one
secure=$registry/a/b:one

# An HTTP proxy that wants a password.
free_port
cat > tinyproxy.conf << END
Port $proxy_port
Listen 127.0.0.1
Timeout 60
LogLevel Connect
BasicAuth me se-cret
Upstream http 127.0.0.1:$plain_port "registry.invalid"
END
proxy_start tinyproxy tinyproxy -d -c tinyproxy.conf
proxy_log=$work/tinyproxy.log
http=127.0.0.1:$proxy_port
pulls 'plain HTTP through an HTTP proxy' "http://me:se-cret@$http" "$plain" \
  "GET http://localhost:$plain_port/v2/a/b/manifests/one"
pulls 'TLS through it' "http://me:se-cret@$http" "$secure" \
  "CONNECT $registry "
refused 'not without its password' "http://$http" "$plain" '^Error: .*HTTP 407'
refused 'nor with a wrong one' "http://me:other@$http" "$secure" \
  "^Error: cannot reach registry 'https://$registry': .*40[17]"
unlike 'which is not told' "$stderr" other
for variable in http_proxy HTTP_PROXY all_proxy ALL_PROXY; do
  rm -rf "$UDOCKER_DIR"
  : > "$proxy_log"
  run env "$variable=http://me:se-cret@$http" udocker -q pull \
    http://registry.invalid/a/b:one
  is "the variable $variable names it" "$status$stderr" 0
done
# The loopback interface is reached without one: what matters here is who is
# asked for a name that nobody knows.
for variable in https_proxy HTTPS_PROXY all_proxy; do
  rm -rf "$UDOCKER_DIR"
  : > "$proxy_log"
  run env "$variable=http://me:se-cret@$http" udocker -q pull \
    registry.invalid/a/b:one
  is_error "the variable $variable names it for TLS" 1 \
    '^Error: cannot reach registry .https://registry.invalid.: .*'
  like '  and it is used' "$(cat "$proxy_log")" 'CONNECT registry.invalid:443 '
done
for variable in no_proxy NO_PROXY; do
  rm -rf "$UDOCKER_DIR"
  : > "$proxy_log"
  run env "https_proxy=http://me:se-cret@$http" "$variable=x.example,.invalid" \
    udocker -q pull registry.invalid/a/b:one
  is "what $variable names goes without it" "$status$(cat "$proxy_log")" 1
done
printf '[DEFAULT]\nhttp_proxy = http://me:se-cret@%s\n' "$http" > proxy.conf
rm -rf "$UDOCKER_DIR"
run udocker --config=proxy.conf -q pull http://registry.invalid/a/b:one
is 'so does the setting http_proxy' "$status$stderr" 0

# SOCKS 5 with a password.
free_port
proxy_start microsocks microsocks -i 127.0.0.1 -p "$proxy_port" -u me -P secret
proxy_log=$work/microsocks.log
socks=127.0.0.1:$proxy_port
pulls 'SOCKS 5, where we look names up' "socks5://me:secret@$socks" "$plain" \
  "connected to 127\.0\.0\.1:$plain_port"
pulls 'SOCKS 5, where the proxy does' "socks5h://me:secret@$socks" "$plain" \
  "connected to localhost:$plain_port"
pulls 'TLS through it' "socks5h://me:secret@$socks" "$secure" 'connected to'
refused 'not with a wrong password' "socks5h://me:other@$socks" "$plain" \
  "^Error: cannot reach registry 'http://localhost:$plain_port': .*SOCKS5"
refused 'nor without one' "socks5h://$socks" "$plain" \
  "^Error: cannot reach registry .*: .*[Aa]uthentication"

# SOCKS 4, which has no passwords.
free_port
cat > danted.conf << END
logoutput: stdout
internal: 127.0.0.1 port = $proxy_port
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass {
  from: 127.0.0.0/8 to: 0.0.0.0/0
}
socks pass {
  from: 127.0.0.0/8 to: 0.0.0.0/0
  log: connect
}
END
proxy_start danted danted -f danted.conf -p "$work/danted.pid"
proxy_log=$work/danted.log
socks=127.0.0.1:$proxy_port
pulls 'SOCKS 4' "socks4://$socks" "$plain" "127\.0\.0\.1\.$plain_port"
pulls 'TLS through it' "socks4://$socks" "$secure" "127\.0\.0\.1\.${registry##*:}"

# SOCKS 4a, where the proxy looks names up.
free_port
proxy_start socks4a python3 "$top_srcdir/tests/socks4a.py" "$proxy_port"
proxy_log=$work/socks4a.log
socks=127.0.0.1:$proxy_port
ok 'this proxy works with curl' curl -sf -o answer -x "socks4a://$socks" \
  "http://localhost:$plain_port/v2/"
pulls 'SOCKS 4a' "socks4a://$socks" "$plain" \
  "connected to localhost:$plain_port"
pulls 'TLS through it' "socks4a://$socks" "$secure" "connected to $registry"

free_port
refused 'a proxy that is not there' "socks5h://127.0.0.1:$proxy_port" "$plain" \
  "^Error: cannot reach registry .*127.0.0.1.*$proxy_port"
refused 'a proxy of an unknown kind' "gopher://$socks" "$plain" '^Error: .*'

done_testing
