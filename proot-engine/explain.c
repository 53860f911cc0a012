/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the engine says when something is not possible.  */

#include "proot-engine/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/elf/machine.h"
#include "proot-engine/loader/loader.h"
#include "proot-engine/start.h"

/* Where messages go instead of the standard error output, or NULL.  */
static char *kept;
static size_t kept_size;

void
explain_quietly (char *text, size_t size)
{
  kept = text;
  kept_size = size;
  if (text != NULL)
    text[0] = '\0';
}

__attribute__ ((format (printf, 2, 0))) static void
say (const char *kind, const char *format, va_list arguments)
{
  int saved = errno;
  if (kept != NULL)
    {
      (void) vsnprintf (kept, kept_size, format, arguments);
      errno = saved;
      return;
    }
  (void) fflush (stdout);
  (void) fputs (kind, stderr);
  (void) vfprintf (stderr, format, arguments);
  (void) fputc ('\n', stderr);
  errno = saved;
}

void
start_complain (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("Error: ", format, arguments);
  va_end (arguments);
}

void
start_warn (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("Warning: ", format, arguments);
  va_end (arguments);
}

/* Say that PATH could not be executed since it is for MACHINE (NULL: one that
   is not known).  */
static void
explain_machine (const char *path, const struct elf_machine *machine)
{
  if (machine == NULL)
    start_complain ("cannot execute '%s': it is a program for another machine "
                    "than this " LOADER_MACHINE,
                    path);
  else
    start_complain ("cannot execute '%s': it is a program for %s and this "
                    "machine is " LOADER_MACHINE "; -q qemu-%s runs such",
                    path, machine->name, machine->emulator);
}

/* Return the machine whose programs kernels of this one may run besides, or
   NULL.  */
static const struct elf_machine *
runs_too (void)
{
#if defined __x86_64__
  return elf_machine_find ("386");
#else
  return NULL;
#endif
}

/* Say the same of a 32-bit program, which this machine may run.  */
static void
explain_i386 (const char *path, bool i386)
{
  start_complain ("cannot execute '%s': it is a 32-bit program, which %s", path,
                  i386 ? "this kernel does not run"
                       : "this build of udocker does not support");
}

int
explain_execute (const char *path, int number, bool i386)
{
  unsigned char head[ELF_MACHINE_BYTES];
  if (number == ENOENT || number == ENOTDIR)
    {
      struct stat status;
      if (stat (path, &status) == 0)
        {
          start_complain ("cannot execute '%s': its interpreter is not in the "
                          "container",
                          path);
          return START_NOT_FOUND;
        }
      start_complain ("command not found in the container: '%s'", path);
      return START_NOT_FOUND;
    }
  if (number == ENOEXEC)
    {
      int fd = open (path, O_RDONLY | O_CLOEXEC);
      if (fd >= 0 && read (fd, head, sizeof head) == sizeof head
          && elf_is_program (head, sizeof head))
        {
          const struct elf_machine *machine =
              elf_machine_of (head, sizeof head);
          if (machine != NULL && machine == runs_too ())
            explain_i386 (path, i386);
          else
            explain_machine (path, machine);
          return START_NOT_RUNNABLE;
        }
    }
  struct statvfs system;
  if (number == EACCES && statvfs (path, &system) == 0
      && (system.f_flag & ST_NOEXEC) != 0)
    start_complain ("cannot execute '%s': the file system that it is on is "
                    "mounted noexec; a container must be where programs can be "
                    "executed",
                    path);
  else
    start_complain ("cannot execute '%s': %s", path, strerror (number));
  return START_NOT_RUNNABLE;
}

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

/* Return what can be done where tracing is not possible.  TEXT is room for SIZE
   bytes of it.  */
static const char *
advise_ptrace (char *text, size_t size)
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
                  strerror (-error), advise_ptrace (text, sizeof text));
}
