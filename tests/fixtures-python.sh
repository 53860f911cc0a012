# Repositories as the Python tool leaves them, made by its rules.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

command -v python3 > /dev/null || skip_all "'python3' is not installed"

# The images that python_images makes; each has the files 'old' and 'new',
# whose content is 'new' in both.
python_image_names='py/pulled:v1 py/schema1:latest py/imported:latest
py/loaded:latest py/oci-loaded:latest py/ancient:latest'

# python_images: what a pull (with links that an earlier version of the tag
# left), a pull of schema 1, an import, a load of a Docker archive, a load of
# an OCI archive and a pull from a version 1 registry leave.
python_images ()
{
  PYTHONPATH=$top_srcdir/tests PYTHONDONTWRITEBYTECODE=1 python3 - << 'END'
from images import *
top = os.environ["UDOCKER_DIR"]
base = layer(entry("old", data="old"), entry("gone"))
upper = layer(entry("old", data="new"), entry("new", data="new"), ".wh.gone")
config = {"architecture": "amd64", "os": "linux",
          "config": {"Cmd": ["/bin/sh"], "Env": ["A=b"]}}

def dumps(value):
    return json.dumps(value).encode()

# A pull.  The image that had the tag before left two links, one of which
# leads nowhere.
image("py/pulled:v1", base, upper, config=config["config"])
stale = blob(layer("stale"))
for name in (stale, "sha256:" + "0" * 64):
    os.symlink("../../../../layers/" + name, top + "/repos/py/pulled/v1/" + name)

# Schema 1: the newest layer first, the configuration in the history.
tag("py/schema1:latest", {"v2": "", "manifest": json.dumps({
    "schemaVersion": 1, "name": "py/schema1", "tag": "latest",
    "architecture": "amd64",
    "fsLayers": [{"blobSum": blob(upper)}, {"blobSum": blob(base)}],
    "history": [{"v1Compatibility": json.dumps(dict(config, id="2" * 64))},
                {"v1Compatibility": json.dumps({"id": "1" * 64})}]})},
    [digest(upper), digest(base)])

def v1(name, layers, ids, **more):
    links = []
    for number, (data, id) in enumerate(zip(layers, ids)):
        links.append(blob(data, id + ".layer"))
        text = dict(config, id=id)
        if number > 0:
            text["parent"] = ids[number - 1]
        if more.get("json", True):
            links.append(blob(dumps(text), id + ".json"))
    for file, data in more.get("blobs", {}).items():
        links.append(blob(data, file))
    tag(name, {"v1": "", "ancestry": json.dumps(ids[::-1])}, links)
    if "config" in more:
        os.symlink("../../../../layers/" + more["config"],
                   top + "/repos/" + name.replace(":", "/")
                   + "/container.json")

# An import: one layer under a random name.
v1("py/imported:latest",
   [layer(entry("old", data="new"), entry("new", data="new"))], ["d" * 64])
# A load of what docker save wrote.
v1("py/loaded:latest", [base, upper], ["a" * 64, "b" * 64],
   blobs={"c" * 64 + ".json": dumps(config)}, config="c" * 64 + ".json")
# A load of an OCI archive: all blobs are called layers, also the
# configuration.
v1("py/oci-loaded:latest", [base, upper],
   [digest(base)[7:], digest(upper)[7:]], json=False,
   blobs={digest(dumps(config))[7:] + ".layer": dumps(config)},
   config=digest(dumps(config))[7:] + ".layer")
# A pull from a registry of version 1.
v1("py/ancient:latest", [base, upper], ["e" * 64, "f" * 64])
END
}

# Containers that python_containers makes; the first has the names 'named' and
# 'second', the second is protected.
python_id=c1c4c264-c242-3375-85d5-07c0fe8ce347
python_protected_id=d2d4c264-c242-3375-85d5-07c0fe8ce348

# python_containers: a container with two aliases, its clone that is
# protected, and an alias whose container is gone.  The first was run in an R
# mode.
python_containers ()
{
  for fixture_part in repos layers containers bin lib doc; do
    mkdir -p "$UDOCKER_DIR/$fixture_part"
  done
  for fixture_id in "$python_id" "$python_protected_id"; do
    fixture_dir=$UDOCKER_DIR/containers/$fixture_id
    mkdir -p "$fixture_dir/ROOT/bin" "$fixture_dir/ROOT/etc"
    echo data > "$fixture_dir/ROOT/file"
    printf '{"architecture": "amd64", "os": "linux", "config": {"Cmd": null, "Entrypoint": ["/bin/true"], "Env": null}}' \
      > "$fixture_dir/container.json"
    printf py/pulled:v1 > "$fixture_dir/imagerepo.name"
    printf '%s' "$fixture_dir/ROOT" > "$fixture_dir/root.path"
    printf '{"osversion": "linux", "oskernel": "4.4.0", "arch": "x86_64", "osdistribution": "('\''Debian'\'', '\''12'\'')", "PROOT_NEW_SECCOMP": 1}' \
      > "$fixture_dir/osenv.json"
  done
  : > "$UDOCKER_DIR/containers/$python_protected_id/PROTECT"
  fixture_dir=$UDOCKER_DIR/containers/$python_id
  mkdir -p "$fixture_dir/.bind_orig_files" "$fixture_dir/.mountpoints" \
    "$fixture_dir/ROOT/.bind_host_files"
  echo 'root:x:0:0:root:/root:/bin/sh' \
    > "$fixture_dir/.bind_orig_files/#etc#passwd"
  ln -s '/.bind_host_files/#etc#passwd' "$fixture_dir/ROOT/etc/passwd"
  echo '{"ociVersion": "1.0.2"}' > "$fixture_dir/config.json"
  printf P1 > "$fixture_dir/execmode"
  ln -s "$python_id" "$UDOCKER_DIR/containers/named"
  ln -s "$python_id" "$UDOCKER_DIR/containers/second"
  ln -s 00000000-0000-3000-8000-000000000000 \
    "$UDOCKER_DIR/containers/dangling"
}

# python_tools: what its tools leave, of release 1.3 and of the branch that was
# to become 1.4.
python_tools ()
{
  mkdir -p "$UDOCKER_DIR/bin" "$UDOCKER_DIR/lib" "$UDOCKER_DIR/doc" \
    "$UDOCKER_DIR/tar"
  echo 1.2.11 > "$UDOCKER_DIR/lib/VERSION"
  echo theirs > "$UDOCKER_DIR/bin/proot-x86_64-4_8_0"
  echo '[]' > "$UDOCKER_DIR/lib/installed.json"
  echo '[]' > "$UDOCKER_DIR/installed.json"
  echo '[]' > "$UDOCKER_DIR/metadata.json"
  echo tar > "$UDOCKER_DIR/tar/proot.tgz"
}
