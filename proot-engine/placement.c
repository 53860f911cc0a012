/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Where tracer and tracees run.

   A stop is two wake-ups.  When another processor is idle, the scheduler
   wakes each of the two there, and both processors sleep in turns; waking
   a halted processor of a virtual machine costs ten times what the stop
   itself does.  Policies (SCHED_BATCH, SCHED_IDLE), spinning, and pinning the
   tracer alone do not help or harm elsewhere (tests/bench/placement.c).  What
   helps is to have both on one processor.

   So a task that stops often is narrowed, only as long as it does, to the
   processor on which the tracer runs, where the tracer stays meanwhile; so is
   a new process while stops come thick and from elsewhere, because many
   processes live too short to be watched.  Never more than two: what computes
   needs processors. The program's own mask is kept here and shown by
   sched_getaffinity.  A timer looks every few milliseconds who stopped
   stopping: those get their processors back, so that computing and threads
   spread as ever.  From time to time everybody is let go, so that the scheduler
   can choose a better place.  */

#include "proot-engine/placement.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "proot-engine/memory.h"
#include "proot-engine/tracee.h"

enum
{
  BURST = 16,                  /* stops that come ... */
  BURST_NANOSECONDS = 4000000, /* ... within this time make a task busy */
  TICK_MICROSECONDS = 10000,
  BUSY_STOPS = 12,   /* fewer in a tick, and it is not busy any more */
  TICKS_PINNED = 50, /* then everybody is let go once */
  NARROWED_MAX = 2
};

const int placement_calls[] = { SYS_sched_getaffinity, SYS_sched_setaffinity,
                                -1 };

static volatile sig_atomic_t due;

void
placement_alarm (void)
{
  due = 1;
}

bool
placement_is_due (void)
{
  return due != 0;
}

static void
set_timer (long microseconds)
{
  struct itimerval timer = { { 0, microseconds }, { 0, microseconds } };
  (void) setitimer (ITIMER_REAL, &timer, NULL);
}

void
placement_start (struct placement *placement, bool disabled)
{
  memset (placement, 0, sizeof *placement);
  placement->processor = -1;
  if (disabled
      || sched_getaffinity (0, sizeof placement->own, &placement->own) != 0
      || CPU_COUNT (&placement->own) < 2)
    return;
  placement->enabled = true;
}

static void
let_tracer_go (struct placement *placement)
{
  if (placement->processor < 0)
    return;
  (void) sched_setaffinity (0, sizeof placement->own, &placement->own);
  placement->processor = -1;
  set_timer (0);
}

/* Stay on this processor.  Return it, or -1.  */
static int
keep_tracer (struct placement *placement)
{
  cpu_set_t one;
  if (placement->processor >= 0)
    return placement->processor;
  int processor = sched_getcpu ();
  if (processor < 0 || processor >= CPU_SETSIZE)
    return -1;
  CPU_ZERO (&one);
  CPU_SET ((size_t) processor, &one);
  if (sched_setaffinity (0, sizeof one, &one) != 0)
    return -1;
  placement->processor = processor;
  placement->ticks = 0;
  set_timer (TICK_MICROSECONDS);
  return processor;
}

static void
narrow (struct placement *placement, struct tracee *tracee)
{
  cpu_set_t one;
  if (sched_getaffinity (tracee->tid, sizeof tracee->processors,
                         &tracee->processors)
          != 0
      || CPU_COUNT (&tracee->processors) < 2)
    return;
  int processor = keep_tracer (placement);
  if (processor < 0 || !CPU_ISSET ((size_t) processor, &tracee->processors))
    return;
  CPU_ZERO (&one);
  CPU_SET ((size_t) processor, &one);
  if (sched_setaffinity (tracee->tid, sizeof one, &one) != 0)
    return;
  tracee->narrowed = true;
  placement->count++;
}

/* Return whether the stop that is the COUNTth ends a burst, of which *BURST
   has the end of the last.  */
static bool
ends_burst (uint32_t count, uint64_t *burst)
{
  struct timespec now;
  if (count % BURST != 0)
    return false;
  (void) clock_gettime (CLOCK_MONOTONIC, &now);
  uint64_t time = (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
  bool fast = time - *burst < BURST_NANOSECONDS;
  *burst = time;
  return fast;
}

/* Return whether TRACEE, which has just stopped, ran on another processor
   than this one.  */
static bool
is_apart (const struct tracee *tracee)
{
  enum
  {
    SPACES = 37 /* between the state and the processor in a stat line */
  };
  char line[1024];
  if (!tracee_read_proc (tracee->tid, "stat", line, sizeof line))
    return false;
  const char *field = strrchr (line, ')');
  for (int i = 0; i < SPACES && field != NULL; i++)
    field = strchr (field + 1, ' ');
  return field != NULL && strtol (field, NULL, 10) != sched_getcpu ();
}

void
placement_note (struct placement *placement, struct tracee *tracee)
{
  if (!placement->enabled)
    return;
  if (++placement->stops % BURST == 0)
    placement->busy = ends_burst (placement->stops, &placement->burst)
                      && (placement->count > 0 || is_apart (tracee));
  bool fast = ends_burst (++tracee->stops, &tracee->burst);
  if (tracee->narrowed || placement->count >= NARROWED_MAX)
    return;
  if (fast || (placement->busy && tracee->stops < BURST))
    narrow (placement, tracee);
}

void
placement_widen (struct placement *placement, struct tracee *tracee)
{
  if (!tracee->narrowed)
    return;
  (void) sched_setaffinity (tracee->tid, sizeof tracee->processors,
                            &tracee->processors);
  placement_forget (placement, tracee);
}

void
placement_forget (struct placement *placement, struct tracee *tracee)
{
  if (!tracee->narrowed)
    return;
  tracee->narrowed = false;
  placement->count--;
}

void
placement_tick (struct placement *placement, struct tracees *tracees)
{
  size_t buckets = sizeof tracees->bucket / sizeof *tracees->bucket;
  bool all = ++placement->ticks >= TICKS_PINNED;
  due = 0;
  for (size_t i = 0; i < buckets; i++)
    for (struct tracee *tracee = tracees->bucket[i]; tracee != NULL;
         tracee = tracee->next)
      if (tracee->narrowed)
        {
          if (all || tracee->stops - tracee->stops_at_tick < BUSY_STOPS)
            placement_widen (placement, tracee);
          tracee->stops_at_tick = tracee->stops;
        }
  if (placement->count == 0)
    let_tracer_go (placement);
}

void
placement_clone (struct placement *placement, struct tracee *child,
                 const struct tracee *parent)
{
  if (!parent->narrowed)
    return;
  child->narrowed = true;
  child->processors = parent->processors;
  placement->count++;
  if (placement->count > NARROWED_MAX)
    placement_widen (placement, child);
}

bool
placement_answer (struct placement *placement, struct tracees *tracees,
                  struct tracee *tracee, int number, struct guest_call *call)
{
  bool reads = number == SYS_sched_getaffinity;
  if (!reads && number != SYS_sched_setaffinity)
    return false;
  struct tracee *subject = tracee;
  if ((pid_t) call->arg[0] != 0)
    subject = tracees_find (tracees, (pid_t) call->arg[0]);
  if (subject == NULL || !subject->narrowed)
    return false;
  if (!reads)
    {
      placement_widen (placement, subject);
      return false;
    }

  unsigned char current[sizeof subject->processors];
  size_t size =
      call->arg[1] < sizeof current ? (size_t) call->arg[1] : sizeof current;
  /* With 32-bit words half of one of ours may be asked for.  */
  size_t asked = call->abi == GUEST_ABI_NATIVE || size % 4 != 0
                     ? size
                     : (size + 7) / 8 * 8;
  long length = syscall (SYS_sched_getaffinity, subject->tid, asked, current);
  if (length > (long) size)
    length = (long) size;
  if (length < 0)
    call->result = -errno;
  else if (memory_write (tracee->tid, call->arg[2], &subject->processors,
                         (size_t) length)
           != 0)
    call->result = -EFAULT;
  else
    call->result = length;
  return true;
}
