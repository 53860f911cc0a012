# The compiler, and what it made.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# needs: gcc

cat > main.c <<'END'
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
extern int helper (int);
int
main (int argc, char **argv)
{
  char text[4096];
  ssize_t length = readlink ("/proc/self/exe", text, sizeof text);
  printf ("%d %s %.*s %d\n", argc, argv[0], (int) length, text, helper (20));
  return helper (1);
}
END
echo 'int helper (int i) { return i * 2; }' > helper.c
gcc -O2 -c main.c helper.c && echo compiled
gcc -o program main.o helper.o && ./program a b; echo "status $?"
gcc -static -o static main.o helper.o && ./static a; echo "status $?"
gcc -pie -fPIE -o pie main.c helper.c && "$PWD/pie"; echo "status $?"
gcc -no-pie -o fixed main.c helper.c && ./fixed; echo "status $?"
gcc -static-pie -fPIE -o static-pie main.c helper.c 2> /dev/null \
  && ./static-pie; echo "status $?"
mkdir -p lib && gcc -shared -fPIC -o lib/libhelper.so helper.c
gcc -o shared main.c -Llib -lhelper "-Wl,-rpath,\$ORIGIN/lib"
./shared; echo "status $?"
mkdir other && cp shared other/ && other/shared 2> /dev/null; echo "status $?"
LD_LIBRARY_PATH=lib other/shared; echo "status $?"
ln -s ../shared other/linked && other/linked; echo "status $?"
ldd shared | sed 's/ (0x.*//; s/0x[0-9a-f]*//' | sort
cat > preload.c <<'END'
int helper (int i) { return i + 100; }
END
gcc -shared -fPIC -o preload.so preload.c
LD_PRELOAD=./preload.so ./shared; echo "status $?"
gcc -o program main.c 2> errors; echo "status $?"; grep -c helper errors
echo 'syntax error here' > bad.c; gcc bad.c 2> /dev/null; echo "status $?"
gcc -E - < helper.c | tail -n 1
gcc -print-search-dirs | head -n 1
gcc -fopenmp -o threads -x c - 2> /dev/null <<'END' && ./threads
#include <omp.h>
#include <stdio.h>
int main (void) {
  int sum = 0;
#pragma omp parallel for reduction (+ : sum) num_threads (4)
  for (int i = 0; i < 1000; i++) sum += i;
  printf ("%d\n", sum);
}
END
ar rcs lib/libhelper.a helper.o && gcc -o archived main.o lib/libhelper.a \
  && ./archived; echo "status $?"
objcopy --version > /dev/null && strip program archived; ./archived
echo "status $?"
