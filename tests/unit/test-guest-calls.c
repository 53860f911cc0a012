/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The table of system calls against the headers at hand.  */

#include <asm/unistd.h>

#include "tests/unit/guest-engine.h"
#include "tests/unit/tap.h"

/* A name and a number of the headers.  */
struct header_call
{
  const char *name;
  int number;
};

/* Those of this machine and, where the compiler makes 32-bit programs, of
   i386, made by the build from <asm/unistd.h>.  A checker may read this file
   before anything is built.  */
static const struct header_call native_calls[] = {
#if __has_include("tests/unit/guest-calls.inc")
#  include "tests/unit/guest-calls.inc"
#endif
  { NULL, 0 },
};
static const struct header_call i386_calls[] = {
#if __has_include("tests/unit/guest-calls-i386.inc")
#  include "tests/unit/guest-calls-i386.inc"
#endif
  { NULL, 0 },
};

static const struct guest_rule *
find_name (const char *name)
{
  for (size_t i = 0; i < guest_rule_count; i++)
    if (strcmp (guest_rules[i].name, name) == 0)
      return &guest_rules[i];
  return NULL;
}

static void
test_headers (enum guest_abi abi, const struct header_call *calls)
{
  int missing = 0;
  int count = 0;

  for (size_t i = 0; calls[i].name != NULL; i++, count++)
    {
      const struct guest_rule *rule = guest_rule_find (abi, calls[i].number);
      if (rule == NULL || strcmp (rule->name, calls[i].name) != 0)
        {
          tap_note ("  %s is %d", calls[i].name, calls[i].number);
          missing++;
        }
    }
  tap_ok (count > 250, "the headers have %d calls", count);
  tap_is_number (missing, 0, "each has a row with the same number");
}

static void
test_rows (void)
{
  int doubles = 0, unsorted = 0, odd = 0;
  static bool seen[GUEST_ARCHITECTURE_COUNT][GUEST_CALL_LIMIT];

  for (size_t i = 0; i < guest_rule_count; i++)
    {
      const struct guest_rule *rule = &guest_rules[i];
      for (int a = 0; a < GUEST_ARCHITECTURE_COUNT; a++)
        {
          int number = rule->number[a];
          if (number < 0)
            continue;
          if (number >= GUEST_CALL_LIMIT || seen[a][number])
            doubles++;
          else
            seen[a][number] = true;
        }
      if (i > 0 && rule->number[0] >= 0
          && guest_rules[i - 1].number[0] >= rule->number[0])
        unsorted++;
      if (rule->kind == GUEST_REFUSED && rule->error == 0)
        odd++;
      if (rule->kind == GUEST_HANDLED && rule->enter == NULL
          && rule->path[0].kind == GUEST_PATH_NONE)
        odd++;
      if (rule->kind == GUEST_HARMLESS
          && (rule->enter != NULL || rule->path[0].kind != GUEST_PATH_NONE))
        odd++;
    }
  tap_is_number (doubles, 0, "no number twice");
  tap_is_number (unsorted, 0, "rows sorted by number on x86_64");
  tap_is_number (odd, 0, "each row has what its kind needs");
  /* The generic numbers are the same everywhere from 424 on.  */
  int different = 0;
  for (size_t i = 0; i < guest_rule_count; i++)
    for (int a = 1; a < GUEST_ARCHITECTURE_COUNT; a++)
      different +=
          (guest_rules[i].number[0] >= 424 || guest_rules[i].number[a] >= 424)
          && guest_rules[i].number[0] != guest_rules[i].number[a];
  tap_is_number (different, 0, "the newer numbers are the same everywhere");
  int gaps = 0;
  for (int number = 0; number <= 336; number++)
    gaps += !seen[GUEST_X86_64][number];
  for (int number = 424; number <= 469; number++)
    gaps += !seen[GUEST_X86_64][number] || !seen[GUEST_AARCH64][number]
            || !seen[GUEST_I386][number];
  tap_is_number (gaps, 0, "no call is missing");
}

/* Calls that must never slip past.  */
static void
test_stops (void)
{
  static const char *const stopped[] = {
    "mount",
    "openat",
    "openat2",
    "statx",
    "newfstatat",
    "faccessat2",
    "fchmodat2",
    "renameat2",
    "linkat",
    "symlinkat",
    "unlinkat",
    "mkdirat",
    "mknodat",
    "readlinkat",
    "getcwd",
    "chdir",
    "chroot",
    "setxattrat",
    "getxattrat",
    "listxattrat",
    "removexattrat",
    "file_getattr",
    "bind",
    "connect",
    "execve",
    "execveat",
    "name_to_handle_at",
    "inotify_add_watch",
    "fanotify_mark",
    "utimensat",
    "truncate",
    "statfs",
    "stat64",
    "lstat64",
    "fstatat64",
    "oldstat",
    "oldlstat",
    "statfs64",
    "truncate64",
    "chown32",
    "lchown32",
    "socketcall",
    "utimensat_time64",
  };
  static const char *const refused[] = {
    "io_uring_setup", "io_uring_enter",    "io_uring_register",
    "open_tree",      "move_mount",        "pivot_root",
    "setns",          "open_by_handle_at",
  };
  struct guest guest = { .pid = 0 };
  int error;

  for (size_t i = 0; i < sizeof stopped / sizeof stopped[0]; i++)
    tap_ok (guest_rule_action (&guest, find_name (stopped[i]), &error)
                == GUEST_ACTION_STOP,
            "%s stops", stopped[i]);
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    {
      error = 0;
      tap_ok (guest_rule_action (&guest, find_name (refused[i]), &error)
                      == GUEST_ACTION_ERROR
                  && error > 0,
              "%s is refused", refused[i]);
    }
  tap_ok (guest_rule_action (&guest, NULL, &error) == GUEST_ACTION_ERROR
              && error == ENOSYS,
          "what does not exist is ENOSYS");
  tap_ok (guest_rule_action (&guest, find_name ("getuid"), &error)
              == GUEST_ACTION_ALLOW,
          "ids pass where they are not emulated");
  guest.identity.emulated = true;
  tap_ok (guest_rule_action (&guest, find_name ("getuid"), &error)
              == GUEST_ACTION_STOP,
          "and stop where they are");
  struct guest_view view = { .read_only = 0 };
  guest.identity.emulated = false;
  guest.view = &view;
  static const char *const by_descriptor[] = { "fchmod", "fchown", "fsetxattr",
                                               "fremovexattr", "ioctl" };
  for (size_t i = 0; i < sizeof by_descriptor / sizeof *by_descriptor; i++)
    {
      const struct guest_rule *rule = find_name (by_descriptor[i]);
      view.read_only = 0;
      tap_ok (guest_rule_action (&guest, rule, &error) == GUEST_ACTION_ALLOW,
              "%s passes", by_descriptor[i]);
      view.read_only = 1;
      tap_ok (guest_rule_action (&guest, rule, &error) == GUEST_ACTION_STOP,
              "but not where a binding is read-only");
    }
}

int
main (void)
{
  test_headers (GUEST_ABI_NATIVE, native_calls);
  if (i386_calls[0].name != NULL)
    test_headers (GUEST_ABI_I386, i386_calls);
  else
    tap_skip ("the calls of i386", "the compiler makes no 32-bit programs");
  test_rows ();
  test_stops ();
  return tap_done ();
}
