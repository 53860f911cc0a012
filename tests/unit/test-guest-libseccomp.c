/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The call table of lib/guest against that of libseccomp, for all machines:
   where libseccomp knows a number, the table has it under the same name.  */

#include <stdlib.h>

#include "tests/unit/tap.h"

#ifdef HAVE_LIBSECCOMP

#  include <seccomp.h>

#  include "lib/guest/calls.h"

enum
{
  NUMBER_LIMIT = 1024 /* beyond what any kernel has */
};

/* The row for NUMBER of ARCHITECTURE, or NULL.  */
static const struct guest_rule *
find (int architecture, int number)
{
  for (size_t i = 0; i < guest_rule_count; i++)
    if (guest_rules[i].number[architecture] == number)
      return &guest_rules[i];
  return NULL;
}

static void
compare (int architecture, uint32_t token, const char *machine)
{
  int known = 0;
  int wrong = 0;

  for (int number = 0; number < NUMBER_LIMIT; number++)
    {
      char *name = seccomp_syscall_resolve_num_arch (token, number);
      if (name == NULL)
        continue;
      const struct guest_rule *rule = find (architecture, number);
      known++;
      if (rule == NULL || strcmp (rule->name, name) != 0)
        {
          tap_note ("%s %d is %s, the table has %s", machine, number, name,
                    rule == NULL ? "nothing" : rule->name);
          wrong++;
        }
      free (name);
    }
  tap_ok (known > 250, "libseccomp knows %s: %d calls", machine, known);
  tap_is_number (wrong, 0, "and the table has them all by their names");
}

int
main (void)
{
  compare (GUEST_X86_64, SCMP_ARCH_X86_64, "x86_64");
  compare (GUEST_AARCH64, SCMP_ARCH_AARCH64, "aarch64");
  compare (GUEST_I386, SCMP_ARCH_X86, "i386");
  return tap_done ();
}

#else

int
main (void)
{
  tap_skip_all ("built without libseccomp");
}

#endif
