# Owners, modes, devices and attributes through the programs that carry them.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

umask 022
see ()
{
  find "$@" -printf '%M %u:%g /%P\n' | sort -k3
}

# What is to be carried.
mkdir -p tree/sub
echo one > tree/file
echo two > tree/tool
ln -s file tree/link
ln tree/file tree/hard
mknod tree/null c 1 3
mknod tree/disk b 8 1
mkfifo tree/fifo
chown www-data:adm tree/file
chown daemon:mail tree/tool
chmod 6755 tree/tool
chown -h games:games tree/link
chown root:disk tree/disk
chmod 640 tree/disk
chmod 666 tree/null
chown bin:sys tree/sub
chmod 3770 tree/sub
chown 12345:54321 tree/fifo
cp /bin/true tree/capable
setcap cap_net_raw+ep tree/capable
setfattr -n user.who -v me tree/file
setfattr -n trusted.who -v root tree/file
setfacl -m u:games:rwx,d:g:mail:rx tree/sub
echo '== made'
see tree

same ()
{
  echo "== $1"
  (cd tree && see . && getcap -r . && getfattr -R -d -m '^(user|trusted)' . \
    && getfacl -R . 2> /dev/null) > expected 2>&1
  (cd "$2" && see . && getcap -r . && getfattr -R -d -m '^(user|trusted)' . \
    && getfacl -R . 2> /dev/null) > found 2>&1
  diff expected found && echo same
}
cp -a tree copy
same 'cp -a' copy
tar --xattrs --xattrs-include='*' --acls -cf tree.tar tree
mkdir tar && tar --xattrs --xattrs-include='*' --acls -C tar -xpf tree.tar
same 'tar -xp' tar/tree
tar -tvf tree.tar | awk '{ print $1, $2, $NF }'
mkdir user && chmod 777 user
echo '== tar as a user'
setpriv --reuid=games --regid=games --clear-groups \
  tar --delay-directory-restore -C user -xf tree.tar --exclude=tree/disk \
  --exclude=tree/null
see user
rsync -aHAX --numeric-ids --devices tree/ rsync
same 'rsync -aHAX' rsync
(cd tree && find . -depth -print0 | cpio --null -o --quiet) > tree.cpio
mkdir cpio && (cd cpio && cpio -idm --quiet < ../tree.cpio)
echo '== cpio'
see cpio
mv copy moved
same 'mv' moved
echo '== install'
install -d -o www-data -g adm -m 2750 installed
install -o games -g games -m 4755 tree/file installed
install -m 0600 tree/tool installed
see installed

echo '== find'
find tree -user www-data | sort
find tree -group mail
find tree -nouser
find tree -perm -4000
find tree -uid 12345
echo '== shown'
stat -c '%U %G %a %F %t,%T %n' tree/null tree/disk tree/tool
# shellcheck disable=SC2012
ls -ln tree | awk 'NR > 1 { print $1, $3, $4, $NF }'
test -O tree/null && echo 'mine'
test -O tree/file || echo 'not mine'
test -u tree/tool && test -g tree/tool && test -k tree/sub && echo 'bits'
test -c tree/null && test -b tree/disk && test -p tree/fifo && echo 'types'
python3 - << 'END'
import os, shutil, stat
for name in sorted(os.listdir("tree")):
    info = os.lstat("tree/" + name)
    print(stat.filemode(info.st_mode), info.st_uid, info.st_gid, name)
fd = os.open("tree/file", os.O_RDWR)
os.fchown(fd, 5, 6)
os.fchmod(fd, 0o4700)
info = os.fstat(fd)
print(oct(info.st_mode), info.st_uid, info.st_gid)
print(os.getxattr(fd, "trusted.who"), sorted(os.listxattr(fd)))
shutil.copystat("tree/file", "tree/hard")
directory = os.open(".", os.O_RDONLY)
fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
os.fchown(fd, 9, 9)
os.link("/proc/self/fd/%d" % fd, "named", src_dir_fd=directory)
print(os.stat("named").st_uid)
END
perl -e 'my @s = lstat "tree/link"; print "$s[4] $s[5]\n";
  chown 3, 4, "tree/hard"; @s = stat "tree/file"; print "$s[4] $s[5]\n"'

echo '== rules'
chown --from=root:root daemon tree/null && stat -c %U tree/null
chown --from=root:root games tree/null
stat -c %U tree/null
chown -R --no-dereference root:staff tree
see tree
for user in games www-data; do
  setpriv --reuid=$user --regid=$user --clear-groups sh -c '
    chown root tree/file; chmod 777 tree/file; chgrp mail tree/file
    mknod x c 1 3; chroot / true; setcap cap_chown+ep tree/tool
    setfattr -n trusted.x -v 1 tree/file; id -u' 2>&1 | sed 's/^[^:]*sh: //'
done
mkdir shared && chmod 2777 shared && chgrp mail shared
setpriv --reuid=games --regid=games --clear-groups sh -c '
  umask 002; mkdir shared/dir; echo > shared/file; echo > shared/dir/deep'
see shared
