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
   HANDLERS and of a task that believes to have BLOCKED some and has others
   PENDING.  */
void signal_tell (const struct trap_handlers *handlers, uint64_t blocked,
                  uint64_t pending, struct guest_signals *signals);

/* Send what came for BLOCK's task while it believed it to be blocked, and is
   not any more.  It comes at once, or when the handler returns from which this
   is called.  */
void signal_send_held (struct trap_block *block);

/* Take NUMBER, which is held for BLOCK's task, for INFO.  */
void signal_take_held (struct trap_block *block, int number,
                       struct k_siginfo *info);

/* A call with a mask of its own is over for BLOCK's task.  */
static inline void
signal_end_mask (struct trap_block *block)
{
  if (block->masks)
    block->blocked = block->outer;
  block->masks = false;
}

#endif
