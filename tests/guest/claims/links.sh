# A farm of links, seen through shell tools.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

here=$PWD
mkdir -p farm/real/deep/deeper
echo text > farm/real/deep/file
cd farm || exit 99
ln -s real relative
ln -s "$here/farm/real" absolute
ln -s ../../../../../../../../../../../../../../.. above
ln -s absolute/deep/../deep/file mixed
ln -s loop loop
ln -s nowhere dangling
ln -s /proc/self/cwd cwd
ln -s ./././relative/./deep dots
ln -s "$here/farm/../farm/absolute/deep/deeper/../file" zigzag
last=real/deep/file
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 \
         27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42; do
  ln -s "$last" "chain$i"
  last=chain$i
done
for name in relative absolute above mixed loop dangling cwd dots zigzag \
            chain1 chain39 chain40 chain41 chain42 \
            relative/deep absolute/deep/file "above$here/farm/mixed" \
            cwd/relative/deep/file dots/file relative/../mixed \
            absolute/../mixed /..//../"$here"/farm/mixed; do
  echo "== $name"
  readlink "$name"
  readlink -f "$name"
  cat "$name" 2>&1 | sed 's/^cat: .*: /cat: /'
  test -e "$name" && echo exists
  test -L "$name" && echo link
  test -d "$name" && echo directory
  (cd "$name" 2> /dev/null && pwd -P)
done
ls | wc -l
cp -a . ../copy && ls ../copy | wc -l && cat ../copy/mixed
rm -r ../copy && test ! -e ../copy && test -e mixed && echo only the copy went
ln -sf elsewhere dangling && readlink dangling
ln -sfn deep relative && readlink relative
mv absolute renamed && cat renamed/deep/file; cat mixed 2> /dev/null
echo "status $?"
rm -f loop; ls loop 2> /dev/null; echo "status $?"
find . -type l | sort | head -n 20
mkdir -p /tmp/../"$here"/made/../made2 2> /dev/null; ls ..
