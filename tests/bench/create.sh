#!/bin/sh
# How long create takes, against gzip and tar, side by side.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: create.sh [RUNS [DIRECTORY...]]
#
# Makes an image of about 500 MB compressed in 8 gzip layers out of the files
# in the DIRECTORIES (default /usr), and one of 60 small layers; then, RUNS
# times (default 3) in turns, creates a container and unpacks the same layers
# with 'gzip -dc | tar -x', one after the other.  Prints medians and ratios of
# wall time, of CPU time of all processes, and the peak of memory.  The disk is
# quiet (sync) before each turn; create flushes what it made, tar does not.

. "${top_srcdir:=.}/tests/bench/measure.sh"
runs=${1-3}
test $# -gt 0 && shift
test $# -gt 0 || set -- /usr

# compare NAME: run both on the image test/NAME, whose layers are NAME-*.
compare ()
{
  for _ in $(seq "$runs"); do
    measure "$1.udocker" "$udocker" $root -q create "test/$1"
    # shellcheck disable=SC2016
    measure "$1.tar" sh -c \
      'mkdir "$0/tree"; for f in "$0/$1"-*; do
         gzip -dc "$f" | tar -xf - -C "$0/tree" || exit; done' "$work" "$1"
    find "$work/tree" | wc -l > "$work/files"
    chmod -R u+rwX "$work/tree"
    rm -rf "$work/tree" "$UDOCKER_DIR"/containers/*
  done
  python3 - "$1" "$(cat "$work/files")" "$(cat "$work/$1"-* | wc -c)" \
    "$work/$1.udocker.times" "$work/$1.tar.times" << 'END'
import statistics, sys
name, files, size = sys.argv[1], *map(int, sys.argv[2:4])
ours, theirs = ([statistics.median(c) for c in zip(*(map(float, l.split())
                for l in open(f)))] for f in sys.argv[4:])
print(f"{name}: {files} files, {size / 1e6:.0f} MB compressed")
for what, a, b in zip(("wall", "CPU"), ours, theirs):
    print(f"  {what:4}  udocker {a:6.2f} s   gzip|tar {b:6.2f} s   {a / b:.2f}x")
print(f"  peak  udocker {ours[2] / 1024:.1f} MB")
END
}

echo "making layers ..." >&2
(cd / && find "$@" -xdev \( -type f -o -type l \) -print0 2> /dev/null) \
  > "$work/names"
python3 - "$work" 8 60 << 'END'
import os, sys, tarfile
work = sys.argv[1]
names = [n for n in open(work + "/names", "rb").read().split(b"\0") if n]
budget = 1300 << 20
total, chosen = 0, []
for name in names:
    try:
        size = os.lstat(name).st_size
    except OSError:
        continue
    if total + size <= budget and os.access(name, os.R_OK, follow_symlinks=False):
        chosen.append(name)
        total += size
for kind, count, share in (("big", 8, chosen), ("small", 60, chosen[:1800])):
    for i in range(count):
        with tarfile.open(f"{work}/{kind}-{i:02}", "w:gz", compresslevel=6) as archive:
            for name in share[i * len(share) // count:(i + 1) * len(share) // count]:
                archive.add(os.fsdecode(name), recursive=False)
END
python3 - "$work" << 'END'
import glob, sys
from images import *
for kind in "big", "small":
    image("test/" + kind, *(open(f, "rb").read() for f in
                            sorted(glob.glob(sys.argv[1] + "/" + kind + "-*"))))
END
compare big
compare small
