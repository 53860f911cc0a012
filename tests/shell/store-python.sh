# A repository that the Python tool has left: everything works in it, and
# remains what that tool understands.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/fixtures-python.sh"
. "$top_srcdir/tests/python-rules.sh"

repos=$UDOCKER_DIR/repos
containers=$UDOCKER_DIR/containers
python_images
python_containers
python_tools
tools ()
{
  (cd "$UDOCKER_DIR" && find bin lib doc tar ./*.json -type f \
    -exec sha256sum {} + | sort)
}
tools > tools-before

run udocker images
is "its images are listed" "$status$stderr$(printf '%s\n' "$stdout" | sed 1d)" \
  '0py/ancient:latest    .
py/imported:latest    .
py/loaded:latest    .
py/oci-loaded:latest    .
py/pulled:v1    .
py/schema1:latest    .'
run udocker images -p
is "  with their platforms" \
  "$(printf '%s\n' "$stdout" | sed 1d | cut -c 1-18 | sort -u)" \
  'linux/amd64       '
run udocker images -l
like "  a link that leads nowhere is said to" "$stdout" \
  '^    /sha256:0{64} \(missing\)$'
for name in $python_image_names; do
  run udocker verify "$name"
  is "$name: verify" "$status$(printf '%s\n' "$stderr" | grep -v ^Info)" 0
  run udocker inspect "$name"
  is "  inspect" "$status$(printf '%s\n' "$stdout" | python3 -c \
    'import json, sys; print(json.load(sys.stdin)["config"]["Env"])')" "0['A=b']"
  run udocker protect "$name"
  is "  protect" "$status$(udocker images | grep -c " P\$")" 01
  udocker unprotect "$name"
  run udocker create "$name"
  is "  create" \
    "$status$stderr$(cd "$containers/$stdout/ROOT" && ls && cat old new)" \
    '0new
old
newnew'
  udocker -q rm "$stdout"
done

run udocker ps
is "its containers are listed" \
  "$status$stderr$(printf '%s\n' "$stdout" | sed 's/ *$//' | sed 1d)" \
  "0$python_id . W named,second       py/pulled:v1
$python_protected_id P W                    py/pulled:v1"
run udocker inspect named
is "inspect" "$status$(printf '%s\n' "$stdout" | grep -c /bin/true)" 01
run udocker inspect -p second
is "inspect -p" "$status$stdout" "0$containers/$python_id/ROOT"
run udocker setup named
is "setup" "$status$stdout" '0execmode: P1
nvidiamode: False'
run udocker inspect dangling
like "an alias that leads nowhere is not found" "$status$stderr" \
  '^1Error: .*not found'
run udocker rmname dangling
is "  and can go" "$status$(test -L "$containers/dangling"; echo $?)" 01
run udocker rm "$python_protected_id"
is_error "what is protected stays" 1 '^Error: container is protected'
run udocker clone --name=copy named
is "clone" "$status$(cat "$containers/copy/ROOT/file")" 0data
udocker -q rm copy

# What cannot be used after the first part of an interrupted pull: its manifest
# is there, its layers are not.
mkdir -p "$repos/py/cut/x"
cp "$repos/py/pulled/v1/manifest" "$repos/py/cut/x"
: > "$repos/py/cut/x/v2"
printf '%s/repos/py/cut:x' "$UDOCKER_DIR" > "$repos/py/cut/x/TAG"
run udocker images
like "a cut pull is listed" "$stdout" '^py/cut:x '
run udocker create py/cut:x
like "  but no container made of it" "$status$stderr" '^1Error: .*missing$|^0'
test "$status" = 1 || udocker -q rm "$stdout"
run udocker verify py/cut:x
like "  and verify says why" "$status$stderr" \
  '^Error: layer data file symbolic link not found'
run udocker rmi py/cut:x
is "  and it can go" "$status" 0
rm "$repos/py/pulled/v1/sha256:$(printf '%064d' 0)"
python_rules "what is left is in order, but for its tools" | sed 's/^not ok/# not ok/' > rules
is "nothing but the mark of its tools is unusual" \
  "$(grep -E '^#   (got:   |    )' rules | grep -v lib/VERSION)" ''

# shellcheck disable=SC2086  # several names
run udocker rmi $python_image_names
is "its images can be removed" "$status$(find "$repos" -mindepth 1)" 0
is "  with their layers" "$(ls "$UDOCKER_DIR/layers")" ''
udocker unprotect "$python_protected_id"
run udocker rm named "$python_protected_id"
is "its containers can be removed" "$status$(ls -A "$containers")" 0
run udocker prune
tools > tools-after
ok "its tools and what another release left are not touched" \
  cmp tools-before tools-after

done_testing
