#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Options of run that Docker's users know: names of hosts, limits, what may be
# written.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config":{"Env":["IMAGE=image"]}}' \
  || bail "no container"
before=$(tree)

# Names.
run ud --hostname=node1.example.org c1 \
  sh -c 'hostname; cat /etc/hostname; tail -n 1 /etc/hosts'
is "--hostname is what all say" "$stdout" "node1.example.org
node1.example.org
127.0.1.1	node1.example.org node1"
run ud --add-host=db:10.0.0.1 --add-host 'six=[::1]' --add-host=v6:fe80::1 \
  --add-host=me:host-gateway c1 cat /etc/hosts
is "--add-host adds to what is there" "$stdout" "127.0.0.1	localhost
::1	localhost
10.0.0.1	db
::1	six
fe80::1	v6
127.0.0.1	me"
echo '1.1.1.1 mine' > "$root/etc/hosts"
run ud --add-host=db:10.0.0.1 c1 cat /etc/hosts
is "  also in the image" "$stdout" "1.1.1.1 mine
10.0.0.1	db"
is "  where nothing changes" "$(cat "$root/etc/hosts")" "1.1.1.1 mine"
rm "$root/etc/hosts"
echo volume > hosts
run ud --add-host=db:10.0.0.1 -v "$PWD/hosts:/etc/hosts" c1 cat /etc/hosts
is "a volume is shown as it is" "$stdout" volume
like "  and that is said" "$stderr" "--add-host has no effect on '/etc/hosts'"
for word in db db: db:x :1.2.3.4 'd b:1.2.3.4' 'db:1.2.3.4.5'; do
  run ud --add-host="$word" c1 true
  is_error "--add-host='$word' is refused" 125 \
    "^Error: invalid --add-host '.*': write it as NAME:ADDRESS"
done
run ud --hostname="$(printf %064d 7)" c1 hostname
is "a host name may have 64 bytes" "$stdout" "$(printf %064d 7)"
run ud --hostname="$(printf %065d 7)" c1 hostname
is_error "  and no more" 125 "invalid --hostname '0*7': it has more than 64 bytes"
run ud --hostname='a b' c1 true
is_error "a host name of two words is refused" 125 "invalid --hostname 'a b'"

cat > resolv << 'EOD'
# of the host
nameserver 9.9.9.9
search example.com
options timeout:1
sortlist 130.155.160.0
EOD
resolver="-v $PWD/resolv:/etc/resolv.conf"
run ud --nosysdirs c1 sh -c 'test -e /etc/resolv.conf || echo none'
is "there may be no resolv.conf" "$stdout" none
run ud --nosysdirs --dns=1.2.3.4 --dns ::1 --dns-search=a.org --dns-search b \
  --dns-option=ndots:2 --dns-opt=rotate c1 cat /etc/resolv.conf
is "--dns and the like make one" "$stdout" "nameserver 1.2.3.4
nameserver ::1
search a.org b
options ndots:2 rotate"
cp resolv "$root/etc/resolv.conf"
run ud --nosysdirs --dns=1.2.3.4 --dns-search=. c1 cat /etc/resolv.conf
is "they replace what the file says of the same" "$stdout" "nameserver 1.2.3.4
# of the host
options timeout:1
sortlist 130.155.160.0"
run ud --nosysdirs --dns-search=. --dns-search a.org --dns-search=b c1 \
  sh -c 'grep ^search /etc/resolv.conf'
is "  a domain behind none, too" "$stdout" "search a.org b"
rm "$root/etc/resolv.conf"
run ud --dns=name c1 true
is_error "--dns wants an address" 125 "^Error: invalid --dns 'name'"
# It is two words.
# shellcheck disable=SC2086
run ud --dns=1.2.3.4 $resolver c1 cat /etc/resolv.conf
is "a volume wins there, too" "$stdout" "$(cat resolv)"

# Limits.
run ud --ulimit=nofile=50:60 --ulimit core=0 c1 \
  sh -c 'ulimit -n; ulimit -Hn; ulimit -c'
is "--ulimit sets limits" "$stdout" "50
60
0"
hard=$(ulimit -Hn)
if test "$hard" != unlimited; then
  run ud --ulimit="nofile=$((hard + 1))" c1 true
  is_error "but not above one's own" 125 \
    "invalid --ulimit 'nofile=.*': your own hard limit is $hard"
fi
for word in nofile nofile= nofile=x nofile=5:4 nofile=1:2:3 files=1 =1; do
  run ud --ulimit="$word" c1 true
  is_error "--ulimit=$word is refused" 125 "^Error: invalid --ulimit '$word': "
done

# Memory in files.
for size in 1 1k 1K 10kb 1b; do
  run ud --shm-size=$size c1 true
  is "--shm-size=$size is there" "$status$stderr" 0
done
run ud --shm-size=900t c1 true
like "more than the host has is told" "$status:$stderr" \
  "^0:Warning: --shm-size: /dev/shm is the host's, and has [0-9]+ bytes"
run ud --shm-size=1m --nosysdirs c1 true
like "  and that there is none" "$status:$stderr" "^0:Warning: .* no /dev/shm in"
for size in '' x 1x 1mm -1 1.5g 99999999999999999999 99999999999t; do
  run ud --shm-size="$size" c1 true
  is_error "--shm-size='$size' is refused" 125 "^Error: invalid --shm-size '$size'"
done

# The environment.
run ud -e IMAGE- -e ADDED=1 -e ADDED- -e KEPT- -e KEPT=2 -e 'EMPTY=' \
  --unsetenv=HOME -e 'TWO= a  b ' c1 \
  sh -c 'echo "${IMAGE-none} ${ADDED-none} $KEPT ${EMPTY-none} ${HOME-none}$TWO"'
is "-e NAME- and --unsetenv have nothing set NAME" "$stdout" \
  "none none 2  none a  b "
SLURM_PROCID=3 PMI_RANK=4 OTHER_ONE=5 CUDA_VISIBLE_DEVICES=6
export SLURM_PROCID PMI_RANK OTHER_ONE CUDA_VISIBLE_DEVICES
ranks='echo "$SLURM_PROCID $PMI_RANK ${OTHER_ONE-none} $CUDA_VISIBLE_DEVICES"'
run ud c1 sh -c "$ranks"
is "what launchers say goes in" "$stdout" "3 4 none 6"
run ud --hostenv='OTHER_*,X' c1 sh -c "$ranks"
is "--hostenv=PATTERN lets in more" "$stdout" "3 4 5 6"
run ud --hostenv=false c1 sh -c "$ranks"
is "--hostenv=false does not" "$stdout" "3 4 none 6"
UDOCKER_LAUNCHER_HOST_ENV='PMI_*'
export UDOCKER_LAUNCHER_HOST_ENV
run ud c1 sh -c 'echo "${SLURM_PROCID-none} $PMI_RANK"'
is "the setting says which those are" "$stdout" "none 4"
unset UDOCKER_LAUNCHER_HOST_ENV

# What may be written.
mkdir volume
for mode in P1 P2 T1 T2; do
  case $mode in
    T*) test -x "$libexec/udocker-trap" || continue ;;
  esac
  run ud --execmode=$mode --read-only -v "$PWD/volume:/tmp" c1 sh -c '
    echo > /new; echo > /etc/passwd; mkdir /etc/d; rm /etc/group; ln /tmp /l
    mv /etc/passwd /p; chmod 700 /home; echo > /tmp/ok && echo > /dev/null
    cat /etc/passwd | head -n 1'
  is "--read-only leaves volumes and devices writable in $mode" \
    "$stdout:$(ls volume)" "root:x:0:0:root:/root:/bin/sh:ok"
  is "  and says why not in $mode" \
    "$(echo "$stderr" | grep -c 'Read-only file system')" 7
  rm volume/ok
done

# Volumes in other words.
mkdir -p 'a:b' 'c,d"e' host
echo colon > 'a:b/file'
echo comma > 'c,d"e/file'
echo host > host/file
run ud -v "$PWD/a\\:b:/v:ro,z" -v "$PWD/host:/w:cached" c1 cat /v/file /w/file
is "a colon in a name is written as \\:" "$stdout" "colon
host"
run ud --mount "type=bind,source=$PWD/host,target=/m/n" \
  --mount "type=bind,src=$PWD/host,dst=/r,readonly,bind-propagation=rslave" \
  --mount "type=bind,\"source=$PWD/c,d\"\"e\",destination=/q,ro=false" c1 \
  sh -c 'cat /m/n/file /q/file; echo > /m/n/new && echo > /r/no'
is "--mount shows volumes" "$stdout:$(ls host)" "host
comma:file
new"
like "  and readonly is what it says" "$stderr" "/r/no: Read-only file system"
rm host/new
while read -r words; do
  run ud --mount "$words" c1 true
  is_error "--mount $words is refused" 125 "^Error: (invalid --mount|invalid)"
done << END
type=bind,source=/tmp
type=bind,target=/tmp
type=volume,source=x,target=/x
source=x,target=/x
type=bind,source=$PWD/host,target=/x,readonly=perhaps
type=bind,source=$PWD/none,target=/x
type=bind,source=host,target=/x
type=tmpfs,source=/tmp,target=/x
type=bind,source=$PWD/host,target=/x,colour=red
END

make_container 11111111-89ab-3def-8123-456789abcdef data '{"config":{
  "Volumes":{"/data":{},"/link":{},"/none":{}}}}' || bail "no container"
data=$UDOCKER_DIR/containers/data/ROOT
mkdir "$data/data" "$data/real"
ln -s /real "$data/link"
echo shared > "$data/real/file"
run ud --volumes-from=data c1 sh -c 'cat /link/file; echo > /data/new'
is "--volumes-from shows the volumes of a container" \
  "$status:$stdout:$(ls "$data/data")" 0:shared:new
like "  but for what is not there" "$stderr" "the container has no '/none'"
run ud --volumes-from=data:ro c1 sh -c 'echo > /data/other'
is "  and they can be read-only" "$status:$(ls "$data/data")" 1:new
run ud --volumes-from=nobody c1 true
is_error "  of a container that there is" 125 'nobody'
for mode in P1 P2 T1; do
  test "$mode" != T1 || test -x "$libexec/udocker-trap" || continue
  mkfifo begun
  # The container writes to it when it has started.
  udocker run --nobanner --execmode=$mode --volumes-from=data \
    -v "$PWD/begun:/begun" c1 sh -c 'echo > /begun; exec sleep 100' &
  runner=$!
  at_end "kill $runner 2> /dev/null"
  read -r line < begun
  run udocker rm -f data
  is_error "  which is held as long as that takes, in $mode" 1 "is running"
  kill $runner
  wait $runner
  rm begun
done
udocker rm -f data > /dev/null
is "  and not longer" "$(test -e "$data" && echo there)" ""

# Temporary ones.
ls -a "${TMPDIR:-/dev/shm}" > places
for mode in P1 T1; do
  test "$mode" = P1 || test -x "$libexec/udocker-trap" || continue
  run ud --execmode=$mode --tmpfs /tmp --tmpfs=/run/x:size=1m,mode=1777 \
    --mount type=tmpfs,target=/scratch --user=alice c1 sh -c '
    echo > /tmp/a && mkdir -p /run/x/b/c && echo > /scratch/d
    chmod 0 /run/x/b && ls -d /tmp /run/x /scratch
    stat -c %a /tmp; ls /tmp; exit 7'
  is "--tmpfs is a place to write to in $mode" "$status:$stdout" "7:/run/x
/scratch
/tmp
1777
a"
  like "  without a limit" "$stderr" "directory is not limited"
  is "  which is gone afterwards" \
    "$(ls -a "${TMPDIR:-/dev/shm}" | grep -c "udocker-$(id -u)-tmpfs")" \
    "$(grep -c "udocker-$(id -u)-tmpfs" places)"
done
# Where they are.
mkdir job slurm
for case in "TMPDIR=$PWD/job SLURM_TMPDIR=$PWD/slurm:$PWD/job" \
            "SLURM_TMPDIR=$PWD/slurm:$PWD/slurm" \
            "TMPDIR=relative SLURM_TMPDIR=/does/not/exist:/dev/shm"; do
  # shellcheck disable=SC2086
  set -- ${case%%:*}
  test "${case#*:}" != /dev/shm || test -w /dev/shm || continue
  run env -u TMPDIR -u SLURM_TMPDIR "$@" udocker -D run --nobanner --tmpfs /t \
    c1 true
  like "--tmpfs lies where ${case%%:*} says" "$stderr" \
    "binding: '${case#*:}/udocker-$(id -u)-tmpfs[^/]*/0' at '/t'"
done
is "  and nothing stays there" "$(ls -A job slurm | tr -d '\n')" job:slurm:

# Of killed runs, and while others use theirs.
leftovers ()
{
  ls -d "${TMPDIR:-/dev/shm}"/udocker-"$(id -u)"-tmpfs.* 2> /dev/null
}
udocker run --nobanner --tmpfs /t -v "$PWD/volume:/v" c1 sh -c \
  'mkdir -p /t/a/b; chmod 0 /t/a; echo > /v/begun; exec sleep 100' &
killed=$!
at_end "kill -9 $killed 2> /dev/null"
tries=0
until test -e volume/begun; do
  tries=$((tries + 1))
  test $tries -lt 1200 || bail "the run does not begin"
  sleep 0.05
done
left=$(leftovers)
ok "a run has a directory" test -n "$left"
touch -d '1 hour ago' "$left"
run ud --tmpfs /t c1 true
is "what a run uses stays, however old" "$status:$(leftovers)" "0:$left"
kill -9 "$killed"
wait "$killed" 2> /dev/null
run ud --tmpfs /t c1 true
is "what a killed one leaves goes with the next" "$status:$(leftovers)" 0:
rm volume/begun

run ud --tmpfs=/a:mode=700,noexec,rw --tmpfs=/b:ro c1 \
  sh -c 'stat -c %a /a; echo > /a/file && echo > /b/file'
is "--tmpfs has a mode, and may be read-only" "$stdout" 700
like "  so that nothing can be in it" "$stderr" "/b/file: Read-only file system"
run ud --mount type=tmpfs,dst=/c,tmpfs-mode=0750,tmpfs-size=1m c1 stat -c %a /c
is "--mount says it in other words" "$status:$stdout" 0:750
like "  and is told the same" "$stderr" 'size of a temporary directory is not'
for options in what mode=8 mode=77777 mode=; do
  run ud --tmpfs="/a:$options" c1 true
  is_error "--tmpfs=/a:$options is refused" 125 \
    "invalid temporary directory '/a:$options': '$options' is not one of"
done
run ud --tmpfs=tmp c1 true
is_error "--tmpfs wants a path" 125 "invalid container volume path: tmp"

# Who and which.
run ud --user=alice --group-add=staff --group-add 4242 c1 id
like "--group-add shows groups" "$stdout" 'groups=.*50\(staff\).*4242'
run ud --group-add=nobody-knows c1 id
is_error "  that there are" 125 "group not found: nobody-knows"
run ud --cidfile=id c1 true
is "--cidfile writes the id" "$status:$(cat id)" "0:$id"
run ud --cidfile=id c1 true
is_error "  to a new file" 125 "--cidfile: 'id' exists"
is "  and keeps the old" "$(cat id)" "$id"
run ud --cidfile=id2 c1 no-such-program
is "  and to none where nothing starts" "$status:$(ls id2 2>&1)" \
  "127:$(ls id2 2>&1)"

after=$(tree)
is "nothing was left in the container" "$after" "$before"
done_testing
