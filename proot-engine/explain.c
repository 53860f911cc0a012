/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the engine says when tracing is not possible.  */

#include "proot-engine/explain.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/start/message.h"

/* Read the start of the file NAME into the SIZE bytes at TEXT, up to the end of
   the line that begins with FIELD; what stands behind FIELD and blanks comes
   first in TEXT.  Return whether there is such a line.  */
static bool
read_field (const char *name, const char *field, char *text, size_t size)
{
  char line[256];
  bool found = false;
  FILE *file = fopen (name, "re");
  if (file == NULL)
    return false;
  while (!found && fgets (line, sizeof line, file) != NULL)
    if (strncmp (line, field, strlen (field)) == 0)
      {
        const char *value = line + strlen (field);
        value += strspn (value, " \t");
        (void) snprintf (text, size, "%.*s", (int) strcspn (value, "\n"),
                         value);
        found = true;
      }
  (void) fclose (file);
  return found;
}

const char *
explain_advise_ptrace (char *text, size_t size)
{
  char value[64] = "";
  char name[64];
  if (read_field ("/proc/self/status", "TracerPid:", value, sizeof value)
      && strcmp (value, "0") != 0)
    {
      (void) snprintf (name, sizeof name, "/proc/%.20s/comm", value);
      if (!read_field (name, "", value, sizeof value))
        strcpy (value, "another program");
      (void) snprintf (text, size,
                       "'%s' traces this process already, and a process has "
                       "one tracer only: do without it",
                       value);
      return text;
    }
  if (read_field ("/proc/sys/kernel/yama/ptrace_scope", "", value, sizeof value)
      && value[0] >= '2')
    {
      (void) snprintf (text, size,
                       "kernel.yama.ptrace_scope is %.1s here, which the "
                       "administrator can set to 1%s",
                       value,
                       value[0] == '2' ? "; where user name spaces are "
                                         "permitted 'unshare -r' in front of "
                                         "the command helps"
                                       : "");
      return text;
    }
  if (read_field ("/proc/self/status", "Seccomp:", value, sizeof value)
      && strcmp (value, "0") != 0)
    return "the container or sandbox around udocker forbids it: start that "
           "with --cap-add=SYS_PTRACE or --security-opt seccomp=unconfined";
  return "a security module of the kernel may forbid it, which the "
         "administrator knows";
}

void
explain_ptrace (int error)
{
  char text[256];
  start_complain ("this system does not permit tracing (ptrace: %s), which "
                  "the modes P1 and P2 need; %s",
                  strerror (-error), explain_advise_ptrace (text, sizeof text));
}
