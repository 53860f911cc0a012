/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make a container of an image.  */

#include <config.h>

#include "src/container/container.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "src/container/make.h"
#include "src/container/run-private.h"
#include "src/image/image.h"
#include "src/image/store.h"
#include "src/container/unpack.h"
#include "src/image/unpack.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* The layers of an image, open.  */
struct open_layers
{
  struct unpack_layer *list;
  size_t count;
};

static void
open_layers_release (struct open_layers *layers)
{
  for (size_t i = 0; i < layers->count; i++)
    close (layers->list[i].fd);
  free (layers->list);
  *layers = (struct open_layers){ 0 };
}

/* Open all layers of IMAGE, so that a removal of the image meanwhile does no
   harm.  */
static int
open_all_layers (struct store *store, const struct image *image,
                 struct open_layers *layers, struct error *err)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0
      && limit.rlim_cur < image->layer_count + 200)
    {
      limit.rlim_cur = limit.rlim_max;
      (void) setrlimit (RLIMIT_NOFILE, &limit); /* open says if it failed */
    }
  layers->list = xcalloc (image->layer_count + 1, sizeof *layers->list);
  for (size_t i = 0; i < image->layer_count; i++)
    {
      int fd = image_open_blob (store, image, image->layers[i].blob, err);
      if (fd < 0)
        return fd;
      layers->list[layers->count++] = (struct unpack_layer){
        .name = image->layers[i].blob,
        .fd = fd,
        .diff_id = image->layers[i].diff_id,
      };
    }
  return 0;
}

/* Open the image TAG of STORE and all its LAYERS.  */
static int
open_image (struct store *store, const struct store_tag *tag,
            struct image *image, struct open_layers *layers, struct error *err)
{
  int status = 0;

  /* While the image is being replaced by a new version, what the old one had
     may go before we have it.  */
  for (int attempt = 0; attempt < 3; attempt++)
    {
      error_release (err);
      status = image_open (store, tag, image, err);
      if (status == 0)
        status = open_all_layers (store, image, layers, err);
      if (status != -ENOENT)
        break;
      open_layers_release (layers);
      image_release (image);
    }
  return status < 0 ? error_prefix (
             err, _ ("create container: getting layers or json"))
                    : 0;
}

/* What a container is made of.  */
struct ingredients
{
  struct store *store;
  const struct store_tag *tag;
  bool keep_owners;
  struct image image;
  struct open_layers layers;
};

static void
ingredients_release (struct ingredients *ingredients)
{
  open_layers_release (&ingredients->layers);
  image_release (&ingredients->image);
}

/* Make the directory PATH, as an image has it, in ROOT, unless it is there.
   Where that cannot be, run says so.  */
static void
make_directory (int root, const char *path)
{
  struct run_plan plan = { .root_fd = root };
  AUTO_FREE char *whole = run_join ("/", path);
  (void) run_make_directory (&plan, whole);
}

/* Make in ROOT the working directory and the volumes that IMAGE names and its
   layers lack, as Docker does.  */
static void
make_directories (int root, const struct image *image)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_JSON struct json_object *top = NULL;
  if (json_parse (image->config, image->config_size, "config", &top, &ignored)
      < 0)
    return;
  struct json_object *config = json_member (top, "config", json_type_object);
  const char *directory = json_string (config, "WorkingDir");
  if (directory != NULL && directory[0] != '\0')
    make_directory (root, directory);
  struct json_object *volumes =
      json_member (config, "Volumes", json_type_object);
  if (volumes == NULL)
    return;
  json_object_object_foreach (volumes, path, details)
  {
    (void) details; /* always empty */
    make_directory (root, path);
  }
}

/* Fill DIR, the directory of a container on its way, from an image.  */
static int
fill (int dir, const volatile sig_atomic_t *stop, void *data, struct error *err)
{
  struct ingredients *ingredients = data;
  struct image *image = &ingredients->image;
  struct open_layers *layers = &ingredients->layers;

  int status =
      open_image (ingredients->store, ingredients->tag, image, layers, err);
  if (status < 0)
    return status;
  AUTO_CLOSE int root = container_make_root (dir, err);
  if (root < 0)
    return root;
  status = container_unpack_layers (dir, root, layers->list, layers->count,
                                    ingredients->keep_owners, NULL, stop, err);
  if (status < 0)
    return error_prefix (err, _ ("while extracting image layer"));
  make_directories (root, image);
  status = container_write_new_file (dir, "container.json", image->config,
                                     image->config_size, err);
  if (status < 0)
    return status;
  AUTO_FREE char *name = xasprintf ("%s:%s", image->name, image->tag);
  return container_write_new_file (dir, "imagerepo.name", name, strlen (name),
                                   err);
}

int
container_create (struct store *store, const struct store_tag *tag,
                  const char *name, bool keep_owners, char **id,
                  struct error *err)
{
  __attribute__ ((
      cleanup (ingredients_release))) struct ingredients ingredients = {
    .store = store,
    .tag = tag,
    .keep_owners = keep_owners,
    .image.directory = -1,
  };

  return container_make (store, name, fill, &ingredients, id, err);
}
