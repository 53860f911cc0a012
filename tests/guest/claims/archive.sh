# Archives, written and read, through pipes and files.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# needs: tar

mkdir -p tree/sub/empty tree/other
echo one > tree/one; echo two > tree/sub/two
ln tree/one tree/other/hard; ln -s ../one tree/sub/soft
ln -s nowhere tree/dangling; mkfifo tree/fifo
chmod 640 tree/one; chmod 711 tree/sub; chmod 4755 tree/sub/two
touch -d 2001-02-03T04:05:06 tree/one tree/sub tree/other tree
long=tree/$(printf 'l%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)
long=$long/$long/$long; mkdir -p "$long"; echo deep > "$long/file"
tar -cf a.tar tree; echo "status $?"
tar -tf a.tar | sort
mkdir out; tar -xpf a.tar -C out; echo "status $?"
(cd tree && tar -cf - .) | (mkdir piped && cd piped && tar -xpf -)
echo "status $?"
for tree in out/tree piped; do
  (cd $tree && find . | sort | while read -r name; do
     test -L "$name" && readlink "$name"
     test -f "$name" && cat "$name"
     ls -ld "$name" | cut -c 1-10
   done)
done
test out/tree/one -ef out/tree/other/hard && echo still one file
tar -cf - /etc/passwd /etc/group 2> /dev/null | tar -xf - && ls etc | sort
tar -cf b.tar --files-from=/dev/null; echo "status $?"
tar -xf nowhere.tar 2> /dev/null; echo "status $?"
mkdir twice && tar -xf a.tar -C twice && tar -xf a.tar -C twice
echo "status $?"
rm -rf out piped twice tree && ls
