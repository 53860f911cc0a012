/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker save: put images into an archive.  */

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/output.h"
#include "src/cmd/command.h"
#include "src/image/save.h"
#include "src/image/store.h"
#include "xalloc.h"

extern const struct command command_save;

struct save_command_options
{
  const char *output;
  const char *format;
};

static const char *const formats[] = { "docker-archive", "oci-archive", NULL };

static const struct option_row save_rows[] = {
  {
      .name = "output",
      .letter = 'o',
      .kind = OPTION_VALUE,
      .argument = N_ ("FILE"),
      .help = N_ ("write this file, not the standard output"),
      .target = OPTION_TARGET (struct save_command_options, output),
  },
  {
      .name = "format",
      .kind = OPTION_VALUE,
      .argument = N_ ("FORMAT"),
      .help = N_ ("write a docker-archive (the default) or an oci-archive"),
      .choices = formats,
      .target = OPTION_TARGET (struct save_command_options, format),
  },
  { .name = NULL },
};

/* Find the image that is called IMAGE.  */
static int
find_image (struct store *store, const char *image, struct store_tag *found,
            struct error *err)
{
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;

  int status = store_split_name (image, &name, &tag, err);
  return status < 0 ? status : store_tag_find (store, name, tag, found, err);
}

/* Write the COUNT images TAGS to the file PATH.  */
static int
save_to_file (struct store *store, const struct store_tag *tags, size_t count,
              enum save_format format, const char *path, struct error *err)
{
  AUTO_INTERRUPT struct interrupt before = { 0 };
  struct output output;
  struct stat info;

  if (stat (path, &info) == 0
      && (S_ISREG (info.st_mode) || S_ISDIR (info.st_mode)))
    return error_set (err, EEXIST, _ ("output file already exists: %s"), path);
  int status = output_begin (path, &output, err);
  if (status < 0)
    return status;
  interrupt_catch (&before);
  status = image_save (store, tags, count, format, output.fd, err);
  if (status == 0)
    return output_commit (&output, err);
  output_abort (&output);
  return status;
}

static int
run_save (struct invocation *invocation, struct error *err)
{
  const struct save_command_options *typed = invocation->options;
  struct store *store = invocation->store;
  size_t count = 0;
  int status = 0;
  struct store_tag *tags =
      XCALLOC ((size_t) invocation->operand_count + 1, struct store_tag);
  enum save_format format =
      typed->format != NULL && strcmp (typed->format, "oci-archive") == 0
          ? SAVE_OCI
          : SAVE_DOCKER;

  for (char **operand = invocation->operands; *operand != NULL && status == 0;
       operand++)
    if (operand != invocation->operands || strcmp (*operand, "-") != 0)
      {
        status = find_image (store, *operand, &tags[count], err);
        count += status == 0;
      }
  if (status == 0 && count == 0)
    status = error_set (err, EINVAL, _ ("no images specified"));
  if (status < 0)
    ;
  else if (typed->output != NULL && strcmp (typed->output, "-") != 0)
    status = save_to_file (store, tags, count, format, typed->output, err);
  else if (isatty (STDOUT_FILENO))
    status = error_set (err, EINVAL,
                        _ ("an archive is nothing for a terminal: give a file"
                           " with -o, or redirect the standard output"));
  else
    status = image_save (store, tags, count, format, STDOUT_FILENO, err);
  store_tags_free (tags, count);
  return status < 0 ? error_prefix (err, _ ("save image failed")) : 0;
}

const struct command command_save = {
  .name = "save",
  .operands = N_ ("[-] IMAGE..."),
  .summary = N_ ("put images into an archive"),
  .description = N_ (
      "Writes all images into one archive, for udocker load, docker load,"
      " podman load, skopeo and others. Layers are saved as they are stored,"
      " usually compressed, each once, and verified while they are read;"
      " configurations byte by byte, so that an image keeps its id. The same"
      " images always give the same archive.\n\n"
      "A file that exists is not overwritten. Images that were pulled by a"
      " digest have no name in a docker-archive.\n\n"
      " udocker save -o busybox.tar busybox:latest\n\n"
      " udocker save a:1 b:2 | ssh other udocker load\n\n"
      " udocker save --format=oci-archive -o app.tar quay.io/me/app"),
  .options = save_rows,
  .options_size = sizeof (struct save_command_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .missing = N_ ("no images specified"),
  .needs = NEEDS_REPOSITORY,
  .run = run_save,
};
