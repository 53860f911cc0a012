/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Signals: what the kernel's handler, the program's calls and the makers of
   tasks share.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_SIGNAL_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_SIGNAL_H

#include "trap-engine/execute.h"
#include "trap-engine/runtime/block.h"
#include "trap-engine/runtime/signal-abi.h"

/* Take over the signals of a new program, with what an execve has CARRIED; the
   process's main thread has BLOCK.  */
void signal_start (struct trap_block *block,
                   const struct trap_carried *carried);

/* Write what outlives an execve of BLOCK's task to CARRIED.  */
void signal_carry (struct trap_block *block, struct trap_carried *carried);

/* BLOCK's task is about to call execve.  Of our signals what it believes to
   block, or ignores, would end the next program before that has a handler, and
   what is held would be lost: have the kernel keep them.  Or the call has
   failed, and the task stays.  */
void signal_pass_on (struct trap_block *block);
void signal_stay (void);

/* Set the kernel's signal stack of this thread, which has BLOCK.  */
void signal_set_stack (struct trap_block *block);

/* Have the kernel's mask be MASK.  Return the old one.  Ours may be in it only
   where the runtime makes no mistakes, and does not go back.  */
uint64_t signal_set_mask (uint64_t mask);

/* Fill SIGNALS with what is true of our signals, for a program that has
   HANDLERS and of a task that believes to have BLOCKED some, for which others
   are HELD, or for its process: SHARED.  */
void signal_tell (const struct trap_handlers *handlers, uint64_t blocked,
                  uint64_t held, uint64_t shared,
                  struct guest_signals *signals);

/* A call with a mask of its own is over for BLOCK's task.  */
static inline void
signal_end_mask (struct trap_block *block)
{
  if (block->masks)
    block->blocked = block->outer;
  block->masks = false;
}

#endif
