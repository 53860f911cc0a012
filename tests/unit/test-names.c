/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Test the parsing of lists of names, of Link headers and of what a search
   answers.  */

#include <config.h>

#include "src/registry/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/error.h"
#include "src/registry/search-page.h"
#include "tests/unit/tap.h"

/* Values of Link headers and the target of the next page.  */
static const struct
{
  const char *header, *target;
} links[] = {
  { NULL, NULL },
  { "", NULL },
  { "</v2/_catalog?last=a&n=2>; rel=\"next\"", "/v2/_catalog?last=a&n=2" },
  { "<x>;rel=next", "x" },
  { "<x> ; REL=\"Next\"", "x" },
  { "<x>; rel=\"prev next\"", "x" },
  { "<x>; rel=\"prev\"", NULL },
  { "<x>; rel=\"nextpage\"", NULL },
  { "<a>; rel=prev, <b,c>; title=\"x; rel=next, <z>\"; rel=\"next\"", "b,c" },
  { "<a>; title=\"\\\"; rel=next\", <b>; rel=next", "b" },
  { "<a>; title=\"never closed; rel=next", NULL },
  { "<never closed; rel=next", NULL },
  { "x; rel=next", NULL },
  { "<>; rel=next", "" },
  { "<x> rel=next", NULL },
};

/* Answers to a question for tags: how many there are, or a negative errno,
   and how many are left out.  */
static const struct
{
  const char *text;
  int count, strange;
} lists[] = {
  { "{\"name\":\"a\",\"tags\":[\"1\",\"v2.0_x-y\"]}", 2, 0 },
  { "{\"tags\":[]}", 0, 0 },
  { "{\"tags\":null}", 0, 0 },
  { "{\"tags\":[\"ok\",1,null,{},[\"x\"],\"\",\"a b\",\"\\u001b[2J\"]}", 1, 7 },
  { "{\"tags\":[\"a\\u0000b\",\"\\u00e9\",\"a\\nb\",\"x\"]}", 1, 3 },
  { "{\"tags\":\"x\"}", -EBADMSG, 0 },
  { "{\"names\":[]}", -EBADMSG, 0 },
  { "[\"x\"]", -EBADMSG, 0 },
  { "null", -EBADMSG, 0 },
  { "", -EBADMSG, 0 },
  { "{\"tags\":[", -EBADMSG, 0 },
};

/* Answers to a search: how many results there are, or a negative errno, then
   the first of them.  */
static const struct
{
  const char *text;
  int count;
  const char *name, *description;
  bool is_official;
  int stars;
} pages[] = {
  { "{\"results\":[]}", 0, NULL, NULL, false, 0 },
  { "{\"count\":1,\"results\":[{\"repo_name\":\"a\",\"short_description\":"
    "\"d\",\"is_official\":true,\"star_count\":7}]}",
    1, "a", "d", true, 7 },
  { "{\"results\":[{\"name\":\"b\",\"description\":\"e\"},{\"name\":\"c\"}]}",
    2, "b", "e", false, 0 },
  { "{\"results\":[1,{},{\"repo_name\":7,\"name\":\"b\",\"star_count\":\"9\","
    "\"is_official\":1,\"description\":[]}]}",
    1, "b", "", false, 0 },
  { "{\"results\":[{\"name\":\"b\",\"star_count\":-9}]}", 1, "b", "", false,
    0 },
  { "{\"results\":{}}", -EBADMSG, NULL, NULL, false, 0 },
  { "{}", -EBADMSG, NULL, NULL, false, 0 },
  { "[]", -EBADMSG, NULL, NULL, false, 0 },
  { "<html>", -EBADMSG, NULL, NULL, false, 0 },
};

static void
test_links (void)
{
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    {
      char *target = link_next (links[i].header);
      bool is_right =
          links[i].target == NULL
              ? target == NULL
              : target != NULL && strcmp (target, links[i].target) == 0;
      tap_ok (is_right, "link %s",
              links[i].header == NULL ? "none" : links[i].header);
      free (target);
    }
}

static void
test_lists (void)
{
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    {
      struct names names = { 0 };
      struct error err = { 0 };
      int status = names_parse (lists[i].text, strlen (lists[i].text), "tags",
                                &names, &err);
      bool is_right = lists[i].count < 0
                          ? status == lists[i].count && err.text != NULL
                          : status == lists[i].strange
                                && names.count == (size_t) lists[i].count;
      tap_ok (is_right, "list %s", lists[i].text);
      names_release (&names);
      error_release (&err);
    }
}

static void
test_pages (void)
{
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    {
      struct search_page page = { 0 };
      struct error err = { 0 };
      int status = search_page_parse (pages[i].text, strlen (pages[i].text),
                                      &page, &err);
      bool is_right =
          pages[i].count < 0
              ? status == pages[i].count && err.text != NULL
              : status == 0 && page.count == (size_t) pages[i].count;
      if (is_right && pages[i].count > 0)
        is_right =
            strcmp (page.results[0].name, pages[i].name) == 0
            && strcmp (page.results[0].description, pages[i].description) == 0
            && page.results[0].is_official == pages[i].is_official
            && page.results[0].stars == pages[i].stars;
      tap_ok (is_right, "page %s", pages[i].text);
      search_page_release (&page);
      error_release (&err);
    }
}

int
main (void)
{
  test_links ();
  test_lists ();
  test_pages ();
  return tap_done ();
}
