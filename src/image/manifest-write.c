/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Manifests for images that come without one.  */

#include <config.h>

#include "src/image/manifest-write.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "xalloc.h"
#include "xvasprintf.h"

#define TYPE "application/vnd.oci.image."

struct json_object *
manifest_describe (const char *type, const char *digest, int64_t size)
{
  struct json_object *object = json_object_new_object ();
  AUTO_FREE char *media_type = xasprintf (TYPE "%s", type);

  json_object_object_add (object, "mediaType",
                          json_object_new_string (media_type));
  json_object_object_add (object, "digest", json_object_new_string (digest));
  json_object_object_add (object, "size", json_object_new_int64 (size));
  return object;
}

struct json_object *
manifest_new (const char *config, int64_t size)
{
  struct json_object *object = json_object_new_object ();

  json_object_object_add (object, "schemaVersion", json_object_new_int (2));
  json_object_object_add (object, "mediaType",
                          json_object_new_string (TYPE "manifest.v1+json"));
  json_object_object_add (object, "config",
                          manifest_describe ("config.v1+json", config, size));
  json_object_object_add (object, "layers", json_object_new_array ());
  return object;
}

void
manifest_add_layer (struct json_object *manifest, const char *digest,
                    int64_t size, const char *compression)
{
  AUTO_FREE char *type =
      xasprintf ("layer.v1.tar%s%s", compression == NULL ? "" : "+",
                 compression == NULL ? "" : compression);

  json_object_array_add (json_member (manifest, "layers", json_type_array),
                         manifest_describe (type, digest, size));
}

char *
manifest_text (struct json_object *object)
{
  return xstrdup (json_object_to_json_string_ext (
      object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}
