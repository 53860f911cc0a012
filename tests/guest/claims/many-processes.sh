# A thousand short processes in a row, and many at once.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

i=0
bad=0
while test $i -lt 1000; do
  /bin/true || bad=$((bad + 1))
  i=$((i + 1))
done
echo "$i done, $bad bad"
i=0
while test $i -lt 60; do
  (/bin/true; exit $((i % 7))) &
  pids="$pids $!:$((i % 7))"
  i=$((i + 1))
done
for pid in $pids; do
  wait "${pid%:*}"
  test $? = "${pid#*:}" || echo "bad ${pid#*:}"
done
echo waited
