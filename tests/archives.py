# Archives of images for tests, as many tools write them, and as none should.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""Make archives.

In a test:  PYTHONPATH=$top_srcdir/tests python3 << END
            from archives import *
            ...
            END
"""
import subprocess

from images import *


def zstd(data):
    return subprocess.run(["zstd", "-qc"], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


class Archive:
    """Members, in their order, to be written to a tar archive."""

    def __init__(self, algorithm="sha256"):
        self.members = []
        self.algorithm = algorithm  # of the digests of blobs

    def add(self, name, data):
        """Add a file.  Return its name."""
        if not isinstance(data, (bytes, str)):
            data = json.dumps(data)
        self.members.append(entry(name, data=data))
        return name

    def link(self, name, to, kind=LINK):
        self.members.append(entry(name, kind, to=to))
        return name

    def blob(self, data, kind="application/vnd.oci.image.manifest.v1+json",
             **more):
        """Add a blob of an OCI layout.  Return a descriptor."""
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        name = digest(data, self.algorithm)
        self.add("blobs/" + name.replace(":", "/"), data)
        return dict({"mediaType": kind, "digest": name, "size": len(data)},
                    **more)

    def write(self, path, compress=None):
        with open(path, "wb") as file:
            file.write(layer(*self.members, compress=compress))


def config(*layers, **more):
    """A configuration over LAYERS, which are not compressed, as bytes; written
    as no JSON library would, so that who writes it anew is found out."""
    text = {"architecture": "amd64", "os": "linux",
            "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers",
                       "diff_ids": [digest(data) for data in layers]}}
    text.update(more)
    return b" " + json.dumps(text, indent=3).encode() + b"\n\n"


def short(data):
    """The name that udocker gives an image with the configuration DATA."""
    return "localhost/" + digest(data)[7:19]


def named(tag, **more):
    """Annotations of an OCI layout."""
    more["org.opencontainers.image.ref.name"] = tag
    return more


def add_oci_image(archive, config_text, *layers, docker=False, **more):
    """Add the blobs of an image to ARCHIVE.  Return its descriptor."""
    base = "application/vnd.docker." if docker else "application/vnd.oci."
    return archive.blob({
        "schemaVersion": 2,
        "config": archive.blob(config_text, base + (
            "container.image.v1+json" if docker else
            "image.config.v1+json")),
        "layers": [archive.blob(data, base + (
            "image.rootfs.diff.tar.gzip" if docker else
            "image.layer.v1.tar+gzip")) for data in layers]},
        base + ("distribution.manifest.v2+json" if docker else
                "image.manifest.v1+json"), **more)


def oci_index(archive, *entries, name="index.json"):
    archive.add("oci-layout", {"imageLayoutVersion": "1.0.0"})
    archive.add(name, {"schemaVersion": 2, "manifests": list(entries)})


def docker(path, tags, config_text, *layers):
    """Write an archive with nothing but what it must have."""
    archive = Archive()
    names = [archive.add(digest(data)[7:] + ".tar", data) for data in layers]
    archive.add("manifest.json", [{
        "Config": archive.add(digest(config_text)[7:] + ".json", config_text),
        "RepoTags": tags, "Layers": names}])
    archive.write(path)
