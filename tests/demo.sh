#!/bin/sh
# A program runs inside an image that was pulled from a registry.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# What make demo does: a registry on the loopback interface gets a small real
# image; udocker pulls it, makes a container of it and runs programs there.
# Ends with exit status 0 only if every step worked.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"

for program in docker-registry skopeo umoci busybox; do
  command -v $program > /dev/null || {
    echo "make demo needs '$program'; it is in Debian's package of that name" >&2
    exit 1
  }
done

say ()
{
  printf '\n== %s\n' "$*"
}

# step COMMAND [ARGUMENT]...: show the command, run it, stop when it fails.
step ()
{
  printf '\n$ udocker %s\n' "$*"
  "$udocker" "$@" || {
    status=$?
    echo "make demo: this step failed with exit status $status" >&2
    exit 1
  }
}

say "A registry on this machine, and a busybox image in it"
registry_start
registry_push_busybox demo/busybox:1.0
echo "$registry has demo/busybox:1.0"

say "Pull it, look at it, and make a container of it"
step pull "$registry/demo/busybox:1.0"
step images
step create --name=demo "$registry/demo/busybox:1.0"
step ps

say "What programs in the container see"
step run --nobanner demo /bin/sh -c \
  'echo "I am $(id -un 2>/dev/null || id -u) in $(pwd); here is:"; ls /;
   echo; cat /etc/motd'
run "$udocker" run --nobanner demo /bin/cat /etc/motd
test "$stdout" = 'a busybox of the tests' || {
  echo "make demo: the container does not see its own /etc/motd" >&2
  exit 1
}

say "The exit status of the program is udocker's"
run "$udocker" run --nobanner demo /bin/sh -c 'exit 7'
printf '\n$ udocker run --nobanner demo /bin/sh -c "exit 7"; echo $?\n'
echo "$status"
test "$status" = 7 || exit 1

say "And gone again"
step rm demo
step rmi "$registry/demo/busybox:1.0"

code=$(curl -s -o /dev/null -m 5 -w '%{http_code}' \
         https://registry-1.docker.io/v2/ 2> /dev/null)
case $code in
  401 | 200)
    say "Docker Hub can be reached from here.  Try:"
    echo '  bin/udocker pull busybox'
    echo '  bin/udocker create --name=mine busybox'
    echo '  bin/udocker run mine /bin/sh' ;;
  *) say "Docker Hub cannot be reached from here, so that was the whole demo" ;;
esac
exit 0
