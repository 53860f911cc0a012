/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What a program wants of each signal.  The kernel has trap_signal where the
   program has a handler, and always for those that are ours; it has the
   program's own wish for the others.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_ACTIONS_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_ACTIONS_H

#include "trap-engine/runtime/block.h"
#include "trap-engine/runtime/signal-abi.h"

/* Those of the runtime's own, in order.  */
extern const int actions_ours[4];

static inline bool
actions_is_ours (int number)
{
  return (SIGNALS_OURS & SIGNAL_BIT (number)) != 0;
}

/* Start HANDLERS, which are zero, for a new program that ignores the signals of
   IGNORED, and no others of those KNOWN and ours.  */
void actions_start (struct trap_handlers *handlers, uint64_t ignored,
                    uint64_t known);

/* Those that HANDLERS ignore, as far as they know.  */
uint64_t actions_ignored (const struct trap_handlers *handlers);

/* Have the kernel call trap_signal for ours again, after a clone that reset
   all handlers.  */
void actions_take_ours (const struct trap_handlers *handlers);

/* Read what HANDLERS, which others may write, say of signal NUMBER.  For
   trap_signal.  */
struct k_sigaction actions_get (const struct trap_handlers *handlers,
                                int number);

/* Write it to OLD, and if NEW is not NULL set it.  Return 0 or a negative
   errno.  */
int64_t actions_set (struct trap_handlers *handlers, int number,
                     const struct k_sigaction *new, struct k_sigaction *old);

/* The handler of NUMBER is called for the last time.  */
void actions_reset (struct trap_handlers *handlers, int number);

/* Make COPY equal to HANDLERS, which others may write; without handlers when
   CLEARED.  */
void actions_copy (struct trap_handlers *copy, struct trap_handlers *handlers,
                   bool cleared);

/* Have the kernel do with all signals what HANDLERS say, and call the program's
   own handlers, which the runtime does not hear of any more.  */
void actions_give_back (const struct trap_handlers *handlers);

/* Let the kernel do with NUMBER what it does without a handler.  */
void actions_give_up (int number);

#endif
