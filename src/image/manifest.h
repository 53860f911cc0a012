/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Manifests and indexes: what an image consists of.  */

#ifndef UDOCKER_IMAGE_MANIFEST_H
#define UDOCKER_IMAGE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/image/platform-choice.h"

struct error;

enum manifest_kind
{
  MANIFEST_NONE,
  MANIFEST_IMAGE,   /* docker schema 2 or OCI manifest */
  MANIFEST_SCHEMA1, /* docker schema 1: no config blob, no sizes */
  MANIFEST_INDEX,   /* docker manifest list or OCI index */
};

/* Something a manifest points to.  */
struct manifest_descriptor
{
  char *digest;             /* valid per digest_is_valid */
  int64_t size;             /* -1 when the manifest does not say */
  char *media_type;         /* "" when the manifest does not say */
  struct platform platform; /* entries of an index; os NULL when not said */
  bool is_attestation;      /* an index entry that is no image to be run */
  char *name;               /* entries of an index: what their annotations call
                               them, NULL for nothing.  Not to be trusted */
  bool is_reference;        /* NAME is whole, not perhaps a tag alone */
};

/* A manifest, parsed.  Start it as { 0 }.  */
struct manifest
{
  enum manifest_kind kind;
  struct manifest_descriptor config;  /* MANIFEST_IMAGE; digest NULL else */
  struct manifest_descriptor *layers; /* base first, in order of application;
                                         the same digest may come twice */
  size_t layer_count;
  struct manifest_descriptor *entries; /* MANIFEST_INDEX, in their order */
  size_t entry_count;
  char *v1_config; /* MANIFEST_SCHEMA1: the newest v1Compatibility text, JSON */
};

/* Limits: bytes of a manifest, layers of an image, entries of an index.  */
enum
{
  MANIFEST_MAX_BYTES = 8 << 20,
  MANIFEST_MAX_LAYERS = 4096,
  MANIFEST_MAX_ENTRIES = 4096,
};

/* Parse the SIZE bytes at BYTES into MANIFEST, which the caller releases.
   The kind is told from the content, MEDIA_TYPE (may be NULL) only helps to
   word errors.  Every digest in the result is valid and every size is
   plausible.  Return 0, or a negative errno with ERR set: -EBADMSG when this
   is no manifest, -ENOTSUP when it is one of a kind that is no image.  */
int manifest_parse (struct manifest *manifest, const char *bytes, size_t size,
                    const char *media_type, struct error *err);

/* Return whether ENTRY, of an index, is an image that could be run somewhere.
 */
bool manifest_entry_is_image (const struct manifest_descriptor *entry);

/* Free what MANIFEST holds and make it { 0 }.  */
void manifest_release (struct manifest *manifest);

/* Return the entry of the index MANIFEST that suits WANTED best, the first
   among equals, borrowed.  NULL with ERR set (number ENOENT), naming the
   platforms that there are, when none does.  */
const struct manifest_descriptor *
manifest_choose (const struct manifest *manifest, const struct platform *wanted,
                 struct error *err);

#endif
