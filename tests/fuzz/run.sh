# Run a fuzz target.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: run.sh TARGET SECONDS CORPUS
#
# What it finds to be of interest is kept as TARGET.found, and what breaks it as
# TARGET.crash-*, where these can be written.  CORPUS need not exist.

test "$(id -u)" != 0 || { echo "$0: not as root"; exit 1; }
place=$1
if ! mkdir -p "$place.found" 2> /dev/null || test ! -w "$place.found"; then
  place=$TMPDIR/target
  mkdir "$place.found" || exit 1
fi
test -d "$3" && set -- "$1" "$2" "$3" || set -- "$1" "$2"
"$1" -max_total_time="$2" -timeout=10 -artifact_prefix="$place." \
  "$place.found" ${3+"$3"} && exit
for file in "$place".crash-* "$place".timeout-* "$place".leak-* "$place".oom-*; do
  test ! -f "$file" || { echo "$file:"; od -An -v -tx1 "$file"; }
done
exit 1
