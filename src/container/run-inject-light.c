/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The light program brings nothing of the host's into containers: udocker-full
   does, and is asked before.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"

int
run_plan_inject (struct run_plan *plan, const struct run_request *request,
                 const struct run_metadata *metadata,
                 const struct config *config, struct error *err)
{
  (void) plan;
  (void) request;
  (void) metadata;
  (void) config;
  return error_set (err, ENOSYS, _ ("this program has no drivers for devices"));
}
