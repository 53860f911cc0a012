# Claims in a root of debian12 with compilers and virtual machines, which take
# much room and time.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"
. "$top_srcdir/tests/guest/debian.sh"

test "${TEST_LONG-}" = yes || skip_all "takes long: make check-long"
guest_open debian12-runtimes
guest_limit=${GUEST_LIMIT:-600}
for name in go rust node java; do
  guest_script "$name"
done

# LeakSanitizer traces the program that it is part of, and its threads.
cat > "$guest_root$guest_place/bin/leaks.sh" << 'EOD'
cat > program.c << 'END'
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
static void *volatile held;
static void *volatile lost;
static void *
wait (void *argument)
{
  void *mine = malloc (20);
  while (mine != NULL)
    usleep (1000);
  return argument;
}
int
main (int count, char **list)
{
  pthread_t thread;
  held = malloc (10);
  if (count > 1)
    for (int i = 0; i < 20; i++)
      pthread_create (&thread, NULL, wait, NULL);
  if (count > 2)
    {
      lost = malloc (30);
      lost = NULL;
    }
  return count > 3 ? ((char *) held)[11] : 3;
}
END
gcc -g -fsanitize=address,undefined -o program program.c
./program
echo "sound $?"
./program threads
echo "with threads $?"
for i in 1 2 3; do
  ./program threads leak > out 2>&1
  echo "with a leak $?"
  grep -o 'SUMMARY: AddressSanitizer: 30 byte.*' out
done
./program threads leak wrong 2>&1 | grep -o 'ERROR: AddressSanitizer: [a-zA-Z-]*'
EOD
guest_claim 'sanitizers' /bin/sh "$guest_place/bin/leaks.sh"

# As root sshd gives up privileges, changes its root, confines itself and gives
# terminals away.
guest_user
guest_engine_options=-0
cp "$guest_source/claims/server.sh" "$guest_root$guest_place/bin/server.sh"
cat > expected << 'EOD'
root
connected
bash
status 3
2913298395 300000
on a terminal
parallel 1
parallel 2
parallel 3
parallel 4
content
nobody-else@127.0.0.1: denied (publickey,keyboard-interactive).
server 0
8
[ended with 1]
EOD
for mode in $guest_modes; do
  guest_see "$mode" /bin/sh "$guest_place/bin/server.sh"
  is "sshd as root in $mode" "$(cat "$work/$mode.out")" "$(cat expected)"
done
done_testing
