/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Ask a registry whether it is there.  */

#include <config.h>

#include "src/registry/registry.h"

#include <errno.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/registry/registry-private.h"

int
registry_reach (const char *url, const struct registry_options *options,
                bool *refuses, struct error *err)
{
  struct registry *registry = NULL;
  struct exchange exchange;

  *refuses = false;
  int status = registry_open_at (&registry, url, options, err);
  if (status < 0)
    return status;
  exchange_init (&exchange, registry);
  status = registry_ask (registry, &exchange, "/v2/", err);
  *refuses = registry->is_refusing
             || (status == 0 && exchange.result == CURLE_OK
                 && (exchange.status == 401 || exchange.status == 403));
  if (*refuses)
    {
      error_release (err);
      status = 0;
    }
  else if (status == 0 && exchange.result != CURLE_OK)
    status = registry_unreachable (registry, &exchange, err);
  else if (status == 0 && exchange.status != 200)
    {
      AUTO_FREE char *trouble = exchange_trouble (&exchange);
      status = error_set (err, exchange_number (&exchange),
                          _ ("registry '%s': %s"), registry->url, trouble);
    }
  exchange_release (&exchange);
  registry_close (registry);
  return status;
}
