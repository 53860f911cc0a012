/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Search an index or a registry, page by page.  */

#include <config.h>

#include "src/registry/search.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/registry/list.h"
#include "src/registry/names.h"
#include "src/registry/registry-private.h"
#include "src/registry/search-page.h"

enum
{
  PAGE_BYTES_MAX = 16 << 20,
  PAGES_MAX = 10000,
};

/* What answers, in the order in which they are tried.  */
enum service
{
  SERVICE_V2,
  SERVICE_V1,
  SERVICE_CATALOG,
  SERVICE_NONE,
};

struct search
{
  const char *expression;
  struct search_place place;
  const struct registry_options *options;
  unsigned int page_size;
  struct registry *registry; /* the one that is asked now, or NULL */
  enum service service;
  bool is_found; /* SERVICE answers */
  bool is_over;
  unsigned int page; /* the next one, from 1 */
  size_t received;   /* results so far */
  struct list list;  /* SERVICE_CATALOG */
};

int
search_open (struct search **search, const char *expression,
             const struct search_place *place, unsigned int page_size,
             const struct registry_options *options, struct error *err)
{
  struct search *made = XZALLOC (struct search);

  made->expression = expression;
  made->place = *place;
  made->options = options;
  made->page_size = page_size;
  made->page = 1;
  made->service = place->index == NULL ? SERVICE_CATALOG : SERVICE_V2;
  const char *first = place->index == NULL ? place->registry : place->index;
  int status = registry_open_at (&made->registry, first, options, err);
  if (status < 0)
    free (made);
  else
    *search = made;
  return status;
}

void
search_close (struct search *search)
{
  if (search == NULL)
    return;
  list_release (&search->list);
  registry_close (search->registry);
  free (search);
}

/* Return path and query that ask for the next page; the caller frees it.  */
static char *
page_path (const struct search *search)
{
  const char *word = *search->expression == '\0' ? "*" : search->expression;
  char *escaped = curl_easy_escape (NULL, word, 0);
  AUTO_BUFFER (path);

  if (escaped == NULL)
    xalloc_die ();
  if (search->service == SERVICE_V2)
    buffer_add_format (&path, "/v2/search/repositories?query=%s&page_size=%u",
                       escaped, search->page_size);
  else
    buffer_add_format (&path, "/v1/search?q=%s&n=%u", escaped,
                       search->page_size);
  curl_free (escaped);
  if (search->page > 1)
    buffer_add_format (&path, "&page=%u", search->page);
  return buffer_take (&path);
}

/* Note in SEARCH that PAGE came, and whether it was the last one.  */
static void
count_page (struct search *search, const struct search_page *page)
{
  search->received += page->received;
  if (page->received == 0
      || (page->total >= 0 && (int64_t) search->received >= page->total)
      || (page->pages >= 0 && (int64_t) search->page >= page->pages))
    search->is_over = true;
  search->page++;
}

/* Fetch the next page of an index into PAGE.  Return 1, or a negative errno
   with ERR set.  */
static int
ask_index (struct search *search, struct search_page *page, struct error *err)
{
  struct registry *registry = search->registry;
  AUTO_FREE char *path = page_path (search);
  struct exchange exchange;

  exchange_init (&exchange, registry);
  exchange.accept = "application/json";
  exchange.body_max = PAGE_BYTES_MAX;
  int status = registry_ask (registry, &exchange, path, err);
  if (status == 0 && exchange.result != CURLE_OK)
    status =
        exchange.is_too_big ? error_set (
            err, EFBIG, _ ("index '%s': its answer is too big"), registry->url)
                            : registry_unreachable (registry, &exchange, err);
  else if (status == 0 && exchange.status != 200)
    {
      AUTO_FREE char *trouble = exchange_trouble (&exchange);
      status = error_set (err, exchange_number (&exchange),
                          _ ("index '%s' cannot be searched: %s"),
                          registry->url, trouble);
    }
  else if (status == 0)
    {
      status = search_page_parse (
          exchange.body.data == NULL ? "" : exchange.body.data,
          exchange.body.length, page, err);
      if (status < 0)
        (void) error_prefix (err, _ ("index '%s' cannot be searched"),
                             registry->url);
    }
  search->is_over = exchange.result != CURLE_OK;
  exchange_release (&exchange);
  if (status < 0)
    return status;
  count_page (search, page);
  return 1;
}

/* Return whether NAME has EXPRESSION in it, in any case.  */
static bool
is_match (const char *name, const char *expression)
{
  size_t size = strlen (expression);

  for (; strlen (name) >= size; name++)
    if (strncasecmp (name, expression, size) == 0)
      return true;
  return false;
}

/* Fetch the next page of a registry's repositories, and put those that are
   looked for into PAGE.  */
static int
ask_catalog (struct search *search, struct search_page *page, struct error *err)
{
  struct names names = { 0 };

  search_page_release (page);
  if (search->list.registry == NULL)
    list_repositories (&search->list, search->registry);
  int status = list_next (&search->list, &names, err);
  if (status == 0)
    search->is_over = true;
  for (size_t i = 0; i < names.count; i++)
    if (is_match (names.list[i], search->expression))
      search_page_add_name (page, names.list[i]);
  names_release (&names);
  return status;
}

static int
ask_service (struct search *search, struct search_page *page, struct error *err)
{
  return search->service == SERVICE_CATALOG ? ask_catalog (search, page, err)
                                            : ask_index (search, page, err);
}

/* Go on to the next service of SEARCH.  Return whether there is one.  */
static bool
try_other_service (struct search *search, struct error *err)
{
  search->service++;
  if (search->service != SERVICE_CATALOG)
    return search->service == SERVICE_V1;
  if (search->place.registry == NULL)
    return false;
  registry_close (search->registry);
  search->registry = NULL;
  return registry_open_at (&search->registry, search->place.registry,
                           search->options, err)
         == 0;
}

int
search_next (struct search *search, struct search_page *page, struct error *err)
{
  search_page_release (page);
  if (search->is_over)
    return 0;
  AUTO_ERROR struct error first = { 0 };
  int status = ask_service (search, page, &first);
  while (status < 0 && !search->is_found && !search->is_over)
    {
      /* What is told in the end is why the first one did not answer.  */
      AUTO_ERROR struct error other = { 0 };
      log_debug ("%s", first.text);
      if (!try_other_service (search, &other))
        break;
      status = ask_service (search, page, &other);
    }
  search->is_found = true;
  if (status < 0 && search->page > 1 && !search->is_over
      && search->service != SERVICE_CATALOG)
    {
      /* Docker Hub refuses pages beyond some number.  */
      log_debug ("%s", first.text);
      search->is_over = true;
      return 0;
    }
  if (search->page >= PAGES_MAX)
    search->is_over = true;
  return status < 0 ? error_move (err, &first) : status;
}
