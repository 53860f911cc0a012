# What a shell of root sees of owners and ids.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

id
whoami
umask 022
echo x > f
ls -ln f | awk '{ print $1, $3, $4 }'
chown 1:1 f
chmod 4711 f
ls -ln f | awk '{ print $1, $3, $4 }'
stat -c '%u %g %a %n' f
mkdir -p d/e
chown -R 12:34 d
stat -c '%u %g %a %n' d d/e
tar -cf a.tar f d
rm -r f d
tar -xf a.tar
stat -c '%u %g %a %n' f d d/e
cp -p f g
stat -c '%u %g %a %n' g
mv g h
stat -c '%u %g %a %n' h
echo new > g
stat -c '%u %g %a %n' g
mknod n c 1 3
stat -c '%F %t %T' n
ls -ln n | awk '{ print $1, $3, $4, $5, $6 }'
rm n
find . -user 12 | sort
find . -perm -4000 | sort
su -s /bin/sh nobody -c id
su -s /bin/sh daemon -c 'id -u; chown 0 f; echo $?; touch /tmp/../tmp/x-$$ \
  && rm /tmp/x-$$ && echo written'
test -r f && test -w f && test -x f && echo accessible
chmod 0 f
cat f
test -w f && echo writable
id -u

# What the scripts of apk do: accounts by hand, devices, links, a second root.
echo 'web:x:100:101::/var/web:/bin/false' >> passwd
mkdir -p web/tmp sub/bin sub/etc
chown -R 100:101 web
chgrp -h 1 web/tmp
chmod 2750 web
mknod -m 660 disk b 8 0
chown 0:6 disk
mkfifo -m 600 fifo
ln -s disk name
chown -h 100 name
touch web/inherits
mkdir web/dir
stat -c '%u %g %a %F %n' web web/tmp web/inherits web/dir disk fifo name
find web disk fifo name | cpio -o -H newc > all.cpio 2> /dev/null
mkdir out
(cd out && cpio -id < ../all.cpio 2> /dev/null)
stat -c '%u %g %a %F %n' out/web out/web/tmp out/disk out/fifo out/name
cp -a out again
stat -c '%u %g %a %F %n' again/web again/web/tmp again/disk again/name
cp /bin/busybox sub/bin
ln -s busybox sub/bin/sh
ln -s busybox sub/bin/stat
cp /etc/passwd sub/etc
chroot sub /bin/sh -c 'cd ..; pwd; stat -c "%u %g %a %F %n" /etc/passwd'
chroot sub /bin/sh -c 'echo > /made; umask 77; echo > /masked' && ls -ln sub \
  | awk 'NR > 1 { print $1, $3, $4, $NF }'
