#!/bin/sh
# Pulls that are killed at random moments leave a repository that opens, and
# whose images are whole; the next pull succeeds.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# KILLS=N is the number of kills (10, 60 in the long form).

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/python-rules.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/kills.sh"

need docker-registry skopeo openssl python3 timeout

test "${TEST_LONG-}" = yes && : "${KILLS=60}"
: "${KILLS=10}"
layout_begin "$work/layout"
for layer in 1 2 3 4 5 6; do
  layout_layer 300000 "layer$layer"
done
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one
network_start 'slow - blobs/ 2000000'

# is_sound: the repository opens, each of its images verifies, and every blob
# under its final name has its digest.
is_sound ()
{
  udocker -q images > "$work/images" 2> "$work/stderr" || return 1
  while read -r image rest; do
    udocker -q verify "$image" > /dev/null 2>> "$work/stderr" || return 1
  done < "$work/images"
  find "$UDOCKER_DIR/layers" -name 'sha256:*' -exec openssl dgst -sha256 -r \
    {} + | awk '{ sub(".*/", "", $2); if ("sha256:" $1 != $2) n++ }
      END { exit n > 0 }'
}

udocker -q images > /dev/null 2>&1
time_it udocker -q pull "$network/a/b:one"
rm -rf "$UDOCKER_DIR"
late=0
unsound=0
i=0
while test $i -lt "$KILLS"; do
  i=$((i + 1))
  # A random moment of the time that a pull takes.
  random=$(od -An -N2 -tu2 /dev/urandom)
  timeout -s KILL "$(seconds $((random * took / 65536 + 1)))" \
    udocker -q pull "$network/a/b:one" > /dev/null 2>&1 \
    && late=$((late + 1))
  is_sound || { unsound=$((unsound + 1)); note "$(cat "$work/stderr")"; }
  if test -d "$UDOCKER_DIR/repos/$network/a/b/one"; then
    rm -rf "$UDOCKER_DIR"
  fi
done
is "$KILLS killed pulls leave a sound repository" $unsound 0
note "$late of them were not killed in time"
run udocker -q pull "$network/a/b:one"
is 'the next pull succeeds' "$status" 0 || note "$stderr"
ok 'and is sound' is_sound
is 'with all that was pulled' "$(cat "$work/images")" "$network/a/b:one    ."
python_rules 'after kills and a pull' --settled
is 'and no part left' "$(find "$UDOCKER_DIR/layers" -name '*.part')" ''

done_testing
