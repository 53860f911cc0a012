/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The filter by which system calls of programs come to the runtime.  */

#ifndef UDOCKER_TRAP_ENGINE_LAUNCHER_FILTER_H
#define UDOCKER_TRAP_ENGINE_LAUNCHER_FILTER_H

#include <stddef.h>

struct guest;
struct sock_filter;

/* Write the filter for the calls of GUEST, whose engine has the descriptors
   from FIRST_FD up to before END_FD, into PROGRAM, which has room for
   TRAP_FILTER_MAX instructions.  Return how many there are, or -E2BIG.  */
int trap_filter_build (const struct guest *guest, int first_fd, int end_fd,
                       struct sock_filter *program);

/* A call that the runtime needs to see whatever it means in the container.  */
enum trap_when
{
  TRAP_WHEN_ALWAYS,
  TRAP_WHEN_BITS,     /* argument ARG has one of the bits VALUE */
  TRAP_WHEN_EQUAL,    /* its lower half is VALUE */
  TRAP_WHEN_NOT_NULL, /* it is not 0 */
  TRAP_WHEN_OURS,     /* it is a descriptor of the runtime's */
  TRAP_WHEN_OURS_BOTH /* it, or the one behind, is */
};

struct trap_call
{
  const char *name;
  enum trap_when when;
  int arg;
  unsigned int value;
};

extern const struct trap_call trap_calls_of_runtime[];
extern const size_t trap_calls_of_runtime_count;

#endif
