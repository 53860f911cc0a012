/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Images laid out as docker save does it.

   Docker since 1.10, podman and skopeo read 'manifest.json' alone, which names
   configurations and layers.  Older programs and the Python tool go by
   'repositories', which leads to the highest layer, and by the description of
   each layer, which leads to the one below.  So a layer has a directory for
   each place that it has in an image, called by a digest of all that lies
   below it; its content is there once, and what else wants it is a hard link,
   that 'manifest.json' never names.  */

#include <config.h>

#include "src/image/save-private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/json.h"
#include "src/image/archive-writer.h"
#include "src/image/file-hash.h"
#include "src/image/manifest-write.h"
#include "src/image/store.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* The names of layers in an image.  */
struct chain
{
  char **ids; /* the lowest first */
  size_t count;
};

static void
chain_release (struct chain *chain)
{
  for (size_t i = 0; i < chain->count; i++)
    free (chain->ids[i]);
  free (chain->ids);
}

/* Make CHAIN that of IMAGE.  The highest layer belongs to one image alone,
   whose configuration describes it.  */
static int
make_chain (const struct save *save, const struct save_image *image,
            struct chain *chain, struct error *err)
{
  size_t count = image->image.layer_count;

  *chain = (struct chain){ .ids = XCALLOC (count + 1, char *) };
  for (size_t i = 0; i < count; i++)
    {
      AUTO_FREE char *digest = NULL;
      AUTO_FREE char *text =
          xasprintf ("%s %s %s", i == 0 ? "" : chain->ids[i - 1],
                     save->blobs[image->layers[i]].digest,
                     i == count - 1 ? image->id : "");
      int status = file_hash_text ("sha256", text, strlen (text), &digest, err);
      if (status < 0)
        return status;
      chain->ids[chain->count++] = xstrdup (strchr (digest, ':') + 1);
    }
  return 0;
}

/* Tell whether TAG can be in an archive: digests cannot.  */
static bool
is_plain_tag (const struct store_tag *tag)
{
  return strchr (tag->tag, ':') == NULL;
}

/* Return the entry of IMAGE, with CHAIN, in 'manifest.json'; name members of
   layers that have none yet.  */
static struct json_object *
describe_image (struct save *save, const struct save_image *image,
                const struct chain *chain)
{
  struct json_object *entry = json_object_new_object ();
  struct json_object *tags = json_object_new_array ();
  struct json_object *layers = json_object_new_array ();
  AUTO_FREE char *config = xasprintf ("%s.json", strchr (image->id, ':') + 1);

  for (size_t i = 0; i < image->tag_count; i++)
    {
      AUTO_FREE char *name =
          xasprintf ("%s:%s", image->tags[i]->name, image->tags[i]->tag);
      if (is_plain_tag (image->tags[i]))
        json_object_array_add (tags, json_object_new_string (name));
    }
  for (size_t i = 0; i < chain->count; i++)
    {
      struct save_blob *blob = &save->blobs[image->layers[i]];
      if (blob->member == NULL)
        blob->member = xasprintf ("%s/layer.tar", chain->ids[i]);
      json_object_array_add (layers, json_object_new_string (blob->member));
    }
  json_object_object_add (entry, "Config", json_object_new_string (config));
  json_object_object_add (entry, "RepoTags", tags);
  json_object_object_add (entry, "Layers", layers);
  return entry;
}

/* Add the names of IMAGE, with CHAIN, to REPOSITORIES.  */
static void
add_names (const struct save_image *image, const struct chain *chain,
           struct json_object *repositories)
{
  for (size_t i = 0; i < image->tag_count && chain->count > 0; i++)
    {
      const struct store_tag *tag = image->tags[i];
      struct json_object *tags =
          json_member (repositories, tag->name, json_type_object);
      if (!is_plain_tag (tag))
        continue;
      if (tags == NULL)
        {
          tags = json_object_new_object ();
          json_object_object_add (repositories, tag->name, tags);
        }
      json_object_object_add (
          tags, tag->tag,
          json_object_new_string (chain->ids[chain->count - 1]));
    }
}

/* Write OBJECT as the member NAME.  */
static int
write_object (struct archive_writer *writer, const char *name,
              struct json_object *object, struct error *err)
{
  AUTO_FREE char *text = manifest_text (object);
  AUTO_BUFFER (line);

  buffer_add_format (&line, "%s\n", text);
  return archive_writer_text (writer, name, line.data, line.length, err);
}

/* Return the description of layer NUMBER in the image of CHAIN.  That of the
   highest says what the image is, after its configuration CONFIG.  */
static struct json_object *
describe_layer (const struct chain *chain, size_t number,
                struct json_object *config)
{
  struct json_object *layer = json_object_new_object ();

  if (number == chain->count - 1)
    {
      json_object_object_foreach (config, key,
                                  value) if (strcmp (key, "rootfs") != 0
                                             && strcmp (key, "history") != 0)
          json_object_object_add (layer, key, json_object_get (value));
    }
  else
    {
      json_object_object_add (layer, "created",
                              json_object_new_string ("1970-01-01T00:00:00Z"));
      json_object_object_add (layer, "container_config",
                              json_object_new_object ());
    }
  json_object_object_add (layer, "id",
                          json_object_new_string (chain->ids[number]));
  json_object_object_del (layer, "parent");
  if (number > 0)
    json_object_object_add (layer, "parent",
                            json_object_new_string (chain->ids[number - 1]));
  return layer;
}

/* Write the directory of layer NUMBER of IMAGE, with CHAIN, unless it is
   there.  WRITTEN has the ids of those that are.  */
static int
write_layer (struct save *save, const struct save_image *image,
             const struct chain *chain, size_t number,
             struct json_object *config, struct json_object *written,
             struct archive_writer *writer, struct error *err)
{
  const char *id = chain->ids[number];
  struct save_blob *blob = &save->blobs[image->layers[number]];
  AUTO_FREE char *directory = xasprintf ("%s/", id);
  AUTO_FREE char *version = xasprintf ("%s/VERSION", id);
  AUTO_FREE char *json = xasprintf ("%s/json", id);
  AUTO_FREE char *tar = xasprintf ("%s/layer.tar", id);
  AUTO_JSON struct json_object *layer = describe_layer (chain, number, config);

  if (json_member (written, id, json_type_boolean) != NULL)
    return 0;
  json_object_object_add (written, id, json_object_new_boolean (true));
  int status = archive_writer_directory (writer, directory, err);
  if (status == 0)
    status = archive_writer_text (writer, version, "1.0", 3, err);
  if (status == 0)
    status = write_object (writer, json, layer, err);
  if (status == 0 && blob->is_written)
    status = archive_writer_link (writer, tar, blob->member, err);
  else if (status == 0)
    status = save_write_blob (save, blob, tar, writer, err);
  return status;
}

/* Write configuration and layers of IMAGE, with CHAIN.  */
static int
write_image (struct save *save, const struct save_image *image,
             const struct chain *chain, struct json_object *written,
             struct archive_writer *writer, struct error *err)
{
  AUTO_FREE char *name = xasprintf ("%s.json", strchr (image->id, ':') + 1);
  AUTO_JSON struct json_object *config = NULL;

  int status =
      json_parse (image->config, image->config_size, name, &config, err);
  if (status == 0)
    status = archive_writer_text (writer, name, image->config,
                                  image->config_size, err);
  for (size_t i = 0; i < chain->count && status == 0; i++)
    status = write_layer (save, image, chain, i, config, written, writer, err);
  return status;
}

/* Write what names the images of SAVE, with CHAINS.  */
static int
write_lists (struct save *save, const struct chain *chains,
             struct archive_writer *writer, struct error *err)
{
  AUTO_JSON struct json_object *list = json_object_new_array ();
  AUTO_JSON struct json_object *repositories = json_object_new_object ();

  for (size_t i = 0; i < save->count; i++)
    if (save->images[i].tag_count > 0)
      {
        json_object_array_add (
            list, describe_image (save, &save->images[i], &chains[i]));
        add_names (&save->images[i], &chains[i], repositories);
      }
  int status = write_object (writer, "manifest.json", list, err);
  return status < 0 ? status
                    : write_object (writer, "repositories", repositories, err);
}

int
save_docker (struct save *save, struct archive_writer *writer,
             struct error *err)
{
  AUTO_FREE struct chain *chains = XCALLOC (save->count + 1, struct chain);
  AUTO_JSON struct json_object *written = json_object_new_object ();
  int status = 0;

  for (size_t i = 0; i < save->count && status == 0; i++)
    status = make_chain (save, &save->images[i], &chains[i], err);
  if (status == 0)
    status = write_lists (save, chains, writer, err);
  for (size_t i = 0; i < save->count && status == 0; i++)
    if (save->images[i].tag_count > 0)
      status = write_image (save, &save->images[i], &chains[i], written, writer,
                            err);
  for (size_t i = 0; i < save->count; i++)
    chain_release (&chains[i]);
  return status;
}
