/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Where tracer and tracees run.  */

#ifndef UDOCKER_PROOT_ENGINE_PLACEMENT_H
#define UDOCKER_PROOT_ENGINE_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct guest_call;
struct tracee;
struct tracees;

struct placement
{
  bool enabled;
  int processor;      /* where the tracer is pinned, or -1 */
  uint32_t stops;     /* of all tracees */
  uint64_t burst;     /* when the last burst of them ended */
  bool busy;          /* they come thick */
  unsigned int count; /* narrowed tracees */
  unsigned int ticks; /* since the tracer was pinned */
  cpu_set_t own;      /* the tracer's own processors */
};

/* Start: find out whether there is anything to place.  DISABLED leaves all
   to the scheduler.  */
void placement_start (struct placement *placement, bool disabled);

/* TRACEE has stopped, for whatever reason.  */
void placement_note (struct placement *placement, struct tracee *tracee);

/* Some milliseconds have passed: give those of TRACEES that stop no more
   their processors back.  */
void placement_tick (struct placement *placement, struct tracees *tracees);

/* Note that the timer has sent its SIGALRM.  Safe in a signal handler.  */
void placement_alarm (void);

/* Return whether a tick is due.  */
bool placement_is_due (void);

/* Give TRACEE its processors back.  */
void placement_widen (struct placement *placement, struct tracee *tracee);

/* CHILD was cloned by PARENT, and has inherited its mask, narrow or not.  */
void placement_clone (struct placement *placement, struct tracee *child,
                      const struct tracee *parent);

/* TRACEE is gone.  */
void placement_forget (struct placement *placement, struct tracee *tracee);

/* Handle sched_getaffinity and sched_setaffinity of TRACEE, so that the
   program never sees a narrowed mask.  NUMBER is that of CALL in the native
   ABI.  Return true when CALL is answered, with its result set.  */
bool placement_answer (struct placement *placement, struct tracees *tracees,
                       struct tracee *tracee, int number,
                       struct guest_call *call);

/* The calls that placement_answer wants to see, by their native numbers, ended
   by -1.  */
extern const int placement_calls[];

#endif
