/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The container that this process, a launcher, is in itself.

   Its filter stays, so the launcher of a container in a container is mapped in
   the window, where calls are let be (HACKING): it sees the host as every
   launcher does, and the container as one of its tasks that it is itself.  The
   new container's filter comes on top of the other.  */

#ifndef UDOCKER_TRAP_ENGINE_LAUNCHER_OUTER_H
#define UDOCKER_TRAP_ENGINE_LAUNCHER_OUTER_H

#include "trap-engine/execute.h"

struct guest_task;
struct trap_state;

/* Take the record out of the environment, if the runtime around this process
   has started it, and let our descriptors in that container be closed by the
   next execve.  Return its task, whose guest is a struct start_container's,
   or NULL when there is no container around.  */
struct guest_task *outer_take (void);

/* Return the state of the container around; only what lies in struct trap_state
   itself remains good after outer_leave.  */
const struct trap_state *outer_state (void);

/* Unmap the state in favour of the new one: the task cannot be used any
   more.  */
void outer_leave (void);

/* Put what the task has inherited into CARRIED, with its filters.  */
void outer_carry (struct trap_carried *carried);

#endif
