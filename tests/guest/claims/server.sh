# sshd accepts connections on the loopback interface, as an ordinary user, and
# confines the part of it that talks to strangers.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: ssh ssh-keygen python3
# shellcheck shell=sh

PATH=$PATH:/usr/sbin
test "$(id -u)" != 0 || { mkdir -p /run/sshd && chmod 755 /run/sshd; }
umask 077
id -un
ssh-keygen -q -t ed25519 -N '' -f host_key
ssh-keygen -q -t ed25519 -N '' -f user_key
cp user_key.pub authorized_keys
cat > sshd_config << EOD
HostKey $PWD/host_key
AuthorizedKeysFile $PWD/authorized_keys
ListenAddress 127.0.0.1
PidFile $PWD/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
LogLevel VERBOSE
Subsystem sftp internal-sftp
EOD
port=$(python3 -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
/usr/sbin/sshd -D -e -f sshd_config -p "$port" 2> sshd.log &
server=$!
tries=0
while ! grep -q 'Server listening' sshd.log && test $tries -lt 600; do
  sleep 0.05
  tries=$((tries + 1))
done
options="-F none -i user_key -p $port -o BatchMode=yes -o LogLevel=ERROR
  -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
# shellcheck disable=SC2086 # several options
{
  ssh $options 127.0.0.1 'echo connected; echo $0; exit 3' < /dev/null
  echo "status $?"
  head -c 300000 /dev/zero | ssh $options 127.0.0.1 cksum
  # Only root may give a terminal away.
  test "$(id -u)" != 0 \
    || ssh $options -tt 127.0.0.1 'test -t 0 && echo on a terminal' \
      < /dev/null | tr -d '\r'
  for i in 1 2 3 4; do
    ssh $options 127.0.0.1 "echo parallel $i" < /dev/null > "out.$i" &
    pids="$pids $!"
  done
  wait $pids
  cat out.1 out.2 out.3 out.4
  echo content > sent
  echo "put sent $PWD/received" | sftp -q -b - -P "$port" -i user_key -F none \
    -o BatchMode=yes -o LogLevel=ERROR -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null 127.0.0.1 > /dev/null
  cat received
  ssh $options nobody-else@127.0.0.1 true < /dev/null 2>&1 \
    | tr -d '\r' | sed 's/ .*denied/ denied/'
}
# A server may look for signals right before it waits for the next
# connection, and miss one that comes then.
(
  while kill $server 2> /dev/null; do
    sleep 1
  done
) &
again=$!
wait $server
echo "server $?"
kill $again 2> /dev/null
wait $again
grep -c 'Accepted publickey' sshd.log
grep -i 'seccomp\|SIGSYS\|fatal\|sandbox' sshd.log
