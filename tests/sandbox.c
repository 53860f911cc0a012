/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Run a program as sandboxes and kernels of other times would: with system
   calls that fail.

   usage: sandbox [ERROR CALL...] -- PROGRAM [ARGUMENT]...

   ERROR is EPERM, ENOSYS or EACCES; CALL is a name, as ptrace or openat2.
   There may be several groups of them.  Exit status 77: not possible here.  */

#define _GNU_SOURCE 1

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
die (int status, const char *what)
{
  fprintf (stderr, "sandbox: %s\n", what);
  exit (status);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    int number;
  } errors[] = { { "EPERM", EPERM },
                 { "ENOSYS", ENOSYS },
                 { "EACCES", EACCES } };
  scmp_filter_ctx context = seccomp_init (SCMP_ACT_ALLOW);
  int error = EPERM;
  int i = 1;
  if (context == NULL)
    die (77, "no filter");
  for (; i < argc && strcmp (argv[i], "--") != 0; i++)
    {
      size_t which = 0;
      while (which < sizeof errors / sizeof *errors
             && strcmp (argv[i], errors[which].name) != 0)
        which++;
      if (which < sizeof errors / sizeof *errors)
        {
          error = errors[which].number;
          continue;
        }
      int call = seccomp_syscall_resolve_name (argv[i]);
      if (call == __NR_SCMP_ERROR)
        die (77, argv[i]);
      if (seccomp_rule_add (context, SCMP_ACT_ERRNO ((unsigned) error), call, 0)
          < 0)
        die (77, "no rule");
    }
  if (i + 1 >= argc)
    die (99, "usage");
  if (seccomp_load (context) < 0)
    die (77, "the filter cannot be loaded");
  seccomp_release (context);
  execvp (argv[i + 1], argv + i + 1);
  die (127, argv[i + 1]);
}
