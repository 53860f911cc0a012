# Package managers, as root of a container that an ordinary user runs.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh and tests/guest/claims.sh.
#
# There is no truth at hand to compare with: it would take root.  So every file
# that a package brings is compared with what its archive says, and what
# maintainer scripts do with what they are known to do.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # for and from claims.sh

packages_few='openssh-server dbus cron at iputils-ping sudo libcap2-bin attr'
packages_many="$packages_few man-db acl postfix fuse3 systemd systemd-sysv
  libpam-systemd logrotate tcpdump rsync cpio less gpg python3 libwww-perl
  debootstrap ca-certificates dnf rpm createrepo-c"

# packages_open ROOT: a copy of the root, and a repository for it at $packages.
packages_open ()
{
  need python3 tar
  guest_find_root "$1"
  packages_from=$guest_root
  packages_pool=
  for guest_cache in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    test -z "$guest_cache" || test ! -d "$guest_cache/packages-$1" \
      || packages_pool=$guest_cache/packages-$1
  done
  test -n "$packages_pool" || skip_all "there are no packages for $1"

  # It says on which port it listens.
  python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$packages_pool" \
    > "$work/server.out" 2> "$work/server.err" &
  packages_server=$!
  at_end packages_stop
  packages_port=
  packages_tries=0
  until test -n "$packages_port"; do
    kill -0 "$packages_server" 2> /dev/null \
      || bail "the repository ended: $(sed 1q "$work/server.err")"
    packages_tries=$((packages_tries + 1))
    test "$packages_tries" -lt 600 || bail 'the repository does not start'
    sleep 0.1
    packages_port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/server.out")
  done
  packages=http://127.0.0.1:$packages_port/
  guest_limit=1200
}

packages_stop ()
{
  kill "$packages_server" 2> /dev/null
}

# packages_fresh ROOT: a fresh copy of the root, for claims.
packages_fresh ()
{
  chmod -R u+rwX "$work/root" 2> /dev/null
  rm -rf "$work/root"
  mkdir "$work/root" || exit 99
  (cd "$packages_from" && tar -cf - --exclude='./tmp/*' .) \
    | (cd "$work/root" && tar -xpf -) || bail "cannot copy the root of $1"
  guest_open_here "$work/root" "$1"
  guest_engine_options=-0
}

# packages_claim ROOT MODE PACKAGE...: install them, use them, remove some.
packages_claim ()
{
  packages_root=$1
  packages_mode=$2
  shift 2
  packages_fresh "$packages_root"
  cp "$guest_source/claims/packages.sh" "$guest_root$guest_place/bin"
  # The list is split on purpose.
  # shellcheck disable=SC2068
  guest_see "$packages_mode" /bin/sh "$guest_place/bin/packages.sh" \
    "$packages" $@
  packages_expect "$packages_root" "$@" > "$work/expected"
  ok "apt-get and dpkg in $packages_mode on $packages_root" \
    cmp -s "$work/expected" "$work/$packages_mode.out" || {
    note "$(diff "$work/expected" "$work/$packages_mode.out" \
              | cut -c 1-200 | head -n 60)"
    note "stderr: $(cut -c 1-200 "$work/$packages_mode.err" | tail -n 10)"
  }
}

# packages_expect ROOT PACKAGE...: what the claim is to print.
packages_expect ()
{
  agent=_ssh
  keeps_agent=yes
  home=755
  run_sshd=
  ping='/usr/bin/ping cap_net_raw=ep'
  case $1 in
    debian11) agent=ssh; ping= ;;
    debian13 | sid) home=700; run_sshd=yes; ping= ;;
  esac
  test "$1" != sid || keeps_agent=no
  agent="2755 root:$agent"
  # What the root has already belongs to whoever made it.
  if test -e "$packages_from/usr/bin/ssh-agent"; then
    keeps_agent=yes
    agent='755 root:root'
    run_sshd=
  fi
  echo installed
  echo compared
  echo '6755 daemon:daemon /usr/bin/at'
  echo '1770 daemon:daemon /var/spool/cron/atjobs'
  echo '2755 root:crontab /usr/bin/crontab'
  echo '1730 root:crontab /var/spool/cron/crontabs'
  test $keeps_agent = no || echo "$agent /usr/bin/ssh-agent"
  echo '4755 root:root /usr/bin/sudo'
  echo '440 root:root /etc/sudoers'
  echo '4754 root:messagebus /usr/lib/dbus-1.0/dbus-daemon-launch-helper'
  case "$*" in
    *man-db*) echo '755 man:man /var/cache/man' ;;
  esac
  test -z "$run_sshd" || echo '755 root:root /run/sshd'
  echo '600 root:root /etc/ssh/ssh_host_ed25519_key'
  echo '640 root:adm /var/log/apt/term.log'
  case "$*" in
    *postfix*)
      echo '755 root:root /usr/bin/man'
      echo '2555 root:postdrop /usr/sbin/postdrop'
      case $1 in
        debian11 | debian12)
          echo '1730 postfix:postdrop /var/spool/postfix/maildrop'
          echo '2710 postfix:postdrop /var/spool/postfix/public' ;;
      esac
      test "$1" = debian11 || echo '4755 root:root /usr/bin/fusermount3' ;;
  esac
  test -z "$ping" || echo "$ping"
  cat << END
sshd:/run/sshd:/usr/sbin/nologin
messagebus:/nonexistent:/usr/sbin/nologin
$home alice:alice /home/alice
644 alice:alice /home/alice/.bashrc
640 root:root /etc/shadow
644 root:root /etc/passwd
alice adm staff2
alice P
alice
/home/alice
alice:alice
alice adm staff2
staff2
alice
alice
600 alice:crontab /var/spool/cron/crontabs/alice
users
purged
[ended with 0]
END
}

# packages_here ROOT: the claims of one root.
packages_here ()
{
  test "$1" = debian12-small || test "${TEST_LONG-}" = yes \
    || skip_all "takes long: make check-long"
  packages_open "$1"
  if test "$1" = debian12-small; then
    packages_list=$packages_few
    # The other mode has its turn in the long form.
    if test "${TEST_LONG-}" != yes; then
      guest_modes=${GUEST_MODES:-P1}
    elif udocker run --nobanner --execmode=R2 --location="$packages_from" x \
           true 2> /dev/null < /dev/null; then
      guest_modes=${GUEST_MODES:-$guest_modes R2}
    fi
  else
    packages_list=$packages_many
  fi
  for guest_mode in $guest_modes; do
    # The list is split on purpose.
    # shellcheck disable=SC2086
    packages_claim "$1" "$guest_mode" $packages_list
    test "$1" = debian12-small || packages_more "$1" "$guest_mode"
  done
}

# packages_more ROOT MODE: what else is there when all is installed.
packages_more ()
{
  for packages_next in rpm stage archives; do
    cp "$guest_source/claims/$packages_next.sh" "$guest_root$guest_place/bin"
    guest_see "$2" /bin/sh "$guest_place/bin/$packages_next.sh"
    ok "$packages_next in $2 on $1" cmp -s "$work/$2.out" \
      "$guest_source/claims/$packages_next.expected" || {
      note "$(diff "$guest_source/claims/$packages_next.expected" \
                "$work/$2.out" | cut -c 1-200 | head -n 40)"
      note "stderr: $(cut -c 1-200 "$work/$2.err" | tail -n 10)"
    }
  done
}
