# Volumes: where they are, what covers what, and how many there may be.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config":{"Env":["PATH=/bin"]}}' \
  || bail "no container"
mkdir -p host/sub/deep host/other "$root/place/under"
echo content > host/file
echo deep > host/sub/deep/file
echo other > host/other/file
echo hidden > "$root/place/file"
ln -s host dir-link
ln -s host/file file-link
ln -s /nowhere dangling
find "$root" | sort > before

# see OPTION... : SCRIPT: run SCRIPT with the OPTIONs.
see ()
{
  options=
  while test "$1" != :; do
    options="$options $1"
    shift
  done
  # shellcheck disable=SC2086  # words
  run ud $options c1 sh -c "$2"
}

see "-v $work/dir-link:/data" : 'cat /data/file; cd /data/sub; cat ../file; pwd'
is "a link of the host to a directory" "$status$stdout" "0content
content
/data/sub"
see "-v $work/file-link:/data" : 'cat /data; test -f /data'
is "  to a file" "$status$stdout" 0content
see "-v $work/dangling:/data" : true
like "  to nothing is an error" "$status$stderr" '125Error: .*dangling'

see "-v $work/host:/a/b/c" "-v $work/host/other:/a/b/c/sub" \
    "-v $work/host/file:/a/b/c/sub/deeper/f" "-v $work/host/sub:/a/x" : '
  ls /a; ls /a/b; ls /a/b/c; ls /a/b/c/sub; cat /a/b/c/sub/file
  ls /a/b/c/sub/deeper; cat /a/b/c/sub/deeper/f; cat /a/x/deep/file
  cd /a/b/c/sub; cd ..; pwd; cat file; ls ../..; ls -d /a/b/c/sub/deeper/..'
is "places that are nowhere, in each other" "$status$stdout" "0b
x
c
file
other
sub
deeper
file
other
f
content
deep
/a/b/c
content
b
x
/a/b/c/sub/deeper/.."
see "-v $work/host:/place" : 'ls /place; cat /place/file'
is "a volume hides what is under it" "$status$stdout" "0file
other
sub
content"
see "-v $work/host:/place/under" : 'ls /place /place/under; cat /place/file'
is "  and nothing beside" "$status$stdout" "0/place:
file
under

/place/under:
file
other
sub
hidden"
see "-v $work/host:/data" "-v $work/host/other:/data" : 'cat /data/file'
is "of two on one place the last counts" "$status$stdout" 0other

# What programs may do to volumes and their places.
see "-v $work/host:/data" "-v $work/host/file:/etc/motd" "-v $work/host:/x/y" : '
  rmdir /data; mv /data /elsewhere; rm /etc/motd; mv /etc/motd /etc/gone
  rm -rf /x; ln /data/file /tmp/linked; mv /etc/group /etc/motd; rmdir /x/y
  echo tried'
is "places cannot be removed, renamed or replaced" "$(tail -n 1 stdout)" tried
is "  the host's files survive a removal of what is above, but for those" \
  "$(cd host && find . -type f | sort)" ''
mkdir -p host/sub/deep host/other
echo content > host/file
echo deep > host/sub/deep/file
echo other > host/other/file
see "-v $work/host:/data:ro" "-v $work/host/file:/etc/motd:ro" : '
  rm -rf /data; rm -rf /etc/motd; mv /data/file /data/f; echo x > /etc/motd
  echo x >> /data/file; chmod 0 /data/file /etc/motd; touch /data/file
  mkdir /data/d; ln -s x /data/l; exec 5< /data/file; echo x > /proc/self/fd/5
  truncate -s 0 /data/file; echo tried'
is "read-only ones cannot be changed" "$stdout" tried
is "  and are not" "$(cd host && find . -type f -perm 644 | sort
  cat file sub/deep/file other/file)" "./file
./other/file
./sub/deep/file
content
deep
other"
see "-v $work/host:/data:ro" "-v $work/host/other:/data/sub" : '
  echo new > /data/sub/new && cat /data/sub/new; echo x > /data/x'
is "one to be written in one that is not" "$stdout" new
ok "  is written" test -f host/other/new
rm host/other/new

# The machine itself, somewhere inside.
see "-v /:/machine" : "cat /machine$work/host/file; cd /machine$work; pwd
  cd ../../../../../..; ls -d /machine/machine 2> /dev/null; rmdir /machine
  mv /machine /m; test -d /machine/proc/1 && echo proc"
is "/ of the host" "$stdout" "content
/machine$work
proc"
see "-v /:/machine:ro" : "echo x > /machine$work/host/file; echo \$?"
is "  read-only" "$stdout $(cat host/file)" "1 content"

# Many.
count=500
test "${TEST_LONG-}" != yes || count=3000
i=0
while test $i -lt $count; do
  i=$((i + 1))
  echo "-v$work/host:/many/v$i/w"
done > options
xargs -x -s 1900000 sh -c 'udocker run --nobanner "$@" c1 sh -c "
  ls /many | wc -l; cat /many/v1/w/file /many/v$0/w/other/file
  ls /many/v7; cd /many/v$0/w/sub; pwd"' $count < options > stdout 2> stderr
is "$count volumes" "$(cat stdout stderr)" "$count
content
other
w
/many/v$count/w/sub"
i=0
while test $i -lt 16500; do
  i=$((i + 1))
  echo "-v$work/host:/v$i"
done > options
xargs -x -s 1900000 sh -c 'udocker run --nobanner "$@" c1 true; echo $?' x < options \
  > stdout 2> stderr
is "more than can be are refused" "$(cat stdout)" 125
like "  with a sentence" "$(cat stderr)" '^Error: .*volumes'

find "$root" | sort > after
ok "nothing was made in the container" cmp before after \
  || diff before after | sed 's/^/# /'
done_testing
