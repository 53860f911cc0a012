/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   What is in a registry: tags of a repository, and its repositories.  */

#ifndef UDOCKER_REGISTRY_LIST_H
#define UDOCKER_REGISTRY_LIST_H

struct error;
struct names;
struct registry;

/* A walk through all pages of a list.  Start it with list_tags or
   list_repositories.  */
struct list
{
  struct registry *registry;
  const char *member;
  char *path; /* of the next page; NULL at the end */
  unsigned int pages;
};

/* Begin LIST, of the tags of the repository that REGISTRY was opened for.  */
void list_tags (struct list *list, struct registry *registry);

/* Begin LIST, of the repositories that REGISTRY has (_catalog, which many
   registries do not answer).  */
void list_repositories (struct list *list, struct registry *registry);

/* Fetch the next page of LIST into NAMES, whose contents are released first.
   Names that cannot be such are left out, with a warning.  Return 1, 0 when
   there is no more, or a negative errno with ERR set: -ENOENT when the
   registry has no such list.  */
int list_next (struct list *list, struct names *names, struct error *err);

/* Free what LIST holds.  */
void list_release (struct list *list);

#endif
