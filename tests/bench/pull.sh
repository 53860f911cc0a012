#!/bin/sh
# Pull against curl: an image of eight big layers against curl to a file and
# openssl dgst, one blob after the other; one of sixty small layers against
# sixty runs of curl.  Everything from docker-registry on loopback, in turns.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# From the build directory: sh SOURCE/tests/bench/pull.sh [MEGABYTES [ROUNDS]]

top_srcdir=${top_srcdir:-$(dirname "$0")/../..}
. "$top_srcdir/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"

need docker-registry skopeo curl openssl
megabytes=${1:-500}
rounds=${2:-5}
allow=
test "$(id -u)" -ne 0 || allow=--allow-root


# timed FILE COMMAND...: add the centiseconds COMMAND takes to FILE.
timed ()
{
  timed_to=$1
  shift
  timed_start=$(date +%s%N)
  "$@" || bail "$* failed"
  echo $((($(date +%s%N) - timed_start) / 100000)) >> "$timed_to"
}

median ()
{
  sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

blobs_of ()
{
  sed 's/"digest":"/\n&/g' "$work/layout/blobs/sha256/$1" \
    | sed -n 's/^"digest":"\([^"]*\)".*/\1/p'
}

by_curl ()
{
  rm -rf "$work/curl"
  mkdir "$work/curl"
  for blob in $2; do
    curl -s -f -o "$work/curl/blob" "http://$registry/v2/$1/blobs/$blob" \
      || return 1
    test -z "$3" || openssl dgst -sha256 "$work/curl/blob" > /dev/null
    mv "$work/curl/blob" "$work/curl/$blob"
  done
}

by_udocker ()
{
  # shellcheck disable=SC2086
  "$udocker" $allow -q pull "$registry/$1:latest"
}

layout_begin "$work/layout"
i=0
while test $i -lt 8; do
  layout_layer $((megabytes * 1000000 / 8)) "big$i"
  i=$((i + 1))
done
layout_image big
big=$image_digest
i=0
while test $i -lt 60; do
  layout_layer 20000 "small$i"
  i=$((i + 1))
done
layout_image small
small=$image_digest
registry_start
registry_push "oci:$work/layout:big" big:latest
registry_push "oci:$work/layout:small" small:latest
big_blobs=$(blobs_of "$big")
small_blobs=$(blobs_of "$small")
rm -rf "$work/layout"

for kind in big small; do
  case $kind in
    big) blobs=$big_blobs ;;
    *) blobs=$small_blobs ;;
  esac
  check=
  test $kind = small || check=yes
  i=0
  while test $i -lt "$rounds"; do
    rm -rf "$UDOCKER_DIR"
    sync
    timed "$work/udocker.$kind" by_udocker $kind
    rm -rf "$work/curl"
    sync
    timed "$work/curl.$kind" by_curl $kind "$blobs" $check
    i=$((i + 1))
  done
  ours=$(median "$work/udocker.$kind")
  theirs=$(median "$work/curl.$kind")
  awk -v a="$ours" -v b="$theirs" -v kind=$kind 'BEGIN {
    printf "%s: udocker pull %.2f s, curl%s %.2f s: ratio %.2f\n", kind,
      a / 10000, kind == "big" ? " + openssl dgst" : "", b / 10000, a / b }'
done
if test -x /usr/bin/time; then
  rm -rf "$UDOCKER_DIR"
  # shellcheck disable=SC2086
  /usr/bin/time -f 'peak memory %M kB' "$libexec/udocker-full" $allow -q \
    pull "$registry/big:latest"
fi
