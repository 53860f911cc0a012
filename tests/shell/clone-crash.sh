# clone: killed, interrupted, in parallel.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# KILLS=N is the number of kills (10, 60 in the long form).

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/kills.sh"
need python3 timeout

containers=$UDOCKER_DIR/containers
udocker -q ps > /dev/null || bail "ps does not work"
id=01234567-89ab-3def-8123-456789abcdef
mkdir -p "$containers/$id/ROOT"
python3 "$top_srcdir/tests/trees.py" many "$containers/$id/ROOT" 700 \
  || bail "no tree"
echo '{}' > "$containers/$id/container.json"
printf 'test:latest' > "$containers/$id/imagerepo.name"
things=$(find "$containers/$id" | wc -l)

# whole: every container in the list has all its files.
whole ()
{
  for whole_id in $(udocker ps | sed 1d | cut -d ' ' -f 1); do
    test "$(find "$containers/$whole_id" | wc -l)" = "$things" || return 1
  done
}

time_it udocker clone --name=victim $id
udocker rm victim 2> /dev/null
test "${TEST_LONG-}" = yes && : "${KILLS=60}"
kills "${KILLS-10}" whole udocker clone --name=victim $id
run udocker rm victim
is "  it can be removed" "$status$(ls "$containers")" 0$id
interruptions udocker clone --name=victim $id
rivals 4 udocker clone --name=victim $id
ok "  and it is whole" whole

done_testing
