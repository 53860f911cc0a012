/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Measure where a tracer and its tracee should run.

   A ptrace stop is two wake-ups.  When the other processor is idle the
   scheduler puts the two tasks on different processors, each of which sleeps
   between its turns; in a virtual machine waking a halted processor costs
   tens of microseconds.  This program times the round trip of one
   seccomp stop with every means that could keep the pair together, several
   interleaved rounds of each, and prints the medians.  It needs no library
   and nothing installed: cc -O2 placement.c && ./a.out.  */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum placement
{
  ALONE,      /* nothing done */
  PINNED,     /* both on one processor, for comparison */
  APART,      /* each on its own processor, for comparison */
  SELF,       /* the tracer follows the tracee */
  BATCH,      /* the tracer is SCHED_BATCH */
  IDLE,       /* the tracer is SCHED_IDLE */
  IDLE_SELF,  /* the tracer is SCHED_IDLE and pinned to the first processor */
  SPIN,       /* the tracer polls instead of sleeping */
  SPIN_APART, /* the tracer polls, pinned to the other processor */
  NARROWED,   /* the tracer narrows the tracee's mask once it is busy */
  PLACEMENT_COUNT
};

static const char *const names[PLACEMENT_COUNT] = { "left alone",
                                                    "both pinned",
                                                    "forced apart",
                                                    "tracer follows",
                                                    "SCHED_BATCH",
                                                    "SCHED_IDLE",
                                                    "SCHED_IDLE, tracer pinned",
                                                    "spinning",
                                                    "spinning, apart",
                                                    "narrowed while busy" };

enum
{
  ROUNDS = 7,
  CALLS = 3000
};

static double
now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

static void
pin (pid_t pid, int cpu)
{
  cpu_set_t set;
  CPU_ZERO (&set);
  CPU_SET ((size_t) cpu, &set);
  if (sched_setaffinity (pid, sizeof set, &set) != 0)
    perror ("sched_setaffinity");
}

/* The two processors that are used.  */
static int here, there = -1;

/* Choose them.  Return whether there are two.  */
static int
choose_processors (void)
{
  cpu_set_t set;
  int found = 0;
  if (sched_getaffinity (0, sizeof set, &set) != 0)
    return 0;
  for (int i = 0; i < CPU_SETSIZE && found < 2; i++)
    if (CPU_ISSET ((size_t) i, &set))
      *(found++ == 0 ? &here : &there) = i;
  return found == 2;
}

/* The tracee: CALLS stops, the time of one in nanoseconds to RESULT.  */
static void
tracee (int result, int work)
{
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_TRACE),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { sizeof code / sizeof *code, code };
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  raise (SIGSTOP);
  if (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    perror ("seccomp");

  volatile unsigned sink = 0;
  double start = now ();
  for (int i = 0; i < CALLS; i++)
    {
      syscall (SYS_getppid);
      for (int j = 0; j < work; j++)
        sink += (unsigned) j;
    }
  double each = (now () - start) / CALLS;
  if (write (result, &each, sizeof each) != sizeof each)
    perror ("write");
  _exit (0);
}

/* The tracer: let the tracee run until it ends.  */
static void
trace (pid_t pid, enum placement how)
{
  int status;
  int cpu = 0;
  int narrowed = 0;
  waitpid (pid, &status, WUNTRACED);
  ptrace (PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
  struct sched_param parameter = { 0 };
  switch (how)
    {
    case PINNED:
      pin (0, here), pin (pid, here);
      break;
    case APART:
      pin (0, here), pin (pid, there);
      break;
    case BATCH:
      sched_setscheduler (0, SCHED_BATCH, &parameter);
      break;
    case IDLE_SELF:
      pin (0, here);
      sched_setscheduler (0, SCHED_IDLE, &parameter);
      break;
    case IDLE:
      sched_setscheduler (0, SCHED_IDLE, &parameter);
      break;
    case SPIN_APART:
      pin (0, there);
      break;
    default:
      break;
    }
  kill (pid, SIGCONT);

  int stops = 0;
  for (;;)
    {
      pid_t got;
      if (how == SPIN || how == SPIN_APART)
        while ((got = waitpid (pid, &status, __WALL | WNOHANG)) == 0)
          continue;
      else
        got = waitpid (pid, &status, __WALL);
      if (got < 0 || WIFEXITED (status) || WIFSIGNALED (status))
        return;
      if (how == SELF && sched_getcpu () != cpu)
        {
          cpu = sched_getcpu ();
          pin (0, cpu);
        }
      if (how == NARROWED && ++stops == 16 && !narrowed)
        {
          cpu = sched_getcpu ();
          pin (0, cpu), pin (pid, cpu);
          narrowed = 1;
        }
      int number = status >> 8 == (SIGTRAP | (PTRACE_EVENT_SECCOMP << 8))
                           || status >> 16 == PTRACE_EVENT_STOP
                       ? 0
                       : WSTOPSIG (status);
      ptrace (PTRACE_CONT, pid, 0, number);
    }
}

static double
one_round (enum placement how, int work)
{
  int ends[2];
  double each = 0;
  if (pipe (ends) != 0)
    return 0;
  /* The tracer is a process of its own: policies do not go back.  */
  pid_t tracer = fork ();
  if (tracer == 0)
    {
      pid_t pid = fork ();
      if (pid == 0)
        tracee (ends[1], work);
      trace (pid, how);
      _exit (0);
    }
  close (ends[1]);
  if (read (ends[0], &each, sizeof each) != sizeof each)
    each = -1;
  close (ends[0]);
  waitpid (tracer, NULL, 0);
  return each;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

int
main (int argc, char **argv)
{
  int work = argc > 1 ? atoi (argv[1]) : 0;
  if (!choose_processors ())
    {
      fputs ("placement: there are no two processors to choose from\n", stderr);
      return 77;
    }
  double times[PLACEMENT_COUNT][ROUNDS];
  for (int round = 0; round < ROUNDS; round++)
    for (int how = 0; how < PLACEMENT_COUNT; how++)
      times[how][round] = one_round ((enum placement) how, work);
  printf ("nanoseconds of one stop, its call and %d rounds of work\n", work);
  for (int how = 0; how < PLACEMENT_COUNT; how++)
    {
      qsort (times[how], ROUNDS, sizeof (double), compare);
      printf ("%-28s %9.0f (%.0f to %.0f)\n", names[how],
              times[how][ROUNDS / 2], times[how][0], times[how][ROUNDS - 1]);
    }
  return 0;
}
