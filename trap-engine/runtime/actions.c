/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What a program wants of each signal.  Readers never wait for a lock, since
   they may have interrupted who has it; they see whether what they read was
   being written.  */

#include "trap-engine/runtime/actions.h"

#include "lib/guest/kernel.h"
#include "trap-engine/runtime/runtime.h"

/* Flags of the program's that the kernel is to know.  */
#define FLAGS_PASSED                                                           \
  ((uint64_t) (K_SA_NOCLDSTOP | K_SA_NOCLDWAIT | K_SA_RESTART))

const int actions_ours[4] = { K_SIGILL, K_SIGBUS, K_SIGSEGV, K_SIGSYS };

/* Set the kernel's action of signal NUMBER to ACTION; return as it does.  */
static int64_t
set_action (int number, const struct k_sigaction *action)
{
  return trap_call (__NR_rt_sigaction, (uint64_t) number, trap_pointer (action),
                    0, sizeof action->mask);
}

/* Have trap_signal called for NUMBER, of which the program wants WISH.  A
   signal that the program does not notice shall interrupt no call.  */
static int64_t
take (int number, const struct k_sigaction *wish)
{
  uint64_t flags = wish->handler > ACTION_IGNORE ? wish->flags : K_SA_RESTART;
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
actions_take_ours (const struct trap_handlers *handlers)
{
  for (size_t i = 0; i < sizeof actions_ours / sizeof *actions_ours; i++)
    (void) take (actions_ours[i], &handlers->action[actions_ours[i] - 1]);
}

void
actions_start (struct trap_handlers *handlers, uint64_t ignored, uint64_t known)
{
  handlers->known = known | SIGNALS_OURS;
  for (uint64_t rest = ignored & handlers->known; rest != 0; rest &= rest - 1)
    handlers->action[__builtin_ctzl (rest)].handler = ACTION_IGNORE;
  actions_take_ours (handlers);
}

uint64_t
actions_ignored (const struct trap_handlers *handlers)
{
  uint64_t ignored = 0;
  for (int number = 1; number <= SIGNAL_COUNT; number++)
    if (handlers->action[number - 1].handler == ACTION_IGNORE)
      ignored |= SIGNAL_BIT (number);
  return ignored;
}

struct k_sigaction
actions_get (const struct trap_handlers *handlers, int number)
{
  for (;;)
    {
      uint32_t before = __atomic_load_n (&handlers->changes, __ATOMIC_ACQUIRE);
      struct k_sigaction action = handlers->action[number - 1];
      __atomic_thread_fence (__ATOMIC_ACQUIRE);
      if ((before & 1) == 0
          && __atomic_load_n (&handlers->changes, __ATOMIC_RELAXED) == before)
        return action;
      trap_call (__NR_sched_yield, 0, 0, 0, 0);
    }
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

/* Set what HANDLERS say of NUMBER, which they know, to NEW, between
   begin_change and end_change.  */
static int64_t
change (struct trap_handlers *handlers, int number,
        const struct k_sigaction *new)
{
  struct k_sigaction action = *new;
  action.flags &= K_SA_FLAGS;
  action.mask &= ~(SIGNAL_BIT (K_SIGKILL) | SIGNAL_BIT (K_SIGSTOP));
  uint64_t old = handlers->action[number - 1].handler;
  handlers->action[number - 1] = action;
  if (actions_is_ours (number) || action.handler > ACTION_IGNORE)
    return take (number, &action);
  /* What starts programs resets all signals, most of which nobody has set: the
     kernel need not hear of that.  But of those that are ignored by default it
     forgets the ones that wait, and looks at the flags.  */
  if (old == ACTION_DEFAULT && action.handler == ACTION_DEFAULT
      && (SIGNALS_UNNOTICED & SIGNAL_BIT (number)) == 0)
    return 0;
  return set_action (number, &action);
}

int64_t
actions_set (struct trap_handlers *handlers, int number,
             const struct k_sigaction *new, struct k_sigaction *old)
{
  const uint64_t bit = SIGNAL_BIT (number);
  int64_t result = 0;
  if (new == NULL
      && (__atomic_load_n (&handlers->known, __ATOMIC_ACQUIRE) & bit) != 0)
    {
      *old = actions_get (handlers, number);
      return 0;
    }
  begin_change (handlers);
  if ((handlers->known & bit) == 0)
    {
      result = trap_call (__NR_rt_sigaction, (uint64_t) number, 0,
                          trap_pointer (old), sizeof old->mask);
      handlers->action[number - 1] = *old;
      __atomic_store_n (&handlers->known, handlers->known | bit,
                        __ATOMIC_RELEASE);
    }
  *old = handlers->action[number - 1];
  if (new != NULL)
    result = change (handlers, number, new);
  end_change (handlers);
  return result;
}

void
actions_reset (struct trap_handlers *handlers, int number)
{
  begin_change (handlers);
  handlers->action[number - 1].handler = ACTION_DEFAULT;
  if (!actions_is_ours (number))
    actions_give_up (number);
  end_change (handlers);
}

void
actions_copy (struct trap_handlers *copy, struct trap_handlers *handlers,
              bool cleared)
{
  begin_change (handlers);
  *copy = *handlers;
  end_change (handlers);
  copy->changes = copy->writer = 0;
  if (!cleared)
    return;
  /* What is ignored stays so.  */
  for (int i = 0; i < SIGNAL_COUNT; i++)
    {
      bool ignored = copy->action[i].handler == ACTION_IGNORE;
      copy->action[i] = (struct k_sigaction){ 0 };
      copy->action[i].handler = ignored ? ACTION_IGNORE : ACTION_DEFAULT;
    }
}

void
actions_give_up (int number)
{
  const struct k_sigaction action = { 0 };
  (void) set_action (number, &action);
}

void
actions_give_back (const struct trap_handlers *handlers)
{
  for (int number = 1; number <= SIGNAL_COUNT; number++)
    if (actions_is_ours (number)
        || handlers->action[number - 1].handler > ACTION_IGNORE)
      (void) set_action (number, &handlers->action[number - 1]);
}
