/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker df: how much room the repository takes.  */

#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/progress.h"
#include "lib/base/log.h"
#include "lib/base/size.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"
#include "src/container/container.h"
#include "src/image/store.h"
#include "src/image/tree.h"
#include "src/image/usage.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern const struct command command_df;

struct df_options
{
  bool verbose;
  const char *format;
};

static const struct option_row df_rows[] = {
  {
      .name = "verbose",
      .letter = 'v',
      .kind = OPTION_FLAG,
      .help = N_ ("list every image, container and layer"),
      .target = OPTION_TARGET (struct df_options, verbose),
  },
  FORMAT_TABLE_ROW (struct df_options, format),
  { .name = NULL },
};

/* The room that things of one type take.  */
struct total
{
  size_t count;
  intmax_t size;
  intmax_t shared;      /* of which several images have */
  intmax_t reclaimable; /* of which prune would give back */
};

/* What takes room in a repository.  */
struct survey
{
  struct store_tag *tags;
  size_t tag_count;
  struct container_entry *containers;
  intmax_t *container_sizes;
  size_t container_count;
  struct store_uses uses;
  struct store_garbage_list garbage;
};

static void
survey_release (struct survey *survey)
{
  store_tags_free (survey->tags, survey->tag_count);
  container_entries_free (survey->containers, survey->container_count);
  free (survey->container_sizes);
  store_uses_release (&survey->uses);
  store_garbage_release (&survey->garbage);
}

static void
show_size (void *data, intmax_t size)
{
  progress_update (data, size);
}

/* Fill in how big the containers of SURVEY are, and show how far it got: trees
   may be large, and disks slow.  */
static void
measure_containers (struct store *store, struct survey *survey)
{
  struct progress *progress = progress_open ();

  survey->container_sizes =
      xcalloc (survey->container_count + 1, sizeof *survey->container_sizes);
  for (size_t i = 0; i < survey->container_count; i++)
    {
      const char *id = survey->containers[i].id;
      struct progress_line *line = progress_add (progress, id, -1);
      survey->container_sizes[i] =
          tree_size_watched (store_containers_fd (store), id, show_size, line);
      show_size (line, survey->container_sizes[i]);
      progress_finish (line, _ ("measured"));
    }
  progress_close (progress);
}

/* Fill SURVEY with what is in STORE.  */
static int
take_survey (struct store *store, struct survey *survey, struct error *err)
{
  int status = store_tag_list (store, &survey->tags, &survey->tag_count, err);
  if (status == 0)
    status = container_list (store, &survey->containers,
                             &survey->container_count, err);
  if (status == 0)
    status = store_uses_read (store, &survey->uses, err);
  if (status == 0)
    status = store_garbage_find (store, &survey->garbage, err);
  if (status < 0)
    return status;
  measure_containers (store, survey);
  return 0;
}

/* Add up SURVEY by type: what images have, containers, layers, and the rest of
   what prune would remove.  */
static void
add_up (const struct survey *survey, struct total *images,
        struct total *containers, struct total *layers, struct total *leftovers)
{
  images->count = survey->tag_count;
  containers->count = survey->container_count;
  for (size_t i = 0; i < survey->container_count; i++)
    containers->size += survey->container_sizes[i];
  layers->count = survey->uses.count;
  for (size_t i = 0; i < survey->uses.count; i++)
    {
      const struct store_use *use = &survey->uses.list[i];
      layers->size += use->size;
      images->size += use->images > 0 ? use->size : 0;
      images->shared += use->images > 1 ? use->size : 0;
    }
  layers->shared = images->shared;
  for (size_t i = 0; i < survey->garbage.count; i++)
    {
      const struct store_garbage *item = &survey->garbage.list[i];
      bool is_layer = item->kind == GARBAGE_LAYER;
      if (is_layer)
        layers->reclaimable += item->size;
      else
        {
          leftovers->count++;
          leftovers->size += item->size;
          leftovers->reclaimable += item->size;
        }
    }
}

static void
print_total (const char *type, const struct total *total)
{
  AUTO_FREE char *size = size_text ((double) total->size);
  AUTO_FREE char *shared = size_text ((double) total->shared);
  AUTO_FREE char *reclaimable = size_text ((double) total->reclaimable);

  printf ("%-11s %7zu %10s %10s %11s\n", type, total->count, size, shared,
          reclaimable);
}

static void
add_total (struct json_object *object, const char *type,
           const struct total *total)
{
  struct json_object *item = json_object_new_object ();

  format_add_number (item, "count", (intmax_t) total->count);
  format_add_number (item, "size", total->size);
  format_add_number (item, "shared", total->shared);
  format_add_number (item, "reclaimable", total->reclaimable);
  json_object_object_add (object, type, item);
}

/* What --verbose shows: a table, or objects that are added to LIST unless that
   is NULL.  */
static void
print_images (struct store *store, const struct survey *survey,
              struct json_object *list)
{
  if (list == NULL)
    printf ("\n%10s %10s %10s  %s\n", "SIZE", "SHARED", "UNIQUE", "IMAGE");
  for (size_t i = 0; i < survey->tag_count; i++)
    {
      const struct store_tag *tag = &survey->tags[i];
      AUTO_ERROR struct error ignored = { 0 };
      intmax_t size = 0;
      intmax_t shared = 0;
      /* Removed meanwhile.  */
      if (store_tag_usage (store, tag, &survey->uses, &size, &shared, &ignored)
          < 0)
        continue;
      AUTO_FREE char *name = xasprintf ("%s:%s", tag->name, tag->tag);
      AUTO_FREE char *size_words = size_text ((double) size);
      AUTO_FREE char *shared_words = size_text ((double) shared);
      AUTO_FREE char *own_words = size_text ((double) (size - shared));
      if (list == NULL)
        {
          printf ("%10s %10s %10s  %s\n", size_words, shared_words, own_words,
                  name);
          continue;
        }
      struct json_object *item = json_object_new_object ();
      format_add_text (item, "image", name);
      format_add_number (item, "size", size);
      format_add_number (item, "shared", shared);
      format_add_number (item, "unique", size - shared);
      json_object_array_add (list, item);
    }
}

static void
print_containers (const struct survey *survey, struct json_object *list)
{
  if (list == NULL)
    printf ("\n%10s  %s\n", "SIZE", "CONTAINER");
  for (size_t i = 0; i < survey->container_count; i++)
    {
      const struct container_entry *entry = &survey->containers[i];
      AUTO_FREE char *size = size_text ((double) survey->container_sizes[i]);
      if (list == NULL)
        {
          printf ("%10s  %s\n", size, entry->id);
          continue;
        }
      struct json_object *item = json_object_new_object ();
      format_add_text (item, "id", entry->id);
      format_add_number (item, "size", survey->container_sizes[i]);
      json_object_array_add (list, item);
    }
}

static void
print_layers (const struct survey *survey, struct json_object *list)
{
  if (list == NULL)
    printf ("\n%10s %7s  %s\n", "SIZE", "IMAGES", "LAYER");
  for (size_t i = 0; i < survey->uses.count; i++)
    {
      const struct store_use *use = &survey->uses.list[i];
      AUTO_FREE char *size = size_text ((double) use->size);
      if (list == NULL)
        {
          printf ("%10s %7zu  %s\n", size, use->images, use->name);
          continue;
        }
      struct json_object *item = json_object_new_object ();
      format_add_text (item, "layer", use->name);
      format_add_number (item, "size", use->size);
      format_add_number (item, "images", (intmax_t) use->images);
      json_object_array_add (list, item);
    }
}

/* Add to OBJECT the member KEY, an empty list, and return it; NULL when there
   is no OBJECT.  */
static struct json_object *
add_list (struct json_object *object, const char *key)
{
  if (object == NULL)
    return NULL;
  struct json_object *list = json_object_new_array ();
  json_object_object_add (object, key, list);
  return list;
}

static int
run_df (struct invocation *invocation, struct error *err)
{
  const struct df_options *options = invocation->options;
  __attribute__ ((cleanup (survey_release))) struct survey survey = { 0 };
  AUTO_JSON struct json_object *object =
      format_is_json (options->format) ? json_object_new_object () : NULL;
  struct total totals[4] = { { 0 } };
  static const char *const types[][2] = { { "Images", "images" },
                                          { "Containers", "containers" },
                                          { "Layers", "layers" },
                                          { "Leftovers", "leftovers" } };

  int status = take_survey (invocation->store, &survey, err);
  if (status < 0 || !log_says (LOG_RESULT))
    return status;
  add_up (&survey, &totals[0], &totals[1], &totals[2], &totals[3]);
  if (object == NULL && log_says (LOG_INFO))
    printf ("%-11s %7s %10s %10s %11s\n", "TYPE", "COUNT", "SIZE", "SHARED",
            "RECLAIMABLE");
  for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
    if (object == NULL)
      print_total (types[i][0], &totals[i]);
    else
      add_total (object, types[i][1], &totals[i]);
  if (options->verbose)
    {
      print_images (invocation->store, &survey,
                    add_list (object, "image_list"));
      print_containers (&survey, add_list (object, "container_list"));
      print_layers (&survey, add_list (object, "layer_list"));
    }
  if (object != NULL)
    format_print (object);
  return 0;
}

const struct command command_df = {
  .name = "df",
  .summary = N_ ("show how much room the repository takes"),
  .description = N_ (
      "Sizes are those on disk. What images share is counted once. The layers "
      "are those of the images, and those that no image has. Leftovers are "
      "what "
      "killed processes left. RECLAIMABLE is what 'udocker prune' would give "
      "back.\n\n"
      "With --format=json an object is printed with the members images, "
      "containers, layers and leftovers, each an object: count, size, shared "
      "and reclaimable, in bytes. --verbose adds the lists image_list (image, "
      "size, shared, unique), container_list (id, size) and layer_list "
      "(layer, size, images: how many have it)."),
  .options = df_rows,
  .options_size = sizeof (struct df_options),
  .needs = NEEDS_REPOSITORY,
  .run = run_df,
};
