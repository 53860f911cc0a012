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
#include "lib/start/filter.h"
#include "proot-engine/arch/arch.h"
#include "proot-engine/loader/loader.h"

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#  define SECCOMP_FILTER_FLAG_SPEC_ALLOW 4
#endif

/* Add the end for calls of the ABI that DATA points to which stop, but from the
   loader's window, when the test of the rule at DETAILS, if any, holds.  */
static void
add_stop (struct filter *filter, const void *details, void *data)
{
  size_t place = offsetof (struct seccomp_data, instruction_pointer);
  unsigned int window = (unsigned int) (LOADER_WINDOW >> 32);
  const enum guest_abi *abi = data;
  if (details != NULL)
    {
      int holds = filter_test (filter, details);
      filter_return (filter, SECCOMP_RET_ALLOW);
      filter_land (filter, holds);
    }
  filter_load (filter, place + 4);
  if (*abi == GUEST_ABI_I386)
    {
      window = LOADER_WINDOW_I386;
      filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4);
      filter_load (filter, place);
      filter_add (filter, BPF_ALU | BPF_AND | BPF_K, LOADER_WINDOW_I386_MASK, 0,
                  0);
    }
  filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, window, 0, 1);
  filter_return (filter, SECCOMP_RET_ALLOW);
  filter_return (filter, SECCOMP_RET_TRACE);
}

/* Add number NUMBER, which has RULE, to RANGES.  */
static void
classify (struct filter_ranges *ranges, const struct guest *guest,
          const struct guest_rule *rule, int number, const int *extra)
{
  int native = guest_rule_number (rule, GUEST_ABI_NATIVE);
  struct filter_range range = { .first = (unsigned int) number };
  range.action = guest_rule_action (guest, rule, &range.error);
  if (range.action == GUEST_ACTION_STOP && rule->test != GUEST_TEST_NONE)
    range.details = rule;
  for (; *extra >= 0; extra++)
    if (*extra == native && range.action == GUEST_ACTION_ALLOW)
      range.action = GUEST_ACTION_STOP;
  if (range.action != GUEST_ACTION_ERROR)
    range.error = 0;
  filter_add_range (ranges, &range);
}

/* Add a jump that is taken unless the accumulator has the architecture of
   ABI.  */
static int
add_unless_abi (struct filter *filter, enum guest_abi abi)
{
  filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, arch_audit[abi], 1, 0);
  return filter_jump (filter);
}

/* Add what is to be done with the calls of ABI, and go on behind it with those
   of others.  The accumulator has the architecture before and after.  */
static void
add_abi (struct filter *filter, const struct guest *guest, enum guest_abi abi,
         const int *extra)
{
  struct filter_rules rules = { { NULL } };
  struct filter_ranges ranges = { .count = 0 };
  filter_find_rules (&rules, abi);
  for (int number = 0; number < GUEST_CALL_LIMIT; number++)
    classify (&ranges, guest, rules.rule[number], number, extra);
  /* Above lie numbers of the future and, on x86_64, the x32 interface.  */
  filter_add_range (&ranges,
                    &(struct filter_range){ GUEST_CALL_LIMIT,
                                            GUEST_ACTION_ERROR, ENOSYS, NULL });

  int jump = add_unless_abi (filter, abi);
  filter_load (filter, offsetof (struct seccomp_data, nr));
  filter_add_tree (filter, &ranges, add_stop, &abi);
  filter_land (filter, jump);
}

int
seccomp_build (const struct guest *guest, const int *extra,
               struct sock_filter *program)
{
  struct filter filter = { program, 0, SECCOMP_INSTRUCTIONS_MAX };

  filter_load (&filter, offsetof (struct seccomp_data, arch));
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    if (arch_audit[abi] != 0)
      add_abi (&filter, guest, abi, extra);
  filter_return (&filter, SECCOMP_RET_ERRNO | ENOSYS);
  return filter.count <= filter.limit ? filter.count : -E2BIG;
}

int
seccomp_build_lists (struct sock_filter *program)
{
  struct filter filter = { program, 0, SECCOMP_LISTS_MAX };

  filter_load (&filter, offsetof (struct seccomp_data, arch));
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    if (arch_audit[abi] != 0)
      {
        int jump = add_unless_abi (&filter, abi);
        filter_load (&filter, offsetof (struct seccomp_data, nr));
        for (size_t i = 0; i < guest_rule_count; i++)
          {
            int number = guest_rule_number (&guest_rules[i], abi);
            if (guest_rules[i].kind != GUEST_LISTS || number < 0)
              continue;
            filter_add (&filter, BPF_JMP | BPF_JEQ | BPF_K,
                        (unsigned int) number, 0, 1);
            filter_return (&filter, SECCOMP_RET_TRACE);
          }
        filter_return (&filter, SECCOMP_RET_ALLOW);
        filter_land (&filter, jump);
      }
  filter_return (&filter, SECCOMP_RET_ALLOW);
  return filter.count;
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
