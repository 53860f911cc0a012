/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   What the settings say of registries.  */

#include <config.h>

#include "src/registry/registry.h"

#include "lib/base/log.h"
#include "src/config/config.h"

void
registry_options_from_config (struct registry_options *options,
                              const struct config *config)
{
  *options = (struct registry_options){ 0 };
  options->hub = config->dockerio_registry_url;
  options->proxy = config->http_proxy;
  options->keystore = config->keystore;
  options->user_agent = config->http_agent;
  options->insecure = config->http_insecure;
  options->insecure_hosts =
      (const char *const *) config->insecure_registries.items;
  options->mirrors = (const char *const *) config->registry_mirrors.items;
  options->verbose = log_says (LOG_DEBUG);
  if (config->ctimeout > 0)
    options->connect_timeout = (unsigned int) config->ctimeout;
  if (config->timeout > 0)
    options->timeout = (unsigned int) config->timeout;
}
