/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers of the in-process engine: what that cannot run.

   A 32-bit program cannot run in one process with the runtime.  When a program
   executes one, its process becomes udocker-handover, which starts a tracer,
   another process, has that seize it, and executes the loader stub; from then
   on it is a task of the tracer like all others, and so is what it starts.
   When such a task executes a program that the in-process engine can run, it
   becomes the runtime, and the tracer lets go of it as soon as it has what the
   tracer kept for it: the descriptors that the runtime has in every process.  A
   tracer ends with the last of its tasks.  So there are as many as there are
   trees of such programs, and none where there are no such programs.

   A 64-bit program that turns out to need such a tracer while it runs is taken
   over then (trap-engine/adopt.h).  The filter that brings its calls to the
   runtime is still there, so all of its calls stop, as in mode P2, and are made
   as if from the window.

   The tracer is under the container's filter, as everything there.  That lets
   calls from the runtime's window be, so that is where the runtime maps this
   program; it must be position-independent and static.  */

#ifndef UDOCKER_PROOT_ENGINE_HANDOVER_H
#define UDOCKER_PROOT_ENGINE_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

struct guest_exec;
struct tracee;
struct tracer;

/* The other engine, for a tracer.  */
struct handover
{
  /* Host path of what its programs are started as.  */
  const char *runtime;

  /* Return the variable that tells the runtime what TRACEE, whose execve is
     under way, is to become, or NULL; the caller frees it.  */
  char *(*record) (const struct handover *handover, struct tracee *tracee);

  /* TRACEE, which is being taken over while it runs, makes a call with the
     registers in its ENTRY: if it is the one by which its runtime leaves it,
     put the program's registers there and return true.  */
  bool (*take_over) (struct tracee *tracee);

  /* An address from which the filter lets all calls be.  */
  uint64_t shelter;
};

/* Return whether a task of TRACER that executes EXEC leaves it by that.  */
bool handover_leaves (const struct tracer *tracer,
                      const struct guest_exec *exec);

/* TRACEE, in its exec stop, is the runtime now, which takes what it needs from
   the tracer until its trap.  */
void handover_let_go (struct tracee *tracee);

/* TRACEE has come to the trap of a loader: if that is the runtime, forget it
   and return true.  */
bool handover_loaded (struct tracer *tracer, struct tracee *tracee);

#endif
