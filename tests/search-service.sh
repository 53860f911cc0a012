# Search services for shell tests.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/bad-network.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

# search_start KIND COUNT: start a search service as tests/search-service.py
# says.  Sets $index (HOST:PORT) and $index_log.
search_start ()
{
  search_count=$((${search_count:-0} + 1))
  index_log=$work/search-$search_count.log
  : > "$index_log"
  python3 "$top_srcdir/tests/search-service.py" "$work/search-$search_count" \
    "$index_log" "$1" "$2" < /dev/null &
  search_pid=$!
  at_end "kill $search_pid 2> /dev/null"
  wait_for_file "$work/search-$search_count" $search_pid
  index=127.0.0.1:$(cat "$work/search-$search_count")
}
