/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Signals of the runtime's own that a program believes to have blocked.

   trap_signal uses this, which may have interrupted a thread that does, too: so
   nothing is locked.  */

#include "trap-engine/runtime/held.h"

#include "trap-engine/runtime/actions.h"
#include "trap-engine/runtime/runtime.h"

static size_t
index_of (int number)
{
  size_t i = 0;
  while (actions_ours[i] != number)
    i++;
  return i;
}

static void
send (int tid, const struct k_siginfo *info)
{
  int pid = (int) trap_call (__NR_getpid, 0, 0, 0, 0);
  trap_call (__NR_rt_tgsigqueueinfo, (uint64_t) pid, (uint64_t) tid,
             (uint64_t) info->number, trap_pointer (info));
}

void
held_send (const struct k_siginfo *info)
{
  send ((int) trap_call (__NR_gettid, 0, 0, 0, 0), info);
}

/* Return whether BLOCK's task is one of the process's that has what lies in
   trap_process, and not of one that shares its memory.  */
static bool
is_of_process (const struct trap_block *block)
{
  return block->task.pid == trap_process.guest.pid;
}

/* Hold INFO for the process.  As with the kernel the first of several
   counts.  */
static void
keep_for_process (const struct k_siginfo *info)
{
  struct trap_held *held = &trap_process.held;
  const uint64_t bit = SIGNAL_BIT (info->number);
  if ((__atomic_fetch_or (&held->claimed, bit, __ATOMIC_ACQUIRE) & bit) != 0)
    return;
  held->info[index_of (info->number)] = *info;
  (void) __atomic_fetch_or (&held->ready, bit, __ATOMIC_SEQ_CST);
}

static bool
take_of_process (int number, struct k_siginfo *info)
{
  struct trap_held *held = &trap_process.held;
  const uint64_t bit = SIGNAL_BIT (number);
  if ((__atomic_fetch_and (&held->ready, ~bit, __ATOMIC_ACQUIRE) & bit) == 0)
    return false;
  *info = held->info[index_of (number)];
  (void) __atomic_fetch_and (&held->claimed, ~bit, __ATOMIC_RELEASE);
  return true;
}

/* Tell another thread than BLOCK's that NUMBER is held, if one would take
   it.  */
static void
nudge (struct trap_block *block, int number)
{
  const struct k_siginfo info = { .number = number, .code = HELD_NUDGE };
  int tid = thread_find_taker (block, SIGNAL_BIT (number));
  if (tid != 0)
    send (tid, &info);
}

void
held_keep (struct trap_block *block, const struct k_siginfo *info)
{
  const uint64_t bit = SIGNAL_BIT (info->number);
  if (info->code == HELD_NUDGE)
    return; /* it is held, and will be looked at */
  if (info->code == K_SI_TKILL || !is_of_process (block))
    {
      if ((block->held & bit) == 0)
        block->held_info[index_of (info->number)] = *info;
      block->held |= bit;
      return;
    }
  keep_for_process (info);
  nudge (block, info->number);
}

void
held_leave (struct trap_block *block)
{
  uint64_t ready = __atomic_load_n (&trap_process.held.ready, __ATOMIC_SEQ_CST);
  for (; ready != 0 && is_of_process (block); ready &= ready - 1)
    nudge (block, __builtin_ctzl (ready) + 1);
}

uint64_t
held_pending (const struct trap_block *block)
{
  return block->held
         | (is_of_process (block)
                ? __atomic_load_n (&trap_process.held.ready, __ATOMIC_SEQ_CST)
                : 0);
}

bool
held_take (struct trap_block *block, uint64_t set, struct k_siginfo *info)
{
  uint64_t due;
  while ((due = held_pending (block) & set) != 0)
    {
      int number = __builtin_ctzl (due) + 1;
      if ((block->held & SIGNAL_BIT (number)) != 0)
        {
          *info = block->held_info[index_of (number)];
          block->held &= ~SIGNAL_BIT (number);
          return true;
        }
      if (take_of_process (number, info))
        return true;
    }
  return false;
}

bool
held_answer (struct trap_block *block, struct k_siginfo *info)
{
  if (info->code != HELD_NUDGE || !actions_is_ours (info->number))
    return true;
  return is_of_process (block) && take_of_process (info->number, info);
}

void
held_send_open (struct trap_block *block)
{
  struct k_siginfo info;
  /* BLOCKED is seen by who holds one for another thread, or that is seen
     here.  */
  __atomic_thread_fence (__ATOMIC_SEQ_CST);
  /* While another signal waits for the way out, what is sent would only be held
     again.  It is looked for there once more.  */
  while ((__atomic_load_n (&block->pending, __ATOMIC_RELAXED) & WAITS_SIGNAL)
             == 0
         && held_take (block, ~block->blocked, &info))
    held_send (&info);
}

void
held_forget (struct trap_block *block, int number)
{
  struct k_siginfo info;
  block->held &= ~SIGNAL_BIT (number);
  if (is_of_process (block))
    (void) take_of_process (number, &info);
}
