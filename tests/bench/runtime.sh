#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# How long it takes to start a program in mode R1, against the same runtime with
# a bundle that is ready.
#
# usage: runtime.sh [ROUNDS]
#
# To be run from the build directory.  Root hands it to the ordinary account of
# $SUDO_USER, or nobody.  Each round times both, one after the other, for each
# runtime that starts containers here; printed are medians in milliseconds and
# their ratio.  RUNTIMES="runc" chooses some.

rounds=${1:-31}
top_builddir=$(pwd)
test -x bin/udocker || { echo "$0: run it in the build directory" >&2; exit 99; }
busybox=$(command -v busybox) || { echo "$0: needs busybox-static" >&2; exit 77; }
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

if test "$(id -u)" = 0; then
  work=$(mktemp -d /tmp/udocker-bench.XXXXXX) || exit 99
  trap 'rm -rf "$work"' EXIT
  uid=$(id -u "${SUDO_USER:-nobody}")
  gid=$(id -g "${SUDO_USER:-nobody}")
  cp "$0" "$work/runtime.sh" && chown -R "$uid:$gid" "$work" || exit 99
  TMPDIR=$work setpriv --reuid="$uid" --regid="$gid" --clear-groups \
    sh "$work/runtime.sh" "$rounds"
  exit
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/udocker-bench.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
id=01234567-89ab-3def-8123-456789abcdef
root=$work/repository/containers/$id/ROOT
mkdir -p "$work/repository/bin" "$work/repository/lib" "$work/repository/layers" \
  "$work/repository/repos" "$root/bin" "$root/dev" "$root/etc" "$root/proc" \
  "$root/root" "$root/sys" "$root/tmp" "$work/bundle"
cp "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/true"
echo root:x:0:0:root:/root:/bin/sh > "$root/etc/passwd"
echo root:x:0: > "$root/etc/group"
touch "$root/etc/resolv.conf" "$root/etc/host.conf"
echo '{"config":{"Cmd":["true"]}}' > "$work/repository/containers/$id/container.json"
ln -s $id "$work/repository/containers/c1"

cat > "$work/bench.py" << 'EOP'
import json, os, shutil, statistics, subprocess, sys, time
work, root, rounds, udocker = sys.argv[1:5]
environment = {"HOME": work, "UDOCKER_DIR": work + "/repository",
               "PATH": os.environ["PATH"], "LC_ALL": "C"}

# What 'runc spec --rootless' writes, but for what cannot be had everywhere.
def mount(place, kind, source, *options):
    return {"destination": place, "type": kind, "source": source,
            "options": list(options)}
capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
spec = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False, "user": {"uid": 0, "gid": 0}, "args": ["true"],
        "env": ["PATH=/bin"], "cwd": "/", "noNewPrivileges": True,
        "capabilities": {name: capabilities for name in
                         ("bounding", "effective", "permitted")}},
    "root": {"path": root},
    "mounts": [
        mount("/proc", "proc", "proc"),
        mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755"),
        mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance",
              "ptmxmode=0666", "mode=0620"),
        mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev",
              "mode=1777"),
        mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev",
              "ro")],
    "linux": {
        "namespaces": [{"type": kind} for kind in
                       ("user", "mount", "pid", "ipc", "uts")],
        "uidMappings": [{"containerID": 0, "hostID": os.getuid(), "size": 1}],
        "gidMappings": [{"containerID": 0, "hostID": os.getgid(), "size": 1}],
        "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys",
                        "/proc/latency_stats", "/proc/timer_list",
                        "/proc/timer_stats", "/proc/sched_debug",
                        "/sys/firmware", "/proc/scsi"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                          "/proc/sysrq-trigger"]}}
with open(work + "/bundle/config.json", "w") as file:
    json.dump(spec, file)

def timed(command):
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    took = time.perf_counter() - start
    return took, done.returncode, done.stderr.decode(errors="replace").strip()

options = {"crun": ["--cgroup-manager=disabled"], "runc": ["--rootless=true"]}
for name in os.environ.get("RUNTIMES", "crun runc youki").split():
    path = shutil.which(name)
    if path is None:
        print(name + ": not installed")
        continue
    environment["UDOCKER_USE_RUNC_EXECUTABLE"] = path
    bare = [path, "--root", work + "/state"] + options.get(name, []) \
        + ["run", "--bundle", work + "/bundle", "bench"]
    ours = [udocker, "run", "--nobanner", "--execmode=R1", "c1", "true"]
    _, status, said = timed(bare)
    if status != 0:
        print("%s: starts nothing here: %s" % (name, said.split("\n")[-1]))
        continue
    _, status, said = timed(ours)
    if status != 0:
        sys.exit(said)
    a, b = [], []
    for _ in range(int(rounds)):
        a.append(timed(bare)[0])
        b.append(timed(ours)[0])
    ma, mb = statistics.median(a), statistics.median(b)
    print("%-6s run %7.2f ms  udocker run --execmode=R1 %7.2f ms  ratio %.2f"
          % (name, 1000 * ma, 1000 * mb, mb / ma), flush=True)
EOP
python3 "$work/bench.py" "$work" "$root" "$rounds" "$top_builddir/bin/udocker"
