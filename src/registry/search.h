/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Search for repositories by a word.  */

#ifndef UDOCKER_REGISTRY_SEARCH_H
#define UDOCKER_REGISTRY_SEARCH_H

struct error;
struct registry_options;
struct search;
struct search_page;

/* Where to search.  All texts are borrowed for the life of the search.  */
struct search_place
{
  const char *index;    /* URL of a search service, or NULL */
  const char *registry; /* URL of a registry whose list of repositories is
                           gone through where no index answers, or NULL */
};

/* Begin a *SEARCH for EXPRESSION ("" finds everything) at PLACE, in pages of
   PAGE_SIZE results where the service lets us choose.  OPTIONS are borrowed.
   Nothing goes over the network yet.  Return 0, or -EINVAL with ERR set.  */
int search_open (struct search **search, const char *expression,
                 const struct search_place *place, unsigned int page_size,
                 const struct registry_options *options, struct error *err);

/* Fetch the next page of SEARCH into PAGE, which is released first.  The first
   call finds out what there is: the search of Docker Hub (v2), that of older
   indexes (v1), the list of a registry's repositories.  Return 1 with PAGE
   filled (perhaps with no result), 0 at the end, or a negative errno with ERR
   set.  */
int search_next (struct search *search, struct search_page *page,
                 struct error *err);

/* Close SEARCH and free it; NULL is accepted.  */
void search_close (struct search *search);

#endif
