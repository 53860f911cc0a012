#!/bin/sh
# What whole jobs cost in each mode, against the same in a chroot.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: jobs.sh [ROUNDS [JOB...]]
#
# As syscalls.sh, in milliseconds, wall and CPU time.  The jobs are below.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/bench/engines.sh"

rounds=${1:-5}
test $# -eq 0 || shift
hows=${HOWS:-native P1 P1-0 T1 T1-0 T2}
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
    configure) echo 'rm -rf build && mkdir build && cd build \
      && ../project/configure -q > /dev/null' ;;
    make-j2) echo 'cd project && make -s clean && make -s -j2' ;;
    dpkg) echo 'dpkg --force-not-root --force-bad-path -i big.deb \
      > /dev/null 2>&1' ;;
    cpu) echo 'i=0; while test $i -lt 200000; do i=$((i+1)); done' ;;
    *) echo "exit 99" ;;
  esac
}

# A repository of 20,000 files, whose owner is no matter to git, which would
# read all of them where root's ids are shown; and a project of 40 that is
# configured as others are.
enter native "$directory" sh -c 'mkdir repository && cd repository \
  && git init -q . && git config core.checkStat minimal && i=0 \
  && while test $i -lt 200; do mkdir d$i; j=0;
  while test $j -lt 100; do echo $j > d$i/f$j; j=$((j+1)); done; i=$((i+1));
  done && git add . && git -c user.name=n -c user.email=e commit -q -m m' \
  > "$work/log" 2>&1 || { cat "$work/log"; exit 99; }
mkdir "$root$directory/project"
(
  cd "$root$directory/project" || exit 1
  cat > configure.ac << 'END'
AC_INIT([project], [1])
AC_PROG_CC
AC_CHECK_HEADERS([dirent.h fcntl.h glob.h iconv.h libintl.h limits.h locale.h \
  netdb.h poll.h pthread.h pwd.h sched.h spawn.h stdint.h sys/epoll.h])
AC_CHECK_TYPES([ptrdiff_t, long long, struct timespec, off64_t])
AC_CHECK_MEMBERS([struct stat.st_blksize, struct stat.st_mtim])
AC_CHECK_FUNCS([alarm asprintf atexit dup2 fork getcwd getpagesize iconv \
  memchr mkstemp mmap nl_langinfo poll realpath regcomp setlocale strdup \
  strverscmp utimensat waitid])
AC_CHECK_LIB([m], [sin])
AC_OUTPUT
END
  autoconf || exit 1
  for i in $(seq 40); do
    {
      echo '#include <stdio.h>'
      echo '#include <stdlib.h>'
      echo '#include <string.h>'
      for j in $(seq 40); do
        echo "int f${i}_$j (const char *s) { char b[64]; int n = 0;
          for (; *s; s++) n += *s * $j;
          return snprintf (b, sizeof b, \"%d\", n) + (int) strlen (b); }"
      done
    } > "part$i.c"
  done
  echo 'int main (void) { return 0; }' > main.c
  {
    echo 'CFLAGS = -O1'
    echo "objects = main.o $(printf 'part%s.o ' $(seq 40))"
    printf 'program: $(objects)\n\t$(CC) -o $@ $(objects)\n'
    printf 'clean:\n\trm -f program $(objects)\n'
  } > Makefile
) || exit 99
chmod -R a+rwX "$root$directory/project"

time_with "$work/took"
# A large package: some thousand files.  Natively it is installed by the owner
# of the tree, whom dpkg lets do without what only root can.
case " $* " in
  *" dpkg "* | '  ')
    enter native "$directory" sh -c 'mkdir -p big/DEBIAN big/opt/big
      for name in include share/perl lib/python3* share/doc; do
        cp -RP /usr/$name big/opt/big; done 2> /dev/null
      printf "Package: big\nVersion: 1\nArchitecture: all\n" \
        > big/DEBIAN/control
      printf "Maintainer: M <m@example.org>\nDescription: x\n" \
        >> big/DEBIAN/control
      dpkg-deb --root-owner-group -z1 -b big big.deb && rm -rf big \
        && dpkg --force-not-root --force-bad-path -i big.deb' \
      > "$work/log" 2>&1 || { cat "$work/log"; exit 99; }
    trap 'rm -rf "$work" "$root$directory" "$root/opt/big"' EXIT ;;
esac

for place in ${PLACES:-pinned alone}; do
  pin=
  test "$place" = alone || pin='taskset -c 0'
  : > "$work/$place.wall"
  : > "$work/$place.cpu"
  round=0
  while test "$round" -lt "$rounds"; do
    # The names are split on purpose.
    # shellcheck disable=SC2048
    for job in ${*:-ls-lR find find-printf git-status cp-a tar grep loop \
                python gcc dpkg configure make-j2 cpu}; do
      for how in $hows; do
        rm -f "$work/took"
        enter "$how" "$directory" sh -c "$(command_of "$job")" \
          || echo "$job failed in $how" >&2
        read -r wall cpu < "$work/took"
        echo "$how $job $wall" >> "$work/$place.wall"
        echo "$how $job $cpu" >> "$work/$place.cpu"
      done
    done
    round=$((round + 1))
  done
  for kind in wall cpu; do
    echo "$place, $rounds rounds, $kind time:"
    # The names are split on purpose.
    # shellcheck disable=SC2086
    compare "$work/$place.$kind" $hows
  done
done
