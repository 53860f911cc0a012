# The calls of programs, as strace shows them.
# needs: strace gcc
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

# Take from the calls what differs from run to run: addresses, sizes that the
# kernel chooses, processes, times.
plain ()
{
  sed -E -e 's/0x[0-9a-f]{6,}/ADDRESS/g' -e 's/"(\\x[0-9a-f]{2})+"/RANDOM/g' \
    -e 's/pid(=| )[0-9]+/pid/g' -e 's/ = [0-9]{3,}/ = MANY/' \
    -e 's/^(clone|vfork|wait4|getpid|gettid|rt_sigreturn)(.* = )[0-9]+$/\1\2PID/' \
    -e 's/tgkill\([0-9]+, [0-9]+/tgkill(PID/' \
    -e 's/^(wait4|kill|setpgid|prlimit64)\([0-9]+/\1(PID/' -e 's/Process [0-9]+/Process/' \
    -e 's/^(fstatfs)\(.*/\1/' -e 's/si_utime=.*/TIMES/' \
    -e 's/child_tid=.*/CHILD/' -e 's/ino=[0-9]+/INODE/g' \
    -e 's/^(set_tid_address|rseq|set_robust_list)\(.*/\1/' \
    -e 's/ vars \*\//VARS/' "$@"
}

# trace COMMAND...: all that COMMAND and its children do, each by itself.
trace ()
{
  echo "--- $*"
  rm -f trace.*
  strace -ff -o trace "$@" < /dev/null > said 2>&1
  echo "[$?]"
  cat said
  for file in $(printf '%s\n' trace.* | sort -t . -k 2n); do
    echo "- one process"
    plain "$file"
  done
}

trace true
trace ls /etc/fstab /etc/passwd /none
trace sh -c 'cd /usr; pwd; exec ls -d share/doc'
trace sh -c 'ls -d /usr; exit 3'
trace find /usr/lib/locale
trace cp /etc/passwd copy
trace mv copy other
trace rm other

strace -f --seccomp-bpf -e trace=openat,execve,chdir -o out \
  sh -c 'cd /tmp; exec cat /etc/passwd' > /dev/null
plain -e 's/^[0-9]+/PID/' out
strace -e trace=openat,execve -y cat /etc/hostname 2>&1 | plain
strace -f -e trace=%file -o out sh -c 'test -e /etc/passwd; cd /tmp; ls -d .'
grep -c . out
strace -c -f -o out ls -R /etc/apt > /dev/null
awk '$NF ~ /^[a-z0-9_]+$/ && $4 ~ /^[0-9]+$/ { print $NF, $4 }' out | sort
strace -e trace=openat -e inject=openat:error=EPERM:when=3+ cat /etc/passwd 2>&1 \
  | plain
strace -e trace=unlink,unlinkat -e inject=unlinkat:retval=0 rm said 2>&1 | plain
ls said

cat > program.c << 'END'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static void
handle (int number)
{
  struct stat st;
  (void) number;
  stat ("/etc", &st);
}
/* Have a child send SIGUSR2 to this process when it waits, COUNT times; and
   open the pipe then.  */
static pid_t
start (int count)
{
  char name[64], line[256];
  pid_t parent = getpid (), pid = fork ();
  if (pid != 0)
    return pid;
  snprintf (name, sizeof name, "/proc/%d/stat", parent);
  while (count >= 0)
    {
      int fd = open (name, O_RDONLY);
      line[read (fd, line, sizeof line - 1)] = '\0';
      close (fd);
      if (strstr (line, ") S ") == NULL)
        continue;
      if (count-- > 0)
        kill (parent, SIGUSR2);
      else
        open ("fifo", O_WRONLY);
    }
  _exit (0);
}
int
main (int count, char **list)
{
  if (count > 1)
    {
      write (1, "\n", 1);
      return open ("fifo", O_RDONLY) < 0;
    }
  struct sigaction action = { .sa_handler = handle };
  sigaction (SIGUSR1, &action, NULL);
  sigaction (SIGUSR2, &action, NULL);
  raise (SIGUSR1);
  /* A call that a signal ends, and one that it does not.  */
  mkfifo ("fifo", 0600);
  pid_t pid = start (1);
  open ("fifo", O_RDONLY);
  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
  action.sa_flags = SA_RESTART;
  sigaction (SIGUSR2, &action, NULL);
  pid = start (1);
  open ("fifo", O_RDONLY);
  waitpid (pid, NULL, 0);
  unlink ("fifo");
  *(volatile int *) list[1] = 1;
}
END
gcc -o program program.c
strace -o out ./program
echo "[$?]"
plain -e '/^--- SIGCHLD/d' out

# One that runs already, and waits.
mkfifo fifo ready traced
./program waits > ready &
pid=$!
read -r line < ready
while ! grep -q ') S ' /proc/$pid/stat; do
  :
done
strace -o out -p $pid 2> traced &
tracer=$!
read -r line < traced
echo "$line" | plain
: > fifo
wait $pid
echo "[$?]"
wait $tracer
plain -e 's/^[0-9]+/PID/' out
