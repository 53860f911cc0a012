/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Ask a registry whether it takes somebody's credentials.  */

#include <config.h>

#include "src/registry/registry.h"

#include <errno.h>

#include "xalloc.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/registry/registry-private.h"

/* Judge the answer that EXCHANGE got from REGISTRY, as registry_check_login
   does.  */
static int
judge (struct registry *registry, const struct exchange *exchange,
       struct error *err)
{
  if (exchange->result != CURLE_OK)
    {
      (void) registry_unreachable (registry, exchange, err);
      return 1;
    }
  if (exchange->status == 200)
    {
      if (registry->authorization == NULL)
        log_info (_ ("registry '%s' does not ask for credentials"),
                  registry->url);
      return 0;
    }
  AUTO_FREE char *trouble = exchange_trouble (exchange);
  bool is_refused = exchange->status == 401 || exchange->status == 403;
  int status =
      is_refused ? error_set (err, EACCES, _ ("'%s' refuses them: %s"),
                              registry->url, trouble)
                 : error_set (err, exchange_number (exchange),
                              _ ("registry '%s': %s"), registry->url, trouble);
  return is_refused ? status : 1;
}

int
registry_check_login (const char *url, const char *user, const char *password,
                      const struct registry_options *options, struct error *err)
{
  struct registry *registry = NULL;
  struct exchange exchange;

  int status = registry_open_at (&registry, url, options, err);
  if (status < 0)
    return status;
  registry->credentials.user = xstrdup (user);
  registry->credentials.password = xstrdup (password);
  registry->has_credentials = true;
  registry->looked_for_credentials = true;
  exchange_init (&exchange, registry);
  status = registry_ask (registry, &exchange, "/v2/", err);
  if (status == 0)
    status = judge (registry, &exchange, err);
  else if (!registry->is_refusing)
    status = 1;
  exchange_release (&exchange);
  registry_close (registry);
  return status;
}
