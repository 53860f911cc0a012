/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls that could reach the runtime's descriptors: for a program these are
   not open.  */

#include "trap-engine/runtime/runtime.h"

#include "lib/guest/kernel.h"

static bool
is_ours (uint64_t fd)
{
  const struct trap_state *state = trap_process.state;
  int number = (int) fd;
  return number >= state->first_fd && number < state->end_fd;
}

/* Make BLOCK's call as it is.  */
static int64_t
pass (const struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  return trap_blocking ((long) block->number, arg[0], arg[1], arg[2], arg[3],
                        arg[4], arg[5]);
}

int64_t
descriptor_call_close (struct trap_block *block)
{
  return is_ours (block->arg[0]) ? -K_EBADF : pass (block);
}

int64_t
descriptor_call_dup2 (struct trap_block *block)
{
  return is_ours (block->arg[0]) || is_ours (block->arg[1]) ? -K_EBADF
                                                            : pass (block);
}

int64_t
descriptor_call_dup3 (struct trap_block *block)
{
  return descriptor_call_dup2 (block);
}

int64_t
descriptor_call_fcntl (struct trap_block *block)
{
  return is_ours (block->arg[0]) ? -K_EBADF : pass (block);
}

/* In two pieces, before ours and behind.  */
int64_t
descriptor_call_close_range (struct trap_block *block)
{
  uint32_t first = (uint32_t) block->arg[0], last = (uint32_t) block->arg[1];
  uint32_t ours = (uint32_t) trap_process.state->first_fd;
  uint32_t end = (uint32_t) trap_process.state->end_fd;
  if (first > last || last < ours || first >= end)
    return pass (block);
  int64_t result = 0;
  if (first < ours)
    result = trap_call (__NR_close_range, first, ours - 1, block->arg[2], 0);
  if (result == 0 && last >= end)
    result = trap_call (__NR_close_range, end, last, block->arg[2], 0);
  if (first >= ours && last < end)
    result = 0;
  return result;
}
