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
actions_start (struct trap_handlers *handlers, uint64_t ignored)
{
  handlers->known = SIGNALS_OURS;
  for (size_t i = 0; i < sizeof actions_ours / sizeof *actions_ours; i++)
    if ((ignored & SIGNAL_BIT (actions_ours[i])) != 0)
      handlers->action[actions_ours[i] - 1].handler = ACTION_IGNORE;
  actions_take_ours (handlers);
}

uint64_t
actions_ignored (const struct trap_handlers *handlers)
{
  uint64_t ignored = 0;
  for (size_t i = 0; i < sizeof actions_ours / sizeof *actions_ours; i++)
    if (handlers->action[actions_ours[i] - 1].handler == ACTION_IGNORE)
      ignored |= SIGNAL_BIT (actions_ours[i]);
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

/* Set what HANDLERS say of NUMBER to NEW, between begin_change and
   end_change.  */
static int64_t
change (struct trap_handlers *handlers, int number,
        const struct k_sigaction *new)
{
  struct k_sigaction action = *new;
  action.flags &= K_SA_FLAGS;
  action.mask &= ~(SIGNAL_BIT (K_SIGKILL) | SIGNAL_BIT (K_SIGSTOP));
  handlers->action[number - 1] = action;
  handlers->known |= SIGNAL_BIT (number);
  return actions_is_ours (number) || action.handler > ACTION_IGNORE
             ? take (number, &action)
             : set_action (number, &action);
}

int64_t
actions_set (struct trap_handlers *handlers, int number,
             const struct k_sigaction *new, struct k_sigaction *old)
{
  int64_t result = 0;
  begin_change (handlers);
  *old = handlers->action[number - 1];
  if ((handlers->known & SIGNAL_BIT (number)) == 0)
    result = trap_call (__NR_rt_sigaction, (uint64_t) number, 0,
                        trap_pointer (old), sizeof old->mask);
  if (result == 0 && new != NULL)
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
  /* What is ignored stays so; the kernel knows of what is not ours.  */
  copy->known = SIGNALS_OURS;
  for (size_t i = 0; i < sizeof actions_ours / sizeof *actions_ours; i++)
    {
      struct k_sigaction *action = &copy->action[actions_ours[i] - 1];
      bool ignored = action->handler == ACTION_IGNORE;
      *action = (struct k_sigaction){ 0 };
      action->handler = ignored ? ACTION_IGNORE : ACTION_DEFAULT;
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
    if ((handlers->known & SIGNAL_BIT (number)) != 0)
      (void) set_action (number, &handlers->action[number - 1]);
}
