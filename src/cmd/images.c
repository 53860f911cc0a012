/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker images: list the images in the repository.  */

#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"
#include "src/image/image.h"
#include "src/image/store.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern const struct command command_images;

struct images_options
{
  bool is_long;
  bool platform;
  const char *format;
  bool ignored;
};

static const struct option_row images_rows[] = {
  {
      .letter = 'l',
      .kind = OPTION_FLAG,
      .help = N_ ("show the directory and the files of each image too"),
      .target = OPTION_TARGET (struct images_options, is_long),
  },
  {
      .letter = 'p',
      .kind = OPTION_FLAG,
      .help = N_ ("show the platform of each image"),
      .target = OPTION_TARGET (struct images_options, platform),
  },
  FORMAT_TABLE_ROW (struct images_options, format),
  {
      .name = "no-trunc",
      .kind = OPTION_FLAG,
      .help = N_ ("accepted for compatibility; nothing is ever cut"),
      .target = OPTION_TARGET (struct images_options, ignored),
  },
  {
      .name = "all",
      .letter = 'a',
      .kind = OPTION_FLAG,
      .help = N_ ("accepted for compatibility; all are always shown"),
      .target = OPTION_TARGET (struct images_options, ignored),
  },
  { .name = NULL },
};

/* Return the platform of the image TAG, which the caller frees.  */
static char *
read_platform (struct store *store, const struct store_tag *tag)
{
  AUTO_ERROR struct error problem = { 0 };
  __attribute__ ((cleanup (image_release))) struct image image = { .directory =
                                                                       -1 };

  if (image_open_config (store, tag, &image, &problem) < 0)
    {
      log_debug ("%s", problem.text);
      return xstrdup ("unknown/unknown");
    }
  return image_platform (image.config, image.config_size);
}

/* The names of the links in the directory of an image, sorted.  */
struct link_list
{
  char **names;
  size_t count;
  size_t space;
};

static void
link_list_release (struct link_list *links)
{
  for (size_t i = 0; i < links->count; i++)
    free (links->names[i]);
  free (links->names);
}

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Print the directory of TAG and the files that it links to.  */
static void
print_files (struct store *store, const struct store_tag *tag)
{
  AUTO_ERROR struct error problem = { 0 };
  __attribute__ ((cleanup (link_list_release))) struct link_list links = { 0 };
  struct stat info;

  printf (" %s/%s/%s\n", store_repos_path (store), tag->name, tag->tag);
  int fd = store_tag_open (store, tag, &problem);
  AUTO_CLOSEDIR DIR *stream = fd < 0 ? NULL : fdopendir (fd);
  const struct dirent *entry;
  while (stream != NULL && (entry = readdir (stream)) != NULL)
    {
      if (fstatat (fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0
          || !S_ISLNK (info.st_mode))
        continue;
      if (links.count == links.space)
        links.names =
            x2nrealloc (links.names, &links.space, sizeof *links.names);
      links.names[links.count++] = xstrdup (entry->d_name);
    }
  if (links.count > 0)
    qsort (links.names, links.count, sizeof *links.names, compare_names);
  for (size_t i = 0; i < links.count; i++)
    if (fstatat (fd, links.names[i], &info, 0) == 0)
      printf ("    /%s (%jd MB)\n", links.names[i],
              (intmax_t) (info.st_size / (1024 * 1024)));
    else
      printf ("    /%s (%s)\n", links.names[i], _ ("missing"));
}

static void
print_json (struct store *store, const struct store_tag *tags, size_t count,
            const struct images_options *options)
{
  AUTO_JSON struct json_object *list = json_object_new_array ();

  for (size_t i = 0; i < count; i++)
    {
      struct json_object *item = json_object_new_object ();
      format_add_text (item, "repository", tags[i].name);
      format_add_text (item, "tag", tags[i].tag);
      format_add_truth (item, "protected", tags[i].is_protected);
      if (options->platform)
        {
          AUTO_FREE char *platform = read_platform (store, &tags[i]);
          format_add_text (item, "platform", platform);
        }
      if (options->is_long)
        {
          AUTO_FREE char *path = xasprintf (
              "%s/%s/%s", store_repos_path (store), tags[i].name, tags[i].tag);
          format_add_text (item, "directory", path);
        }
      json_object_array_add (list, item);
    }
  format_print (list);
}

static int
run_images (struct invocation *invocation, struct error *err)
{
  const struct images_options *options = invocation->options;
  struct store *store = invocation->store;
  struct store_tag *tags = NULL;
  size_t count = 0;

  int status = store_tag_list (store, &tags, &count, err);
  if (status < 0)
    return status;
  if (!log_says (LOG_RESULT))
    ;
  else if (format_is_json (options->format))
    print_json (store, tags, count, options);
  else
    {
      if (log_says (LOG_INFO))
        puts ("REPOSITORY");
      for (size_t i = 0; i < count; i++)
        {
          char mark = tags[i].is_protected ? 'P' : '.';
          AUTO_FREE char *platform =
              options->platform ? read_platform (store, &tags[i]) : NULL;
          if (platform != NULL)
            printf ("%-18.18s %c %s:%s\n", platform, mark, tags[i].name,
                    tags[i].tag);
          else
            printf ("%s:%s    %c\n", tags[i].name, tags[i].tag, mark);
          if (options->is_long)
            print_files (store, &tags[i]);
        }
    }
  store_tags_free (tags, count);
  return 0;
}

const struct command command_images = {
  .name = "images",
  .summary = N_ ("list the images in the repository"),
  .description =
      N_ ("Names are those that the images were pulled by. Behind each stands P"
          " when it is protected, a dot when it is not.\n\n"
          "With --format=json a list is printed with an object for each image: "
          "repository, tag, protected (true or false), with -p platform, with "
          "-l directory."),
  .options = images_rows,
  .options_size = sizeof (struct images_options),
  .needs = NEEDS_REPOSITORY,
  .run = run_images,
};
