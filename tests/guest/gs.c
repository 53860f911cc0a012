/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* A 64-bit program that uses the register %gs for itself, as Wine does: that it
   can, and that everything else goes on as before, in children, too.  */

#define _GNU_SOURCE 1
#include <asm/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include "report.h"

static uint64_t block[4] = { 0, 1111, 2222, 3333 };
static volatile sig_atomic_t handled[65];
static unsigned char other_stack[65536];

static void
handle (int number)
{
  unsigned char here;
  handled[number] +=
      &here >= other_stack && &here < other_stack + sizeof other_stack ? 100
                                                                       : 1;
}

static uint64_t
word (void)
{
  uint64_t value;
  __asm__ volatile("mov %%gs:16, %0" : "=r"(value));
  return value;
}

static void
say_status (const char *what)
{
  struct stat status;
  for (int i = 0; i < 200; i++)
    (void) stat ("/etc", &status);
  say_result (what, stat ("/etc", &status), errno);
  say_result ("  of nothing", stat ("/none", &status), errno);
}

static void *
run_thread (void *data)
{
  say_status ("in a thread");
  return data;
}

static void
say_signals (void)
{
  sigset_t mask;
  sigprocmask (SIG_SETMASK, NULL, &mask);
  printf ("blocked: %d %d\n", sigismember (&mask, SIGUSR2),
          sigismember (&mask, SIGHUP));
  raise (SIGUSR1);
  raise (SIGSEGV);
  raise (SIGUSR2);
  printf ("handled: %d %d %d\n", handled[SIGUSR1], handled[SIGSEGV],
          handled[SIGUSR2]);
  sigemptyset (&mask);
  sigaddset (&mask, SIGUSR2);
  sigprocmask (SIG_UNBLOCK, &mask, NULL);
  printf ("and then: %d\n", handled[SIGUSR2]);
  sigprocmask (SIG_BLOCK, &mask, NULL);
  handled[SIGUSR1] = handled[SIGSEGV] = handled[SIGUSR2] = 0;
}

static void
say_child (void)
{
  int status = 0;
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      printf ("child: %d\n", (int) word ());
      say_status ("in the child");
      fflush (stdout);
      execl ("/proc/self/exe", "gs", "again", (char *) NULL);
      _exit (99);
    }
  waitpid (child, &status, 0);
  printf ("ended: %x\n", status);
}

/* A call that blocks is interrupted, and one that is restarted goes on.  */
static void
say_waits (void)
{
  struct itimerspec soon = { .it_value = { 0, 20000000 } };
  struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
                            .sigev_signo = SIGUSR1 };
  timer_t timer;
  char byte = 0;
  int ends[2];
  timer_create (CLOCK_MONOTONIC, &event, &timer);
  timer_settime (timer, 0, &soon, NULL);
  say_result ("pause", pause (), errno);
  pipe (ends);
  timer_settime (timer, 0, &soon, NULL);
  if (fork () == 0)
    {
      usleep (60000);
      write (ends[1], "x", 1);
      _exit (0);
    }
  say_result ("read", read (ends[0], &byte, 1), errno);
  wait (NULL);
  printf ("%c, handled: %d\n", byte, handled[SIGUSR1]);
}

int
main (int argc, char **argv)
{
  stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof other_stack };
  struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
  sigset_t mask;
  pthread_t thread;
  char name[PATH_MAX] = "";
  (void) argv;
  sigaltstack (&stack, NULL);
  sigaction (SIGUSR1, &action, NULL);
  sigaction (SIGUSR2, &action, NULL);
  action.sa_flags |= SA_ONSTACK;
  sigaction (SIGSEGV, &action, NULL);
  sigemptyset (&mask);
  sigaddset (&mask, SIGUSR2);
  sigprocmask (SIG_BLOCK, &mask, NULL);
  say_status ("before");
  say_signals ();

  say_result ("set", syscall (SYS_arch_prctl, ARCH_SET_GS, block), errno);
  printf ("word: %d\n", (int) word ());
  uint64_t base = 0;
  say_result ("get", syscall (SYS_arch_prctl, ARCH_GET_GS, &base), errno);
  printf ("%d\n", base == (uint64_t) (uintptr_t) block);
  say_status ("after");
  say_signals ();
  say_result ("link", readlink ("/proc/self/exe", name, sizeof name - 1),
              errno);
  puts (name);
  if (argc == 1)
    {
      say_child ();
      say_waits ();
      pthread_create (&thread, NULL, run_thread, NULL);
      pthread_join (thread, NULL);
      printf ("word: %d\n", (int) word ());
    }
  return 7;
}
