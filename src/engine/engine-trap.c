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
#include "src/engine/trial.h"
#include "src/platform/host.h"
#include "src/platform/probe.h"

#define PROGRAM "udocker-trap"
#define RUNTIME "runtime-x86_64"

static int
trap_usable (const struct host *host, const struct config *config,
             const char *mode, struct error *err)
{
  (void) config;
  if (strcmp (host->machine, "x86_64") != 0)
    return error_set (err, ENOSYS,
                      _ ("mode %s is for x86_64 alone in this release, not for"
                         " %s; mode P1 works here"),
                      mode, host->machine);
  if (!filter_is_possible ())
    {
      if (probe_need (PROBE_FILTER, err) == 0)
        error_set (err, ENOSYS, _ ("filters of system calls are not possible"));
      error_prefix (err, _ ("mode %s does not work here"), mode);
      return error_hint (err, _ ("mode P2 works without them"));
    }
  int status = engine_find_program (PROGRAM, err);
  if (status == 0)
    status = engine_find_program (RUNTIME, err);
  return status < 0 ? status : probe_need (PROBE_PROC, err);
}

static int
trap_try (const struct config *config, const char *mode, struct error *err)
{
  int status = probe_need (PROBE_FILTER, err);
  if (status == 0)
    status = probe_need (PROBE_TRAP, err);
  /* T1 does as T2 where programs cannot be changed.  */
  return status < 0 ? status : engine_try_part (PROGRAM, config, mode, err);
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
  .try = trap_try,
  .prepare = trap_prepare,
  .check = engine_check_program,
  .run = trap_run,
};
