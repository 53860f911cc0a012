# A container with everything in it that a copy can lose.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.  Makes the container $id in $original, called
# 'first', protected, and sets $trees and $containers.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

need python3
trees=$top_srcdir/tests/trees.py
containers=$UDOCKER_DIR/containers
udocker -q ps > /dev/null || bail "ps does not work"
id=01234567-89ab-3def-8123-456789abcdef
original=$containers/$id
mkdir -p "$original/ROOT" || bail "no container"
python3 "$trees" make "$original/ROOT" || bail "no tree"
echo '{"architecture":"amd64","config":{"Cmd":["x"]}}' \
  > "$original/container.json"
printf 'test/image:tag' > "$original/imagerepo.name"
printf 'P2' > "$original/execmode"
touch "$original/PROTECT" "$original/osenv.json"
ln -s "$id" "$containers/first"

# no_sockets: remove what has no place in an archive.
no_sockets ()
{
  rm "$original/ROOT/odd/socket"
  touch -d @1300000000.000000017 "$original/ROOT/odd"
}

# others: how many containers there are besides this one.
others ()
{
  find "$containers" -mindepth 1 -maxdepth 1 ! -name "$id" ! -name first \
    ! -name .lock | wc -l
}
