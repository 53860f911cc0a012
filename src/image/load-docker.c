/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Images as docker save lays them out.

   'manifest.json' names the members of each image; such an archive has no
   manifest as registries know it, so that one is written here, over the layers
   as they are in the archive and the configuration byte by byte: its digest,
   by which Docker calls the image, and those of the unpacked layers survive.
   Before 1.10 Docker wrote 'repositories' alone, which leads to the highest
   layer and from each to the next; this is kept as a manifest of schema 1,
   where the configuration of an image is that of its highest layer too.  */

#include <config.h>

#include "src/image/load-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/json.h"
#include "src/image/archive-list.h"
#include "src/image/archive-members.h"
#include "src/image/image.h"
#include "src/image/manifest-write.h"
#include "src/image/manifest.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Find the layers that LISTED names, check that they are what CONFIG says, and
   add them to IMAGE and its MANIFEST.  */
static int
add_layers (struct load *load, const struct archive_image *listed,
            struct json_object *config, struct load_image *image,
            struct json_object *manifest, struct error *err)
{
  struct json_object *ids = archive_diff_ids (config);

  if (ids != NULL && json_object_array_length (ids) != listed->layer_count)
    return error_set (err, EBADMSG,
                      _ ("it has %zu layers where its configuration names"
                         " %zu"),
                      listed->layer_count, json_object_array_length (ids));
  for (size_t i = 0; i < listed->layer_count; i++)
    {
      struct member *member = NULL;
      int status =
          members_find (load->members, listed->layers[i], &member, err);
      if (status == 0 && interrupt_signal != 0)
        status = error_set (err, EINTR, _ ("interrupted"));
      struct json_object *id =
          ids == NULL ? NULL : json_object_array_get_idx (ids, i);
      if (status == 0 && json_object_is_type (id, json_type_string))
        status = member_verify (load->members, member,
                                json_object_get_string (id), err);
      if (status < 0)
        return status;
      manifest_add_layer (manifest, member->digest, (int64_t) member->size,
                          member_compression (member));
      load_add_member (image, member);
    }
  image->layer_count = listed->layer_count;
  return 0;
}

/* Add the image of LISTED, whose configuration is CONFIG, to LOAD.  */
static int
add_image (struct load *load, const struct archive_image *listed,
           struct member *config, struct error *err)
{
  AUTO_FREE char *text = NULL;
  AUTO_JSON struct json_object *object = NULL;
  AUTO_JSON struct json_object *manifest =
      manifest_new (config->digest, (int64_t) config->size);
  struct load_image *image = load_add_image (load);

  int status = member_read (config, LOAD_MAX_CONFIG, &text, err);
  if (status == 0)
    status = json_parse (text, config->size, listed->config, &object, err);
  if (status == 0 && !json_object_is_type (object, json_type_object))
    status = error_set (err, EBADMSG, _ ("'%s' is no configuration"),
                        listed->config);
  if (status < 0)
    return status;
  load_add_member (image, config);
  status = add_layers (load, listed, object, image, manifest, err);
  if (status < 0)
    return status;
  image->id = xstrdup (config->digest);
  image->platform = image_platform (text, config->size);
  AUTO_FREE char *made = manifest_text (manifest);
  return load_set_manifest (load, image, made, strlen (made), err);
}

int
load_docker (struct load *load, const char *text, size_t size,
             struct error *err)
{
  __attribute__ ((
      cleanup (archive_list_release))) struct archive_list list = { 0 };

  int status = archive_list_parse (&list, text, size, err);
  for (size_t i = 0; i < list.count && status == 0; i++)
    {
      const struct archive_image *listed = &list.images[i];
      struct load_image *image = NULL;
      struct member *config = NULL;
      status = members_find (load->members, listed->config, &config, err);
      for (size_t j = 0; j < load->count && status == 0; j++)
        if (strcmp (load->images[j].id, config->digest) == 0)
          image = &load->images[j];
      if (status == 0 && image == NULL)
        {
          status = add_image (load, listed, config, err);
          image = &load->images[load->count - 1];
        }
      /* 'index.json' may call it by a longer name.  */
      if (status == 0 && listed->name_count > 0 && !image->is_listed)
        {
          load_forget_names (image);
          image->is_listed = true;
        }
      for (size_t j = 0; j < listed->name_count && status == 0; j++)
        load_add_name (image, listed->names[j], false);
      if (status < 0)
        (void) error_prefix (err, _ ("image '%.300s' in the archive"),
                             listed->name_count > 0 ? listed->names[0]
                                                    : listed->config);
    }
  return status;
}

/* Read the description of the layer ID into *TEXT and PARENT, the id of the
   one below, NULL for none.  */
static int
read_description (struct load *load, const char *id, char **text, char **parent,
                  struct error *err)
{
  AUTO_FREE char *path = xasprintf ("%s/json", id);
  AUTO_JSON struct json_object *object = NULL;
  struct member *member = NULL;

  int status = members_find (load->members, path, &member, err);
  if (status == 0)
    status = member_read (member, LOAD_MAX_CONFIG, text, err);
  if (status == 0)
    status = json_parse (*text, member->size, path, &object, err);
  if (status < 0)
    return status;
  const char *below = json_string (object, "parent");
  *parent = below == NULL || *below == '\0' ? NULL : xstrdup (below);
  return 0;
}

/* Follow the layers from the highest, ID, to the lowest: add them to IMAGE,
   LAYERS and HISTORY.  */
static int
follow_layers (struct load *load, const char *id, struct load_image *image,
               struct json_object *layers, struct json_object *history,
               struct error *err)
{
  AUTO_FREE char *next = xstrdup (id);
  size_t size = 0;

  while (next != NULL)
    {
      AUTO_FREE char *text = NULL;
      AUTO_FREE char *parent = NULL;
      AUTO_FREE char *path = xasprintf ("%s/layer.tar", next);
      struct member *member = NULL;
      if (image->layer_count++ == MANIFEST_MAX_LAYERS)
        return error_set (err, EBADMSG, _ ("it has too many layers"));
      int status = read_description (load, next, &text, &parent, err);
      if (status == 0)
        status = members_find (load->members, path, &member, err);
      if (status == 0 && interrupt_signal != 0)
        status = error_set (err, EINTR, _ ("interrupted"));
      if (status < 0)
        return status;
      size += strlen (text);
      if (size > MANIFEST_MAX_BYTES)
        return error_set (err, EBADMSG, _ ("its manifest is too big"));
      if (image->platform == NULL)
        image->platform = image_platform (text, strlen (text));

      struct json_object *layer = json_object_new_object ();
      struct json_object *step = json_object_new_object ();
      json_object_object_add (layer, "blobSum",
                              json_object_new_string (member->digest));
      json_object_object_add (step, "v1Compatibility",
                              json_object_new_string (text));
      json_object_array_add (layers, layer);
      json_object_array_add (history, step);
      load_add_member (image, member);
      free (next);
      next = TAKE (parent);
    }
  return 0;
}

/* Add the image of LISTED to LOAD.  */
static int
add_old_image (struct load *load, const struct archive_image *listed,
               struct error *err)
{
  AUTO_JSON struct json_object *manifest = json_object_new_object ();
  struct json_object *layers = json_object_new_array ();
  struct json_object *history = json_object_new_array ();
  struct load_image *image = load_add_image (load);
  AUTO_FREE char *path = xasprintf ("%s/json", listed->layers[0]);
  struct member *config = NULL;

  json_object_object_add (manifest, "schemaVersion", json_object_new_int (1));
  json_object_object_add (manifest, "fsLayers", layers);
  json_object_object_add (manifest, "history", history);
  int status =
      follow_layers (load, listed->layers[0], image, layers, history, err);
  if (status == 0)
    status = members_find (load->members, path, &config, err);
  if (status < 0)
    return status;
  image->id = xstrdup (config->digest);
  load_add_name (image, listed->names[0], false);
  AUTO_FREE char *made = manifest_text (manifest);
  return load_set_manifest (load, image, made, strlen (made), err);
}

int
load_old_docker (struct load *load, const char *text, size_t size,
                 struct error *err)
{
  __attribute__ ((
      cleanup (archive_list_release))) struct archive_list list = { 0 };

  int status = archive_list_parse_repositories (&list, text, size, err);
  for (size_t i = 0; i < list.count && status == 0; i++)
    {
      status = add_old_image (load, &list.images[i], err);
      if (status < 0)
        (void) error_prefix (err, _ ("image '%.300s' in the archive"),
                             list.images[i].names[0]);
    }
  return status;
}
