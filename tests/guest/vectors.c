/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Threads with the smallest stacks that there are, which make system calls with
   all registers of the vector unit in use, while signals come whose handler
   uses them, too.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>

enum
{
  THREADS = 6,
  ROUNDS = 3000,
  AREA = 4096
};

static atomic_int wrong, running, taken;

#ifdef __x86_64__
#  include <cpuid.h>

/* SSE, AVX and AVX-512; where each lies in what XSAVE writes.  */
static uint32_t mask;
static struct
{
  uint32_t offset, size;
} part[8];

struct area
{
  unsigned char byte[AREA];
} __attribute__ ((aligned (64)));

static void
find_parts (void)
{
  unsigned int a, b, c, d, low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  mask = low & 0xe6;
  part[1].offset = 160;
  part[1].size = 256;
  for (unsigned int i = 2; i < 8; i++)
    if ((mask >> i & 1) != 0)
      {
        __cpuid_count (13, i, a, b, c, d);
        part[i].offset = b;
        part[i].size = a;
      }
}

static void
fill (struct area *area, int value)
{
  memset (area, 0, sizeof *area);
  for (int i = 1; i < 8; i++)
    memset (area->byte + part[i].offset, value + i, part[i].size);
  *(uint32_t *) (area->byte + 24) = 0x1f80;
  *(uint64_t *) (area->byte + 512) = mask;
}

/* Load all registers from BEFORE, make a call, and write them to AFTER.  */
static long
call_between (const struct area *before, struct area *after, long number,
              const void *a, const void *b)
{
  uint32_t saved;
  __asm__ volatile("xrstor64 %[before]\n\t"
                   "mov %[number], %%rax\n\t"
                   "syscall\n\t"
                   "xchg %%rax, %[number]\n\t"
                   "mov %[mask], %%eax\n\t"
                   "xsave64 %[after]\n\t"
                   "vzeroupper"
                   : [after] "=m"(*after), [number] "+&r"(number), "=&a"(saved)
                   : [before] "m"(*before), [mask] "r"(mask), "2"(mask), "d"(0),
                     "D"(a), "S"(b)
                   : "rcx", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
                     "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                     "xmm12", "xmm13", "xmm14", "xmm15", "memory");
  return number;
}

static int
differs (const struct area *before, const struct area *after)
{
  for (int i = 1; i < 8; i++)
    if (memcmp (before->byte + part[i].offset, after->byte + part[i].offset,
                part[i].size)
        != 0)
      return 1;
  return 0;
}

static void
on_signal (int number)
{
  static struct area areas[THREADS], spare;
  static atomic_int next;
  static _Thread_local struct area *mine;
  (void) number;
  if (mine == NULL)
    {
      int index = atomic_fetch_add (&next, 1);
      mine = index < THREADS ? &areas[index] : &spare;
    }
  fill (mine, 0x80);
  (void) call_between (mine, mine, SYS_getpid, NULL, NULL);
  atomic_fetch_add (&taken, 1);
}

static void *
work (void *argument)
{
  static struct area earlier[THREADS], later[THREADS];
  static struct stat status[THREADS];
  int number = (int) (intptr_t) argument;
  struct area *before = &earlier[number], *after = &later[number];
  fill (before, 0x10 * (number + 1));
  for (int i = 0; i < ROUNDS || atomic_load (&taken) <= THREADS; i++)
    {
      static const char *const name[] = { "dir/../file", "none",
                                          "/etc/passwd" };
      long result =
          call_between (before, after, SYS_stat, name[i % 3], &status[number]);
      if ((result == 0) != (i % 3 != 1) || differs (before, after))
        atomic_fetch_add (&wrong, 1);
      result = call_between (before, after, SYS_sched_yield, NULL, NULL);
      if (result != 0 || differs (before, after))
        atomic_fetch_add (&wrong, 1);
    }
  atomic_fetch_sub (&running, 1);
  return NULL;
}
#else
static void
find_parts (void)
{
}

static void
on_signal (int number)
{
  (void) number;
  atomic_fetch_add (&taken, 1);
}

static void *
work (void *argument)
{
  struct stat status;
  for (int i = 0; i < ROUNDS || atomic_load (&taken) <= THREADS; i++)
    if (stat ("dir/../file", &status) != 0)
      atomic_fetch_add (&wrong, 1);
  atomic_fetch_sub (&running, 1);
  return argument;
}
#endif

/* Use most of a small stack.  */
static void *
deep (void *argument)
{
  char path[6000];
  struct stat status;
  memset (path, '/', sizeof path);
  for (int i = 0; i < 50; i++)
    {
      snprintf (path, sizeof path, "deep%d", (int) (intptr_t) argument);
      int fd = open (path, O_CREAT | O_WRONLY, 0600);
      if (fd < 0 || close (fd) < 0 || stat (path, &status) < 0
          || unlink (path) < 0 || getcwd (path, sizeof path) == NULL)
        atomic_fetch_add (&wrong, 1);
    }
  return NULL;
}

/* Start COUNT threads of FUNCTION with the smallest stacks.  */
static void
start (pthread_t *threads, int count, void *(*function) (void *) )
{
  pthread_attr_t attributes;
  long least = sysconf (_SC_THREAD_STACK_MIN);
  pthread_attr_init (&attributes);
  if (pthread_attr_setstacksize (&attributes, least < 16384 ? 16384 : least)
      != 0)
    exit (98);
  for (int i = 0; i < count; i++)
    if (pthread_create (&threads[i], &attributes, function,
                        (void *) (intptr_t) i)
        != 0)
      exit (97);
}

int
main (void)
{
  pthread_t threads[THREADS];
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
  mkdir ("dir", 0755);
  make_file ("file", "text\n", 0644);
  find_parts ();
  sigaction (SIGUSR1, &action, NULL);
  atomic_store (&running, THREADS);
  start (threads, THREADS, work);
  while (atomic_load (&running) > 0)
    for (int i = 0; i < THREADS; i++)
      {
        pthread_kill (threads[i], SIGUSR1);
        sched_yield ();
      }
  for (int i = 0; i < THREADS; i++)
    pthread_join (threads[i], NULL);
  printf ("with vectors: wrong %d, signals %d\n", atomic_load (&wrong),
          atomic_load (&taken) > THREADS);
  start (threads, THREADS, deep);
  for (int i = 0; i < THREADS; i++)
    pthread_join (threads[i], NULL);
  printf ("on small stacks: wrong %d\n", atomic_load (&wrong));
  return 0;
}
