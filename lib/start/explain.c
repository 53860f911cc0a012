/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Why a program could not be started.  */

#include "lib/start/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "lib/elf/machine.h"
#include "lib/start/message.h"
#include "lib/start/program.h"

/* Say that PATH could not be executed since it is for MACHINE (NULL: one that
   is not known).  */
static void
explain_machine (const char *path, const struct elf_machine *machine)
{
  if (machine == NULL)
    start_complain ("cannot execute '%s': it is a program for another machine "
                    "than this " ELF_MACHINE_HERE,
                    path);
  else
    start_complain ("cannot execute '%s': it is a program for %s and this "
                    "machine is " ELF_MACHINE_HERE "; -q qemu-%s runs such",
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

/* Say what is wrong with the program PATH, which is for a machine that does not
   fit.  Return false when it is no program.  */
static bool
explain_format (const struct start_program *program, const char *path)
{
  unsigned char head[ELF_MACHINE_BYTES];
  if (!program_read_head (program, path, head, sizeof head))
    return false;
  const struct elf_machine *machine = elf_machine_of (head, sizeof head);
  bool is_i386 = machine != NULL && machine == runs_too ();
  if (is_i386)
    explain_i386 (path, program->i386);
  else
    explain_machine (path, machine);
  return true;
}

int
explain_execute (const struct start_program *program, const char *path,
                 int number)
{
  uint64_t place = (uintptr_t) path;
  if (number == ENOENT || number == ENOTDIR)
    {
      struct stat status;
      if (start_call (program, SYS_newfstatat, (uint64_t) AT_FDCWD, place,
                      (uintptr_t) &status, 0)
          == 0)
        start_complain ("cannot execute '%s': its interpreter is not in the "
                        "container",
                        path);
      else
        start_complain ("command not found in the container: '%s'", path);
      return START_NOT_FOUND;
    }
  struct statfs system;
  if (number == ENOEXEC && explain_format (program, path))
    return START_NOT_RUNNABLE;
  if (number == EACCES
      && start_call (program, SYS_statfs, place, (uintptr_t) &system, 0, 0) == 0
      && (system.f_flags & ST_NOEXEC) != 0)
    start_complain ("cannot execute '%s': the file system that it is on is "
                    "mounted noexec; a container must be where programs can be "
                    "executed",
                    path);
  else
    start_complain ("cannot execute '%s': %s", path, strerror (number));
  return START_NOT_RUNNABLE;
}
