/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker rmi: remove images.  */

#include <config.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/image/store.h"

extern const struct command command_rmi;

struct rmi_options
{
  bool force;
};

static const struct option_row rmi_rows[] = {
  {
      .name = "force",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("go on where a file cannot be removed"),
      .target = OPTION_TARGET (struct rmi_options, force),
  },
  { .name = NULL },
};

/* Remove the image TYPED from STORE.  */
static int
remove_one (struct store *store, const char *typed, bool force,
            struct error *err)
{
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;
  struct store_tag found = { 0 };

  int status = store_split_name (typed, &name, &tag, err);
  if (status == 0)
    status = store_tag_find (store, name, tag, &found, err);
  if (status < 0)
    return error_prefix (err, _ ("deleting image"));
  if (!found.is_protected)
    log_info (_ ("deleting image: %s:%s"), found.name, found.tag);
  status = store_tag_remove (store, &found, force, err);
  if (status < 0 && !found.is_protected)
    (void) error_prefix (err, _ ("deleting image"));
  store_tag_release (&found);
  return status;
}

static int
run_rmi (struct invocation *invocation, struct error *err)
{
  const struct rmi_options *options = invocation->options;

  (void) err;
  for (int i = 0; i < invocation->operand_count; i++)
    {
      AUTO_ERROR struct error problem = { 0 };
      if (remove_one (invocation->store, invocation->operands[i],
                      options->force, &problem)
          < 0)
        invocation->report (invocation, &problem);
    }
  store_sweep (invocation->store);
  return 0;
}

const struct command command_rmi = {
  .name = "rmi",
  .operands = N_ ("IMAGE..."),
  .summary = N_ ("remove images"),
  .description = N_ (
      "Layers that another image has too stay; containers made of an image do"
      " not need it any more. A protected image is not removed."),
  .options = rmi_rows,
  .options_size = sizeof (struct rmi_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .missing = N_ ("must specify image:tag or repository/image:tag"),
  .needs = NEEDS_REPOSITORY,
  .run = run_rmi,
};
