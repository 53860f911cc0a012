/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Filters of system calls (seccomp) that programs install for themselves: what
   an engine needs to know that judges by them itself.  */

#ifndef UDOCKER_LIB_GUEST_FILTER_H
#define UDOCKER_LIB_GUEST_FILTER_H

#include <stdbool.h>
#include <stdint.h>

struct guest_call;
struct guest_task;

/* What a call is to install.  */
struct guest_filter_request
{
  bool strict;           /* strict mode; otherwise a filter: */
  uint64_t flags;        /* of seccomp(2) */
  uint64_t instructions; /* address in the task's memory */
  uint16_t count;
};

/* Look whether TASK's CALL, seccomp or prctl, is to install a filter, and
   whether it may.  Return 1 with REQUEST filled; 0 when it is to do something
   else, or fails in the kernel's own way; or the negative errno that it gets.
   Filters that hand calls to another process are refused.  */
int guest_filter_read (struct guest_task *task, const struct guest_call *call,
                       struct guest_filter_request *request);

#endif
