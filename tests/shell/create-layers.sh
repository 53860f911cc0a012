# create: what layers mean, one over the other.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
need python3

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
umask 022

# image: make test/x of the layers that the Python on standard input lists; and
# a container of it, $root.
image ()
{
  rm -rf "$UDOCKER_DIR" "$work/layout"
  { printf '%s\n' 'from images import *' 'import os, sys, subprocess' \
      'def pipe(*command): return lambda data: subprocess.run(command,
         input=data, stdout=subprocess.PIPE, check=True).stdout' \
      'layers = [' ; cat
    printf '%s\n' ']' 'image("test/x", *layers)' \
      'if all(d[:2] == b"\x1f\x8b" for d in layers):' \
      '    oci("layout", *layers)'; } | python3 - || bail "bad image"
  run udocker create test/x
  root=$UDOCKER_DIR/containers/$stdout/ROOT
}

# tree [DIRECTORY]: what is in it, a line a file.
tree ()
{
  (cd "${1-$root}" && find . -mindepth 1 -printf '%P %y %l\n' | sort)
}

# details DIRECTORY: the same with all that two programs must agree on.
details ()
{
  (cd "$1" && find . -mindepth 1 \( -type d -printf '%P %y %m\n' -o \
     -type l -printf '%P %y %l %T@\n' -o -printf '%P %y %m %n %s %T@\n' \) \
     | LC_ALL=C sort
   find . -type f -exec cat {} + | cksum)
}

# agrees: umoci makes the same tree of the last image.
agrees ()
{
  if ! command -v umoci > /dev/null; then
    skip "  umoci agrees" "umoci is not installed"
    return
  fi
  rm -rf "$work/bundle"
  umoci unpack --rootless --image "$work/layout:x" "$work/bundle" \
    > "$work/umoci" 2>&1 || { sed 's/^/# /' "$work/umoci"; bail umoci; }
  details "$work/bundle/rootfs" > "$work/theirs"
  details "$root" > "$work/ours"
  ok "  umoci agrees" cmp -s "$work/ours" "$work/theirs" || {
    diff "$work/theirs" "$work/ours" | sed 's/^/# /'
    return 1
  }
}

image << 'END'
layer(entry("a", DIR), entry("a/1"), entry("a/2"), entry("top"),
      entry("b", DIR), entry("b/c", DIR), entry("b/c/d"), entry("keep", LINK, to="a"),
      entry("gone", LINK, to="a")),
layer(entry(".wh.top"), entry("a", DIR), entry("a/.wh.1"), entry("./.wh.b"),
      entry(".wh.gone"), entry(".wh.never"), entry("no/where/.wh.x"))
END
is "whiteouts, at the top too" "$status$stderr$(tree)" '0a d 
a/2 f 
keep l a'

image << 'END'
gzip.compress(layer(entry("a", data="content"), compress=None)[:512 + 7])
END
is "a layer that ends with the content of its last file, as umoci's do" \
  "$status$stderr$(cat "$root/a")" 0content
image << 'END'
gzip.compress(layer(entry("a", data="content" * 100), compress=None)[:512 + 100])
END
like "but not one that ends before" "$status $stderr" "^1 Error: .*is damaged"

image << 'END'
layer(entry("o", DIR), entry("o/1"), entry("o/s", DIR), entry("o/s/2"),
      entry("o/s/t", DIR), entry("o/s/t/3"), entry("o/l", LINK, to="s"), entry("x")),
layer(entry("o", DIR), entry("o/+before"), entry("o/s", DIR), entry("o/s/+new"),
      entry("o/.wh..wh..opq"), entry("o/z"))
END
is "an opaque directory hides what is below, wherever it stands" "$(tree)" \
  'o d 
o/+before f 
o/s d 
o/s/+new f 
o/z f 
x f '
agrees

image << 'END'
layer(entry("o", DIR), entry("o/1")),
layer(entry("o", DIR), entry("o/.wh..wh..opq"), entry("o/2")),
layer(entry("o", DIR), entry("o/3"))
END
is "and only what is below" "$(tree)" 'o d 
o/2 f 
o/3 f '
agrees

image << 'END'
layer(entry("a"), entry("d", DIR), entry("d/x")),
layer(entry("./.wh..wh..opq"), entry("b"))
END
is "an opaque root" "$(tree)" 'b f '

image << 'END'
layer(entry("a", data="old"), entry("d", DIR), entry("d/old")),
layer(entry("a", data="new"), entry(".wh.a"), entry("d", DIR), entry("d/new"),
      entry(".wh.d"))
END
is "a whiteout of what its own layer makes" "$(tree) $(cat "$root/a")" 'a f 
d d 
d/new f  new'

image << 'END'
layer(entry("f", data="f"), entry("d", DIR), entry("d/x"), entry("l", LINK, to="d"),
      entry("p", FIFO), entry("l2", LINK, to="nowhere")),
layer(entry("f", DIR), entry("f/y"), entry("d", data="d"), entry("l", data="l"),
      entry("p", DIR), entry("l2", DIR), entry("l2/z"))
END
is "things of another type" "$(tree)" 'd f 
f d 
f/y f 
l f 
l2 d 
l2/z f 
p d '
agrees

image << 'END'
layer(entry("var", DIR), entry("var/run", LINK, to="/run"),
      entry("usr/lib", DIR), entry("lib", LINK, to="usr/lib"),
      entry("lib/a"), entry("rel", LINK, to="usr/../usr/lib/./")),
layer(entry("var/run/svc/pid", data="1"), entry("lib/b"), entry("rel/c")),
layer(entry("lib/.wh.a"))
END
is "ways through links" "$(tree | grep -v ' d')" 'lib l usr/lib
rel l usr/../usr/lib/./
run/svc/pid f 
usr/lib/b f 
usr/lib/c f 
var/run l /run'

image << 'END'
layer(entry("a/1", data="one"), entry("a/2", HARD, to="a/1"),
      entry("b", HARD, to="./a/1"), entry("c", HARD, to="/b")),
layer(entry("d", HARD, to="a/1"), entry("a/2", data="two"))
END
is "hard links, also to lower layers" \
  "$status$(cd "$root" && cat a/1 a/2 b c d && stat -c %h a/1 a/2)" \
  '0onetwooneoneone4
1'

image << 'END'
layer(entry("d", DIR, mode=0o2750, mtime=1000), entry("d/f", mtime=2000.25, mode=0o640),
      entry("d/e", DIR, mtime=3000), entry("d/e/x", mtime=5),
      entry("d/l", LINK, to="f", mtime=4000), entry("r", mode=0o444),
      entry("x", mode=0o111), entry("w", mode=0o666), entry("t", DIR, mode=0o1777),
      entry("early", mtime=-5)),
layer(entry("d/e/y", mtime=7), entry("d/e/.wh.x"))
END
is "times and modes" "$(cd "$root" && stat -c '%n %a %.2Y' d d/f d/e d/l r x w t early)" \
  'd 750 1000.00
d/f 640 2000.25
d/e 755 3000.00
d/l 777 4000.00
r 644 1234567890.00
x 711 1234567890.00
w 644 1234567890.00
t 1777 1234567890.00
early 644 -5.00'

name='i\303\261 \346\226\207\344\273\266'
for format in PAX GNU USTAR; do
  LC_ALL=C
  export LC_ALL
  image << END
layer(entry("iñ 文件"), entry(os.fsdecode(b"latin\\xe9")), entry("new\\nline"),
      entry("iñ/l", LINK, to=os.fsdecode(b"iso\\xe4/\\xc3\\xbc")), entry("tab\\tx"),
      format=tarfile.${format}_FORMAT)
END
  LC_ALL=C.UTF-8
  is "names in any character set, $format, in the locale C" \
    "$status$stderr$(cd "$root" && find . -type f -printf '%P\0' | sort -z | od -c -An)" \
    "0$(printf "$name"'\0latin\351\0new\nline\0tab\tx\0' | od -c -An)"
  is "  targets of links too" "$(readlink "$root/iñ/l")" \
    "$(printf 'iso\344/\303\274')"
done
agrees

long=$(printf '%0150d/%0150d/%0100d' 1 2 3)
for format in PAX GNU; do
  image << END
layer(entry("$long", data="x"), entry("l", LINK, to="$long"), entry("h", HARD, to="$long"),
      format=tarfile.${format}_FORMAT)
END
  is "long names, $format" "$(cat "$root/$long" "$root/l" "$root/h")" xxx
done

for how in 'None' 'gzip.compress' 'bz2.compress' 'lzma.compress' \
  'lambda d: gzip.compress(d[:700]) + gzip.compress(d[700:])' \
  'lambda d: gzip.compress(d) + bytes(5000)' \
  'pipe("zstd", "-q", "-c")' 'pipe("zstd", "-q", "-19", "-c")' \
  'pipe("lz4", "-q", "-c")'; do
  case $how in
    *zstd*) command -v zstd > /dev/null || { skip "$how" "no zstd"; continue; } ;;
    *lz4*) command -v lz4 > /dev/null || { skip "$how" "no lz4"; continue; } ;;
  esac
  image << END
layer(entry("a", data="a" * 3000000), compress=$how)
END
  is "compressed by $how" \
    "$status$stderr$(head -c 5 "$root/a") $(stat -c %s "$root/a")" \
    '0aaaaa 3000000'
done

if tar --version 2> /dev/null | grep -q GNU; then
  mkdir sparse
  truncate -s 50M sparse/hole
  printf begin | dd of=sparse/hole conv=notrunc status=none
  printf end | dd of=sparse/hole bs=1 seek=30000000 conv=notrunc status=none
  for format in gnu posix --sparse-version=0.0 --sparse-version=0.1; do
    case $format in
      -*) tar --format=posix "$format" -SczC sparse -f sparse.tar.gz . ;;
      *) tar --format="$format" -SczC sparse -f sparse.tar.gz . ;;
    esac
    image << 'END'
open("sparse.tar.gz", "rb").read()
END
    ok "sparse files, $format" cmp sparse/hole "$root/hole"
    ok "  stay sparse" test "$(du -k "$root/hole" | cut -f 1)" -lt 1000
  done
else
  skip "sparse files" "tar is not GNU tar"
fi

image << 'END'
layer(entry("f", pax_headers={"SCHILY.xattr.user.udocker": "value",
                              "SCHILY.xattr.security.capability": "x"}))
END
is "attributes" "$status$stderr" 0
if getfattr --version > /dev/null 2>&1 && touch t \
  && setfattr -n user.x -v y t 2> /dev/null; then
  is "  the user's stay" "$(getfattr -d "$root/f" | grep user)" \
    'user.udocker="value"'
else
  skip "  the user's stay" "no getfattr, or no attributes here"
fi

image << 'END'
*[layer(entry("d%d" % (i % 7), DIR), entry("d%d/f%d" % (i % 7, i), data=str(i)),
        entry("common", data=str(i)), *([entry("d%d/.wh.f%d" % ((i - 1) % 7, i - 1))] if i % 3 == 0 and i else []))
  for i in range(120)]
END
is "120 layers" "$status$stderr$(cat "$root/common") $(find "$root" -type f | wc -l)" \
  "0119 82"
agrees

# The working directory and the volumes that the image names, which no layer may
# have.
while read -r directory expected; do
  rm -rf "$UDOCKER_DIR"
  python3 - "$directory" << 'END' || bail "bad image"
import sys
from images import *
image("test/x", layer(entry("d", DIR), entry("f"), entry("out", LINK, to="/../../../tmp"),
                      entry("up", LINK, to="d")),
      config={"WorkingDir": sys.argv[1], "Volumes": {"/d": {}, "/vol/data": {}}})
END
  run udocker create test/x
  root=$UDOCKER_DIR/containers/$stdout/ROOT
  is "the working directory $directory is made, and the volumes are" \
    "$status$stderr $(cd "$root" && find . -mindepth 1 -type d -printf '%P:%m\n' \
                        | sort | paste -sd ' ' -)" "0 $expected"
done << 'END'
/d  d:755 vol/data:755 vol:755
/work/a/b  d:755 vol/data:755 vol:755 work/a/b:755 work/a:755 work:755
rel/x/  d:755 rel/x:755 rel:755 vol/data:755 vol:755
/up/../new  d:755 new:755 vol/data:755 vol:755
/up/new  d/new:755 d:755 vol/data:755 vol:755
/out/secret  d:755 tmp/secret:755 tmp:755 vol/data:755 vol:755
/f/g  d:755 vol/data:755 vol:755
/../../up/../../q  d:755 q:755 vol/data:755 vol:755
END

if test -w /dev/full; then
  before=$(ls -A "$UDOCKER_DIR/containers")
  for where in 'to a full disk' 'to a closed stdout'; do
    status=0
    case $where in
      *full*) stderr=$(udocker create test/x 2>&1 > /dev/full) || status=$? ;;
      *) stderr=$(udocker create test/x 2>&1 >&-) || status=$? ;;
    esac
    is "create $where fails" $status 1
    like "  says so once" "$stderr" 'Error: cannot write the id of the new container*'
    is "  and leaves no container" "$(ls -A "$UDOCKER_DIR/containers")" \
      "$before"
  done
else
  skip "create to a full disk" "no /dev/full"
fi

done_testing
