/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The process of an engine: what it starts on.  */

#ifndef UDOCKER_LIB_START_PROCESS_H
#define UDOCKER_LIB_START_PROCESS_H

struct plan;

/* Call RUN with ARGC and ARGV where an engine can work: the standard
   descriptors are taken, and the stack is large enough.  Return what it
   returns, or START_FAILURE after a message.  */
int process_run (int argc, char **argv, int (*run) (int argc, char **argv));

/* Receive the plan behind the descriptor that the only argument of ARGV names,
   --plan-fd=N, and close that.  Return 1; 0 when the arguments are others; or
   -START_FAILURE after a message.  */
int process_receive_plan (int argc, char **argv, struct plan *plan);

#endif
