/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The part of 'udocker doctor' that needs the network.  */

#include <config.h>

#include "src/cmd/doctor-network.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/config/config.h"
#include "src/registry/registry.h"

/* Ask the registry at URL.  */
static void
ask (const char *url, const struct registry_options *options,
     doctor_registry_function *function, void *data)
{
  AUTO_ERROR struct error why = { 0 };
  bool refuses = false;
  int status = registry_reach (url, options, &refuses, &why);
  function (data, url, status == 0,
            status < 0 ? why.text
            : refuses  ? _ ("it wants a login")
                       : NULL);
}

void
doctor_ask_registries (const struct config *config, const char *const *urls,
                       doctor_registry_function *function, void *data)
{
  struct registry_options options;
  registry_options_from_config (&options, config);
  ask (config->dockerio_registry_url, &options, function, data);
  for (size_t i = 0; i < config->registry_mirrors.count; i++)
    {
      const char *equals = strchr (config->registry_mirrors.items[i], '=');
      if (equals != NULL)
        ask (equals + 1, &options, function, data);
    }
  for (; *urls != NULL; urls++)
    ask (*urls, &options, function, data);
}
