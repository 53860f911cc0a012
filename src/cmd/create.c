/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker create: make a container of an image that is here.  */

#include <config.h>

#include <errno.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/new-container.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/image/store.h"

extern const struct command command_create;

struct create_options
{
  const char *name;
  bool force;
};

static const struct option_row create_rows[] = {
  {
      .name = "name",
      .kind = OPTION_VALUE,
      .argument = N_ ("NAME"),
      .help = N_ ("give the container this name"),
      .target = OPTION_TARGET (struct create_options, name),
  },
  {
      .name = "force",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("where the name is taken create without it"),
      .target = OPTION_TARGET (struct create_options, force),
  },
  { .name = NULL },
};

static int
run_create (struct invocation *invocation, struct error *err)
{
  const struct create_options *options = invocation->options;
  struct store *store = invocation->store;
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;
  AUTO_FREE char *id = NULL;
  struct store_tag found = { 0 };

  int status = store_split_name (invocation->operands[0], &name, &tag, err);
  if (status < 0)
    return status;
  status = store_tag_find (store, name, tag, &found, err);
  if (status < 0)
    return error_prefix (err, _ ("create container: imagerepo is invalid"));

  store_sweep (store);
  AUTO_ERROR struct error problem = { 0 };
  status =
      container_create (store, &found, options->name,
                        invocation->config->proot_fakeowner, &id, &problem);
  if (status == -EEXIST && options->name != NULL && options->force)
    {
      log_warning ("%s", problem.text);
      error_release (&problem);
      status =
          container_create (store, &found, NULL,
                            invocation->config->proot_fakeowner, &id, &problem);
    }
  store_tag_release (&found);
  if (status < 0)
    return error_move (err, &problem);
  return new_container_print (store, id, err);
}

const struct command command_create = {
  .name = "create",
  .operands = N_ ("IMAGE"),
  .summary = N_ ("make a container of an image"),
  .description = N_ (
      "The image must be in the repository; see pull. Prints the id of the new"
      " container, when it is whole, and nothing else.\n\n"
      " udocker create --name=mine debian:12"),
  .options = create_rows,
  .options_size = sizeof (struct create_options),
  .min_operands = 1,
  .max_operands = 1,
  .missing = N_ ("must specify image:tag or repository/image:tag"),
  .needs = NEEDS_REPOSITORY,
  .run = run_create,
};
