/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Find out whether an image in the store is whole.  */

#ifndef UDOCKER_IMAGE_VERIFY_H
#define UDOCKER_IMAGE_VERIFY_H

#include <stdbool.h>

struct error;
struct image;
struct progress;
struct store;
struct store_tag;

/* Who wants to know what is found.  BLOB is a file below layers/, or "manifest"
   or "ancestry" where these are at fault.  */
struct verify_watch
{
  /* The layer BLOB is good.  */
  void (*good) (void *data, const char *blob);
  /* BLOB is bad, as ERR tells, which GOOD's caller frees.  */
  void (*bad) (void *data, const char *blob, struct error *err);
  void *data;
  struct progress *progress; /* shows a line a layer; not NULL */
};

/* Read all of the image TAG in STORE: each blob that it names must be there,
   by its link, and be what its digest says; layers must be archives that can
   be read to their end, with the digests that the configuration gives; the
   configuration must be a JSON object; the manifest must be what the tag says,
   where that is a digest.  Does not stop at what is bad.

   Return the number of times that WATCH->bad was called, or a negative errno
   with ERR set when what the image consists of cannot be read.  Only the full
   program has it.  */
int image_verify (struct store *store, const struct store_tag *tag,
                  const struct verify_watch *watch, struct error *err);

/* Return whether WANTED is the digest of IMAGE's manifest, or of an index that
   is kept with it and leads to it; if not, ERR tells why.  */
bool image_has_digest (const struct image *image, const char *wanted,
                       struct error *err);

#endif
