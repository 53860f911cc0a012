# clone: killed, interrupted, in parallel.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# KILLS=N is the number of kills (10, 60 in the long form).

. "${top_srcdir:=.}/tests/tap.sh"
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

start=$(date +%s%N)
udocker clone $id > out || bail "clone does not work"
took=$((($(date +%s%N) - start) / 1000000))
udocker rm "$(cat out)" 2> /dev/null
test "${TEST_LONG-}" = yes && : "${KILLS=60}"
kills=${KILLS-10}
late=0
bad=0
i=0
while test $i -lt "$kills"; do
  i=$((i + 1))
  delay=$((took * i * 11 / kills / 10 + 1))
  timeout -s KILL "$((delay / 1000)).$(printf '%03d' $((delay % 1000)))" \
    udocker clone --name=victim $id > out 2> /dev/null && late=$((late + 1))
  whole || bad=$((bad + 1))
  udocker rm victim > /dev/null 2>&1
done
is "$kills kills leave no container that is not whole" $bad 0
note "$late of them came too late"
run udocker clone --name=victim $id
# Who was killed while it flushed still holds the name for a moment.
is "afterwards it works, with the same name" \
  "$status$(printf '%s\n' "$stderr" | grep -v 'Info: waiting')" 0
ok "  and all are whole" whole
find "$containers" -maxdepth 1 \( -name '.*.part' -o -name '.*.new' \) \
  -exec sh -c 'test -e "$1/lock" && test "${1%.new}" = "$1" \
    || touch -d "1 hour ago" "$1"' sh {} \;
udocker rm none 2> /dev/null
is "  and what was half made is gone" \
  "$(find "$containers" -maxdepth 1 -name '.*.*')" ''
# shellcheck disable=SC2046
run udocker rm $(udocker ps | sed 1d | cut -d ' ' -f 1 | grep -v $id)
is "  all can be removed" "$status$(ls "$containers")" 0$id

for signal in INT TERM HUP; do
  status=0
  timeout --foreground -s "$signal" "0.$(printf '%03d' $((took / 2 % 1000)))" \
    sh -c "trap - INT HUP; exec udocker clone --name=n $id" > out 2> err \
    || status=$?
  if test "$status" = 124 && test ! -s out; then
    is "SIG$signal leaves nothing" "$(cat err; ls "$containers")" "$id"
  else
    skip "SIG$signal leaves nothing" "it came too late, $status"
    udocker rm n > /dev/null 2>&1
  fi
done

for i in 1 2 3 4; do
  { udocker clone --name=one $id > "out.$i" 2> "err.$i"
    echo $? > "status.$i"; } &
done
wait
is "of four clones with one name one succeeds" \
  "$(sort status.? | tr '\n' ' ')$(ls "$containers" | wc -l)" '0 1 1 1 3'
is "  the others say why" \
  "$(cat err.? | grep -v waiting | sort -u)" \
  'Error: container name already exists: one'
ok "  and it is whole" whole

done_testing
