# Containers that the Python tool has changed for its modes R and F are put right
# when they are given another mode.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need cc

# state: all that is in the container, but for what a setup writes.
state ()
{
  (cd "$place" && find . ! -name execmode ! -name root.path -printf '%p %y %m %l\n' \
     | sort; find ROOT -type f -exec cksum {} + | sort)
}

place=$UDOCKER_DIR/containers/$id
make_container "$id" c1 '{}' || bail 'no container'

# --- modes R -------------------------------------------------------------------

before=$(state)
# bind_files: what the tool does before a run in R1.
bind_files ()
{
  mkdir "$place/.bind_orig_files" "$root/.bind_host_files"
  for path in etc/passwd etc/group; do
    mv "$root/$path" "$place/.bind_orig_files/#$(echo "$path" | tr / '#')"
    ln -s "/.bind_host_files/#$(echo "$path" | tr / '#')" "$root/$path"
  done
  mkdir -p "$root/.udocker/bin"
  printf R2 > "$place/execmode"
}
bind_files
run udocker setup --execmode=P1 c1
is 'a container of mode R2 may have mode P1' "$status" 0
like 'what was done is said' "$stdout$stderr" 'put right: 2 files of the host, 0 links'
is 'it is what it was' "$(state)" "$before"
run udocker run --nobanner c1 id -un
is 'it runs' "$status$stdout" 0root

# One is back already, as when a setup was killed.
bind_files
rm "$root/etc/group"
mv "$place/.bind_orig_files/#etc#group" "$root/etc/group"
run udocker setup --execmode=P2 c1
is 'what was begun is finished' "$status$(state)" "0$before"

bind_files
rm "$root/etc/group"
echo 'mine:x:1:' > "$root/etc/group"
run udocker setup --execmode=P1 c1
is 'what somebody has put there since stays' "$status" 1
like 'and is told of' "$stderr" "cannot put '/etc/group' right: File exists"
is 'it has its old mode' "$(cat "$place/execmode")" R2
is 'nothing is lost' "$(cat "$root/etc/group"; ls -A "$place/.bind_orig_files")" \
  'mine:x:1:
#etc#group'
run udocker setup --execmode=P1 --force c1
is '--force goes on all the same' "$status$(cat "$place/execmode")" 0P1
mv "$place/.bind_orig_files/#etc#group" "$root/etc/group"
run udocker setup --execmode=P2 c1
is 'later it is done' "$status$(ls -A "$place" | grep -c bind)" 00

# --- modes F -------------------------------------------------------------------

ln -s /bin/busybox "$root/bin/absolute"
ln -s ../bin/busybox "$root/bin/relative"
ln -s / "$root/top"
printf P1 > "$place/execmode"
before=$(state)

# point_links PREFIX: what the tool does to absolute links.
point_links ()
{
  find "$root" -type l | while read -r link; do
    target=$(readlink "$link")
    case $target in
      /) ln -sfn "$1" "$link" ;;
      /*) ln -sfn "$1$target" "$link" ;;
    esac
  done
  printf F1 > "$place/execmode"
  printf '%s' "$1" > "$place/root.path"
  echo "$1/lib:$1/usr/lib" > "$place/ld.lib.dirs"
}
point_links "$root"
run udocker setup --execmode=P1 c1
is 'a container of mode F1 may have mode P1' "$status" 0
like 'the links are counted' "$stdout$stderr" ' 2 links, 0 programs'
is 'they are what they were' "$(state)" "$before"
point_links /home/old/.udocker/containers/c/ROOT
run udocker setup --execmode=P1 c1
is 'also where the container was elsewhere' "$status$(state)" "0$before"

if command -v patchelf > /dev/null; then
  # A dynamic program with all that it needs.
  echo 'int number (void); int main (void) { return number (); }' > main.c
  echo 'int number (void) { return 42; }' > number.c
  loader=$(readelf -l /bin/sh | sed -n 's/.*interpreter: \(.*\)]/\1/p')
  libc=$(ldd /bin/sh | sed -n 's/.*libc.so.6 => \([^ ]*\) .*/\1/p')
  mkdir -p "$root/opt" "$root$(dirname "$loader")" "$root$(dirname "$libc")"
  cp -L "$loader" "$root$loader"
  cp -L "$libc" "$root$libc"
  cc -shared -fPIC -o "$root/opt/libnumber.so" number.c \
    && cc -o "$root/bin/dynamic" main.c -L"$root/opt" -lnumber \
         -Wl,-rpath,/opt:/usr/lib/none || bail 'cannot compile'
  chmod 555 "$root/bin/dynamic"
  run udocker run --nobanner c1 /bin/dynamic
  is 'the program runs' "$status" 42
  facts ()
  {
    patchelf --print-interpreter "$root/bin/dynamic"
    patchelf --print-rpath "$root/bin/dynamic"
    patchelf --print-needed "$root/bin/dynamic"
    stat -c %a "$root/bin/dynamic"
    cksum < "$root$loader"
  }
  was=$(facts)
  # patch: what the tool does in mode F3, by other means.
  patch ()
  {
    chmod 755 "$root/bin/dynamic"
    patchelf --set-interpreter "$root$loader" "$root/bin/dynamic"
    patchelf --force-rpath --set-rpath "$root/opt:$root/usr/lib/none:\$ORIGIN/x" \
      "$root/bin/dynamic"
    patchelf --replace-needed libc.so.6 "$root$libc" "$root/bin/dynamic"
    chmod 555 "$root/bin/dynamic"
    cp "$root$loader" "$place/ld.so.orig"
    printf '%s' "$loader" > "$place/ld.so.path"
    echo changed >> "$root$loader"
    printf '%s' "$place" > "$place/patch.path"
    echo 1700000000 > "$place/patch.time"
    point_links "$root"
    printf F3 > "$place/execmode"
  }
  patch
  run udocker setup --execmode=P1 c1
  is 'a container of mode F3 may have mode P1' "$status" 0
  like 'programs are counted, and the linker is told of' "$stdout$stderr" \
    ' 1 programs, the dynamic linker'
  is 'programs look for what they did before' "$(facts)" "$(echo "$was" \
    | sed "s|^/opt:/usr/lib/none|&:\$ORIGIN/x|; s|^libc.so.6|$libc|")"
  run udocker run --nobanner c1 /bin/dynamic
  is 'the program runs again' "$status" 42
  is 'nothing of it is left beside the tree' \
    "$(cd "$place" && ls -d ld.* patch.* 2> /dev/null)" ''
  patch
  run udocker setup --execmode=T1 c1
  case $stderr in
    *'mode T1'*) skip 'it may have mode T1 as well' 'no mode T1 here' ;;
    *) run udocker run --nobanner c1 /bin/dynamic
       is 'it may have mode T1 as well' "$status" 42 ;;
  esac
else
  skip 'programs are put right' "'patchelf' is not installed"
fi

# --- what images could do ---------------------------------------------------------

mkdir -p "$work/outside"
echo mine > "$work/outside/passwd"
mkdir "$place/.bind_orig_files"
echo evil > "$place/.bind_orig_files/#out#passwd"
echo evil > "$place/.bind_orig_files/#..#..#..#..#..$(echo "$work/outside/passwd" \
  | tr / '#')"
ln -s "$work/outside" "$root/out"
run udocker setup --execmode=P1 c1
is 'nothing outside of the tree is touched' "$(cat "$work/outside/passwd"
ls "$work/outside")" 'mine
passwd'

# --- --purge and --fixperm ---------------------------------------------------------

rm -rf "$place/.bind_orig_files"
bind_files
printf P1 > "$place/execmode"
run udocker setup --purge c1
is '--purge puts right what is there' "$status$(cat "$place/execmode")" 0P1
is 'without another mode' "$(ls -A "$root" "$place" | grep -c bind_)" 0
run udocker setup --purge c1
is 'and has nothing to do a second time' "$status$stdout$stderr" 0

mkdir -p "$root/closed/inner"
echo data > "$root/closed/inner/file"
ln -s /nowhere "$root/closed/link"
chmod 1755 "$root/tmp"
chmod 0 "$root/closed/inner/file"
chmod 0 "$root/closed/inner"
chmod 50 "$root/closed"
run udocker setup --fixperm c1
is '--fixperm opens what is closed' "$status$(cat "$root/closed/inner/file")" 0data
like 'and says so' "$stderr$stdout" '0 files are yours now, and [34] open to you'
is 'and no more than that' "$(stat -c %a "$root/closed" "$root/closed/inner" \
  "$root/closed/inner/file" "$root/tmp")" '750
700
600
1755'
if unshare --map-root-user --map-auto true 2> /dev/null; then
  mkdir "$root/theirs"
  echo secret > "$root/theirs/file"
  unshare --map-root-user --map-auto sh -c 'chmod 700 "$1/theirs"
    chown -R 33:33 "$1/theirs"' sh "$root"
  not_ok 'files of other ids are closed' cat "$root/theirs/file" 2> /dev/null
  run udocker setup --fixperm c1
  is 'they are given to the user' "$status$(cat "$root/theirs/file")" 0secret
  like 'which is said, too' "$stderr$stdout" '2 files are yours now'
else
  skip 'files of other ids are given to the user' 'this account has no ids'
fi
touch "$place/PROTECT"
run udocker setup --fixperm c1
is_error 'a protected container is left alone' 1 'container is protected'
rm "$place/PROTECT"

done_testing
