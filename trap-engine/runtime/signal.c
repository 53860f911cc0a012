/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Signals: the runtime's own, and those of the program.

   The kernel calls nothing but trap_signal, on a stack of the thread's block
   and with all signals blocked, so that it is never interrupted.  It changes
   the context that it was given, and what it wants done is done by the return
   from it: mask, registers and stack change in one step.  */

#include "trap-engine/runtime/runtime.h"

#include "lib/guest/kernel.h"
#include "trap-engine/patch.h"
#include "trap-engine/runtime/deliver.h"
#include "trap-engine/site.h"

#define FLAG_ZERO 0x40u

/* The flags of the processor that LAHF's byte holds, and overflow.  */
#define FLAGS_LAHF 0xd5u
#define FLAG_OVERFLOW 0x800u

/* Flags of the program's that the kernel is to know.  */
#define FLAGS_PASSED                                                           \
  ((uint64_t) (K_SA_NOCLDSTOP | K_SA_NOCLDWAIT | K_SA_RESTART))

void trap_signal (int number, struct k_siginfo *info,
                  struct k_ucontext *ucontext);

static const int ours[] = { K_SIGILL, K_SIGBUS, K_SIGSEGV, K_SIGSYS };

static bool
is_ours (int number)
{
  return (SIGNALS_OURS & SIGNAL_BIT (number)) != 0;
}

/* Keep INFO, of one of our signals, until BLOCK's task takes it.  */
static void
hold (struct trap_block *block, const struct k_siginfo *info)
{
  size_t i = 0;
  if (!thread_is_known ())
    thread_forked (block); /* or its first call forgets this one, too */
  while (ours[i] != info->number)
    i++;
  block->held_info[i] = *info;
  block->held |= SIGNAL_BIT (info->number);
}

/* Set the kernel's action of signal NUMBER to ACTION; return as it does.  */
static int64_t
set_action (int number, const struct k_sigaction *action)
{
  return trap_call (__NR_rt_sigaction, (uint64_t) number, trap_pointer (action),
                    0, sizeof action->mask);
}

/* Have trap_signal called for NUMBER, with those of the program's FLAGS that
   concern the kernel.  */
static int64_t
take (int number, uint64_t flags)
{
  const struct k_sigaction action = {
    .handler = trap_pointer ((const void *) trap_signal),
    .flags = (flags & FLAGS_PASSED)
             | (uint64_t) (K_SA_SIGINFO | K_SA_ONSTACK | K_SA_RESTORER),
    .restorer = trap_pointer (trap_restorer),
    .mask = ~0ul,
  };
  return set_action (number, &action);
}

void
signal_take (void)
{
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    (void) take (ours[i], 0);
}

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
  mask &= ~SIGNALS_OURS;
  trap_call (__NR_rt_sigprocmask, K_SIG_SETMASK, trap_pointer (&mask),
             trap_pointer (&old), sizeof mask);
  return old;
}

/* Read the action of NUMBER out of HANDLERS, which others may write.  */
static struct k_sigaction
read_action (const struct trap_handlers *handlers, int number)
{
  struct k_sigaction action;
  uint32_t before;
  do
    {
      before = __atomic_load_n (&handlers->changes, __ATOMIC_ACQUIRE) & ~1u;
      action = handlers->action[number - 1];
      __atomic_thread_fence (__ATOMIC_ACQUIRE);
    }
  while (__atomic_load_n (&handlers->changes, __ATOMIC_RELAXED) != before);
  return action;
}

static void
begin_change (struct trap_handlers *handlers)
{
  while (__atomic_exchange_n (&handlers->writer, 1, __ATOMIC_ACQUIRE) != 0)
    trap_call (__NR_sched_yield, 0, 0, 0, 0);
  __atomic_store_n (&handlers->changes, handlers->changes + 1,
                    __ATOMIC_RELAXED);
  __atomic_thread_fence (__ATOMIC_RELEASE);
}

static void
end_change (struct trap_handlers *handlers)
{
  __atomic_store_n (&handlers->changes, handlers->changes + 1,
                    __ATOMIC_RELEASE);
  __atomic_store_n (&handlers->writer, 0, __ATOMIC_RELEASE);
}

/* What the kernel has for NUMBER, which is none of ours and has no handler of
   the program's.  */
static int64_t
kernel_action (int number, struct k_sigaction *action)
{
  return trap_call (__NR_rt_sigaction, (uint64_t) number, 0,
                    trap_pointer (action), sizeof action->mask);
}

void
signal_start (struct trap_block *block, const struct trap_carried *carried)
{
  struct trap_handlers *handlers = block->handlers;
  block->alternate.flags = K_SS_DISABLE;
  block->blocked = carried->blocked & SIGNALS_OURS;
  handlers->known = SIGNALS_OURS;
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if ((carried->ignored & SIGNAL_BIT (ours[i])) != 0)
      handlers->action[ours[i] - 1].handler = ACTION_IGNORE;
  signal_take ();
  signal_set_stack (block);
  /* What a tracer has let go may have them blocked in the kernel.  */
  if (block->blocked != 0)
    (void) signal_set_mask (signal_set_mask (~0ul));
}

void
signal_carry (struct trap_block *block, struct trap_carried *carried)
{
  *carried = (struct trap_carried){ .blocked = block->blocked };
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (block->handlers->action[ours[i] - 1].handler == ACTION_IGNORE)
      carried->ignored |= SIGNAL_BIT (ours[i]);
}

void
signal_tell (const struct trap_handlers *handlers, uint64_t blocked,
             uint64_t pending, struct guest_signals *signals)
{
  *signals = (struct guest_signals){ .known = SIGNALS_OURS,
                                     .blocked = blocked,
                                     .pending = pending };
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    {
      uint64_t handler = handlers->action[ours[i] - 1].handler;
      if (handler == ACTION_IGNORE)
        signals->ignored |= SIGNAL_BIT (ours[i]);
      else if (handler != ACTION_DEFAULT)
        signals->caught |= SIGNAL_BIT (ours[i]);
    }
}

/* Send signal INFO again to the thread of BLOCK, as it was.  */
static void
send_again (const struct trap_block *block, const struct k_siginfo *info)
{
  int pid = (int) trap_call (__NR_getpid, 0, 0, 0, 0);
  int tid = (int) trap_call (__NR_gettid, 0, 0, 0, 0);
  (void) block;
  trap_call (__NR_rt_tgsigqueueinfo, (uint64_t) pid, (uint64_t) tid,
             (uint64_t) info->number, trap_pointer (info));
}

/* Let signal INFO do what it does to a program that has no handler for it, as
   soon as UCONTEXT is gone back to.  A fault that happens once more there says
   most in a core dump.  */
static void
do_default (struct trap_block *block, const struct k_siginfo *info,
            struct k_ucontext *ucontext)
{
  const struct k_sigaction action = { 0 };
  (void) set_action (info->number, &action);
  ucontext->mask &= ~SIGNAL_BIT (info->number);
  if (info->code <= K_SI_USER)
    send_again (block, info);
  else if (info->number == K_SIGSYS)
    send_again (block, info);
}

/* Hand signal INFO to the program, whose context UCONTEXT is.  */
static void
hand_over (struct trap_block *block, const struct k_siginfo *info,
           struct k_ucontext *ucontext)
{
  int number = info->number;
  bool fault = is_ours (number) && info->code > K_SI_USER;
  struct k_sigaction action = read_action (block->handlers, number);

  if (is_ours (number) && (block->blocked & SIGNAL_BIT (number)) != 0)
    {
      if (!fault)
        {
          hold (block, info);
          return;
        }
      action.handler = ACTION_DEFAULT; /* force_sig */
    }
  if (action.handler == ACTION_IGNORE && !fault)
    return;
  if (action.handler <= ACTION_IGNORE)
    {
      do_default (block, info, ucontext);
      return;
    }
  if ((action.flags & K_SA_RESETHAND) != 0)
    {
      const struct k_sigaction none = { 0 };
      begin_change (block->handlers);
      block->handlers->action[number - 1].handler = ACTION_DEFAULT;
      end_change (block->handlers);
      if (!is_ours (number))
        (void) set_action (number, &none);
    }
  if (deliver (block, &action, info, ucontext) < 0)
    {
      /* No room for the frame: the kernel kills with SIGSEGV.  */
      struct k_siginfo death = { .number = K_SIGSEGV, .code = 128 };
      do_default (block, &death, ucontext);
      send_again (block, &death);
    }
}

/* Turn CONTEXT, of the way out, into that of BLOCK's program.  */
static void
leave (const struct trap_block *block, struct k_context *context)
{
  context->rdi = block->arg[0];
  context->rsi = block->arg[1];
  context->rdx = block->arg[2];
  context->r10 = block->arg[3];
  context->r8 = block->arg[4];
  context->r9 = block->arg[5];
  context->rsp = block->rsp;
  context->rip = block->restarts ? block->site : trap_origin (block->back);
  context->rax = block->restarts ? block->number : block->result;
  context->rcx = block->back;
  context->r11 = context->eflags;
  context->eflags &= ~(uint64_t) (FLAGS_LAHF | FLAG_OVERFLOW);
  context->eflags |= (block->flags >> 8 & FLAGS_LAHF)
                     | ((block->flags & 1) != 0 ? FLAG_OVERFLOW : 0);
}

/* The runtime was interrupted at CONTEXT: keep signal INFO until it is done,
   and block all others.  A call that may block is given up.  */
static void
defer (struct trap_block *block, const struct k_siginfo *info,
       struct k_ucontext *ucontext)
{
  struct k_context *context = &ucontext->context;
  if (block->pending != 0)
    {
      /* Only ours come now.  */
      hold (block, info);
      return;
    }
  block->info = *info;
  block->mask = ucontext->mask;
  block->pending = 1;
  ucontext->mask = ~SIGNALS_OURS;
  if (context->rip >= trap_pointer (trap_blocking_check)
      && context->rip < trap_pointer (trap_blocking_done))
    context->rip = trap_pointer (trap_blocking_abort);
}

/* Let the program begin its system call anew, in the runtime.  */
static void
redirect (struct k_context *context)
{
  context->rcx = context->rip;
  context->r11 = context->rip - 2;
  context->rip = trap_pointer (trap_entry);
}

/* Send what came for BLOCK's task while it believed it to be blocked.  */
static void
send_held (struct trap_block *block)
{
  uint64_t due = block->held & ~block->blocked;
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if ((due & SIGNAL_BIT (ours[i])) != 0)
      {
        block->held &= ~SIGNAL_BIT (ours[i]);
        send_again (block, &block->held_info[i]);
      }
}

/* Handle INFO, which came within the runtime.  */
static void
interrupt (struct trap_block *block, const struct k_siginfo *info,
           struct k_ucontext *ucontext)
{
  struct k_context *context = &ucontext->context;
  uint64_t rip = context->rip;
  if (info->number == K_SIGILL && info->code > K_SI_USER
      && rip == trap_pointer (trap_deliver))
    {
      struct k_siginfo kept = block->info;
      leave (block, context);
      ucontext->mask = block->mask;
      block->pending = 0;
      block->restarts = false;
      hand_over (block, &kept, ucontext);
      send_held (block);
      return;
    }
  if (info->number == K_SIGSYS && info->code == K_SYS_SECCOMP)
    {
      /* A filter around us: the host has no such call for us.  */
      context->rax = (uint64_t) -K_ENOSYS;
      return;
    }
  if (is_ours (info->number) && info->code > K_SI_USER)
    {
      if (rip >= trap_pointer (trap_copy_start)
          && rip < trap_pointer (trap_copy_end))
        context->rip = trap_pointer (trap_copy_fault);
      else if (rip >= trap_pointer (trap_string_start)
               && rip < trap_pointer (trap_string_end))
        context->rip = trap_pointer (trap_string_fault);
      else
        do_default (block, info, ucontext); /* a fault of ours */
      return;
    }
  if (rip >= trap_pointer (trap_tail) && rip < trap_pointer (trap_tail_end))
    {
      leave (block, context);
      hand_over (block, info, ucontext);
    }
  else
    defer (block, info, ucontext);
}

_Static_assert(offsetof (struct k_context, rip)
                       - offsetof (struct k_context, r8)
                   == TRAP_RIP * sizeof (uint64_t),
               "registers lie as in enum trap_register");

/* The program's call at CONTEXT was trapped: next time, perhaps, it is not.  */
static void
try_patch (const struct k_context *context)
{
  (void) trap_patch (context->rip - 2, &context->r8, thread_is_alone ());
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

/* The kernel's handler of all signals that matter.  */
void
trap_signal (int number, struct k_siginfo *info, struct k_ucontext *ucontext)
{
  struct trap_block *block = block_here ();
  struct k_context *context = &ucontext->context;
  if (context->rip >= trap_pointer (trap_text_start)
      && context->rip < trap_pointer (trap_text_end))
    interrupt (block, info, ucontext);
  else if (number == K_SIGSYS && info->code == K_SYS_SECCOMP)
    {
      try_patch (context);
      redirect (context);
    }
  else if (!lands (info, context))
    {
      context->rip = trap_origin (context->rip);
      hand_over (block, info, ucontext);
    }
}

/* sigaction.  */

int64_t
signal_call_action (struct trap_block *block)
{
  struct trap_handlers *handlers = block->handlers;
  int number = (int) block->arg[0];
  const void *from = (const void *) block->arg[1];
  void *to = (void *) block->arg[2];
  struct k_sigaction action, old;
  int64_t result = 0;

  if (block->arg[3] != sizeof action.mask || number < 1
      || number > SIGNAL_COUNT)
    return -K_EINVAL;
  if (from != NULL && trap_copy (&action, from, sizeof action) != 0)
    return -K_EFAULT;
  if (from != NULL && (number == K_SIGKILL || number == K_SIGSTOP))
    return -K_EINVAL;
  uint64_t bit = SIGNAL_BIT (number);
  begin_change (handlers);
  old = handlers->action[number - 1];
  if ((handlers->known & bit) == 0)
    result = kernel_action (number, &old);
  if (result == 0 && from != NULL)
    {
      action.mask &= ~(SIGNAL_BIT (K_SIGKILL) | SIGNAL_BIT (K_SIGSTOP));
      handlers->action[number - 1] = action;
      handlers->known |= bit;
      if (is_ours (number))
        block->held &= action.handler == ACTION_IGNORE ? ~bit : ~0ul;
      result = is_ours (number) || action.handler > ACTION_IGNORE
                   ? take (number, action.flags)
                   : set_action (number, &action);
    }
  end_change (handlers);
  if (result == 0 && to != NULL && trap_copy (to, &old, sizeof old) != 0)
    return -K_EFAULT;
  return result;
}

/* Masks.  */

int64_t
signal_call_mask (struct trap_block *block)
{
  int how = (int) block->arg[0];
  const void *from = (const void *) block->arg[1];
  void *to = (void *) block->arg[2];
  uint64_t set = 0, old = 0;
  if (block->arg[3] != sizeof set)
    return -K_EINVAL;
  if (from != NULL && trap_copy (&set, from, sizeof set) != 0)
    return -K_EFAULT;
  uint64_t stripped = set & ~SIGNALS_OURS;
  uint64_t blocked = block->blocked;
  /* A signal that waits has its own idea of the mask: blocked are all now.  */
  if (block->pending != 0)
    return CALL_ABORTED;
  int64_t result = trap_blocking (__NR_rt_sigprocmask, (uint64_t) how,
                                  from != NULL ? trap_pointer (&stripped) : 0,
                                  trap_pointer (&old), sizeof old, 0, 0);
  if (result < 0)
    return result;
  if (from != NULL)
    {
      set &= SIGNALS_OURS;
      if (how == K_SIG_BLOCK)
        block->blocked |= set;
      else if (how == K_SIG_UNBLOCK)
        block->blocked &= ~set;
      else
        block->blocked = set;
      /* One that came with the old mask must not bring it back.  */
      if (block->pending != 0)
        {
          if (how == K_SIG_BLOCK)
            block->mask |= stripped;
          else if (how == K_SIG_UNBLOCK)
            block->mask &= ~stripped;
          else
            block->mask = stripped;
        }
      send_held (block);
    }
  old |= blocked;
  if (to != NULL && trap_copy (to, &old, sizeof old) != 0)
    return -K_EFAULT;
  return 0;
}

/* Copy the mask of SIZE bytes at ADDRESS of the program to *MASK without our
   signals.  Return 0 or a negative errno.  */
static int
read_mask (uint64_t address, uint64_t size, uint64_t *mask)
{
  if (size != sizeof *mask)
    return -K_EINVAL;
  if (trap_copy (mask, (const void *) address, sizeof *mask) != 0)
    return -K_EFAULT;
  *mask &= ~SIGNALS_OURS;
  return 0;
}

int64_t
signal_call_suspend (struct trap_block *block)
{
  uint64_t mask;
  int status = read_mask (block->arg[0], block->arg[1], &mask);
  if (status < 0)
    return status;
  return trap_blocking (__NR_rt_sigsuspend, trap_pointer (&mask), sizeof mask,
                        0, 0, 0, 0);
}

/* Make BLOCK's call with its argument INDEX, a mask if it is not NULL, without
   our signals; the next argument is the size.  */
static int64_t
call_with_mask (struct trap_block *block, int index)
{
  uint64_t *arg = block->arg;
  uint64_t mask = 0, address = arg[index];
  if (address != 0)
    {
      int status = read_mask (address, arg[index + 1], &mask);
      if (status < 0)
        return status;
      address = trap_pointer (&mask);
    }
  return trap_blocking ((long) block->number, arg[0], arg[1], arg[2],
                        index == 3 ? address : arg[3],
                        index == 4 ? address : arg[4], arg[5]);
}

int64_t
signal_call_ppoll (struct trap_block *block)
{
  return call_with_mask (block, 3);
}

int64_t
signal_call_epoll (struct trap_block *block)
{
  return call_with_mask (block, 4);
}

/* The sixth argument of pselect6 leads to the mask and its size.  */
int64_t
signal_call_pselect (struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  struct
  {
    uint64_t address, size;
  } pair = { 0 };
  uint64_t mask = 0;
  if (arg[5] != 0 && trap_copy (&pair, (const void *) arg[5], sizeof pair) != 0)
    return -K_EFAULT;
  if (pair.address != 0)
    {
      int status = read_mask (pair.address, pair.size, &mask);
      if (status < 0)
        return status;
      pair.address = trap_pointer (&mask);
    }
  return trap_blocking (__NR_pselect6, arg[0], arg[1], arg[2], arg[3], arg[4],
                        arg[5] != 0 ? trap_pointer (&pair) : 0);
}

/* sigaltstack: the kernel's is the block's; the program's is used by
   deliver.  */
int64_t
signal_call_stack (struct trap_block *block)
{
  const void *from = (const void *) block->arg[0];
  void *to = (void *) block->arg[1];
  struct k_stack set, old = block->alternate;
  bool inside = deliver_is_on (&old, block->rsp);
  if (from != NULL && trap_copy (&set, from, sizeof set) != 0)
    return -K_EFAULT;
  if (inside)
    old.flags |= K_SS_ONSTACK;
  if (from != NULL)
    {
      uint32_t mode = (uint32_t) set.flags & ~K_SS_AUTODISARM;
      if (inside)
        return -K_EPERM;
      if (mode != K_SS_DISABLE && mode != K_SS_ONSTACK && mode != 0)
        return -K_EINVAL;
      if (mode == K_SS_DISABLE)
        set.address = set.size = 0;
      else if (set.size < K_MINSIGSTKSZ)
        return -K_ENOMEM;
      set.flags &= ~K_SS_ONSTACK;
      set.pad = 0;
      block->alternate = set;
    }
  if (to != NULL && trap_copy (to, &old, sizeof old) != 0)
    return -K_EFAULT;
  return 0;
}
