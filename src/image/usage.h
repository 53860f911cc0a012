/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which blobs of the store are needed, and what nobody needs.  */

#ifndef UDOCKER_IMAGE_USAGE_H
#define UDOCKER_IMAGE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;
struct store_tag;

/* How often a blob is needed.  */
struct store_use
{
  char *name;     /* its file below layers/ */
  intmax_t size;  /* bytes on disk, where they were asked for */
  size_t images;  /* how many images link to it */
  size_t pending; /* how many images on their way do */
  size_t last;    /* not for others */
};

/* Uses, sorted by name; starts as { 0 }.  */
struct store_uses
{
  struct store_use *list;
  size_t count;
  size_t space;
};

/* Free what USES holds.  */
void store_uses_release (struct store_uses *uses);

/* Read all blobs of STORE, their sizes, and how often they are needed, into
   USES, which starts as { 0 }.  What belongs to a process that was killed needs
   nothing.  Return 0, or a negative errno with ERR set.  */
int store_uses_read (struct store *store, struct store_uses *uses,
                     struct error *err);

/* Return the use of the blob NAME in USES, or NULL.  */
struct store_use *store_uses_find (const struct store_uses *uses,
                                   const char *name);

/* Add up in USES, which store_uses_read has filled, what the image TAG of STORE
   takes: *SIZE bytes in all, of which *SHARED are other images' too.  Return 0,
   or a negative errno with ERR set.  */
int store_tag_usage (struct store *store, const struct store_tag *tag,
                     const struct store_uses *uses, intmax_t *size,
                     intmax_t *shared, struct error *err);

/* Something in a store that nobody needs.  */
enum garbage_kind
{
  GARBAGE_LAYER,     /* a blob that no image has */
  GARBAGE_PARTIAL,   /* a blob that was cut */
  GARBAGE_IMAGE,     /* what is left of an image half made or half removed */
  GARBAGE_CONTAINER, /* the same of a container */
  GARBAGE_DIRECTORY, /* an empty directory of images */
};

struct store_garbage
{
  enum garbage_kind kind;
  char *name;    /* below layers/, repos/ or containers/ */
  intmax_t size; /* bytes on disk */
};

/* Garbage; starts as { 0 }.  */
struct store_garbage_list
{
  struct store_garbage *list;
  size_t count;
  size_t space;
};

/* Free what GARBAGE holds.  */
void store_garbage_release (struct store_garbage_list *garbage);

/* Find what nobody needs in STORE: blobs that no image has (but those written
   in the last ten minutes: another tool may be about to link to them), blobs
   that were cut, what killed processes left of images and containers, empty
   directories of images.  Nothing that a living process works at is among it.
   Return 0 with GARBAGE, which starts as { 0 }, filled, or a negative errno
   with ERR set.  */
int store_garbage_find (struct store *store, struct store_garbage_list *garbage,
                        struct error *err);

/* Remove what is in GARBAGE from STORE, unless somebody needs it by now.  With
   FORCE go on after a failure.  Return 0 with *FREED the bytes that this gave
   back, or a negative errno with ERR set.  */
int store_garbage_remove (struct store *store,
                          const struct store_garbage_list *garbage, bool force,
                          intmax_t *freed, struct error *err);

#endif
