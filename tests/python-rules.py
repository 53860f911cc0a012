#!/usr/bin/env python3
# Does the Python tool understand this repository?
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""Check a repository against what the Python tool expects on disk.

usage: python-rules.py [--settled] TOP

Prints a line for each rule that is broken, and ends with status 1 when there
was one.  With --settled nothing may be left of work either: names that begin
with a dot, blobs that no image links to, directories of images that hold
none.
"""
import hashlib
import json
import os
import re
import stat
import sys

HEX = "[0-9a-f]{64}"
BLOB = re.compile("(sha256:%s|sha512:[0-9a-f]{128}|%s\\.(layer|json))$"
                  % (HEX, HEX))
# What the Python tool takes for the id of a container.
ID = re.compile("[a-z0-9]+(-[a-z0-9]+){4}$")
ALIAS = re.compile(r"[^/. \[\]]{1,2048}$")
MODES = ("P1", "P2", "F1", "F2", "F3", "F4", "R1", "R2", "R3", "S1", "T1",
         "T2")
# Files beside ROOT that it or we know.
CONTAINER_FILES = {
    "ROOT", "container.json", "imagerepo.name", "execmode", "PROTECT",
    "nvidia", "root.path", "osenv.json", ".mountpoints", ".bind_orig_files",
    "config.json", "ld.lib.dirs", "ld.so.path", "ld.so.orig", "patch.path",
    "patch.time", "libfakechroot.so", "owners"}

broken = []


def rule(good, text, *values):
    """Note that the rule TEXT is broken unless GOOD."""
    if not good:
        broken.append(text % values)
    return bool(good)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def parse(path):
    """The JSON value in PATH, or None when there is none."""
    try:
        return json.loads(read(path).decode())
    except (OSError, ValueError) as problem:
        rule(False, "%s: no JSON: %s", path, problem)
        return None


def entries(directory, settled):
    """What is in DIRECTORY; what begins with a dot is work under way."""
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        if not entry.name.startswith("."):
            yield entry
        elif settled and entry.name != ".lock":
            rule(False, "%s: left over", entry.path)


def check_layers(top, settled):
    """Return the blobs in layers/."""
    blobs = set()
    for entry in entries(os.path.join(top, "layers"), settled):
        rule(BLOB.match(entry.name), "%s: a strange name", entry.path)
        if not rule(entry.is_file(follow_symlinks=False),
                    "%s: no regular file", entry.path):
            continue
        kind, colon, value = entry.name.partition(":")
        if colon:
            rule(hashlib.new(kind, read(entry.path)).hexdigest() == value,
                 "%s: content and name differ", entry.path)
        blobs.add(entry.name)
    return blobs


def check_links(top, directory, names):
    """Check the links in the DIRECTORY of an image; return what is linked."""
    links = {}
    for name in names:
        path = os.path.join(directory, name)
        if not os.path.islink(path):
            continue
        target = os.readlink(path)
        base = os.path.basename(target)
        rule(not target.startswith("/"), "%s: absolute link", path)
        rule(name in (base, "container.json"), "%s: leads to %s", path, target)
        rule(os.path.realpath(path)
             == os.path.join(os.path.realpath(os.path.join(top, "layers")),
                             base), "%s: does not lead to layers/", path)
        rule(os.path.isfile(path), "%s: leads nowhere", path)
        links[name] = base
    return links


def check_v2(directory, links):
    """The manifest names the links.  Return what it names."""
    manifest = parse(os.path.join(directory, "manifest"))
    if not rule(isinstance(manifest, dict), "%s: no manifest", directory):
        return set()
    if "layers" in manifest:
        wanted = [layer["digest"] for layer in manifest["layers"]]
        wanted.append(manifest["config"]["digest"])
        path = os.path.join(directory, manifest["config"]["digest"])
        rule(isinstance(parse(path), dict), "%s: no object", path)
    elif rule("fsLayers" in manifest, "%s/manifest: without layers",
              directory):
        wanted = [layer["blobSum"] for layer in manifest["fsLayers"]]
        rule(isinstance(json.loads(manifest["history"][0]["v1Compatibility"]),
                        dict), "%s: no v1Compatibility", directory)
    else:
        return set()
    for name in wanted:
        rule(name in links, "%s: no link to %s", directory, name)
    return set(wanted)


def check_v1(directory, links):
    """The list of layers names the links.  Return what it names."""
    ancestry = parse(os.path.join(directory, "ancestry"))
    if not rule(isinstance(ancestry, list) and ancestry
                and all(isinstance(name, str) for name in ancestry),
                "%s/ancestry: no list of layers", directory):
        return set()
    wanted = {name + ".layer" for name in ancestry}
    for name in wanted:
        rule(name in links, "%s: no link to %s", directory, name)
    config = "container.json" if "container.json" in links \
        else ancestry[0] + ".json"
    if rule(config in links, "%s: no link to %s", directory, config):
        path = os.path.join(directory, config)
        rule(isinstance(parse(path), dict), "%s: no object", path)
    return wanted | {name + ".json" for name in ancestry} \
        | {links.get("container.json")}


def check_image(top, directory, settled):
    """Check the image in DIRECTORY; return the blobs that it links to."""
    names = sorted(os.listdir(directory))
    relative = os.path.relpath(directory, os.path.join(top, "repos"))
    name, _, tag = relative.rpartition("/")
    rule(name, "%s: a tag without a name", directory)
    rule(read(os.path.join(directory, "TAG")).decode()
         == os.path.join(top, "repos", name) + ":" + tag,
         "%s/TAG: not the place and name of the image", directory)
    rule(("v1" in names) != ("v2" in names), "%s: not v1 or v2", directory)
    for mark in ("v1", "v2", "PROTECT"):
        if mark in names:
            rule(read(os.path.join(directory, mark)) == b"",
                 "%s/%s: not empty", directory, mark)
    links = check_links(top, directory, names)
    wanted = check_v2(directory, links) if "v2" in names \
        else check_v1(directory, links)
    if settled:
        for link, base in links.items():
            rule(base in wanted, "%s: link to %s, which it does not need",
                 directory, link)
    for file in names:
        rule(file in links or os.path.isdir(os.path.join(directory, file))
             or file in ("TAG", "v1", "v2", "PROTECT", "manifest", "ancestry",
                         "index", "index.1", "index.2", "index.3")
             or file.startswith("."), "%s/%s: unknown", directory, file)
    return set(links.values())


def check_repos(top, settled):
    """Return all blobs that images link to."""
    linked = set()

    def walk(directory, depth):
        if depth > 0 and os.path.lexists(os.path.join(directory, "TAG")):
            linked.update(check_image(top, directory, settled))
        elif settled and depth > 0:
            rule(os.listdir(directory), "%s: empty", directory)
        for entry in entries(directory, settled):
            if entry.is_dir(follow_symlinks=False):
                walk(entry.path, depth + 1)

    walk(os.path.join(top, "repos"), 0)
    return linked


def check_container(directory):
    names = set(os.listdir(directory))
    rule(ID.match(os.path.basename(directory)), "%s: no id", directory)
    for name in names - CONTAINER_FILES:
        rule(False, "%s/%s: unknown", directory, name)
    root = os.path.join(directory, "ROOT")
    rule(os.path.isdir(root) and not os.path.islink(root), "%s: no ROOT",
         directory)
    metadata = parse(os.path.join(directory, "container.json"))
    rule(isinstance(metadata, dict), "%s: no container.json", directory)
    image = read(os.path.join(directory, "imagerepo.name")).decode() \
        if rule("imagerepo.name" in names, "%s: no imagerepo.name",
                directory) else "a:b"
    rule("\n" not in image and ":" in image, "%s/imagerepo.name: '%s'",
         directory, image)
    if "execmode" in names:
        rule(read(os.path.join(directory, "execmode")).decode() in MODES,
             "%s/execmode: not a mode", directory)
    if "PROTECT" in names:
        rule(read(os.path.join(directory, "PROTECT")) == b"",
             "%s/PROTECT: not empty", directory)


def check_containers(top, settled):
    for entry in entries(os.path.join(top, "containers"), settled):
        if entry.is_symlink():
            target = os.readlink(entry.path)
            rule("/" not in target, "%s: an alias of '%s'", entry.path, target)
            rule(ALIAS.match(entry.name), "%s: a bad alias", entry.path)
            rule(stat.S_ISDIR(os.stat(entry.path).st_mode)
                 if os.path.exists(entry.path) else False,
                 "%s: leads nowhere", entry.path)
        elif rule(entry.is_dir(), "%s: no directory", entry.path):
            check_container(entry.path)


def main(arguments):
    settled = "--settled" in arguments
    top = os.path.abspath(arguments[-1])
    for name in ("repos", "layers", "containers", "bin", "lib"):
        if not rule(os.path.isdir(os.path.join(top, name)),
                    "%s/%s: missing", top, name):
            return 1
    rule(not os.path.lexists(os.path.join(top, "lib", "VERSION")),
         "lib/VERSION: the Python tool takes its tools for installed")
    blobs = check_layers(top, settled)
    linked = check_repos(top, settled)
    if settled:
        for name in sorted(blobs - linked):
            rule(False, "layers/%s: no image needs it", name)
    check_containers(top, settled)
    for text in broken:
        print(text)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
