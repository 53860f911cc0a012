# PostgreSQL: a cluster, its server, clients at once, one that is killed.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: psql
# shellcheck shell=sh

PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
PGHOST=$PWD PGDATABASE=postgres PGUSER=tester
export PGHOST PGDATABASE PGUSER
initdb --no-locale -A trust -U tester -D data > log 2>&1
echo "made $?"
pg_ctl -D data -w -l server.log -o "-k $PWD -c listen_addresses=" start \
  > log 2>&1
echo "started $?"
query ()
{
  psql -X -A -t -q -v ON_ERROR_STOP=1 "$@" 2>&1
}
query << EOD
create table numbers (n int primary key, square bigint, text text);
insert into numbers select i, i * i, md5 (i::text) from generate_series (1, 20000) i;
create index on numbers (text);
analyze numbers;
select count (*), sum (square), min (text) from numbers;
set max_parallel_workers_per_gather = 2;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
select sum (length (text)) from numbers where square % 3 = 1;
copy (select n from numbers where n < 4) to program 'sort -r > $PWD/copied';
EOD
cat copied
for i in 1 2 3 4 5 6; do
  query -c "update numbers set square = square + 1 where n % 6 = $i - 1" &
  pids="$pids $!"
done
for pid in $pids; do
  wait "$pid" || echo "client $?"
done
query -c 'select sum (square) from numbers' -c checkpoint \
  -c 'vacuum full numbers'
# One that is cancelled by a signal, and one that is killed.
query -c "set statement_timeout = 100; select pg_sleep (1000)"
query -c "select pg_terminate_backend (pg_backend_pid ())" | head -n 1
kill -9 "$(head -n 1 data/postmaster.pid)"
tries=0
until pg_ctl -D data -w -l server.log -o "-k $PWD -c listen_addresses=" start \
  > log 2>&1; do
  tries=$((tries + 1))
  test $tries -lt 50 || { cat log server.log; exit 1; }
  sleep 0.2
done
query -c 'select count (*), sum (square) from numbers'
pg_dump -t numbers | grep -c .
pg_ctl -D data -w -m fast stop > log 2>&1
echo "stopped $?"
grep -o 'PANIC.*\|FATAL:  could not.*\|database system was not properly shut down' \
  server.log
