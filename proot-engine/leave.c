/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tasks that leave the tracer for the in-process engine.  */

#include "proot-engine/handover.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

#include "proot-engine/attach.h"
#include "proot-engine/tracer.h"

bool
handover_leaves (const struct tracer *tracer, const struct guest_exec *exec)
{
  return tracer->handover != NULL && exec->abi == GUEST_ABI_NATIVE;
}

void
handover_let_go (struct tracee *tracee)
{
  struct guest_exec *exec = tracee->exec;
  if (tracee_new_space (tracee, NULL) < 0)
    {
      (void) kill (tracee->tid, SIGKILL);
      return;
    }
  tracee->space->trampolines = true;
  memcpy (tracee->space->executable, exec->executable, sizeof exec->executable);
  memset (tracee->run, 0, sizeof tracee->run);
  tracee_release_held (tracee);
  memcpy (tracee->held, exec->held, sizeof tracee->held);
  free (exec);
  tracee->exec = NULL;
  tracee->leaving = true;
  tracee->state = TRACEE_LOADING;
}

bool
handover_loaded (struct tracer *tracer, struct tracee *tracee)
{
  pid_t tid = tracee->tid;
  if (!tracee->leaving)
    return false;
  attach_release (tracer, tid);
  placement_forget (&tracer->placement, tracee);
  tracees_remove (&tracer->tracees, tracee);
  (void) ptrace (PTRACE_DETACH, tid, 0, 0);
  return true;
}
