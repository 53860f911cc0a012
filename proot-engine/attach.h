/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What little of ptrace programs of the container can have.  */

#ifndef UDOCKER_PROOT_ENGINE_ATTACH_H
#define UDOCKER_PROOT_ENGINE_ATTACH_H

#include <stdbool.h>
#include <sys/types.h>

#include "proot-engine/tracer.h"

/* Answer TRACEE's native CALL, at its entry, when it is ptrace or wait4 and
   about a task that it may attach to or has attached to.  Return whether it
   was answered, with the result in CALL.  */
bool attach_answer (struct tracer *tracer, struct tracee *tracee,
                    struct guest_call *call);

/* Let go of what the task TID, which has ended, is attached to.  */
void attach_release (struct tracer *tracer, pid_t tid);

#endif
