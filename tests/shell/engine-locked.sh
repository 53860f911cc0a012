# Root of a container and permission bits that lock the host's user out: what
# root may, and what is left of it on the host.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016  # scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

engine=$libexec/udocker-proot
tree=$work/tree
make_tree "$tree" || bail 'no tree'
unset PROOT_NO_SECCOMP

# Make the files anew.
lock ()
{
  test ! -d "$tree/x" || chmod -R u+rwx "$tree/x"
  rm -rf "${tree:?}/x"
  mkdir -p "$tree/x/closed/inner" "$tree/x/fixed"
  echo text > "$tree/x/closed/inner/file"
  echo kept > "$tree/x/fixed/file"
  echo secret > "$tree/x/secret"
  ln -s ../way/target "$tree/x/fixed/way"
  mkdir -p "$tree/x/way/target"
  echo reached > "$tree/x/way/target/file"
  ln -s fixed/way "$tree/x/link"
  cp "$tree/bin/busybox" "$tree/x/closed/inner/cat"
  chmod 111 "$tree/x/closed/inner/cat"
  chmod 0 "$tree/x/way"
  chmod 0 "$tree/x/closed/inner" "$tree/x/secret"
  chmod 0 "$tree/x/closed"
  chmod 444 "$tree/x/fixed/file"
  chmod 555 "$tree/x/fixed"
}

# root SCRIPT: run it as root.  as ID SCRIPT: as another user.
root ()
{
  run "$engine" -0 -r "$tree" -w /x sh -c "$1"
}

as ()
{
  run "$engine" -i "$1" -r "$tree" -w /x sh -c "$2"
}

# says WHAT EXPECTED: the last run wrote EXPECTED and nothing else.
says ()
{
  is "$1" "$status:$stdout:$stderr" "0:$2:"
}

# modes: those on the host of what a script cannot see.
modes ()
{
  stat -c '%n %a' "$tree/x/way" "$tree/x/closed" "$tree/x/secret" "$tree/x/fixed" \
    "$tree/x/fixed/file" | sed 's|.*/x/||'
}

for mode in P1 P2; do
  test $mode = P1 || export PROOT_NO_SECCOMP=1
  lock
  before=$(modes)

  root 'cat closed/inner/file'
  says "root goes through closed directories in $mode" text
  root 'cd closed/inner && cat file && cd .. && ls && stat -c %a inner . ..'
  says '  enters and lists them, and sees what they are' 'text
inner
0
0
755'
  root 'stat -c %a closed/inner closed/inner/file; test -r secret -a -w secret &&
    cat secret && echo more >> secret && cat secret && stat -c %a secret'
  says '  and reads and writes closed files' '0
644
secret
secret
more
0'
  root 'echo x > fixed/new && mkdir fixed/sub && mv fixed/new fixed/sub &&
    ln -s new fixed/link && ls fixed && rm -r fixed/sub fixed/link &&
    stat -c %a fixed; echo other > fixed/file && cat fixed/file'
  says '  makes, moves and removes where nobody may' 'file
link
sub
way
555
other'
  root 'cat link/file && test -d link/. && stat -c %a way'
  says '  goes through links into them' 'reached
0'
  root 'closed/inner/cat secret && stat -c %a closed/inner/cat'
  says '  and executes there what nobody may read' 'secret
more
111'
  is '  of which the host sees no trace' "$(modes)" "$before"
  root 'chmod 640 secret; chmod 0 fixed/file; chmod 20 closed/inner/file;
    chmod 711 closed; stat -c %a secret fixed/file closed/inner/file'
  says '  but of what root changes' '640
0
20'
  is '    as root changed it' "$(modes)" 'way 0
closed 711
secret 640
fixed 555
fixed/file 0'
  lock
  root 'rm -rf closed secret fixed way link && ls'
  says '  removes such trees' ''

  lock
  as 12:34 'cat closed/inner/file || cat secret || echo x > fixed/new || ls closed'
  is '  and no other user may' "$status:$stdout:$(echo "$stderr" | grep -ci 'permission denied')" 1::4
  root 'cat closed/inner/file; kill -TERM $PPID; while :; do sleep 1; done'
  is '  a signal' "$status" 143
  is '    leaves no trace either' "$(modes)" "$before"
done

chmod -R u+rwx "$tree"
done_testing
