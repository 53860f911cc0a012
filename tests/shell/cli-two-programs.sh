# The light program finds the full one, wherever the tree was copied to.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

run udocker help
full=$stdout
is "the light program prints what only the full one knows" "$status$stderr" 0

mkdir -p prefix/bin prefix/libexec/udocker
cp "$udocker" prefix/bin/udocker
cp "$libexec/udocker-full" prefix/libexec/udocker/udocker-full
run prefix/bin/udocker help
is "so it does in a copied tree" "$stdout" "$full"
ln -s ../prefix/bin/udocker link
mv link prefix/link
ln -s "$work/prefix/bin/udocker" link.py
run ./link.py help
is "and through a link" "$stdout" "$full"

mkdir elsewhere
mv prefix/libexec/udocker/udocker-full elsewhere/udocker-full
run env UDOCKER_LIBEXECDIR="$work/elsewhere" prefix/bin/udocker help
is "UDOCKER_LIBEXECDIR says where it is" "$stdout" "$full"

cat > elsewhere/udocker-full <<'END'
#!/bin/sh
for word; do printf '<%s>' "$word"; done
END
chmod +x elsewhere/udocker-full
run env UDOCKER_LIBEXECDIR="$work/elsewhere" prefix/bin/udocker \
  -q --repo 'a  b' help '' "x'y" -- --odd=1
is "the words arrive untouched" "$stdout" \
  "<-q><--repo><a  b><help><><x'y><--><--odd=1>"

run prefix/bin/udocker version
is "what the light program can do needs no other" "$status$stderr" 0
if test -x "$libexec/../../../nothing" || prefix/bin/udocker help \
     > /dev/null 2>&1; then
  skip "a tree that is not complete" "the same package is installed here"
else
  run prefix/bin/udocker help
  is_error "a tree that is not complete" 1 \
    "^Error: this installation of udocker is not complete: no program 'udocker-full' in '$work/prefix/libexec/udocker'\$"
fi

done_testing
