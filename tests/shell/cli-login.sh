# login and logout: the keystore.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

keystore=$HOME/.udocker/keystore
# No registry can be asked here, not even where there is a network, so that
# credentials are kept untried; -q does not say so.
https_proxy=http://127.0.0.1:1
export https_proxy

run udocker -q login --username=u --password=p
is "login" "$status$stdout$stderr" 0
is "the keystore has the form that users' tools know" "$(cat "$keystore")" \
  '{ "https://registry-1.docker.io": { "auth": "dTpw", "email": "" } }'
is "only its owner can read it" "$(stat -c %a "$keystore")" 600
run udocker -q login --registry=quay.io --username v --password 'a b:c'
is "login elsewhere" "$status$stdout$stderr" 0
run udocker -q login --registry=docker.io --username=w --password=p
is "docker.io is Docker Hub" "$(cat "$keystore")" \
  '{ "https://registry-1.docker.io": { "auth": "dzpw", "email": "" }, "https://quay.io": { "auth": "djphIGI6Yw==", "email": "" } }'
printf 'secret\nmore\n' > secret
run_from secret udocker -q login --username=x --password-stdin \
  --registry=http://localhost:1/
is "--password-stdin" "$status$stdout$stderr" 0
ok "reads one line" grep -q \
  '"http://localhost:1": { "auth": "eDpzZWNyZXQ=",' "$keystore"
printf 'me\nsecret\n' > answers
run_from answers udocker -q login --registry=asked.example
is "user and password from standard input" "$status$stdout$stderr" 0
ok "are kept" grep -q '"https://asked.example": { "auth": "bWU6c2VjcmV0"' \
  "$keystore"

cp "$keystore" before
run udocker -q login --username= --password=p
is_error "an empty user name" 1 \
  '^Error: invalid credentials: the user name is empty$'
run udocker -q login --username=u
is_error "no password" 1 '^Error: invalid credentials: the password is empty$'
run udocker -q login --username=a:b --password=p
is_error "a colon in the user name" 1 '^Error: invalid credentials: '
run udocker login --username=u --password=ABC1 --registry=upper.example
is "a password in upper case" "$status$(printf '%s\n' "$stderr" \
  | head -n 1)" '0Warning: password in uppercase Caps Lock ?'
run udocker logout --registry=upper.example
is "logout" "$status$stdout$stderr" 0
is "leaves the others" "$(cat "$keystore")" "$(cat before)"
run udocker logout --registry=upper.example
is_error "logout twice" 1 \
  "^Error: deleting credentials: no credentials for 'https://upper.example' are kept\$"
run udocker logout -a
is "logout -a" "$status$stdout$stderr" 0
not_ok "removes the keystore" test -e "$keystore"
run udocker logout
is_error "logout of nobody" 1 \
  "^Error: deleting credentials: no credentials are kept in '$keystore'\$"

echo '[]' > "$keystore"
chmod 600 "$keystore"
run udocker -q login --username=u --password=p
is_error "a file that is no keystore" 1 "^Error: '$keystore' is no keystore\$"
is "is left alone" "$(cat "$keystore")" '[]'
printf '{"https://x": {"auth": "dTpw", "email": ""}' > "$keystore"
run udocker -q login --username=u --password=p
is_error "a keystore that was cut" 1 "^Error: .*$keystore"

rm "$keystore"
UDOCKER_KEYSTORE=$work/other/keys
export UDOCKER_KEYSTORE
run udocker -q login --username=u --password=p
is "UDOCKER_KEYSTORE" "$status$(stat -c %a "$work/other/keys")" 0600

done_testing
