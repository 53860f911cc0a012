#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# How long it takes to start a program in a container, against chroot(8).
#
# usage: start.sh [ROUNDS]
#
# To be run by root from the build directory: chroot needs it.  udocker is run
# by the ordinary account of $SUDO_USER, or nobody.  Each round times both, one
# after the other; printed are medians in milliseconds and their ratio, for one
# start of /bin/true and for 50 at once, for exec into a container that runs and
# for doctor against run, and the path-taking system calls of one start.  LC_ALL=C, as in
# batch jobs.

rounds=${1:-31}
top_builddir=$(pwd)
top_srcdir=${top_srcdir:-$top_builddir}
test "$(id -u)" = 0 || { echo "$0: needs root, for chroot" >&2; exit 77; }
test -x bin/udocker || { echo "$0: run it in the build directory" >&2; exit 99; }
uid=$(id -u "${SUDO_USER:-nobody}")
gid=$(id -g "${SUDO_USER:-nobody}")
LC_ALL=C
export LC_ALL

work=$(mktemp -d /tmp/udocker-bench.XXXXXX) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
busybox=$(command -v busybox) || { echo "$0: needs busybox-static" >&2; exit 77; }
id=01234567-89ab-3def-8123-456789abcdef
root=$work/repository/containers/$id/ROOT
mkdir -p "$work/repository/bin" "$work/repository/lib" "$work/repository/layers" \
  "$work/repository/repos" "$root/bin" "$root/dev" "$root/etc" "$root/proc" \
  "$root/root" "$root/sys" "$root/tmp"
cp "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/true"
ln -s busybox "$root/bin/sh"
echo root:x:0:0:root:/root:/bin/sh > "$root/etc/passwd"
echo root:x:0: > "$root/etc/group"
echo '{"config":{"Cmd":["true"]}}' > "$work/repository/containers/$id/container.json"
ln -s $id "$work/repository/containers/c1"
chown -R "$uid:$gid" "$work"

cat > "$work/bench.py" << 'EOP'
import os, statistics, subprocess, sys, time
uid, gid, root, rounds, udocker, work = sys.argv[1:7]
uid, gid, rounds = int(uid), int(gid), int(rounds)
spec = "%d:%d" % (uid, gid)
chroot = ["/usr/sbin/chroot", "--userspec=" + spec, root, "/bin/true"]
run = [udocker, "run", "--nobanner", "c1", "/bin/true"]
environment = {"HOME": work, "UDOCKER_DIR": work + "/repository",
               "PATH": os.environ["PATH"], "LC_ALL": "C"}

null = os.open("/dev/null", os.O_WRONLY)

def spawn(command, drop):
    pid = os.fork()
    if pid == 0:
        os.dup2(null, 1)
        if drop:
            os.setgroups([]); os.setgid(gid); os.setuid(uid)
        os.execve(command[0], command, environment)
    return pid

def one(command, drop):
    start = time.perf_counter()
    _, status = os.waitpid(spawn(command, drop), 0)
    took = time.perf_counter() - start
    if status != 0:
        sys.exit("%s: status %d" % (command, status))
    return took

def many(command, drop, count=50):
    start = time.perf_counter()
    pids = [spawn(command, drop) for _ in range(count)]
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        if status != 0:
            sys.exit("%s: status %d" % (command, status))
    return time.perf_counter() - start

def report(what, measure, rounds, base=("chroot", chroot, False),
           other=("udocker", run, True)):
    a, b = [], []
    measure(*base[1:]); measure(*other[1:])
    for _ in range(rounds):
        a.append(measure(*base[1:]))
        b.append(measure(*other[1:]))
    ma, mb = statistics.median(a), statistics.median(b)
    print("%-14s %s %7.2f ms  %s %7.2f ms  ratio %.2f" %
          (what, base[0], 1000 * ma, other[0], 1000 * mb, mb / ma), flush=True)

report("one start", one, rounds)
report("50 at once", many, max(5, rounds // 6))

# One more program where one runs.
one([udocker, "run", "--detach", "c1", "/bin/busybox", "sleep", "1000"], True)
report("exec", one, rounds, ("run   ", run, True),
       ("exec   ", [udocker, "exec", "c1", "/bin/true"], True))
one([udocker, "stop", "--time=0", "c1"], True)
report("doctor", one, max(5, rounds // 3), ("run   ", run, True),
       ("doctor ", [udocker, "doctor"], True))
EOP
python3 "$work/bench.py" "$uid" "$gid" "$root" "$rounds" \
  "$top_builddir/bin/udocker" "$work"

# What the engine does after that cannot be traced: it traces itself.
if command -v strace > /dev/null; then
  setpriv --reuid="$uid" --regid="$gid" --clear-groups env -i HOME="$work" \
    UDOCKER_DIR="$work/repository" PATH="$PATH" LC_ALL=C \
    strace -o "$work/trace" -e trace=%file "$top_builddir/bin/udocker" run \
      --nobanner c1 /bin/true > /dev/null 2>&1
  echo "path calls of udocker and its engine before the program: $(
    grep -vc '^[+-]' "$work/trace")"
fi
