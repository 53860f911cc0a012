# install: the engine in the repository, and nobody else's files harmed.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
need python3 timeout
. "$top_srcdir/tests/python-rules.sh"

bin=$UDOCKER_DIR/bin
case $(uname -m) in
  aarch64) name=proot-arm64 ;;
  *) name=proot-$(uname -m) ;;
esac
loader=loader-$(uname -m)
# Some builds have one for 32-bit programs, too.
parts=$loader
test ! -e "$libexec/loader-i386" || parts="$loader loader-i386"
parts="$parts $name"

# told WHAT: what install tells of each part.
told ()
{
  for part in $parts; do
    printf 'Info: %s: %s\n' "$1" "$bin/$part"
  done
}

run udocker install
is "install" "$status$stdout$(printf '%s\n' "$stderr" | grep -v creating)" \
  "0$(told installed)"
ok "  the program is there" cmp "$bin/$name" "$libexec/udocker-proot"
is "  the repository has no lib/VERSION" "$(ls -A "$UDOCKER_DIR/lib")" ''
python_rules "  and is what the Python tool knows"
make_tree "$work/root"
run "$bin/$name" -r "$work/root" /bin/true
is "it takes PRoot's command line" "$status$stdout$stderr" 0
run "$bin/$name" -r "$work/root" /bin/sh -c 'cat /etc/passwd | head -n 1; exit 7'
is "  and passes on what the program says" "$status$stdout" \
  '7root:x:0:0:root:/root:/bin/sh'
cp -a "$UDOCKER_DIR" "$work/copied"
mv "$UDOCKER_DIR" "$work/away"
run "$work/copied/bin/$name" -r "$work/root" /bin/true
is "a copied repository works, too" "$status$stderr" 0
mv "$work/away" "$UDOCKER_DIR"

inode=$(stat -c %i "$bin/$name")
run udocker install
is "install once more" "$status$stderr" \
  "0$(told 'is there already')"
is "  changes nothing" "$(stat -c %i "$bin/$name")" "$inode"
run udocker -q install --force
is "install --force" "$status$stderr" 0
is "  writes it again" "$(stat -c %i "$bin/$name" | grep -cx "$inode")" 0

# What belongs to others.
echo mine > "$bin/mine"
echo 1.2.11 > "$UDOCKER_DIR/lib/VERSION"
echo theirs > "$bin/$name-4_8_0"
run udocker -q install --purge
is "install --purge" "$status$stderr" 0
is "  leaves what is not ours" \
  "$(cat "$bin/mine" "$bin/$name-4_8_0" "$UDOCKER_DIR/lib/VERSION")" 'mine
theirs
1.2.11'
ok "  and puts ours there again" cmp "$bin/$name" "$libexec/udocker-proot"
echo changed >> "$bin/$name"
run udocker -q install
is_error "a program that was changed is not replaced" 1 \
  "^Error: '$bin/$name' was not put there by udocker, or was changed; --force replaces it\$"
run udocker install --purge
like "  nor removed" "$status$stderr" \
  "^1Warning: '$bin/$name' was changed since it was installed and stays|^Warning: '$bin/$name' was changed"
is "  it is as it was" "$(tail -c 8 "$bin/$name")" changed
run udocker -q install --force
is "  but by force" "$status$stderr" 0
ok "  then it is ours" cmp "$bin/$name" "$libexec/udocker-proot"
rm "$bin/$name"
ln -s "$work/precious" "$bin/$name"
echo precious > "$work/precious"
run udocker -q install
is_error "a link is not followed" 1 '^Error: .*was not put there by udocker'
run udocker -q install --force
is "  but replaced by force" "$status$(cat "$work/precious")" 0precious
rm -f "$bin/$name"; mkdir "$bin/$name"
run udocker -q install --force
is_error "a directory stays" 1 "^Error: $bin: "
rmdir "$bin/$name"
echo '{' > "$bin/.udocker-install.json"
run udocker install
like "a manifest that is damaged" "$status$stderr" '^0?Warning: .*not valid JSON'
echo '{"../../precious": ["x"], "/etc/passwd": []}' > "$bin/.udocker-install.json"
run udocker -q install --purge
is "a manifest that leads out" "$status$(cat "$work/precious")" 0precious
chmod 555 "$bin"
rm -f "$bin/$name" 2> /dev/null
run udocker -q install --force
is_error "no permission" 1 "^Error: .*Permission denied"
chmod 755 "$bin"

# Killed and in parallel.
rm -rf "$bin"
bad=0
for i in 1 2 3 4 5 6 7 8 9; do
  rm -f "$bin/$name"
  timeout -s KILL "0.00$i" udocker -q install 2> /dev/null
  udocker -q install 2> again || bad=$((bad + 1))
  cmp -s "$bin/$name" "$libexec/udocker-proot" || bad=$((bad + 1))
done
is "kills do no harm" "$bad" 0
: > "$bin/.$name.0123456789abcdef.tmp"
: > "$bin/.$name.own.tmp"
udocker -q install
is "  and what they left is removed" "$(cd "$bin" && ls -d .*.tmp)" \
  ".$name.own.tmp"
rm -rf "$bin"
for i in 1 2 3 4; do
  udocker -q install 2> "err.$i" &
done
wait
is "four at once" "$(cat err.?; cmp "$bin/$name" "$libexec/udocker-proot")" ''
UDOCKER_BIN=$work/elsewhere
export UDOCKER_BIN
run udocker -q install
ok "UDOCKER_BIN" cmp "$work/elsewhere/$name" "$libexec/udocker-proot"

done_testing
