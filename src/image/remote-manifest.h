/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   The manifest of an image at its registry, through indexes.  */

#ifndef UDOCKER_IMAGE_REMOTE_MANIFEST_H
#define UDOCKER_IMAGE_REMOTE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "src/image/image.h"
#include "src/image/manifest.h"
#include "src/registry/registry.h"

struct error;
struct platform;
struct reference;

/* The manifest of an image, and what led to it.  Start it as { 0 }.  */
struct remote_manifest
{
  struct registry_document document; /* the manifest as it came, */
  struct manifest manifest;          /* and taken apart */
  struct registry_document indexes[IMAGE_INDEX_COUNT]; /* from the first */
  size_t index_count;
};

/* Somebody who may have documents already.  */
struct remote_manifest_cache
{
  void *data;

  /* Fill DOCUMENT, which is { 0 }, with what has DIGEST.  Return whether it
     was there.  */
  bool (*find) (void *data, const char *digest,
                struct registry_document *document);

  /* Fill DOCUMENT, which is { 0 }, with the manifest or index that the image's
     tag led to before.  Return whether it was there.  */
  bool (*recall) (void *data, struct registry_document *document);
};

/* Fetch the manifest of REF's image for the platform WANTED from REGISTRY into
   FOUND, which the caller releases whatever happens.  An index is gone
   through; what it leads to is taken from CACHE (may be NULL) where that has
   it, and so is what a tag leads to that did not move.  Return 0, or a negative
   errno with ERR set.  */
int remote_manifest_fetch (struct registry *registry,
                           const struct reference *ref,
                           const struct platform *wanted,
                           const struct remote_manifest_cache *cache,
                           struct remote_manifest *found, struct error *err);

/* Free what FOUND holds and make it { 0 }.  */
void remote_manifest_release (struct remote_manifest *found);

#endif
