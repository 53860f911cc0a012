# Where the host has no hard links: copies, for who asks for that.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2015,SC2016  # scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

engine=$libexec/udocker-proot
# Two file systems of the host that are one in the container: a link between
# them is refused by the host alone.
other=$(mktemp -d /dev/shm/udocker-links.XXXXXX 2> /dev/null) \
  || skip_all 'there is no /dev/shm'
at_end 'rm -rf "$other"'
test "$(stat -c %d "$other")" != "$(stat -c %d "$work")" \
  || skip_all '/dev/shm is no file system of its own'
export other

# see WHAT EXPECTED OPTION... SCRIPT: what SCRIPT says, in both modes.
see ()
{
  what=$1
  expected=$2
  shift 2
  for mode in P1 P2; do
    test $mode = P1 || export PROOT_NO_SECCOMP=1
    rm -rf here "${other:?}"/*
    mkdir here
    echo content > here/file
    chmod 751 here/file
    touch -d '2001-02-03 04:05:06' here/file
    ln -s file here/link
    run "$engine" "$@"
    is "$what in $mode" "$status:$stdout" "0:$expected"
  done
  unset PROOT_NO_SECCOMP
}

see 'a link that is not possible' no sh -c \
  'ln here/file "$other/new" 2> /dev/null || echo no; ls "$other"'
see 'a copy instead' "content
751 $(date -d '2001-02-03 04:05:06' +%s)
1
new" -l -w "$work" sh -c \
  'ln here/file "$other/new" && cat "$other/new" && stat -c "%a %Y" "$other/new" \
   && stat -c %h "$other/new" && ls -A "$other"'
see 'a symbolic link' file -l -w "$work" sh -c \
  'ln -P here/link "$other/new" && readlink "$other/new"'
see 'with its target' 'regular file' -l -w "$work" sh -c \
  'ln -L here/link "$other/new" && stat -c %F "$other/new"'
see 'a name that is taken' 'no
other' -l -w "$work" sh -c 'echo other > "$other/new"
  ln here/file "$other/new" 2> /dev/null || echo no; cat "$other/new"'
see 'a directory' no -l -w "$work" sh -c \
  'ln -d here "$other/new" 2> /dev/null || ln here "$other/new" 2> /dev/null \
     || echo no; ls -A "$other"'
see 'what is missing' no -l -w "$work" sh -c \
  'ln here/none "$other/new" 2> /dev/null || echo no; ls -A "$other"'
see 'a real link where there are some' '2' -l -w "$work" sh -c \
  'ln here/file here/new && stat -c %h here/new'
see 'one name is removed, the other stays' content -l -w "$work" sh -c \
  'ln here/file "$other/new" && rm here/file && cat "$other/new"'
see 'fake root: owner and mode go along' '5:6 4755' -0 -l -w "$work" sh -c \
  'chown 5:6 here/file && chmod 4755 here/file && ln here/file "$other/new" \
   && stat -c "%u:%g %a" "$other/new"'
head -c 3000000 /dev/urandom > big
see 'large files' 'the same' -l -w "$work" sh -c \
  'ln big "$other/new" && cmp big "$other/new" && echo the same'

# Where no link is possible at all: what package managers do.
cc -std=gnu11 -O1 -o sandbox "$top_srcdir/tests/sandbox.c" -lseccomp \
  2> /dev/null
if test -x sandbox && ./sandbox EPERM link linkat -- true; then
  # A filter speaks before the tracer does in P1: it cannot be asked there.
  PROOT_NO_SECCOMP=1
  export PROOT_NO_SECCOMP
  run ./sandbox EPERM link linkat -- "$engine" -r / -w "$work" sh -c \
    'ln here/file here/second'
  is 'no links at all' "$status" 1
  mkdir tree && echo one > tree/a && ln tree/a tree/b && tar -cf tree.tar tree \
    || bail 'cannot make an archive'
  run ./sandbox EPERM link linkat -- "$engine" -l -r / -w "$work" sh -c '
    mkdir x && tar -C x -xf tree.tar && cat x/tree/a x/tree/b
    echo old > p; ln p p.tmp; echo new > p.new; mv p.new p; cat p p.tmp; rm p.tmp'
  is 'archives with links, and links as backups' "$status:$stdout" '0:one
one
new
old'
  if command -v git > /dev/null; then
    run ./sandbox EPERM link linkat -- "$engine" -l -r / -w "$work" sh -c '
      git init -q g && cd g && git config user.name a && git config user.email b \
        && echo x > f && git add f && git commit -qm m && git gc -q \
        && git fsck 2>&1 && git show HEAD:f'
    is 'git' "$status:$stdout" 0:x
  else
    skip 'git' 'there is none'
  fi
  unset PROOT_NO_SECCOMP
else
  skip 'no links at all' 'needs libseccomp'
fi

done_testing
