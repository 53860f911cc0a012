/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   What need not be asked of a registry, since it is in the store.  */

#ifndef UDOCKER_IMAGE_PRESENT_H
#define UDOCKER_IMAGE_PRESENT_H

#include <stdbool.h>

struct manifest;
struct platform;
struct reference;
struct registry_document;
struct store;

/* Return whether the image that REF names by its digest is in STORE, whole, and
   suits WANTED: its manifest is what the digest says, and its blobs have the
   sizes that the manifest tells.  Then DOCUMENT and MANIFEST, both { 0 }, are
   filled and the caller's to release.  */
bool present_image (struct store *store, const struct reference *ref,
                    const struct platform *wanted,
                    struct registry_document *document,
                    struct manifest *manifest);

/* Return whether the image NAME:TAG in STORE has a manifest with DIGEST, and
   then fill DOCUMENT, which is { 0 }, with it.  */
bool present_manifest (struct store *store, const char *name, const char *tag,
                       const char *digest, struct registry_document *document);

/* Return whether there is an image NAME:TAG in STORE, and then fill DOCUMENT,
   which is { 0 }, with what the tag led to when it was pulled: the index if
   that is known, or the manifest.  */
bool present_document (struct store *store, const char *name, const char *tag,
                       struct registry_document *document);

#endif
