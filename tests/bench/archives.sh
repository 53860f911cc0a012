#!/bin/sh
# How long load and save take, against reading, hashing and copying the same
# bytes, side by side.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: archives.sh [RUNS [MEGABYTES]]
#
# Makes a docker-archive of an image of MEGABYTES (default 1000) of noise in
# eight layers that are not compressed, and the same archive through gzip.
# Then, RUNS times (default 5) in turns: the digest of the archive (openssl),
# the same while it is also copied (tee) and flushed (sync), which is the least
# that a load has to do, and load; cat of the blobs into a file that is flushed,
# their digest, and save into a file and into a pipe.  Prints medians and
# ratios of wall time and of the CPU time of all processes.

. "${top_srcdir:=.}/tests/bench/measure.sh"
udocker=$top_builddir/libexec/udocker/udocker-full
runs=${1-5}
megabytes=${2-1000}

python3 - "$work" "$megabytes" << 'END' || exit 1
import sys
from archives import *
os.chdir(sys.argv[1])
data = [layer(entry("f", data=os.urandom(int(sys.argv[2]) * 125000)),
              compress=None) for i in range(8)]
docker("plain.tar", ["bench/x:1"], config(*data), *data)
END
gzip -1 < "$work/plain.tar" > "$work/gzip.tar"

# shellcheck disable=SC2016
for _ in $(seq "$runs"); do
  measure hash openssl dgst -sha256 "$work/plain.tar"
  measure tee sh -c 'tee "$0/copy" < "$0/plain.tar" | openssl dgst -sha256 \
    && sync "$0/copy"' "$work"
  rm -f "$work/copy"
  rm -rf "$UDOCKER_DIR"
  measure load "$udocker" $root -q load -i "$work/plain.tar"
  measure hash-gzip sh -c 'gzip -dc "$0" | openssl dgst -sha256' \
    "$work/gzip.tar"
  rm -rf "$UDOCKER_DIR"
  measure load-gzip "$udocker" $root -q load -i "$work/gzip.tar"

  measure cat sh -c 'cat "$UDOCKER_DIR"/layers/* > "$0/copy" \
    && sync "$0/copy"' "$work"
  rm -f "$work/copy"
  measure hash-blobs sh -c 'cat "$UDOCKER_DIR"/layers/* | openssl dgst -sha256'
  measure save "$udocker" $root save -o "$work/saved.tar" bench/x:1
  rm -f "$work/saved.tar"
  measure save-pipe sh -c '"$@" | cat > /dev/null' sh "$udocker" $root save \
    bench/x:1
done

python3 - "$work" "$megabytes" << 'END'
import os, statistics, sys
os.chdir(sys.argv[1])


def times(name):
    lines = [list(map(float, line.split())) for line in open(name + ".times")]
    return [statistics.median(column) for column in zip(*lines)]


print(f"an image of {sys.argv[2]} MB in eight layers")
for ours, theirs in (("load", "hash"), ("load", "tee"),
                     ("load-gzip", "hash-gzip"), ("save", "cat"),
                     ("save", "hash-blobs"), ("save-pipe", "hash-blobs")):
    (a, b, _), (c, d, _) = times(ours), times(theirs)
    print(f"  {ours:9} {a:5.2f} s, CPU {b:5.2f} s   {theirs:10} {c:5.2f} s,"
          f" CPU {d:5.2f} s   {a / c:.2f}x, CPU {b / d:.2f}x")
END
