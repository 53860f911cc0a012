/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Settings of registries, and what the command line changes in them.  */

#include <config.h>

#include "src/cmd/registry-options.h"

#include "src/registry/registry.h"

void
typed_registry_apply (const struct typed_registry *typed,
                      const struct config *config,
                      struct registry_options *options)
{
  registry_options_from_config (options, config);
  if (typed->registry != NULL)
    options->registry = typed->registry;
  if (typed->proxy != NULL)
    options->proxy = typed->proxy;
}
