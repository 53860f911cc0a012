# A container that is copied by hand, and a repository that is moved.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
need python3 tar

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
# shellcheck disable=SC2154
make_container "$id" first '{"architecture":"amd64","config":{"Cmd":["/bin/sh"]}}' \
  || bail "no container"
# What the Python tool writes about where it was.
# shellcheck disable=SC2154
printf '%s' "$root" > "$UDOCKER_DIR/containers/$id/root.path"
printf 'P1' > "$UDOCKER_DIR/containers/$id/execmode"
python3 - << 'END' || bail "no image"
import os
from images import *
busybox = next(p for p in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(p))
image("test/box", layer(entry("bin", DIR), entry("bin/busybox", mode=0o755,
      data=open(busybox, "rb").read()), entry("bin/echo", LINK, to="busybox")))
END
old=$UDOCKER_DIR
is "the image tells where it was" "$(cat "$old/repos/test/box/latest/TAG")" \
  "$old/repos/test/box:latest"

udocker mkrepo "$work/other" > /dev/null 2>&1
tar -C "$old/containers" -c "$id" | tar -C "$work/other/containers" -x
UDOCKER_DIR=$work/other
like "a container copied by tar is there" "$(udocker ps)" "^$id .*test:latest"
run udocker name "$id" copied
is "  can be named" "$status$stderr" 0
mv "$old" "$old.away"
run udocker run --nobanner copied /bin/echo runs
is "  runs, its first place gone" "$status$stdout$stderr" 0runs
run udocker clone --name=again copied
is "  can be cloned" "$status$stderr" 0
run udocker rm again copied
is "  and removed" "$status$(udocker ps | sed 1d)" 0

# The whole repository, by tar, which is how it comes to another machine.
mkdir "$work/moved"
tar -C "$old.away" -c . | tar -C "$work/moved" -x
rm -rf "$old.away"
UDOCKER_DIR=$work/moved
like "a repository that was moved has its container" "$(udocker ps)" "^$id .*first.*test:latest"
run udocker run --nobanner first /bin/echo runs
is "  which runs" "$status$stdout$stderr" 0runs
like "  and its image" "$(udocker images)" '^test/box:latest '
run udocker run --nobanner --name=new test/box /bin/echo made
is "  of which another is made" "$status$stdout$stderr" 0made
run udocker tag test/box test/again
is "  which takes another name" "$status$stderr" 0
run udocker rmi test/box test/again
is "  and can be removed" "$status$(udocker images | sed 1d)" 0
run udocker rm first new
is "  as the containers can" "$status$(udocker ps | sed 1d)" 0
not_ok "nothing came back where it was" test -e "$old"

done_testing
