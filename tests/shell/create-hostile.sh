# create: layers that try to get out of the container, or to hurt.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
need python3

outside=$work/outside
PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export outside PYTHONPATH PYTHONDONTWRITEBYTECODE

# What nobody may touch.
fill_outside ()
{
  rm -rf "$outside"
  mkdir -p "$outside/directory"
  echo precious > "$outside/file"
  echo precious > "$outside/directory/file"
  (cd "$outside" && ls -lR --time-style=full-iso) > "$work/outside-before"
}

outside_is_whole ()
{
  (cd "$outside" && ls -lR --time-style=full-iso) > "$work/outside-after"
  cmp "$work/outside-before" "$work/outside-after"
}

# image CODE: Python that makes the image test/x.
image ()
{
  rm -rf "$UDOCKER_DIR"
  fill_outside
  { echo 'from images import *'; echo 'import os, sys'
    echo 'outside = os.environ["outside"]'
    echo 'image("test/x",'; cat; echo ')'; } | python3 - || bail "bad image"
}

# create: make a container of it; sets $root.
create ()
{
  run udocker create test/x
  root=$UDOCKER_DIR/containers/$stdout/ROOT
}

# stays WHAT: the last image was created and nothing got out.
stays ()
{
  is "$1" "$status$stderr" 0
  ok "  and stays inside" outside_is_whole
}

# refused WHAT PATTERN: it was not created, and nothing is left.
refused ()
{
  is_error "$1" 1 "$2"
  ok "  and stays inside" outside_is_whole
  is "  and leaves nothing" "$(ls -A "$UDOCKER_DIR/containers")" ''
}

image << 'END'
layer(entry("evil", LINK, to=outside)),
layer(entry("evil/pwned", data="x"))
END
create
stays "a file through an absolute link of an earlier layer"
ok "  where a root of its own would have it" test -f "$root$outside/pwned"

image << 'END'
layer(entry("evil", LINK, to=outside), entry("evil/pwned", data="x"))
END
create
stays "the same in one layer"

image << 'END'
layer(entry("a/b/evil", LINK, to="../" * 20 + outside[1:])),
layer(entry("a/b/evil/pwned"), entry("a/b/evil/directory", DIR),
      entry("a/b/evil/link", LINK, to="x"), entry("a/b/evil/fifo", FIFO),
      entry("a/b/evil/directory/.wh.file"), entry("a/b/evil/.wh.file"),
      entry("a/b/evil/.wh..wh..opq"))
END
create
stays "everything through a relative link with too many .."
ok "  inside" test -p "$root$outside/fifo"

image << 'END'
layer(entry("../../../../../../../../../../" + outside + "/pwned"),
      entry(outside + "/absolute"), entry("a/../../../b", data="b"),
      entry("./c/./d//e"), entry("..", DIR), entry("/", DIR, mode=0o500))
END
create
stays "names with .. and absolute names"
ok "  are taken inside" test -f "$root$outside/absolute" -a -f "$root/b" \
  -a -f "$root/c/d/e"
is "  the root stays writable" "$(stat -c %a "$root")" 700

image << 'END'
layer(entry("l", HARD, to=outside + "/file"))
END
create
refused "a hard link to the outside" \
  "^Error: .*cannot make 'l' a link to '.*/outside/file': No such file"

image << 'END'
layer(entry("evil", LINK, to=outside),
      entry("l", HARD, to="evil/file"))
END
create
refused "a hard link to the outside through a link" \
  "^Error: .*cannot make 'l' a link to 'evil/file'"

image << 'END'
layer(entry("l", HARD, to="../" * 20 + outside[1:] + "/file"))
END
create
refused "a hard link with .." "cannot make 'l' a link to"

image << 'END'
layer(entry("s", LINK, to=outside + "/file"), entry("h", HARD, to="s"),
      entry("h", data="new")),
layer(entry("s", data="newer"))
END
create
stays "files that replace links"
is "  are files" "$(cat "$root/h" "$root/s")" newnewer

image << 'END'
layer(entry("d", LINK, to=outside + "/directory")),
layer(entry("d", DIR), entry("d/file", data="mine"))
END
create
stays "a directory that replaces a link"
ok "  is a directory" test -f "$root/d/file" -a ! -h "$root/d"

image << 'END'
layer(entry("d", LINK, to=outside), entry("e", LINK, to=outside)),
layer(entry(".wh.d"), entry("e/.wh.file"), entry("e/.wh..wh..opq"))
END
create
stays "whiteouts of a link and through a link"
not_ok "  remove the link" test -h "$root/d"

image << 'END'
layer(entry("a/f"), entry("b")),
layer(entry(".wh."), entry(".wh.."), entry(".wh..."), entry("a/.wh..."),
      entry("a/.wh.."), entry(".wh./x"), entry("a/.wh..wh.plnk/x"),
      entry(".wh..wh.aufs"), entry("..wh.b"), entry("no/.wh.where"))
END
create
stays "strange whiteouts"
ok "  remove nothing" test -f "$root/a/f" -a -f "$root/b" -a -f "$root/..wh.b"
is "  and are not seen" "$(cd "$root" && find . -name '.wh*')" ''
not_ok "  nor make directories" test -e "$root/no"

image << 'END'
layer(entry("a", LINK, to="b"), entry("b", LINK, to="a"), entry("a/f"))
END
create
refused "links in a circle" "^Error: .*cannot write 'a/f': Too many levels"

image << 'END'
layer(entry("dev/null", CHAR, devmajor=1, devminor=3),
      entry("disk", BLOCK, devmajor=8, devminor=0), entry("disk2", HARD, to="disk"),
      entry("su", mode=0o6755), entry("d", DIR, mode=0o6777),
      entry("tmp", DIR, mode=0o1777), entry("shut", DIR, mode=0),
      entry("shut/f", mode=0), entry("x"))
END
create
stays "devices and set-id bits"
not_ok "  devices are left out" test -e "$root/dev/null" -o -e "$root/disk" \
  -o -e "$root/disk2"
is "  set-id bits too; all stays the owner's" \
  "$(cd "$root" && stat -c '%n %a' d shut shut/f su tmp)" \
  'd 755
shut 700
shut/f 600
su 755
tmp 1777'

image << 'END'
layer(entry("f", data="1"), entry("f", data="2"), entry("f", DIR),
      entry("f/x"), entry("f", data="3"), entry("f", LINK, to="x"),
      entry("f", data="4"), entry("p"), entry("p/q", data="5"),
      entry("h", data="6"), entry("h", HARD, to="h"))
END
create
stays "entries of one name"
is "  the last wins" "$(cat "$root/f" "$root/p/q" "$root/h")" 456

image << 'END'
layer(entry("x/l", LINK, to="/"), entry("x/l/x", DIR), entry("x/l/x/l/y", data="1"),
      entry("x/l/x", data="2"), entry("x/l/z", data="3"), entry("w", data="4"))
END
create
stays "what replaces the way to itself"
is "  leaves what comes behind" "$(cat "$root/w")" 4

image << 'END'
layer(entry("/".join(["d%d" % i for i in range(700)]) + "/f", data="x"),
      entry("n" * 255, data="y"))
END
create
stays "a deep tree and a long name"
run udocker rm "${root#"$UDOCKER_DIR/containers/"}"
run sh -c 'udocker rm $(udocker ps | sed 1d | cut -d" " -f1)'
is "  and can be removed" "$status$(ls -A "$UDOCKER_DIR/containers")" 0

image << 'END'
layer(entry("n" * 256))
END
create
refused "a name that is too long" "^Error: .*File name too long"

image << 'END'
layer(entry("f", data=os.urandom(200000)))[:100000]
END
create
refused "a layer that is cut" "^Error: .*layer 'sha256:.*' is damaged: it ends too early"

image << 'END'
layer(entry("f", data=os.urandom(200000)), compress=None)[:100000]
END
create
refused "a cut layer without compression" "^Error: .*is damaged"

image << 'END'
(lambda d: d[:5000] + b"garbage" + d[5007:])(layer(entry("f", data=os.urandom(20000))))
END
create
refused "a garbled layer" "^Error: .*is damaged"

image << 'END'
(lambda d: d[:-8] + b"\0\0\0\0" + d[-4:])(layer(entry("f", data="x" * 20000)))
END
create
refused "a layer whose check sum is wrong" "^Error: .*is damaged"

image << 'END'
layer("f"), b"<html><body>502 Bad Gateway</body></html>\n" * 100
END
create
refused "a page instead of a layer" "^Error: .*is damaged"

image << 'END'
layer("f"), layer("g"), diff_ids=[digest(b"1"), digest(b"2")]
END
create
refused "a layer that is not what the configuration says" \
  "^Error: .*its content has the digest sha256:.*, not sha256:"

image << 'END'
layer("f"), b"", layer(), layer("g")
END
create
stays "empty layers"

done_testing
