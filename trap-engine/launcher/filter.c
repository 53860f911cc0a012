/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The filter by which system calls of programs come to the runtime.

   It finds the number first, by bisection: the kernel notices which numbers are
   allowed without a look at more, and does not run the filter for them.  For
   the others arguments are looked at where that can spare the trap, and in the
   end where the call was made: what comes from our window is the runtime's, and
   allowed.  Calls through the 32-bit interface are offered to the tracer that
   32-bit programs have, as far as those of a container with a tracer are; those
   that 64-bit programs make trap.

   The filter is not there to confine anybody.  */

#include "trap-engine/launcher/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/guest/calls.h"
#include "lib/start/filter.h"
#include "trap-engine/state.h"

#if defined __x86_64__
#  define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#  include <asm/prctl.h>
#elif defined __aarch64__
#  define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Each of these that depends on arguments has a twin in the runtime (trap_calls
   in dispatch.c), where calls of patched sites arrive that no filter has
   seen.  */
const struct trap_call trap_calls_of_runtime[] = {
  /* Handlers are called by the runtime; no program may take SIGSYS away, block
     or ignore it, or bring a mask that does.  */
  { "rt_sigaction", TRAP_WHEN_ALWAYS, 0, 0 },
  { "rt_sigprocmask", TRAP_WHEN_ALWAYS, 0, 0 },
  { "rt_sigpending", TRAP_WHEN_ALWAYS, 0, 0 },
  { "rt_sigreturn", TRAP_WHEN_ALWAYS, 0, 0 },
  { "rt_sigsuspend", TRAP_WHEN_ALWAYS, 0, 0 },
  { "rt_sigtimedwait", TRAP_WHEN_ALWAYS, 0, 0 },
  { "pselect6", TRAP_WHEN_NOT_NULL, 5, 0 },
  { "ppoll", TRAP_WHEN_NOT_NULL, 3, 0 },
  { "epoll_pwait", TRAP_WHEN_NOT_NULL, 4, 0 },
  { "epoll_pwait2", TRAP_WHEN_NOT_NULL, 4, 0 },
  { "sigaltstack", TRAP_WHEN_ALWAYS, 0, 0 },

  /* Each thread has a block and a stack of the runtime's, and a child that
     shares its parent's memory needs another one.  */
  { "clone", TRAP_WHEN_BITS, 0, CLONE_VM },
  { "clone3", TRAP_WHEN_ALWAYS, 0, 0 },
  { "vfork", TRAP_WHEN_ALWAYS, 0, 0 },
  { "exit", TRAP_WHEN_ALWAYS, 0, 0 },
#if defined __x86_64__
  /* %gs leads to the block.  */
  { "arch_prctl", TRAP_WHEN_EQUAL, 0, ARCH_SET_GS },
  { "arch_prctl", TRAP_WHEN_EQUAL, 0, ARCH_GET_GS },
#endif

  /* Programs that trace others see what those do, and not the runtime.  */
  { "ptrace", TRAP_WHEN_ALWAYS, 0, 0 },
  { "wait4", TRAP_WHEN_ALWAYS, 0, 0 },
  { "waitid", TRAP_WHEN_ALWAYS, 0, 0 },

  /* Descriptors of ours are not there.  */
  { "close", TRAP_WHEN_OURS, 0, 0 },
  { "dup2", TRAP_WHEN_OURS_BOTH, 0, 0 },
  { "dup3", TRAP_WHEN_OURS_BOTH, 0, 0 },
  { "fcntl", TRAP_WHEN_OURS, 0, 0 },
  { "close_range", TRAP_WHEN_ALWAYS, 0, 0 },
};

const size_t trap_calls_of_runtime_count =
    sizeof trap_calls_of_runtime / sizeof *trap_calls_of_runtime;

/* When a number traps: the rule's test, if there is a rule that traps, or any
   of COUNT calls.  */
struct details
{
  const struct guest_rule *rule;
  const struct trap_call *call[2];
  int count;
};

/* What the filter is made from.  */
struct making
{
  unsigned int first_fd, end_fd;
  struct details details[GUEST_CALL_LIMIT];
  int detail_count;

  /* Jumps to the end, where it matters who calls.  */
  int trap[GUEST_CALL_LIMIT];
  int trap_count;
};

/* Conditions of one call, each a jump to the same place.  */
struct holding
{
  int jump[4];
  int count;
};

static void
when_true (struct filter *filter, struct holding *holding)
{
  holding->jump[holding->count++] = filter_jump (filter);
}

static void
add_not_null (struct filter *filter, int argument, struct holding *holding)
{
  const struct guest_rule test = { .test = GUEST_TEST_NOT_NULL,
                                   .test_arg = (uint8_t) argument };
  holding->jump[holding->count++] = filter_test (filter, &test);
}

static void
add_ours (struct filter *filter, int argument, const struct making *making,
          struct holding *holding)
{
  filter_load_argument (filter, argument);
  filter_add (filter, BPF_JMP | BPF_JGE | BPF_K, making->first_fd, 0, 2);
  filter_add (filter, BPF_JMP | BPF_JGE | BPF_K, making->end_fd, 1, 0);
  when_true (filter, holding);
}

/* Add the condition of CALL.  */
static void
add_condition (struct filter *filter, const struct trap_call *call,
               const struct making *making, struct holding *holding)
{
  switch (call->when)
    {
    case TRAP_WHEN_ALWAYS:
      when_true (filter, holding);
      break;
    case TRAP_WHEN_BITS:
      filter_load_argument (filter, call->arg);
      filter_add (filter, BPF_JMP | BPF_JSET | BPF_K, call->value, 0, 1);
      when_true (filter, holding);
      break;
    case TRAP_WHEN_EQUAL:
      filter_load_argument (filter, call->arg);
      filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, call->value, 0, 1);
      when_true (filter, holding);
      break;
    case TRAP_WHEN_NOT_NULL:
      add_not_null (filter, call->arg, holding);
      break;
    case TRAP_WHEN_OURS:
      add_ours (filter, call->arg, making, holding);
      break;
    case TRAP_WHEN_OURS_BOTH:
      add_ours (filter, call->arg, making, holding);
      add_ours (filter, call->arg + 1, making, holding);
      break;
    }
}

/* Add the end for calls that trap when one of the conditions in DATA, struct
   details, holds; always with NULL.  CONTEXT is struct making.  */
static void
add_trap (struct filter *filter, const void *data, void *context)
{
  const struct details *details = data;
  struct making *making = context;
  struct holding holding = { .count = 0 };
  if (details != NULL)
    {
      if (details->rule != NULL)
        holding.jump[holding.count++] = filter_test (filter, details->rule);
      for (int i = 0; i < details->count; i++)
        add_condition (filter, details->call[i], making, &holding);
      filter_return (filter, SECCOMP_RET_ALLOW);
      for (int i = 0; i < holding.count; i++)
        filter_land (filter, holding.jump[i]);
    }
  making->trap[making->trap_count++] = filter_jump (filter);
}

/* Return what is to be done with calls of RULE for the container alone.  */
static enum guest_action
action_of (const struct guest *guest, const struct guest_rule *rule, int *error)
{
  enum guest_action action = guest_rule_action (guest, rule, error);
  if (rule == NULL || action != GUEST_ACTION_ALLOW)
    return action;
  /* There may be devices in lists later; the filter stays as it is.  */
  return rule->kind == GUEST_LISTS && guest->identity.root ? GUEST_ACTION_STOP
                                                           : action;
}

/* Return whether RULE, which may be NULL, is that of the call NAME: a question
   that is asked ten thousand times.  */
static bool
is_called (const struct guest_rule *rule, const char *name)
{
  return rule != NULL && rule->name[0] == name[0]
         && strcmp (rule->name, name) == 0;
}

/* Add number NUMBER, which has RULE, to RANGES.  */
static void
classify (struct making *making, const struct guest *guest,
          const struct guest_rule *rule, int number,
          struct filter_ranges *ranges)
{
  struct filter_range range = { .first = (unsigned int) number };
  struct details *details = &making->details[making->detail_count];
  bool always;

  *details = (struct details){ .rule = NULL };
  range.action = action_of (guest, rule, &range.error);
  always = range.action == GUEST_ACTION_STOP && rule->test == GUEST_TEST_NONE;
  if (range.action == GUEST_ACTION_STOP && !always)
    details->rule = rule;
  for (size_t i = 0; i < trap_calls_of_runtime_count; i++)
    if (is_called (rule, trap_calls_of_runtime[i].name))
      {
        const struct trap_call *call = &trap_calls_of_runtime[i];
        range.action = GUEST_ACTION_STOP;
        details->call[details->count++] = call;
        always = always || call->when == TRAP_WHEN_ALWAYS;
      }
  if (range.action != GUEST_ACTION_ERROR)
    range.error = 0;
  if (range.action == GUEST_ACTION_STOP && !always)
    {
      range.details = details;
      making->detail_count++;
    }
  filter_add_range (ranges, &range);
}

/* Add what lies above all numbers to RANGES: those of the future and, on
   x86_64, the x32 interface; and at the end what a tracer makes of a call that
   is not to be made, which would get the answer of a filter otherwise.  */
static void
add_rest (struct filter_ranges *ranges)
{
  filter_add_range (ranges,
                    &(struct filter_range){ GUEST_CALL_LIMIT,
                                            GUEST_ACTION_ERROR, ENOSYS, NULL });
  filter_add_range (ranges, &(struct filter_range){
                                UINT32_MAX, GUEST_ACTION_ALLOW, 0, NULL });
}

#if defined __x86_64__
/* Jumps to where 32-bit calls are told apart by their place.  */
struct stops
{
  int jump[GUEST_CALL_LIMIT];
  int count;
};

/* Add the end for 32-bit calls of a row that are the tracer's when the test of
   RULE holds.  CONTEXT is struct stops.  */
static void
add_stop (struct filter *filter, const void *rule, void *context)
{
  struct stops *stops = context;
  if (rule != NULL)
    {
      int jump = filter_test (filter, rule);
      filter_return (filter, SECCOMP_RET_ALLOW);
      filter_land (filter, jump);
    }
  stops->jump[stops->count++] = filter_jump (filter);
}

/* Add what becomes of them.  64-bit programs that make such calls are told by
   their place: those that may lie anywhere lie above 4 GiB, others from 4 MiB
   on, 32-bit ones from 128 MiB on.  */
static void
add_places (struct filter *filter)
{
  size_t place = offsetof (struct seccomp_data, instruction_pointer);
  filter_load (filter, place + 4);
  filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0);
  filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, TRAP_WINDOW_HIGH, 0, 1);
  filter_return (filter, SECCOMP_RET_ALLOW);
  filter_return (filter, SECCOMP_RET_TRAP);
  filter_load (filter, place);
  filter_add (filter, BPF_JMP | BPF_JGE | BPF_K, TRAP_WINDOW_I386, 1, 0);
  filter_return (filter, SECCOMP_RET_TRAP);
  filter_add (filter, BPF_ALU | BPF_AND | BPF_K, TRAP_WINDOW_I386_MASK, 0, 0);
  filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, TRAP_WINDOW_I386, 0, 1);
  filter_return (filter, SECCOMP_RET_ALLOW);
  filter_return (filter, SECCOMP_RET_TRACE);
}

/* Add what is to be done with the calls of 32-bit programs.  The accumulator
   has the number.  */
static void
add_i386 (struct filter *filter, const struct guest *guest)
{
  static struct filter_ranges ranges;
  static struct stops stops;
  struct filter_rules rules = { { NULL } };
  ranges.count = stops.count = 0;
  filter_find_rules (&rules, GUEST_ABI_I386);
  for (int number = 0; number < GUEST_CALL_LIMIT; number++)
    {
      const struct guest_rule *rule = rules.rule[number];
      struct filter_range range = { .first = (unsigned int) number };
      range.action = action_of (guest, rule, &range.error);
      if (range.action != GUEST_ACTION_ERROR)
        range.error = 0;
      if (range.action == GUEST_ACTION_STOP && rule->test != GUEST_TEST_NONE)
        range.details = rule;
      filter_add_range (&ranges, &range);
    }
  add_rest (&ranges);
  filter_add_tree (filter, &ranges, add_stop, &stops);
  for (int i = 0; i < stops.count; i++)
    filter_land (filter, stops.jump[i]);
  add_places (filter);
}
#endif

int
trap_filter_build (const struct guest *guest, int first_fd, int end_fd,
                   struct sock_filter *program)
{
  static struct making making;
  static struct filter_ranges ranges;
  struct filter_rules rules = { { NULL } };
  struct filter filter = { program, 0, TRAP_FILTER_MAX };

  making.first_fd = (unsigned int) first_fd;
  making.end_fd = (unsigned int) end_fd;
  making.detail_count = making.trap_count = 0;
  ranges.count = 0;
  filter_find_rules (&rules, GUEST_ABI_NATIVE);
  for (int number = 0; number < GUEST_CALL_LIMIT; number++)
    classify (&making, guest, rules.rule[number], number, &ranges);
  add_rest (&ranges);

  filter_load (&filter, offsetof (struct seccomp_data, arch));
  filter_add (&filter, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 0, 1);
  int native = filter_jump (&filter);
#if defined __x86_64__
  filter_load (&filter, offsetof (struct seccomp_data, nr));
  add_i386 (&filter, guest);
#else
  filter_return (&filter, SECCOMP_RET_TRACE);
#endif
  filter_land (&filter, native);
  filter_load (&filter, offsetof (struct seccomp_data, nr));
  filter_add_tree (&filter, &ranges, add_trap, &making);
  for (int i = 0; i < making.trap_count; i++)
    filter_land (&filter, making.trap[i]);
  filter_load (&filter,
               offsetof (struct seccomp_data, instruction_pointer) + 4);
  filter_add (&filter, BPF_JMP | BPF_JEQ | BPF_K, TRAP_WINDOW_HIGH, 0, 1);
  filter_return (&filter, SECCOMP_RET_ALLOW);
  filter_return (&filter, SECCOMP_RET_TRAP);
  return filter.count <= filter.limit ? filter.count : -E2BIG;
}
