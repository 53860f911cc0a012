/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What an engine in a container asks of the one around it: calls of prctl that
   no kernel knows.  lib/start/enter.h tells why.  */

#ifndef UDOCKER_LIB_GUEST_NESTED_H
#define UDOCKER_LIB_GUEST_NESTED_H

/* The first argument of prctl; the second says what is wanted:

   ENTER_ASK     returns enum enter_answer.
   ENTER_PLAN    of a tracer: enters the container whose plan is behind the
                 descriptor in the third argument, and returns 0, 1 when the
                 caller has to keep the descriptors that the plan wants held
                 itself, or an error.  What may be wrong with it is told in the
                 text at the fourth, of ENTER_TEXT_SIZE bytes.
   ENTER_BECOME  of the in-process engine: becomes its launcher, as by execve
                 with the arguments in the third argument, which name a
                 descriptor with a plan, and the environment in the fourth.  */
#define ENTER_CALL 0x7564636bu

enum
{
  ENTER_ASK = 1,
  ENTER_PLAN = 2,
  ENTER_BECOME = 3,
  ENTER_TEXT_SIZE = 1024
};

enum enter_answer
{
  ENTER_FILTERED = 1, /* the tracer wants a filter of system calls */
  ENTER_EVERY_CALL = 2,
  ENTER_INSIDE = 3, /* it is the in-process engine */
  ENTER_REFUSED = 4 /* likewise, but its launcher cannot be had there */
};

#endif
