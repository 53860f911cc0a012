# Install packages as root does, and look at every file that they bring.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: packages.sh URL PACKAGE...
#
# Prints nothing but what is not as it would be on a machine of one's own, and
# a line at the end of each part.
#
# shellcheck shell=sh

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
url=$1
shift
# Services that start would outlive the test, or wait for what is not here.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
rm -f /etc/apt/sources.list.d/*
echo "deb [trusted=yes] $url ./" > /etc/apt/sources.list

quietly ()
{
  "$@" > log 2>&1 < /dev/null || {
    echo "'$*' ended with $?:"
    tail -n 30 log
    exit 1
  }
}

quietly apt-get update
grep -i '^[EW]:\|unsandboxed' log
quietly apt-get -y --no-install-recommends \
  -o APT::Keep-Downloaded-Packages=true install "$@"
grep -i '^[EW]:\|not permitted\|permission denied' log
echo installed

dpkg --audit
dpkg --verify "$@"

# Every file of the packages is as its archive says, unless a maintainer
# script has decided otherwise.
dpkg-statoverride --list | awk '{ print $4 }' | sort > decided
for archive in /var/cache/apt/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$archive" | tar -tvf - \
    | awk '$1 !~ /^[hl]/ { print $1, $2, $6 }'
done | sed 's, \./\(.*[^/]\)/*$, /\1,; s, \./$, /,' \
  | awk '!seen[$3]++' | sort > said
cut -d ' ' -f 3 said | tr '\n' '\0' \
  | xargs -0 -r stat -c '%A %U/%G %n' 2> /dev/null | sort > found
# /var/run and others of the base are links, whose own modes are no matter.
comm -23 said found | while read -r mode owner name; do
  test -e "$name" || continue
  test ! -L "$name" || continue
  ! grep -Fqx "$name" decided || continue
  case $name in
    # Made by the base system or by scripts on purpose.
    / | /etc | /var/mail | /var/local | /etc/cron.* | /run*) continue ;;
    /usr/bin/crontab | /var/spool/cron/crontabs) continue ;;
    /etc/sudoers | */fusermount3 | /usr/bin/ssh-agent) continue ;;
    /var/spool/postfix* | /var/lib/postfix* | /usr/sbin/post*) continue ;;
    /var/log/journal* | /etc/sudoers.d | /var/cache/man*) continue ;;
    /usr/local* | /var/lib/polkit-1 | /usr/share/polkit-1/*) continue ;;
    /var/cache/tcpdump* | /etc/credstore*) continue ;;
  esac
  echo "$mode $owner $name: $(stat -c '%A %U/%G' "$name")"
done
test -s said && echo compared

# What maintainer scripts have decided.
see ()
{
  for name in "$@"; do
    test ! -e "$name" || stat -c '%a %U:%G %n' "$name"
  done
}
see /usr/bin/at /var/spool/cron/atjobs /usr/bin/crontab \
  /var/spool/cron/crontabs /usr/bin/ssh-agent /usr/bin/sudo /etc/sudoers \
  /usr/lib/dbus-1.0/dbus-daemon-launch-helper /var/cache/man /run/sshd \
  /etc/ssh/ssh_host_ed25519_key /var/log/apt/term.log /usr/bin/man \
  /usr/sbin/postdrop /var/spool/postfix/maildrop /var/spool/postfix/public \
  /usr/bin/fusermount3
if command -v getcap > /dev/null; then
  getcap -r /usr/bin 2> /dev/null | sed 's/ = /  /; s/+/=/; s/  */ /g'
fi
getent passwd sshd messagebus | cut -d : -f 1,6,7

useradd -m -G adm -s /bin/bash -c 'A user' alice || echo 'no useradd'
groupadd staff2 || echo 'no groupadd'
usermod -a -G staff2 alice || echo 'no usermod'
echo alice:secret | chpasswd || echo 'no chpasswd'
see /home/alice /home/alice/.bashrc /etc/shadow /etc/passwd
id -nG alice
passwd -S alice | cut -d ' ' -f 1,2
runuser -u alice -- sh -c 'id -un; cd; touch mine; pwd; stat -c %U:%G mine'
setpriv --reuid=alice --regid=alice --init-groups id -nG
start-stop-daemon --start --chuid alice:staff2 --exec /usr/bin/id -- -ng
su - alice -c 'id -un'
# Without its name sudo would write mail.
echo "127.0.0.1 $(uname -n)" >> /etc/hosts
sudo -u alice id -un
echo '# nothing' | runuser -u alice -- crontab -
see /var/spool/cron/crontabs/alice
userdel -r alice 2> /dev/null
groupdel staff2
test ! -e /home/alice || echo 'a home is left'
if command -v ischroot > /dev/null; then
  ischroot > /dev/null || test $? = 2 || echo 'not a chroot'
fi
echo users

quietly dpkg -P openssh-server
quietly apt-get -y purge at
grep -i '^[EW]:\|not permitted\|permission denied' log
see /usr/sbin/sshd /etc/ssh/sshd_config /usr/bin/at /var/spool/cron/atjobs
dpkg -l openssh-server at 2> /dev/null | grep '^ii'
dpkg --audit
echo purged
