/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   An image in the store as its metadata describe it.  */

#include <config.h>

#include "src/image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "src/image/manifest.h"
#include "src/image/store.h"
#include "xalloc.h"
#include "xvasprintf.h"

#define AUTO_MANIFEST __attribute__ ((cleanup (manifest_release)))

void
image_release (struct image *image)
{
  cleanup_close (&image->directory);
  for (size_t i = 0; i < image->layer_count; i++)
    {
      free (image->layers[i].blob);
      free (image->layers[i].diff_id);
    }
  free (image->layers);
  free (image->name);
  free (image->tag);
  free (image->config_blob);
  free (image->config);
  *image = (struct image){ .directory = -1 };
}

/* Tell whether the image IMAGE of STORE has the blob BLOB: by its own link,
   or, where that is lost, in the common place.  */
static bool
has_blob (struct store *store, const struct image *image, const char *blob)
{
  return strchr (blob, '/') == NULL && blob[0] != '.'
         && (file_exists (image->directory, blob)
             || store_blob_exists (store, blob));
}

int
image_open_blob (struct store *store, const struct image *image,
                 const char *blob, struct error *err)
{
  if (strchr (blob, '/') == NULL && blob[0] != '.')
    {
      AUTO_ERROR struct error ignored = { 0 };
      int fd = file_open_regular (image->directory, blob, 0, &ignored);
      if (fd >= 0)
        return fd;
    }
  return store_blob_open (store, blob, err);
}

/* Append the layer BLOB to IMAGE.  */
static void
add_layer (struct image *image, const char *blob)
{
  image->layers = xreallocarray (image->layers, image->layer_count + 1,
                                 sizeof *image->layers);
  image->layers[image->layer_count++] =
      (struct image_layer){ .blob = xstrdup (blob) };
}

/* Read which blobs an image has that comes with a registry's manifest.  */
static int
read_v2 (struct image *image, struct error *err)
{
  AUTO_MANIFEST struct manifest manifest = { 0 };
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  int status = file_read_own (image->directory, "manifest", &text, &size, err);
  if (status == 0)
    status = manifest_parse (&manifest, text, size, NULL, err);
  if (status < 0)
    return status;

  if (manifest.kind == MANIFEST_IMAGE && manifest.config.digest != NULL)
    image->config_blob = TAKE (manifest.config.digest);
  else if (manifest.kind == MANIFEST_SCHEMA1 && manifest.v1_config != NULL)
    {
      image->config = TAKE (manifest.v1_config);
      image->config_size = strlen (image->config);
    }
  else
    return error_set (err, EBADMSG, _ ("the manifest is not that of an image"));
  for (size_t i = 0; i < manifest.layer_count; i++)
    add_layer (image, manifest.layers[i].digest);
  return 0;
}

static int
read_ancestry (const struct image *image, struct json_object **ancestry,
               struct error *err)
{
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  int status = file_read_own (image->directory, "ancestry", &text, &size, err);
  return status < 0 ? status
                    : json_parse (text, size, "ancestry", ancestry, err);
}

/* Read which blobs an image of the older flavour has: a list of layers, the
   top one first.  */
static int
read_v1 (struct image *image, struct error *err)
{
  AUTO_JSON struct json_object *ancestry = NULL;

  int status = read_ancestry (image, &ancestry, err);
  if (status < 0)
    return status;
  if (!json_object_is_type (ancestry, json_type_array)
      || json_object_array_length (ancestry) == 0)
    return error_set (err, EBADMSG, _ ("'ancestry' is not a list of layers"));

  size_t count = json_object_array_length (ancestry);
  for (size_t i = count; i-- > 0;)
    {
      struct json_object *item = json_object_array_get_idx (ancestry, i);
      if (!json_object_is_type (item, json_type_string))
        return error_set (err, EBADMSG,
                          _ ("'ancestry' is not a list of layers"));
      AUTO_FREE char *blob =
          xasprintf ("%s.layer", json_object_get_string (item));
      add_layer (image, blob);
    }

  image->config_blob =
      file_exists (image->directory, "container.json")
          ? xstrdup ("container.json")
          : xasprintf ("%s.json", json_object_get_string (
                                      json_object_array_get_idx (ancestry, 0)));
  return 0;
}

/* Take the digests of IMAGE's uncompressed layers from its configuration,
   where that has one for each.  */
static void
read_diff_ids (struct image *image, struct json_object *config)
{
  struct json_object *ids =
      json_member (json_member (config, "rootfs", json_type_object), "diff_ids",
                   json_type_array);

  if (ids == NULL || json_object_array_length (ids) != image->layer_count)
    return;
  for (size_t i = 0; i < image->layer_count; i++)
    {
      struct json_object *id = json_object_array_get_idx (ids, i);
      if (json_object_is_type (id, json_type_string))
        image->layers[i].diff_id = xstrdup (json_object_get_string (id));
    }
}

/* Read the text of IMAGE's configuration, unless that is done.  */
static int
load_config (struct store *store, struct image *image, struct error *err)
{
  if (image->config_blob == NULL)
    return 0;
  AUTO_CLOSE int fd = image_open_blob (store, image, image->config_blob, err);
  return fd < 0 ? fd
                : file_read_fd (fd, image->config_blob, &image->config,
                                &image->config_size, err);
}

int
image_read_config (struct store *store, struct image *image, struct error *err)
{
  AUTO_JSON struct json_object *config = NULL;

  int status = load_config (store, image, err);
  if (status == 0)
    status = json_parse (image->config, image->config_size,
                         _ ("the configuration"), &config, err);
  if (status == 0 && !json_object_is_type (config, json_type_object))
    status = error_set (err, EBADMSG, _ ("the configuration is no object"));
  if (status == 0)
    read_diff_ids (image, config);
  return status;
}

/* Read all of IMAGE, and see that its layers are there.  */
static int
read_whole (struct store *store, struct image *image, struct error *err)
{
  int status = image_read_config (store, image, err);
  if (status < 0)
    return status;
  bool is_v2 = file_exists (image->directory, "manifest");
  for (size_t i = 0; i < image->layer_count; i++)
    {
      if (!has_blob (store, image, image->layers[i].blob))
        return error_set (err, ENOENT, _ ("layer '%s' is missing"),
                          image->layers[i].blob);
      /* The older flavour may give the digest of the compressed file.  */
      if (!is_v2)
        {
          free (image->layers[i].diff_id);
          image->layers[i].diff_id = NULL;
        }
    }
  return 0;
}

/* Open the image TAG and read its structure, then what MORE reads (unless it
   is NULL).  */
static int
open_image (struct store *store, const struct store_tag *tag,
            int (*more) (struct store *, struct image *, struct error *),
            struct image *image, struct error *err)
{
  struct image new = { .directory = store_tag_open (store, tag, err) };
  if (new.directory < 0)
    return new.directory;

  new.name = xstrdup (tag->name);
  new.tag = xstrdup (tag->tag);
  int status = file_exists (new.directory, "manifest") ? read_v2 (&new, err)
                                                       : read_v1 (&new, err);
  if (status == 0 && more != NULL)
    status = more (store, &new, err);
  if (status < 0)
    {
      image_release (&new);
      return error_prefix (err, _ ("image '%s:%s'"), tag->name, tag->tag);
    }
  *image = new;
  return 0;
}

int
image_open (struct store *store, const struct store_tag *tag,
            struct image *image, struct error *err)
{
  return open_image (store, tag, read_whole, image, err);
}

int
image_open_config (struct store *store, const struct store_tag *tag,
                   struct image *image, struct error *err)
{
  return open_image (store, tag, load_config, image, err);
}

int
image_open_structure (struct store *store, const struct store_tag *tag,
                      struct image *image, struct error *err)
{
  return open_image (store, tag, NULL, image, err);
}

char *
image_platform (const char *config, size_t size)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_JSON struct json_object *object = NULL;

  (void) json_parse (config, size, "", &object, &ignored);
  const char *os = json_string (object, "os");
  const char *architecture = json_string (object, "architecture");
  const char *variant = json_string (object, "variant");
  if (os == NULL || *os == '\0')
    os = "unknown";
  if (architecture == NULL || *architecture == '\0')
    architecture = "unknown";
  return variant == NULL || *variant == '\0'
             ? xasprintf ("%s/%s", os, architecture)
             : xasprintf ("%s/%s/%s", os, architecture, variant);
}
