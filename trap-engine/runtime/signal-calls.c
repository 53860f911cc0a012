/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   System calls about signals.

   A program may block, ignore and wait for the signals that are ours like any
   other; the kernel never has them blocked.  What came meanwhile is held in the
   thread's block.  A signal handled by the program that has come before such a
   call did anything comes first: the call gives itself up, and is made
   again.  */

#include "lib/guest/kernel.h"
#include "trap-engine/runtime/actions.h"
#include "trap-engine/runtime/deliver.h"
#include "trap-engine/runtime/held.h"
#include "trap-engine/runtime/runtime.h"
#include "trap-engine/runtime/signal.h"

int64_t
signal_call_action (struct trap_block *block)
{
  int number = (int) block->arg[0];
  const void *from = (const void *) block->arg[1];
  void *to = (void *) block->arg[2];
  struct k_sigaction action, old;

  if (block->arg[3] != sizeof action.mask)
    return -K_EINVAL;
  if (from != NULL && trap_copy (&action, from, sizeof action) != 0)
    return -K_EFAULT;
  if (number < 1 || number > SIGNAL_COUNT
      || (from != NULL && (number == K_SIGKILL || number == K_SIGSTOP)))
    return -K_EINVAL;
  /* One that waits belongs to the handler that there was.  */
  if ((block->pending & WAITS_SIGNAL) != 0)
    return CALL_ABORTED;
  int64_t result = actions_set (block->handlers, number,
                                from != NULL ? &action : NULL, &old);
  if (result != 0)
    return result;
  if (from != NULL && actions_is_ours (number)
      && action.handler == ACTION_IGNORE)
    held_forget (block, number);
  if (to != NULL && trap_copy (to, &old, sizeof old) != 0)
    return -K_EFAULT;
  return 0;
}

/* Return what of OLD becomes with SET by HOW.  */
static uint64_t
change_mask (uint64_t old, int how, uint64_t set)
{
  if (how == K_SIG_BLOCK)
    return old | set;
  return how == K_SIG_UNBLOCK ? old & ~set : set;
}

int64_t
signal_call_mask (struct trap_block *block)
{
  int how = (int) block->arg[0];
  const void *from = (const void *) block->arg[1];
  void *to = (void *) block->arg[2];
  uint64_t set = 0, old = 0, blocked = block->blocked;
  if (block->arg[3] != sizeof set)
    return -K_EINVAL;
  if (from != NULL && trap_copy (&set, from, sizeof set) != 0)
    return -K_EFAULT;
  uint64_t others = set & ~SIGNALS_OURS;
  /* It does not block, but gives way to a signal: while one waits the kernel's
     mask is not the program's.  */
  int64_t result = trap_blocking (__NR_rt_sigprocmask, (uint64_t) how,
                                  from != NULL ? trap_pointer (&others) : 0,
                                  trap_pointer (&old), sizeof old, 0, 0);
  if (result < 0)
    return result;
  if (from != NULL)
    {
      block->blocked = change_mask (blocked, how, set & SIGNALS_OURS);
      held_send_open (block);
    }
  old |= blocked;
  if (to != NULL && trap_copy (to, &old, sizeof old) != 0)
    return -K_EFAULT;
  return 0;
}

int64_t
signal_call_pending (struct trap_block *block)
{
  uint64_t set = 0, size = block->arg[1];
  if (size > sizeof set)
    return -K_EINVAL;
  int64_t result =
      trap_call (__NR_rt_sigpending, trap_pointer (&set), sizeof set, 0, 0);
  set |= held_pending (block);
  if (result == 0 && trap_copy ((void *) block->arg[0], &set, size) != 0)
    return -K_EFAULT;
  return result;
}

/* Wait as BLOCK's call says for one of SET, which comes to INFO.  Return its
   number or a negative errno.  The kernel is asked for ours as well: one that
   comes while it waits goes to who waits, and to no handler.  */
static int64_t
wait_for (struct trap_block *block, const uint64_t *set, struct k_siginfo *info)
{
  const uint64_t *arg = block->arg;
  for (;;)
    {
      if (held_take (block, *set, info))
        return info->number;
      int64_t result =
          trap_blocking (__NR_rt_sigtimedwait, trap_pointer (set),
                         trap_pointer (info), arg[2], sizeof *set, 0, 0);
      if (result < 0 || held_answer (block, info))
        return result < 0 ? result : info->number;
    }
}

/* rt_sigtimedwait.  */
int64_t
signal_call_wait (struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  struct k_siginfo info;
  uint64_t set;
  if (arg[3] != sizeof set)
    return -K_EINVAL;
  if (trap_copy (&set, (const void *) arg[0], sizeof set) != 0)
    return -K_EFAULT;
  __atomic_store_n (&block->waits, set, __ATOMIC_SEQ_CST);
  int64_t result = wait_for (block, &set, &info);
  block->waits = 0;
  if (result > 0 && arg[1] != 0
      && trap_copy ((void *) arg[1], &info, sizeof info) != 0)
    return -K_EFAULT;
  return result;
}

/* A call with a mask.  */
struct masked
{
  long number;
  uint64_t arg[6];
  uint64_t mask; /* the program's */
};

/* Make BLOCK's call MASKED.  When it is interrupted the handler begins with
   that mask.  */
static int64_t
call_with_mask (struct trap_block *block, const struct masked *masked)
{
  const uint64_t *arg = masked->arg;
  block->outer = block->blocked;
  block->within = masked->mask;
  block->blocked = masked->mask & SIGNALS_OURS;
  block->masks = true;
  held_send_open (block);
  int64_t result = trap_blocking (masked->number, arg[0], arg[1], arg[2],
                                  arg[3], arg[4], arg[5]);
  /* One that only this mask lets through has not come before the call.  */
  if (result == CALL_ABORTED
      && (block->outer & SIGNAL_BIT (block->info.number)) != 0)
    result = -K_EINTR;
  if (result != -K_EINTR || (block->pending & WAITS_SIGNAL) == 0)
    signal_end_mask (block);
  return result;
}

/* Have MASKED, a call of BLOCK's program, use the mask of SIZE bytes at ADDRESS
   of the program without our signals: FOR_KERNEL gets it.  Return 0 or a
   negative errno.  */
static int
read_mask (struct masked *masked, uint64_t address, uint64_t size,
           uint64_t *for_kernel)
{
  if (size != sizeof masked->mask)
    return -K_EINVAL;
  if (trap_copy (&masked->mask, (const void *) address, sizeof masked->mask)
      != 0)
    return -K_EFAULT;
  *for_kernel = masked->mask & ~SIGNALS_OURS;
  return 0;
}

/* Make BLOCK's call with its argument INDEX, a mask if it is not NULL; the next
   argument is the size.  */
static int64_t
call_by_argument (struct trap_block *block, int index)
{
  struct masked masked = { .number = (long) block->number };
  uint64_t mask;
  for (int i = 0; i < 6; i++)
    masked.arg[i] = block->arg[i];
  const uint64_t *arg = masked.arg;
  if (arg[index] == 0)
    return trap_blocking (masked.number, arg[0], arg[1], arg[2], arg[3], arg[4],
                          arg[5]);
  int status = read_mask (&masked, arg[index], arg[index + 1], &mask);
  if (status < 0)
    return status;
  masked.arg[index] = trap_pointer (&mask);
  return call_with_mask (block, &masked);
}

int64_t
signal_call_suspend (struct trap_block *block)
{
  return block->arg[0] == 0 ? -K_EFAULT : call_by_argument (block, 0);
}

int64_t
signal_call_ppoll (struct trap_block *block)
{
  return call_by_argument (block, 3);
}

int64_t
signal_call_epoll (struct trap_block *block)
{
  return call_by_argument (block, 4);
}

/* The sixth argument of pselect6 leads to the mask and its size.  */
int64_t
signal_call_pselect (struct trap_block *block)
{
  struct masked masked = { .number = __NR_pselect6 };
  struct
  {
    uint64_t address, size;
  } pair = { 0 };
  uint64_t mask;
  for (int i = 0; i < 6; i++)
    masked.arg[i] = block->arg[i];
  const uint64_t *arg = masked.arg;
  if (arg[5] != 0 && trap_copy (&pair, (const void *) arg[5], sizeof pair) != 0)
    return -K_EFAULT;
  if (pair.address == 0)
    return trap_blocking (__NR_pselect6, arg[0], arg[1], arg[2], arg[3], arg[4],
                          0);
  int status = read_mask (&masked, pair.address, pair.size, &mask);
  if (status < 0)
    return status;
  pair.address = trap_pointer (&mask);
  masked.arg[5] = trap_pointer (&pair);
  return call_with_mask (block, &masked);
}

/* sigaltstack: the kernel's is the block's; the program's is used by
   deliver.  */
int64_t
signal_call_stack (struct trap_block *block)
{
  const void *from = (const void *) block->arg[0];
  void *to = (void *) block->arg[1];
  struct k_stack set, old = block->alternate;
  old.flags &= ~K_SS_ONSTACK;
  if (deliver_is_on (&block->alternate, block->rsp))
    old.flags |= K_SS_ONSTACK;
  if (from != NULL && trap_copy (&set, from, sizeof set) != 0)
    return -K_EFAULT;
  int status = from != NULL ? deliver_set_stack (block, &set, block->rsp) : 0;
  if (status == 0 && to != NULL && trap_copy (to, &old, sizeof old) != 0)
    return -K_EFAULT;
  return status;
}
