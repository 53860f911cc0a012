#!/usr/bin/env python3
# Images for tests, made of layers that no sane builder makes.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""Make layers, and lay images out in a repository as the Python tool does.

In a test:  PYTHONPATH=$top_srcdir/tests python3 << END
            from images import *
            ...
            END
The repository is $UDOCKER_DIR.
"""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import tarfile

DIR, FILE, LINK, HARD = (tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE,
                         tarfile.LNKTYPE)
FIFO, CHAR, BLOCK = tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE
TIME = 1234567890


def entry(name, kind=FILE, data=b"", mode=None, to="", **more):
    """One entry of a layer: a pair of a TarInfo and its content."""
    if isinstance(data, str):
        data = data.encode()
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = mode if mode is not None else 0o755 if kind == DIR else 0o644
    info.linkname = to
    info.size = len(data)
    info.mtime = TIME
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def layer(*entries, format=tarfile.PAX_FORMAT, compress=gzip.compress):
    """The bytes of a layer with ENTRIES; strings are empty files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format,
                      errors="surrogateescape") as archive:
        for item in entries:
            info, data = entry(item) if isinstance(item, str) else item
            archive.addfile(info, io.BytesIO(data))
    return compress(out.getvalue()) if compress else out.getvalue()


def digest(data, algorithm="sha256"):
    return algorithm + ":" + hashlib.new(algorithm, data).hexdigest()


def blob(data, name=None):
    """Put DATA into layers/.  Return its name there."""
    name = name or digest(data)
    for part in ("repos", "layers", "containers", "bin", "lib", "doc"):
        os.makedirs(os.path.join(os.environ["UDOCKER_DIR"], part),
                    exist_ok=True)
    with open(os.path.join(os.environ["UDOCKER_DIR"], "layers", name),
              "wb") as file:
        file.write(data)
    return name


def tag(name, files, blobs):
    """Make the directory of the image NAME with FILES and links to BLOBS."""
    top = os.environ["UDOCKER_DIR"]
    directory = os.path.join(top, "repos", *name.rsplit(":", 1))
    os.makedirs(directory)
    with open(os.path.join(directory, "TAG"), "w") as file:
        file.write(top + "/repos/" + name)
    for file, text in files.items():
        with open(os.path.join(directory, file), "w") as stream:
            stream.write(text)
    for link in blobs:
        if not os.path.lexists(os.path.join(directory, link)):
            os.symlink(os.path.relpath(os.path.join(top, "layers", link),
                                       directory),
                       os.path.join(directory, link))


def plain(data):
    """DATA without compression, as far as Python can."""
    for magic, function in ((b"\x1f\x8b", gzip.decompress),
                            (b"BZh", bz2.decompress),
                            (b"\xfd7zXZ", lzma.decompress)):
        if data.startswith(magic):
            try:
                return function(data)
            except (OSError, EOFError, ValueError, lzma.LZMAError):
                return None
    return None if data.startswith((b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")) \
        else data


def oci(directory, *layers):
    """Make the OCI layout DIRECTORY of an image of LAYERS, tagged "x"."""
    blobs = os.path.join(directory, "blobs", "sha256")
    os.makedirs(blobs)

    def put(data, kind):
        with open(os.path.join(blobs, digest(data)[7:]), "wb") as file:
            file.write(data)
        return {"mediaType": "application/vnd.oci.image." + kind,
                "digest": digest(data), "size": len(data)}

    config = {"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": [
                  digest(plain(data)) for data in layers]}}
    manifest = {"schemaVersion": 2,
                "config": put(json.dumps(config).encode(), "config.v1+json"),
                "layers": [put(data, "layer.v1.tar+gzip") for data in layers]}
    last = put(json.dumps(manifest).encode(), "manifest.v1+json")
    last["annotations"] = {"org.opencontainers.image.ref.name": "x"}
    with open(os.path.join(directory, "index.json"), "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [last]}, file)
    with open(os.path.join(directory, "oci-layout"), "w") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')


def image(name, *layers, diff_ids=True, config=None, variant=None):
    """Make the image NAME ("test/x:latest") of LAYERS, base first."""
    if ":" not in name:
        name += ":latest"
    ids = [digest(plain(data) or data) for data in layers]
    if diff_ids is not True:
        ids = diff_ids or []
    elif any(plain(data) is None for data in layers):
        ids = []
    text = {"architecture": "amd64", "os": "linux",
            "config": config or {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": ids}}
    if variant:
        text["variant"] = variant
    config_name = blob(json.dumps(text).encode())
    names = [blob(data) for data in layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": os.path.getsize(os.path.join(
                os.environ["UDOCKER_DIR"], "layers", config_name)),
            "digest": config_name},
        "layers": [{
            "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "size": len(data), "digest": digest} for data, digest
            in zip(layers, names)]}
    tag(name, {"manifest": json.dumps(manifest), "v2": ""},
        [config_name] + names)
