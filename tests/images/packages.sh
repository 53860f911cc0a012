#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Make a repository of packages for a root, once, and print where it is.
#
#   packages.sh ROOT
#
# ROOT is a root of Debian that root.sh makes.  The repository has what the
# list below says and what that needs in this root.  It lies beside the root,
# below packages-ROOT, so that apt-get finds an index, a pool and nothing
# signed there, and belongs to whoever made it: tests only read it.
#
# The exit status is 0 when it is there, and 77 with one sentence on stderr
# when it cannot be had here.

set -u
LC_ALL=C
export LC_ALL
umask 022

unavailable ()
{
  echo "$*" >&2
  exit 77
}

test $# -eq 1 || {
  echo "usage: packages.sh ROOT" >&2
  exit 1
}
root=$1
cache=${TEST_ROOTS:-$PWD/tests/images/cache}
place=$cache/packages-$root
work=$cache/.packages-$root.$$

# Users and groups, set-id programs, capabilities, devices, and maintainer
# scripts of all kinds.
few='openssh-server dbus cron at iputils-ping sudo libcap2-bin attr'
many="$few man-db acl postfix fuse3 systemd systemd-sysv libpam-systemd logrotate
  tcpdump rsync cpio less gpg python3 libwww-perl debootstrap ca-certificates
  dnf rpm createrepo-c"
case $root in
  debian12-small) list=$few ;;
  debian1[123] | sid) list=$many ;;
  *) unavailable "no packages are known for '$root'" ;;
esac

# settings: how apt-get is to work beside the system, on the state of the root.
settings ()
{
  cat << END
Dir::State "$work/apt";
Dir::State::status "$cache/$root/var/lib/dpkg/status";
Dir::Cache "$work/apt";
Dir::Etc "$work/apt";
Dir::Etc::sourcelist "$cache/$root/etc/apt/sources.list";
Dir::Etc::trustedparts "/usr/share/keyrings";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
END
}

download ()
{
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" \
    "$work/apt/apt.conf.d" "$work/apt/preferences.d" "$work/pool"
  settings > "$work/apt/settings"
  APT_CONFIG=$work/apt/settings
  export APT_CONFIG
  # The list is split on purpose.
  # shellcheck disable=SC2086
  apt-get -q update && apt-get -q -y --download-only install $list \
    && mv "$work"/apt/archives/*.deb "$work/pool"
}

# Write the index, and what says that it is whole.
index ()
{
  (cd "$work" && dpkg-scanpackages --multiversion pool > Packages) || return
  {
    echo 'Origin: test'
    echo 'Suite: test'
    echo "Date: $(date -u -R)"
    echo 'SHA256:'
    echo " $(sha256sum < "$work/Packages" | cut -d ' ' -f 1)" \
      "$(wc -c < "$work/Packages") Packages"
  } > "$work/Release"
}

if test ! -d "$place"; then
  test -d "$cache/$root" || unavailable "there is no root of $root"
  for program in apt-get dpkg-scanpackages sha256sum; do
    command -v "$program" > /dev/null 2>&1 \
      || unavailable "needs $program, which is not installed"
  done
  # One maker at a time; the others wait and find it made.
  exec 9> "$cache/.packages-$root.lock"
  flock 9
fi
if test ! -d "$place"; then
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  mkdir "$work" || exit 1
  { download && index; } > "$cache/packages-$root.log" 2>&1 < /dev/null \
    || unavailable "apt-get cannot fetch, see '$cache/packages-$root.log'"
  rm -rf "$work/apt"
  mv "$work" "$place" || exit 1
fi
echo "$place"
