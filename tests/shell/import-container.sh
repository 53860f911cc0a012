# import --tocontainer and --clone: trees come back, hostile ones stay inside.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/trees.sh"
need tar

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
# What has no place in an archive, or not in a tree of one's own, is compared
# without it: sockets, set-id bits, files closed to their owner.
no_sockets
python3 "$trees" show "$original/ROOT" modes > before

# made WHAT NAME: the last run made a container called NAME with the same tree.
made ()
{
  is "$1" "$status$stderr" 0
  like "  prints an id alone" "$stdout" \
    '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$'
  is "  which has the name" "$(readlink "$containers/$2")" "$stdout"
  python3 "$trees" show "$containers/$2/ROOT" modes > after
  ok "  and the same tree" diff before after
}

udocker export first > root.tar || bail "export does not work"
udocker export --clone first > whole.tar
LC_ALL=C run udocker import --tocontainer --name=plain root.tar
made "a file system" plain
is "  shows that it was imported" "$(cat "$containers/plain/imagerepo.name")" \
  IMPORTED:unknown
like "  for this machine" "$(udocker inspect plain)" \
  "\"architecture\": \"$(udocker showconf > /dev/null; case $(uname -m) in x86_64) echo amd64;; aarch64) echo arm64;; *) echo .*;; esac)\""
run_from root.tar udocker import --tocontainer --name=stdin --platform=linux/arm/v7 - a/b:c
made "from the standard input" stdin
is "  shows the image" "$(cat "$containers/stdin/imagerepo.name")" a/b:c
like "  and the platform" "$(udocker inspect stdin | tr -d '\n ')" \
  '"architecture":"arm".*"os":"linux".*"variant":"v7"'
for tool in gzip zstd xz bzip2; do
  if command -v $tool > /dev/null; then
    $tool -c < root.tar > "root.$tool"
    run udocker import --tocontainer "--name=$tool" "root.$tool"
    is "compressed by $tool" "$status$stderr" 0
  else
    skip "compressed by $tool" "it is not installed"
  fi
done
python3 "$trees" show "$containers/xz/ROOT" modes > after
ok "  the tree is the same" diff before after

run udocker import --clone --name=whole whole.tar
made "a whole container" whole
is "  with its description, not protected" \
  "$(cd "$containers/whole" && ls -A | LC_ALL=C sort | tr '\n' ' '; cat imagerepo.name execmode container.json)" \
  "ROOT container.json execmode imagerepo.name test/image:tagP2$(cat "$original/container.json")"
run_from whole.tar udocker import --clone --name=whole2 -
made "  from the standard input" whole2
run udocker import --clone --name=half root.tar
made "a file system alone as a whole container" half
is "  lands in ROOT" "$(cd "$containers/half" && ls -A | LC_ALL=C sort | tr '\n' ' ')" \
  "ROOT container.json imagerepo.name "
# As the Python tool writes it: GNU tar of the directory, whatever is in it.
touch "$original/.mountpoints" "$original/root.path" "$original/patch.time"
mkdir "$original/.bind_orig_files"
chmod -R u+rwX "$original/ROOT/closed" "$original/ROOT"
tar -C "$original" --one-file-system --xattrs -S -c . > python.tar 2> /dev/null ||
  bail "tar does not work"
run udocker import --clone --name=python python.tar
is "an archive by the Python tool" "$status$stderr" 0
python3 "$trees" show "$containers/python/ROOT" modes > after
ok "  has the tree" diff before after
run udocker clone python
udocker rm "$stdout" plain stdin gzip zstd xz bzip2 whole whole2 half python 2> /dev/null
is "all can be removed" "$(others)" 0

# Errors.
run udocker import --tocontainer
is_error "no file" 1 '^Error: must specify tar filename'
run udocker import --tocontainer nowhere.tar
is_error "a file that does not exist" 1 \
  '^Error: importing: tar file does not exist: nowhere.tar$'
run udocker import --tocontainer .
is_error "a directory" 1 "^Error: importing: cannot import '.': Is a directory\$"
run udocker import --tocontainer --name=first root.tar
is_error "a name that is taken" 1 \
  '^Error: importing: container name already exists: first$'
run udocker import --tocontainer --platform=x/y/z/w root.tar
is_error "a platform that is none" 1 '^Error: importing: '
run udocker import --clone root.tar a:b
is_error "--clone with an image" 1 '^Error: importing: --clone '
run udocker import --tocontainer root.tar A:B:C
is_error "an image name that is none" 1 '^Error: importing: '
run udocker import --tocontainer /dev/null
is_error "nothing" 1 "^Error: importing: '/dev/null' is no archive"
echo "this is no archive" > text
head -c 3000000 root.tar > cut.tar
gzip -c root.tar | head -c 2000000 > cut.gz
for bad in text cut.tar cut.gz; do
  for how in --tocontainer --clone; do
    run udocker import $how $bad
    is_error "$bad with $how" 1 "^Error: importing: '$bad' is no archive .*damaged: "
  done
done
run sh -c 'ulimit -f 1000; exec udocker import --tocontainer root.tar'
is_error "no room" 1 "^Error: importing: cannot write './etc/big': File too large\$"
if command -v script > /dev/null; then
  like "a terminal is refused" \
    "$(script -qec 'udocker import --tocontainer -' /dev/null < /dev/null)" \
    '^Error: importing: an archive cannot be typed'
else
  skip "a terminal is refused" "there is no script"
fi
is "none of these leaves anything" "$(others)" 0
mkfifo pipe
{ cat root.tar; sleep 60; } > pipe 2> /dev/null &
writer=$!
status=0
timeout --foreground -s INT 1 sh -c 'trap - INT; exec udocker import --tocontainer - < pipe' \
  2> err || status=$?
kill $writer 2> /dev/null
wait $writer 2> /dev/null
is "interrupted while the input stalls" "$status$(cat err)" 124
is "  it leaves nothing" "$(others)" 0

# Hostile archives.
outside=$work/outside
mkdir "$outside"
echo precious > "$outside/file"
export outside
python3 - << 'END' || bail "no hostile archives"
import os
from images import *
outside = os.environ["outside"]
up = "../" * 12
attack = (entry("link", LINK, to=outside), entry("link/through", data="x"),
          entry("relative", LINK, to=up + outside),
          entry("relative/through", data="x"),
          entry(outside + "/absolute", data="x"),
          entry(up + outside + "/dots", data="x"),
          entry("dev", CHAR), entry("block", BLOCK),
          entry(outside + "/file", LINK, to="/etc/passwd"))
hard = (entry("stolen", HARD, to=outside + "/file"),)
up_hard = (entry("stolen", HARD, to=up + outside + "/file"),)
describe = (entry("container.json", data="{}"),
            entry("imagerepo.name", data="a:b"))
def write(name, *entries):
    with open(name, "wb") as file:
        file.write(layer(*entries, compress=None))
write("attack.tar", *attack)
write("hard.tar", *hard)
write("up-hard.tar", *up_hard)
write("whole-attack.tar", *describe, entry("ROOT", DIR), *attack)
write("root-link.tar", *describe, entry("ROOT", LINK, to=outside),
      entry("ROOT/through", data="x"))
write("control-links.tar", entry("container.json", LINK, to="/etc/passwd"),
      entry("imagerepo.name", data="a:b"), entry("ROOT", DIR),
      entry("execmode", LINK, to=outside + "/file"), entry("lock", data="x"),
      entry("ROOT/x", data="P1"), entry("patch.path", HARD, to="ROOT/x"),
      entry("PROTECT", data=""), entry("unknown", data="x"))
write("bad-json.tar", entry("container.json", data="{"), entry("ROOT", DIR))
END
for how in --tocontainer --clone; do
  for archive in attack whole-attack root-link control-links; do
    run udocker import $how "--name=$archive" $archive.tar
    is "$archive with $how" "$status$stderr" 0
    is "  nothing outside was touched" \
      "$(cd "$outside" && ls -A && cat file && stat -c %h file)" "file
precious
1"
    ok "  and ROOT is a directory" test ! -L "$containers/$archive/ROOT/."
    test $how = --tocontainer && udocker rm $archive 2> /dev/null
  done
  for archive in hard up-hard; do
    run udocker import $how $archive.tar
    is_error "$archive with $how" 1 "^Error: importing: cannot make 'stolen' a link to"
  done
done
is "control files that are links are not taken, nor what is none" \
  "$(cd "$containers/control-links" && ls -A | LC_ALL=C sort | tr '\n' ' '; stat -c %h patch.path)" \
  "ROOT container.json imagerepo.name patch.path 1"
is "a ROOT that leads out is part of a plain tree" \
  "$(readlink "$containers/root-link/ROOT/ROOT")" "$outside"
run udocker import --clone bad-json.tar
is_error "a description that is no JSON" 1 \
  '^Error: importing: invalid container json metadata: '
udocker rm attack whole-attack root-link control-links 2> /dev/null
is "all is gone" "$(others)" 0

# On a terminal they show how far they got.
if command -v python3 > /dev/null; then
  for how in --tocontainer --clone; do
    archive=root.tar
    test $how != --clone || archive=whole.tar
    run python3 "$top_srcdir/tests/screen.py" 80 24 udocker import $how \
      --name=shown $archive
    like "$how on a terminal" "$stdout" "^$archive +100% +done +[0-9.]+ .?B of"
    like "  before the id" "$stdout" '^[0-9a-f]{8}-[0-9a-f]{4}-4'
    run python3 "$top_srcdir/tests/screen.py" 80 24 udocker df
    like "df on a terminal measures" "$stdout" \
      "^$(readlink "$containers/shown") +measured +[0-9.]+ .?B\$"
    like "  before it says what" "$stdout" '^TYPE +COUNT'
    udocker rm shown
  done
else
  skip "progress on a terminal" "there is no python3"
fi

chmod 700 "$original/ROOT"
done_testing
