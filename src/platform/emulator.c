/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Emulators of other machines.  */

#include <config.h>

#include "src/platform/emulator.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/elf/find.h"
#include "lib/elf/machine.h"
#include "src/platform/host.h"
#include "xvasprintf.h"

bool
platform_runs (const struct elf_machine *machine)
{
  const char *host = platform_host ()->architecture;

  if (machine == NULL)
    return false;
  return strcmp (machine->architecture, host) == 0
         || (strcmp (machine->architecture, "386") == 0
             && strcmp (host, "amd64") == 0)
         || (strcmp (machine->architecture, "arm") == 0
             && strcmp (host, "arm64") == 0);
}

/* Return the interpreter that the kernel has for MACHINE, which the caller
   frees, or NULL.  */
static char *
find_registered (const struct elf_machine *machine)
{
  static const char before[] = "\ninterpreter ";
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  size_t size = 0;
  AUTO_FREE char *name =
      xasprintf ("/proc/sys/fs/binfmt_misc/qemu-%s", machine->emulator);

  AUTO_CLOSE int fd = open (name, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || file_read_fd (fd, name, &text, &size, &ignored) < 0)
    return NULL;
  char *line = strstr (text, before);
  if (line == NULL)
    return NULL;
  line += sizeof before - 1;
  line[strcspn (line, "\n")] = '\0';
  return elf_find_program (line);
}

char *
platform_find_emulator (const struct elf_machine *machine, const char *setting)
{
  static const char *const endings[] = { "-static", "" };

  if (setting[0] != '\0')
    {
      const struct elf_machine *its = elf_machine_of_emulator (setting);
      char *path =
          its == NULL || its == machine ? elf_find_program (setting) : NULL;
      if (path != NULL)
        return path;
    }
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    {
      AUTO_FREE char *name =
          xasprintf ("qemu-%s%s", machine->emulator, endings[i]);
      char *path = elf_find_program (name);
      if (path != NULL)
        return path;
    }
  return find_registered (machine);
}
