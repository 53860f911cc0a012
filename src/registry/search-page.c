/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Take apart what a search service answers.  */

#include <config.h>

#include "src/registry/search-page.h"

#include <errno.h>
#include <stdlib.h>

#include "xalloc.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"

/* Return the text of the first of the members A and B of ITEM that is one, or
   NULL.  */
static const char *
either (struct json_object *item, const char *a, const char *b)
{
  const char *text = json_string (item, a);
  return text != NULL ? text : json_string (item, b);
}

/* Take ITEM, one entry of an answer, into RESULT.  Return whether it has a
   name.  */
static bool
take_result (struct json_object *item, struct search_result *result)
{
  const char *name = either (item, "repo_name", "name");
  const char *description = either (item, "short_description", "description");
  int64_t stars = json_integer (item, "star_count", 0);

  if (name == NULL || *name == '\0')
    return false;
  *result = (struct search_result){
    .name = xstrdup (name),
    .description = xstrdup (description == NULL ? "" : description),
    .is_official = json_object_get_boolean (
        json_member (item, "is_official", json_type_boolean)),
    .stars = stars < 0 ? 0 : stars,
  };
  return true;
}

int
search_page_parse (const char *text, size_t size, struct search_page *page,
                   struct error *err)
{
  AUTO_JSON struct json_object *object = NULL;

  search_page_release (page);
  int status = json_parse (text, size, "search", &object, err);
  if (status < 0)
    return status;
  struct json_object *list = json_member (object, "results", json_type_array);
  if (list == NULL)
    return error_set (err, EBADMSG, _ ("there are no results in it"));
  page->received = json_object_array_length (list);
  page->total = json_integer (object, "count", -1);
  page->pages = json_integer (object, "num_pages", -1);
  page->results = XCALLOC (page->received + 1, struct search_result);
  for (size_t i = 0; i < page->received; i++)
    if (take_result (json_object_array_get_idx (list, i),
                     &page->results[page->count]))
      page->count++;
  return 0;
}

void
search_page_add_name (struct search_page *page, const char *name)
{
  page->results =
      xreallocarray (page->results, page->count + 1, sizeof *page->results);
  page->results[page->count++] = (struct search_result){
    .name = xstrdup (name),
    .description = xstrdup (""),
  };
}

void
search_page_release (struct search_page *page)
{
  for (size_t i = 0; i < page->count; i++)
    {
      free (page->results[i].name);
      free (page->results[i].description);
    }
  free (page->results);
  *page = (struct search_page){ 0 };
}
