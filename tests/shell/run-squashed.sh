# File systems of servers that do not believe root (NFS with root_squash): what is
# not one's own stays closed to root of a container, and says so; what is one's own
# works, also where the server lets nobody change owners, modes or locks.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# To an ordinary user, files of the administrator are such a file system.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config":{"Env":["PATH=/bin"],"WorkingDir":"/"}}' \
  || bail "no container"
modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"

closed=
for directory in /root /lost+found /etc/ssl/private /var/lib/private; do
  test ! -d "$directory" || test -x "$directory" || closed=$directory
done
test -n "$closed" || skip_all "nothing is closed to $(id -un) here"
test -O /etc/passwd && skip_all "/etc/passwd belongs to $(id -un)"

# says COMMAND...: run it and print its status, and why it failed.
# Words of the container.
# shellcheck disable=SC2016
says='says () { "$@" > /dev/null 2> /tmp/why
  echo "$?:$(sed "s/.*: //" /tmp/why)"; }'
mkdir own
facts='%a %u %g %s %Y %Z'
before=$(stat -c "$facts" /etc/passwd /etc "$closed")
for mode in $modes; do
  run ud --execmode="$mode" -v /etc:/v -v "$closed:/closed" c1 sh -c "$says"'
    says cat /v/passwd
    says sh -c "exec 3>> /v/passwd"
    says rm /v/passwd
    says mv /v/passwd /v/other
    says ln /v/passwd /v/other
    says mkdir /v/new
    says touch /v/passwd
    says cp /bin/true /v/new
    says ln -s x /v/new
    says ls /closed
    says sh -c "cd /closed"
    says cat /closed/file
    says test -e /closed/file
    says touch /closed/new'
  # The kernel has two words for links to what is not one's own.
  is "what belongs to others can be read at most, in $mode" \
    "$(echo "$stdout" | sed '5s/:Operation not permitted/:Permission denied/' \
      | tr '\n' ' ')" "0: 1:Permission denied \
1:Permission denied 1:Permission denied 1:Permission denied \
1:Permission denied 1:Permission denied 1:Permission denied \
1:Permission denied 1:Permission denied 2:Permission denied \
1:Permission denied 1: 1:Permission denied "
  # What root of the container is told of its own files would not be true of
  # these.  Where nothing changes nothing is wrong.
  run ud --execmode="$mode" -v /etc:/v -v "$work/own:/own" c1 sh -c "$says"'
    says chown 7 /v/passwd; says chgrp 7 /v/passwd; says chown -h 7:8 /v/passwd
    says chmod 640 /v/passwd; says chmod 700 /v; cd /v; says chmod 700 .
    exec 3< passwd; says chmod 700 /proc/self/fd/3; exec 3<&-
    says chown 0:0 /v/passwd; says chmod "$(stat -c %a passwd)" passwd
    stat -c "%u %g" /v/passwd
    echo > /own/file; says chown 7:8 /own/file; says chmod 640 /own/file
    stat -c "%u %g %a" /own/file; rm /own/file'
  is "  its owners and modes are refused in $mode" \
    "$(echo "$stdout" | tr '\n' ' ')" "1:Operation not permitted \
1:Operation not permitted 1:Operation not permitted 1:Operation not permitted \
1:Operation not permitted 1:Operation not permitted 1:Operation not permitted \
0: 0: 0 0 0: 0: 7 8 640 "
  # Unless it is the host's and was not asked for: many programs put /dev and the
  # like in order.
  run ud --execmode="$mode" c1 sh -c \
    'chmod 666 /dev/null && chown 7:8 /dev/null && stat -c "%u %g" /dev/null'
  is "  those of devices are what one believes" "$status:$stdout" "0:7 8"
  run ud --execmode="$mode" -v "$closed:/closed" -w /closed c1 true
  is_error "  and is not where to start, in $mode" 125 \
    'invalid working directory: /closed: Permission denied'
  run ud --execmode="$mode" -v "$closed:/closed" c1 /closed/program
  is_error "  nor what" 126 "'/closed/program': Permission denied"
  run ud --execmode="$mode" -v "$closed/x:/x" c1 true
  is_error "  nor what to show" 125 \
    "invalid host volume path: $closed/x: Permission denied"
done
is "nothing was changed" "$(stat -c "$facts" /etc/passwd /etc "$closed")" "$before"

# The administrator, whom such a server takes for somebody: root of a user name
# space has no more rights to files of others.
if unshare --user --map-root-user true 2> /dev/null; then
  for mode in $modes; do
    run unshare --user --map-root-user udocker --allow-root run --nobanner \
      --execmode="$mode" -v "$closed:/closed" -v /etc:/v c1 sh -c "$says"'
      says ls /closed; says touch /v/passwd; says touch /tmp/own
      says chown 5:6 /tmp/own; stat -c %u:%g /tmp/own; rm /tmp/own'
    is "an administrator is no more there in $mode" \
      "$(echo "$stdout" | tr '\n' ' ')" \
      "1:Permission denied 1:Permission denied 0: 0: 5:6 "
  done
else
  skip "an administrator" "no user name spaces"
fi

# A repository where the server refuses what it can.
cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
  2> compiler.log && ./sandbox EPERM fanotify_init -- true 2> /dev/null
if test $? = 0; then
  # Locks, as where no lock daemon runs; a second name for a file; attributes; and
  # owners, but where the program itself could not even ask for them then.
  refused="ENOSYS flock EPERM link linkat setxattr lsetxattr fsetxattr"
  squashed="./sandbox $refused chown fchown lchown fchownat -- udocker"
  make_tree tree
  tar -cf tree.tar -C tree .
  UDOCKER_DIR=$work/squashed
  export UDOCKER_DIR
  # shellcheck disable=SC2086 # words
  {
    run $squashed -q import tree.tar squashed:1
    is "an image is imported where owners, links and locks are refused" \
      "$status$stderr" 0
    run $squashed -q create --name=mine squashed:1
    is "  a container is made" "$status$stderr" 0
    run $squashed -q verify squashed:1
    is "  and looks good" "$status$stderr" 0
    for mode in $modes; do
      run ./sandbox $refused -- udocker -q run --execmode="$mode" mine sh -c \
        'echo new > /tmp/new; chown 5:6 /tmp/new; stat -c %u:%g /tmp/new
         chmod 600 /tmp/new; rm /tmp/new; id -u'
      is "  programs run in $mode" "$status:$stdout$stderr" "0:5:6
0"
      run $squashed -q run --rm --execmode="$mode" squashed:1 true
      is "  and in containers of their own" "$status$stdout$stderr" 0
    done
    run $squashed -q rm -f mine
    is "  the container goes" "$status$stderr" 0
    run $squashed -q rmi squashed:1
    is "  and the image" "$status$stderr" 0
  }
  is "nothing is left" "$(find "$UDOCKER_DIR/layers" "$UDOCKER_DIR/repos" \
    "$UDOCKER_DIR/containers" -mindepth 1 ! -name '.*' | head -n 3)" ""
else
  skip "a repository where much is refused" "no sandbox here"
fi

done_testing
