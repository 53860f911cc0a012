/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   This process as the container's first task, before it becomes a program.  */

#ifndef UDOCKER_TRAP_ENGINE_LAUNCHER_FIRST_H
#define UDOCKER_TRAP_ENGINE_LAUNCHER_FIRST_H

#include "lib/guest/call.h"
#include "lib/start/program.h"
#include "trap-engine/execute.h"

struct trap_state;

struct first
{
  struct guest guest; /* the state's, as this process has it */
  struct guest_task task;
  struct guest_fs fs;
  struct trap_carried carried;
};

/* Start FIRST, which is not moved from then on, with what STATE says; CARRIED
   is what a container around this process leaves to it.  */
void first_init (struct first *first, struct trap_state *state,
                 const struct trap_carried *carried);

/* Make a system call as a program of the container would make it, ENGINE being
   a struct first: what lib/guest says of it is done here, and execve executes
   the runtime.  */
start_call_function first_call;

#endif
