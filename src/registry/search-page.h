/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   One page of what a search found.  */

#ifndef UDOCKER_REGISTRY_SEARCH_PAGE_H
#define UDOCKER_REGISTRY_SEARCH_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* A repository that was found.  The texts are as the registry sent them: what
   prints them sees to what a terminal must not get.  */
struct search_result
{
  char *name;
  char *description; /* "" when there is none */
  bool is_official;
  int64_t stars;
};

/* A page.  Start it as { 0 }.  */
struct search_page
{
  struct search_result *results;
  size_t count;
  size_t received; /* entries that came, those without a name included */
  int64_t total;   /* of all pages, or -1 when not told */
  int64_t pages;   /* how many there are, or -1 when not told */
};

/* Read the SIZE bytes at TEXT, an answer of Docker Hub's v2 or of a v1 search,
   into PAGE, which is released first.  Members of wrong types count as not
   sent.  Return 0, or -EBADMSG with ERR set when it is no such answer.  */
int search_page_parse (const char *text, size_t size, struct search_page *page,
                       struct error *err);

/* Add a result with NAME alone to PAGE.  */
void search_page_add_name (struct search_page *page, const char *name);

/* Free what PAGE holds and make it { 0 }.  */
void search_page_release (struct search_page *page);

#endif
