# Debian for another machine: installed, from its first package on, by programs
# of that machine under qemu-user, as an ordinary user.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154  # scripts for the container, claims.sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/guest/claims.sh"

test "${TEST_LONG-}" = yes || skip_all 'takes minutes: TEST_LONG=yes'
test "$(uname -m)" = x86_64 || skip_all 'this machine is not x86_64'
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64) \
  || skip_all 'there is no qemu-aarch64'
need dpkg-deb sha256sum
guest_find_root debian12-arm64

make_container "$id" c1 '{"architecture":"arm64","config":{}}' \
  || bail 'no container'
rm -rf "$root"
cp -a --reflink=auto "$guest_root" "$root" || bail 'cannot copy the root'
repository=$root/var/repo
for file in "$repository"/*.deb; do
  dpkg-deb -f "$file"
  echo "Filename: ./${file##*/}"
  echo "Size: $(stat -c %s "$file")"
  echo "SHA256: $(sha256sum "$file" | cut -d ' ' -f 1)"
  echo
done > "$repository/Packages"
echo 'deb [trusted=yes] file:/var/repo ./' > "$root/etc/apt/sources.list"

# The system has no users before it is installed: the engine does not mind.
in_bare ()
{
  run env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    DEBIAN_FRONTEND=noninteractive "$libexec/udocker-proot" -0 -q "$emulator" \
    -b /dev -b /proc -b /sys -r "$root" /bin/sh -c "$1"
}

# in_it SCRIPT: run SCRIPT as root of the container.
in_it ()
{
  run ud --user=root --containerauth -e DEBIAN_FRONTEND=noninteractive c1 \
    /bin/sh -c "$1"
}

in_bare 'uname -m; id -u'
is 'the container is of another machine' "$status:$stdout" '0:aarch64
0'

in_bare 'touch /var/lib/dpkg/status
  dpkg --force-depends -i /var/repo/base-passwd_*.deb \
  && dpkg --force-depends --force-confnew -i $(ls /var/repo/*.deb | grep -v hello)'
is 'dpkg installs the whole system' "$status" 0 \
  || note "$(printf '%s\n%s\n' "$stdout" "$stderr" | tail -n 20)"
in_it 'dpkg -l | grep -c ^ii'
is 'all of it' "$status:$stdout" \
  "0:$(find "$repository" -name '*.deb' ! -name 'hello_*' | wc -l)"
in_it 'dpkg --audit'
is '  dpkg says so, too' "$status:$stdout" 0:

in_it 'apt-get -q update && apt-get -q -y install hello && hello'
is 'apt-get installs a package' "$status" 0 \
  || note "$(printf '%s\n%s\n' "$stdout" "$stderr" | tail -n 20)"
like '  which runs' "$stdout" '^Hello, world!$'
in_it 'stat -c %U:%G /usr/bin/hello; dpkg -S /usr/bin/hello; dpkg -V hello'
is '  and is as it should be' "$stdout" 'root:root
hello: /usr/bin/hello'
in_it 'apt-get -q -y purge hello && ! test -e /usr/bin/hello'
is 'and removes it' "$status" 0
in_it 'adduser --version > /dev/null 2>&1 || useradd --badname -m eve
  getent passwd root; perl -e "print qq(perl\n)"; ls /var/lib | sort | head -n 1'
is 'programs of all sorts run' "$status" 0

done_testing
