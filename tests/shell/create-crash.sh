# create: killed, in parallel, on a full disk, without permission.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# KILLS=N is the number of kills (20, 300 in the long form).

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/kills.sh"
need python3 setsid timeout

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

python3 - << 'END'
from images import *
import os
image("test/x", *[layer(*[entry("d%d/f%d" % (i, j), data=os.urandom(3000))
                          for j in range(150)]) for i in range(6)])
image("test/small", layer("f"))
END
containers=$UDOCKER_DIR/containers

# whole: every container in the list has all its files.
whole ()
{
  for whole_id in $(udocker ps | sed 1d | cut -d ' ' -f 1); do
    test "$(find "$containers/$whole_id/ROOT" -type f | wc -l)" = 900 \
      && test -s "$containers/$whole_id/container.json" \
      && test "$(cat "$containers/$whole_id/imagerepo.name")" = test/x:latest \
      || return 1
  done
}

count ()
{
  udocker ps | sed 1d | wc -l
}

time_it udocker create test/x
test "${TEST_LONG-}" = yes && : "${KILLS=300}"
kills "${KILLS-20}" whole udocker create --name=victim test/x
# shellcheck disable=SC2046
run udocker rm $(udocker ps | sed 1d | cut -d ' ' -f 1)
is "all can be removed" "$status$(ls -A "$containers")" 0

ln -s 11111111-2222-4333-8444-555555555555 "$containers/victim"
run udocker create --name=victim test/small
is "a name that leads nowhere can be had" \
  "$status$(readlink "$containers/victim")" "0$stdout"
run udocker create --name=victim test/small
is_error "  and is taken then" 1 'container name already exists: victim'
udocker rm victim

interruptions udocker create --name=victim test/x

for i in 1 2 3 4 5 6 7 8; do
  { udocker create test/x > "out.$i" 2>&1; echo "$?" > "status.$i"; } &
done
wait
is "eight creates at once" "$(cat status.?)" "$(yes 0 | head -n 8)"
is "  make eight containers" "$(sort -u out.? | wc -l) $(count)" "8 8"
ok "  that are whole" whole
# shellcheck disable=SC2046
run udocker rm $(cat out.?)
is "  and go" "$status $(count)" '0 0'

rivals 5 udocker create --name=victim test/x
run udocker create --name=victim --force test/small
is "--force creates without the name" \
  "$status$(readlink "$containers/victim")" "0$(cat rival-out.?)"
is "  and says so" "$stderr" "Warning: container name already exists: victim"
udocker rm victim "$(udocker ps | sed -n '/small/s/ .*//p')" 2> /dev/null

run udocker create --name=a/b test/small
is_error "a bad name" 1 \
  "^Error: invalid container name or wrong format: 'a/b': a name has no slash"
run udocker create --name=-x test/small
is_error "one that is like an option" 1 \
  "^Error: invalid container name .*: '-x': .* does not begin with '-'"
is "  makes nothing" "$(count)$(ls -A "$containers")" 0
run udocker create test/none
is_error "an unknown image" 1 \
  '^Error: create container: imagerepo is invalid: image not found: test/none:latest$'
run udocker create
is_error "no image" 1 \
  '^Error: must specify image:tag or repository/image:tag'
run udocker create '../../etc:x'
is_error "a name that leads out" 1 '^Error: must specify image:tag'

# A limit on the size of files fails like a disk that is full.
python3 - << 'END'
from images import *
image("test/big", layer("first"), layer(entry("big", data=bytes(3000000))))
END
run sh -c 'ulimit -f 1000; exec udocker create test/big'
is_error "no room" 1 "^Error: .*cannot write 'big': File too large\$"
is "  leaves nothing" "$(ls -A "$containers")" ''

chmod 555 "$containers"
run udocker create test/small
is_error "no permission" 1 \
  "^Error: '?$containers.*: Permission denied; the repository '.*' is read-only\$"
run udocker ps
is "ps works without it" "$status$stderr" 0
chmod 755 "$containers"

# File systems that lack something.
python3 - << 'END'
from images import *
image("test/links", layer(entry("a", data="content", mode=0o755), entry("b", HARD, to="a"),
                          entry("l", LINK, to="a"), entry("m", HARD, to="l")))
END
full=$libexec/udocker-full
if strace -o /dev/null -e inject=flock:error=ENOSYS true 2> /dev/null; then
  run strace -f -qq -o /dev/null -e inject=flock:error=ENOSYS \
    "$full" create --name=unlocked test/small
  is "a file system without locks" "$status$(count)" 01
  like "  is warned of" "$stderr" '^Warning: this file system knows no locks'
  udocker rm unlocked 2> /dev/null
  run strace -f -qq -o /dev/null -e inject=linkat:error=EPERM \
    "$full" create --name=copied test/links
  is "a file system without hard links" \
    "$status$stderr$(cd "$containers/copied/ROOT" && cat a b m && stat -c '%h %a' a b)" \
    '0contentcontentcontent1 755
1 755'
  udocker rm copied 2> /dev/null
  for call in syncfs pwrite64 mkdirat renameat; do
    run strace -f -qq -o /dev/null -e "inject=$call:error=ENOSPC" \
      "$full" create test/x
    is_error "no space left in $call" 1 "^Error: .*No space left on device\$"
    is "  leaves nothing" "$(ls -A "$containers")" ''
  done
else
  skip "a file system without locks" "no strace"
fi

rm "$UDOCKER_DIR"/repos/test/small/latest/manifest
run udocker create test/small
is_error "an image without its manifest" 1 \
  "^Error: create container: getting layers or json: image 'test/small:latest': "
id=$(udocker create test/x)
rm "$(find "$UDOCKER_DIR/layers" -size +100k | head -n 1)"
run udocker create test/x
is_error "an image without a layer" 1 \
  "^Error: create container: getting layers or json: image 'test/x:latest': layer 'sha256:.*' is missing\$"
is "  the container that was made of it lives" "$(count)" 1

# Trees that are hard to remove.
(cd "$containers/$id/ROOT" && chmod 0 d0 && chmod 500 d1 && mkdir -p a/b \
  && ln -s "$HOME" a/b/home && echo precious > "$HOME/file" && chmod 0 a/b a \
  && chmod 0 . )
run udocker rm "$id"
is "a tree without permissions can be removed" \
  "$status$(ls -A "$containers")" 0
is "  links in it are not followed" "$(cat "$HOME/file")" precious

done_testing
