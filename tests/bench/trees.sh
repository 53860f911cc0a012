#!/bin/sh
# How long clone and export take, against cp -a and tar -c, side by side.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: trees.sh [RUNS [FILES]]
#
# Makes a container of FILES small files (default 25000) and RUNS times (default
# 5) in turns: clones it and copies its tree with cp -a; exports it and archives
# its tree with tar -c, to a file and into a pipe.  Prints medians, and medians
# of the ratios of each turn, of CPU time (user and system) and of wall time.
# clone and export to a file flush what they made; so does 'sync -f' behind
# each, which is part of what is measured.  Nothing is
# removed before the end: ext4 looks long for inodes to use while many were
# freed in the last minutes.

. "${top_srcdir:=.}/tests/bench/measure.sh"
runs=${1-5}
files=${2-25000}
flush=yes

"$udocker" $root -q ps > /dev/null || exit 1
number=0
export number
id=01234567-89ab-3def-8123-456789abcdef
container=$UDOCKER_DIR/containers/$id
mkdir -p "$container/ROOT"
echo '{}' > "$container/container.json"
printf 'test:latest' > "$container/imagerepo.name"
python3 "$top_srcdir/tests/trees.py" many "$container/ROOT" "$files" || exit 1
sync

# compare NAME OURS THEIRS: measure both in turns.
compare ()
{
  for _ in $(seq "$runs"); do
    measure "$1.ours" sh -c "$2"
    measure "$1.theirs" sh -c "$3"
    number=$((number + 1))
  done
  python3 - "$1" "$work/$1.ours.times" "$work/$1.theirs.times" << 'END'
import statistics, sys
ours, theirs = ([list(map(float, l.split())) for l in open(f)]
                for f in sys.argv[2:])
for what, i in ("wall", 0), ("CPU", 1):
    print("%-14s %-4s udocker %6.2f s   other %6.2f s   %.2fx" % (
        sys.argv[1], what, statistics.median(o[i] for o in ours),
        statistics.median(t[i] for t in theirs),
        statistics.median(o[i] / t[i] for o, t in zip(ours, theirs))))
END
}

echo "$files files, $(du -sm "$container" | cut -f 1) MB"
compare clone "exec '$udocker' $root -q clone $id" \
  "exec cp -a '$container' '$work/out.'\$number"
"$udocker" help export > /dev/null 2>&1 || exit 0
compare export-file "exec '$udocker' $root -q export -o '$work/out.'\$number $id" \
  "exec tar -c -f '$work/tar.'\$number -C '$container/ROOT' ."
compare export-pipe "exec '$udocker' $root -q export $id | cat > /dev/null" \
  "exec tar -c -f - -C '$container/ROOT' . | cat > /dev/null"
