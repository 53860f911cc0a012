/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calling a handler of the program's, and going back from one, as the kernel
   does (Linux, arch/x86/kernel/signal.c: get_sigframe, and signal_64.c:
   x64_setup_rt_frame, rt_sigreturn).

   All here happens in trap_signal, where a fault would be the end.  So the
   kernel is asked first whether memory is there.  */

#include "trap-engine/runtime/deliver.h"

#include "lib/guest/kernel.h"
#include "trap-engine/runtime/runtime.h"

#define RED_ZONE 128
#define PAGE 4096ul

/* Flags of the processor that a handler does not inherit: trap, direction,
   resume.  */
#define FLAGS_CLEARED 0x10500u

/* Signals that nobody can block.  */
#define NEVER_BLOCKED (SIGNAL_BIT (K_SIGKILL) | SIGNAL_BIT (K_SIGSTOP))

static bool
is_in_use (const struct k_stack *stack)
{
  return (stack->flags & K_SS_DISABLE) == 0 && stack->size != 0;
}

static bool
is_within (const struct k_stack *stack, uint64_t rsp)
{
  return rsp > stack->address && rsp - stack->address <= stack->size;
}

bool
deliver_is_on (const struct k_stack *stack, uint64_t rsp)
{
  return is_in_use (stack) && ((uint32_t) stack->flags & K_SS_AUTODISARM) == 0
         && is_within (stack, rsp);
}

int
deliver_set_stack (struct trap_block *block, const struct k_stack *stack,
                   uint64_t rsp)
{
  if (deliver_is_on (&block->alternate, rsp))
    return -K_EPERM;
  uint32_t mode = (uint32_t) stack->flags & ~K_SS_AUTODISARM;
  if (mode != K_SS_DISABLE && mode != K_SS_ONSTACK && mode != 0)
    return -K_EINVAL;
  if (mode != K_SS_DISABLE && stack->size < K_MINSIGSTKSZ)
    return -K_ENOMEM;
  block->alternate = *stack;
  block->alternate.pad = 0;
  if (mode == K_SS_DISABLE)
    block->alternate.address = block->alternate.size = 0;
  return 0;
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

/* Return whether something can be written to all of the memory from START to
   END; what is there may be lost.  The stack grows, if need be.  */
static bool
is_writable (uint64_t start, uint64_t end)
{
  if (end < start)
    return false;
  for (uint64_t at = start; at < end; at = (at + PAGE) & ~(PAGE - 1))
    {
      uint64_t place =
          at > end - sizeof (uint32_t) ? end - sizeof (uint32_t) : at;
      if (trap_call (__NR_getcpu, place, 0, 0, 0) != 0)
        return false;
    }
  return true;
}

/* Return whether the memory from START to END can be read.  */
static bool
is_readable (uint64_t start, uint64_t end)
{
  const uint64_t no_operation = 99;
  if (end < start)
    return false;
  for (uint64_t at = start; at < end; at = (at + PAGE) & ~(PAGE - 1))
    {
      uint64_t place =
          at > end - sizeof (uint64_t) ? end - sizeof (uint64_t) : at;
      if (trap_call (__NR_rt_sigprocmask, no_operation, place, 0,
                     sizeof (uint64_t))
          != -K_EINVAL)
        return false;
    }
  return true;
}

/* Where a frame goes.  */
struct place
{
  uint64_t state, state_size, frame;
};

/* Find the place for a frame below the stack pointer RSP, whose handler has the
   flags of ACTION; the state of the vector unit is at STATE.  Return whether it
   is inside of the stack that it belongs on.  */
static bool
find_place (const struct k_stack *alternate, const struct k_sigaction *action,
            uint64_t rsp, uint64_t state, struct place *place)
{
  bool confined = deliver_is_on (alternate, rsp);
  uint64_t top = rsp - RED_ZONE;
  if ((action->flags & K_SA_ONSTACK) != 0 && is_in_use (alternate)
      && !deliver_is_on (alternate, top))
    {
      top = alternate->address + alternate->size;
      confined = true;
    }
  place->state_size = state_size (state);
  place->state = (top - place->state_size) & ~63ul;
  uint64_t above = place->state_size != 0 ? place->state : top;
  place->frame = ((above - sizeof (struct k_frame)) & ~15ul) - 8;
  return !confined || is_within (alternate, place->frame);
}

/* Set what BLOCK's program has blocked to MASK: its idea of our signals, and
   the kernel's of the others, from when UCONTEXT is gone back to.  */
static void
set_mask (struct trap_block *block, struct k_ucontext *ucontext, uint64_t mask)
{
  mask &= ~NEVER_BLOCKED;
  block->blocked = mask & SIGNALS_OURS;
  ucontext->mask = mask & ~SIGNALS_OURS;
}

/* Set the registers of UCONTEXT for a call of ACTION's handler with FRAME.  */
static void
begin_handler (struct k_ucontext *ucontext, const struct k_sigaction *action,
               int number, uint64_t frame)
{
  struct k_context *context = &ucontext->context;
  context->rip = action->handler;
  context->rsp = frame;
  context->rdi = (uint64_t) number;
  context->rsi = frame + offsetof (struct k_frame, info);
  context->rdx = frame + offsetof (struct k_frame, ucontext);
  context->rax = 0;
  context->eflags &= ~(uint64_t) FLAGS_CLEARED;
  context->fpstate = 0; /* sigreturn makes it that of a new program */
}

int
deliver (struct trap_block *block, const struct k_sigaction *action,
         const struct k_siginfo *info, struct k_ucontext *ucontext)
{
  struct k_context *context = &ucontext->context;
  struct place place;
  if (!find_place (&block->alternate, action, context->rsp, context->fpstate,
                   &place)
      || (action->flags & K_SA_RESTORER) == 0
      || !is_writable (place.frame, place.state + place.state_size))
    return -K_EFAULT;

  /* What is blocked behind the handler, and what was blocked in the call that
     the signal has interrupted.  */
  uint64_t outer =
      ucontext->mask | (block->masks ? block->outer : block->blocked);
  uint64_t inner = block->masks ? block->within : outer;
  struct k_frame *frame = (struct k_frame *) place.frame;
  frame->restorer = action->restorer;
  frame->ucontext = *ucontext;
  frame->ucontext.stack = block->alternate;
  frame->ucontext.context.oldmask = outer;
  frame->ucontext.mask = outer;
  frame->ucontext.context.fpstate = place.state_size != 0 ? place.state : 0;
  frame->info = *info;
  (void) trap_copy ((void *) place.state, (const void *) context->fpstate,
                    place.state_size);

  block->masks = false;
  inner |= action->mask;
  if ((action->flags & K_SA_NODEFER) == 0)
    inner |= SIGNAL_BIT (info->number);
  set_mask (block, ucontext, inner);
  if (((uint32_t) block->alternate.flags & K_SS_AUTODISARM) != 0)
    block->alternate = (struct k_stack){ .flags = K_SS_DISABLE };
  begin_handler (ucontext, action, info->number, place.frame);
  return 0;
}

int
deliver_return (struct trap_block *block, struct k_ucontext *ucontext)
{
  /* The handler's return has taken the restorer's address off.  */
  uint64_t start = ucontext->context.rsp - sizeof (uint64_t);
  if (!is_readable (start, start + offsetof (struct k_frame, info)))
    return -K_EFAULT;
  const struct k_frame *frame = (const struct k_frame *) start;
  ucontext->flags = frame->ucontext.flags;
  /* The state of the vector unit is read by the kernel, when we go back.  */
  ucontext->context = frame->ucontext.context;
  set_mask (block, ucontext, frame->ucontext.mask);
  (void) deliver_set_stack (block, &frame->ucontext.stack,
                            ucontext->context.rsp);
  return 0;
}
