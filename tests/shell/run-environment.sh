#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# What a program in a container sees: variables, user, directory, volumes.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config":{
  "User":"alice", "WorkingDir":"/tmp", "Entrypoint":["/bin/echo","entry"],
  "Cmd":["cmd"], "Env":["A=image","B=image","PATH=/bin"]}}' || bail "no container"
ln -s "$id" "$UDOCKER_DIR/containers/second"
uid=$(id -u)
gid=$(id -g)

run ud c1
is "entry point and command of the image" "$stdout" "entry cmd"
run ud c1 mine
is "words take the command's place" "$stdout" "entry mine"
run ud --entrypoint= c1 echo only
is "an empty --entrypoint drops both" "$stdout" "only"
run ud --entrypoint="echo -n x" c1 y
is "--entrypoint is split at blanks" "$stdout" "x y"
run ud --nometa --env=PATH=/bin c1 echo plain
is "--nometa drops both" "$stdout" "plain"

in_shell ()
{
  options=
  while test "$1" != :; do
    options="$options $1"
    shift
  done
  shift
  # Options have no blanks here.
  # shellcheck disable=SC2086
  run ud --entrypoint= $options c1 sh -c "$*"
}

in_shell : 'echo $A $B $HOME $USER $LOGNAME'
is "variables of the image and of the user" "$stdout" \
  "image image /home/alice alice alice"
printf '# comment\nB=file\nC = 3 \n\nHOST_ONE\n' > vars
HOST_ONE=one
export HOST_ONE
in_shell --env-file=vars -e A=1 -e HOST_ONE : 'echo $A $B $C $HOST_ONE'
is "-e and --env-file override the image" "$stdout" "1 file 3 one"
printf '\357\273\277B=marked\n' > marked
in_shell --env-file=marked : 'echo $B'
is "  also with the mark that some editors make" "$stdout" marked
# dash has no <(...).
mkfifo fifo
echo FROM=fifo > fifo &
in_shell --env-file=fifo : 'echo $FROM'
is "a file of variables may be a pipe" "$stdout" fifo
in_shell : 'echo $container_uuid $container_names $container_execmode'
is "container_* say where it runs" "$stdout" \
  "$id c1,second ${TEST_EXECMODE:-P1}"
in_shell -e container_uuid=mine -e container_names- : \
  'echo $container_uuid ${container_names-unset}'
is "and what is asked for wins" "$stdout" 'mine unset'
in_shell : 'echo $container_root:$container_ruser'
is "and on which files, for whom" "$stdout" "$root:$(id -un)"
in_shell : 'echo "$HOST_ONE"'
is "the host's variables stay outside" "$stdout" ""
in_shell --hostenv : 'echo "$HOST_ONE $HOME $PATH"'
is "but with --hostenv" "$stdout" "one /home/alice /bin"

in_shell : 'id -u; id -g; id -un; pwd'
is "a user of the image, with our ids" "$stdout" "$uid
$gid
alice
/tmp"
in_shell --user=root : 'id -u; id -g; id -un; whoami'
is "--user=root" "$stdout" "0
0
root
root"
in_shell --user=0:staff : 'id -u; id -g; id -gn'
is "--user=0:staff" "$stdout" "0
50
staff"
in_shell --user=bob : 'id -u; id -un; echo $HOME'
is "a user that only the command line knows" "$stdout" "$uid
bob
/"
in_shell --user=4321:8765 : 'id -u; id -g'
is "numbers that nobody has" "$stdout" "4321
8765"
in_shell --user=alice : 'grep -c ^alice: /etc/passwd; grep ^root: /etc/passwd'
is "passwd is corrected, not appended to" "$stdout" \
  "1
root:x:0:0:root:/root:/bin/sh"
in_shell --user=alice : 'head -n 1 /etc/passwd > /tmp/first; cat /tmp/first'
is "files of the container can be written" "$stdout" \
  "root:x:0:0:root:/root:/bin/sh"
is "and are there" "$(cat "$root/tmp/first")" "root:x:0:0:root:/root:/bin/sh"
is "while the passwd on disk is as it was" \
  "$(grep -c 1234:1234 "$root/etc/passwd")" 1
in_shell --containerauth --user=alice : 'grep ^alice: /etc/passwd'
is "--containerauth leaves passwd alone" "$stdout" \
  "alice:x:1234:1234:Alice:/home/alice:/bin/sh"
in_shell --hostauth --user="$(id -un)" : 'id -un'
is "--hostauth knows us" "$stdout" "$(id -un)"

in_shell -w /home/alice/../alice : pwd
is "-w" "$stdout" /home/alice
printf '{"config":{"WorkingDir":"/gone"}}' \
  > "$UDOCKER_DIR/containers/$id/container.json"
in_shell : pwd
like "a directory that the image lacks is told" "$stderr" \
  "^Warning: the image's working directory '/gone' cannot be used"
is "and the program starts in /" "$status$stdout" 0/
not_ok "without making one in the container" test -e "$root/gone"
printf '{"container_config":{"user":"alice","env":["A=low"],"cmd":"echo  two words"}}' \
  > "$UDOCKER_DIR/containers/$id/container.json"
run ud c1
is "lower case keys, a command as text" "$stdout" "two words"
in_shell : 'echo $A; id -un'
is "lower case variables and user" "$stdout" "low
alice"

mkdir -p volume/sub
echo content > volume/file
in_shell -v "$work/volume:/data" : 'cat /data/file; echo new > /data/sub/new'
is "a volume is read" "$stdout" content
is "and written" "$(cat volume/sub/new)" new
in_shell -v "$work/volume" : "cat $work/volume/file"
is "a volume at its own path" "$stdout" content
in_shell -v "$work/volume/file:/etc/motd" : 'cat /etc/motd'
is "a file as volume" "$stdout" content
in_shell -v "$work/volume:/data:ro" : 'cat /data/file; echo x > /data/x; true'
is "a read-only volume is read" "$stdout" content
like "but not written" "$stderr" "Read-only file system"
not_ok "at all" test -e volume/x
in_shell -v "$work/volume:/a/b/c" -w /a/b : 'cat c/file; ls /a'
is "a volume where nothing is" "$stdout" "content
b"
not_ok "leaves nothing in the container" test -e "$root/a"
ln -s "$work/volume" "$root/evil"
mkdir outside
in_shell -v "$work/outside:/evil/mine" : 'ls /evil'
is "a link out of the container is not followed" "$stdout" mine
not_ok "on the host either" test -e volume/mine
in_shell -w / --nosysdirs : 'ls /dev /proc /sys'
is "--nosysdirs" "$stdout" "/dev:

/proc:

/sys:"
in_shell --novol=/sys --novol=/nope : 'ls /sys; test -e /dev/null && echo dev'
is "--novol leaves out one" "$stdout" dev
like "and tells what is not there" "$stderr" "^Warning: --novol /nope not in volumes list"
in_shell --bindhome : "test -d $HOME && echo yes"
is "--bindhome" "$stdout" yes
in_shell --kernel=1.2.3-x : 'read -r a b release rest < /proc/version
  echo "$a $b $release"; cat /proc/sys/kernel/osrelease
  cd /proc; cut -d " " -f 3 version; test -n "$rest" && echo rest'
is "/proc says the same release" "$stdout" "Linux version 1.2.3-x
1.2.3-x
1.2.3-x
rest"
in_shell : 'cat /proc/version'
is "or the kernel's own" "$stdout" "$(cat /proc/version)"
in_shell --kernel=1.2.3-x --hostname=inside : 'uname -r; uname -n'
is "--kernel and --hostname" "$stdout" "1.2.3-x
inside"
in_shell --cpuset-cpus=0 : 'grep Cpus_allowed_list /proc/self/status'
like "--cpuset-cpus" "$stdout" "[[:space:]]0\$"
in_shell -p 8080:80 : 'echo on'
is "ports do not keep it from running" "$stdout" on
is "and are no reason for a word" "$stderr" ""

run udocker run --banner --location="$root" x echo here
is "--location runs in a directory" "$stdout" here
like "with a banner that names it" "$stderr" "STARTING $root"
run udocker run --banner c1 true
like "the banner is on stderr" "$stderr" "STARTING $id"
like "and names the program" "$stderr" "^ executing: true"
is "and nothing is on stdout" "$stdout" ""
run udocker -q run c1 true
is "-q: no banner" "$stdout$stderr" ""
run ud "$(echo "$id" | cut -c1-6)" id -un
is "the beginning of an id will do" "$stdout" alice
run udocker setup c1
is "setup shows the mode" "$stdout" "execmode: ${TEST_EXECMODE:-P1}
nvidiamode: False"
run udocker setup --execmode=p2 c1
run udocker setup c1
like "setup sets it" "$stdout" "^execmode: P2"
run udocker setup --execmode=X7 c1
is_error "an unknown mode is refused" 1 "^Error: invalid execmode: X7"
in_shell : 'echo $container_execmode; id -un'
is "a container in P2" "$stdout" "P2
alice"

like "PROOT_NO_SECCOMP does without system call filters" "$(
  PROOT_NO_SECCOMP=1 udocker -D run c1 true 2>&1)" "^mode: 'P2'"
like "-D shows the run plan" "$(udocker -D run c1 echo 'a b' 2>&1)" \
  "^argument: 'a b'"

# A repository that cannot be written, as sites share them.
chmod a-w "$UDOCKER_DIR" "$UDOCKER_DIR/containers" "$UDOCKER_DIR/containers/$id"
rm -rf "$UDOCKER_DIR/run" 2> /dev/null
chmod a-w "$UDOCKER_DIR/run" "$UDOCKER_DIR/run"/* 2> /dev/null
in_shell : id -un
is "a repository that cannot be written will do" "$status$stdout$stderr" 0alice
XDG_RUNTIME_DIR=$work/runtime
export XDG_RUNTIME_DIR
mkdir "$XDG_RUNTIME_DIR"
in_shell -v "$work/volume:/x/y" : cat /x/y/file
is "also with a place for its locks elsewhere" "$status$stdout$stderr" 0content
chmod u+w "$UDOCKER_DIR" "$UDOCKER_DIR/containers" "$UDOCKER_DIR/containers/$id"

# More than one reading of a directory tells.
volumes=
for number in $(seq 400); do
  mkdir -p "many/$number"
  echo "$number" > "many/$number/content"
  volumes="$volumes -v $work/many/$number:/not-there/volume-$number"
done
# shellcheck disable=SC2086 # many words
run ud --nometa $volumes c1 sh -c \
  'PATH=/bin; ls /not-there | wc -l; ls /not-there | sort -u | wc -l
   cat /not-there/volume-*/content | sort -u | wc -l'
is "400 volumes where nothing is are listed and entered" "$status$stdout" \
  "0400
400
400"

done_testing
