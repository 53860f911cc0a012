# udocker doctor where a quota is nearly, or entirely, used up.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# tests/as-user.sh mounts the file system when root starts the tests.
#
# shellcheck shell=sh
# shellcheck disable=SC2154

if test -z "${BTRFS_DISK-}"; then
  echo "1..0 # SKIP no btrfs can be mounted here: that takes root, loop devices and btrfs-progs"
  exit 0
fi
. "${top_srcdir:=.}/tests/tap.sh"
need python3
limited=$BTRFS_DISK/limited
UDOCKER_DIR=$limited/repository
export UDOCKER_DIR
mkdir "$UDOCKER_DIR"

# place MEMBER: what is said of the place of containers.
place ()
{
  udocker doctor --format=json > json 2> why
  python3 -c '
import json, sys
print(json.load(open("json"))["places"][0][sys.argv[1]])' "$1"
}

# fill: use the quota up.
fill ()
{
  number=0
  mkdir -p "$limited/filler"
  while test $number -lt 1000 \
        && (head -c 65536 /dev/urandom > "$limited/filler/$number") 2> full; do
    number=$((number + 1))
  done
  grep -q 'quota exceeded' full || bail 'the quota is not exhausted'
}

like 'a place on btrfs works' "$(place reason)" 'repository/containers on btrfs, '
like '  what the quota leaves is told, to a factor of two' "$(place reason)" \
  ', of which your quota leaves less than (8|16)(\.[0-9])? M'
is '  to programs as well' "$(place allowed)" "$(place allowed | grep -x '[0-9]*')"
is '  nothing of the trial stays' "$(ls -A "$UDOCKER_DIR")" ''
fill
like 'one whose quota is used up does not' "$(place reason)" \
  '; your quota there is used up .Disk quota exceeded.$'
like '  and what to do is said' "$(place remedy)" \
  'remove files of yours there, have the administrator give you more'
is '  programs see it' "$(place works)$(place writable)" FalseFalse
run udocker doctor
is '  programs can be run there all the same' "$status" 0
rm -rf "$limited/filler"
sync -f "$limited"
is 'with room again it works' "$(place works)" True
UDOCKER_DIR=$BTRFS_DISK/other
is 'a place beside it has no quota' "$(place allowed)" -1

done_testing
