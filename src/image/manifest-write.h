/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Manifests for images that come without one.  */

#ifndef UDOCKER_IMAGE_MANIFEST_WRITE_H
#define UDOCKER_IMAGE_MANIFEST_WRITE_H

#include <stdint.h>

struct json_object;

/* Return a descriptor, as OCI manifests and indexes have them, of the blob
   DIGEST with SIZE bytes and the media type TYPE (what follows
   "application/vnd.oci.image.").  The caller puts it.  */
struct json_object *manifest_describe (const char *type, const char *digest,
                                       int64_t size);

/* Return an OCI manifest of an image whose configuration is the blob CONFIG
   with SIZE bytes, yet without layers.  The caller puts it.  */
struct json_object *manifest_new (const char *config, int64_t size);

/* Append to MANIFEST the layer DIGEST with SIZE bytes, compressed as
   filters_name says (NULL: not).  */
void manifest_add_layer (struct json_object *manifest, const char *digest,
                         int64_t size, const char *compression);

/* Return OBJECT as text on one line, which the caller frees.  */
char *manifest_text (struct json_object *object);

#endif
