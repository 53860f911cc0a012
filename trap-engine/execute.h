/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   How a program is started: the runtime in its place.

   Every successful execve of a container executes the runtime (its host path
   is in the state) with the program's arguments, and with one string more at
   the end of its environment, the record, which says what to map and who the
   task is.  The new runtime takes the string away before the program sees it,
   so that a program's own environment, even an empty one, changes nothing.

   A program that cannot run in the runtime's process, such as a 32-bit one, is
   started in the same way, but the runtime maps another in its place, which
   hands the process over to a tracer (proot-engine/handover.h).  */

#ifndef UDOCKER_TRAP_ENGINE_EXECUTE_H
#define UDOCKER_TRAP_ENGINE_EXECUTE_H

#include <stdint.h>

#include "lib/guest/call.h"

/* What outlives an execve besides the task's ids and file-system state: bits
   by signal number less 1.  */
struct trap_carried
{
  uint64_t ignored, known; /* signals that are ignored, of those known */
  uint64_t blocked;        /* only of the signals that are the runtime's own */
  uint32_t install; /* the new runtime is the container's first: it installs
                       the filter */
  uint32_t enters;  /* no program is executed but the launcher: what the call
                       says of a path is not looked at */

  /* The program's own filters (judge.h): how many bytes, if there are any, and
     the descriptor of a file that has them.  */
  uint32_t filters_size;
  int32_t filters_fd;
};

/* Call execve with these arguments for TASK, as the last step.  Return a
   negative errno, or what trap_execute's caller knows.  */
typedef int64_t trap_execve_function (struct guest_task *task, const char *path,
                                      uint64_t *arguments,
                                      uint64_t *environment);

/* Find the program that TASK's CALL, execve or execveat as the program made
   it, is to start, and execute the runtime in its place with what is CARRIED,
   by EXECVE.
   The engine member of TASK's guest is the struct trap_state.  Does not return
   when that works; otherwise returns the negative errno that the call gets,
   and nothing has changed.  Memory that it needs stays mapped for the next
   time: *MAPPED (a word of the caller's, 0 before the first) has its address
   and *MAPPED_SIZE its size.  What a child by vfork has mapped is its parent's,
   so that a program that starts many pays for it once. Safe with all signals
   blocked; makes system calls only.  */
int trap_execute (struct guest_task *task, const struct guest_call *call,
                  const struct trap_carried *carried,
                  trap_execve_function *execve, uint64_t *mapped,
                  uint64_t *mapped_size);

#endif
