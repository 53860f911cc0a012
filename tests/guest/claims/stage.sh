# A second stage: a system in a subdirectory, set up by chroot and dpkg --root.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

umask 022
top=$PWD
sub=$top/sub
mkdir -p "$sub/tmp" "$sub/etc" "$sub/var/lib/dpkg/info" \
  "$sub/var/lib/dpkg/updates" "$sub/proc" "$sub/root" "$sub/dev"
touch "$sub/var/lib/dpkg/status" "$sub/var/lib/dpkg/available"
cp /etc/passwd /etc/group "$sub/etc"

# Shell, dpkg and what scripts call, with their libraries.
for name in sh dpkg dpkg-deb dpkg-split tar rm cat ls stat chown chmod mknod \
            touch id mkdir ldd grep env; do
  file=$(readlink -f "$(command -v "$name")")
  mkdir -p "$sub/bin"
  cp "$file" "$sub/bin/$name"
  for library in $(ldd "$file" 2> /dev/null | grep -o '/[^ ]*'); do
    mkdir -p "$sub$(dirname "$library")"
    test -e "$sub$library" || cp "$(readlink -f "$library")" "$sub$library"
  done
done

# Before glibc 2.34 it looked users up by another library.
for library in /lib/*/libnss_files.so.2 /usr/lib/*/libnss_files.so.2; do
  test ! -e "$library" || {
    mkdir -p "$sub$(dirname "$library")"
    cp "$library" "$sub$library"
  }
done

mkdir -p probe/DEBIAN probe/usr/share/probe probe/etc
cat > probe/DEBIAN/control << EOF
Package: probe
Version: 1
Architecture: all
Maintainer: M <m@example.org>
Description: x
EOF
cat > probe/DEBIAN/postinst << 'EOF'
#!/bin/sh
set -e
echo "in $(pwd) as $(id -u), root has $(ls -d /sub 2> /dev/null || echo no sub)"
chown daemon:games /usr/share/probe/data
test "$(stat -c %U:%G /usr/share/probe/data)" = daemon:games
chmod 2750 /usr/share/probe
mkdir -p /devices
mknod /devices/null c 1 3
mknod /devices/disk b 8 0
chown root:disk /devices/disk
chmod 660 /devices/disk
touch /made-by-postinst
chmod 0 /made-by-postinst
EOF
chmod 755 probe/DEBIAN/postinst
echo data > probe/usr/share/probe/data
dpkg-deb --build probe probe.deb > /dev/null

PATH=/bin:$PATH
export PATH
echo '== from outside'
dpkg --root="$sub" -i probe.deb > log 2>&1 \
  || cat log
grep '^in ' log
stat -c '%a %U:%G %F %n' sub/usr/share/probe sub/usr/share/probe/data \
  sub/devices/null sub/devices/disk sub/made-by-postinst
dpkg --root="$sub" -P probe > log 2>&1 || cat log
ls -d sub/usr/share/probe 2> /dev/null

echo '== from inside'
rm -rf sub/devices sub/made-by-postinst
cp probe.deb "$sub/tmp"
chroot "$sub" /bin/sh -c 'dpkg --force-all -i /tmp/probe.deb' > log 2>&1 \
  || cat log
grep '^in ' log
chroot "$sub" /bin/sh -c 'stat -c "%a %U:%G %F %n" /usr/share/probe \
  /usr/share/probe/data /devices/null /devices/disk /made-by-postinst
  cd ..; pwd; ls -d /../../usr; cat /made-by-postinst && echo readable
  chown 5:60 /made-by-postinst'
stat -c '%a %U:%G %F %n' sub/usr/share/probe/data sub/made-by-postinst
chroot "$sub" /bin/id -u
chroot --userspec=games:mail "$sub" /bin/sh -c 'id -u; id -g
  chown root /etc/passwd || echo refused' 2> /dev/null
setpriv --reuid=games --regid=games --clear-groups chroot "$sub" /bin/true \
  2> /dev/null || echo 'only root changes root'
