/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer's filter against the table it is made from, run by an
   interpreter.  */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "lib/guest/calls.h"
#include "proot-engine/arch/arch.h"
#include "proot-engine/loader/loader.h"
#include "proot-engine/seccomp.h"
#include "tests/unit/run-filter.h"
#include "tests/unit/tap.h"

enum
{
  NUMBERS = 2048 /* more than exist */
};

static struct sock_filter program[SECCOMP_INSTRUCTIONS_MAX];
static int length;

static uint32_t
run (const struct seccomp_data *data)
{
  return filter_run (program, length, data);
}

/* The ABI that calls are made through.  */
static enum guest_abi abi;

/* Return what the filter says about the call NUMBER made at PLACE, with all
   bits of its arguments as in ARGUMENT.  */
static uint32_t
ask (int number, uint64_t place, uint64_t argument)
{
  struct seccomp_data data = { .nr = number, .arch = arch_audit[abi] };
  data.instruction_pointer = place;
  for (int i = 0; i < 6; i++)
    data.args[i] = argument;
  return run (&data);
}

/* Return what it should say when every test of an argument holds.  */
static uint32_t
expect (const struct guest *guest, int number)
{
  int error = ENOSYS;
  const struct guest_rule *rule = guest_rule_find (abi, number);
  switch (guest_rule_action (guest, rule, &error))
    {
    case GUEST_ACTION_ALLOW:
      return SECCOMP_RET_ALLOW;
    case GUEST_ACTION_STOP:
      return SECCOMP_RET_TRACE;
    default:
      return SECCOMP_RET_ERRNO | (uint32_t) error;
    }
}

/* Return the argument with which no test of RULE lets a call pass.  */
static uint64_t
stopping_argument (const struct guest_rule *rule)
{
  if (rule == NULL || rule->test != GUEST_TEST_CHOICE)
    return UINT64_MAX;
  return (uint64_t) __builtin_ctz (rule->test_bits);
}

static void
test_numbers (const struct guest *guest, const char *which)
{
  uint64_t window =
      abi == GUEST_ABI_NATIVE ? LOADER_WINDOW : LOADER_WINDOW_I386;
  static const int none[] = { -1 };
  int wrong = 0;
  int stopped_inside = 0;
  int untested = 0;
  length = seccomp_build (guest, none, program);
  tap_ok (length > 0, "%s: a filter is made (%d instructions)", which, length);
  for (int number = 0; number < NUMBERS; number++)
    {
      uint32_t expected = expect (guest, number);
      const struct guest_rule *rule = guest_rule_find (abi, number);
      uint64_t argument = stopping_argument (rule);
      if (ask (number, 0x400000, argument) != expected
          || ask (number, window + ((uint64_t) 1 << 33), argument) != expected)
        {
          tap_note ("call %d: %x, not %x", number,
                    ask (number, 0x400000, argument), expected);
          wrong++;
        }
      if (ask (number, window + 16, argument) == SECCOMP_RET_TRACE
          || ask (number, window + 0x7fffff, argument) == SECCOMP_RET_TRACE)
        stopped_inside++;
      if (expected == SECCOMP_RET_TRACE && rule->test != GUEST_TEST_NONE
          && ask (number, 0x400000, 0) != SECCOMP_RET_ALLOW)
        untested++;
    }
  tap_is_number (wrong, 0, "every number is treated as its row says");
  tap_is_number (stopped_inside, 0, "the loader's calls never stop");
  tap_is_number (untested, 0, "arguments that do not matter do not stop");
}

static void
test_others (const struct guest *guest)
{
  static const int extra[] = { SYS_getpid, -1 };
  struct seccomp_data data = { .nr = SYS_getpid, .arch = 0x40000028 };
  length = seccomp_build (guest, extra, program);
  tap_is_number (run (&data), SECCOMP_RET_ERRNO | ENOSYS,
                 "another architecture's calls do not exist");
  tap_is_number (ask (SYS_getpid, 0x400000, 0), SECCOMP_RET_TRACE,
                 "a call asked for besides stops");
  tap_is_number (ask (0x40000000, 0x400000, 0), SECCOMP_RET_ERRNO | ENOSYS,
                 "x32 numbers do not exist");
  tap_is_number (ask (-1, 0x400000, 0), SECCOMP_RET_ERRNO | ENOSYS,
                 "no call at all does not exist");
  tap_is_number (ask (425, 0x400000, 0), SECCOMP_RET_ERRNO | ENOSYS,
                 "io_uring does not exist");
  struct seccomp_data high = { .nr = SYS_getppid,
                               .arch = arch_audit[GUEST_ABI_NATIVE] };
  tap_is_number (run (&high), SECCOMP_RET_ALLOW, "getppid is not looked at");
}

/* The filter for those whose own lets listings pass.  */
static void
test_lists (void)
{
  int wrong = 0;
  length = seccomp_build_lists (program);
  tap_ok (length > 0 && length <= SECCOMP_LISTS_MAX, "a filter for lists");
  for (abi = 0; abi < GUEST_ABI_COUNT; abi++)
    for (int number = -1; number < NUMBERS && arch_audit[abi] != 0; number++)
      {
        const struct guest_rule *rule = guest_rule_find (abi, number);
        uint32_t expected = rule != NULL && rule->kind == GUEST_LISTS
                                ? SECCOMP_RET_TRACE
                                : SECCOMP_RET_ALLOW;
        wrong += ask (number, 0x400000, 0) != expected;
      }
  tap_is_number (wrong, 0, "stops at these and nothing else");
}

int
main (void)
{
  static const char *const names[GUEST_ABI_COUNT] = { "native", "i386" };
  char which[64];
  struct guest guest = { 0 };
  for (abi = 0; abi < GUEST_ABI_COUNT; abi++)
    if (arch_audit[abi] != 0)
      {
        guest.identity.emulated = guest.identity.root = false;
        snprintf (which, sizeof which, "%s, the host's ids", names[abi]);
        test_numbers (&guest, which);
        guest.identity.emulated = guest.identity.root = true;
        snprintf (which, sizeof which, "%s, fake root", names[abi]);
        test_numbers (&guest, which);
      }
  test_lists ();
  abi = GUEST_ABI_NATIVE;
  test_others (&guest);
  return tap_done ();
}
