# What the benchmarks of the store share: a repository, and measuring.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Sourced by them.  Sets $work, a directory of their own that goes at the end,
# $udocker and $root, the option that root needs.
#
# shellcheck shell=sh
# shellcheck disable=SC2034  # for who sources it

set -u
: "${top_srcdir:=.}" "${top_builddir:=.}"
top_srcdir=$(cd "$top_srcdir" && pwd)
top_builddir=$(cd "$top_builddir" && pwd)
udocker=$top_builddir/bin/udocker
work=$(mktemp -d "${TMPDIR:-/tmp}/udocker-bench.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
UDOCKER_DIR=$work/repository
PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export UDOCKER_DIR PYTHONPATH PYTHONDONTWRITEBYTECODE
root=
test "$(id -u)" != 0 || root=--allow-root
flush=

# measure NAME COMMAND [ARGUMENT]...: run it and add a line to $work/NAME.times:
# seconds of wall time, of CPU time of all its processes, and kilobytes of the
# largest.  With $flush it is only over when all is on the disk.
measure ()
{
  measure_file=$work/$1.times
  shift
  sync
  python3 - "$measure_file" "${flush:+$work}" "$@" << 'END'
import resource, subprocess, sys, time
file, flush, *command = sys.argv[1:]
start = time.monotonic()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
if flush:
    subprocess.run(["sync", "-f", flush], check=True)
wall = time.monotonic() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(file, "a") as out:
    print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=out)
END
}
