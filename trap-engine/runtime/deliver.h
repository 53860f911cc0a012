/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calling a handler of the program's, and going back from one, as the kernel
   does.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_DELIVER_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_DELIVER_H

#include <stdbool.h>

#include "trap-engine/runtime/block.h"
#include "trap-engine/runtime/signal-abi.h"

/* Return whether the stack pointer RSP lies in STACK, when that is in use.  */
bool deliver_is_on (const struct k_stack *stack, uint64_t rsp);

/* Do what sigaltstack does when BLOCK's program gives STACK (NULL: only asks),
   with RSP as its stack pointer.  Return 0 or a negative errno.  */
int deliver_set_stack (struct trap_block *block, const struct k_stack *stack,
                       uint64_t rsp);

/* Have the handler of ACTION called with signal INFO in BLOCK's program, whose
   context is UCONTEXT, the one that the kernel has pushed: it becomes the
   beginning of the handler, and a frame with the old one is pushed where the
   kernel would have put it.  Return 0, or -EFAULT when there is no room: then
   nothing has changed.  */
int deliver (struct trap_block *block, const struct k_sigaction *action,
             const struct k_siginfo *info, struct k_ucontext *ucontext);

/* BLOCK's program, whose context is UCONTEXT, is about to call sigreturn: let
   that become the context of the frame on its stack.  Return 0, or -EFAULT when
   there is none: then nothing has changed.  */
int deliver_return (struct trap_block *block, struct k_ucontext *ucontext);

#endif
