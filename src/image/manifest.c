/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Read manifests and indexes.  */

#include <config.h>

#include "src/image/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "src/registry/reference.h"

/* No blob is bigger: an exabyte is a mistake or a trap.  */
#define SIZE_LIMIT ((int64_t) 1 << 50)
/* Nor is a configuration, which is read as a whole.  */
#define CONFIG_LIMIT ((int64_t) 16 << 20)

static int
refuse (struct error *err, const char *why)
{
  return error_set (err, EBADMSG, _ ("not a valid image manifest: %s"), why);
}

static void
descriptor_release (struct manifest_descriptor *descriptor)
{
  free (descriptor->digest);
  free (descriptor->media_type);
  free (descriptor->name);
  platform_release (&descriptor->platform);
  *descriptor = (struct manifest_descriptor){ 0 };
}

static char *
copy_or_empty (const char *text)
{
  return xstrdup (text == NULL ? "" : text);
}

/* Return a copy of TEXT in lower case, NULL for NULL or "".  */
static char *
lower_or_null (const char *text)
{
  if (text == NULL || *text == '\0')
    return NULL;
  char *copy = xstrdup (text);
  for (char *p = copy; *p != '\0'; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char) (*p - 'A' + 'a');
  return copy;
}

/* Read the descriptor OBJECT, a WHAT, into DESCRIPTOR, which is empty.  */
static int
read_descriptor (struct json_object *object, const char *what,
                 struct manifest_descriptor *descriptor, struct error *err)
{
  const char *digest = json_string (object, "digest");
  int64_t size = json_integer (object, "size", -1);

  if (digest == NULL)
    return error_set (err, EBADMSG,
                      _ ("not a valid image manifest: %s has no digest"), what);
  if (!digest_is_valid (digest))
    return error_set (err, EBADMSG,
                      _ ("not a valid image manifest: %s has a digest that is"
                         " neither sha256 nor sha512"),
                      what);
  if (size < 0 || size > SIZE_LIMIT)
    return error_set (err, EBADMSG,
                      _ ("not a valid image manifest: %s has no size"
                         " that makes sense"),
                      what);
  descriptor->digest = xstrdup (digest);
  descriptor->size = size;
  descriptor->media_type = copy_or_empty (json_string (object, "mediaType"));
  return 0;
}

/* Return whether TYPE may be the media type of an image's configuration.  */
static bool
is_image_config (const char *type)
{
  return *type == '\0' || strstr (type, "container.image") != NULL
         || strstr (type, "image.config") != NULL
         || strcmp (type, "application/json") == 0
         || strcmp (type, "application/octet-stream") == 0;
}

static int
read_image (struct json_object *root, struct json_object *layers,
            struct manifest *manifest, struct error *err)
{
  struct json_object *config = json_member (root, "config", json_type_object);
  if (config == NULL)
    return refuse (err, _ ("it has no configuration"));
  int status =
      read_descriptor (config, _ ("the configuration"), &manifest->config, err);
  if (status < 0)
    return status;
  if (manifest->config.size > CONFIG_LIMIT)
    return refuse (err, _ ("the configuration is too big"));
  if (!is_image_config (manifest->config.media_type))
    return error_set (err, ENOTSUP,
                      _ ("this is no container image, but something of the"
                         " type '%s'"),
                      manifest->config.media_type);

  size_t count = json_object_array_length (layers);
  if (count > MANIFEST_MAX_LAYERS)
    return refuse (err, _ ("it has too many layers"));
  manifest->layers = XCALLOC (count + 1, struct manifest_descriptor);
  for (size_t i = 0; i < count; i++)
    {
      struct manifest_descriptor *layer = &manifest->layers[i];
      manifest->layer_count = i + 1;
      status = read_descriptor (json_object_array_get_idx (layers, i),
                                _ ("a layer"), layer, err);
      if (status < 0)
        return status;
      if (strstr (layer->media_type, "+encrypted") != NULL)
        return error_set (err, ENOTSUP,
                          _ ("the image is encrypted, which is not"
                             " supported"));
    }
  return 0;
}

static int
read_schema1 (struct json_object *root, struct manifest *manifest,
              struct error *err)
{
  struct json_object *layers = json_member (root, "fsLayers", json_type_array);
  struct json_object *history = json_member (root, "history", json_type_array);
  if (layers == NULL || history == NULL
      || json_object_array_length (layers) == 0
      || json_object_array_length (history) == 0)
    return refuse (err, _ ("layers section missing in manifest"));
  size_t count = json_object_array_length (layers);
  if (count > MANIFEST_MAX_LAYERS)
    return refuse (err, _ ("it has too many layers"));

  manifest->layers = XCALLOC (count, struct manifest_descriptor);
  manifest->layer_count = count;
  for (size_t i = 0; i < count; i++)
    {
      /* The newest comes first.  */
      struct manifest_descriptor *layer = &manifest->layers[count - 1 - i];
      const char *digest =
          json_string (json_object_array_get_idx (layers, i), "blobSum");
      if (digest == NULL || !digest_is_valid (digest))
        return refuse (err, _ ("a layer has no digest"));
      layer->digest = xstrdup (digest);
      layer->size = -1;
      layer->media_type = xstrdup ("");
    }
  const char *config =
      json_string (json_object_array_get_idx (history, 0), "v1Compatibility");
  if (config == NULL)
    return refuse (err, _ ("it has no configuration"));
  manifest->v1_config = xstrdup (config);
  return 0;
}

/* Read platform and name of the index entry OBJECT into DESCRIPTOR.  */
static void
read_entry (struct json_object *object, struct manifest_descriptor *descriptor)
{
  struct json_object *platform =
      json_member (object, "platform", json_type_object);
  struct json_object *annotations =
      json_member (object, "annotations", json_type_object);
  const char *type = json_string (annotations, "vnd.docker.reference.type");
  const char *whole = json_string (annotations, "io.containerd.image.name");
  const char *name =
      json_string (annotations, "org.opencontainers.image.ref.name");

  descriptor->is_attestation =
      type != NULL && strcmp (type, "attestation-manifest") == 0;
  /* The name as somebody wrote it, before one that is spelt out.  */
  descriptor->is_reference =
      whole != NULL && (name == NULL || strpbrk (name, "/:") == NULL);
  if (descriptor->is_reference || name != NULL)
    descriptor->name = xstrdup (descriptor->is_reference ? whole : name);
  descriptor->platform.os = lower_or_null (json_string (platform, "os"));
  descriptor->platform.architecture =
      lower_or_null (json_string (platform, "architecture"));
  descriptor->platform.variant =
      lower_or_null (json_string (platform, "variant"));
}

static int
read_index (struct json_object *entries, struct manifest *manifest,
            struct error *err)
{
  size_t count = json_object_array_length (entries);
  if (count > MANIFEST_MAX_ENTRIES)
    return refuse (err, _ ("it has too many entries"));
  manifest->entries = XCALLOC (count + 1, struct manifest_descriptor);
  for (size_t i = 0; i < count; i++)
    {
      struct json_object *object = json_object_array_get_idx (entries, i);
      manifest->entry_count = i + 1;
      int status =
          read_descriptor (object, _ ("an entry"), &manifest->entries[i], err);
      if (status < 0)
        return status;
      read_entry (object, &manifest->entries[i]);
    }
  return 0;
}

static int
read_manifest (struct json_object *root, struct manifest *manifest,
               struct error *err)
{
  struct json_object *layers = json_member (root, "layers", json_type_array);
  struct json_object *entries =
      json_member (root, "manifests", json_type_array);

  if (!json_object_is_type (root, json_type_object))
    return refuse (err, _ ("it is no JSON object"));
  if (json_integer (root, "schemaVersion", 2) == 1)
    {
      manifest->kind = MANIFEST_SCHEMA1;
      return read_schema1 (root, manifest, err);
    }
  /* Taken for one by some and for the other by others, such a thing could
     show different images to different people.  */
  if (layers != NULL && entries != NULL)
    return refuse (err, _ ("it is an image and an index at once"));
  if (entries != NULL)
    {
      manifest->kind = MANIFEST_INDEX;
      return read_index (entries, manifest, err);
    }
  if (layers != NULL)
    {
      manifest->kind = MANIFEST_IMAGE;
      return read_image (root, layers, manifest, err);
    }
  return refuse (err, _ ("layers section missing in manifest"));
}

int
manifest_parse (struct manifest *manifest, const char *bytes, size_t size,
                const char *media_type, struct error *err)
{
  AUTO_JSON struct json_object *root = NULL;
  AUTO_ERROR struct error inner = { 0 };

  if (size > MANIFEST_MAX_BYTES)
    return refuse (err, _ ("it is too big"));
  if (json_parse (bytes, size, "manifest", &root, &inner) < 0)
    {
      if (media_type == NULL || *media_type == '\0')
        return refuse (err, _ ("it is not JSON"));
      return error_set (err, EBADMSG,
                        _ ("not a valid image manifest: it is not JSON, and"
                           " sent as '%s'"),
                        media_type);
    }
  struct manifest made = { 0 };
  int status = read_manifest (root, &made, err);
  if (status < 0)
    {
      manifest_release (&made);
      return status;
    }
  *manifest = made;
  return 0;
}

void
manifest_release (struct manifest *manifest)
{
  descriptor_release (&manifest->config);
  for (size_t i = 0; i < manifest->layer_count; i++)
    descriptor_release (&manifest->layers[i]);
  free (manifest->layers);
  for (size_t i = 0; i < manifest->entry_count; i++)
    descriptor_release (&manifest->entries[i]);
  free (manifest->entries);
  free (manifest->v1_config);
  *manifest = (struct manifest){ 0 };
}

bool
manifest_entry_is_image (const struct manifest_descriptor *entry)
{
  return !entry->is_attestation
         && !(entry->platform.os != NULL
              && strcmp (entry->platform.os, "unknown") == 0);
}

/* Say in ERR that MANIFEST has nothing for WANTED, but for what.  */
static void
explain_choice (const struct manifest *manifest, const struct platform *wanted,
                struct error *err)
{
  AUTO_FREE char *text = platform_text (wanted);
  AUTO_BUFFER (list);

  for (size_t i = 0; i < manifest->entry_count && list.length < 1000; i++)
    {
      const struct manifest_descriptor *entry = &manifest->entries[i];
      if (!manifest_entry_is_image (entry) || entry->platform.os == NULL)
        continue;
      AUTO_FREE char *name = platform_text (&entry->platform);
      if (list.length > 0)
        buffer_add_string (&list, ", ");
      buffer_add_format (&list, "%.80s", name);
    }
  if (list.length == 0)
    (void) error_set (err, ENOENT,
                      _ ("no image found in manifest for platform (%s): it"
                         " has no image for any"),
                      text);
  else
    (void) error_set (err, ENOENT,
                      _ ("no image found in manifest for platform (%s): there"
                         " is one for %s"),
                      text, list.data);
}

const struct manifest_descriptor *
manifest_choose (const struct manifest *manifest, const struct platform *wanted,
                 struct error *err)
{
  const struct manifest_descriptor *best = NULL;
  const struct manifest_descriptor *unnamed = NULL;
  unsigned int best_score = 0;
  size_t unnamed_count = 0;

  for (size_t i = 0; i < manifest->entry_count; i++)
    {
      const struct manifest_descriptor *entry = &manifest->entries[i];
      if (!manifest_entry_is_image (entry))
        continue;
      if (entry->platform.os == NULL && entry->platform.architecture == NULL)
        {
          unnamed = unnamed == NULL ? entry : unnamed;
          unnamed_count++;
          continue;
        }
      unsigned int score = platform_suits (wanted, &entry->platform);
      if (score > best_score)
        {
          best = entry;
          best_score = score;
        }
    }
  /* An index may hold one image and not say what it is for.  */
  if (best == NULL && unnamed_count == 1)
    best = unnamed;
  if (best == NULL)
    explain_choice (manifest, wanted, err);
  return best;
}
