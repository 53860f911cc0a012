/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the first process turns into: the user, and the program or the tracer
   that runs it.  */

#ifndef UDOCKER_OCI_ENGINE_BECOME_H
#define UDOCKER_OCI_ENGINE_BECOME_H

#include <sys/types.h>

struct plan;

/* Become in this process, which is in the container, what PLAN says: its
   program, or in modes R2 and R3 the tracer that runs it, which keeps PLAN_FD,
   of the plan, open.  It dies with PARENT, the parent of this process.  Return
   only on failure, the exit status, after a message.  */
int become_program (const struct plan *plan, int plan_fd, pid_t parent);

#endif
