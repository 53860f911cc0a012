# A file system that shares extents, and a quota on it that is exhausted.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# tests/as-user.sh mounts it when root starts the tests.

if test -z "${BTRFS_DISK-}"; then
  echo "1..0 # SKIP no btrfs can be mounted here: that takes root, loop devices and btrfs-progs"
  exit 0
fi
. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/python-rules.sh"
need docker-registry skopeo openssl filefrag

layout_begin "$work/layout"
layout_layer 1500000 first
layout_layer 1000000 second
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one
image=$registry/a/b:one

# shared FILE: FILE has extents, and another file has them, too.
shared ()
{
  sync -f "$1"
  filefrag -v "$1" | grep -q shared
}

UDOCKER_DIR=$BTRFS_DISK/repository
udocker -q pull "$image"
run udocker create --name=box "$image"
is "create" "$status$stderr" 0
box=$UDOCKER_DIR/containers/$stdout/ROOT
head -c 300000 /dev/urandom > "$box/own"
not_ok "  what was just written is nobody else's" shared "$box/own"
run udocker clone --name=copy box
is "clone" "$status$stderr" 0
copy=$UDOCKER_DIR/containers/$stdout/ROOT
ok "  the files share their extents" shared "$copy/own"
ok "  and are equal" diff -r "$box" "$copy"
echo more >> "$copy/own"
is "  a change of one is not one of the other" "$(wc -c < "$box/own")" 300000

# What a quota leaves.
limited=$BTRFS_DISK/limited
udocker -q save -o "$work/saved.tar" "$image"
udocker -q export -o "$work/tree.tar" box
UDOCKER_DIR=$limited/repository
udocker -q pull "$image"
udocker create --name=box "$image" > "$work/id"

# names: what is in the repository, but for locks.
names ()
{
  (cd "$UDOCKER_DIR" && find . -path ./run -prune -o ! -name .lock -print | sort)
}

# fill: exhaust the quota.
fill ()
{
  mkdir -p "$limited/filler"
  number=0
  while test $number -lt 1000 \
        && (head -c 65536 /dev/urandom > "$limited/filler/$number") \
          2> "$work/full"; do
    number=$((number + 1))
  done
  grep -q 'quota exceeded' "$work/full" || bail "the quota is not exhausted"
}

# beyond WHAT COMMAND [ARGUMENT]...: the command fails for the quota, says so,
# and leaves nothing.
beyond ()
{
  beyond_what=$1
  shift
  fill
  names > "$work/before"
  run "$@"
  is "$beyond_what beyond the quota" "$status$stdout" 1
  like "  says why" \
    "$(printf '%s\n' "$stderr" | grep -v -e '^Info: ' | tr '\n' '|')" \
    '^Error: [^|]*: Disk quota exceeded\|$'
  names > "$work/after"
  ok "  nothing is left" cmp "$work/before" "$work/after" \
    || diff "$work/before" "$work/after" | sed 's/^/# /'
}

beyond create udocker -q create --name=x "$image"
beyond load udocker -q load -i "$work/saved.tar" other
beyond import udocker -q import "$work/tree.tar" other
beyond "import to a container" \
  udocker -q import --tocontainer --name=x "$work/tree.tar"
beyond save udocker -q save -o "$limited/saved.tar" "$image"
beyond export udocker -q export -o "$limited/tree.tar" box
fill
run udocker rm box
is "rm when it is exhausted" "$status$(ls -A "$UDOCKER_DIR/containers")" 0
run udocker rmi "$image"
is "rmi, too" "$status$(udocker -q images)" 0
beyond pull udocker -q pull "$image"
rm -rf "$limited/filler"
sync -f "$limited"
run udocker -q pull "$image"
is "pull, once there is room" "$status$stderr" 0
run udocker create --name=box "$image"
is "create, too" "$status$stderr" 0
python_rules "the repository is in order" --settled

done_testing
