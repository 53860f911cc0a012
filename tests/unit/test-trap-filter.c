/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The in-process engine's filter against the table it is made from and what the
   runtime needs to see, run by an interpreter.  */

#include <asm/prctl.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/calls.h"
#include "tests/unit/run-filter.h"
#include "tests/unit/tap.h"
#include "trap-engine/launcher/filter.h"
#include "trap-engine/state.h"

enum
{
  NUMBERS = 2048, /* more than exist */
  FIRST = 1000,   /* descriptors of ours, for the filter under test */
  END = 1010
};

/* Where calls of programs come from.  */
#define PROGRAM 0x400000
#define PROGRAM_I386 0x8048000

static struct sock_filter program[TRAP_FILTER_MAX];
static int length;

static uint32_t
ask_at (int number, uint64_t place, const uint64_t *arguments)
{
  struct seccomp_data data = { .nr = number, .arch = AUDIT_ARCH_X86_64 };
  data.instruction_pointer = place;
  for (int i = 0; i < 6; i++)
    data.args[i] = arguments[i];
  return filter_run (program, length, &data);
}

/* Likewise with ARGUMENT in the place of all arguments.  */
static uint32_t
ask (int number, uint64_t place, uint64_t argument)
{
  const uint64_t all[6] = { argument, argument, argument,
                            argument, argument, argument };
  return ask_at (number, place, all);
}

static int
number_of (const char *name)
{
  for (size_t i = 0; i < guest_rule_count; i++)
    if (strcmp (guest_rules[i].name, name) == 0)
      return guest_rule_number (&guest_rules[i], GUEST_ABI_NATIVE);
  return -1;
}

/* Return whether the runtime wants to see the call of RULE anyhow.  */
static bool
is_of_runtime (const struct guest_rule *rule)
{
  for (size_t i = 0; rule != NULL && i < trap_calls_of_runtime_count; i++)
    if (strcmp (trap_calls_of_runtime[i].name, rule->name) == 0)
      return true;
  return false;
}

/* Return what the filter should say when every test of an argument holds.  */
static uint32_t
expect (const struct guest *guest, const struct guest_rule *rule)
{
  int error = ENOSYS;
  switch (guest_rule_action (guest, rule, &error))
    {
    case GUEST_ACTION_ALLOW:
      return rule->kind == GUEST_LISTS && guest->identity.root
                 ? SECCOMP_RET_TRAP
                 : SECCOMP_RET_ALLOW;
    case GUEST_ACTION_STOP:
      return SECCOMP_RET_TRAP;
    default:
      return SECCOMP_RET_ERRNO | (uint32_t) error;
    }
}

/* Return the argument with which no test of RULE lets a call pass.  */
static uint64_t
trapping_argument (const struct guest_rule *rule)
{
  if (rule == NULL || rule->test != GUEST_TEST_CHOICE)
    return UINT64_MAX;
  return (uint64_t) __builtin_ctz (rule->test_bits);
}

static void
test_numbers (const struct guest *guest, const char *which)
{
  int wrong = 0, trapped_inside = 0, untested = 0, beside = 0;
  length = trap_filter_build (guest, FIRST, END, program);
  tap_ok (length > 0, "%s: a filter is made (%d instructions)", which, length);
  for (int number = 0; number < NUMBERS; number++)
    {
      const struct guest_rule *rule =
          guest_rule_find (GUEST_ABI_NATIVE, number);
      uint64_t argument = trapping_argument (rule);
      uint32_t said = ask (number, PROGRAM, argument);
      if (ask (number, TRAP_WINDOW, argument) == SECCOMP_RET_TRAP
          || ask (number, TRAP_BLOCKS_END - 2, argument) == SECCOMP_RET_TRAP)
        trapped_inside++;
      if (said != ask (number, TRAP_WINDOW - 1, argument)
          || said != ask (number, TRAP_BLOCKS_END, argument))
        beside++;
      if (is_of_runtime (rule))
        continue;
      uint32_t expected = expect (guest, rule);
      if (said != expected)
        {
          tap_note ("call %d: %x, not %x", number, said, expected);
          wrong++;
        }
      if (expected == SECCOMP_RET_TRAP && rule->test != GUEST_TEST_NONE
          && ask (number, PROGRAM, 0) != SECCOMP_RET_ALLOW)
        untested++;
    }
  tap_is_number (wrong, 0, "every number is treated as its row says");
  tap_is_number (trapped_inside, 0, "nothing from the window traps");
  tap_is_number (beside, 0, "what lies beside it is a program's");
  tap_is_number (untested, 0, "arguments that do not matter do not trap");
}

/* Arguments that lead to the runtime, or not.  */
static void
test_arguments (void)
{
  static const struct
  {
    const char *name;
    uint64_t arg[6];
    bool traps;
  } cases[] = {
    { "rt_sigaction", { SIGUSR1, 0, 0, 8 }, true },
    { "rt_sigprocmask", { SIG_BLOCK, 0x1000, 0, 8 }, true },
    { "rt_sigprocmask", { SIG_SETMASK, 0x7f0000000000, 0, 8 }, true },
    { "rt_sigprocmask", { SIG_SETMASK, 0, 0x1000, 8 }, true },
    { "rt_sigprocmask", { SIG_UNBLOCK, 0x1000, 0, 8 }, true },
    { "rt_sigpending", { 0x1000, 8 }, true },
    { "rt_sigreturn", { 0 }, true },
    { "rt_sigsuspend", { 0x1000, 8 }, true },
    { "rt_sigtimedwait", { 0x1000, 0, 0, 8 }, true },
    { "pselect6", { 1, 0x1000, 0, 0, 0, 0x1000 }, true },
    { "pselect6", { 1, 0x1000, 0, 0, 0x1000, 0 }, false },
    { "ppoll", { 0x1000, 1, 0, 0x1000, 8 }, true },
    { "ppoll", { 0x1000, 1, 0x1000, 0, 8 }, false },
    { "ppoll", { 0x1000, 1, 0x1000, 0x700000000000, 8 }, true },
    { "epoll_pwait", { 3, 0x1000, 1, 0, 0x1000, 8 }, true },
    { "epoll_pwait", { 3, 0x1000, 1, 1000, 0, 8 }, false },
    { "epoll_pwait2", { 3, 0x1000, 1, 0, 0x1000, 8 }, true },
    { "epoll_pwait2", { 3, 0x1000, 1, 0x1000, 0, 8 }, false },
    { "sigaltstack", { 0, 0x1000 }, true },
    { "clone", { CLONE_VM | CLONE_VFORK | SIGCHLD }, true },
    { "clone", { SIGCHLD }, false },
    { "clone3", { 0x1000, 88 }, true },
    { "vfork", { 0 }, true },
    { "fork", { 0 }, false },
    { "exit", { 0 }, true },
    { "exit_group", { 0 }, false },
    { "arch_prctl", { ARCH_SET_GS, 0x1000 }, true },
    { "arch_prctl", { ARCH_SET_FS, 0x1000 }, false },
    { "close", { FIRST }, true },
    { "close", { END - 1 }, true },
    { "close", { ((uint64_t) 1 << 32) + FIRST }, true }, /* an int */
    { "close", { FIRST - 1 }, false },
    { "close", { END }, false },
    { "close", { (uint64_t) -1 }, false },
    { "dup2", { 0, FIRST }, true },
    { "dup2", { FIRST, 0 }, true },
    { "dup2", { 0, 1 }, false },
    { "dup3", { 0, FIRST, 0 }, true },
    { "dup3", { 0, 5, FIRST }, false },
    { "fcntl", { FIRST, 1 }, true },
    { "fcntl", { 0, 0, FIRST }, false },
    { "close_range", { 3, UINT32_MAX, 0 }, true },
    { "execve", { 0x1000, 0x1000, 0x1000 }, true },
    { "execveat", { 3, 0x1000, 0x1000, 0x1000 }, true },
    { "ptrace", { 0 }, true },
    { "wait4", { (uint64_t) -1 }, true },
    { "waitid", { 0 }, true },
    { "openat", { 3, 0x1000, 0 }, true },
    { "read", { FIRST, 0x1000, 1 }, false },
    { "getpid", { 0 }, false },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      int number = number_of (cases[i].name);
      uint32_t said = ask_at (number, PROGRAM, cases[i].arg);
      tap_is_number (said,
                     cases[i].traps ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW,
                     cases[i].name);
      if (ask_at (number, TRAP_RUNTIME + 0x1234, cases[i].arg)
          != SECCOMP_RET_ALLOW)
        tap_ok (false, "%s from the window", cases[i].name);
    }
}

/* Return what the filter says of the 32-bit call NUMBER from PLACE with
   ARGUMENT in the place of all arguments.  */
static uint32_t
ask_i386 (int number, uint64_t place, uint64_t argument)
{
  struct seccomp_data data = { .nr = number, .arch = AUDIT_ARCH_I386 };
  data.instruction_pointer = place;
  for (int i = 0; i < 6; i++)
    data.args[i] = argument;
  return filter_run (program, length, &data);
}

/* 32-bit calls, which a tracer sees, but for those of its own.  */
static void
test_i386 (const struct guest *guest)
{
  int wrong = 0, stopped = 0, trapped = 0, mistaken = 0;
  for (int number = 0; number < NUMBERS; number++)
    {
      const struct guest_rule *rule = guest_rule_find (GUEST_ABI_I386, number);
      uint64_t argument = (uint32_t) trapping_argument (rule);
      uint32_t expected = expect (guest, rule);
      if (expected == SECCOMP_RET_TRAP)
        expected = SECCOMP_RET_TRACE;
      uint32_t wide =
          expected == SECCOMP_RET_TRACE ? SECCOMP_RET_TRAP : expected;
      wrong += ask_i386 (number, PROGRAM_I386, argument) != expected
               || ask_i386 (number, UINT32_MAX, argument) != expected;
      mistaken +=
          ask_i386 (number, PROGRAM, argument) != wide
          || ask_i386 (number, TRAP_WINDOW_I386 - 2, argument) != wide
          || ask_i386 (number, PROGRAM_I386 + (1ul << 32), argument) != wide;
      trapped += ask_i386 (number, TRAP_RUNTIME, argument) == SECCOMP_RET_TRAP;
      stopped += ask_i386 (number, TRAP_WINDOW_I386 + 2, argument)
                 == SECCOMP_RET_TRACE;
    }
  tap_is_number (wrong, 0, "every 32-bit number is treated as its row says");
  tap_is_number (mistaken, 0, "those of 64-bit programs are the runtime's");
  tap_is_number (stopped, 0, "the stub's calls do not stop");
  tap_is_number (trapped, 0, "what comes from the window does not trap");
}

static void
test_others (void)
{
  int unknown = 0;
  for (size_t i = 0; i < trap_calls_of_runtime_count; i++)
    unknown += number_of (trap_calls_of_runtime[i].name) < 0;
  tap_is_number (unknown, 0, "all calls that the runtime wants exist");
  tap_is_number (ask (0x40000000, PROGRAM, 0), SECCOMP_RET_ERRNO | ENOSYS,
                 "x32 numbers do not exist");
  tap_is_number (ask (-1, PROGRAM, 0), SECCOMP_RET_ALLOW,
                 "no call at all keeps the answer that it has");
  tap_is_number (ask_i386 (-1, PROGRAM, 0), SECCOMP_RET_ALLOW,
                 "also as a 32-bit one");
  tap_is_number (ask (number_of ("io_uring_setup"), PROGRAM, 0),
                 SECCOMP_RET_ERRNO | ENOSYS, "io_uring does not exist");
}

int
main (void)
{
  struct guest guest = { .inside = true, .filtered = true };
  test_numbers (&guest, "the host's ids");
  test_arguments ();
  test_i386 (&guest);
  test_others ();
  guest.identity.emulated = guest.identity.root = true;
  test_numbers (&guest, "fake root");
  test_i386 (&guest);
  const struct guest_view view = { .read_only = 1 };
  guest.view = &view;
  test_numbers (&guest, "and read-only volumes");
  return tap_done ();
}
