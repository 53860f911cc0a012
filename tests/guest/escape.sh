# No call finds what is not in the container.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_open busybox
guest_compile static escape || bail 'cannot compile the program'
mkdir -p "$work/host/empty"
echo secret > "$work/host/file"
printf '#!/bin/sh\nexit 0\n' > "$work/host/program"
chmod 755 "$work/host/program"
cat > "$work/listen.c" << 'END'
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int
main (int argc, char **argv)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);
  strncpy (address.sun_path, argv[argc - 1], sizeof address.sun_path - 1);
  bind (fd, (struct sockaddr *) &address, sizeof address);
  listen (fd, 5);
  sleep (60);
  return 0;
}
END
cc -w -o "$work/listen" "$work/listen.c" || bail 'cannot compile'
"$work/listen" "$work/host/socket" &
at_end "kill $!"
tries=0
until test -S "$work/host/socket"; do
  test $((tries += 1)) -le 600 || bail 'the socket does not appear'
  sleep 0.1
done
sums=$(cd "$work/host" && ls -l && cksum file)

for mode in $guest_modes; do
  for options in '' -0; do
    guest_engine_options=$options
    guest_see "$mode" "$guest_place/bin/escape-static" "$work/host"
    is "nothing is found in $mode $options" "$(cat "$work/$mode.out")" \
'all tried
[ended with 0]'
  done
done
is 'the host is as it was' "$(cd "$work/host" && ls -l && cksum file)" "$sums"
done_testing
