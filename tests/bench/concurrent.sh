#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# What many starts of one container at once cost, against as many in a row.
#
# usage: concurrent.sh [ROUNDS [STARTS]]
#
# To be run from the build directory; root's runs are those of $SUDO_USER, or
# nobody.  Each round starts 'run true' STARTS (200) times in a row and STARTS
# times at once, on two processors, in modes P1 and T1.  Printed are medians of
# CPU time, of all processes together, and of the ratios of both in one round;
# 1.2 is the goal.  Time that passes is printed, too, but depends on what else
# the machine does.

rounds=${1:-7}
starts=${2:-200}
: "${top_srcdir:=.}"
# shellcheck source=tests/bench/measure.sh
. "$top_srcdir/tests/bench/measure.sh"

busybox=$(command -v busybox) || { echo "$0: needs busybox-static" >&2; exit 77; }
id=01234567-89ab-3def-8123-456789abcdef
rootfs=$UDOCKER_DIR/containers/$id/ROOT
mkdir -p "$UDOCKER_DIR/bin" "$UDOCKER_DIR/lib" "$UDOCKER_DIR/layers" \
  "$UDOCKER_DIR/repos" "$rootfs/bin" "$rootfs/dev" "$rootfs/etc" \
  "$rootfs/proc" "$rootfs/root" "$rootfs/sys" "$rootfs/tmp"
cp "$busybox" "$rootfs/bin/busybox"
ln -s busybox "$rootfs/bin/true"
echo root:x:0:0:root:/root:/bin/sh > "$rootfs/etc/passwd"
echo root:x:0: > "$rootfs/etc/group"
echo '{"config":{"Cmd":["true"]}}' > "$UDOCKER_DIR/containers/$id/container.json"
ln -s $id "$UDOCKER_DIR/containers/c1"
uid=$(id -u)
gid=$(id -g)
if test "$uid" = 0; then
  uid=$(id -u "${SUDO_USER:-nobody}")
  gid=$(id -g "${SUDO_USER:-nobody}")
  chown -R "$uid:$gid" "$work"
fi

cat > "$work/bench.py" << 'END'
import os, resource, statistics, sys, time
uid, gid, rounds, starts, udocker, work = sys.argv[1:7]
uid, gid, rounds, starts = int(uid), int(gid), int(rounds), int(starts)
environment = {"HOME": work, "UDOCKER_DIR": os.environ["UDOCKER_DIR"],
               "PATH": os.environ["PATH"], "LC_ALL": "C"}
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)

def start(mode):
    pid = os.fork()
    if pid == 0:
        os.execve(udocker, [udocker, "run", "--nobanner", "--execmode=" + mode,
                            "c1", "/bin/true"], environment)
    return pid

def end(pid):
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit("udocker run does not work")

def in_a_row(mode):
    for _ in range(starts):
        end(start(mode))

def at_once(mode):
    for pid in [start(mode) for _ in range(starts)]:
        end(pid)

def measure(work, mode):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    work(mode)
    wall = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime
            - before.ru_stime, wall)

for mode in "P1", "T1":
    row, once = [], []
    end(start(mode))
    for _ in range(rounds):
        row.append(measure(in_a_row, mode))
        once.append(measure(at_once, mode))
    cpu = [statistics.median(one[0] for one in list) for list in (row, once)]
    wall = [statistics.median(one[1] for one in list) for list in (row, once)]
    ratio = statistics.median(b[0] / a[0] for a, b in zip(row, once))
    print("%s  a start in a row %5.2f ms CPU (%5.2f ms passed), at once "
          "%5.2f ms CPU (%5.2f ms passed)  ratio %.2f"
          % (mode, 1000 * cpu[0] / starts, 1000 * wall[0] / starts,
             1000 * cpu[1] / starts, 1000 * wall[1] / starts, ratio),
          flush=True)
END
python3 "$work/bench.py" "$uid" "$gid" "$rounds" "$starts" "$udocker" "$work"
