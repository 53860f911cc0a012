/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker export: write a container as a tar archive.  */

#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/log.h"
#include "lib/base/output.h"
#include "lib/base/progress.h"
#include "src/cmd/command.h"
#include "src/container/container.h"
#include "src/container/run-mount-points.h"
#include "src/container/running.h"

extern const struct command command_export;

struct export_options
{
  const char *output;
  bool clone;
};

static const struct option_row export_rows[] = {
  {
      .name = "output",
      .letter = 'o',
      .kind = OPTION_VALUE,
      .argument = N_ ("FILE"),
      .help = N_ ("write to FILE instead of the standard output"),
      .target = OPTION_TARGET (struct export_options, output),
  },
  {
      .name = "clone",
      .kind = OPTION_FLAG,
      .help = N_ ("write the whole container, for import --clone"),
      .target = OPTION_TARGET (struct export_options, clone),
  },
  { .name = NULL },
};

/* Write CONTAINER to the descriptor OUT.  */
static int
write_archive (const struct container *container, bool whole, int out,
               struct error *err)
{
  struct progress *progress = progress_open ();
  struct progress_line *line =
      progress_add (progress, _ ("exporting the container"), -1);

  int status = container_export (container, whole, out,
                                 progress_is_drawn (progress) ? line : NULL,
                                 &interrupt_signal, err);
  progress_finish (line, status == 0 ? _ ("done") : _ ("given up"));
  progress_close (progress);
  return status;
}

/* Write CONTAINER to the file PATH.  */
static int
write_file (const struct container *container, bool whole, const char *path,
            struct error *err)
{
  AUTO_INTERRUPT struct interrupt interrupt = { 0 };
  struct output output = { .fd = -1 };

  interrupt_catch (&interrupt);
  log_info (_ ("exporting to file %s"), path);
  int status = output_begin (path, &output, err);
  if (status < 0)
    return status;
  status = write_archive (container, whole, output.fd, err);
  if (status == 0)
    return output_commit (&output, err);
  output_abort (&output);
  return status;
}

/* Do what OPTIONS say with CONTAINER; PATH "-" is the standard output.  */
static int
export_to (const struct container *container,
           const struct export_options *options, const char *path,
           struct error *err)
{
  AUTO_CLOSE int hold = container_hold (container, false, err);

  if (hold < -1)
    return hold;
  /* Mount points that a killed run has left are none of its files; those of one
     that lives stay.  */
  (void) run_mount_points_sweep (container);
  return strcmp (path, "-") == 0
             ? write_archive (container, options->clone, STDOUT_FILENO, err)
             : write_file (container, options->clone, path, err);
}

static int
run_export (struct invocation *invocation, struct error *err)
{
  const struct export_options *options = invocation->options;
  const char *path = options->output == NULL ? "-" : options->output;
  const char *name = invocation->operands[0];
  struct container *container = NULL;

  /* 'export - CONTAINER' says what is so anyway.  */
  if (invocation->operand_count == 2)
    {
      if (options->output != NULL || strcmp (name, "-") != 0)
        return error_set (err, EINVAL,
                          _ ("syntax error at: %s: the file is given as "
                             "--output=FILE"),
                          invocation->operands[1]);
      name = invocation->operands[1];
    }
  if (*path == '\0')
    return error_set (err, EINVAL,
                      _ ("exporting: the name of the file is "
                         "empty"));
  if (strcmp (path, "-") == 0 && isatty (STDOUT_FILENO))
    return error_set (err, EINVAL,
                      _ ("exporting: a terminal is no place for an archive; "
                         "give a file with --output, or redirect"));

  int status = container_open (invocation->store, name, CONTAINER_BY_PREFIX,
                               &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));
  status = export_to (container, options, path, err);
  container_close (container);
  return status < 0 ? error_prefix (err, _ ("exporting")) : 0;
}

const struct command command_export = {
  .name = "export",
  .operands = N_ ("[-] CONTAINER"),
  .summary = N_ ("write a container as a tar archive"),
  .description = N_ (
      "The archive has the file system of the container, as 'udocker import',"
      " 'docker import', 'podman import' and tar read it: what is the user's"
      " own here is root's in it, but for what 'udocker run --fakeowner' has"
      " kept of owners, modes, devices and attributes. With --clone it has the "
      "whole container, its"
      " description and its mode included, below ROOT the file system; only"
      " 'udocker import --clone' makes use of that.\n\n"
      "FILE appears, or is replaced, when the archive is complete. A container"
      " that is running can be exported; what its programs write meanwhile may"
      " be in the archive or not. Sockets are left out.\n\n"
      " udocker export -o mine.tar mine\n"
      " udocker export mine | podman import - mine:latest"),
  .options = export_rows,
  .options_size = sizeof (struct export_options),
  .min_operands = 1,
  .max_operands = 2,
  .missing = N_ ("invalid container id"),
  .needs = NEEDS_REPOSITORY,
  .run = run_export,
};
