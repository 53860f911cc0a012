/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker prune: give back the room that nobody needs.  */

#include <config.h>

#include <stdio.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/size.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"
#include "src/container/running.h"
#include "src/image/store.h"
#include "src/image/usage.h"

extern const struct command command_prune;

struct prune_options
{
  bool dry_run;
  bool force;
  const char *format;
};

static const struct option_row prune_rows[] = {
  {
      .name = "dry-run",
      .letter = 'n',
      .kind = OPTION_FLAG,
      .help = N_ ("only show what would be removed"),
      .target = OPTION_TARGET (struct prune_options, dry_run),
  },
  {
      .name = "force",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("go on where a file cannot be removed"),
      .target = OPTION_TARGET (struct prune_options, force),
  },
  FORMAT_TABLE_ROW (struct prune_options, format),
  { .name = NULL },
};

/* How kinds of garbage are called.  */
static const char *const kind_names[] = {
  [GARBAGE_LAYER] = "layer",         [GARBAGE_PARTIAL] = "partial",
  [GARBAGE_IMAGE] = "image",         [GARBAGE_CONTAINER] = "container",
  [GARBAGE_DIRECTORY] = "directory",
};

static intmax_t
sum_up (const struct store_garbage_list *garbage)
{
  intmax_t sum = 0;

  for (size_t i = 0; i < garbage->count; i++)
    sum += garbage->list[i].size;
  return sum;
}

static void
print_table (const struct store_garbage_list *garbage)
{
  if (!log_says (LOG_RESULT))
    return;
  if (garbage->count > 0 && log_says (LOG_INFO))
    printf ("%-9s %10s  %s\n", "KIND", "SIZE", "NAME");
  for (size_t i = 0; i < garbage->count; i++)
    {
      const struct store_garbage *item = &garbage->list[i];
      AUTO_FREE char *size = size_text ((double) item->size);
      printf ("%-9s %10s  %s\n", kind_names[item->kind], size, item->name);
    }
  (void) fflush (stdout); /* main says if it failed */
}

/* Return GARBAGE, of which FREED bytes were given back, as JSON.  */
static struct json_object *
make_json (const struct store_garbage_list *garbage, intmax_t freed)
{
  struct json_object *object = json_object_new_object ();
  struct json_object *items = json_object_new_array ();

  for (size_t i = 0; i < garbage->count; i++)
    {
      struct json_object *item = json_object_new_object ();
      format_add_text (item, "kind", kind_names[garbage->list[i].kind]);
      format_add_text (item, "name", garbage->list[i].name);
      format_add_number (item, "size", garbage->list[i].size);
      json_object_array_add (items, item);
    }
  json_object_object_add (object, "items", items);
  format_add_number (object, "size", sum_up (garbage));
  format_add_number (object, "freed", freed);
  return object;
}

/* Say what came of it: SIZE bytes.  */
static void
print_sum (bool dry_run, intmax_t size)
{
  AUTO_FREE char *text = size_text ((double) size);

  if (log_says (LOG_RESULT))
    printf (dry_run ? _ ("Would give back %s\n") : _ ("Gave back %s\n"), text);
}

static int
run_prune (struct invocation *invocation, struct error *err)
{
  const struct prune_options *options = invocation->options;
  struct store *store = invocation->store;
  __attribute__ ((cleanup (
      store_garbage_release))) struct store_garbage_list garbage = { 0 };
  bool is_json = format_is_json (options->format);
  intmax_t freed = 0;

  int status = store_garbage_find (store, &garbage, err);
  if (status < 0)
    return status;
  if (!is_json)
    print_table (&garbage);
  if (!options->dry_run)
    container_sweep_records (store);
  if (!options->dry_run && garbage.count > 0)
    status =
        store_garbage_remove (store, &garbage, options->force, &freed, err);
  if (is_json)
    {
      AUTO_JSON struct json_object *object = make_json (&garbage, freed);
      format_print (object);
    }
  else if (status == 0)
    print_sum (options->dry_run, options->dry_run ? sum_up (&garbage) : freed);
  return status;
}

const struct command command_prune = {
  .name = "prune",
  .summary = N_ ("give back the room that nobody needs"),
  .description = N_ (
      "Shows and removes layers that no image has, layers whose transfer was "
      "cut, what killed processes left of images and containers, and empty "
      "directories of images. Images and containers stay: these are removed "
      "with rmi and rm. What another process works at is not touched, nor are "
      "layers that were written in the last ten minutes, which another "
      "program may be about to use. A pull that was interrupted will begin "
      "from the start.\n\n"
      "With --format=json an object is printed: items (a list of objects: kind "
      "- layer, partial, image, container or directory -, name below layers, "
      "repos or containers, and size), size (the sum) and freed (what was "
      "given back). Sizes are bytes on disk."),
  .options = prune_rows,
  .options_size = sizeof (struct prune_options),
  .needs = NEEDS_REPOSITORY,
  .run = run_prune,
};
