# inotifywait sees what others do to a directory.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: inotifywait
# shellcheck shell=sh

mkdir dir
ln -s dir link
inotifywait -m -r -q --format '%e %w%f' -e create,delete,moved_to,close_write \
  "$PWD/link/" dir > events 2>&1 &
watcher=$!
tries=0
# Ready when it sees something; each try has its own name, which is left out.
while ! grep -q probe events && test $tries -lt 400; do
  : > dir/probe.$tries
  sleep 0.05
  tries=$((tries + 1))
done
echo text > dir/file
mv dir/file dir/other
mkdir dir/sub
rm dir/other
echo end > dir/end
while ! grep -q 'CLOSE_WRITE.*/end' events && test $tries -lt 800; do
  sleep 0.05
  tries=$((tries + 1))
done
kill $watcher
wait $watcher 2> /dev/null
grep -v probe events | sort
inotifywait -q -t 1 -e open none
echo "missing $?"
