# A container of Debian 12, for tests of run that want glibc and many programs.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source this after tests/container.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2154

# debian_container NAME: make the container $id with this name, of the root that
# tests/images/root.sh has made before; skip the whole test where there is none.
# Its files may be those of the root: remove names and make others, but change
# none.
debian_container ()
{
  debian=
  for place in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    test -z "$place" || test ! -x "$place/debian12/usr/bin/python3" \
      || debian=${debian:-$place/debian12}
  done
  test -n "$debian" || skip_all "there is no root of debian12"
  udocker -q ps > /dev/null
  mkdir -p "$UDOCKER_DIR/containers/$id"
  cp -al "$debian" "$root" 2> /dev/null || cp -a "$debian" "$root" \
    || bail "cannot copy the root"
  printf '{"config":{"Env":["PATH=/usr/sbin:/usr/bin"]}}' \
    > "$UDOCKER_DIR/containers/$id/container.json"
  printf '%s' test:latest > "$UDOCKER_DIR/containers/$id/imagerepo.name"
  ln -s "$id" "$UDOCKER_DIR/containers/$1"
}
