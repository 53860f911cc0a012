/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers in a container: what an engine asks of the one around it.

   A process has one tracer, so that an engine that runs under a tracer can
   trace nothing.  But that one can do its work: the inner engine hands its plan
   over with a call of prctl(2) that no kernel knows (lib/guest/nested.h), and
   finds itself in the container, of which it then becomes the first program.
   Nothing is gained by that but another picture of what one has anyway: all
   host paths of the plan are looked up as the caller sees them.

   Where the engine around is in the programs themselves its filter stays with
   each of them, which no other engine could live with.  There the inner engine
   becomes the launcher of the outer one, out of the filter's reach, and that
   does its work.  */

#ifndef UDOCKER_LIB_START_ENTER_H
#define UDOCKER_LIB_START_ENTER_H

#include "lib/guest/nested.h"

struct plan;

/* Ask which engine is around this process that takes plans.  Return enum
   enter_answer, or a negative number if there is none.  */
int enter_ask (void);

/* Room for an argument that names a descriptor.  */
#define ENTER_OPTION_SIZE 32

/* Put PLAN where the program that this process executes next finds it by the
   argument that OPTION, of ENTER_OPTION_SIZE bytes, gets.  What the plan wants
   held stays open.  Return 0 or a negative errno.  */
int enter_send (const struct plan *plan, char *option);

/* The engine around this process has answered ENTER_INSIDE or ENTER_REFUSED,
   which is ANSWER: have it run PLAN.  Return the exit status when that
   fails.  */
int enter_become (const struct plan *plan, int answer);

#endif
