/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers of another machine: what runs their programs.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/elf/machine.h"
#include "src/config/config.h"
#include "src/platform/emulator.h"
#include "src/platform/host.h"
#include "xstrndup.h"

enum
{
  LINE_SIZE = 256, /* of "#!", as Linux has it */
  DEPTH_MAX = 5    /* scripts that interpret each other, likewise */
};

/* Have PLAN run programs of MACHINE by an emulator, of which GUEST is one.  */
static int
use_emulator (struct run_plan *plan, const struct elf_machine *machine,
              const char *guest, const struct config *config, struct error *err)
{
  const char *host = platform_host ()->machine;

  if (machine == NULL)
    return error_set (err, ENOEXEC,
                      _ ("cannot run '%s': it is a program for another"
                         " machine and this one is %s"),
                      guest, host);
  free (plan->emulator);
  plan->emulator =
      platform_find_emulator (machine, config->use_qemu_executable);
  if (plan->emulator != NULL)
    return 0;
  return error_set (err, ENOEXEC,
                    _ ("cannot run '%s': it is a program for another machine"
                       " (%s), this one is %s, and there is no qemu-%s to run"
                       " it; install that (qemu-user-static), or set"
                       " UDOCKER_USE_QEMU_EXECUTABLE to where it is"),
                    guest, machine->name, host, machine->emulator);
}

/* Return the interpreter that the SIZE bytes at HEAD, the beginning of a
   script, name, which the caller frees; NULL when it is no script.  */
static char *
interpreter_of (const char *head, size_t size)
{
  size_t at = 2;

  if (size < 2 || head[0] != '#' || head[1] != '!')
    return NULL;
  while (at < size && (head[at] == ' ' || head[at] == '\t'))
    at++;
  size_t end = at;
  while (end < size && strchr (" \t\n", head[end]) == NULL)
    end++;
  return end > at ? xstrndup (head + at, end - at) : NULL;
}

int
run_plan_suit_program (struct run_plan *plan, const struct run_place *place,
                       const char *guest, const struct config *config,
                       struct error *err)
{
  AUTO_FREE char *interpreter = NULL;
  struct run_place next = { .fd = -1 };
  int status = 0;

  for (int depth = 0; depth < DEPTH_MAX && status == 0; depth++)
    {
      char head[LINE_SIZE + 1];
      AUTO_CLOSE int fd = run_place_open (depth == 0 ? place : &next);
      ssize_t size = fd < 0 ? 0 : pread (fd, head, LINE_SIZE, 0);
      if (size > 0 && elf_is_program (head, (size_t) size))
        {
          const struct elf_machine *machine =
              elf_machine_of (head, (size_t) size);
          if (!platform_runs (machine))
            status = use_emulator (
                plan, machine, depth == 0 ? guest : interpreter, config, err);
          break;
        }
      free (TAKE (interpreter));
      interpreter = size > 0 ? interpreter_of (head, (size_t) size) : NULL;
      run_place_release (&next);
      next = (struct run_place){ .fd = -1 };
      if (interpreter == NULL || interpreter[0] != '/'
          || run_look (plan, interpreter, 0, &next) < 0 || next.fd < 0)
        break; /* the engine says what it makes of it */
    }
  run_place_release (&next);
  return status;
}

void
run_plan_suit_image (struct run_plan *plan, const char *architecture,
                     const struct config *config)
{
  const struct elf_machine *machine =
      architecture == NULL ? NULL : elf_machine_find (architecture);

  if (plan->emulator == NULL && machine != NULL && !platform_runs (machine))
    plan->emulator =
        platform_find_emulator (machine, config->use_qemu_executable);
}
