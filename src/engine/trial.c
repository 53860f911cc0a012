/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Trying a program of the host that makes containers: with an empty one.  */

#include <config.h>

#include "src/engine/trial.h"

#include <fcntl.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "src/container/run-plan.h"
#include "src/container/run-temporary.h"
#include "xalloc.h"

int
engine_try_nothing (const struct config *config, const char *mode,
                    engine_trial_function *function, void *data,
                    struct error *err)
{
  struct run_temporary temporary = RUN_TEMPORARY_NONE;
  char program[] = "/";
  char *words[] = { program, NULL };
  AUTO_FREE char *own_mode = xstrdup (mode);
  AUTO_FREE char *root = run_temporary_add (&temporary, 0700, err);
  if (root == NULL)
    return -err->number;
  AUTO_CLOSE int root_fd = open (root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct run_plan plan = {
    .config = config,
    .mode = own_mode,
    .root = root,
    .root_fd = root_fd,
    .hold_fd = -1,
    .started_fd = -1,
    .temporary = RUN_TEMPORARY_NONE,
    .program = program,
    .directory = program,
    .arguments = words,
    .argument_count = 1,
  };
  int status = function (&plan, data, err);
  run_temporary_remove (&temporary);
  return status < 0 ? status : 0; /* there was no program to start */
}
