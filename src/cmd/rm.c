/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker rm: remove containers.  */

#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/container/container.h"
#include "src/container/running.h"
#include "src/image/store.h"
#include "xvasprintf.h"

extern const struct command command_rm;

struct rm_options
{
  bool force;
  bool all;
};

static const struct option_row rm_rows[] = {
  {
      .name = "force",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("go on where a file cannot be removed"),
      .target = OPTION_TARGET (struct rm_options, force),
  },
  {
      .name = "all",
      .letter = 'a',
      .kind = OPTION_FLAG,
      .help = N_ ("remove all containers that are not protected; asks, unless "
                  "--force is given"),
      .target = OPTION_TARGET (struct rm_options, all),
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

/* Remove the container NAME, and report it if that fails.  */
static void
remove_reported (struct invocation *invocation, const char *name)
{
  const struct rm_options *options = invocation->options;
  AUTO_ERROR struct error problem = { 0 };

  if (remove_one (invocation->store, name, options->force, &problem) < 0)
    invocation->report (invocation, &problem);
}

/* Ask whether COUNT containers are to be removed.  Return 0 when they are, or
   -ECANCELED with ERR set, also when nobody can be asked.  */
static int
confirm (size_t count, struct error *err)
{
  AUTO_FREE char *question =
      xasprintf (_ ("Remove all containers, %zu of them? [y/N] "), count);
  AUTO_FREE char *answer = NULL;
  size_t space = 0;

  if (!isatty (STDIN_FILENO) || !isatty (STDERR_FILENO))
    return error_set (err, ECANCELED,
                      _ ("rm --all wants to ask, but there is no terminal; "
                         "use --force"));
  (void) file_write_all (STDERR_FILENO, question, strlen (question));
  if (getline (&answer, &space, stdin) > 0
      && (*answer == 'y' || *answer == 'Y'))
    return 0;
  return error_set (err, ECANCELED, _ ("nothing was removed"));
}

/* Tell whether the container ID of STORE is protected.  */
static bool
is_protected (struct store *store, const char *id)
{
  AUTO_FREE char *mark = xasprintf ("%s/PROTECT", id);

  return file_exists (store_containers_fd (store), mark);
}

/* Remove all containers but those that are protected.  */
static int
remove_all (struct invocation *invocation, struct error *err)
{
  const struct rm_options *options = invocation->options;
  struct store *store = invocation->store;
  struct container_entry *entries = NULL;
  size_t count = 0;
  size_t candidates = 0;

  int status = container_list (store, &entries, &count, err);
  for (size_t i = 0; i < count && status == 0; i++)
    candidates += !is_protected (store, entries[i].id);
  if (status == 0 && candidates > 0 && !options->force)
    status = confirm (candidates, err);
  for (size_t i = 0; i < count && status == 0; i++)
    if (!is_protected (store, entries[i].id))
      remove_reported (invocation, entries[i].id);
    else
      log_info (_ ("container is protected: %s"), entries[i].id);
  container_entries_free (entries, count);
  return status;
}

static int
run_rm (struct invocation *invocation, struct error *err)
{
  const struct rm_options *options = invocation->options;
  int status = 0;

  if (options->all && invocation->operand_count > 0)
    return error_set (err, EINVAL, _ ("--all does not go with a container: %s"),
                      invocation->operands[0]);
  if (!options->all && invocation->operand_count == 0)
    return error_set (err, EINVAL, _ ("must specify a container id or name"));
  if (options->all)
    status = remove_all (invocation, err);
  for (int i = 0; i < invocation->operand_count; i++)
    remove_reported (invocation, invocation->operands[i]);
  store_sweep_parts (store_containers_fd (invocation->store),
                     store_containers_path (invocation->store));
  return status;
}

const struct command command_rm = {
  .name = "rm",
  .operands = N_ ("[CONTAINER...]"),
  .summary = N_ ("remove containers"),
  .description = N_ (
      "Names, ids and unique beginnings of ids are taken. A container that is"
      " protected or in use is not removed; the others are.\n\n"
      "--all removes all but those that are protected. It asks on the terminal;"
      " without one it needs --force."),
  .options = rm_rows,
  .options_size = sizeof (struct rm_options),
  .max_operands = OPERANDS_ANY,
  .needs = NEEDS_REPOSITORY,
  .run = run_rm,
};
