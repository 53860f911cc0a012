# tag: a further name for an image of every flavour.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/fixtures-python.sh"
. "$top_srcdir/tests/python-rules.sh"

repos=$UDOCKER_DIR/repos
python_images
before=$(ls "$UDOCKER_DIR/layers")

for name in $python_image_names; do
  target=x.org:5000/deep/er/${name#py/}
  run udocker tag "$name" "$target"
  is "tag $name" "$status$stdout$stderr" 0
  from=$repos/$(echo "$name" | tr : /)
  to=$repos/x.org:5000/deep/er/$(echo "${name#py/}" | tr : /)
  is "  has the same files" "$(cd "$to" && ls | grep -v 0000000)" \
    "$(cd "$from" && ls | grep -v 0000000)"
  is "  all of which are there" "$(find -L "$to" -type l)" ''
  id=$(udocker create "$target")
  is "  a container can be made of it" \
    "$(cd "$UDOCKER_DIR/containers/$id/ROOT" && ls && cat old new)" 'new
old
newnew'
  udocker -q rm "$id"
  run udocker rmi "$name"
  is "  the first name can go" "$status" 0
  id=$(udocker create "$target")
  is "  the second still has all" \
    "$(cd "$UDOCKER_DIR/containers/$id/ROOT" && cat old new)" newnew
  udocker -q rm "$id"
done
is "no blob came or went" "$(ls "$UDOCKER_DIR/layers")" "$before"
python_rules "the Python tool understands the new images"

# What is refused, in the order of the checks.
last=x.org:5000/deep/er/loaded:latest
for target in 'a:b:c' ../x 'x y' /x "a@sha256:$(printf '%064d' 1)" \
  "a:sha256:$(printf '%064d' 1)"; do
  run udocker tag none "$target"
  is_error "'$target' is no name for an image" 1 \
    '^Error: target name is invalid: '
done
run udocker tag none "$last"
is_error "a target that exists" 1 "^Error: target already exists: $last\$"
run udocker tag "$last" "$last"
is_error "an image over itself" 1 "^Error: target already exists: $last\$"
run udocker tag none new
is_error "a source that does not exist" 1 \
  '^Error: source does not exist: image not found: none:latest$'
udocker protect "$last"
run udocker tag "$last" new
is_error "a source that is protected" 1 \
  "^Error: source repository is protected: $last\$"
udocker unprotect "$last"
chmod 555 "$repos"
run udocker tag "$last" new
is_error "no permission" 1 \
  '^Error: creation of new image tag failed: .*Permission denied; the repository .* is read-only$'
chmod 755 "$repos"
run udocker tag "$last"
is_error "one name" 1 '^Error: missing operand'
is "all that leaves nothing" \
  "$(find "$repos" -name new -o -name none -o -name a -o -name '.*')" ''

# Other spellings.
udocker -q tag "$last" ubuntu
for name in library/ubuntu docker.io/ubuntu:latest docker.io/library/ubuntu \
            index.docker.io/ubuntu; do
  run udocker tag "$name" copy
  is "'$name' is found" "$status$stderr" 0
  udocker -q rmi copy
done

# An image whose name is the beginning of another's.
udocker -q tag ubuntu one/two:three
run udocker tag ubuntu one:two
is "a tag where there is a directory" "$status$stderr" 0
id=$(udocker create one:two)
is "  is whole" "$(cat "$UDOCKER_DIR/containers/$id/ROOT/old")" new
udocker -q rm "$id"
run udocker tag ubuntu one:two
is_error "  and not replaced" 1 '^Error: target already exists: one:two$'
udocker -q rmi one:two one/two:three

# Of many that want one name, one gets it.
for i in 1 2 3 4 5 6; do
  { udocker tag ubuntu busy:x 2> "err.$i"; echo $? > "status.$i"; } &
done
wait
is "six at once" "$(sort status.? | tr '\n' ' ')" '0 1 1 1 1 1 '
is "  and five are told" "$(grep -h -v ^Info err.? | sort -u)" \
  'Error: target already exists: busy:x'
python_rules "the repository is in order"

run udocker rmi busy:x ubuntu x.org:5000/deep/er/loaded \
  x.org:5000/deep/er/oci-loaded x.org:5000/deep/er/imported \
  x.org:5000/deep/er/ancient x.org:5000/deep/er/schema1 \
  x.org:5000/deep/er/pulled:v1
is "all can go" "$status" 0
python_rules "and nothing is left" --settled

done_testing
