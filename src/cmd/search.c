/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker search: find repositories in a registry, and their tags.  */

#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"
#include "src/cmd/pager.h"
#include "src/cmd/registry-options.h"
#include "src/config/config.h"
#include "src/registry/list.h"
#include "src/registry/names.h"
#include "src/registry/reference.h"
#include "src/registry/registry.h"
#include "src/registry/search.h"
#include "src/registry/search-page.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern const struct command command_search;

struct search_options
{
  struct typed_registry registry;
  bool all;
  bool whole;
  bool tags;
  const char *format;
};

static const struct option_row search_rows[] = {
  {
      .letter = 'a',
      .kind = OPTION_FLAG,
      .help = N_ ("show all at once, without asking after each page"),
      .target = OPTION_TARGET (struct search_options, all),
  },
  {
      .name = "no-trunc",
      .kind = OPTION_FLAG,
      .help = N_ ("do not cut names and descriptions"),
      .target = OPTION_TARGET (struct search_options, whole),
  },
  {
      .name = "list-tags",
      .kind = OPTION_FLAG,
      .help = N_ ("list the tags of the repository of this name instead"),
      .target = OPTION_TARGET (struct search_options, tags),
  },
  FORMAT_TABLE_ROW (struct search_options, format),
  {
      .name = "index",
      .kind = OPTION_VALUE,
      .argument = N_ ("URL"),
      .help = N_ ("ask this search service"),
      .target = OPTION_TARGET (struct search_options, registry.index),
  },
  REGISTRY_OPTION_ROWS (struct search_options, registry),
  { .name = NULL },
};

enum
{
  PAGE_SIZE = 100, /* of a request, where it need not be small */
};

/* Return the first line of TEXT, of which only what can be printed in ASCII
   is kept: it comes from strangers and goes to a terminal.  The caller frees
   it.  */
static char *
printable (const char *text)
{
  char *clean = xstrdup (text);
  char *to = clean;

  for (const char *from = text; *from != '\0' && *from != '\n'; from++)
    if (*from >= ' ' && *from <= '~')
      *to++ = *from;
  *to = '\0';
  return clean;
}

static void
print_row (const struct search_options *options, const char *name,
           const char *official, const char *description, const char *stars)
{
  if (options->whole)
    printf ("%-55s %8s %-70s %5s\n", name, official, description, stars);
  else
    printf ("%-55.80s %8.8s %-70.70s %5.5s\n", name, official, description,
            stars);
}

static void
print_result (const struct search_options *options,
              const struct search_result *result)
{
  AUTO_FREE char *name = printable (result->name);
  AUTO_FREE char *description = printable (result->description);
  AUTO_FREE char *stars = xasprintf ("%" PRId64, result->stars);

  print_row (options, name, result->is_official ? "[OK]" : "----", description,
             stars);
}

static void
add_result (struct json_object *list, const struct search_result *result)
{
  struct json_object *item = json_object_new_object ();

  format_add_text (item, "name", result->name);
  format_add_truth (item, "official", result->is_official);
  format_add_text (item, "description", result->description);
  format_add_number (item, "stars", result->stars);
  json_object_array_add (list, item);
}

/* Show what SEARCH finds, in pages as PAGER has them, or put it into LIST
   when that is not NULL.  */
static int
show_results (struct search *search, const struct search_options *options,
              struct pager *pager, struct json_object *list, struct error *err)
{
  struct search_page page = { 0 };
  bool is_first = true;
  int status = 0;

  while ((status = search_next (search, &page, err)) > 0)
    for (size_t i = 0; i < page.count; i++)
      {
        if (list != NULL)
          {
            add_result (list, &page.results[i]);
            continue;
          }
        if (!log_says (LOG_RESULT))
          continue;
        if (is_first && log_says (LOG_INFO))
          print_row (options, "NAME", "OFFICIAL", "DESCRIPTION", "STARS");
        is_first = false;
        if (!pager_next_line (pager))
          {
            search_page_release (&page);
            return 0;
          }
        print_result (options, &page.results[i]);
      }
  search_page_release (&page);
  return status;
}

/* Split TYPED, [http[s]://][HOST/]WORD, into *PLACE, the URL or name of its
   host, NULL when there is none, and the word, which is returned.  The caller
   frees *PLACE.  */
static const char *
split_expression (const char *typed, char **place)
{
  const char *scheme = strstr (typed, "://");
  const char *rest = scheme == NULL ? typed : scheme + 3;
  size_t size =
      scheme == NULL ? reference_host_size (rest) : strcspn (rest, "/");

  if (size == 0)
    return typed;
  *place = xasprintf ("%.*s", (int) (rest - typed + (ptrdiff_t) size), typed);
  rest += size;
  return rest + strspn (rest, "/");
}

/* Fill PLACE with where to search: what stands in front of the word, OWN (NULL
   when nothing does), then the options, then the settings.  */
static void
choose_place (const struct search_options *options, const struct config *config,
              const char *own, struct search_place *place)
{
  const struct typed_registry *typed = &options->registry;
  bool has_index = typed->index != NULL && *typed->index != '\0';
  bool has_registry = typed->registry != NULL && *typed->registry != '\0';

  *place = (struct search_place){ .index = own, .registry = own };
  if (own == NULL)
    {
      place->index = has_index ? typed->index : typed->registry;
      place->registry = has_registry ? typed->registry : NULL;
    }
  if ((own == NULL && !has_index && !has_registry)
      || (place->registry != NULL
          && reference_host_is_docker_hub (place->registry)))
    *place = (struct search_place){ .index = config->dockerio_index_url };
}

static int
search_repositories (struct invocation *invocation, struct error *err)
{
  const struct search_options *options = invocation->options;
  AUTO_JSON struct json_object *list = NULL;
  AUTO_FREE char *own = NULL;
  struct registry_options registry;
  struct search_place place;
  struct search *search = NULL;
  struct pager pager;

  const char *word = split_expression (
      invocation->operand_count > 0 ? invocation->operands[0] : "", &own);
  choose_place (options, invocation->config, own, &place);
  typed_registry_apply (&options->registry, invocation->config, &registry);
  if (format_is_json (options->format))
    list = json_object_new_array ();
  pager_start (&pager, options->all || list != NULL);
  int status =
      search_open (&search, word, &place,
                   pager.rows > 0 ? pager.rows : PAGE_SIZE, &registry, err);
  if (status == 0)
    status = show_results (search, options, &pager, list, err);
  if (status == 0 && list != NULL)
    format_print (list);
  search_close (search);
  return status;
}

/* Collect in DATA, a struct names, the tags that REGISTRY has for the
   repository it was opened for.  */
static int
collect_tags (struct registry *registry, void *data, struct error *err)
{
  struct names *all = data;
  struct names page = { 0 };
  struct list tags;
  int status = 0;

  names_release (all);
  list_tags (&tags, registry);
  while ((status = list_next (&tags, &page, err)) > 0)
    names_move (all, &page);
  names_release (&page);
  list_release (&tags);
  return status;
}

static void
print_tags (const struct names *tags, bool is_json)
{
  AUTO_JSON struct json_object *list = json_object_new_array ();

  for (size_t i = 0; i < tags->count; i++)
    if (is_json)
      json_object_array_add (list, json_object_new_string (tags->list[i]));
    else if (log_says (LOG_RESULT))
      puts (tags->list[i]);
  if (is_json)
    format_print (list);
}

static int
search_tags (struct invocation *invocation, struct error *err)
{
  const struct search_options *options = invocation->options;
  struct registry_options registry;
  struct reference ref = { 0 };
  struct names tags = { 0 };

  int status = reference_parse (
      &ref, invocation->operand_count > 0 ? invocation->operands[0] : "", err);
  if (status < 0)
    return status;
  typed_registry_apply (&options->registry, invocation->config, &registry);
  status = registry_ask_around (&ref, &registry, collect_tags, &tags, err);
  if (status == 0)
    print_tags (&tags, format_is_json (options->format));
  names_release (&tags);
  reference_release (&ref);
  return status;
}

static int
run_search (struct invocation *invocation, struct error *err)
{
  const struct search_options *options = invocation->options;

  return options->tags ? search_tags (invocation, err)
                       : search_repositories (invocation, err);
}

const struct command command_search = {
  .name = "search",
  .operands = N_ ("[EXPRESSION]"),
  .summary = N_ ("find repositories in a registry, or list their tags"),
  .description = N_ (
      "Docker Hub is searched for EXPRESSION, or the registry whose"
      " HOST[:PORT]/ stands in front of it. Where a registry has no search,"
      " the names of its repositories are gone through. On a terminal there is"
      " a question after each page: return goes on, q ends.\n\n"
      "With --format=json the result is an array of objects with the members"
      " name, official (a boolean), description and stars (a number); with"
      " --list-tags an array of strings.\n\n"
      " udocker search debian\n\n"
      " udocker search --list-tags quay.io/centos/centos"),
  .options = search_rows,
  .options_size = sizeof (struct search_options),
  .max_operands = 1,
  .needs = NEEDS_CONFIG,
  .run = run_search,
};
