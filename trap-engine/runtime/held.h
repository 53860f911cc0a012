/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Signals of the runtime's own that a program believes to have blocked.

   The kernel never has them blocked, and gives them to any thread.  Those that
   were meant for a thread are held for it, the others for the process, so that
   any thread takes them which unblocks them or waits for them.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_HELD_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "trap-engine/runtime/block.h"
#include "trap-engine/runtime/signal-abi.h"

/* The code of a signal that says no more than that one of its number is held
   for the process: another thread could not take it.  */
#define HELD_NUDGE (-0x7564)

/* Those of the process: bits of who is writing INFO, and of what is there.  */
struct trap_held
{
  uint64_t claimed, ready;
  struct k_siginfo info[4];
};

/* Send signal INFO to this thread, as it is.  */
void held_send (const struct k_siginfo *info);

/* Hold INFO, one of ours, that has come to BLOCK's task.  A thread that would
   take it is told.  */
void held_keep (struct trap_block *block, const struct k_siginfo *info);

/* Return what is held that BLOCK's task would see as pending.  */
uint64_t held_pending (const struct trap_block *block);

/* Take one of the signals in SET that is held for BLOCK's task, for INFO.
   Return whether there was one.  */
bool held_take (struct trap_block *block, uint64_t set, struct k_siginfo *info);

/* If INFO is a nudge, take for it what it tells of.  Return whether INFO is a
   signal of the program's.  */
bool held_answer (struct trap_block *block, struct k_siginfo *info);

/* Send what BLOCK's task has not blocked to itself.  It comes at once, or when
   the handler returns from which this is called.  */
void held_send_open (struct trap_block *block);

/* BLOCK's task ends, with all signals blocked: others may take what it was
   told of.  */
void held_leave (struct trap_block *block);

/* NUMBER is ignored from now on.  */
void held_forget (struct trap_block *block, int number);

#endif
