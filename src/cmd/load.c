/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker load: get images from an archive.  */

#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/image/load.h"
#include "src/registry/reference.h"
#include "xalloc.h"

extern const struct command command_load;

struct load_command_options
{
  const char *input;
  const char *platform;
  const char *format;
  bool replace;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct option_row load_rows[] = {
  {
      .name = "input",
      .letter = 'i',
      .kind = OPTION_VALUE,
      .argument = N_ ("FILE"),
      .help = N_ ("read this archive or OCI layout, not the standard input"),
      .target = OPTION_TARGET (struct load_command_options, input),
  },
  {
      .name = "platform",
      .kind = OPTION_VALUE,
      .argument = N_ ("OS/ARCH[/VARIANT]"),
      .help = N_ ("load images for another platform than this machine"),
      .target = OPTION_TARGET (struct load_command_options, platform),
  },
  {
      .name = "force",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("replace other images of the same name"),
      .target = OPTION_TARGET (struct load_command_options, replace),
  },
  {
      .name = "format",
      .kind = OPTION_VALUE,
      .argument = N_ ("FORMAT"),
      .help = N_ ("print the names as text (the default) or json"),
      .choices = formats,
      .target = OPTION_TARGET (struct load_command_options, format),
  },
  { .name = NULL },
};

/* Check that NAME is that of a repository, without a tag, and give it, as it
   is called here, in REPOSITORY, which the caller frees.  */
static int
parse_repository (const char *name, char **repository, struct error *err)
{
  struct reference ref = { 0 };

  int status = reference_parse (&ref, name, err);
  if (status < 0)
    return status;
  const char *slash = strrchr (name, '/');
  if (strpbrk (slash == NULL ? name : slash, ":@") != NULL)
    status = error_set (err, EINVAL,
                        _ ("enter image or repository/image without tag, not"
                           " '%s'"),
                        name);
  else
    *repository = xstrdup (ref.name);
  reference_release (&ref);
  return status;
}

/* Where NAME, which was typed, is that of a file and no archive came by any
   other way, add to ERR how to load that.  */
static void
hint_at_file (const struct load_command_options *typed, const char *name,
              struct error *err)
{
  if (name != NULL && typed->input == NULL && access (name, F_OK) == 0)
    (void) error_hint (err, _ ("did you mean 'udocker load -i %s'?"), name);
}

static void
print_json (const struct loaded_image *images, size_t count)
{
  AUTO_JSON struct json_object *list = json_object_new_array ();

  for (size_t i = 0; i < count; i++)
    {
      struct json_object *item = json_object_new_object ();
      json_object_object_add (item, "repository",
                              json_object_new_string (images[i].name));
      json_object_object_add (item, "tag",
                              json_object_new_string (images[i].tag));
      json_object_object_add (item, "id",
                              json_object_new_string (images[i].id));
      json_object_array_add (list, item);
    }
  AUTO_FREE char *text = json_pretty (list);
  fputs (text, stdout);
}

static int
run_load (struct invocation *invocation, struct error *err)
{
  const struct load_command_options *typed = invocation->options;
  AUTO_FREE char *repository = NULL;
  struct load_options options = {
    .input = typed->input,
    .platform = typed->platform,
    .replace = typed->replace,
  };
  char **operands = invocation->operands;
  struct loaded_image *images = NULL;
  size_t count = 0;
  int status = 0;

  if (operands[0] != NULL && strcmp (operands[0], "-") == 0)
    operands++;
  if (operands[0] != NULL)
    status = parse_repository (operands[0], &repository, err);
  if (status == 0 && operands[0] != NULL && operands[1] != NULL)
    status = error_set (err, EINVAL, _ ("there is more than one name: '%s'"),
                        operands[1]);
  options.repository = repository;
  if (status == 0)
    status = image_load (invocation->store, &options, &images, &count, err);
  if (status < 0)
    {
      hint_at_file (typed, operands[0], err);
      return error_prefix (err, _ ("load failed"));
    }
  if (!log_says (LOG_RESULT))
    ;
  else if (typed->format != NULL && strcmp (typed->format, "json") == 0)
    print_json (images, count);
  else
    for (size_t i = 0; i < count; i++)
      printf ("%s:%s\n", images[i].name, images[i].tag);
  loaded_images_free (images, count);
  return 0;
}

const struct command command_load = {
  .name = "load",
  .operands = N_ ("[-] [NAME]"),
  .summary = N_ ("get images from an archive"),
  .description = N_ (
      "Loads all images of an archive as docker save, podman save, skopeo,"
      " buildah, kaniko and others write them, or of an OCI layout, which may"
      " also be a directory. Archives may be compressed. Everything is verified"
      " before the first image appears; when anything is wrong none does.\n\n"
      "Images keep the names that they have in the archive; NAME replaces the"
      " repository of each, not the tag. One without a name is called"
      " localhost/ and the first twelve digits of its id, with the tag that the"
      " archive gives, or latest. Of an index the image for this machine or"
      " --platform is taken. If there is an image of the name already that is"
      " the same one, all is well; if it is another, --force replaces it, and"
      " writes layers anew that are here already, since they may be"
      " damaged.\n\n"
      "Prints a line NAME:TAG for each name; with --format=json a list of"
      " objects with repository, tag and id, the digest of the"
      " configuration.\n\n"
      " docker save busybox | udocker load\n\n"
      " udocker load -i alpine.tar.gz\n\n"
      " udocker load --input=layout mine/app"),
  .options = load_rows,
  .options_size = sizeof (struct load_command_options),
  .max_operands = 2,
  .needs = NEEDS_REPOSITORY,
  .run = run_load,
};
