# Pulls, removals, creates and kills at once, of images that share layers.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/python-rules.sh"

need docker-registry skopeo openssl python3 timeout
PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
rounds=12
test "${TEST_LONG-}" != yes || rounds=150

python3 - << 'END'
from images import *
import os
shared = [layer(*[entry("s%d/%d" % (i, j), data=os.urandom(5000)) for j in range(20)])
          for i in range(4)]
oci("a", *shared, layer("a"))
oci("b", *shared, layer("b"))
oci("c", *shared[:2], layer(entry("c", data=os.urandom(300000))))
END
registry_start
for image in a b c; do
  registry_push "oci:$work/$image:x" "test/$image:x"
done

# loop NAME COMMAND: run the shell COMMAND in rounds; what fails goes to
# NAME.bad.
loop ()
{
  loop_name=$1
  : > "$loop_name.bad"
  loop_round=0
  while test "$loop_round" -lt $rounds; do
    loop_round=$((loop_round + 1))
    eval "$2" >> "$loop_name.out" 2>> "$loop_name.bad.$loop_round" \
      || cat "$loop_name.bad.$loop_round" >> "$loop_name.bad"
  done
}

udocker -q pull "$registry/test/a:x" || bail "pull does not work"
pids=
# shellcheck disable=SC2016  # loop evaluates it
{
  loop keeper 'udocker -q pull "$registry/test/a:x" && id=$(udocker create "$registry/test/a:x") && test "$(ls "$UDOCKER_DIR/containers/$id/ROOT/s3" | wc -l)" = 20 && udocker -q rm "$id"' &
  pids="$pids $!"
  loop comer 'udocker -q pull "$registry/test/b:x" && udocker -q rmi "$registry/test/b:x"' &
  pids="$pids $!"
  loop goer 'udocker -q pull "$registry/test/c:x" && udocker create "$registry/test/c:x" && udocker -q rmi "$registry/test/c:x"' &
  pids="$pids $!"
  loop victim 'timeout -s KILL 0.0$((loop_round % 10)) udocker -q pull "$registry/test/c:x"; timeout -s KILL 0.0$((loop_round % 10)) udocker -q rmi "$registry/test/c:x"; timeout -s KILL 0.0$((loop_round % 10)) udocker create "$registry/test/a:x"; true' 2> /dev/null &
  pids="$pids $!"
  loop reader 'udocker images -p -l && udocker ps -p' &
  pids="$pids $!"
}
# shellcheck disable=SC2086
wait $pids

is "who keeps an image always has all of it" "$(cat keeper.bad)" ''
is "who pulls and removes another is not disturbed" "$(cat comer.bad)" ''
is "readers never fail" "$(cat reader.bad; cat reader.bad.* | grep -v '^Info')" ''
note "$(sort goer.bad | uniq -c)"
is "all blobs are what their names say" \
  "$(cd "$UDOCKER_DIR/layers" && openssl dgst -sha256 -r sha256:* \
    | awk '{ if ("*sha256:" $1 != $2) n++ } END { print n + 0 }')" 0
udocker -q rmi "$registry/test/c:x" 2> /dev/null
udocker -q pull "$registry/test/c:x"
run udocker rmi "$registry/test/a:x" "$registry/test/c:x"
is "in the end all can be removed" "$status" 0
# shellcheck disable=SC2046
udocker -q rm $(udocker ps | sed 1d | cut -d ' ' -f 1)
python_rules 'what is left is in order'
# What was killed before it had a lock, and what a pull could resume, is kept
# for a while.
find "$UDOCKER_DIR" \( -name '.*.part' -o -name '.*.new' \) \
  -exec touch -d '8 days ago' {} +
udocker -q rmi test/none 2> /dev/null
is "  and nothing is left" \
  "$(cd "$UDOCKER_DIR" && find repos layers containers ! -type d ! -name .lock)" ''
is "  of containers neither" "$(ls -A "$UDOCKER_DIR/containers")" ''

done_testing
