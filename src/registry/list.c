/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Fetch lists of names, page by page.  */

/* The distribution specification: a list that is not whole comes with a Link
   header that tells the URL of the rest.  Some registries make it relative,
   some absolute, with a host or scheme that only they know behind their
   proxy.  So its path is taken and asked for at the registry, which is also
   the only place that credentials go to.  */

#include <config.h>

#include "src/registry/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/registry/names.h"
#include "src/registry/registry-private.h"

enum
{
  PAGE_BYTES_MAX = 16 << 20,
  PAGES_MAX = 10000,
};

void
list_tags (struct list *list, struct registry *registry)
{
  *list = (struct list){
    .registry = registry,
    .member = "tags",
    .path = xasprintf ("/v2/%s/tags/list", registry->repository),
  };
}

void
list_repositories (struct list *list, struct registry *registry)
{
  *list = (struct list){
    .registry = registry,
    .member = "repositories",
    .path = xstrdup ("/v2/_catalog"),
  };
}

void
list_release (struct list *list)
{
  free (list->path);
  *list = (struct list){ 0 };
}

/* Say in ERR why EXCHANGE brought no page of LIST.  */
static int
no_page (const struct list *list, const struct exchange *exchange,
         struct error *err)
{
  const struct registry *registry = list->registry;

  if (exchange->is_too_big)
    return error_set (err, EFBIG,
                      _ ("registry '%s': its list of %s is too big"),
                      registry->url, list->member);
  if (exchange->result != CURLE_OK)
    return registry_unreachable (registry, exchange, err);
  AUTO_FREE char *trouble = exchange_trouble (exchange);
  if (registry->repository == NULL)
    return error_set (err, exchange_number (exchange),
                      _ ("registry '%s' gives no list of %s: %s"),
                      registry->url, list->member, trouble);
  return error_set (err, exchange_number (exchange),
                    _ ("registry '%s' gives no list of %s of '%s': %s"),
                    registry->url, list->member, registry->repository, trouble);
}

/* Note in LIST where the page behind the one in EXCHANGE is.  */
static int
find_next (struct list *list, const struct exchange *exchange,
           struct error *err)
{
  AUTO_FREE char *target = link_next (exchange->link);
  AUTO_FREE char *before = TAKE (list->path);

  if (target == NULL)
    return 0;
  AUTO_FREE char *path = exchange_path_of (exchange, target);
  if (path == NULL)
    return error_set (err, EBADMSG,
                      _ ("registry '%s': its list of %s goes on nowhere"),
                      list->registry->url, list->member);
  if (strcmp (path, before) == 0 || ++list->pages >= PAGES_MAX)
    return error_set (err, ELOOP,
                      _ ("registry '%s': its list of %s does not come to an"
                         " end"),
                      list->registry->url, list->member);
  list->path = TAKE (path);
  return 0;
}

/* Take the page that EXCHANGE brought into NAMES.  */
static int
take_page (struct list *list, const struct exchange *exchange,
           struct names *names, struct error *err)
{
  int strange =
      names_parse (exchange->body.data == NULL ? "" : exchange->body.data,
                   exchange->body.length, list->member, names, err);

  if (strange < 0)
    return error_prefix (err, _ ("registry '%s': its list of %s"),
                         list->registry->url, list->member);
  if (strange > 0)
    log_warning (_ ("registry '%s': %d of its %s are left out, being no"
                    " names"),
                 list->registry->url, strange, list->member);
  return find_next (list, exchange, err);
}

/* Fetch the page at LIST's path into NAMES.  */
static int
fetch_page (struct list *list, struct names *names, struct error *err)
{
  struct registry *registry = list->registry;
  struct exchange exchange;

  exchange_init (&exchange, registry);
  exchange.accept = "application/json";
  exchange.body_max = PAGE_BYTES_MAX;
  int status = registry_ask (registry, &exchange, list->path, err);
  if (status == 0 && (exchange.result != CURLE_OK || exchange.status != 200))
    status = no_page (list, &exchange, err);
  if (status == 0)
    status = take_page (list, &exchange, names, err);
  exchange_release (&exchange);
  return status;
}

int
list_next (struct list *list, struct names *names, struct error *err)
{
  AUTO_ERROR struct error first = { 0 };

  names_release (names);
  if (list->path == NULL)
    return 0;
  int status = fetch_page (list, names, &first);
  if (list->pages == 0 && (status == -ENOENT || status == -EACCES)
      && registry_use_other_repository (list->registry))
    {
      AUTO_ERROR struct error other = { 0 };
      struct registry *registry = list->registry;
      list_release (list);
      list_tags (list, registry);
      status = fetch_page (list, names, &other);
    }
  return status < 0 ? error_move (err, &first) : 1;
}
