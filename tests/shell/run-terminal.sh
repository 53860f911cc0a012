# Terminals in a container of Debian: those that programs make for others
# (script, tmux, Python's pty) and the one that udocker was given.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Keys and job control: tests/udocker.run/terminal.exp.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/debian-container.sh"

need script
debian_container c1
modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"
mkdir share

for mode in $modes; do
  # on TEXT: run TEXT by the container's shell.
  on ()
  {
    run timeout 100 udocker run --nobanner --execmode="$mode" -e TERM=xterm \
      -v "$work/share:/share" c1 bash -c "$1"
    stdout=$(printf '%s\n' "$stdout" | tr -d '\r')
  }

  on 'tty'
  is "there is no terminal where there is none in $mode" "$status:$stdout" \
    "1:not a tty"
  on 'script -qec "tty; stty rows 11 cols 22; stty size; test -w \$(tty)" /dev/null'
  like "script makes one" "$status:$(echo $stdout)" '^0:/dev/pts/[0-9]+ 11 22$'
  on 'script -qec "exit 7" /dev/null'
  is "  and passes the status on" "$status" 7
  on 'script -qec "id -un; ls -l \$(tty)" /dev/null'
  like "  which belongs to the user" "$stdout" '^crw.* root root '
  on 'printf "one\ntwo\n" | script -qec "head -n 2 > /share/read" /dev/null > /dev/null
      cat /share/read'
  is "  and reads what is typed" "$stdout" "one
two"

  # A shell in a window, and what it shows.
  on 'export TMUX_TMPDIR=/tmp
    # shows PATTERN: wait until a line of the window matches.
    shows ()
    {
      for i in $(seq 200); do
        tmux capture-pane -p -t s | grep -Eq "$1" && return
        sleep 0.05
      done
      return 1
    }
    tmux -f /dev/null new-session -d -x 70 -y 20 -s s "PS1=prompt\> bash --norc"
    shows "^prompt>"
    tmux send-keys -t s "echo a-\$((6 * 7))-b; stty size; tty" Enter
    shows "^/dev/pts/"
    tmux capture-pane -p -t s | grep -v prompt
    tmux resize-window -t s -x 50 -y 15
    tmux send-keys -t s "clear; stty size; echo e\"\"nd" Enter
    shows "^end"
    tmux capture-pane -p -t s | grep -E "^[0-9]+ [0-9]+"
    tmux send-keys -t s "echo be\"\"gun; exec sleep 100" Enter
    shows "^begun"
    sleep 0.3
    tmux send-keys -t s C-c
    for i in $(seq 200); do
      tmux has-session -t s 2> /dev/null || break
      sleep 0.05
    done
    tmux has-session -t s 2> /dev/null && echo left'
  # Of two lines, where it has a line for itself.
  # shellcheck disable=SC2086,SC2116
  like "tmux" "$(echo $stdout)" \
    '^a-42-b (19|20) 70 /dev/pts/[0-9]+ (14|15) 50$'

  on 'python3 -c "
import os, pty, termios, fcntl, struct
pid, fd = pty.fork ()
if pid == 0:
    os.execlp (\"sh\", \"sh\", \"-c\", \"read line; echo got \$line; tty\")
fcntl.ioctl (fd, termios.TIOCSWINSZ, struct.pack (\"HHHH\", 5, 6, 0, 0))
os.write (fd, b\"hello\\n\")
text = b\"\"
try:
    while True:
        text += os.read (fd, 1000)
except OSError:
    pass
print (text.decode ().split (), os.waitpid (pid, 0)[1])"'
  like "a program that opens /dev/ptmx" "$stdout" \
    "^\['hello', 'got', 'hello', '/dev/pts/[0-9]+'\] 0\$"

  # The one that udocker was given.
  script -qec "udocker run --nobanner --execmode=$mode c1 bash -c '
    tty; readlink /proc/self/fd/0; echo x > /dev/tty; ps -o tty= -p \$\$'" \
    /dev/null < /dev/null | tr -d '\r' > out
  # Its name may lie outside what /dev/pts of the container has, but not here.
  is "the terminal of udocker is the program's in $mode" \
    "$(sort -u < out | sed 's,^/dev/,,' | sort -u | sed 's/[0-9]*$//' | tr '\n' ' ')" \
    "pts/ x "
done
done_testing
