/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Lists of names as registries send them, a page at a time.  */

#ifndef UDOCKER_REGISTRY_NAMES_H
#define UDOCKER_REGISTRY_NAMES_H

#include <stddef.h>

struct error;

/* Names, in the order of the registry.  Start it as { 0 }.  */
struct names
{
  char **list;
  size_t count;
  size_t space;
};

/* Add to NAMES those in the array MEMBER of the JSON object of SIZE bytes at
   TEXT: "tags" or "repositories".  Return the number of entries in the array
   that can be no such name (of another type, strange characters, too long),
   which are left out, or -EBADMSG with ERR set when there is no such array
   (null is an empty one).  */
int names_parse (const char *text, size_t size, const char *member,
                 struct names *names, struct error *err);

/* Put the names in FROM, which is empty afterwards, behind those in TO.  */
void names_move (struct names *to, struct names *from);

/* Free what NAMES holds and make it { 0 }.  */
void names_release (struct names *names);

/* Return the target of the link with the relation "next" in the value HEADER
   of a Link header (RFC 8288; may be NULL), in memory that the caller frees,
   or NULL when there is none.  */
char *link_next (const char *header);

#endif
