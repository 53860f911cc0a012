/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer: one container run, its loop, and how lib/guest reaches the
   tasks.  */

#ifndef UDOCKER_PROOT_ENGINE_TRACER_H
#define UDOCKER_PROOT_ENGINE_TRACER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proot-engine/container.h"
#include "proot-engine/placement.h"
#include "proot-engine/tracee.h"

struct handover;

struct tracer
{
  struct container *container; /* the first; others are reached by tasks */
  struct guest common;         /* what the guests of all begin with */
  struct tracees tracees;
  struct placement placement;

  /* Some task has attached to another.  */
  bool attaches;

  /* Mode P2: every system call stops, there is no filter.  */
  bool every_call;

  /* The first program, and its wait status once it has ended.  */
  pid_t first;
  bool ended;
  int status;

  /* Another engine's container: only what that cannot run is traced.  NULL in
     a container of the tracer's own.  */
  const struct handover *handover;

  /* Milliseconds until the tracer stops itself, because the first program is
     stopped; 0 when it is not.  */
  int suspending;

  /* Host paths of the loader stubs, as tracees can execute them; empty for
     an ABI whose programs cannot be started.  */
  char loader[GUEST_ABI_COUNT][PATH_MAX];

  /* Scratch memory of the call at hand, until it is written to the task: as
     in its slot, the saved registers come first.  */
  size_t scratch_used;
  union
  {
    uint64_t saved[LOADER_SLOT_SAVED / 8];
    unsigned char bytes[LOADER_SLOT_SIZE];
  } scratch;
};

/* How lib/guest reaches tasks; the engine member of struct guest must be the
   tracer, that of a task its tracee.  */
extern const struct guest_ops tracer_ops;

/* Write the scratch memory of the call at hand to TRACEE, with the saved
   registers when SAVED.  Return 0 or a negative errno.  */
int tracer_flush_scratch (struct tracer *tracer, struct tracee *tracee,
                          bool saved);

/* Begin the execve that TRACEE wants to make: find the program, and change
   TRACEE's call so that it executes the loader stub.  Return 0, or the error
   that the call fails with.  */
int execute_begin (struct tracer *tracer, struct tracee *tracee);

/* Forget TRACEE's execve, which failed.  */
void execute_cancel (struct tracee *tracee);

/* TRACEE, in its exec stop, is the loader stub now: tell it what to map, and
   note what has changed.  */
void execute_commit (struct tracer *tracer, struct tracee *tracee);

/* Have TRACEE, at an entry stop, install a filter by which it stops where it
   lists directories, and then make its call again, if it needs one by now and
   its own filters could not kill it for what it did not do.  Return whether it
   does.  */
bool lists_install (struct tracer *tracer, struct tracee *tracee);

/* TRACEE has installed that filter, or not: its own call comes now.  */
void lists_note (struct tracee *tracee);

/* Note that the task TID has ended with the wait status STATUS, and kill what
   is left of a container of which it was the first program, where that is
   wanted.  */
void tracer_end_task (struct tracer *tracer, pid_t tid, int status);

/* Return whether TRACEE is in a container that has ended, and what is left in
   that is to be killed.  */
bool tracer_is_doomed (const struct tracer *tracer,
                       const struct tracee *tracee);

/* Handle what wait has told of the task TID.  */
void tracer_see (struct tracer *tracer, pid_t tid, int status);

/* Let TRACEE, in a stop, go on.  */
void tracer_resume (struct tracer *tracer, const struct tracee *tracee);

/* Let signals do no harm to this process, and pass them on to the first
   program, if there is one.  */
void tracer_catch_signals (void);

/* Seize FIRST, a task that waits for a byte on the pipe whose writing end is
   GO, and set it going.  Return 0, or a negative errno when tracing is not
   possible here.  */
int tracer_seize (struct tracer *tracer, struct tracee *first, int go);

/* Trace until no task is left.  */
void tracer_loop (struct tracer *tracer);

/* Trace until no task is left: FIRST, a child of this process that waits for
   a byte on the pipe whose writing end is GO, and everything that comes from
   it.  Return 0 with TRACER's status set, or a negative errno when tracing is
   not possible here.  */
int tracer_run (struct tracer *tracer, struct tracee *first, int go);

#endif
