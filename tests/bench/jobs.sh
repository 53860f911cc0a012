#!/bin/sh
# What whole jobs cost in each mode, against the same in a chroot.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: jobs.sh [ROUNDS [JOB...]]
#
# As syscalls.sh, in milliseconds.  The jobs are below.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/bench/engines.sh"

rounds=${1:-5}
test $# -eq 0 || shift
hows=${HOWS:-native P1 P1-0 P2}
unit=ms
bench_root "${ROOT_NAME:-debian12}"
directory=/tmp/jobs.$$
mkdir "$root$directory" && chmod 777 "$root$directory" || exit 99
trap 'rm -rf "$work" "$root$directory"' EXIT

command_of ()
{
  case $1 in
    ls-lR) echo 'ls -lR /usr > /dev/null' ;;
    find) echo 'find / -xdev > /dev/null' ;;
    find-printf) echo 'find / -xdev -printf %s > /dev/null' ;;
    git-status) echo 'cd repository && git status --short > /dev/null' ;;
    cp-a) echo 'cp -a /usr/share/perl copy && rm -rf copy' ;;
    tar) echo 'tar -cf - /usr/share 2> /dev/null | tar -tf - > /dev/null' ;;
    grep) echo 'grep -r nonesuch /usr/include > /dev/null; true' ;;
    loop) echo 'i=0; while test $i -lt 500; do /bin/true; i=$((i+1)); done' ;;
    python) echo 'python3 -c "import asyncio, json, sqlite3, ssl, unittest, \
      xml.etree.ElementTree, multiprocessing, email, http.client, decimal"' ;;
    gcc) echo 'echo "#include <stdio.h>
      int main (void) { return puts (\"x\") < 0; }" > x.c && gcc -O2 x.c -o x
      ./x > /dev/null' ;;
    cpu) echo 'i=0; while test $i -lt 200000; do i=$((i+1)); done' ;;
    *) echo "exit 99" ;;
  esac
}

enter native "$directory" sh -c 'mkdir repository && cd repository \
  && git init -q . && i=0 && while test $i -lt 90; do mkdir d$i; j=0;
  while test $j -lt 100; do echo $j > d$i/f$j; j=$((j+1)); done; i=$((i+1));
  done && git add . && git -c user.name=n -c user.email=e commit -q -m m' \
  > "$work/log" 2>&1 || { cat "$work/log"; exit 99; }

for place in ${PLACES:-pinned alone}; do
  pin=
  test "$place" = alone || pin='taskset -c 0'
  : > "$work/$place"
  round=0
  while test "$round" -lt "$rounds"; do
    # The names are split on purpose.
    # shellcheck disable=SC2048
    for job in ${*:-ls-lR find find-printf git-status cp-a tar grep loop \
                python gcc cpu}; do
      for how in $hows; do
        start=$(date +%s%N)
        enter "$how" "$directory" sh -c "$(command_of "$job")" \
          || echo "$job failed in $how" >&2
        echo "$how $job $((($(date +%s%N) - start) / 10000))" \
          | awk '{ print $1, $2, $3 / 100 }' >> "$work/$place"
      done
    done
    round=$((round + 1))
  done
  echo "$place, $rounds rounds:"
  # The names are split on purpose.
  # shellcheck disable=SC2086
  compare "$work/$place" $hows
done
