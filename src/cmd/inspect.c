/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker inspect: print the description of a container or an image.  */

#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/print-json.h"
#include "src/container/container.h"
#include "src/image/image.h"
#include "src/image/store.h"

extern const struct command command_inspect;

struct inspect_options
{
  bool path;
};

static const struct option_row inspect_rows[] = {
  {
      .letter = 'p',
      .kind = OPTION_FLAG,
      .help = N_ ("print the directory of a container's file system instead"),
      .target = OPTION_TARGET (struct inspect_options, path),
  },
  { .name = NULL },
};

static int
inspect_container (struct container *container,
                   const struct inspect_options *options, struct error *err)
{
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  if (options->path)
    {
      if (log_says (LOG_RESULT))
        puts (container->root);
      return 0;
    }
  int status = container_read_metadata (container, &text, &size, err);
  if (status == 0)
    status = print_json (text, size, "container.json", err);
  return status;
}

static int
inspect_image (struct store *store, const char *typed, struct error *err)
{
  __attribute__ ((cleanup (image_release))) struct image image = { .directory =
                                                                       -1 };
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;
  struct store_tag found = { 0 };

  int status = store_split_name (typed, &name, &tag, err);
  if (status == 0)
    status = store_tag_find (store, name, tag, &found, err);
  if (status == 0)
    status = image_open_config (store, &found, &image, err);
  store_tag_release (&found);
  if (status == 0)
    status = print_json (image.config, image.config_size, typed, err);
  return status;
}

static int
run_inspect (struct invocation *invocation, struct error *err)
{
  const struct inspect_options *options = invocation->options;
  const char *name = invocation->operands[0];
  AUTO_ERROR struct error container_problem = { 0 };
  AUTO_ERROR struct error problem = { 0 };
  struct container *container = NULL;

  /* An alias or a whole id, then an image, then the beginning of an id.  */
  int status = container_open (invocation->store, name, CONTAINER_BY_NAME,
                               &container, &container_problem);
  if (status == -ENOENT && !options->path)
    {
      status = inspect_image (invocation->store, name, &problem);
      if (status == 0 || (status != -ENOENT && status != -EINVAL))
        return status < 0 ? error_move (err, &problem) : 0;
      status = -ENOENT;
    }
  if (status == -ENOENT)
    status = container_open (invocation->store, name, CONTAINER_BY_PREFIX,
                             &container, &container_problem);
  if (status == -ENOENT)
    return error_set (err, ENOENT,
                      options->path ? _ ("image or container not found: %s")
                                    : _ ("image not found: %s"),
                      name);
  if (status < 0)
    return error_move (err, &container_problem);
  status = inspect_container (container, options, err);
  container_close (container);
  return status;
}

const struct command command_inspect = {
  .name = "inspect",
  .operands = N_ ("CONTAINER|IMAGE"),
  .summary = N_ ("print the description of a container or an image"),
  .description =
      N_ ("The description is the JSON object that came with the image.\n\n"
          " ls $(udocker inspect -p mine)"),
  .options = inspect_rows,
  .options_size = sizeof (struct inspect_options),
  .min_operands = 1,
  .max_operands = 1,
  .needs = NEEDS_REPOSITORY,
  .run = run_inspect,
};
