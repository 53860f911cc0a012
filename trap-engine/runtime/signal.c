/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Signals: the runtime's own, and those of the program.

   The kernel calls nothing but trap_signal, on a stack of the thread's block
   and with all signals blocked, so that it is never interrupted.  It changes
   the context that it was given, and what it wants done is done by the return
   from it: mask, registers and stack change in one step.

   A signal that finds the program in its own code is handed over to it at
   once.  One that finds it in the runtime waits in the block, all others being
   blocked meanwhile, until the way out: that ends with an invalid instruction
   then, and trap_signal turns the context into the program's.

   The program goes back from its handlers by sigreturn, which is trapped, too,
   since it sets the mask and the signal stack.  */

#include "trap-engine/runtime/signal.h"

#include <linux/audit.h>

#include "lib/guest/kernel.h"
#include "trap-engine/patch.h"
#include "trap-engine/runtime/actions.h"
#include "trap-engine/runtime/deliver.h"
#include "trap-engine/runtime/held.h"
#include "trap-engine/runtime/runtime.h"
#include "trap-engine/site.h"

/* The flags of the processor that LAHF's byte holds, and overflow.  */
#define FLAGS_LAHF 0xd5u
#define FLAG_OVERFLOW 0x800u

#define NR_restart_syscall 219

/* A signal as the kernel makes it when a handler cannot be called or gone back
   from.  */
static const struct k_siginfo no_frame = { .number = K_SIGSEGV,
                                           .code = K_SI_KERNEL };

void
signal_set_stack (struct trap_block *block)
{
  const struct k_stack stack = { .address = trap_pointer (block->signal_stack),
                                 .size = sizeof block->signal_stack };
  trap_call (__NR_sigaltstack, trap_pointer (&stack), 0, 0, 0);
}

uint64_t
signal_set_mask (uint64_t mask)
{
  uint64_t old = 0;
  trap_call (__NR_rt_sigprocmask, K_SIG_SETMASK, trap_pointer (&mask),
             trap_pointer (&old), sizeof mask);
  return old;
}

/* Have the kernel block our signals, or no more, as HOW says.  */
static void
change_ours (int how)
{
  const uint64_t ours = SIGNALS_OURS;
  trap_call (__NR_rt_sigprocmask, (uint64_t) how, trap_pointer (&ours), 0,
             sizeof ours);
}

void
signal_start (struct trap_block *block, const struct trap_carried *carried)
{
  block->alternate.flags = K_SS_DISABLE;
  block->blocked = carried->blocked & SIGNALS_OURS;
  actions_start (block->handlers, carried->ignored, carried->known);
  signal_set_stack (block);
  /* An execve, or a tracer, may have left them blocked.  */
  change_ours (K_SIG_UNBLOCK);
}

void
signal_carry (struct trap_block *block, struct trap_carried *carried)
{
  *carried =
      (struct trap_carried){ .blocked = block->blocked,
                             .ignored = actions_ignored (block->handlers),
                             .known = block->handlers->known };
}

void
signal_tell (const struct trap_handlers *handlers, uint64_t blocked,
             uint64_t held, uint64_t shared, struct guest_signals *signals)
{
  const uint64_t ignored = actions_ignored (handlers) & SIGNALS_OURS;
  *signals = (struct guest_signals){ .known = SIGNALS_OURS,
                                     .blocked = blocked,
                                     .pending = held,
                                     .shared = shared,
                                     .ignored = ignored };
  for (size_t i = 0; i < sizeof actions_ours / sizeof *actions_ours; i++)
    if (handlers->action[actions_ours[i] - 1].handler > ACTION_IGNORE)
      signals->caught |= SIGNAL_BIT (actions_ours[i]);
}

void
signal_pass_on (struct trap_block *block)
{
  if ((block->blocked | held_pending (block)
       | (actions_ignored (block->handlers) & SIGNALS_OURS))
      == 0)
    return;
  change_ours (K_SIG_BLOCK);
  struct k_siginfo info;
  while (held_take (block, ~0ul, &info))
    held_send (&info);
}

void
signal_stay (void)
{
  change_ours (K_SIG_UNBLOCK);
}

/* Let signal INFO do what it does to a program that has no handler for it, as
   soon as UCONTEXT is gone back to.  */
static void
do_default (const struct k_siginfo *info, struct k_ucontext *ucontext)
{
  actions_give_up (info->number);
  block_here ()->notes.gives_up = info->number;
  ucontext->mask &= ~SIGNAL_BIT (info->number);
  held_send (info);
}

/* Hand signal GIVEN to the program, whose context UCONTEXT is.  Return whether
   it notices.  */
static bool
hand_over (struct trap_block *block, const struct k_siginfo *given,
           struct k_ucontext *ucontext)
{
  struct k_siginfo answered = *given;
  const struct k_siginfo *info = &answered;
  int number = info->number;
  if (!held_answer (block, &answered))
    return false;
  bool fault = actions_is_ours (number) && info->code > K_SI_USER;
  bool blocked = (block->blocked & SIGNAL_BIT (number)) != 0;
  const struct k_sigaction action = actions_get (block->handlers, number);

  if (blocked && !fault)
    held_keep (block, info);
  if (!fault && (blocked || action.handler == ACTION_IGNORE))
    return false;
  if (blocked || action.handler <= ACTION_IGNORE)
    {
      do_default (info, ucontext);
      return true;
    }
  if ((action.flags & K_SA_RESETHAND) != 0)
    actions_reset (block->handlers, number);
  if (deliver (block, &action, info, ucontext) == 0)
    return true;
  if (number == K_SIGSEGV)
    do_default (&no_frame, ucontext);
  else
    (void) hand_over (block, &no_frame, ucontext);
  return true;
}

/* Turn CONTEXT, of the way out, into that of BLOCK's program; RESTARTS: before
   its call, which it makes again.  */
static void
leave (const struct trap_block *block, struct k_context *context, bool restarts)
{
  context->rdi = block->arg[0];
  context->rsi = block->arg[1];
  context->rdx = block->arg[2];
  context->r10 = block->arg[3];
  context->r8 = block->arg[4];
  context->r9 = block->arg[5];
  context->rsp = block->rsp;
  context->rip = restarts ? block->site : trap_origin (block->back);
  context->rax = restarts ? block->number : block->result;
  context->rcx = block->back;
  context->eflags &= ~(uint64_t) (FLAGS_LAHF | FLAG_OVERFLOW);
  context->eflags |= (block->flags >> 8 & FLAGS_LAHF)
                     | ((block->flags & 1) != 0 ? FLAG_OVERFLOW : 0);
  context->r11 = context->eflags;
}

/* A call that may block was interrupted at CONTEXT: give it up if it was not
   begun, or is to be made again.  */
static void
give_up (struct k_context *context)
{
  uint64_t rip = context->rip;
  if (rip < trap_pointer (trap_blocking_check)
      || rip >= trap_pointer (trap_blocking_done))
    return;
  context->rip = trap_pointer (trap_blocking_abort);
  /* It had been stopped, and had not come far.  The kernel goes on with such a
     call only when no handler is called.  */
  if (rip > trap_pointer (trap_blocking_check)
      && context->rax == NR_restart_syscall)
    {
      context->rip = trap_pointer (trap_blocking_done);
      context->rax = (uint64_t) -K_EINTR;
    }
}

/* The runtime was interrupted at UCONTEXT: keep signal INFO until it is done,
   and block all others.  */
static void
defer (struct trap_block *block, const struct k_siginfo *info,
       struct k_ucontext *ucontext)
{
  if ((block->pending & WAITS_SIGNAL) != 0)
    {
      held_keep (block, info); /* only ours come now */
      return;
    }
  block->info = *info;
  block->mask = ucontext->mask & ~SIGNALS_OURS;
  block->pending |= WAITS_SIGNAL;
  ucontext->mask = ~SIGNALS_OURS;
  give_up (&ucontext->context);
}

/* BLOCK's program is done with its call, and a signal waits: hand it over.
   What the program does not notice has interrupted nothing.  A tracer that is
   gone may have left its mark alone, here and in the child of a fork.  */
static void
finish (struct trap_block *block, struct k_ucontext *ucontext)
{
  const struct k_siginfo info = block->info;
  bool restarts = block->restarts;
  bool waits = (block->pending & WAITS_SIGNAL) != 0;
  block->pending = 0;
  block->restarts = false;
  leave (block, &ucontext->context, restarts);
  if (!waits)
    return;
  ucontext->mask = block->mask;
  if (!hand_over (block, &info, ucontext)
      && block->result == (uint64_t) -K_EINTR)
    leave (block, &ucontext->context, true);
  signal_end_mask (block);
  held_send_open (block);
}

/* The runtime itself met a fault at UCONTEXT, INFO.  */
static void
mend_fault (const struct k_siginfo *info, struct k_ucontext *ucontext)
{
  struct k_context *context = &ucontext->context;
  uint64_t rip = context->rip;
  if (rip >= trap_pointer (trap_copy_start)
      && rip < trap_pointer (trap_copy_end))
    context->rip = trap_pointer (trap_copy_fault);
  else if (rip >= trap_pointer (trap_string_start)
           && rip < trap_pointer (trap_string_end))
    context->rip = trap_pointer (trap_string_fault);
  else
    do_default (info, ucontext);
}

/* A stop was to be shown to a tracer that is gone: go on from CONTEXT, there, as
   BLOCK's thread was to go on behind it.  Return whether that is so.  */
static bool
skip_stop (const struct trap_block *block, struct k_context *context)
{
  const struct watch_registers *registers = &block->notes.registers;
  if (context->rip == trap_pointer ((const void *) trap_ready))
    context->rip = trap_pointer ((const void *) trap_begin);
  else if (context->rip == trap_pointer (trap_again))
    {
      context->rip = registers->rip;
      context->rax = registers->rax;
    }
  else if (context->rip == trap_pointer (trap_ask_stop))
    context->rip = trap_pointer (trap_asked);
  else
    return false;
  return true;
}

/* Handle INFO, which came within the runtime.  */
static void
interrupt (struct trap_block *block, const struct k_siginfo *info,
           struct k_ucontext *ucontext)
{
  uint64_t rip = ucontext->context.rip;
  if (info->number == K_SIGSYS && info->code == K_SYS_SECCOMP)
    /* A filter around us: the host has no such call for us.  */
    ucontext->context.rax = (uint64_t) -K_ENOSYS;
  else if (actions_is_ours (info->number) && info->code > K_SI_USER)
    {
      if (info->number == K_SIGILL && rip == trap_pointer (trap_deliver))
        finish (block, ucontext);
      else if (info->number != K_SIGILL
               || !skip_stop (block, &ucontext->context))
        mend_fault (info, ucontext);
    }
  else if (block->pending == 0 && rip >= trap_pointer (trap_tail)
           && rip < trap_pointer (trap_tail_end))
    {
      leave (block, &ucontext->context, false);
      (void) hand_over (block, info, ucontext);
    }
  else
    defer (block, info, ucontext);
}

/* The program calls sigreturn.  */
static void
go_back (struct trap_block *block, struct k_ucontext *ucontext)
{
  if (deliver_return (block, ucontext) < 0)
    (void) hand_over (block, &no_frame, ucontext);
  held_send_open (block);
}

_Static_assert(offsetof (struct k_context, rip)
                       - offsetof (struct k_context, r8)
                   == TRAP_RIP * sizeof (uint64_t),
               "registers lie as in enum trap_register");

/* Let the program, whose call was trapped at CONTEXT, begin it anew in the
   runtime.  Next time, perhaps, the call is not trapped.  */
static void
redirect (struct k_context *context)
{
  if (!trap_process.watch.traced)
    (void) trap_patch (context->rip - 2, &context->r8, thread_is_alone ());
  context->rcx = context->rip;
  context->r11 = context->rip - 2;
  context->rip = trap_pointer (trap_entry);
}

/* Likewise a call by "int $0x80", which leaves all registers as they are.  */
static void
redirect_foreign (struct trap_block *block, struct k_context *context)
{
  block->foreign = true;
  block->lost[0] = context->rcx;
  block->lost[1] = context->r11;
  context->rcx = context->rip;
  context->r11 = context->rip - 2;
  context->rip = trap_pointer (trap_entry);
}

/* Return whether the program has landed in a patched place at CONTEXT, which
   then leads to where it goes on.  */
static bool
lands (const struct k_siginfo *info, struct k_context *context)
{
  if (info->number != K_SIGILL || info->code <= K_SI_USER)
    return false;
  uint64_t next = trap_landing (context->rip, thread_is_alone ());
  if (next != 0)
    context->rip = next;
  return next != 0;
}

static bool
is_inside (uint64_t rip)
{
  return rip >= trap_pointer (trap_text_start)
         && rip < trap_pointer (trap_text_end);
}

/* The kernel's handler of all signals that matter.  */
void
trap_signal (int number, const struct k_siginfo *info,
             struct k_ucontext *ucontext)
{
  struct trap_block *block = block_here ();
  struct k_context *context = &ucontext->context;
  if (!thread_is_known ())
    thread_forked (block);
  block->interrupted = ucontext;
  if (is_inside (context->rip))
    interrupt (block, info, ucontext);
  else if (number == K_SIGSYS && info->code == K_SYS_SECCOMP)
    {
      if (info->arch != AUDIT_ARCH_X86_64)
        redirect_foreign (block, context);
      else if (info->syscall == __NR_rt_sigreturn)
        go_back (block, ucontext);
      else
        redirect (context);
    }
  else if (!lands (info, context))
    {
      context->rip = trap_origin (context->rip);
      (void) hand_over (block, info, ucontext);
    }
}
