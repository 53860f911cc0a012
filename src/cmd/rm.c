/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker rm: remove containers.  */

#include <config.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/container/container.h"
#include "src/container/running.h"
#include "src/image/store.h"

extern const struct command command_rm;

struct rm_options
{
  bool force;
};

static const struct option_row rm_rows[] = {
  {
      .name = "force",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("go on where a file cannot be removed"),
      .target = OPTION_TARGET (struct rm_options, force),
  },
  { .name = NULL },
};

/* Remove the container NAME of STORE.  */
static int
remove_one (struct store *store, const char *name, bool force,
            struct error *err)
{
  struct container *container = NULL;
  int claim = -1;

  int status =
      container_open (store, name, CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));
  if (container_is_protected (container))
    status = container_remove (container, force, err); /* says so */
  else
    status = container_claim (container, -1, &claim, err);
  if (status == 0)
    {
      log_info (_ ("deleting container: %s"), container->id);
      status = container_remove (container, force, err);
      container_unclaim (container, claim, status == 0);
    }
  container_close (container);
  return status;
}

static int
run_rm (struct invocation *invocation, struct error *err)
{
  const struct rm_options *options = invocation->options;

  (void) err;
  for (int i = 0; i < invocation->operand_count; i++)
    {
      AUTO_ERROR struct error problem = { 0 };
      if (remove_one (invocation->store, invocation->operands[i],
                      options->force, &problem)
          < 0)
        invocation->report (invocation, &problem);
    }
  store_sweep_parts (store_containers_fd (invocation->store),
                     store_containers_path (invocation->store));
  return 0;
}

const struct command command_rm = {
  .name = "rm",
  .operands = N_ ("CONTAINER..."),
  .summary = N_ ("remove containers"),
  .description = N_ (
      "Names, ids and unique beginnings of ids are taken. A container that is"
      " protected or in use is not removed; the others are."),
  .options = rm_rows,
  .options_size = sizeof (struct rm_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .missing = N_ ("must specify a container id or name"),
  .needs = NEEDS_REPOSITORY,
  .run = run_rm,
};
