/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker clone: copy a container.  */

#include <config.h>

#include <errno.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "src/cmd/command.h"
#include "src/cmd/new-container.h"
#include "src/container/container.h"
#include "src/container/run-mount-points.h"
#include "src/container/running.h"
#include "src/image/store.h"

extern const struct command command_clone;

struct clone_options
{
  const char *name;
};

static const struct option_row clone_rows[] = {
  {
      .name = "name",
      .kind = OPTION_VALUE,
      .argument = N_ ("NAME"),
      .help = N_ ("give the copy this name"),
      .target = OPTION_TARGET (struct clone_options, name),
  },
  { .name = NULL },
};

/* Say what the copy ID of CONTAINER needs before it can run.  */
static void
warn_of_mode (const struct container *container, const char *id)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *mode = NULL;

  if (container_read_file (container, "execmode", &mode, &ignored) == 0
      && mode[0] == 'F')
    log_warning (_ ("mode %s changed the tree to fit its place: run 'udocker "
                    "setup --execmode=%s --force %s' before the copy"),
                 mode, mode, id);
}

static int
run_clone (struct invocation *invocation, struct error *err)
{
  const struct clone_options *options = invocation->options;
  struct container *container = NULL;
  AUTO_FREE char *id = NULL;

  int status = container_open (invocation->store, invocation->operands[0],
                               CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));
  store_sweep (invocation->store);

  AUTO_CLOSE int hold = container_hold (container, false, err);
  status = hold < -1 ? hold : 0;
  if (status == 0)
    {
      /* Mount points that a killed run has left; the copy gets the notes of
         those that a live one needs.  */
      (void) run_mount_points_sweep (container);
      struct progress *progress = progress_open ();
      struct progress_line *line =
          progress_add (progress, _ ("copying the container"), -1);
      status = container_clone (container, options->name,
                                progress_is_drawn (progress) ? line : NULL, &id,
                                err);
      progress_finish (line, status == 0 ? _ ("done") : _ ("given up"));
      progress_close (progress);
    }
  if (status == 0)
    warn_of_mode (container, id);
  else if (status != -EEXIST && status != -EINVAL)
    (void) error_prefix (err, _ ("cloning"));
  container_close (container);
  return status < 0 ? status : new_container_print (invocation->store, id, err);
}

const struct command command_clone = {
  .name = "clone",
  .operands = N_ ("CONTAINER"),
  .summary = N_ ("copy a container"),
  .description = N_ (
      "Makes a container with the same files, image name and execution mode,"
      " and prints its id when it is whole. The copy has no name but the one"
      " that is given, and is not protected even if the original is. Blocks of"
      " files are shared where the file system can do that. A container that"
      " is running can be copied; what its programs write meanwhile may be in"
      " the copy or not.\n\n"
      " udocker clone --name=trial mine"),
  .options = clone_rows,
  .options_size = sizeof (struct clone_options),
  .min_operands = 1,
  .max_operands = 1,
  .missing = N_ ("invalid container id"),
  .needs = NEEDS_REPOSITORY,
  .run = run_clone,
};
