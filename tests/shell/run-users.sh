# Who a program is: what all its ways to ask say is the same, and nothing is
# written into the container for it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# The container is Debian's, since its programs ask as most do: through the
# switch of names in glibc.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/debian-container.sh"

modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"

debian_container c1
directory=$UDOCKER_DIR/containers/$id
etc=$root/etc
mkdir share kept own
cp "$top_srcdir/tests/agree.py" share
mv "$etc/passwd" "$etc/group" "$etc/nsswitch.conf" kept
self=$(id -un)
uid=$(id -u)
gid=$(id -g)
# The table has it.
# shellcheck disable=SC2034
home=$(getent passwd "$self" | cut -d : -f 6)

# set_up VARIANT: what the image has of the files.
set_up ()
{
  test ! -d "$work/no-etc" || { rm -rf "$etc"; mv "$work/no-etc" "$etc"; }
  rm -rf "$etc/passwd" "$etc/group" "$etc/nsswitch.conf" "$root/usr/pw"
  cp kept/* "$etc"
  echo 'ann:x:1111:2222:Ann:/srv/ann:/bin/bash' >> "$etc/passwd"
  echo 'ann:x:2222:' >> "$etc/group"
  case $1 in
    none) rm "$etc/passwd" "$etc/group" ;;
    no-etc) mv "$etc" "$work/no-etc" ;;
    links)
      mkdir "$root/usr/pw"
      mv "$etc/passwd" "$etc/group" "$root/usr/pw"
      ln -s ../usr/pw/passwd ../usr/pw/group "$etc" ;;
    dangling)
      rm "$etc/passwd" "$etc/group"
      ln -s /nowhere/passwd /nowhere/group "$etc" ;;
    empty)
      : > "$etc/passwd"
      : > "$etc/group" ;;
    damaged)
      printf 'root\n:x:0:0::/:\nann:x:many:1:::\nx:x:1\n' > "$etc/passwd"
      printf 'group\n:\n' > "$etc/group" ;;
    unreadable) chmod 0 "$etc/passwd" "$etc/group" ;;
    no-newline) printf 'z:x:77:88::/z:' > "$etc/passwd" ;;
  esac
}

# list: all there is of the container, with times.
list ()
{
  (cd "$directory" && find . -printf '%p %y %m %s %i %T@ %C@\n' 2> /dev/null \
     | sort)
}

index=0
previous=
while IFS='|' read -r variant options wanted; do
  if test "$variant" != "$previous"; then
    test -z "$previous" || is "nothing was written ($previous)" \
      "$(list | cksum)" "$before"
    set_up "$variant"
    previous=$variant
    before=$(list | cksum)
  fi
  index=$((index + 1))
  those=$modes
  test "${TEST_LONG-}" = yes \
    || those=$(echo "$modes" | cut -d ' ' -f $((index % 3 + 1)))
  wanted=$(eval "echo \"$wanted\"")
  wrong=
  for mode in ${those:-P1}; do
    eval "run ud --execmode=$mode -v $work/share:/share -v $work/own:/own \
      $options c1 python3 /share/agree.py /own"
    test "$status:$stdout" = "0:$wanted" || wrong="$wrong
$mode: $status $stdout $stderr"
  done
  is "$variant, $options: $wanted" "$wrong" ""
done << 'EOD'
usual||0 0 root /root
usual|--user=root|0 0 root /root
usual|--user=0|0 0 root /root
usual|--user=0:0|0 0 root /root
usual|--user=root:staff|0 50 root /root
usual|--user=:staff|0 50 root /root
usual|--user="$self"|$uid $gid $self $home
usual|--user="$uid"|$uid $gid $self $home
usual|--user=ann|$uid $gid ann /srv/ann
usual|--user=1111|$uid $gid ann /srv/ann
usual|--user=ann:staff|$uid 50 ann /srv/ann
usual|--user=ann:4444|$uid 4444 ann /srv/ann
usual|--user=bob|$uid $gid bob /
usual|--user=bob:ann|$uid 2222 bob /
usual|--user=4321|4321 $gid user4321 /
usual|--user=4321:8765|4321 8765 user4321 /
usual|--user=4321:staff|4321 50 user4321 /
usual|--user=bob --group-add=staff --group-add=5555|$uid $gid bob /
usual|--user=root --group-add=staff|0 0 root /root
usual|--user=bob --bindhome|$uid $gid bob $HOME
usual|--bindhome|0 0 root /root
usual|--containerauth|0 0 root /root
usual|--containerauth --user=ann|1111 2222 ann /srv/ann
usual|--containerauth --user=1111:50|1111 50 ann /srv/ann
usual|--hostauth|0 0 root /root
usual|--hostauth --user="$self"|$uid $gid $self $home
usual|--hostauth --user="$uid":"$gid"|$uid $gid $self $home
usual|--hostauth --user=daemon|$uid $gid daemon /usr/sbin
usual|-v "$work/kept/passwd:/etc/passwd" --user=daemon|1 1 daemon /usr/sbin
none||0 0 root /
none|--user="$self"|$uid $gid $self /
none|--user="$uid:$gid"|$uid $gid $self /
none|--user=bob|$uid $gid bob /
none|--user=4321:8765|4321 8765 user4321 /
none|--hostauth --user="$self"|$uid $gid $self $home
no-etc||0 0 root /
no-etc|--user=bob|$uid $gid bob /
links||0 0 root /root
links|--user=ann|$uid $gid ann /srv/ann
dangling||0 0 root /
dangling|--user=bob|$uid $gid bob /
empty||0 0 root /
empty|--user=bob:77|$uid 77 bob /
damaged||0 0 root /
damaged|--user=ann|$uid $gid ann /
unreadable||0 0 root /
unreadable|--user=bob|$uid $gid bob /
no-newline|--user=z|$uid $gid z /z
no-newline|--user=bob|$uid $gid bob /
usual|--user="$self"|$uid $gid $self $home
EOD
is "nothing was written in the end" "$(list | cksum)" "$before"

# Those whom one must be.
for options in --containerauth --hostauth; do
  run ud $options --user=who-is-that c1 true
  is_error "$options wants a user that there is" 125 'user not found: who-is-that'
done
run ud --hostauth --user="$self:which-is-that" c1 true
is_error "  and a group" 125 'group not found: which-is-that'

# Programs that become others, as sudo does.
for mode in $modes; do
  run ud --execmode="$mode" c1 sh -c '
    su -s /bin/sh daemon -c "id; whoami" < /dev/null
    su - -s /bin/sh daemon -c "echo \$HOME; pwd" < /dev/null
    setpriv --reuid=ann --regid=ann --init-groups id
    python3 -c "
import os, pwd
entry = pwd.getpwnam (\"ann\")
os.initgroups (entry.pw_name, entry.pw_gid)
os.setgid (entry.pw_gid)
os.setuid (entry.pw_uid)
print (os.getresuid (), os.getgroups (), pwd.getpwuid (os.getuid ()).pw_name)"'
  is "root becomes another in $mode" "$stdout" \
    "uid=1(daemon) gid=1(daemon) groups=1(daemon)
daemon
/usr/sbin
/usr/sbin
uid=1111(ann) gid=2222(ann) groups=2222(ann)
(1111, 1111, 1111) [2222] ann"
done

before=$(list | cksum) # su may have kept a record

# Who is in no file of the host: only a directory service knows.
wrapper=
for file in /usr/lib/*/libnss_wrapper.so /usr/lib/libnss_wrapper.so; do
  test ! -e "$file" || wrapper=$file
done
if test -n "$wrapper"; then
  cp "$wrapper" "$work/libnss_wrapper.so"
  { cat /etc/passwd; echo "dora:x:$uid:$gid:Dora:/home/dora:/bin/bash"; } \
    | grep -v "^$self:" > ldap-passwd
  { cat /etc/group; echo "lab:x:7070:"; echo "team:x:$gid:"; } \
    | grep -v ":$gid:\$" > ldap-group
  echo "team:x:$gid:" >> ldap-group
  ldap="env LD_PRELOAD=$work/libnss_wrapper.so \
    NSS_WRAPPER_PASSWD=$work/ldap-passwd NSS_WRAPPER_GROUP=$work/ldap-group"
  # shellcheck disable=SC2086 # words
  run $ldap udocker run --nobanner -v "$work/share:/share" -v "$work/own:/own" \
    --hostauth --user=dora:lab --group-add=lab c1 python3 /share/agree.py /own
  is "--hostauth knows whom a directory service knows" "$status:$stdout" \
    "0:$uid 7070 dora /home/dora"
fi

# Nobody at all knows who runs this.
if unshare --user --map-user=54321 --map-group=54322 true 2> /dev/null; then
  unknown="unshare --user --map-user=54321 --map-group=54322"
  while IFS='|' read -r options wanted; do
    # shellcheck disable=SC2086 # words
    run env -u USER -u LOGNAME $unknown udocker run --nobanner \
      -v "$work/share:/share" -v "$work/own:/own" $options c1 \
      python3 /share/agree.py /own
    is "a caller whom nobody knows, $options" "$status:$stdout" "0:$wanted"
  done << 'EOD'
|0 0 root /root
--user=54321|54321 54322 user54321 /
--user=ann|54321 54322 ann /srv/ann
--user=bob|54321 54322 bob /
--user=54321:54322|54321 54322 user54321 /
--containerauth --user=ann|1111 2222 ann /srv/ann
EOD
  run env -u USER -u LOGNAME $unknown udocker run --hostauth --user=54321 c1 true
  is_error "  and --hostauth" 125 'user not found: 54321'
else
  skip "a caller whom nobody knows" "no user name spaces"
fi
is "nothing was written by that either" "$(list | cksum)" "$before"

done_testing
