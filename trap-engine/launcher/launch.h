/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From a plan to the first program of a container that is its own engine.  */

#ifndef UDOCKER_TRAP_ENGINE_LAUNCHER_LAUNCH_H
#define UDOCKER_TRAP_ENGINE_LAUNCHER_LAUNCH_H

struct guest_task;
struct plan;

/* Become what PLAN says, as OUTER, if not NULL, a task of the container around
   (outer.h), sees the host; or where something is left to do afterwards, start
   it and wait for its end.  Return the exit status for this process: the
   program's, 128+N when signal N ended it, or one of enum start_status after a
   message.  */
int launch (const struct plan *plan, struct guest_task *outer);

#endif
