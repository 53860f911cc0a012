# load: archives of every kind, as many tools write them.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/python-rules.sh"
need zstd xz gzip bzip2

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

# Every image here consists of layers that make the files 'old' and 'new', both
# with 'new' in them.  For each archive X.tar a file X.names has what load is to
# print, X.ids the digests of the configurations.
python3 - << 'END' || bail 'cannot make archives'
from archives import *

base = layer(entry("old", data="old"), entry("gone"), compress=None)
upper = layer(entry("old", data="new"), entry("new", data="new"), ".wh.gone",
              compress=None)
plain_layers = base, upper
text = config(*plain_layers)
arm = config(*plain_layers, architecture="arm64")
zipped = [gzip.compress(data) for data in plain_layers]


def expect(name, names, *configs):
    open(name + ".names", "w").write("".join(n + "\n" for n in names))
    open(name + ".ids", "w").write(
        "".join(digest(c)[7:] + "\n" for c in configs or [text]))


def described(archive, names, ids, blobs, link=None):
    """The directories of the layers IDS as docker save wrote them."""
    parent = None
    for i, (id, data) in enumerate(zip(ids, blobs)):
        info = {"id": id, "os": "linux", "architecture": "amd64",
                "config": {"Cmd": ["/bin/sh"]}}
        if parent:
            info["parent"] = parent
        archive.add(id + "/VERSION", "1.0")
        archive.add(id + "/json", info)
        if link and i > 0:
            archive.link(id + "/layer.tar", *link)
        else:
            archive.add(id + "/layer.tar", data)
        parent = id
    archive.add("repositories", {
        n.rsplit(":", 1)[0]: {n.rsplit(":", 1)[1]: parent} for n in names})


# docker save before 25, podman save.
archive = Archive()
ids = ["%064d" % i for i in (1, 2)]
described(archive, ["a/docker:1", "a/more:2"], ids, plain_layers)
archive.add("c.json", text)
archive.add("manifest.json", [{
    "Config": "c.json", "RepoTags": ["a/docker:1", "a/more:2"],
    "Layers": [id + "/layer.tar" for id in ids]}])
archive.write("docker.tar")
expect("docker", ["a/docker:1", "a/more:2"])
# The same archive, compressed.
for name, function in (("gzip", gzip.compress), ("xz", lzma.compress),
                       ("bzip2", bz2.compress), ("zstd", zstd)):
    archive.write("docker-%s.tar" % name, compress=function)
    expect("docker-" + name, ["a/docker:1", "a/more:2"])
# And with all names as tar -C writes them.
for info, _ in archive.members:
    info.name = "./" + info.name
archive.write("docker-dots.tar")
expect("docker-dots", ["a/docker:1", "a/more:2"])

# docker before 1.10.  What it knew as the configuration is that of the layer.
archive = Archive()
described(archive, ["a/old:1"], ids, plain_layers)
archive.write("old.tar")
expect("old", ["a/old:1"], archive.members[4][1])

# No directories, no 'repositories', no VERSION; compressed in every way.
for name, function in (("plain", bytes), ("gzip", gzip.compress),
                       ("xz", lzma.compress), ("bzip2", bz2.compress),
                       ("zstd", zstd)):
    docker("layers-%s.tar" % name, ["a/layers-%s:1" % name], text,
           *map(function, plain_layers))
    expect("layers-" + name, ["a/layers-%s:1" % name])

# kaniko, ko and others; what names things comes first.
archive = Archive()
archive.add("manifest.json", [{
    "Config": digest(text), "RepoTags": ["a/kaniko"], "Layers": [
        digest(data)[7:] + ".tar.gz" for data in zipped]}])
for data in zipped:
    archive.add(digest(data)[7:] + ".tar.gz", data)
archive.add(digest(text), text)
archive.write("kaniko.tar")
expect("kaniko", ["a/kaniko:latest"])

# Links, to what came and to what comes; one digest twice.
twice = config(upper, base, upper, upper)
for name, link in (("symlinks", ("../%s/layer.tar" % ids[1], LINK)),
                   ("hard-links", (ids[1] + "/layer.tar", HARD))):
    archive = Archive()
    archive.add("c.json", twice)
    archive.add("0/layer.tar", base)
    archive.add(ids[1] + "/layer.tar", upper)
    archive.link(ids[0] + "/layer.tar", *link)
    archive.link("3/layer.tar", "../%s/layer.tar" % ids[0]) if link[1] == LINK \
        else archive.link("3/layer.tar", *link)
    archive.add("manifest.json", [{
        "Config": "c.json", "RepoTags": ["a/%s:1" % name],
        "Layers": [id + "/layer.tar" for id in (ids[1], "0", ids[0], "3")]}])
    archive.write(name + ".tar")
    expect(name, ["a/%s:1" % name], twice)

# Several images that share layers; one without a name; a name twice.
archive = Archive()
for name, data in zip(("base", "upper"), plain_layers):
    archive.add(name, data)
other = config(base, upper, author="x")
third = config(base, upper, upper)
for name, data in (("1", text), ("2", other), ("3", third)):
    archive.add(name, data)
archive.add("manifest.json", [
    {"Config": "1", "RepoTags": ["a/one:1", "a/one:1"],
     "Layers": ["base", "upper"]},
    {"Config": "2", "RepoTags": ["a/two:1"], "Layers": ["base", "upper"]},
    {"Config": "3", "RepoTags": None, "Layers": ["base", "upper", "upper"]}])
archive.write("several.tar")
expect("several", ["a/one:1", "a/two:1", short(third) + ":latest"],
       text, other, third)

# A name that is none, and '<none>:<none>'.
docker("bad-name.tar", ["../../x:1"], text, *plain_layers)
expect("bad-name", [short(text) + ":latest"])
docker("none.tar", ["<none>:<none>"], text, *plain_layers)
expect("none", [short(text) + ":latest"])

# OCI layouts: whole names, tags, none; Docker's types.
for name, annotations, want in (
        ("oci", named("a/oci:2"), "a/oci:2"),
        ("oci-host", named("quay.io/a/oci:2"), "quay.io/a/oci:2"),
        ("oci-tag", named("3.18"), short(text) + ":3.18"),
        ("oci-containerd", named("5", **{
            "io.containerd.image.name": "docker.io/library/c:5"}),
         "docker.io/library/c:5"),
        ("oci-nameless", {}, short(text) + ":latest")):
    archive = Archive()
    oci_index(archive, add_oci_image(archive, text, *zipped,
                                     docker=name == "oci-host",
                                     annotations=annotations))
    archive.write(name + ".tar")
    expect(name, [want])

# Two tags of one image.
archive = Archive()
image = add_oci_image(archive, text, *map(zstd, plain_layers))
oci_index(archive, dict(image, annotations=named("a/tags:1")),
          dict(image, annotations=named("a/tags:2")))
archive.write("oci-tags.tar")
expect("oci-tags", ["a/tags:1", "a/tags:2"])

# For several platforms: an index in the index, and in it an attestation; or
# side by side.  This machine's or, asked for, another one's.
amd_or_arm = os.uname().machine == "aarch64"
here = arm if amd_or_arm else text


def both(archive, **more):
    for data, name in ((arm, "arm64"), (text, "amd64")):
        yield add_oci_image(archive, data, *zipped, platform={
            "os": "linux", "architecture": name}, **more)


archive = Archive()
nested = archive.blob({"schemaVersion": 2, "manifests": [
    *both(archive), archive.blob({"schemaVersion": 2, "layers": []}, platform={
        "os": "unknown", "architecture": "unknown"}, annotations={
            "vnd.docker.reference.type": "attestation-manifest"})]},
    "application/vnd.oci.image.index.v1+json")
deeper = archive.blob({"schemaVersion": 2, "manifests": [nested]},
                      "application/vnd.oci.image.index.v1+json",
                      annotations=named("a/nested:1"))
oci_index(archive, deeper)
archive.write("oci-nested.tar")
expect("oci-nested", ["a/nested:1"], here)
archive = Archive()
oci_index(archive, *both(archive, annotations=named("a/beside:1")))
archive.write("oci-beside.tar")
expect("oci-beside", ["a/beside:1"], here)

# docker save since 25: both formats, one index, of whose images only that of
# another machine is there.
archive = Archive()
foreign = config(*plain_layers, architecture="s390x")
image = add_oci_image(archive, foreign, *zipped, platform={
    "os": "linux", "architecture": "s390x"})
index = archive.blob({"schemaVersion": 2, "manifests": [
    dict(image, digest=digest(b"x"), size=1, platform={
        "os": "linux", "architecture": "amd64"}), image]},
    "application/vnd.oci.image.index.v1+json", annotations=named("1", **{
        "io.containerd.image.name": "docker.io/a/docker25:1"}))
oci_index(archive, index)
archive.add("manifest.json", [{
    "Config": "blobs/sha256/" + digest(foreign)[7:],
    "RepoTags": ["a/docker25:1"],
    "Layers": ["blobs/sha256/" + digest(data)[7:] for data in zipped]}])
archive.write("docker25.tar")
expect("docker25", ["a/docker25:1"], foreign)

# Digests that are longer, and one that is not right.
archive = Archive("sha512")
oci_index(archive, add_oci_image(archive, text, *zipped,
                                 annotations=named("a/long:1")))
archive.write("long.oci")
open("long.id", "w").write(digest(text, "sha512"))
for member in archive.members:
    if zipped[1] in member:
        archive.members.remove(member)
        break
archive.add("blobs/" + digest(zipped[1], "sha512").replace(":", "/"),
            zipped[0])
archive.write("wrong.oci")
END

# check ARCHIVE [LOAD-ARGUMENT]...: it has the images that it is to have.
check ()
{
  check_name=$1
  shift
  rm -rf "$UDOCKER_DIR"
  run udocker load "$@"
  ok "load $check_name" test "$status" = 0 || note "$stderr"
  is "  its names" "$stdout" "$(cat "$check_name.names")"
  for check_id in $(cat "$check_name.ids"); do
    if test "$check_name" = old; then
      check_found=$(for check_image in $stdout; do
        udocker inspect "$check_image" | grep -c '"id": "0*2"'; done)
      is "  its configuration" "$check_found" 1
    else
      is "  its configuration" \
        "$(sha256sum < "$UDOCKER_DIR/layers/sha256:$check_id")" "$check_id  -"
    fi
  done
  python_rules "  the Python tool would understand it" --settled
  for check_image in $stdout; do
    check_container=$(udocker -q create "$check_image" 2> /dev/null)
    is "  the files of $check_image" "$(cd \
      "$UDOCKER_DIR/containers/$check_container/ROOT" && ls && cat old new)" \
      'new
old
newnew'
  done
}

for archive in *.tar; do
  check "${archive%.tar}" -i "$archive"
done

# Layouts with SHA-512.
rm -rf "$UDOCKER_DIR"
run udocker load -i long.oci
is "load digests of SHA-512" "$status$stdout" 0a/long:1
is "  the configuration's" \
  "sha512:$(sha512sum < "$UDOCKER_DIR/layers/$(cat long.id)" | cut -d ' ' -f 1)" \
  "$(cat long.id)"
python_rules "  are in order" --settled
run udocker verify a/long:1
is "  verify" "$status" 0
run udocker load -i long.oci
is "  are here already" "$status$stdout" 0a/long:1
id=$(udocker -q create a/long:1)
is "  create" "$(cd "$UDOCKER_DIR/containers/$id/ROOT" && cat old new)" newnew
run udocker save --format=oci-archive -o again.oci a/long:1
is "  save them as a layout" "$status" 0
is "    whose configuration and layers have their names" \
  "$(tar -tf again.oci | grep -c 'sha512/.')" 3
run udocker save -o docker.again a/long:1
is "  or as Docker's, which knows nothing of them" \
  "$status$(tar -tf docker.again | grep -c sha512)" 00
udocker -q rm "$id"
for saved in again.oci docker.again; do
  udocker -q rmi a/long:1
  run udocker load -i "$saved"
  is "  and load what was saved" "$status$stdout" 0a/long:1
  run udocker verify a/long:1
  is "  verify" "$status" 0
done
run udocker load -i wrong.oci
is_error "a wrong digest of SHA-512" 1 "is damaged: .*sha512:"

# The other ways in.
run_from docker.tar udocker load
is "standard input: all is here already" "$status$stdout" "0a/docker:1
a/more:2"
rm -rf "$UDOCKER_DIR"

run_from docker.tar udocker load - x.org:5000/some/name
is "another repository, for each tag" "$status$stdout" \
  '0x.org:5000/some/name:1
x.org:5000/some/name:2'
mkdir layout exploded
tar -xf oci.tar -C layout
tar -xf symlinks.tar -C exploded
check oci --input=layout
check symlinks --input exploded

rm -rf "$UDOCKER_DIR"
run udocker load --platform=linux/arm64 -i oci-nested.tar --format=json
is "another platform, as JSON" "$(echo "$stdout" | python3 -c '
import json, sys
for item in json.load(sys.stdin):
    print(item["repository"], item["tag"], sorted(item))')" \
  "a/nested 1 ['id', 'repository', 'tag']"
like "  has its configuration" \
  "$(cat "$UDOCKER_DIR"/layers/* 2> /dev/null | tr -d '\000')" \
  '"architecture": "arm64"'
run udocker load --platform=linux/riscv64 -i oci-nested.tar
is_error "a platform that is not there" 1 'no image found.*linux/riscv64.*arm64'
run udocker load -i docker25.tar
like "a warning about another platform" "$stderr" 's390x'
run udocker load -i bad-name.tar
like "a warning about a name that is none" "$stderr" \
  "Warning: .*'\.\./\.\./x:1'"
rm -rf "${UDOCKER_DIR:?}/repos/"*
run udocker load -i several.tar one/name
is_error "several images of one name are refused" 1 \
  "two images .*'one/name:1'"
run udocker load -i several.tar one/name:1
is_error "a tag is not for the user to say" 1 \
  'enter image or repository/image without tag'

done_testing
