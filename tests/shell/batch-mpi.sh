#!/bin/sh
# MPI programs in containers: started by the host's launcher, a container each,
# and by the container's own.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

# The short form runs what the host has, by --location=/; the long one what two
# releases of Debian have.
roots=/
test "${TEST_LONG-}" != yes || roots='/ debian12-mpi debian13-mpi'
modes=P1
test ! -x "$libexec/udocker-trap" || modes='P1 T1'
ranks=2

# More processes than processors, and root in the container.
OMPI_MCA_rmaps_base_oversubscribe=1
PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_rmaps_base_oversubscribe PRTE_MCA_rmaps_default_mapping_policy
cp "$top_srcdir/tests/guest/ranks.c" .
echo told > hold.txt

# in_root MODE ARGUMENT...: run in the root, in this directory.  What hangs is
# killed: a launcher may wait for ever.
cat > in_root << 'END'
mode=$1
root=$2
shift 2
exec udocker -q run --nobanner --execmode="$mode" --location="$root" \
  -v "$PWD" -w "$PWD" --user="$(id -u):$(id -g)" x "$@"
END

# said: what the ranks print when all is right.
said ()
{
  python3 - "$1" << 'END'
import sys
size = int(sys.argv[1])
total = sum(sum(rank + i for rank in range(size)) for i in range(200))
for rank in range(size):
    print("rank %d of %d: sum %d, got %d"
          % (rank, size, total, 299999 + (rank - 1) % size))
END
}

# launch WHAT STATUS COMMAND...: run it; the ranks say the right things and it
# ends with STATUS.
launch ()
{
  launch_what=$1
  launch_status=$2
  shift 2
  run timeout -s KILL 60 "$@"
  is "$launch_what" "$status $(sort stdout | grep '^rank')" \
    "$launch_status $(said $ranks)" || {
    note "$(cat stderr)"
    return 1
  }
}

# What the ranks need that lie in containers of their own.
make_container $id c1 '{"config":{"Cmd":["/bin/sh"]}}' \
  || bail "cannot make a container"
cat > holds.py << 'END'
import os, sys
os.chdir("/dev/shm")
for fd, path in (100, "udocker-test-%d" % os.getpid()), (101, sys.argv[1]):
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(file, b"shared\n")
    os.dup2(file, fd)
    if fd == 100:
        os.unlink(path)
open(sys.argv[2], "w").close()
sys.stdin.read()
END
mkfifo hold
python3 holds.py "$work/plain" "$work/held" < hold &
holder=$!
exec 9> hold
until_true test -e held || bail "holds.py does not begin"
mkdir session
for mode in $modes; do
  run ud --execmode=$mode c1 sh -c "cat /proc/$holder/fd/100"
  is "$mode: another container's shared memory without a name" \
    "$status$stdout" 0shared
  run ud --execmode=$mode -v /dev:/dev:ro c1 sh -c "cat /proc/$holder/fd/100"
  is "  but not what is read-only" "$status" 1
  run ud --execmode=$mode c1 sh -c "cat /proc/$holder/fd/101"
  is "  nor other files of who is in no container" "$status" 1
  run env PMI_FD=7 sh -c 'exec 7< hold.txt
    exec udocker run --nobanner --execmode=$1 c1 sh -c "cat <&\$PMI_FD"' - $mode
  is "  a descriptor of the launcher" "$status$stdout" 0told
  # Programs that pass over what follows "[vdso]" must not miss the stack.
  run ud --execmode=$mode --location=/ x cat /proc/self/maps
  unlike "  the stack does not follow the kernel's code" \
    "$(sed -n '/\[stack\]/q; p' stdout | tail -n 1)" 'vdso'
  run env SLURM_TMPDIR="$work/session" PMIX_SERVER_TMPDIR=/does/not/exist \
    udocker run --nobanner --execmode=$mode c1 \
    sh -c 'echo mine > $SLURM_TMPDIR/file; ls /does'
  is "  a directory of the launcher" \
    "$(cat session/file)$(echo "$stderr" | sed 's/.*: //')" \
    "mineNo such file or directory"
  rm -f session/file
  run env SLURM_TMPDIR="$work/session" udocker run --nobanner \
    --execmode=$mode --novol="$work/session" c1 sh -c 'ls $SLURM_TMPDIR'
  is "  unless it is left out" "$status" 1
  run env PMIX_RANK=0 udocker run --nobanner --execmode=$mode c1 true
  like "  who shows other ids than the launcher's is told" "$status $stderr" \
    "^0 Warning: .*PMIx.* --user=$(id -u):$(id -g) shows these"
  run env PMIX_RANK=0 udocker run --nobanner --execmode=$mode \
    --user="$(id -u):$(id -g)" c1 true
  is "  others are not" "$status$stderr" 0
done
exec 9>&-
wait $holder

for name in $roots; do
  root=/
  test "$name" = / \
    || root=$(sh "$top_srcdir/tests/images/root.sh" --if-cheap "$name" \
         2> reason) || {
    skip "$name" "$(cat reason)"
    continue
  }
  for way in openmpi mpich; do
    test -x "$root/usr/bin/mpicc.$way" || {
      skip "$way of $name" "mpicc.$way is not installed there"
      continue
    }
    sh in_root P1 "$root" "mpicc.$way" -o "ranks.$way" ranks.c \
      || bail "mpicc.$way does not work"
    for mode in $modes; do
      launch "mpirun of $way in $mode on $name" 0 \
        sh in_root $mode "$root" "mpirun.$way" -n $ranks "./ranks.$way"
      command -v "mpirun.$way" > which || {
        skip "  and the host's" "mpirun.$way is not installed"
        continue
      }
      launch "  and the host's" 7 "mpirun.$way" -n $ranks \
        sh in_root $mode "$root" "./ranks.$way" 7
    done
  done
done
done_testing
