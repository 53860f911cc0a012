# Trees with everything in them that a copy can lose, and what is in a tree.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: trees.py make DIRECTORY        fill it
#        trees.py many DIRECTORY FILES  fill it with small files
#        trees.py show DIRECTORY [WHAT...]  a line for each thing in it
#
# WHAT leaves something out: "modes" permissions that an unpacked layer does
# not have.

import hashlib, os, socket, stat, sys


def write(path, data, mode=0o644, time=1234567890123456789):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    os.utime(path, ns=(time - 5, time))


def sparse(path, size, pieces):
    with open(path, "wb") as file:
        os.truncate(file.fileno(), size)
        for place, data in pieces:
            os.pwrite(file.fileno(), data, place)
    os.utime(path, ns=(7, 1500000000 * 10**9))


def attribute(path, name, value):
    try:
        os.setxattr(path, name, value, follow_symlinks=False)
    except OSError:
        pass


def make(top):
    top = os.fsencode(top)
    os.chdir(top)
    for name in b"bin", b"etc", b"empty", b"deep", b"odd", b"links":
        os.mkdir(name)
    write(b"bin/sh", b"#!/bin/sh\n" * 1000, 0o755)
    write(b"etc/secret", b"secret", 0o600, 999999999 * 10**9)
    write(b"etc/readonly", b"readonly", 0o444)
    write(b"etc/shared", b"", 0o666)
    write(b"etc/big", os.urandom(3 << 20))
    write(b"etc/old", b"old", 0o644, 1)
    # names
    write(b"odd/new\nline", b"1")
    write(b"odd/latin-\xe9\xff", b"2")
    write("odd/utf-8-é-漢".encode(), b"3")
    write(b"odd/ blank \\ \"quote' *?", b"4")
    write(b"odd/" + b"n" * 255, b"5")
    write(b"odd/-dash", b"6")
    write(b"odd/.wh", b"7")
    where = b"deep"
    for i in range(40):
        where += b"/" + b"directory-number-%02d" % i
        os.mkdir(where)
    write(where + b"/file", b"deep")
    os.link(where + b"/file", b"deep/other-name")
    # links
    write(b"links/a", b"content", 0o640)
    os.link(b"links/a", b"links/b")
    os.link(b"links/a", b"bin/c")
    os.symlink(b"/etc/passwd", b"links/absolute")
    os.symlink(b"../nowhere", b"links/dangling")
    os.symlink(b"l" * 300, b"links/long")
    os.symlink(b"\xff\n", b"links/strange")
    os.link(b"links/long", b"links/long-too", follow_symlinks=False)
    os.utime(b"links/absolute", ns=(5, 1600000000 * 10**9),
             follow_symlinks=False)
    # holes
    sparse(b"etc/hole", 10 << 20, [])
    sparse(b"etc/holes", 20 << 20, [(1 << 20, b"x" * 5000),
                                    (12 << 20, b"y" * 100)])
    sparse(b"etc/hole-first", 5 << 20, [((5 << 20) - 4, b"tail")])
    # attributes
    attribute(b"bin/sh", "user.one", b"value \0 with a NUL")
    attribute(b"bin/sh", "user.two", b"")
    attribute(b"etc/big", "user.big", b"b" * 3000)
    attribute(b"empty", "user.directory", b"d")
    # special files
    os.mkfifo(b"odd/fifo", 0o640)
    os.utime(b"odd/fifo", ns=(1, 1400000000 * 10**9))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(b"odd/socket")
    # permissions
    os.chmod(b"bin/c", 0o640)
    os.chmod(b"etc", 0o1777)
    os.mkdir(b"closed")
    write(b"closed/in", b"in", 0o000)
    os.link(b"closed/in", b"links/in-closed")
    os.mkdir(b"closed/list", 0o400)
    os.mkdir(b"closed/sub")
    write(b"closed/sub/x", b"x")
    os.chmod(b"closed/sub", 0o000)
    write(b"bin/setuid", b"s", 0o4755)
    os.chmod(b"bin/setuid", 0o4755)
    for path in (b"closed/sub", b"closed/list", b"closed", b"deep", b"empty",
                 b"odd", b"links", b"bin", b"etc", b"."):
        os.utime(path, ns=(3, 1300000000 * 10**9 + 17))
    os.chmod(b"closed", 0o000)


def many(top, count):
    data = os.urandom(1 << 20)
    for i in range(count):
        directory = os.path.join(top, "d%03d" % (i // 200), "e%02d" % (i // 20 % 10))
        if i % 20 == 0:
            os.makedirs(directory)
        # Sizes as in a distribution: most are small, some are large.
        size = (i * 7919) % 6000 if i % 10 else (i * 104729) % 120000
        start = (i * 31) % (len(data) - size)
        with open(os.path.join(directory, "file%05d" % i), "wb") as file:
            file.write(data[start:start + size])
        os.utime(file.name, (1600000000, 1600000000))  # as in layers
        if i % 8 == 0:
            os.symlink("file%05d" % i, os.path.join(directory, "link%05d" % i))


def show(top, without):
    seen = {}
    lines = []

    def one(path, name):
        info = os.lstat(path)
        kind = stat.S_IFMT(info.st_mode)
        mode = info.st_mode & 0o7777
        opened = kind in (stat.S_IFDIR, stat.S_IFREG)
        lacks = 0o500 if kind == stat.S_IFDIR else 0o400
        restore = opened and mode & lacks != lacks
        if restore:
            os.chmod(path, mode | lacks)
        if "modes" in without:
            mode &= 0o1755 if kind == stat.S_IFDIR else 0o755
            mode |= 0o700 if kind == stat.S_IFDIR else 0o600
        what = "%06o" % (kind | (0 if kind == stat.S_IFLNK else mode))
        what += " %d" % info.st_mtime_ns
        if kind == stat.S_IFREG:
            with open(path, "rb") as file:
                what += " %d %s" % (info.st_size,
                                    hashlib.md5(file.read()).hexdigest())
            if info.st_size > 4 << 20:
                what += " sparse" if info.st_blocks * 512 < 1 << 20 else " full"
        if kind == stat.S_IFLNK:
            what += " -> " + repr(os.readlink(path))
        if kind != stat.S_IFDIR and info.st_nlink > 1:
            what += " = " + repr(seen.setdefault(info.st_ino, name))
        if opened:
            for key in sorted(os.listxattr(path)):
                what += " %s=%r" % (key, os.getxattr(path, key))
        lines.append(repr(name) + " " + what)
        if kind == stat.S_IFDIR:
            for child in sorted(os.listdir(path)):
                one(path + b"/" + child, name + b"/" + child)
        if restore:
            os.chmod(path, info.st_mode & 0o7777)

    one(os.fsencode(top), b"")
    print("\n".join(lines))


if sys.argv[1] == "make":
    make(sys.argv[2])
elif sys.argv[1] == "many":
    many(sys.argv[2], int(sys.argv[3]))
else:
    show(sys.argv[2], sys.argv[3:])
