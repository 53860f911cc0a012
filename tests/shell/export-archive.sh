# export: GNU tar, bsdtar and Python read what was in the container.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/trees.sh"
need tar

no_sockets
chmod 700 "$original/ROOT/closed"
python3 "$trees" show "$original/ROOT" > before

# extracted WITH TREE: the tree is that of the container.
extracted ()
{
  python3 "$trees" show "$2" > after
  ok "$1 extracts the same tree" diff "${3-before}" after
}

LC_ALL=C run udocker export -o out.tar first
is "export to a file" "$status$stdout$stderr" "0Info: exporting to file out.tar"
is "  leaves only that file" "$(find . -maxdepth 1 -name '.*.tmp')" ''
mkdir gnu
tar -C gnu --xattrs --xattrs-include='*' --same-permissions -xf out.tar 2> err
is "GNU tar has nothing to say but of names that are no UTF-8" \
  "$(grep -v hdrcharset err)" ''
extracted "GNU tar" gnu
like "what is the user's own is root's" "$(tar --numeric-owner -tvf out.tar | sed 's/ \+/ /g' | cut -d ' ' -f 2 | sort -u)" '^0/0$'
is "the first member is the root" "$(tar -tf out.tar | head -n 1)" ./
if command -v bsdtar > /dev/null; then
  mkdir bsd
  bsdtar -C bsd --xattrs -S -xpf out.tar 2> err
  is "bsdtar has nothing to say" "$(cat err)" ''
  # It leaves alone what is there already, and set-id bits to root.
  touch -d @1300000000.000000017 bsd
  sed "/setuid/s/ 104/ 100/" before > expected
  extracted bsdtar bsd expected
else
  skip "bsdtar extracts the same tree" "there is no bsdtar"
fi
is "Python reads all members" \
  "$(python3 -c 'import tarfile; t = tarfile.open("out.tar"); print(len(t.getnames()), t.getmember("./etc/holes").size)')" \
  "$(wc -l < before) 20971520"
ok "holes are not in the archive" test "$(stat -c %s out.tar)" -lt 6000000
cp out.tar first.tar

for words in "-o=o1 first" "--output=o2 first" "--output o3 first" "first -o o4" "-oo5 first"; do
  # shellcheck disable=SC2086
  run udocker export $words
  is "export $words" "$status$(cmp o[1-5] first.tar)" 0
  rm -f o[1-5]
done
for words in "first" "- first" "-o - first" "$id"; do
  # shellcheck disable=SC2086
  udocker export $words > out.tar 2> err
  is "export $words writes to the standard output" \
    "$(cmp out.tar first.tar; cat err)" ''
done
LC_ALL=C udocker export first | cmp - first.tar
is "the locale makes no difference" $? 0
run udocker -q export -o out.tar first
is "with -q it is silent" "$status$stdout$stderr" 0

echo old > out.tar
chmod 640 out.tar
ln -s out.tar link.tar
run udocker export -o link.tar first
is "a file that exists is replaced, where the link leads" \
  "$status$(cmp out.tar first.tar)$(readlink link.tar)$(stat -c %a out.tar)" 0out.tar640
echo old > out.tar
run sh -c 'ulimit -f 1000; exec udocker export -o out.tar first'
like "no room" "$status$stderr" \
  '^Error: exporting: cannot write the archive: File too large$'
is "  leaves the old file and nothing else" \
  "$(cat out.tar; find . -maxdepth 1 -name '.*.tmp')" old
run udocker export -o /dev/full first
like "a full device" "$status$stdout$stderr" \
  '^Error: exporting: cannot write the archive: No space left on device$'
is "  is still there" "$(test -c /dev/full && echo yes)" yes
run sh -c 'udocker export first > /dev/full'
is_error "the standard output on a full device" 1 \
  '^Error: exporting: cannot write the archive: No space left on device$'
run udocker export -o nowhere/x first
like "a directory that does not exist" "$status$stderr" \
  "^Error: exporting: cannot write 'nowhere/x': No such file or directory\$"
run udocker export -o . first
like "a directory" "$stderr" "^Error: exporting: cannot write '\.': Is a directory\$"
run udocker export -o out.tar nothing
is_error "an unknown container" 1 \
  '^Error: invalid container id: container id or name not found: nothing$'
run udocker export
is_error "no container" 1 '^Error: invalid container id'
run udocker export out.tar first
is_error "a file without -o" 1 '^Error: syntax error at: first: the file is given as'
is "none of these touched the file" "$(cat out.tar)" old
if command -v script > /dev/null; then
  like "a terminal is refused" \
    "$(script -qec 'udocker export first' /dev/null < /dev/null)" \
    '^Error: exporting: a terminal is no place for an archive'
else
  skip "a terminal is refused" "there is no script"
fi

# Interrupted while nobody reads, or while it writes.
mkfifo pipe
# shellcheck disable=SC2217  # it only holds the pipe
sleep 60 < pipe &
reader=$!
status=0
timeout --foreground -s INT 1 sh -c 'trap - INT; exec udocker export -o pipe first' 2> err || status=$?
kill $reader
wait $reader 2> /dev/null
is "interrupted where nobody reads" "$status$(grep -v Info err)" 124
full=$libexec/udocker-full
if strace -o /dev/null -e inject=flock:error=ENOSYS true 2> /dev/null; then
  strace -qq -o /dev/null -e inject=getdents64:signal=TERM:when=5 \
    "$full" export -o out.tar first 2> err
  is "a signal leaves the old file and nothing else" \
    "$(cat out.tar; find . -maxdepth 1 -name '.*.tmp'; grep -v Info err)" old
else
  skip "a signal leaves the old file and nothing else" "no strace"
fi

# The whole container.
run udocker export --clone -o out.tar first
is "export --clone" "$status" 0
is "  has what describes the container, and no protection" \
  "$(tar -tf out.tar | grep -v '^./ROOT/.' | tr '\n' ' ')" \
  "./ ./ROOT/ ./container.json ./execmode ./imagerepo.name "
mkdir whole
tar -C whole --xattrs --xattrs-include='*' --same-permissions -xf out.tar
extracted "--clone, below ROOT," whole/ROOT
is "  and it is the same" "$(cat whole/container.json whole/imagerepo.name whole/execmode)" \
  "$(cat "$original/container.json" "$original/imagerepo.name" "$original/execmode")"

# A directory that denies itself is in the archive, and is as before.
chmod 000 "$original/ROOT/closed"
udocker export first > out.tar
like "a directory without permissions is there with what is in it" \
  "$(tar -tvf out.tar | sed -n '/closed/p')" '^-rwxr-xr-x|^-rw-r--r--.*\./closed/sub/x$'
is "  and as it was before" "$(stat -c %a "$original/ROOT/closed")" 0
chmod 700 "$original/ROOT/closed"

# Larger than what an ordinary header can tell, with holes.
mkdir -p "$containers/00000000-0000-3000-8000-000000000000/ROOT"
python3 - "$containers/00000000-0000-3000-8000-000000000000/ROOT/huge" << 'END'
import os, sys
with open(sys.argv[1], "wb") as file:
    os.truncate(file.fileno(), (9 << 30) + 5)
    os.pwrite(file.fileno(), b"end", 9 << 30)
with open(sys.argv[1] + "-after", "w") as file:
    file.write("after")
END
udocker export 00000000 > out.tar
mkdir huge
tar -C huge -xf out.tar
is "a file of 9 GB with holes" \
  "$(stat -c %s huge/huge; tail -c 5 huge/huge | tr -d '\0'; cat huge/huge-after)" \
  "9663676421
endafter"
is "  takes no space" "$(($(stat -c %b huge/huge) < 100))" 1
if command -v bsdtar > /dev/null; then
  rm -r huge/*
  bsdtar -C huge -xf out.tar
  is "  for bsdtar, too" "$(stat -c %s huge/huge; cat huge/huge-after)" \
    "9663676421
after"
fi
udocker rm 00000000 2> /dev/null

done_testing
