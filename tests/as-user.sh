#!/bin/sh
# Run a test as an ordinary user.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: as-user.sh COMMAND [ARGUMENT]...
#
# TEST_DISK=root has root mount the small disk of tests that want one, also
# where the account could do that itself.
#
# An ordinary user's tests just run.  Root's are handed to an account without
# privileges: the one behind sudo, else nobody; none is made.  The test gets a
# HOME and a TMPDIR of its own, which are removed at its end unless KEEP=yes.
# Where that account cannot reach the build tree, as below /root, the test runs
# in a copy that tests/summary.sh has made.

set -u

# A caller that ignores signals, such as nohup, must not decide what a test
# sees: a shell cannot catch what it was started to ignore.
if test -z "${TEST_SIGNALS-}" && env --default-signal true 2> /dev/null; then
  TEST_SIGNALS=default
  export TEST_SIGNALS
  exec env --default-signal /bin/sh "$0" "$@"
fi

umask 022
base=${TMPDIR:-/tmp}
test -d "$base" || base=/tmp
TEST_DIRECTORY=$(mktemp -d "$base/udocker-test.XXXXXX") || exit 99
HOME=$TEST_DIRECTORY/home
TMPDIR=$TEST_DIRECTORY/tmp
mkdir "$HOME" "$TMPDIR" || exit 99
export TEST_DIRECTORY HOME TMPDIR
# What a user has set must not decide what a test sees.
for name in $(env | sed -n 's/^\(UDOCKER_[A-Z_]*\)=.*/\1/p') XDG_RUNTIME_DIR \
            XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME DOCKER_CONFIG \
            http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY \
            ALL_PROXY no_proxy NO_PROXY LANGUAGE; do
  unset "$name"
done
LC_ALL=C.UTF-8
export LC_ALL

remove ()
{
  test -z "${mounted-}" || umount "$mounted"
  if test "${KEEP-}" = yes; then
    echo "# kept: $TEST_DIRECTORY"
  else
    chmod -R u+rwX "$TEST_DIRECTORY" 2> /dev/null
    rm -rf "$TEST_DIRECTORY"
  fi
}
trap remove EXIT
trap 'exit 1' HUP INT TERM

if test "$(id -u)" != 0; then
  "$@"
  exit
fi

TEST_BY_ROOT=yes
export TEST_BY_ROOT
uid=${SUDO_UID:-$(id -u nobody)}
gid=${SUDO_GID:-$(id -g nobody)}
test "$uid" != 0 || { uid=65534; gid=65534; }
chown -R "$uid:$gid" "$TEST_DIRECTORY" || exit 99
PATH=$PATH:/usr/sbin:/sbin

copy=$top_builddir/.tests-copy
if test -f "$copy"; then
  from=$top_builddir
  source=$top_srcdir
  read -r into < "$copy"
  # Programs and scripts come by paths of the trees.
  count=$#
  while test $count -gt 0; do
    argument=$1
    shift
    case $argument in
      "$from"/*) argument=$into/build/${argument#"$from"/} ;;
      "$source"/*) argument=$into/source/${argument#"$source"/} ;;
      ./*) argument=$into/build/$argument ;;
    esac
    set -- "$@" "$argument"
    count=$((count - 1))
  done
  top_builddir=$into/build
  top_srcdir=$into/build
  test "$from" = "$source" || top_srcdir=$into/source
  cd "$top_builddir" || exit 99
fi

# drop COMMAND [ARGUMENT]...: run it without privileges.
drop ()
{
  setpriv --reuid="$uid" --regid="$gid" --clear-groups --inh-caps=-all \
    --bounding-set=-all "$@"
}

# make_btrfs DIRECTORY: mount a btrfs there, whose subvolume 'limited' may take
# 8 MB.
make_btrfs ()
{
  mkdir "$1" && truncate -s 256M "$1.image" && mkfs.btrfs -q "$1.image" \
    && mount -o loop "$1.image" "$1" || return 1
  mounted=$1
  btrfs quota enable "$1" && btrfs quota rescan -w "$1"
  btrfs subvolume create "$1/limited" && btrfs qgroup limit 8M "$1/limited" \
    && chown "$uid:$gid" "$1" "$1/limited"
}

# tests/small-disk.sh wants a file system of its own where the account may not
# mount one.
case $* in
  *full-disk*)
    if test "${TEST_DISK-}" = root || ! drop unshare -rm true 2> /dev/null; then
      mkdir "$TEST_DIRECTORY/disk"
      if mount -t tmpfs -o "size=8m,nr_inodes=4000,uid=$uid,gid=$gid" none \
           "$TEST_DIRECTORY/disk" 2> /dev/null; then
        SMALL_DISK=$TEST_DIRECTORY/disk
        export SMALL_DISK
        mounted=$SMALL_DISK
      fi
    fi ;;
  # Nobody but root can mount a file system that shares extents and has quotas.
  *store-btrfs* | *doctor-quota*)
    if make_btrfs "$TEST_DIRECTORY/disk" > "$TEST_DIRECTORY/disk.log" 2>&1; then
      BTRFS_DISK=$TEST_DIRECTORY/disk
      export BTRFS_DISK
    fi ;;
esac

case $* in
  # The account has a range of ids for as long as the test, and newuidmap may do
  # what it is there for.
  *mode-r1-ranges*)
    printf '%s:200000:65536\n' "$uid" > "$TEST_DIRECTORY/ids"
    # shellcheck disable=SC2016 # for that shell
    unshare --mount sh -c '
      for file in /etc/subuid /etc/subgid; do
        test -e "$file" || : > "$file" || exit 99
        mount --bind "$1" "$file" || exit 99
      done
      shift
      exec "$@"' sh "$TEST_DIRECTORY/ids" setpriv --reuid="$uid" \
      --regid="$gid" --clear-groups --inh-caps=-all "$@"
    exit ;;
esac

drop "$@"
