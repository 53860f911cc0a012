# Containers of udocker in one of an OCI runtime, which has namespaces and a
# filter of its own, as Docker and Podman have.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2086

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need python3
make_container "$id" c1 '{"config":{}}' || bail 'no container'
mkdir -p bundle/rootfs

# A container that shows the host's programs and this test's directory.
cat > spec.py << 'EOD'
import json, os, sys
work, build, source = sys.argv[1:4]
# What Docker's filter forbids who has no privileges, as far as it matters here.
forbidden = ["mount", "umount2", "pivot_root", "unshare", "setns", "bpf",
             "perf_event_open", "keyctl", "add_key", "request_key", "userfaultfd",
             "io_uring_setup", "kexec_load", "init_module", "reboot", "swapon",
             "open_by_handle_at", "personality"]
binds = [path for path in ("/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc",
                           build, source, work) if os.path.exists(path)]
with open("bundle/config.json", "w") as file:
    json.dump({
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0}, "cwd": work, "noNewPrivileges": True,
            "args": ["/bin/sh", work + "/script"],
            "env": [f"{name}={os.environ[name]}"
                    for name in ("PATH", "HOME", "UDOCKER_DIR", "LC_ALL")
                    if name in os.environ]},
        "root": {"path": "rootfs"},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "mode=755"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}] + [
                {"destination": path, "type": "bind", "source": path,
                 "options": ["rbind"]} for path in binds],
        "linux": {
            "namespaces": [{"type": kind} for kind in
                           ("user", "mount", "pid", "ipc", "uts")],
            "uidMappings": [{"containerID": 0, "hostID": os.getuid(), "size": 1}],
            "gidMappings": [{"containerID": 0, "hostID": os.getgid(), "size": 1}],
            "seccomp": {
                "defaultAction": "SCMP_ACT_ALLOW",
                "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
                "syscalls": [{"names": forbidden, "action": "SCMP_ACT_ERRNO",
                              "errnoRet": 1}]}}}, file)
EOD
python3 spec.py "$work" "$top_builddir" "$top_srcdir" || bail 'no configuration'

# in_oci COMMAND...: run it in a container of $runtime.
in_oci ()
{
  printf 'exec %s\n' "$*" > script
  case $runtime in
    crun) set -- --cgroup-manager=disabled ;;
    runc) set -- --rootless=true ;;
  esac
  run "$runtime" --root="$work/state" "$@" run --bundle "$work/bundle" \
    "udocker-test-$$"
}
why='neither crun nor runc is installed'
found=
for runtime in crun runc; do
  command -v "$runtime" > /dev/null || continue
  in_oci true
  test "$status" != 0 || { found=$runtime; break; }
  why="$runtime runs nothing here: $(printf '%s' "$stderr" | tail -n 1)"
done
test -n "$found" || skip_all "$why"

modes='P1 P2'
test ! -x "$libexec/udocker-trap" || modes="$modes T1 T2"
for mode in $modes; do
  in_oci udocker --allow-root run --nobanner --execmode=$mode c1 sh -c \
    "'head -n 1 /etc/passwd; cp /etc/passwd /tmp/x; chown 5:6 /tmp/x;
      stat -c %u:%g /tmp/x; (exit 3); echo \$?; exit 9'"
  is "a container in one of $runtime in $mode" "$status$stderr
$stdout" "9
root:x:0:0:root:/root:/bin/sh
5:6
3"
done
done_testing
