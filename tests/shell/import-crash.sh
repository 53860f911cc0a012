# import: killed, interrupted, in parallel.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# KILLS=N is the number of kills (10, 60 in the long form).

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/kills.sh"
need python3 timeout tar

containers=$UDOCKER_DIR/containers
udocker -q ps > /dev/null || bail "ps does not work"
mkdir tree
python3 "$top_srcdir/tests/trees.py" many tree 700 || bail "no tree"
tar -C tree -cf root.tar .
things=$(find tree | wc -l)
test "${TEST_LONG-}" = yes && : "${KILLS=60}"

# whole: every container in the list has all its files.
whole ()
{
  for whole_id in $(udocker ps | sed 1d | cut -d ' ' -f 1); do
    test "$(find "$containers/$whole_id/ROOT" | wc -l)" = "$things" \
      && test -s "$containers/$whole_id/container.json" || return 1
  done
}

for how in --tocontainer --clone; do
  time_it udocker import $how --name=victim root.tar
  udocker rm victim 2> /dev/null
  kills "${KILLS-10}" whole udocker import $how --name=victim root.tar
  run udocker rm victim
  is "  it can be removed" "$status$(ls -A "$containers")" 0
done
interruptions udocker import --clone --name=victim root.tar
RIVALS_ERROR="importing: " rivals 4 udocker import --tocontainer --name=victim root.tar
ok "  and it is whole" whole
udocker rm victim 2> /dev/null

# Images.
cp root.tar copy.tar
time_it udocker import root.tar test/image
udocker rmi test/image 2> /dev/null
bad=0
i=0
while test $i -lt "${KILLS-10}"; do
  i=$((i + 1))
  cp copy.tar root.tar
  timeout -s KILL "$(seconds $((took * i * 11 / ${KILLS-10} / 10 + 1)))" \
    udocker import --mv root.tar test/image > /dev/null 2>&1
  if udocker images | grep -q test/image; then
    udocker create test/image > out 2> err || bad=$((bad + 1))
    udocker rm "$(cat out)" 2> /dev/null
  else
    # It is not gone before the image is there.
    cmp root.tar copy.tar || bad=$((bad + 1))
  fi
  udocker rmi test/image 2> /dev/null
done
is "kills leave an image or the file" $bad 0
cp copy.tar root.tar
run udocker import --mv root.tar test/image
is "afterwards it works" \
  "$status$(printf '%s\n' "$stderr" | grep -v -e '^Info: added layer' -e '^$')" 0
# What was killed in the moment when it has no lock is kept for a while.
find "$UDOCKER_DIR/repos" \( -name '.*.part' -o -name '.*.new' \) \
  -exec touch -d '8 days ago' {} +
run udocker rmi test/image
find "$UDOCKER_DIR/layers" -name '.*.stage' -exec touch -d '1 month ago' {} +
udocker import --tocontainer copy.tar > out
udocker rm "$(cat out)" 2> /dev/null
is "  and nothing is left" \
  "$(find "$UDOCKER_DIR/layers" "$containers" "$UDOCKER_DIR/repos" -type f ! -name .lock)" ''

for rival in 1 2 3 4; do
  { udocker import copy.tar test/image > /dev/null 2> "err.$rival"
    echo $? > "status.$rival"; } &
done
wait
is "of four with one name one succeeds" \
  "$(cat status.? | sort | uniq -c | tr -s ' \n' ' ')" " 1 0 3 1 "
is "  the others say why" "$(grep -h Error err.? | sort | uniq -c | tr -s ' ')" \
  " 3 Error: importing: tag already exists in repo: test/image:latest"

done_testing
