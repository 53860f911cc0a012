# nginx: a master with workers that serve files and pass requests on, and curl.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: curl
# shellcheck shell=sh

PATH=$PATH:/usr/sbin
mkdir temporary pages pages/sub
cat > nginx.conf << EOD
daemon off;
pid $PWD/nginx.pid;
error_log $PWD/error.log warn;
worker_processes 2;
events { worker_connections 64; }
http {
  access_log $PWD/access.log;
  client_body_temp_path $PWD/temporary;
  proxy_temp_path $PWD/temporary;
  fastcgi_temp_path $PWD/temporary;
  uwsgi_temp_path $PWD/temporary;
  scgi_temp_path $PWD/temporary;
  sendfile on;
  aio threads;
  server {
    listen unix:$PWD/socket;
    root $PWD/pages;
    autoindex on;
    location /through/ { proxy_pass http://unix:$PWD/behind:/; }
  }
  server {
    listen unix:$PWD/behind;
    location / { return 200 "behind\n"; }
  }
}
EOD
head -c 3000000 /dev/zero > pages/large
echo page > pages/index.html
ln -s ../index.html pages/sub/link
nginx -e "$PWD/error.log" -c "$PWD/nginx.conf" &
server=$!
get ()
{
  curl -s --unix-socket "${2:-socket}" "http://localhost/$1"
}
tries=0
until get index.html > /dev/null; do
  tries=$((tries + 1))
  test $tries -lt 400 || { cat error.log; exit 1; }
  sleep 0.05
done
get index.html
get sub/link
get large | cksum
get through/x
get none | grep -c '404 Not Found'
get sub/ | grep -o 'href="[^"]*"'
for i in 1 2 3 4 5 6 7 8; do
  get large > "got.$i" &
  pids="$pids $!"
done
# shellcheck disable=SC2086 # several
wait $pids
cat got.* | cksum
# New workers, and the old ones go when they are done.
old=$(pgrep -P $server | sort)
kill -HUP $server
tries=0
while test "$(pgrep -P $server | grep -cxF "$old")" != 0 \
  && test $tries -lt 400; do
  tries=$((tries + 1))
  sleep 0.05
done
get index.html
pgrep -P $server | wc -l
kill -QUIT $server
wait $server
echo "server $?"
sed 's/^[^[]*//; s/[0-9]*#[0-9]*: \*[0-9]* //' error.log
test -e socket || echo 'no socket'
