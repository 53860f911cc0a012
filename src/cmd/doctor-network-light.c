/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The light program asks nobody: udocker-full does.  */

#include <config.h>

#include "src/cmd/doctor-network.h"

void
doctor_ask_registries (const struct config *config, const char *const *urls,
                       doctor_registry_function *function, void *data)
{
  (void) config;
  (void) urls;
  (void) function;
  (void) data;
}
