# Python: imports, threads, processes, files.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# needs: python3

python3 - <<'END'
import argparse, array, asyncio, base64, bisect, bz2, calendar, codecs
import collections, concurrent.futures, configparser, contextlib, copy, csv
import ctypes, dataclasses, datetime, decimal, difflib, email, enum, fcntl
import fnmatch, fractions, functools, getpass, gettext, glob, gzip, hashlib
import heapq, html, http.client, importlib, inspect, io, ipaddress, itertools
import json, locale, logging, lzma, mmap, multiprocessing, operator, os
import pathlib, pickle, platform, pprint, queue, random, re, select, selectors
import shelve, shlex, shutil, signal, socket, sqlite3, ssl, stat, statistics
import string, struct, subprocess, sys, sysconfig, tempfile, textwrap
import threading, time, traceback, types, unittest, urllib.request, uuid
import weakref, xml.etree.ElementTree, zipfile, zlib
print(len(sys.modules) > 200, sys.executable, os.getcwd())
print(os.path.realpath(sys.executable), platform.libc_ver()[0])
END
python3 - <<'END'
import concurrent.futures, os, threading
names = [f"file{i}" for i in range(40)]
def work(name):
    for i in range(20):
        with open(name, "w") as f:
            f.write(name * i)
        assert os.stat(name).st_size == len(name) * i
        os.rename(name, name + ".moved")
        os.rename(name + ".moved", name)
    os.unlink(name)
    return os.path.exists(name)
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(work, names)))
END
cat > processes.py <<'END'
import multiprocessing, os, sys
def square(n):
    return n * n
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(4) as pool:
            print(method, sum(pool.map(square, range(100))))
        queue = context.Queue()
        process = context.Process(target=queue.put, args=(os.getcwd(),))
        process.start()
        print(queue.get())
        process.join()
        print(process.exitcode)
END
python3 processes.py
python3 - <<'END'
import os, pathlib, shutil, socket, subprocess, sys, tempfile
print(subprocess.run(["sh", "-c", "pwd; exit 3"], capture_output=True))
print(subprocess.run("echo $0; cat", shell=True, input=b"in", cwd="/",
                     capture_output=True))
try:
    subprocess.run(["/no/such"])
except OSError as error:
    print(error)
try:
    subprocess.run(["sh"], cwd="/no/such")
except OSError as error:
    print(error)
d = pathlib.Path(tempfile.mkdtemp(dir="."))
(d / "a" / "b").mkdir(parents=True)
(d / "a" / "b" / "c").write_text("text")
(d / "link").symlink_to("a/b/c")
print(sorted(str(p.relative_to(d)) for p in d.rglob("*")))
print((d / "link").resolve().relative_to(pathlib.Path.cwd() / d))
shutil.copytree(d, "copied", symlinks=True)
print(sorted(os.listdir("copied")))
shutil.rmtree(d)
shutil.rmtree("copied")
print(d.exists())
fd = os.open(".", os.O_RDONLY)
os.mkdir("below", dir_fd=fd)
print(os.listdir(fd) == os.listdir("."), os.stat("below", dir_fd=fd).st_mode)
os.rmdir("below", dir_fd=fd)
s = socket.socket(socket.AF_UNIX)
s.bind("socket")
s.listen()
c = socket.socket(socket.AF_UNIX)
c.connect(os.path.abspath("socket"))
print(c.getpeername(), s.getsockname(), s.accept()[1])
print(os.path.realpath("/proc/self/cwd") == os.getcwd(),
      os.path.realpath("/proc/self/exe"), os.readlink("/proc/self/root"))
print(os.stat_result(os.lstat("/proc/self/exe")).st_mode)
with os.scandir("/") as entries:
    print(sorted(e.name for e in entries if e.is_dir(follow_symlinks=False)))
END
python3 -c 'import sys; sys.exit(9)'; echo "status $?"
python3 -c 'import os; os.kill(os.getpid(), 15)'; echo "status $?"
python3 -c 'import nonesuch' 2> /dev/null; echo "status $?"
python3 -m compileall -q . ; echo "status $?"
python3 -c 'import asyncio
async def main():
    p = await asyncio.create_subprocess_exec("echo", "async",
                                             stdout=asyncio.subprocess.PIPE)
    print(await p.communicate())
asyncio.run(main())'
