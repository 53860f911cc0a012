# Shells and small programs that start, stop and end others: timeout, nohup,
# setsid, flock, script, job control without a terminal, coprocesses.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: bash timeout nohup setsid flock script setpriv
# shellcheck shell=sh

# wait_for FILE: until it is there.
wait_for ()
{
  tries=0
  while test ! -s "$1" && test $tries -lt 600; do
    sleep 0.05
    tries=$((tries + 1))
  done
  cat "$1"
}

timeout 0.2 sleep 100
echo "timeout $?"
timeout -s KILL 0.2 sleep 100
echo "timeout kill $?"
timeout --preserve-status -s INT 0.2 sh -c 'trap "exit 7" INT; while :; do sleep 0.01; done'
echo "timeout with the program's status $?"
timeout -k 0.2 0.2 sh -c 'trap "" TERM; while :; do sleep 0.01; done'
echo "timeout that has to kill $?"
timeout 100 sh -c 'exit 3'
echo "in time $?"

nohup sh -c 'kill -HUP $$; echo survived' > nohup.out 2> /dev/null < /dev/null
echo "nohup $? $(cat nohup.out)"
setsid sh -c 'ps -o sid= -p $$ > /dev/null 2>&1; echo in a session' > session
echo "setsid $? $(cat session)"
setsid --fork --wait sh -c 'exit 6'
echo "setsid --wait $?"

# A daemon in two steps outlives its parents.
sh -c '(setsid sh -c "while test ! -e go; do sleep 0.05; done; echo done > daemon" > /dev/null 2>&1 &) &'
touch go
echo "daemon $(wait_for daemon)"

flock lock sh -c 'flock -n lock true; echo "held $?"'
(flock 9; echo first > order; sleep 0.1; echo second >> order) 9> lock &
wait_for order > /dev/null
flock lock sh -c 'echo third >> order'
wait
echo "order $(tr '\n' ' ' < order)"
flock -w 0.1 lock true
echo "free $?"

setpriv --no-new-privs sh -c 'grep NoNewPrivs /proc/self/status'
setpriv --nnp --pdeathsig keep true
echo "setpriv $?"
setpriv --pdeathsig TERM sh -c 'echo pdeathsig'
setpriv --reuid 1 true 2> /dev/null
echo "another user $?"

script -qec 'test -t 0 && test -t 1 && echo on a terminal; exit 5' typescript \
  < /dev/null | tr -d '\r'
script -qec 'exit 5' typescript < /dev/null > /dev/null
echo "script $?"

bash -c '
  set -m
  sleep 100 & kill -STOP %1; sleep 0.1
  jobs | tr -s " "
  kill %1; kill -CONT %1; wait %1; echo "job ended $?"
  coproc cat; echo through >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"
  echo "coprocess $line"
  exec {COPROC[1]}>&-
  diff <(seq 5) <(seq 5) && echo "process substitution"
  (exit 3) | (exit 4) | true; echo "pipe ${PIPESTATUS[*]}"
  trap "echo exit trap" EXIT
  trap "echo usr1" USR1; kill -USR1 $$
  kill -TERM $BASHPID
' 2> /dev/null
echo "bash $?"

for signal in HUP INT QUIT ILL ABRT FPE KILL USR1 SEGV USR2 PIPE ALRM TERM; do
  sh -c "kill -$signal \$\$; exit 1" 2> /dev/null
  printf '%s ' "$signal $?"
done
echo

# Many short ones, as configure scripts have.
i=0
while test $i -lt 100; do
  x=$(echo $i | cat)
  test "$x" = $i || echo "lost $i"
  i=$((i + 1))
done
seq 30 | xargs -P 4 -I N sh -c 'echo N > made.N'
find . -name 'made.*' | wc -l
