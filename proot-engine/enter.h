/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers in a container.  */

#ifndef UDOCKER_PROOT_ENGINE_ENTER_H
#define UDOCKER_PROOT_ENGINE_ENTER_H

#include <stdint.h>

#include "lib/start/enter.h"

struct plan;
struct tracee;
struct tracer;

/* Do what TRACEE's prctl wants.  Return the result of the call.  */
int64_t enter_handle (struct tracer *tracer, struct tracee *tracee);

/* Enter the container of PLAN.  Return 0; 1 when this process has to keep the
   descriptors that PLAN wants held itself; or a negative errno after a
   message.  */
int enter_plan (const struct plan *plan);

#endif
