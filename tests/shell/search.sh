#!/bin/sh
# Search an index or a registry, and list tags.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/search-service.sh"

need docker-registry skopeo openssl python3

# Docker Hub's search.
search_start v2 230
UDOCKER_INDEX=http://$index
export UDOCKER_INDEX
run udocker search 'a word&more'
is 'a search works' "$status$stderr" 0
is 'there is a header' "$(head -n 1 stdout)" \
  "$(printf '%-55.80s %8.8s %-70.70s %5.5s' NAME OFFICIAL DESCRIPTION STARS)"
is 'and columns under it' "$(sed -n 2p stdout)" \
  "$(printf '%-55.80s %8.8s %-70.70s %5.5s' word '[OK]' \
    'Number 0 of the words' 230)"
is 'or a mark where it is not official' "$(sed -n 3p stdout)" \
  "$(printf '%-55.80s %8.8s %-70.70s %5.5s' user/word-1 ---- \
    'Number 1 of the words' 229)"
is 'all pages come when nobody is there to ask' "$(wc -l < stdout)" 231
is 'each is asked for once, with the word escaped' "$(cat "$index_log")" \
  '/v2/search/repositories?query=a%20word%26more&page_size=100
/v2/search/repositories?query=a%20word%26more&page_size=100&page=2
/v2/search/repositories?query=a%20word%26more&page_size=100&page=3'
run udocker -q search word
is 'with -q there is no header' "$(head -n 1 stdout | cut -d ' ' -f 1)" word
run udocker search -a --format=json word
ok 'JSON can be had' python3 -c '
import json, sys
found = json.load(open("stdout"))
assert len(found) == 230
assert found[0] == {"name": "word", "official": True, "stars": 230,
                    "description": "Number 0 of the words"}'
: > "$index_log"
run udocker search
is 'without a word everything is searched' "$status $(head -n 1 "$index_log")" \
  '0 /v2/search/repositories?query=%2A&page_size=100'
unset UDOCKER_INDEX
for place in "--index=http://$index word" "--registry=$index word" \
    "$index/word" "http://$index/word"; do
  # shellcheck disable=SC2086  # two words
  run udocker search $place
  is "search $place" "$status $(sed -n 2p stdout | cut -d ' ' -f 1)" '0 word'
done
search_start v2 0
run udocker search "$index/word"
is 'to find nothing is no error' "$status$stdout$stderr" 0

# Older indexes.
search_start v1 25
run udocker search "$index/word"
is 'an index of the old kind is searched' \
  "$status $(wc -l < stdout) $(tail -n 1 stdout | cut -d ' ' -f 1)" \
  '0 26 user/word-24'
is 'when the new kind is not there' "$(cat "$index_log")" \
  '/v2/search/repositories?query=word&page_size=100
/v1/search?q=word&n=100
/v1/search?q=word&n=100&page=2
/v1/search?q=word&n=100&page=3'

# Hostile ones.
search_start hostile 8
run udocker search "$index/word"
is 'what is of a wrong type is passed over' "$status $(wc -l < stdout)" '0 5'
ok 'nothing but printable characters reaches a terminal' \
  test "$(tr -d ' -~\n' < stdout | wc -c)" = 0
is 'nor more than fits' "$(awk '{ if (length > n) n = length } END { print n }' \
  stdout)" 166
run udocker search --no-trunc "$index/word"
is 'unless it is to be whole' "$(awk 'length > 200000' stdout | wc -l)" 1
run udocker search --format=json "$index/word"
ok 'JSON has what came, escaped' python3 -c '
import json
text = open("stdout", "rb").read()
assert all(32 <= byte < 127 or byte == 10 for byte in text)
assert json.loads(text)[0]["name"] == "esc\033[2Jape\r\007"'
search_start endless 1
udocker search "$index/word" 2> stderr | head -n 300 > stdout
is 'results without end can be cut' "$(wc -l < stdout)" 300
search_start v2 3
registry=$index
network_start 'more - /v2/search 20000000'
run udocker search "$network/word"
is_error 'an answer without an end is an error' 1 \
  "^Error: index 'http://$network': its answer is too big"
network_stop
search_start junk 1
run udocker search "$index/word"
is_error 'an answer that is not JSON is an error' 1 \
  "^Error: index 'http://$index' cannot be searched: "
run udocker search --list-tags "$index/a/b"
is_error 'also to a question for tags' 1 "^Error: registry 'http://$index'"
search_start none 1
run udocker search "$index/word"
is_error 'a place that cannot be searched is an error' 1 \
  "^Error: index 'http://$index' cannot be searched: HTTP 404 Not Found: no"
run udocker search 127.0.0.1:1/word
is_error 'so is one where nobody listens' 1 \
  "^Error: cannot reach registry 'https?://127.0.0.1:1'"
run udocker search a b
is 'two words are an error' "$status" 1

# A real registry, which has no search but a list, and gives it in pages.
registry_start
layout_begin "$work/layout"
layout_layer 1000 layer
layout_image one
registry_push "oci:$work/layout:one" a/base:one
# 120 more tags and repositories, as directories, which is all that the
# registry looks for, and much faster than pushing them.
store=$registry_data/docker/registry/v2/repositories
for number in $(seq 120); do
  cp -r "$store/a/base/_manifests/tags/one" \
    "$store/a/base/_manifests/tags/$(printf 't%04d' "$number")"
  mkdir -p "$store/some/name-$number/_layers"
done

run udocker search "$registry/NAME-1"
is 'a registry without a search has a list' \
  "$status $(tail -n +2 stdout | wc -l)" \
  "0 $(seq 120 | grep -c '^1')"
like 'of names' "$stdout" '^some/name-117  *----  '
is 'that it gives in pages' \
  "$(grep -c '"GET /v2/_catalog[^ ]* HTTP' "$registry_log")" 2
run udocker search "$registry/"
is 'all are found without a word' "$status $(wc -l < stdout)" '0 122'
run udocker search --list-tags "$registry/a/base"
is 'all tags of a repository are listed' "$status $(wc -l < stdout)" '0 121'
is 'one a line' "$(sort stdout | sed -n 2p)" t0001
run udocker search --list-tags "--registry=http://$registry" a/base
is 'also with --registry' "$status $(wc -l < stdout)" '0 121'
run udocker search --list-tags --format=json "$registry/a/base"
is 'and as JSON' "$(python3 -c 'import json
print(len(json.load(open("stdout"))))')" 121
run udocker search --list-tags "$registry/a/nosuch"
is_error 'a repository that is not there is an error' 1 \
  "^Error: registry 'http://$registry' .*'a/nosuch': HTTP 404"
run udocker search --list-tags
is_error 'so is none' 1 '^Error: must specify image:tag'
registry_push "oci:$work/layout:one" library/word:one
run udocker search --list-tags "--registry=http://$registry" word
is 'a one-word name may be below library/' "$status$stdout" 0one

search_start tags 20
run udocker search --list-tags "$index/a/b"
is 'tags that come in pages are all listed' \
  "$status $(sort -u stdout | wc -l) $(tail -n 1 stdout)" '0 20 tag-019'
is 'whatever the links look like' "$(wc -l < "$index_log")" 7

done_testing
