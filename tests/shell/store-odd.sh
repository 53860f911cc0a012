# Repositories in which odd things lie, that must not be written, or that are
# spread over the disk: no command waits for ever, and each says what is wrong.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
need timeout

mkdir tree
echo content > tree/file
tar -C tree -cf tree.tar file
udocker -q import tree.tar it:1 || bail 'cannot import'
it=$UDOCKER_DIR/repos/it/1
cp -r "$UDOCKER_DIR" "$work/good"

# restore: have the repository as it was.
restore ()
{
  chmod -R u+rwX "$UDOCKER_DIR"
  rm -rf "$UDOCKER_DIR"
  cp -r "$work/good" "$UDOCKER_DIR"
}

# What ought to be a file of metadata is something else.
for kind in fifo link-to-fifo link directory dangling-link; do
  rm -f "$it/manifest"
  case $kind in
    fifo) mkfifo "$it/manifest" ;;
    link-to-fifo) mkfifo "$work/fifo"; ln -s "$work/fifo" "$it/manifest" ;;
    link) ln -s "$work/good/repos/it/1/manifest" "$it/manifest" ;;
    directory) mkdir "$it/manifest" ;;
    dangling-link) ln -s /nowhere "$it/manifest" ;;
  esac
  for command in 'create it:1' 'inspect it:1' 'verify it:1' 'save -o saved it:1' \
                 'manifest inspect it:1' 'tag it:1 other:1' 'run it:1 x'; do
    # shellcheck disable=SC2086  # words
    run timeout -s KILL 60 udocker $command
    test "$command" = 'manifest inspect it:1' \
      || ok "$command with a manifest that is a $kind fails" \
           test "$status" -gt 0 -a "$status" -lt 126
    ok "  and does not wait for it" test "$status" -ne 137
  done
  run timeout -s KILL 60 udocker images -l
  ok "images goes on" test "$status" -ne 137
  restore
done
rm "$it/manifest"
ln -s "$work/good/repos/it/1/manifest" "$it/manifest"
run udocker inspect it:1
like "a link is called one" "$status$stderr" \
  "1Error: .*'manifest' is a symbolic link, which it must not be"
restore

# The indexes that lead to an image by its digest.
digest=sha256:$(sha256sum < "$it/manifest" | cut -d ' ' -f 1)
mkdir "$UDOCKER_DIR/repos/by"
cp -a "$it" "$UDOCKER_DIR/repos/by/$digest"
by=$UDOCKER_DIR/repos/by/$digest
run udocker verify "by@$digest"
is "an image called by its digest" "$status" 0
for file in index manifest-list index-1 TAG PROTECT v2; do
  rm -f "$by/$file"
  mkfifo "$by/$file"
done
run timeout -s KILL 60 udocker pull --httpproxy=127.0.0.1:1 "by@$digest"
ok "FIFOs for indexes are not waited for" test "$status" -ne 137
run timeout -s KILL 60 udocker verify "by@$digest"
ok "  nor in verify" test "$status" -ne 137
restore

# Blobs.
layer=$(cd "$UDOCKER_DIR/layers" && for file in *; do
  tar -tf "./$file" > /dev/null 2>&1 && echo "$file"
done)
rm "$UDOCKER_DIR/layers/$layer"
mkfifo "$UDOCKER_DIR/layers/$layer"
for command in 'create it:1' 'verify it:1' 'save -o saved it:1' 'df' 'prune'; do
  # shellcheck disable=SC2086  # words
  run timeout -s KILL 60 udocker $command
  ok "a FIFO for a layer is not waited for: $command" test "$status" -ne 137
done
restore

# A repository that must not be written.
chmod -R a-w "$UDOCKER_DIR"
if test -w "$UDOCKER_DIR"; then
  skip "a repository that must not be written" "this account may do all"
else
  for command in 'import tree.tar it:2' 'create it:1' 'rmi it:1' \
                 'tag it:1 it:2' 'protect it:1'; do
    # shellcheck disable=SC2086  # words
    run udocker -q $command
    is_error "$command says that the repository is read-only" 1 \
      "^Error: .*: Permission denied; the repository '$UDOCKER_DIR' is read-only\$"
    unlike "  and not the name of a temporary file" "$stderr" 'stage'
  done
  run udocker images
  is "images still lists" "$status$stderr" 0
fi
restore

# A part of the repository that is elsewhere.
run env UDOCKER_CONTAINERS="$work/containers" udocker ps
is "what is made is told: a part" "$stderr" \
  "Info: creating directory: $work/containers"
run env UDOCKER_CONTAINERS="$work/containers" udocker ps
is "  once" "$stderr" ''
run env UDOCKER_DIR="$work/new" UDOCKER_CONTAINERS="$work/containers" udocker ps
is "  or a repository" "$stderr" "Info: creating repo: $work/new"

# load: --force mends what is damaged, and a file is no name.
run udocker save -o it.tar it:1
is "save" "$status" 0
size=$(stat -c %s "$UDOCKER_DIR/layers/$layer")
printf XYZ | dd of="$UDOCKER_DIR/layers/$layer" bs=1 seek=$((size / 2)) \
  conv=notrunc 2> /dev/null
run udocker verify it:1
is "a layer is damaged, its size as before" "$status" 1
run udocker load -i it.tar
is "load sees no need to do anything" "$status$stdout" 0it:1
run udocker load --force -i it.tar
is "load --force" "$status$stdout" 0it:1
run udocker verify it:1
is "  mends it" "$status" 0
for name in it.tar ./it.tar; do
  run udocker load "$name"
  like "load $name asks for -i" "$status$stderr" \
    "^1Error: load failed: .*; did you mean 'udocker load -i $name'\?\$"
done
run udocker load -i tree.tar it
unlike "  but not where it was given" "$stderr" 'did you mean'

# Nothing is left beside what a killed save or export was to write.
mkdir out
udocker -q create --name=box it:1 > /dev/null || bail 'cannot create'
if python3 -c 'import os, sys
os.close (os.open (sys.argv[1], os.O_TMPFILE | os.O_WRONLY))' out 2> /dev/null
then
  # Big enough not to be done before it is killed, and slow.
  head -c 30000000 /dev/zero > "$(udocker inspect -p box)/zeros"
  udocker -q export -o out/file box &
  pid=$!
  tries=0
  until find "/proc/$pid/fd" -lname "$work/out*" 2> /dev/null | grep -q . \
        || ! kill -0 $pid 2> /dev/null; do
    test $((tries += 1)) -le 100000 || break
  done
  kill -KILL $pid 2> /dev/null
  wait $pid 2> /dev/null
  is "a killed export leaves nothing but a whole file" \
    "$(cd out && find . -type f ! -name file)" ''
else
  skip "a killed export leaves nothing" 'no files without names here'
fi
run udocker export -o out/file box
is "export" "$status" 0
is "  a file that can be read" "$(tar -tf out/file | grep -c 'file$')" 1
chmod 600 out/file
run udocker export -o out/file box
is "  over another, whose permissions stay" \
  "$status$(stat -c %a out/file)$(ls -A out)" 0600file
ln -s file out/link
run udocker export -o out/link box
is "  or through a link" "$status$(readlink out/link)" 0file
(umask 027; udocker -q export -o out/new box)
is "  a new one obeys the umask" "$(stat -c %a out/new)" 640
done_testing
