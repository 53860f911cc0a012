# A static Rust program with musl and many threads.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

mkdir source
i=0
while test $i -lt 200; do
  mkdir -p "source/$((i % 7))"
  echo "let   x$i = {a:1 ,b :'$i'};  if (x$i == null) { debugger }" \
    > "source/$((i % 7))/f$i.js"
  i=$((i + 1))
done
biome=/biome
$biome --version
echo '{"files":{"maxSize":100000}}' > biome.json
$biome format --write source 2>&1 | sed 's/ in .*//'
echo "status $?"
find source -type f | sort | xargs cat | cksum
$biome lint --max-diagnostics=3 source 2>&1 | grep -o '^Found.*\|lint/[a-zA-Z/]*' | sort
$biome format no-such-file 2>&1 | grep -o 'No such file[a-z ]*' | head -n 1
$biome check --stdin-file-path=x.js < source/0/f0.js
echo "status $?"
