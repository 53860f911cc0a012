/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers in a container: what an engine asks of the one around it.

   A process has one tracer, so that an engine that runs under a tracer can
   trace nothing.  But that one can do its work: the inner engine hands its plan
   over with a call of prctl(2) that no kernel knows, and finds itself in the
   container, of which it then becomes the first program.  Nothing is gained by
   that but another picture of what one has anyway: all host paths of the plan
   are looked up as the caller sees them.  */

#ifndef UDOCKER_LIB_START_ENTER_H
#define UDOCKER_LIB_START_ENTER_H

/* The first argument of prctl; the second says what is wanted: ENTER_ASK
   returns enum enter_answer; ENTER_PLAN enters the container whose plan is
   behind the descriptor in the third argument, and returns 0, 1 when the caller
   has to keep the descriptors that the plan wants held itself, or an error.
   What may be wrong with it is told in the text at the fourth, of
   ENTER_TEXT_SIZE bytes.  */
#define ENTER_CALL 0x7564636bu

enum
{
  ENTER_ASK = 1,
  ENTER_PLAN = 2,
  ENTER_TEXT_SIZE = 1024
};

enum enter_answer
{
  ENTER_FILTERED = 1, /* the tracer wants a filter of system calls */
  ENTER_EVERY_CALL = 2
};

/* Ask whether a tracer is around this process that takes plans.  Return enum
   enter_answer, or a negative number if not.  */
int enter_ask (void);

#endif
