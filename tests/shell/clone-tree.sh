# clone: the copy has all that the original has, but for its protection.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/trees.sh"

touch "$original/nvidia"
python3 "$trees" show "$original/ROOT" > before

LC_ALL=C run udocker clone --name=copy first
is "clone" "$status$stderr" 0
like "  prints an id alone" "$stdout" \
  '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$'
is "  which has the name" "$(readlink "$containers/copy")" "$stdout"
copy=$containers/$stdout
python3 "$trees" show "$copy/ROOT" > after
ok "  and the same tree" diff before after
python3 "$trees" show "$original/ROOT" > after
ok "  the original is as before" diff before after
is "  the files that describe it are there, not what is its own" \
  "$(ls -A "$copy" | LC_ALL=C sort | tr '\n' ' ')" \
  "ROOT container.json execmode imagerepo.name nvidia "
is "  with the same content" "$(cat "$copy/container.json" "$copy/imagerepo.name" "$copy/execmode")" \
  "$(cat "$original/container.json" "$original/imagerepo.name" "$original/execmode")"
like "ps shows it, not protected" "$(udocker ps)" "^$(basename "$copy") . W.*copy.*test/image:tag"
echo changed > "$copy/ROOT/bin/sh"
not_ok "a change of the copy is none of the original" \
  grep -q changed "$original/ROOT/bin/sh"

run udocker clone first
is "a clone of a protected container without a name" "$status$stderr" 0
run udocker rm copy "$stdout"
is "  can be removed" "$status$(others)" 00

run udocker clone nothing
is_error "an unknown container" 1 \
  '^Error: invalid container id: container id or name not found: nothing$'
run udocker clone
is_error "no container" 1 '^Error: invalid container id'
run udocker clone --name=first first
is_error "a name that is taken" 1 '^Error: container name already exists: first$'
run udocker clone --name=a/b first
is_error "a name that cannot be" 1 '^Error: invalid container name or wrong format'
is "none of them leaves anything" "$(others)" 0
run sh -c 'ulimit -f 1000; exec udocker clone first'
is_error "no room" 1 "^Error: cloning: cannot copy 'ROOT/etc/big': File too large\$"
is "  leaves nothing" "$(others)" 0
python3 "$trees" show "$original/ROOT" > after
ok "  and the original as before" diff before after

# A tree deeper than any path, in which links lead out.
deep=$containers/00000000-0000-3000-8000-000000000000
mkdir -p "$deep/ROOT"
python3 - "$deep/ROOT" "$HOME" << 'END'
import os, sys
os.chdir(sys.argv[1])
os.symlink(sys.argv[2], "home")
os.symlink("/", "root")
top = os.open(".", os.O_RDONLY)
for i in range(2000):
    os.mkdir("directory%d" % i)
    os.chdir("directory%d" % i)
with open("bottom", "w") as file:
    file.write("bottom")
os.link("bottom", "top", dst_dir_fd=top)
os.link("bottom", "again")
END
echo precious > "$HOME/file"
run udocker clone --name=deep "$(basename "$deep")"
is "a tree of 2000 levels" "$status$stderr" 0
is "  is whole" "$(find "$containers/deep/ROOT" -type d | wc -l) $(cat "$containers/deep/ROOT/top") $(stat -c %h "$containers/deep/ROOT/top")" \
  "2001 bottom 3"
is "  its links are links" "$(readlink "$containers/deep/ROOT/home")" "$HOME"
udocker rm deep "$(basename "$deep")" 2> /dev/null
is "  and nothing else was touched" "$(cat "$HOME/file")$(others)" precious0

# A container that changes all the time, and one that goes.
mkdir "$original/ROOT/busy"
(cd "$original/ROOT/busy" && while :; do
   mkdir -p d; echo x > d/f; ln -s / d/l; rm -rf d; ln -s / d; rm -f d f f2
   mkfifo f; mv f f2; rm -f f2; echo > f
 done) 2> /dev/null &
busy=$!
bad=0
for _ in 1 2 3 4 5 6; do
  udocker clone first > ids 2> errors || { bad=$((bad + 1)); cat errors; }
  udocker rm "$(cat ids)" 2> /dev/null
done
kill $busy
wait $busy 2> /dev/null
is "a tree that changes meanwhile" $bad 0
rm -rf "${original:?}/ROOT/busy"

# stopped: start a clone in the background that stops before its first link.
stopped ()
{
  strace -f -o trace -e trace=symlinkat -e inject=symlinkat:signal=STOP:when=1 \
    "$full" clone first > out 2> err &
  tracer=$!
  until grep -q 'stopped by SIGSTOP' trace 2> /dev/null; do sleep 0.05; done
}

# let_go: let it run to its end.
let_go ()
{
  kill -CONT "$(sed -n '1s/ .*//p' trace)"
  status=0
  wait $tracer || status=$?
  stdout=$(cat out) stderr=$(cat err)
  rm trace
}

full=$libexec/udocker-full
if strace -o /dev/null -e inject=flock:error=ENOSYS true 2> /dev/null; then
  rm "$original/PROTECT"
  stopped
  run udocker rm first
  is_error "the original cannot be removed meanwhile" 1 \
    "^Error: .*container $id is running or being copied"
  let_go
  is "  and the clone goes on" "$status$stderr" 0
  udocker rm "$stdout" 2> /dev/null
  # The Python tool knows no locks.
  stopped
  mv "$original" "$work/away"
  let_go
  mv "$work/away" "$original"
  is_error "a container that is removed meanwhile" 1 \
    "^Error: cloning: container $id was removed meanwhile\$"
  is "  leaves nothing" "$(others)" 0
  run strace -f -qq -o /dev/null -e inject=linkat:error=EPERM \
    "$full" clone --name=copied first
  is "a file system without hard links" \
    "$status$(stat -c %h "$containers/copied/ROOT/links/a")" 01
  is "  has the content" "$(cat "$containers/copied/ROOT/links/b")" content
  udocker rm copied 2> /dev/null
  for call in syncfs copy_file_range mkdirat symlinkat renameat; do
    run strace -f -qq -o /dev/null -e "inject=$call:error=ENOSPC" \
      "$full" clone first
    like "no space left in $call" "$status$stdout$stderr" \
      "^1Error: .*No space left on device\$"
    is "  leaves nothing" "$(others)" 0
  done
  for call in copy_file_range ioctl flistxattr; do
    run strace -f -qq -o /dev/null -e "inject=$call:error=EOPNOTSUPP" \
      "$full" clone first
    is "a kernel without $call" "$status$stderr" 0
    udocker rm "$stdout" 2> /dev/null
  done
else
  skip "file systems that lack something" "no strace"
fi

chmod 700 "$original/ROOT"
done_testing
