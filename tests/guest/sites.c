/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Calls from places of many shapes, made often: by one thread with signals,
   by many threads at once for the first time, by children.

   usage: sites [show | long]

   With "show" it tells how many of the places have the bytes that they had at
   first.  */

#define _GNU_SOURCE 1
#include "report.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <ucontext.h>

typedef long site_function (const char *path, int mode);

/* access (PATH, MODE) with negative errnos, and its 'syscall'.  */
#define SITE(NAME, BEFORE, AFTER)                                              \
  site_function site_##NAME;                                                   \
  extern unsigned char site_##NAME##_call[];                                   \
  __asm__("	.text\n"                                                           \
          "	.p2align 4\n"                                                      \
          "site_" #NAME ":\n" BEFORE "site_" #NAME "_call:\n"                  \
          "	syscall\n" AFTER "	ret\n"                                      \
          "	.p2align 4\n");

SITE (number, "	mov	$21, %eax\n", "")
SITE (checked, "	mov	$21, %eax\n", "	cmp	$-4095, %rax\n")
SITE (long_number, "	.byte	0x48, 0xc7, 0xc0, 21, 0, 0, 0\n", "")
SITE (moves,
      "	mov	%rdi, %r8\n	mov	$21, %eax\n	mov	%r8, %rdi\n",
      "")
SITE (cleared,
      "	mov	$21, %eax\n	xor	%edx, %edx\n	xor	%r10d, %r10d\n",
      "")
SITE (loaded,
      "	push	$21\n	push	$0\n	jmp	1f\n	.p2align 4\n"
      "1:	mov	8(%rsp), %rax\n",
      "	pop	%rdx\n	pop	%rdx\n")
SITE (stored,
      "	sub	$24, %rsp\n	mov	$21, %eax\n	mov	8(%rsp), %r8\n"
      "	mov	%r11, 8(%rsp)\n",
      "	add	$24, %rsp\n")
SITE (shared, "	mov	$21, %eax\n	nop\n", "	cmp	$-4095, %rax\n")
SITE (kept, "	mov	$21, %eax\n	nop\n", "	mov	%rax, %rdx\n")

static const struct
{
  site_function *function;
  const unsigned char *call;
} sites[] = {
  { site_number, site_number_call },
  { site_checked, site_checked_call },
  { site_long_number, site_long_number_call },
  { site_moves, site_moves_call },
  { site_cleared, site_cleared_call },
  { site_loaded, site_loaded_call },
  { site_stored, site_stored_call },
  { site_shared, site_shared_call },
  { site_kept, site_kept_call },
};
#define SITES (sizeof sites / sizeof sites[0])

/* Call a site for what is there and for what is not.  Return how often what
   came back was wrong.  */
static int
call_site (size_t which)
{
  return (sites[which % SITES].function ("/", F_OK) != 0)
         + (sites[which % SITES].function ("missing", F_OK) != -ENOENT);
}

/* --- signals -----------------------------------------------------------------
 */

static volatile int signals, strange, jumps;
static sigjmp_buf back;
static volatile int may_jump;

extern char __executable_start[], etext[];

/* Count, and look where the program was: in its own code.  */
static void
on_alarm (int number, siginfo_t *info, void *context)
{
  uintptr_t rip =
      (uintptr_t) ((ucontext_t *) context)->uc_mcontext.gregs[REG_RIP];
  uintptr_t vdso = getauxval (AT_SYSINFO_EHDR);

  (void) number;
  (void) info;
  signals++;
  strange += (rip < (uintptr_t) __executable_start || rip > (uintptr_t) etext)
             && rip - vdso > 0x4000;
  if (may_jump && signals % 8 == 0)
    {
      jumps++;
      siglongjmp (back, 1);
    }
}

static void
try_signals (int count)
{
  struct sigaction action = { .sa_sigaction = on_alarm,
                              .sa_flags = SA_SIGINFO | SA_RESTART };
  struct itimerval timer = { { 0, 150 }, { 0, 150 } };
  volatile size_t i = 0;
  volatile int wrong = 0;

  sigaction (SIGALRM, &action, NULL);
  setitimer (ITIMER_REAL, &timer, NULL);
  while (signals < count)
    wrong += call_site (i++);
  printf ("calls amid signals: %d wrong, %d strange\n", wrong, strange);
  (void) sigsetjmp (back, 1);
  may_jump = 1;
  while (signals < 2 * count)
    wrong += call_site (i++);
  may_jump = 0;
  timer.it_value.tv_usec = 0;
  setitimer (ITIMER_REAL, &timer, NULL);
  printf ("calls that handlers jump out of: %d wrong, %d strange, %s\n", wrong,
          strange, jumps > 0 ? "jumped" : "not jumped");
}

/* --- threads -----------------------------------------------------------------
 */

enum
{
  THREADS = 8
};

static pthread_barrier_t barrier;
static int thread_errors;

static void *
run_thread (void *argument)
{
  size_t first = (size_t) argument;

  pthread_barrier_wait (&barrier);
  for (size_t i = 0; i < 60 * SITES; i++)
    {
      int wrong = call_site (i / 4 + (first & 1) * i);
      __atomic_fetch_add (&thread_errors, wrong, __ATOMIC_RELAXED);
    }
  return NULL;
}

/* In a child, where all places are as they were.  */
static int
in_child (int forks)
{
  pthread_t threads[THREADS];
  int wrong = 0;

  pthread_barrier_init (&barrier, NULL, THREADS + 1);
  for (size_t i = 0; i < THREADS; i++)
    if (pthread_create (&threads[i], NULL, run_thread, (void *) i) != 0)
      return 99;
  pthread_barrier_wait (&barrier);
  for (int i = 0; i < forks; i++)
    {
      int status = 0;
      pid_t child = fork ();
      if (child == 0)
        {
          for (size_t j = 0; j < 20 * SITES; j++)
            wrong += call_site (j);
          _exit (wrong != 0);
        }
      wrong += child < 0 || waitpid (child, &status, 0) != child || status != 0;
    }
  for (int i = 0; i < THREADS; i++)
    pthread_join (threads[i], NULL);
  return wrong != 0 || thread_errors != 0;
}

static void
try_threads (int rounds, int forks)
{
  int bad = 0;

  for (int i = 0; i < rounds; i++)
    {
      int status = 0;
      pid_t child = fork ();
      if (child == 0)
        _exit (in_child (forks));
      bad += child < 0 || waitpid (child, &status, 0) != child || status != 0;
    }
  printf ("%d times %d threads and %d children: %d bad\n", rounds, THREADS,
          forks, bad);
}

/* --- what they look like -----------------------------------------------------
 */

/* Return whether BYTES are 'syscall'.  */
static int
is_call (const unsigned char *bytes)
{
  return bytes[0] == 0x0f && bytes[1] == 0x05;
}

static void
show (void)
{
  int same = 0, wrong = 0;

  for (size_t i = 0; i < 200 * SITES; i++)
    wrong += call_site (i);
  for (size_t i = 0; i < SITES; i++)
    same += is_call (sites[i].call);
  printf ("%d of %d are as they were, %d wrong\n", same, (int) SITES, wrong);
}

int
main (int argc, char **argv)
{
  setvbuf (stdout, NULL, _IONBF, 0);
  int much = argc > 1 && strcmp (argv[1], "long") == 0 ? 10 : 1;

  if (argc > 1 && strcmp (argv[1], "show") == 0)
    show ();
  else
    {
      try_threads (20 * much, 0);
      try_threads (10 * much, 3);
      try_signals (500 * much);
    }
  return 0;
}
