# What gdb shows of programs: breakpoints, steps, signals, threads, children,
# system calls, attaching, cores.
# needs: gdb gcc
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh disable=SC2016  # gdb expands it
cat > program.c << 'END'
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t barrier;
int value;

int
deep (int n)
{
  if (n == 0)
    {
      int fd = open ("/etc/passwd", O_RDONLY);
      close (fd);
      *(volatile int *) 8 = fd;
    }
  return deep (n - 1) + 1;
}

void
meet (int n)
{
  struct stat st;
  stat ("/etc/passwd", &st);
  __atomic_add_fetch (&value, n, __ATOMIC_RELAXED);
  pthread_barrier_wait (&barrier);
}

void *
work (void *argument)
{
  struct stat st;
  for (int i = 0; i < 50; i++)
    stat ("/etc", &st);
  meet ((int) (long) argument);
  pause ();
  return NULL;
}

int
together (void)
{
  return value;
}

int
threads (void)
{
  pthread_t thread[4];
  pthread_barrier_init (&barrier, NULL, 5);
  for (long i = 0; i < 4; i++)
    pthread_create (&thread[i], NULL, work, (void *) (i + 1));
  meet (0);
  return together () == 10 ? 0 : 1;
}

int
in_child (int n)
{
  return open ("/etc/group", O_RDONLY) + n;
}

int
in_parent (int n)
{
  return n;
}

int
children (int shares)
{
  int status = 0;
  pid_t pid = shares ? vfork () : fork ();
  if (pid == 0 && shares)
    execl ("./program", "program", NULL);
  if (pid == 0)
    _exit (in_child (4));
  waitpid (pid, &status, 0);
  return in_parent (WEXITSTATUS (status));
}

static int seen;

void
handler (int number)
{
  struct stat st;
  seen += stat ("/etc", &st) == 0 ? number : 1000;
}

int
signals (void)
{
  signal (SIGUSR1, handler);
  signal (SIGUSR2, handler);
  raise (SIGUSR1);
  raise (SIGUSR2);
  return seen;
}

int
waits (void)
{
  puts ("ready");
  fflush (stdout);
  return open ("fifo", O_RDONLY) < 0;
}

int
main (int count, char **list)
{
  const char *what = count > 1 ? list[1] : "";
  if (strcmp (what, "deep") == 0)
    return deep (3);
  if (strcmp (what, "threads") == 0)
    return threads ();
  if (strcmp (what, "fork") == 0)
    return children (0);
  if (strcmp (what, "vfork") == 0)
    return children (1);
  if (strcmp (what, "signals") == 0)
    return signals ();
  if (strcmp (what, "waits") == 0)
    return waits ();
  return 6;
}
END
gcc -g -O0 -pthread -o program program.c || exit

# debug WHAT COMMAND...: what gdb says of the program, without what differs from
# run to run.
debug ()
{
  what=$1
  shift
  echo "--- $what: $*"
  for command
  do
    set -- "$@" -ex "$command"
    shift
  done
  gdb -nx -batch -ex 'set width 0' "$@" --args ./program "$what" > out 2>&1
  status=$?
  sed -e 's/0x0*7ff[0-9a-f]*/HIGH/g' -e 's/LWP [0-9]*/LWP/g' \
    -e 's/process [0-9]* */process /g' -e 's/child [0-9]*/child/g' \
    -e 's/Inferior [12]/Inferior/' -e '/^\[Thread .* exited\]$/d' \
    -e '/^\[New Thread/d' -e '/^\[New process/d' out
  echo "[gdb: $status]"
}

debug deep run bt 'info registers rip' continue
debug deep 'break deep if n == 1' run bt 'print n' finish
debug deep 'break deep if n == 0' run next next next
debug deep 'break open64' run finish up 'stepi 20' continue
debug deep 'break main' run 'print (int) access ("/etc/passwd", 4)' \
  'print (int) access ("/none", 4)' 'call (int) in_child (3)' \
  'print seen = 4' 'watch seen' 'print value' 'info proc exe' 'info proc cwd' \
  'info proc cmdline' kill
debug threads 'break together' run 'print value' \
  'thread apply all -q print $_thread' continue
debug fork 'set follow-fork-mode child' 'break in_child' run bt continue
debug fork 'break in_parent' run bt continue
debug fork 'set detach-on-fork off' 'set schedule-multiple on' \
  'break in_child' run bt 'info inferiors' continue
debug vfork 'set follow-fork-mode child' 'catch exec' run 'info proc exe' \
  continue
debug vfork 'catch vfork' run bt continue
debug signals 'handle SIGUSR1 nostop noprint pass' 'break handler' run bt \
  finish continue continue finish continue
debug signals 'handle SIGUSR1 SIGUSR2 nopass' run continue continue
debug signals 'break main' run 'delete' 'catch syscall tgkill' continue \
  continue continue
debug deep 'break main' run 'catch syscall close' continue 'bt 1' continue \
  'print $rax' continue

# A core, of gdb's own making.
gdb -nx -batch -ex 'set follow-fork-mode child' -ex 'break in_child' -ex run \
  -ex 'generate-core-file mine' --args ./program fork > /dev/null 2>&1
gdb -nx -batch -ex bt -ex 'print n' ./program mine 2>&1 \
  | sed -n '/^#0/,$s/0x[0-9a-f]*/ADDRESS/gp'
rm -f mine

# One that runs already, and waits.
mkfifo fifo ready
./program waits > ready &
pid=$!
read -r line < ready
while ! grep -q ') S ' /proc/$pid/stat; do
  :
done
gdb -nx -batch -ex bt -ex 'print seen = 3' -p $pid 2>&1 \
  | grep -E '^#|^\$|detached' | sed -e 's/0x[0-9a-f]*/ADDRESS/g' \
    -e 's/process [0-9]*/process/'
: > fifo
wait $pid
echo "$line [$?]"
