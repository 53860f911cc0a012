# rpmbuild, createrepo_c, rpm and dnf, as root.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

umask 022
top=$PWD
mkdir -p repository web
printf '%%_topdir %s\n%%_build_id_links none\n%%__os_install_post %%{nil}\n' \
  "$top" > "$HOME/.rpmmacros"
printf '%%debug_package %%{nil}\n' >> "$HOME/.rpmmacros"

quietly ()
{
  "$@" > log 2>&1 < /dev/null || {
    echo "'$*' ended with $?:"
    tail -n 20 log
  }
}

# What Debian's packages provide is not in this database.
cat > base.spec << 'EOF'
Name: base
Version: 1
Release: 1
Summary: base
License: GPL
BuildArch: noarch
Provides: /bin/sh
%description
base
%files
EOF
cat > probe.spec << EOF
Name: probe
Version: 1
Release: 1
Summary: probe
License: GPL
AutoReqProv: no
%description
probe
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/var/lib/probe %{buildroot}/etc \
  %{buildroot}/usr/lib
for name in cap suid sgid; do
  cp /bin/true %{buildroot}/usr/bin/probe-\$name
done
ln -s probe-cap %{buildroot}/usr/bin/probe-link
echo data > %{buildroot}/var/lib/probe/data
echo conf > %{buildroot}/etc/probe.conf
%pre
getent group probe > /dev/null || groupadd -r probe
getent passwd probe > /dev/null \
  || useradd -r -g probe -d /var/lib/probe -s /sbin/nologin probe
echo "pre \$1" >> $top/said
%post
echo "post \$1 \$(id -u) \$(stat -c %U:%G /var/lib/probe/data)" >> $top/said
%preun
echo "preun \$1" >> $top/said
%postun
echo "postun \$1" >> $top/said
%posttrans
echo "posttrans \$1" >> $top/said
%files
%caps(cap_net_raw,cap_net_admin=ep) %attr(0755,root,root) /usr/bin/probe-cap
%attr(4755,root,root) /usr/bin/probe-suid
%attr(2755,root,mail) /usr/bin/probe-sgid
/usr/bin/probe-link
%dev(c,1,3) %attr(0666,root,root) /usr/lib/probe-null
%attr(0750,probe,probe) %dir /var/lib/probe
%attr(0640,probe,adm) /var/lib/probe/data
%config(noreplace) %attr(0600,daemon,daemon) /etc/probe.conf
EOF
quietly rpmbuild -bb base.spec
quietly rpmbuild -bb probe.spec
cp RPMS/*/*.rpm repository
quietly createrepo_c repository
ls repository

see ()
{
  stat -c '%a %U:%G %F %n' /usr/bin/probe-* /usr/lib/probe-null \
    /var/lib/probe /var/lib/probe/data /etc/probe.conf
  getcap /usr/bin/probe-cap | sed 's/+/=/; s/ = / /'
  rpm -V probe && echo verified
}

echo '== rpm'
quietly rpm -i repository/base-*.rpm repository/probe-*.rpm
see
rpm -qlv probe | awk '{ print $1, $3, $4, $NF }'
quietly rpm -e probe base
ls -d /usr/bin/probe-* /var/lib/probe /etc/probe.conf 2> /dev/null
cat said
rm said

echo '== dnf'
python3 -u -m http.server 0 --bind 127.0.0.1 --directory repository \
  > port 2> errors &
server=$!
until grep -q port port; do
  kill -0 $server || exit
  sleep 0.1
done
port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' port)
mkdir -p /etc/yum.repos.d
printf '[probe]\nname=probe\nbaseurl=http://127.0.0.1:%s/\ngpgcheck=0\n' \
  "$port" > /etc/yum.repos.d/probe.repo
quietly dnf -y install probe
see
cat said
quietly dnf -y reinstall probe
see > again
see | diff again - && echo 'the same again'
quietly dnf -y remove probe base
ls -d /usr/bin/probe-* /var/lib/probe /etc/probe.conf 2> /dev/null
sed -n '$p' said
kill $server
userdel probe
rm /etc/yum.repos.d/probe.repo "$HOME/.rpmmacros"
