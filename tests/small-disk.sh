# A file system that is soon full, for tests of what happens then.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it in place of tests/tap.sh, which it sources.  The test then runs with
# a small tmpfs: in name spaces of its own where an ordinary user may have them,
# else mounted by tests/as-user.sh when root started it, else not at all.  The
# repository is on it.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

: "${SMALL_DISK_SIZE=8m}"
if test -z "${SMALL_DISK-}"; then
  SMALL_DISK=$(mktemp -d "${TMPDIR:-/tmp}/udocker-disk.XXXXXX") || exit 99
  export SMALL_DISK SMALL_DISK_SIZE
  # The user that is root in there is nobody in particular to udocker, which
  # does not run as root: a second name space gives it back its own id.
  if unshare -rm mount -t tmpfs none "$SMALL_DISK" 2> /dev/null; then
    # shellcheck disable=SC2016  # for the inner shell
    unshare -rm sh -c '
      mount -t tmpfs -o "size=$SMALL_DISK_SIZE,nr_inodes=4000" none "$SMALL_DISK" \
        || exit 99
      ids="--map-user=$1 --map-group=$2"
      shift 2
      exec unshare -U $ids sh "$@"' sh "$(id -u)" "$(id -g)" "$0"
    small_disk_status=$?
    rmdir "$SMALL_DISK"
    exit $small_disk_status
  fi
  rmdir "$SMALL_DISK"
  echo "1..0 # SKIP no small file system can be mounted here"
  exit 0
fi

. "${top_srcdir:=.}/tests/tap.sh"
disk=$SMALL_DISK
UDOCKER_DIR=$disk/repository
at_end 'chmod -R u+rwX "$disk"/* 2> /dev/null; rm -rf "${disk:?}"/*'

# disk_used: the kilobytes that are used.
disk_used ()
{
  df -k --output=used "$disk" | tail -n 1 | tr -d ' '
}

# disk_fill KILOBYTES: leave that much room.
disk_fill ()
{
  rm -f "$disk/filler"
  disk_room=$(df -k --output=avail "$disk" | tail -n 1)
  head -c $(((disk_room - $1) * 1024)) /dev/zero > "$disk/filler"
}

# disk_fill_files NUMBER: leave room for that many files only.
disk_fill_files ()
{
  mkdir -p "$disk/files"
  disk_room=$(df --output=iavail "$disk" | tail -n 1)
  (cd "$disk/files" && seq "$((disk_room - $1))" | xargs touch)
}

# disk_free: give all room back.
disk_free ()
{
  rm -rf "${disk:?}/filler" "$disk/files"
}

# disk_names: what is in the repository, but for locks.
disk_names ()
{
  (cd "$UDOCKER_DIR" && find . -path ./run -prune -o ! -name .lock -print | sort)
}

# no_room WHAT COMMAND [ARGUMENT]...: the command fails for want of room, says
# so in one sentence, and leaves nothing: neither files nor less room.
no_room ()
{
  no_room_what=$1
  shift
  disk_names > "$work/before"
  no_room_used=$(disk_used)
  run "$@"
  is "$no_room_what: fails" "$status$stdout" 1
  like "  saying why" \
    "$(printf '%s\n' "$stderr" | grep -v -e '^Info: ' | tr '\n' '|')" \
    '^Error: [^|]*: No space left on device\|$'
  disk_names > "$work/after"
  ok "  nothing is left" cmp "$work/before" "$work/after" \
    || diff "$work/before" "$work/after" | sed 's/^/# /'
  ok "  and all room is given back" test "$(disk_used)" -le "$no_room_used" \
    || note "$no_room_used kB before, $(disk_used) after"
}
