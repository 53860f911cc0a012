/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Modes P1 and P2: our tracer, a program of its own.  */

#include <config.h>

#include "src/engine/engine.h"

#include "src/engine/program.h"
#include "src/engine/trial.h"
#include "src/platform/probe.h"

#define PROGRAM "udocker-proot"

static int
proot_usable (const struct host *host, const struct config *config,
              const char *mode, struct error *err)
{
  (void) host; /* every kernel that we run on has ptrace */
  (void) config;
  (void) mode;
  int status = engine_find_program (PROGRAM, err);
  return status < 0 ? status : probe_need (PROBE_PROC, err);
}

static int
proot_try (const struct config *config, const char *mode, struct error *err)
{
  int status = probe_need (PROBE_PTRACE, err);
  /* P1 does as P2 where there are no filters.  */
  return status < 0 ? status : engine_try_part (PROGRAM, config, mode, err);
}

static int
proot_prepare (struct container *container, const char *mode, struct error *err)
{
  (void) container; /* runs as it lies on disk */
  (void) mode;
  (void) err;
  return 0;
}

/* The tracer itself stays as long as any program of the container.  */
static int
proot_run (const struct run_plan *plan, struct error *err)
{
  return engine_run_program (PROGRAM, plan, SUPERVISE_LEAVE, err);
}

static const char *const modes[] = { "P1", "P2", NULL };

const struct engine engine_proot = {
  .name = "proot",
  .modes = modes,
  .usable = proot_usable,
  .try = proot_try,
  .prepare = proot_prepare,
  .check = engine_check_program,
  .run = proot_run,
};
