/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker ps: list the containers in the repository.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"
#include "src/cmd/ps-running.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/image/image.h"
#include "src/image/store.h"
#include "src/image/tree.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern const struct command command_ps;

struct ps_options
{
  bool mode;
  bool size;
  bool platform;
  const char *format;
  bool running;
  bool ignored;
};

static const struct option_row ps_rows[] = {
  {
      .letter = 'm',
      .kind = OPTION_FLAG,
      .help = N_ ("show the execution mode of each container"),
      .target = OPTION_TARGET (struct ps_options, mode),
  },
  {
      .letter = 's',
      .kind = OPTION_FLAG,
      .help = N_ ("show the size of each container in megabytes"),
      .target = OPTION_TARGET (struct ps_options, size),
  },
  {
      .letter = 'p',
      .kind = OPTION_FLAG,
      .help = N_ ("show the platform of each container"),
      .target = OPTION_TARGET (struct ps_options, platform),
  },
  {
      .name = "running",
      .kind = OPTION_FLAG,
      .help = N_ ("show what runs: process, user, since when, command"),
      .target = OPTION_TARGET (struct ps_options, running),
  },
  FORMAT_TABLE_ROW (struct ps_options, format),
  {
      .name = "all",
      .letter = 'a',
      .kind = OPTION_FLAG,
      .help = N_ ("accepted for compatibility; all are always shown"),
      .target = OPTION_TARGET (struct ps_options, ignored),
  },
  { .name = NULL },
};

/* What is shown of a container.  */
struct row
{
  const struct container_entry *entry;
  bool is_protected;
  char root;     /* W, R, N or D, as in the description */
  char *image;   /* "" when unknown */
  char *mode;    /* these three only when asked for */
  intmax_t size; /* bytes */
  char *platform;
};

static void
row_release (struct row *row)
{
  free (row->image);
  free (row->mode);
  free (row->platform);
}

/* Return the text of FILE of the container ID, without the white space at its
   end, or NULL; the caller frees it.  */
static char *
read_text (struct store *store, const char *id, const char *file)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *path = xasprintf ("%s/%s", id, file);
  AUTO_FREE char *text = NULL;

  if (file_read (store_containers_fd (store), path, &text, NULL, &ignored) < 0)
    return NULL;
  text[strcspn (text, "\r\n")] = '\0';
  return TAKE (text);
}

/* Say what the directory ROOT of the container ID is.  */
static char
look_at_root (struct store *store, const char *id)
{
  int dir = store_containers_fd (store);
  AUTO_FREE char *path = xasprintf ("%s/ROOT", id);
  struct stat info;

  if (fstatat (dir, path, &info, 0) < 0)
    return 'N';
  if (!S_ISDIR (info.st_mode))
    return 'D';
  return faccessat (dir, path, W_OK, AT_EACCESS) == 0 ? 'W' : 'R';
}

/* Return the platform in the metadata of the container ID, which the caller
   frees; NULL when the container is gone by now.  */
static char *
read_platform (struct invocation *invocation, const char *id)
{
  AUTO_ERROR struct error problem = { 0 };
  AUTO_FREE char *path = xasprintf ("%s/container.json", id);
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  int status = file_read (store_containers_fd (invocation->store), path, &text,
                          &size, &problem);
  if (status < 0)
    {
      if (!file_exists (store_containers_fd (invocation->store), id))
        return NULL;
      (void) error_prefix (&problem, _ ("invalid container json metadata"));
      invocation->report (invocation, &problem);
      return xstrdup ("unknown/unknown");
    }
  return image_platform (text, size);
}

/* Return the mode that a container has which was not given one.  */
static const char *
default_mode (const struct config *config)
{
  const char *mode = config->override_default_execution_mode;

  if (mode == NULL || *mode == '\0')
    mode = config->default_execution_mode;
  return mode == NULL || *mode == '\0' ? "P1" : mode;
}

/* Fill ROW with what is to be shown of ENTRY.  Return false when somebody has
   removed the container meanwhile: it is not shown then.  */
static bool
fill_row (struct invocation *invocation, const struct container_entry *entry,
          struct row *row)
{
  const struct ps_options *options = invocation->options;
  struct store *store = invocation->store;
  AUTO_FREE char *protect = xasprintf ("%s/PROTECT", entry->id);

  row->entry = entry;
  row->is_protected = file_exists (store_containers_fd (store), protect);
  row->root = look_at_root (store, entry->id);
  row->image = read_text (store, entry->id, "imagerepo.name");
  if (row->image == NULL)
    row->image = xstrdup ("");
  if (options->mode)
    {
      row->mode = read_text (store, entry->id, "execmode");
      if (row->mode == NULL || *row->mode == '\0')
        {
          free (row->mode);
          row->mode = xstrdup (default_mode (invocation->config));
        }
    }
  if (options->size)
    row->size = tree_size (store_containers_fd (store), entry->id);
  if (options->platform)
    {
      row->platform = read_platform (invocation, entry->id);
      if (row->platform == NULL)
        return false;
    }
  return row->root != 'N'
         || file_exists (store_containers_fd (store), entry->id);
}

/* SIZE in megabytes, rounded up as du does.  */
static intmax_t
megabytes (intmax_t size)
{
  return (size + 1024 * 1024 - 1) / (1024 * 1024);
}

static void
print_header (const struct ps_options *options)
{
  printf ("%-36.36s %c %c ", "CONTAINER ID", 'P', 'M');
  if (options->mode)
    printf ("%-3s ", "MOD");
  if (options->size)
    printf ("%5s ", "SIZE");
  if (options->platform)
    printf ("%-18s ", "PLATFORM");
  printf ("%-18s %s\n", "NAMES", "IMAGE");
}

static void
print_row (const struct ps_options *options, const struct row *row)
{
  AUTO_BUFFER (names);

  for (size_t i = 0; i < row->entry->name_count; i++)
    {
      if (i > 0)
        buffer_add_char (&names, ',');
      buffer_add_string (&names, row->entry->names[i]);
    }
  printf ("%-36.36s %c %c ", row->entry->id, row->is_protected ? 'P' : '.',
          row->root);
  if (options->mode)
    printf ("%-3.3s ", row->mode);
  if (options->size)
    printf ("%5jd ", megabytes (row->size));
  if (options->platform)
    printf ("%-18.18s ", row->platform);
  printf ("%-18s %s\n", names.data == NULL ? "" : names.data, row->image);
}

/* Return ROW as a JSON object.  */
static struct json_object *
make_json (const struct ps_options *options, const struct row *row)
{
  struct json_object *item = json_object_new_object ();
  struct json_object *names = json_object_new_array ();

  for (size_t i = 0; i < row->entry->name_count; i++)
    json_object_array_add (names,
                           json_object_new_string (row->entry->names[i]));
  format_add_text (item, "id", row->entry->id);
  json_object_object_add (item, "names", names);
  format_add_text (item, "image", row->image);
  format_add_truth (item, "protected", row->is_protected);
  format_add_truth (item, "writable", row->root == 'W');
  if (options->mode)
    format_add_text (item, "mode", row->mode);
  if (options->size)
    format_add_number (item, "size", row->size);
  if (options->platform)
    format_add_text (item, "platform", row->platform);
  return item;
}

static int
run_ps (struct invocation *invocation, struct error *err)
{
  const struct ps_options *options = invocation->options;
  bool is_json = format_is_json (options->format);
  if (options->running)
    return ps_running (invocation->store, is_json, err);
  AUTO_JSON struct json_object *list =
      is_json ? json_object_new_array () : NULL;
  struct container_entry *entries = NULL;
  size_t count = 0;

  int status = container_list (invocation->store, &entries, &count, err);
  if (status < 0)
    return status;
  bool is_quiet = !log_says (LOG_RESULT);
  if (!is_quiet && !is_json)
    print_header (options);
  for (size_t i = 0; i < count && !is_quiet; i++)
    {
      __attribute__ ((cleanup (row_release))) struct row row = { 0 };
      if (!fill_row (invocation, &entries[i], &row))
        continue;
      if (is_json)
        json_object_array_add (list, make_json (options, &row));
      else
        print_row (options, &row);
    }
  if (is_json)
    format_print (list);
  container_entries_free (entries, count);
  return 0;
}

const struct command command_ps = {
  .name = "ps",
  .summary = N_ ("list the containers in the repository"),
  .description = N_ (
      "Column P shows P for a protected container. Column M shows W when its"
      " file system can be written, R when it can only be read, N when it is"
      " missing and D when it is no directory. Several names are separated by"
      " commas.\n\n"
      "With --format=json a list is printed with an object for each container: "
      "id, names (a list), image, protected and writable (true or false), with "
      "-m mode, with -s size (in bytes), with -p platform.\n\n"
      "--running lists the runs instead that are yours on this machine, one a "
      "line, with the process that signals can be sent to; containers that are "
      "in use on another machine are shown with its name. With --format=json "
      "an object has id, pid, user, since, mode, command and processes (lists), "
      "or id and machine."),
  .options = ps_rows,
  .options_size = sizeof (struct ps_options),
  .needs = NEEDS_REPOSITORY,
  .run = run_ps,
};
