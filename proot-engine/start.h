/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From a plan to a running container.  */

#ifndef UDOCKER_PROOT_ENGINE_START_H
#define UDOCKER_PROOT_ENGINE_START_H

struct plan;

/* Run what PLAN says and wait for its end.  Return the exit status for this
   process: the program's, 128+N when signal N ended it, or one of enum
   start_status after a message.  */
int tracer_start (const struct plan *plan);

#endif
