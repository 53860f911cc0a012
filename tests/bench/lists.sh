#!/bin/sh
# Lists of many containers and images against cat of the same metadata.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# From the build directory: sh SOURCE/tests/bench/lists.sh [ROUNDS]
# ps with 200 containers, images with 500 tags, each in turns with one cat of
# all files that say something of them; medians in milliseconds.

top_srcdir=${top_srcdir:-$(dirname "$0")/../..}
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"

need docker-registry skopeo umoci
rounds=${1:-15}
if test "$(id -u)" -eq 0; then
  echo "$0: run it as an ordinary user" >&2
  exit 77
fi
registry_start
registry_push_busybox base:t0
"$udocker" -q pull "$registry/base:t0" || bail 'cannot pull'
"$udocker" -q create --name=n0 "$registry/base:t0" > "$work/id" \
  || bail 'cannot create'
read -r id < "$work/id"

# Containers need no tree to be listed.
containers=$UDOCKER_DIR/containers
rm -rf "${containers:?}/${id:?}/ROOT"
mkdir "$containers/$id/ROOT"
number=1
while test $number -lt 200; do
  copy=$(printf '%08x-1111-3222-8333-444444444444' $number)
  cp -a "$containers/$id" "$containers/$copy"
  ln -s "$copy" "$containers/n$number"
  number=$((number + 1))
done
tags=$(dirname "$(find "$UDOCKER_DIR/repos" -name t0)")
number=1
while test $number -lt 500; do
  cp -a "$tags/t0" "$tags/t$number"
  number=$((number + 1))
done

milliseconds ()
{
  start=$(date +%s%N)
  "$@" > "$work/out" || bail "$* failed"
  echo $((($(date +%s%N) - start) / 1000))
}

compare ()
{
  what=$1
  lines=$2
  files=$3
  : > "$work/ours"
  : > "$work/cats"
  round=0
  while test $round -lt "$rounds"; do
    # The list is split on purpose.
    # shellcheck disable=SC2086
    milliseconds cat $files >> "$work/cats"
    milliseconds "$udocker" "$what" >> "$work/ours"
    round=$((round + 1))
  done
  test "$(wc -l < "$work/out")" -ge "$lines" || bail "$what lists too few"
  cats=$(sort -n "$work/cats" | sed -n "$((rounds / 2 + 1))p")
  ours=$(sort -n "$work/ours" | sed -n "$((rounds / 2 + 1))p")
  awk -v w="$what" -v a="$cats" -v b="$ours" 'BEGIN {
    printf "%-8s cat %7.2f ms  udocker %7.2f ms  ratio %.2f\n", w, a / 1000,
      b / 1000, b / a }'
}

compare ps 200 "$(find "$containers" -mindepth 2 -maxdepth 2 -type f)"
compare images 500 "$(find "$UDOCKER_DIR/repos" -type f)"
