# protect and unprotect.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

id=0e6b4d23-8a43-3c5e-9cf2-1f6d5f3f0a11
udocker -q mkrepo "$UDOCKER_DIR" || bail "no repository"
mkdir -p "$UDOCKER_DIR/containers/$id/ROOT/bin" \
  "$UDOCKER_DIR/repos/some/image/v1"
echo '{}' > "$UDOCKER_DIR/containers/$id/container.json"
printf 'some/image:v1' > "$UDOCKER_DIR/containers/$id/imagerepo.name"
ln -s "$id" "$UDOCKER_DIR/containers/c1"
printf '%s/repos/some/image:v1' "$UDOCKER_DIR" \
  > "$UDOCKER_DIR/repos/some/image/v1/TAG"

for name in c1 "$id" 0e6b4d23; do
  run udocker protect "$name"
  is "protect $name" "$status$stdout$stderr" 0
  ok "sets the mark" test -f "$UDOCKER_DIR/containers/$id/PROTECT"
  run udocker rm "$name"
  is_error "rm is refused" 1 '^Error: .*protected'
  run udocker unprotect "$name"
  is "unprotect $name" "$status$stdout$stderr" 0
  not_ok "takes it away" test -e "$UDOCKER_DIR/containers/$id/PROTECT"
done
run udocker protect some/image:v1
is "protect an image" "$status$stdout$stderr" 0
ok "sets the mark" test -f "$UDOCKER_DIR/repos/some/image/v1/PROTECT"
run udocker rmi some/image:v1
is_error "rmi is refused" 1 '^Error: .*protected'
run udocker protect some/image:v1
is "protect it again" "$status$stdout$stderr" 0
run udocker unprotect some/image:v1
is "unprotect an image" "$status$stdout$stderr" 0
not_ok "takes it away" test -e "$UDOCKER_DIR/repos/some/image/v1/PROTECT"
run udocker unprotect some/image:v1
is "unprotect it again" "$status$stdout$stderr" 0

run udocker protect nothing
is_error "protect of what is not there" 1 '^Error: protect image failed: nothing'
run udocker unprotect nothing
is_error "unprotect of what is not there" 1 \
  '^Error: unprotect image failed: nothing'
run udocker protect ../bin
is_error "protect of a path" 1 '^Error: protect '
run udocker protect
is_error "protect of nothing" 1 '^Error: missing operand'

# What is there can be completed.
if command -v bash > /dev/null; then
  udocker help --format=bash > completion
  run bash -c '. ./completion; COMP_WORDS=(udocker protect c) COMP_CWORD=2
    _udocker; echo "${COMPREPLY[*]}"'
  is "the shell completes containers" "$stdout$stderr" c1
  run bash -c '. ./completion; COMP_WORDS=(udocker protect so) COMP_CWORD=2
    _udocker; echo "${COMPREPLY[*]}"'
  is "and images" "$stdout$stderr" some/image:v1
else
  skip "the shell completes containers" "no bash"
fi

done_testing
