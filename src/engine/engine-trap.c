/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Modes T1 and T2: the engine that is in the programs themselves, and the
   program that launches the first.  */

#include <config.h>

#include "src/engine/engine.h"

#include <errno.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/start/filter.h"
#include "src/engine/program.h"
#include "src/platform/host.h"

#define PROGRAM "udocker-trap"
#define RUNTIME "runtime-x86_64"

static int
trap_usable (const struct host *host, const char *mode, struct error *err)
{
  if (strcmp (host->machine, "x86_64") != 0)
    return error_set (err, ENOSYS,
                      _ ("mode %s is for x86_64 alone in this release, not for"
                         " %s; mode P1 works here"),
                      mode, host->machine);
  if (!filter_is_possible ())
    return error_set (err, ENOSYS,
                      _ ("mode %s needs filters of system calls, which are not"
                         " possible here; mode P2 works without"),
                      mode);
  int status = engine_find_program (PROGRAM, err);
  return status < 0 ? status : engine_find_program (RUNTIME, err);
}

static int
trap_prepare (struct container *container, const char *mode, struct error *err)
{
  (void) container; /* runs as it lies on disk */
  (void) mode;
  (void) err;
  return 0;
}

/* Nothing but the programs themselves may be there, and the container cannot be
   removed before they have ended.  */
static int
trap_run (const struct run_plan *plan, struct error *err)
{
  return engine_run_program (PROGRAM, plan, SUPERVISE_AWAIT, err);
}

static const char *const modes[] = { "T1", "T2", NULL };

const struct engine engine_trap = {
  .name = "trap",
  .modes = modes,
  .usable = trap_usable,
  .prepare = trap_prepare,
  .run = trap_run,
};
