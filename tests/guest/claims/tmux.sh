# tmux: a server in the background, terminals of its own, a client on another.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: tmux script
# shellcheck shell=sh

TMUX_TMPDIR=$PWD
TERM=xterm
SHELL=/bin/sh # who runs this may have none that lets anybody in
export TMUX_TMPDIR TERM SHELL

# shows TEXT: wait until the pane does.
shows ()
{
  tries=0
  until tmux capture-pane -p | grep -Fqe "$1"; do
    tries=$((tries + 1))
    test $tries -lt 600 || { echo "no $1"; tmux kill-server; exit 1; }
    sleep 0.05
  done
  echo "shows $1"
}

tmux -f /dev/null new-session -d -s main -x 80 -y 24 "exec env PS1='> ' sh -i"
echo "started $?"
shows '>'
tmux send-keys 'tty | cut -c 1-9; stty size; echo a-$((6 * 7))' Enter
shows 'a-42'
shows '24 80'
tmux send-keys "sh -c \"echo go''es; exec sleep 1000\"" Enter
shows 'goes'
tmux send-keys C-c ''
tmux send-keys 'echo status $?' Enter
shows 'status 130'
tmux send-keys "clear; sh -c \"echo st''ops; exec sleep 1000\"" Enter
shows 'stops'
tmux send-keys C-z ''
shows 'Stopped'
tmux send-keys 'clear; kill %1; fg; echo ov"er"' Enter
shows 'over'
tmux split-window 'echo another; sleep 1000'
tmux list-panes | wc -l
shows 'another'
tmux kill-pane
tmux list-panes | wc -l
# A client comes, sees, and goes.
mkfifo keys
exec 3<> keys
(tries=0
 while test -z "$(tmux list-clients)" && test $tries -lt 400; do
   sleep 0.05
   tries=$((tries + 1))
 done
 tmux list-clients | wc -l
 tmux detach-client) > clients &
script -qec 'stty rows 30 cols 100; tmux attach' typescript < keys \
  > /dev/null
echo "attached $?"
wait
cat clients
tmux kill-server
echo "killed $?"
tmux list-sessions 2> /dev/null
echo "gone $?"
