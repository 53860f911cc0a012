/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker name, rmname, rename: the names of containers.  */

#include <config.h>

#include <errno.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/container/container.h"

extern const struct command command_name;
extern const struct command command_rmname;
extern const struct command command_rename;

static int
run_name (struct invocation *invocation, struct error *err)
{
  struct container *container = NULL;

  int status = container_open (invocation->store, invocation->operands[0],
                               CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id or name"));
  status = container_add_name (container, invocation->operands[1], err);
  container_close (container);
  return status == -EEXIST ? error_prefix (err, _ ("invalid container name"))
                           : status;
}

static int
run_rmname (struct invocation *invocation, struct error *err)
{
  const char *name = invocation->operands[0];

  int status = container_remove_name (invocation->store, name, err);
  if (status < 0)
    return status == -ENOENT
               ? status
               : error_prefix (err, _ ("removing container name"));
  log_info (_ ("container name: %s removed."), name);
  return 0;
}

static int
run_rename (struct invocation *invocation, struct error *err)
{
  return container_rename (invocation->store, invocation->operands[0],
                           invocation->operands[1], err);
}

const struct command command_name = {
  .name = "name",
  .operands = N_ ("CONTAINER NAME"),
  .summary = N_ ("give a container a name"),
  .description = N_ (
      "A container can have several names. A name has no slash, dot, blank or"
      " bracket in it, and does not begin with '-'."),
  .min_operands = 2,
  .max_operands = 2,
  .needs = NEEDS_REPOSITORY,
  .run = run_name,
};

const struct command command_rmname = {
  .name = "rmname",
  .operands = N_ ("NAME"),
  .summary = N_ ("take a name from a container"),
  .min_operands = 1,
  .max_operands = 1,
  .needs = NEEDS_REPOSITORY,
  .run = run_rmname,
};

const struct command command_rename = {
  .name = "rename",
  .operands = N_ ("OLD_NAME NEW_NAME"),
  .summary = N_ ("give a container another name"),
  .min_operands = 2,
  .max_operands = 2,
  .needs = NEEDS_REPOSITORY,
  .run = run_rename,
};
