# A disk that is full: a clear error, nothing left, and a way out.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/small-disk.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/python-rules.sh"
need docker-registry skopeo openssl

layout_begin "$work/layout"
layout_layer 1500000 first
layout_layer 1000000 second
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one
image=$registry/a/b:one
udocker -q images

# pull
disk_fill 1800
no_room "pull of an image that is too large" udocker -q pull "$image"
disk_fill 0
no_room "pull without any room" udocker -q pull "$image"
is "  nothing is listed" "$(udocker -q images)" ''
disk_free
run udocker -q pull "$image"
is "pull, once there is room" "$status$stderr" 0
run udocker -q verify "$image"
is "  the image is whole" "$status$stderr" 0

# create
disk_fill 2000
no_room "create of a tree that is too large" udocker -q create "$image"
disk_fill 0
no_room "create without any room" udocker -q create --name=x "$image"
disk_free
disk_fill_files 3
no_room "create without room for its files" udocker -q create --name=x "$image"
disk_free
run udocker create --name=box "$image"
is "create, once there is room" "$status$stderr" 0

# What copies it fills the disk again.
disk_fill 2000
no_room "clone of a tree that is too large" udocker -q clone box
udocker -q save -o "$work/saved.tar" "$image"
udocker -q export -o "$work/tree.tar" box
for room in 2000 0; do
  disk_fill $room
  no_room "load with $room kB" udocker -q load -i "$work/saved.tar" other
  no_room "import with $room kB" udocker -q import "$work/tree.tar" other
  no_room "import to a container with $room kB" \
    udocker -q import --tocontainer --name=other "$work/tree.tar"
  no_room "save with $room kB" udocker -q save -o "$disk/saved.tar" "$image"
  no_room "export with $room kB" udocker -q export -o "$disk/tree.tar" box
done
disk_free

# What needs no room, or very little.
disk_fill 0
no_room "tag" udocker -q tag "$image" other:name
run udocker images
is "images" "$status$stderr" 0
run udocker ps -s
is "ps" "$status$stderr" 0
run udocker verify "$image"
is "verify" "$status" 0
run udocker df
is "df" "$status$stderr" 0
run udocker name box second
is "name" "$status$stderr" 0
run udocker rmname second
is "rmname" "$status" 0
is "the disk is still full" "$(df -k --output=avail "$disk" | tail -n 1 | tr -d ' ')" 0
run udocker rm box
is "rm on a full disk" "$status$(ls -A "$UDOCKER_DIR/containers")" 0
run udocker rmi "$image"
is "rmi on a full disk" "$status" 0
is "  gives all room back" \
  "$(find "$UDOCKER_DIR/layers" "$UDOCKER_DIR/repos" -mindepth 1 ! -name .lock)" ''
disk_free
python_rules "the repository is in order" --settled

# A quota that is exhausted.
udocker -q pull "$image"
if strace -o /dev/null true 2> /dev/null; then
  run strace -f -qq -o /dev/null -e inject=pwrite64:error=EDQUOT \
    "$libexec/udocker-full" -q create "$image"
  is_error "create beyond the quota" 1 '^Error: .*: Disk quota exceeded$'
  is "  leaves nothing" "$(ls -A "$UDOCKER_DIR/containers")" ''
else
  skip "create beyond the quota" "no strace"
fi
# A limit on the size of files is another error; bash counts in kilobytes,
# dash in half of them.
udocker -q rmi "$image"
run sh -c 'ulimit -f 100; exec udocker -q pull "$1"' sh "$image"
is "pull beyond the limit of a file's size" "$status$stdout" 1
like "  says why" "$stderr" '^Error: .*: File too large$'
is "  leaves nothing" \
  "$(find "$UDOCKER_DIR/layers" "$UDOCKER_DIR/repos" -mindepth 1 ! -name .lock)" ''

done_testing
