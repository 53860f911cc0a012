# save: what it writes is read by other tools, and is the same image there.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/python-rules.sh"
. "$top_srcdir/tests/fixtures-python.sh"
need skopeo zstd

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

# Images with configurations that nobody would write so, that share layers, and
# that have one digest several times.
python3 - << 'END' || bail 'cannot make archives'
from archives import *
base = layer(entry("old", data="old"), entry("gone"), compress=None)
upper = layer(entry("old", data="new"), entry("new", data="new"), ".wh.gone",
              compress=None)
docker("plain.tar", ["a/plain:1", "b/plain:2"], config(base, upper), base,
       upper)
docker("zstd.tar", ["a/zstd:1"], config(base, upper, author="x"), zstd(base),
       zstd(upper))
docker("twice.tar", ["a/twice:1"], config(upper, base, upper, upper),
       upper, gzip.compress(base), upper, upper)
archive = Archive()
oci_index(archive, add_oci_image(archive, config(base, upper, author="y"),
          gzip.compress(base), gzip.compress(upper),
          annotations=named("a/oci:1")))
archive.write("oci.tar")
END
for archive in plain zstd twice oci; do
  udocker load -i $archive.tar >> names 2> /dev/null
done
is "images to begin with" "$(sort names | tr '\n' ' ')" \
  'a/oci:1 a/plain:1 a/twice:1 a/zstd:1 b/plain:2 '
first=$UDOCKER_DIR

# id IMAGE: the digest of its configuration.
id ()
{
  sed 's/.*"config":{[^}]*sha256:\([0-9a-f]*\).*/\1/' \
    "$first/repos/$(echo "$1" | tr : /)/manifest" | head -n 1
}

for name in a/plain:1 a/zstd:1 a/twice:1 a/oci:1; do
  id=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["config"]["digest"][7:])' \
    "$first/repos/$(echo $name | tr : /)/manifest")
  for format in docker-archive oci-archive; do
    rm -rf saved.tar dir
    run udocker save --format=$format --output=saved.tar "$name"
    is "save $name as $format" "$status$stdout$stderr" 0

    # This copies, and refuses layers that do not unpack to their digests.
    ok "  skopeo reads it" skopeo --insecure-policy copy -q \
      "$format:saved.tar:$name" dir:dir
    ok "  and finds the same configuration" test -f "dir/$id"

    UDOCKER_DIR=$work/second
    rm -rf "$UDOCKER_DIR"
    run udocker load -i saved.tar
    is "  udocker loads it" "$status$stdout" "0$name"
    ok "  and has the same configuration" \
      cmp -s "$first/layers/sha256:$id" "$UDOCKER_DIR/layers/sha256:$id"
    is "  and no other layers" "$(cd "$UDOCKER_DIR/layers" && ls -d sha256* \
      | while read -r file; do test -f "$first/layers/$file" || echo "$file"
        done)" ''
    test $format = docker-archive \
      || ok "  and an image of a registry keeps its manifest" \
        cmp -s "$first/repos/$(echo $name | tr : /)/manifest" \
          "$UDOCKER_DIR/repos/$(echo $name | tr : /)/manifest"
    container=$(udocker -q create "$name")
    is "  and creates a container of it" \
      "$(cd "$UDOCKER_DIR/containers/$container/ROOT" && ls && cat old new)" \
      'new
old
newnew'
    UDOCKER_DIR=$first
  done
done

# All at once.
names=$(cat names)
# shellcheck disable=SC2086
run udocker save -o all.tar $names
is "save all" "$status$stderr" 0
# shellcheck disable=SC2086
udocker save $names > all-stdout.tar
ok "  the same bytes on the standard output" cmp all.tar all-stdout.tar
# shellcheck disable=SC2086
udocker save - $names | UDOCKER_DIR=$work/third udocker load > loaded 2> /dev/null
is "  through a pipe into another repository" "$(sort loaded)" "$(sort names)"
# shellcheck disable=SC2086
UDOCKER_DIR=$work/third udocker save $names > again.tar
ok "  which saves the same bytes" cmp all.tar again.tar
UDOCKER_DIR=$work/third python_rules "  and the Python tool understands"
# shellcheck disable=SC2086
udocker save --format=oci-archive $names \
  | UDOCKER_DIR=$work/fourth udocker load > loaded 2> /dev/null
is "  through a pipe as OCI" "$(sort loaded)" "$(sort names)"

# The Python tool: everything is extracted, then 'repositories' says which is
# the highest layer and each layer's 'json' which is below.
mkdir extracted
tar -xf all.tar -C extracted
python3 - << 'END' > python-errors 2>&1
import hashlib, json, os
os.chdir("extracted")
files = {os.stat(entry.path + "/layer.tar").st_ino: entry.path
         for entry in os.scandir() if entry.is_dir()}
digests = [hashlib.sha256(open(path + "/layer.tar", "rb").read()).digest()
           for path in files.values()]
if len(digests) != len(set(digests)):
    print("a layer is there twice")
manifest = json.load(open("manifest.json"))
repositories = json.load(open("repositories"))
for image in manifest:
    ids = json.load(open(image["Config"]))["rootfs"]["diff_ids"]
    for name in image["RepoTags"]:
        repository, tag = name.rsplit(":", 1)
        layer, chain = repositories[repository][tag], []
        while layer:
            text = json.load(open(layer + "/json"))
            if text["id"] != layer or layer in chain:
                print(name, "goes wrong at", layer)
                break
            if open(layer + "/VERSION").read() != "1.0":
                print(name, "has a strange VERSION")
            chain.insert(0, layer)
            layer = text.get("parent")
        files = [open(part + "/layer.tar", "rb").read() for part in chain]
        named = [open(part, "rb").read() for part in image["Layers"]]
        if files != named:
            print(name, "has other layers for the Python tool")
        if len(files) != len(ids):
            print(name, "has", len(files), "layers")
END
is "the Python tool would find the same layers" "$(cat python-errors)" ''

# Images of every flavour that the Python tool leaves.
UDOCKER_DIR=$work/python
python_images
for name in $python_image_names; do
  for format in docker-archive oci-archive; do
    udocker save --format=$format "$name" > saved.tar 2> stderr
    rm -rf dir
    ok "save $name as $format for skopeo" skopeo --insecure-policy copy -q \
      "$format:saved.tar:$name" dir:dir || note "$(cat stderr)"
    UDOCKER_DIR=$work/fifth
    rm -rf "$UDOCKER_DIR"
    udocker load -i saved.tar > stdout 2>> stderr
    container=$(udocker -q create "$name")
    is "  and for udocker" \
      "$(cd "$UDOCKER_DIR/containers/$container/ROOT" && ls && cat old new)" \
      'new
old
newnew'
    UDOCKER_DIR=$work/python
  done
done
UDOCKER_DIR=$first

# Other tools, in a storage of their own.  Its name must not be long.
short=$(mktemp -d /tmp/udocker-pod.XXXXXX) || bail 'no directory in /tmp'
at_end "rm -rf $short"
storage="--root $short/storage --runroot $short/run --storage-driver vfs"
# shellcheck disable=SC2086
if command -v podman > tool \
    && XDG_RUNTIME_DIR=$short podman $storage images > tool 2>&1; then
  XDG_RUNTIME_DIR=$short
  export XDG_RUNTIME_DIR
  plain=$(id a/plain:1)
  run podman $storage load -i all.tar
  is "podman loads all" "$status" 0
  is "  with the same ids" "$(podman $storage images --no-trunc \
      --format '{{.Repository}}:{{.Tag}} {{.ID}}' 2> /dev/null \
      | grep '/plain:' | sort)" "localhost/a/plain:1 sha256:$plain
localhost/b/plain:2 sha256:$plain"
  udocker save --format=oci-archive b/plain:2 > oci-saved.tar
  podman $storage rmi -a -f > tool 2>&1
  run podman $storage load -i oci-saved.tar
  is "podman loads an OCI archive" "$status" 0
  like "  with the same id" \
    "$(podman $storage images --no-trunc 2> /dev/null)" "b/plain.*$plain"
  name=$(podman $storage images --format '{{.Repository}}:{{.Tag}}' \
    2> /dev/null)
  for format in docker-archive oci-archive; do
    rm -f podman.tar
    podman $storage save --format=$format -o podman.tar "$name" > tool 2>&1 \
      || note "$(cat tool)"
    UDOCKER_DIR=$work/sixth
    rm -rf "$UDOCKER_DIR"
    run udocker load -i podman.tar
    is "udocker loads podman's $format" "$status$stdout" "0$name"
    ok "  with the same configuration" test -f \
      "$UDOCKER_DIR/layers/sha256:$plain"
    UDOCKER_DIR=$first
  done
else
  skip "podman" "it does not run here: $(tail -n 1 tool)"
fi
# shellcheck disable=SC2086
if command -v buildah > tool && buildah $storage images > tool 2>&1; then
  run buildah $storage pull docker-archive:all.tar:a/zstd:1
  is "buildah pulls from the archive" "$status" 0
  buildah $storage push "$(buildah $storage images -q 2> /dev/null | head -n 1)" \
    oci-archive:buildah.tar:built > tool 2>&1
  UDOCKER_DIR=$work/seventh run udocker load -i buildah.tar my/built
  is "udocker loads what buildah pushes" "$status$stdout" 0my/built:built
  buildah $storage rmi -a -f > tool 2>&1
else
  skip "buildah" "it does not run here: $(tail -n 1 tool)"
fi
if command -v umoci > tool; then
  udocker save --format=oci-archive a/oci:1 > umoci.tar
  mkdir layout
  tar -xf umoci.tar -C layout
  run umoci ls --layout layout
  is "umoci lists the layout" "$status$stdout" 0a/oci:1
  run umoci unpack --rootless --image layout:a/oci:1 bundle
  is "  and unpacks it" "$status" 0
  is "  to the same files" "$(cat bundle/rootfs/old bundle/rootfs/new)" newnew
else
  skip "umoci" "it is not installed"
fi

# What is refused.
run udocker save -o all.tar a/plain:1
is_error "a file that exists stays" 1 'output file already exists: all.tar'
run udocker save -o new.tar a/plain:1 a/missing:1
is_error "an image that is not there" 1 'image not found: a/missing:1'
run udocker save -o missing/new.tar a/plain:1
is_error "a directory that is not there" 1 "'missing/new.tar'.*No such file"
run udocker save -o new.tar
is_error "no image" 1 'no images specified'
run udocker save -
is_error "no image but a dash" 1 'no images specified'
if command -v script > tool; then
  script -qec 'udocker save a/plain:1' /dev/null > typescript < /dev/null
  like "a terminal gets no archive" "$(cat typescript)" 'Error: .*terminal'
fi
run udocker save -o /dev/full a/plain:1
is "a full disk" "$status" 1
like "  is an error" "$stderr" 'Error: .*No space left'
python_rules "saving changes nothing" --settled
layer=$(tar -xOf plain.tar manifest.json | sed 's/.*\[.\([0-9a-f]*\)\.tar.*/\1/')
chmod u+w "$UDOCKER_DIR/layers/sha256:$layer"
printf x | dd of="$UDOCKER_DIR/layers/sha256:$layer" conv=notrunc seek=700 \
  2> /dev/null
for format in docker-archive oci-archive; do
  run udocker save --format=$format -o new.tar a/plain:1
  is_error "a damaged layer, as $format" 1 "blob 'sha256:$layer' is damaged"
done
ok "nothing is left of all these" test -z "$(find . -maxdepth 1 -name 'new*' \
  -o -maxdepth 1 -name '*.tmp')"

done_testing
