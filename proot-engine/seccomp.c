/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The filter that makes only interesting system calls stop.

   It looks at the architecture, the native one first, since one process may
   call through several; then it finds the number by bisection, and only for
   numbers that matter at arguments or at the instruction pointer: the
   kernel notices which numbers are allowed without looking further and does
   not even run the filter for them.  Calls made by the loader stub and its
   trampolines, recognised by the upper bits of the instruction pointer, are
   never stopped.  What has no row in the table does not exist: ENOSYS.  */

#include "proot-engine/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/guest/calls.h"
#include "proot-engine/arch/arch.h"
#include "proot-engine/loader/loader.h"

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#  define SECCOMP_FILTER_FLAG_SPEC_ALLOW 4
#endif

/* A run of numbers that are treated the same.  */
struct range
{
  unsigned int first;
  enum guest_action action;
  int error;
  const struct guest_rule *rule; /* where it has a test */
};

struct builder
{
  struct sock_filter *program;
  int count;
  enum guest_abi abi; /* whose numbers are being added */
  struct range range[GUEST_CALL_LIMIT + 2];
  int range_count;
};

static void
add (struct builder *builder, unsigned int code, unsigned int operand,
     unsigned int if_true, unsigned int if_false)
{
  if (builder->count < SECCOMP_INSTRUCTIONS_MAX)
    builder->program[builder->count] =
        (struct sock_filter){ (uint16_t) code, (uint8_t) if_true,
                              (uint8_t) if_false, operand };
  builder->count++;
}

static void
add_load (struct builder *builder, size_t offset)
{
  add (builder, BPF_LD | BPF_W | BPF_ABS, (unsigned int) offset, 0, 0);
}

static void
add_return (struct builder *builder, unsigned int what)
{
  add (builder, BPF_RET | BPF_K, what, 0, 0);
}

/* Add the test of RULE, after which the accumulator's number is lost: the
   call is allowed unless it holds.  */
static void
add_test (struct builder *builder, const struct guest_rule *rule)
{
  size_t low =
      offsetof (struct seccomp_data, args) + rule->test_arg * sizeof (uint64_t);
  if (rule->test == GUEST_TEST_BITS)
    {
      add_load (builder, low);
      add (builder, BPF_JMP | BPF_JSET | BPF_K, rule->test_bits, 1, 0);
      add_return (builder, SECCOMP_RET_ALLOW);
    }
  else if (rule->test == GUEST_TEST_NOT_NULL)
    {
      add_load (builder, low);
      add (builder, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
      add_load (builder, low + 4);
      add (builder, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
      add_return (builder, SECCOMP_RET_ALLOW);
    }
  else if (rule->test == GUEST_TEST_CHOICE)
    {
      add_load (builder, low);
      add (builder, BPF_MISC | BPF_TAX, 0, 0, 0);
      add (builder, BPF_LD | BPF_IMM, 1, 0, 0);
      add (builder, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
      add (builder, BPF_JMP | BPF_JSET | BPF_K, rule->test_bits, 1, 0);
      add_return (builder, SECCOMP_RET_ALLOW);
    }
}

/* Add the end for calls that stop, but from the loader's window.  */
static void
add_stop (struct builder *builder)
{
  size_t place = offsetof (struct seccomp_data, instruction_pointer);
  unsigned int window = (unsigned int) (LOADER_WINDOW >> 32);
  add_load (builder, place + 4);
  if (builder->abi == GUEST_ABI_I386)
    {
      window = LOADER_WINDOW_I386;
      add (builder, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4);
      add_load (builder, place);
      add (builder, BPF_ALU | BPF_AND | BPF_K, LOADER_WINDOW_I386_MASK, 0, 0);
    }
  add (builder, BPF_JMP | BPF_JEQ | BPF_K, window, 0, 1);
  add_return (builder, SECCOMP_RET_ALLOW);
  add_return (builder, SECCOMP_RET_TRACE);
}

static void
add_leaf (struct builder *builder, const struct range *range)
{
  switch (range->action)
    {
    case GUEST_ACTION_ALLOW:
      add_return (builder, SECCOMP_RET_ALLOW);
      break;
    case GUEST_ACTION_ERROR:
      add_return (builder, SECCOMP_RET_ERRNO | (unsigned int) range->error);
      break;
    case GUEST_ACTION_STOP:
      if (range->rule != NULL)
        add_test (builder, range->rule);
      add_stop (builder);
      break;
    }
}

/* Add the decision between the ranges FIRST to LAST.  */
static void
add_tree (struct builder *builder, int first, int last)
{
  if (first == last)
    {
      add_leaf (builder, &builder->range[first]);
      return;
    }
  int middle = (first + last + 1) / 2;
  add (builder, BPF_JMP | BPF_JGE | BPF_K, builder->range[middle].first, 0, 1);
  int jump = builder->count;
  add (builder, BPF_JMP | BPF_JA, 0, 0, 0);
  add_tree (builder, first, middle - 1);
  if (jump < SECCOMP_INSTRUCTIONS_MAX)
    builder->program[jump].k = (unsigned int) (builder->count - jump - 1);
  add_tree (builder, middle, last);
}

/* Add number NUMBER to the ranges.  */
static void
classify (struct builder *builder, const struct guest *guest, int number,
          const int *extra)
{
  const struct guest_rule *rule = guest_rule_find (builder->abi, number);
  int native = guest_rule_number (rule, GUEST_ABI_NATIVE);
  struct range range = { .first = (unsigned int) number };
  range.action = guest_rule_action (guest, rule, &range.error);
  if (range.action == GUEST_ACTION_STOP && rule->test != GUEST_TEST_NONE)
    range.rule = rule;
  for (; *extra >= 0; extra++)
    if (*extra == native && range.action == GUEST_ACTION_ALLOW)
      range.action = GUEST_ACTION_STOP;
  if (range.action != GUEST_ACTION_ERROR)
    range.error = 0;

  const struct range *last = &builder->range[builder->range_count - 1];
  if (builder->range_count > 0 && last->action == range.action
      && last->error == range.error && last->rule == NULL && range.rule == NULL)
    return;
  builder->range[builder->range_count++] = range;
}

/* Add what is to be done with the calls of ABI, and go on behind it with those
   of others.  The accumulator has the architecture before and after.  */
static void
add_abi (struct builder *builder, const struct guest *guest, enum guest_abi abi,
         const int *extra)
{
  builder->abi = abi;
  builder->range_count = 0;
  for (int number = 0; number < GUEST_CALL_LIMIT; number++)
    classify (builder, guest, number, extra);
  /* Above lie numbers of the future and, on x86_64, the x32 interface.  */
  builder->range[builder->range_count++] =
      (struct range){ GUEST_CALL_LIMIT, GUEST_ACTION_ERROR, ENOSYS, NULL };

  add (builder, BPF_JMP | BPF_JEQ | BPF_K, arch_audit[abi], 1, 0);
  int jump = builder->count;
  add (builder, BPF_JMP | BPF_JA, 0, 0, 0);
  add_load (builder, offsetof (struct seccomp_data, nr));
  add_tree (builder, 0, builder->range_count - 1);
  if (jump < SECCOMP_INSTRUCTIONS_MAX)
    builder->program[jump].k = (unsigned int) (builder->count - jump - 1);
}

int
seccomp_build (const struct guest *guest, const int *extra,
               struct sock_filter *program)
{
  struct builder builder = { .program = program };

  add_load (&builder, offsetof (struct seccomp_data, arch));
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    if (arch_audit[abi] != 0)
      add_abi (&builder, guest, abi, extra);
  add_return (&builder, SECCOMP_RET_ERRNO | ENOSYS);
  return builder.count <= SECCOMP_INSTRUCTIONS_MAX ? builder.count : -E2BIG;
}

int
seccomp_build_lists (struct sock_filter *program)
{
  struct builder builder = { .program = program };

  add_load (&builder, offsetof (struct seccomp_data, arch));
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    if (arch_audit[abi] != 0)
      {
        add (&builder, BPF_JMP | BPF_JEQ | BPF_K, arch_audit[abi], 1, 0);
        int jump = builder.count;
        add (&builder, BPF_JMP | BPF_JA, 0, 0, 0);
        add_load (&builder, offsetof (struct seccomp_data, nr));
        for (size_t i = 0; i < guest_rule_count; i++)
          {
            int number = guest_rule_number (&guest_rules[i], abi);
            if (guest_rules[i].kind != GUEST_LISTS || number < 0)
              continue;
            add (&builder, BPF_JMP | BPF_JEQ | BPF_K, (unsigned int) number, 0,
                 1);
            add_return (&builder, SECCOMP_RET_TRACE);
          }
        add_return (&builder, SECCOMP_RET_ALLOW);
        program[jump].k = (unsigned int) (builder.count - jump - 1);
      }
  add_return (&builder, SECCOMP_RET_ALLOW);
  return builder.count;
}

unsigned int
seccomp_flags (void)
{
  /* Where the flag is known the missing program is what is complained of.  */
  return syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                  SECCOMP_FILTER_FLAG_SPEC_ALLOW, NULL)
                     != 0
                 && errno == EFAULT
             ? SECCOMP_FILTER_FLAG_SPEC_ALLOW
             : 0;
}

bool
seccomp_is_possible (void)
{
  /* Where filters exist the missing program is the first thing noticed.  */
  if (prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0)
    return false; /* and without privileges that comes first */
  return (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) != 0
          && errno == EFAULT)
         || (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0
             && errno == EFAULT);
}

bool
seccomp_is_ours (const uint64_t *arguments)
{
  return arguments[0] == SECCOMP_SET_MODE_FILTER
         && (arguments[1] == 0
             || arguments[1] == SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

int
seccomp_install (struct sock_filter *program, size_t count)
{
  struct sock_fprog whole = { (unsigned short) count, program };
  if (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER,
               SECCOMP_FILTER_FLAG_SPEC_ALLOW, &whole)
          == 0
      || syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole) == 0
      || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) == 0)
    return 0;
  return -errno;
}
