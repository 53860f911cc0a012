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
  stand_in "search-$search_count" search-service.py "$index_log" "$1" "$2"
  search_pid=$stand_in_pid
  index=$stand_in
}
