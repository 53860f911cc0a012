# Containers for tests of run, made by hand of busybox.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source this after tests/tap.sh.  It skips the test where there is no static
# busybox, or where the engine cannot run.  TEST_EXECMODE=T1 has containers run
# in that mode where the test does not choose one.
#
# shellcheck shell=sh
# shellcheck disable=SC2154

busybox=
for candidate in /bin/busybox /usr/bin/busybox; do
  if test -x "$candidate" && ! ldd "$candidate" > /dev/null 2>&1; then
    busybox=$candidate
    break
  fi
done
test -n "$busybox" || skip_all "there is no static busybox (busybox-static)"
test -x "$libexec/udocker-proot" || skip_all "the tracer is not built"

if test -n "${TEST_EXECMODE-}"; then
  UDOCKER_DEFAULT_EXECUTION_MODE=$TEST_EXECMODE
  export UDOCKER_DEFAULT_EXECUTION_MODE
fi

# make_tree DIR: a root file system in DIR.
make_tree ()
{
  mkdir -p "$1/bin" "$1/dev" "$1/etc" "$1/home/alice" "$1/proc" "$1/root" \
    "$1/sys" "$1/tmp" || return
  cp "$busybox" "$1/bin/busybox"
  for applet in $("$busybox" --list); do
    test -e "$1/bin/$applet" || ln -s busybox "$1/bin/$applet"
  done
  cat > "$1/etc/passwd" << EOD
root:x:0:0:root:/root:/bin/sh
alice:x:1234:1234:Alice:/home/alice:/bin/sh
EOD
  cat > "$1/etc/group" << EOD
root:x:0:
staff:x:50:
alice:x:1234:
EOD
}

# make_container ID NAME METADATA: the container ID with a name.
make_container ()
{
  udocker -q ps > /dev/null || return
  make_tree "$UDOCKER_DIR/containers/$1/ROOT" || return
  printf '%s' "$3" > "$UDOCKER_DIR/containers/$1/container.json"
  printf '%s' test:latest > "$UDOCKER_DIR/containers/$1/imagerepo.name"
  ln -s "$1" "$UDOCKER_DIR/containers/$2"
}

# The container most tests use.
id=01234567-89ab-3def-8123-456789abcdef
root=$UDOCKER_DIR/containers/$id/ROOT
# udocker run without banner.
ud ()
{
  udocker run --nobanner "$@"
}

# tree: everything below the container, to see that nothing changed.
tree ()
{
  (cd "$UDOCKER_DIR/containers" && find . ! -name .lock | sort)
}
