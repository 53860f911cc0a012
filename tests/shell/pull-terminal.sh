#!/bin/sh
# On a terminal a pull shows one line a blob, redrawn, at any width.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"

need docker-registry skopeo openssl python3

layout_begin "$work/layout"
for layer in 1 2 3 4 5 6; do
  layout_layer 400000 "layer$layer"
done
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one
network_start 'slow - blobs/ 400000'
mkdir "$UDOCKER_DIR"

# on_screen COLUMNS ROWS COMMAND...: run it on a terminal.
on_screen ()
{
  run python3 "$top_srcdir/tests/screen.py" "$@"
}

# lines_done: how many lines on the screen say that a blob is there.
lines_done ()
{
  printf '%s\n' "$stdout" | grep -Ec 'sha256:[0-9a-f]{12}  100%  done'
}

on_screen 80 24 udocker pull "$network/a/b:one"
is 'a pull works on a terminal' "$status" 0
is 'a line for each layer is left' "$(lines_done)" 6
like 'and one for the configuration' "$stdout" \
  '^configuration  100%  done  [0-9]* B of [0-9]* B$'
unlike 'plain messages are not needed' "$stdout" 'downloading'
is 'nothing else is left' \
  "$(printf '%s\n' "$stdout" | grep -Evc '100%|^Info: creating|^$|^overflow')" 0
like 'no line was too wide' "$stdout" '^overflow 0$'

for widths in 80,30,80 120,40,25,100 20 11; do
  rm -rf "$UDOCKER_DIR/layers" "$UDOCKER_DIR/repos"
  on_screen $widths 24 udocker pull "$network/a/b:one"
  is "a window of $widths columns" \
    "$status $(printf '%s\n' "$stdout" | grep -c '^sha256') $(
      printf '%s\n' "$stdout" | tail -n 1)" '0 6 overflow 0' \
    || note "$stdout"
done

on_screen 80 24 udocker -q pull "$network/a/b:one"
is 'with -q nothing is drawn' "$stdout" "$(printf '\noverflow 0')"
on_screen 80 24 udocker pull "$network/a/b:one"
like 'what is here already is said so' "$stdout" '100%  is here already'
rm -rf "$UDOCKER_DIR/layers" "$UDOCKER_DIR/repos"
on_screen 80 24 env TERM=dumb udocker pull "$network/a/b:one"
like 'a dumb terminal gets plain lines' "$stdout" \
  '^Info: downloading layer sha256:'
rm -rf "$UDOCKER_DIR/layers" "$UDOCKER_DIR/repos"
network_stop
network_start 'cut 1 blobs/ 100000' 'status 1 blobs/ 503,1' \
  'slow - blobs/ 400000'
on_screen 80 24 udocker pull "$network/a/b:one"
is 'trouble on the way leaves the same lines' "$status $(lines_done)" '0 6'

done_testing
