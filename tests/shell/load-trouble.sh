# load: archives that are damaged, cut off or meant to harm, and loads that are
# killed, leave nothing.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# KILLS=N is the number of kills (10, 60 in the long form).

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/python-rules.sh"
. "$top_srcdir/tests/kills.sh"
need timeout gzip

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

# For each archive X.tar that is to be refused a file X.error has a pattern of
# the message.
mkdir bad good
python3 - << 'END' || bail 'cannot make archives'
from archives import *

# Big enough not to be kept in memory.
noise = os.urandom(1 << 18)
base = layer(entry("base", data=noise), compress=None)
upper = layer(entry("upper", data=noise[::-1]), compress=None)
text = config(base, upper)
zipped = gzip.compress(base), gzip.compress(upper)


def refuse(name, pattern, archive):
    archive.write("bad/%s.tar" % name)
    open("bad/%s.error" % name, "w").write(pattern)


def archive(config=text, layers=(base, upper), more=(), names=("base", "upper"),
            tags=("b/ad:1",), listed="c.json"):
    """An archive, but for what is given the right one."""
    made = Archive()
    for name, data in zip(("base", "upper"), layers):
        made.add(name, data)
    made.add("c.json", config)
    for name, data in more:
        made.add(name, data)
    made.add("manifest.json", [{"Config": listed, "RepoTags": list(tags),
                                "Layers": list(names)}])
    return made


def damaged(data):
    return data[:1000] + bytes([data[1000] ^ 1]) + data[1001:]


archive().write("good/good.tar")
refuse("damaged", "'upper' is damaged: .*digest",
       archive(layers=(base, damaged(upper))))
refuse("damaged-gzip", "'upper' is damaged",
       archive(layers=(base, damaged(zipped[1]))))
refuse("cut-gzip", "'upper' is damaged",
       archive(layers=(base, zipped[1][:-100])))
refuse("other-gzip", "'upper' is damaged: .*digest",
       archive(layers=(base, zipped[0])))
refuse("few-layers", "1 layers where .* 2", archive(names=("base",)))
refuse("many-layers", "3 layers where .* 2",
       archive(names=("base", "upper", "upper")))
refuse("no-layer", "no member 'missing'", archive(names=("base", "missing")))
refuse("no-config", "no member 'x.json'", archive(listed="x.json"))
refuse("layer-outside", "no member '../../upper'",
       archive(names=("base", "../../upper")))
refuse("layer-absolute", "no member '/etc/passwd'",
       archive(names=("base", "/etc/passwd")))
refuse("config-list", "no configuration", archive(config=b"[1]"))
refuse("config-text", "c.json is not valid JSON", archive(config=b"{"))
refuse("config-deep", "c.json is not valid JSON", archive(config=b"[" * 100 + b"]" * 100))
refuse("config-big", "'c.json' .*too big",
       archive(config=b" " * (17 << 20) + text))
made = Archive()
made.add("manifest.json", b" " * (9 << 20))
refuse("list-big", "'manifest.json' .*too big", made)
for name, data in (("object", {}), ("text", '"x"'), ("no-config", [{}]),
                   ("numbers", [{"Config": "c", "Layers": [1]}]),
                   ("nul", '[{"Config": "c", "Layers": ["a\\u0000b"]}]')):
    made = Archive()
    made.add("manifest.json", data)
    refuse("list-" + name, "'manifest.json' .*not valid", made)
made = Archive()
made.add("manifest.json", [])
refuse("list-empty", "no image in it", made)
made = Archive()
made.add("x", "x")
refuse("no-list", "neither 'manifest.json' nor 'index.json'", made)
made = archive(names=("base", "link"))
made.link("link", "link2")
made.link("link2", "link")
refuse("link-loop", "'link' .*leads nowhere", made)
made = archive(names=("base", "link"))
made.link("link", "../../../../upper")
refuse("link-outside", "no member 'link'", made)
made = archive(names=("base", "link"))
made.link("link", "/etc/passwd")
refuse("link-absolute", "no member 'link'", made)
made = archive(names=("base", "device"))
made.members.insert(0, entry("device", CHAR))
refuse("device", "no member 'device'", made)
made = Archive()
for i in range(1100):
    made.add("usr/%d" % i, "")
refuse("tree", "udocker import", made)

# The second image is bad, the first one would do.
made = archive()
made.members[-1] = entry("manifest.json", data=json.dumps([
    {"Config": "c.json", "RepoTags": ["a/first:1"], "Layers": ["base", "upper"]},
    {"Config": "c.json2", "RepoTags": ["a/second:1"], "Layers": ["base"]}]))
refuse("half", "'a/second:1'.* no member 'c.json2'", made)

# OCI layouts.
for name, pattern in (("oci-damaged", "is damaged"), ("oci-missing", "no member"),
                      ("oci-size", "bytes, not"), ("oci-config", "no member")):
    made = Archive()
    last = add_oci_image(made, text, *zipped)
    if name == "oci-damaged":
        info, data = made.members[2]
        made.members[2] = info, damaged(data)
    elif name == "oci-missing":
        del made.members[2]
    elif name == "oci-config":
        del made.members[0]
    else:
        last["size"] += 1
    oci_index(made, last)
    refuse(name, pattern, made)
made = Archive()
last = made.blob({"schemaVersion": 2, "manifests": []})
for i in range(6):
    last = made.blob({"schemaVersion": 2, "manifests": [last]})
oci_index(made, last)
refuse("oci-deep", "indexes|no image found", made)
made = Archive()
oci_index(made, {"digest": "sha256:../../../x", "size": 1})
refuse("oci-digest", "digest", made)
made = Archive()
oci_index(made, made.blob({"schemaVersion": 2, "layers": [], "config": {
    "mediaType": "application/vnd.cncf.helm.config.v1+json",
    "digest": digest(b""), "size": 0}}))
refuse("oci-other", "no container image", made)

# Old archives.
for name, parent, pattern in (("old-loop", "1", "too many layers"),
                              ("old-missing", "2", "no member '2/json'")):
    made = Archive()
    made.add("1/layer.tar", base)
    made.add("1/json", {"id": "1", "parent": parent})
    made.add("repositories", {"a/old": {"1": "1"}})
    refuse(name, pattern, made)

made = Archive()
for i in range(1, 12):
    made.add("%d/layer.tar" % i, base)
    made.add("%d/json" % i, {"parent": "%d" % (i + 1), "x": "x" * (1 << 20)})
made.add("repositories", {"a/old": {"1": "1"}})
refuse("old-big", "manifest is too big", made)
made = archive(more=[("d.json", text + b" ")])
made.members[-1] = entry("manifest.json", data=json.dumps([
    {"Config": name, "RepoTags": ["b/ad:%s%d" % (name, i) for i in range(3000)],
     "Layers": ["base", "upper"]} for name in ("c.json", "d.json")]))
refuse("many-names", "too many names", made)

# What is strange but does no harm.
made = archive(tags=["a/double:1"])
made.members.insert(0, entry("upper", data="the first one does not count"))
made.write("good/double.tar")
made = archive(tags=["a/outside:1"])
for name in ("../../outside", "/outside", "..", "repos/../../outside"):
    made.add(name, "x")
made.write("good/outside.tar")
made = archive(tags=["a/trailing:1"])
made.write("good/trailing.tar")
open("good/trailing.tar", "ab").write(os.urandom(100000))
END

udocker mkrepo "$UDOCKER_DIR" > out
udocker -q load -i good/good.tar here > out 2>&1
# listing: all that there is.
listing ()
{
  (cd "$work" && find . -path ./bad -prune -o -path ./good -prune -o \
    -path './std*' -prune -o -path './before' -prune -o -printf '%p %s %l\n' \
    | LC_ALL=C sort)
}
listing > before

# refused WHAT PATTERN COMMAND [ARGUMENT]...: it is, and leaves nothing.
refused ()
{
  refused_what=$1
  refused_pattern=$2
  shift 2
  run "$@"
  is_error "$refused_what" 1 "Error: load failed: .*($refused_pattern)"
  is "  leaves nothing" "$(listing | diff before -)" ''
}

for archive in bad/*.tar; do
  refused "$(basename "$archive" .tar)" "$(cat "${archive%.tar}.error")" \
    udocker load -i "$archive"
done
size=$(stat -c %s good/good.tar)
for part in 1 2 3 4 5 6 7 8; do
  head -c $((size * part / 9)) good/good.tar > bad/cut
  refused "cut off at $part/9" 'Truncated|no member|neither' \
    udocker load -i bad/cut
done
gzip -c good/good.tar | head -c $((size / 2)) > bad/cut
refused "a compressed archive cut off" 'cannot read the archive' \
  udocker load -i bad/cut
truncate -s 1G bad/sparse
tar -C bad -Scf bad/sparse.archive sparse
refused "a sparse file" 'sparse' udocker load -i bad/sparse.archive
refused "an empty input" 'neither' udocker load
refused "no archive" 'cannot read the archive' udocker load -i bad/damaged.error
refused "no file" 'image file does not exist: nope' udocker load -i nope
refused "an empty directory" 'neither' udocker load -i "$HOME"

# Directories come from strangers, too: what their links lead to outside is not
# read.
python3 - << 'END' || bail 'cannot make directories'
from archives import *
open("bad/outside.tar", "wb").write(layer(entry("secret", data="secret"),
                                      compress=None))
for name, link, listed in (("absolute", os.path.abspath("bad/outside.tar"), "layer"),
                           ("relative", "../outside.tar", "layer"),
                           ("way", "..", "layer/outside.tar")):
    os.makedirs("bad/" + name)
    for file, data in (("c.json", {"architecture": "amd64", "os": "linux"}),
                       ("manifest.json", [{"Config": "c.json", "RepoTags": None,
                                           "Layers": [listed]}])):
        json.dump(data, open("bad/%s/%s" % (name, file), "w"))
    os.symlink(link, "bad/%s/layer" % name)
END
refused "a directory with an absolute link" "no member 'layer'" \
  udocker load -i bad/absolute
refused "a directory with a link out of it" "link that leads out" \
  udocker load -i bad/relative
refused "a directory with a directory out of it" "link that leads out" \
  udocker load -i bad/way

refused "a name that leads out" "''?../x'" udocker load -i good/good.tar ../x
refused "a file that grows too big" 'File too large' \
  sh -c 'ulimit -f 300; exec udocker load -i good/good.tar'
chmod a-w "$UDOCKER_DIR/layers"
refused "a repository that cannot be written" 'Permission denied' \
  udocker load -i good/good.tar
chmod u+w "$UDOCKER_DIR/layers"

for archive in double outside trailing; do
  run udocker load -i good/$archive.tar
  is "load $archive" "$status$stdout" "0a/$archive:1"
done
is "  nothing is outside" "$(find / "$work" -maxdepth 1 -name outside)" ''
python_rules "  the Python tool understands all" --settled

# Nobody gets something else for a digest.
digest=sha256:$(printf %064d 0)
python3 - "$digest" << 'END' || bail 'cannot make an archive'
import sys
from archives import *
data = layer(entry("digest"), compress=None)
made = Archive()
made.add("layer", data)
made.add("c.json", config(data))
made.add("manifest.json", [{"Config": "c.json", "Layers": ["layer"],
                            "RepoTags": ["false@" + sys.argv[1]]}])
made.write("good/digest.tar")
END
run udocker load -i good/digest.tar
like "load what has a false digest for its name" "$stderr" 'not its digest'
like "  it has another one" "$status$stdout" '^0localhost/[0-9a-f]{12}:latest$'
run udocker run "false@$digest"
unlike "  it is not found by that digest" "$stderr" 'command|program'
run udocker rmi "$(udocker -q images | sed 's/ .*//' | grep localhost/)"
is "  remove it" "$status" 0

# Names that are taken.
run udocker load -i good/good.tar
is "load" "$status$stdout" 0b/ad:1
PYTHONPATH=$top_srcdir/tests python3 -c '
from archives import *
data = layer("other", compress=None)
docker("good/other.tar", ["n/ew:1", "b/ad:1"], config(data), data)'
cp -a "$UDOCKER_DIR/repos" repos-before
run udocker load -i good/other.tar
is_error "another image of the name is in the way" 1 \
  'already exist: b/ad:1; use --force'
is "  and stays" "$(diff -r --no-dereference repos-before "$UDOCKER_DIR/repos")" ''
udocker protect b/ad:1
run udocker load --force -i good/other.tar
is "  --force replaces it" "$status$stdout" '0n/ew:1
b/ad:1'
is "  it stays protected" "$(udocker images | grep b/ad)" 'b/ad:1    P'
udocker unprotect b/ad:1
container=$(udocker -q create b/ad:1)
is "  and is the other" "$(ls "$UDOCKER_DIR/containers/$container/ROOT")" other
udocker -q rm "$container"

# Killed, interrupted, and many at once.
PYTHONPATH=$top_srcdir/tests python3 -c '
from archives import *
data = [layer(entry("f%d" % i, data=os.urandom(3 << 20)), compress=None)
        for i in range(4)]
docker("good/big.tar", ["b/ig:%d" % i for i in range(3)], config(*data), *data)'
udocker rmi b/ad:1
# whole: every image in the list is.
whole ()
{
  for whole_image in $(udocker images | sed -n 's/^\(b[^ ]*\).*/\1/p'); do
    udocker verify "$whole_image" > verified 2>&1 || {
      note "$(cat verified)"
      return 1
    }
  done
}
time_it udocker load -i good/big.tar
udocker rmi b/ig:0 b/ig:1 b/ig:2
test "${TEST_LONG-}" = yes && : "${KILLS=60}"
: "${KILLS=10}"
i=0
torn=0
while test $i -lt "$KILLS"; do
  i=$((i + 1))
  timeout -s KILL "$(seconds $((took * i * 11 / KILLS / 10 + 1)))" \
    udocker load -i good/big.tar > out 2>&1
  whole || torn=$((torn + 1))
  udocker rmi b/ig:0 b/ig:1 b/ig:2 > out 2>&1
done
age_unlocked "$UDOCKER_DIR/repos"
is "$KILLS kills leave no image that is not whole" $torn 0
# What was killed right before it would have appeared has no lock any more, and
# is left alone for ten minutes.
find "$UDOCKER_DIR/repos" -name '.*.part' -exec touch -d '1 hour ago' {} +
run udocker load -i good/big.tar
is "  the next load works" "$status$stdout" '0b/ig:0
b/ig:1
b/ig:2'
is "  and removes what was staged" "$(find "$UDOCKER_DIR" -name '*.stage')" ''
ok "  and is whole" whole
is "  what was half made is gone" \
  "$(find "$UDOCKER_DIR/repos" -name '.*' ! -path "$UDOCKER_DIR/repos")" ''
python_rules "  the Python tool understands it"

udocker rmi b/ig:0 b/ig:1 b/ig:2
before=$(find "$UDOCKER_DIR" | sort)
mkfifo pipe
for signal in INT TERM HUP; do
  # It cannot come to its end, for the pipe does not.
  { head -c 5000000 good/big.tar; sleep 1; } > pipe &
  timeout --foreground -s $signal 0.4 sh -c \
    'trap - INT HUP; exec udocker load -i pipe' > out 2> err
  is "SIG$signal leaves nothing" "$(cat out; find "$UDOCKER_DIR" | sort)" \
    "$before"
done
wait

for i in 1 2 3 4; do
  { udocker load -i good/big.tar > "out.$i" 2> "err.$i"; echo $? > "status.$i"; } &
done
wait
is "four loads at once" "$(cat status.?)" '0
0
0
0'
is "  print the same" "$(cat out.? | sort | uniq -c | sed 's/^ *//')" '4 b/ig:0
4 b/ig:1
4 b/ig:2'
ok "  and make it whole" whole
python_rules "  and the Python tool understands it" --settled

done_testing
