/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calling a handler of the program's as the kernel does (Linux,
   arch/x86/kernel/signal.c: get_sigframe, setup_rt_frame).  */

#include "trap-engine/runtime/deliver.h"

#include "lib/guest/kernel.h"
#include "trap-engine/runtime/runtime.h"

#define RED_ZONE 128

/* Flags of the processor that a handler does not inherit: trap, direction,
   resume.  */
#define FLAGS_CLEARED 0x10500u

bool
deliver_is_on (const struct k_stack *stack, uint64_t rsp)
{
  if ((stack->flags & K_SS_DISABLE) != 0
      || ((uint32_t) stack->flags & K_SS_AUTODISARM) != 0)
    return false;
  return rsp > stack->address && rsp - stack->address <= stack->size;
}

/* Return the size of the state of the vector unit at ADDRESS, 0 for none.  */
static uint64_t
state_size (uint64_t address)
{
  if (address == 0)
    return 0;
  const uint32_t *software = (const uint32_t *) (address + FXSAVE_MAGIC_OFFSET);
  return software[0] == FXSAVE_MAGIC ? software[1] : FXSAVE_SIZE;
}

int
deliver (struct trap_block *block, const struct k_sigaction *action,
         const struct k_siginfo *info, struct k_ucontext *ucontext)
{
  struct k_context *context = &ucontext->context;
  struct k_stack *alternate = &block->alternate;
  uint64_t size = state_size (context->fpstate);
  uint64_t top = context->rsp - RED_ZONE;
  bool moved = (action->flags & K_SA_ONSTACK) != 0
               && (alternate->flags & K_SS_DISABLE) == 0
               && !deliver_is_on (alternate, context->rsp);
  if (moved)
    top = alternate->address + alternate->size;

  uint64_t state = size != 0 ? (top - size) & ~63ul : top;
  uint64_t frame = ((state - sizeof (struct k_frame)) & ~15ul) - 8;
  if (moved && frame < alternate->address)
    return -K_EFAULT;

  /* What the handler finds, and gives to sigreturn.  That gives the stack in
     it to the kernel, whose is the block's.  */
  struct k_frame image = { .restorer = action->restorer,
                           .ucontext = *ucontext,
                           .info = *info };
  image.ucontext.context.fpstate = size != 0 ? state : 0;
  if (trap_copy ((void *) frame, &image, sizeof image) != 0
      || trap_copy ((void *) state, (const void *) context->fpstate, size) != 0)
    return -K_EFAULT;
  if (moved && ((uint32_t) alternate->flags & K_SS_AUTODISARM) != 0)
    *alternate = (struct k_stack){ .flags = K_SS_DISABLE };

  uint64_t mask = ucontext->mask | action->mask;
  if ((action->flags & K_SA_NODEFER) == 0)
    mask |= SIGNAL_BIT (info->number);
  ucontext->mask = mask & ~SIGNALS_OURS;
  context->rip = action->handler;
  context->rsp = frame;
  context->rdi = (uint64_t) info->number;
  context->rsi = frame + offsetof (struct k_frame, info);
  context->rdx = frame + offsetof (struct k_frame, ucontext);
  context->rax = 0;
  context->eflags &= ~(uint64_t) FLAGS_CLEARED;
  context->fpstate = 0; /* sigreturn makes it that of a new program */
  return 0;
}
