/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Filters that programs have installed, and what they say of a call.

   The kernel has them too, and judges by them every call that programs make
   themselves.  What it cannot judge are calls that our own filter traps, and
   those that come to the runtime without one: these are made again from where
   all is allowed, so that the runtime judges first.  */

#ifndef UDOCKER_TRAP_ENGINE_JUDGE_H
#define UDOCKER_TRAP_ENGINE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* A filter, which never changes once it is installed; tasks point to their
   newest one.  In a record's file they lie one behind the other, the newest
   first, each with its PROGRAM behind it.  */
struct trap_filter
{
  struct trap_filter *older;
  uint32_t count;
  uint32_t strict; /* it stands for strict mode: what it traps is killed */
  struct sock_filter program[];
};

static inline size_t
trap_filter_size (const struct trap_filter *filter)
{
  return sizeof *filter + filter->count * sizeof filter->program[0];
}

/* Return what the COUNT instructions of PROGRAM, which the kernel has accepted
   as a filter of system calls, say of DATA.  */
uint32_t trap_judge_program (const struct sock_filter *program, size_t count,
                             const struct seccomp_data *data);

/* Return what NEWEST and those before say together, as the kernel puts it
   together: the strictest action; of the same the newest filter's data.  */
uint32_t trap_judge (const struct trap_filter *newest,
                     const struct seccomp_data *data);

#endif
