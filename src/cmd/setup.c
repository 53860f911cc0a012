/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker setup: choose how a container is run.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/container/container.h"
#include "src/container/permissions.h"
#include "src/container/restore.h"
#include "src/container/run-mount-points.h"
#include "src/engine/engine.h"
#include "src/platform/host.h"

extern const struct command command_setup;

struct setup_options
{
  const char *mode;
  bool force, nvidia, no_nvidia, purge, fixperm;
};

#define TARGET(member) .target = OPTION_TARGET (struct setup_options, member)

static const struct option_row rows[] = {
  { "execmode", 0, OPTION_VALUE, N_ ("MODE"),
    N_ ("run the container in this mode: P1 (the default), P2, T1, T2, R1, R2, "
        "R3, S1 or auto"),
    TARGET (mode) },
  { "force", 0, OPTION_FLAG, NULL, N_ ("set the mode whatever it was before"),
    TARGET (force) },
  { "purge", 0, OPTION_FLAG, NULL,
    N_ ("put right what the Python tool has changed, whatever the mode"),
    TARGET (purge) },
  { "fixperm", 0, OPTION_FLAG, NULL,
    N_ ("make all files of the container yours, to read and to write"),
    TARGET (fixperm) },
  { "nvidia", 0, OPTION_FLAG, NULL,
    N_ ("give the container the host's NVIDIA driver whenever it runs, as 'run "
        "--gpus=driver=nvidia' does"),
    TARGET (nvidia) },
  { "no-nvidia", 0, OPTION_FLAG, NULL, N_ ("do not do so any more"),
    TARGET (no_nvidia) },
  { 0 },
};

/* Print how CONTAINER is run.  */
static int
print_setup (const struct container *container, const struct config *config,
             struct error *err)
{
  AUTO_FREE char *mode = NULL;
  int status = engine_mode_of (container, config, &mode, err);
  if (status < 0)
    return status;
  printf ("execmode: %s\n", mode);
  printf ("nvidiamode: %s\n",
          container_wants_nvidia (container) ? "True" : "False");
  return 0;
}

/* Put right in CONTAINER what the Python tool has changed for another mode, and
   say so.  Unless FORCE all of it must be possible.  */
static int
restore (struct container *container, bool force, struct error *err)
{
  struct restored restored;
  if (!container_is_altered (container))
    return 0;
  int status = container_restore (container, &restored, err);
  if (status < 0)
    return error_prefix (err, _ ("container setup failed"));
  log_info (_ ("put right: %zu files of the host, %zu links, %zu programs%s"),
            restored.binds, restored.links, restored.programs,
            restored.loader ? _ (", the dynamic linker") : "");
  if (restored.programs > 0)
    log_info (
        _ ("programs keep the room that was made in them: they have their "
           "old meaning, not their old size"));
  if (restored.failures == 0 || force)
    return 0;
  return error_set (err, EBUSY,
                    _ ("container setup failed: %zu changes for its old mode "
                       "could not be undone; --force goes on all the same"),
                    restored.failures);
}

/* Set the mode of CONTAINER.  */
static int
set_mode (struct container *container, const struct config *config,
          const char *mode, bool force, struct error *err)
{
  const struct engine *engine = NULL;
  const char *canonical = NULL;
  int status = engine_find (mode, &engine, &canonical, err);
  if (status == 0 && container_is_protected (container))
    status =
        error_set (err, EPERM, _ ("container is protected: %s"), container->id);
  if (status == 0)
    status = engine_try (engine, config, canonical, err);
  if (status == 0)
    status = restore (container, force, err);
  if (status == 0)
    status = engine->prepare (container, canonical, err);
  if (status == 0)
    status = container_write_file (container, "root.path", container->root,
                                   strlen (container->root), err);
  if (status == 0)
    status = container_write_file (container, "execmode", canonical,
                                   strlen (canonical), err);
  return status;
}

/* Remove empty directories and files that killed runs have left in CONTAINER,
   as mount points.  */
static void
remove_mount_points (const struct container *container)
{
  if (!run_mount_points_sweep (container))
    log_warning (_ ("mount points stay in the container: it runs, or its root "
                    "directory cannot be opened"));
}

/* Make all of CONTAINER the user's own.  */
static int
fix_permissions (struct container *container, struct error *err)
{
  struct permissions_fixed fixed;
  int status = container_fix_permissions (container, &fixed, err);
  if (fixed.owners > 0 || fixed.modes > 0)
    log_info (_ ("%zu files are yours now, and %zu open to you"), fixed.owners,
              fixed.modes);
  if (status == 0 && fixed.failures > 0)
    return error_set (err, EPERM, _ ("%zu files stay as they are"),
                      fixed.failures);
  return status;
}

/* Have CONTAINER given the NVIDIA driver from now on if WANTED.  */
static int
set_nvidia (const struct container *container, bool wanted, struct error *err)
{
  int status = container_want_nvidia (container, wanted, err);
  if (status == 0)
    log_info (wanted ? _ ("nvidia mode set") : _ ("nvidia mode unset"));
  return status;
}

static int
run_setup (struct invocation *invocation, struct error *err)
{
  const struct setup_options *options = invocation->options;
  struct container *container = NULL;
  int status = container_open (invocation->store, invocation->operands[0],
                               CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));

  /* The light program cannot.  */
  if ((options->mode != NULL || options->purge)
      && container_is_altered (container) && !command_is_full ())
    {
      container_close (container);
      return platform_exec_part ("udocker-full", invocation->argv, err);
    }
  if (options->nvidia && options->no_nvidia)
    status = error_set (err, EINVAL,
                        _ ("--nvidia and --no-nvidia exclude each other"));
  bool changes = options->nvidia || options->no_nvidia || options->purge
                 || options->fixperm;
  if (status == 0 && changes && container_is_protected (container))
    status =
        error_set (err, EPERM, _ ("container is protected: %s"), container->id);
  if (status == 0 && options->purge)
    status = restore (container, options->force, err);
  if (status == 0 && options->purge)
    remove_mount_points (container);
  if (status == 0 && options->fixperm)
    status = fix_permissions (container, err);
  if (status == 0 && (options->nvidia || options->no_nvidia))
    status = set_nvidia (container, options->nvidia, err);
  if (status == 0 && options->mode != NULL)
    status = set_mode (container, invocation->config, options->mode,
                       options->force, err);
  else if (status == 0 && !changes)
    status = print_setup (container, invocation->config, err);
  container_close (container);
  return status;
}

const struct command command_setup = {
  .name = "setup",
  .operands = N_ ("CONTAINER"),
  .summary = N_ ("show or choose how a container is run"),
  .description = N_ (
      "Without options print the execution mode.\n\n"
      "P1 traces the program with the help of a system call filter; P2 traces "
      "every system call, which is slow but needs no filter. T1 and T2 trace "
      "nothing: a program has the engine in it, which takes the system calls "
      "that a filter sends back, and is hardly slower than outside; gdb and "
      "strace work there, on 64-bit programs. T1 also changes the places in a "
      "program's memory that call "
      "the system; T2 leaves them as they are, and is slower. Both are for "
      "x86_64, where they trace 32-bit programs alone.\n\n"
      "In R1 an OCI runtime of the host, crun, runc, youki or runsc, makes the "
      "container from namespaces, so that programs see only themselves and run "
      "at full speed; there is one user in it, root or the one of --user, who "
      "owns all files that are yours. R2 and R3 are P1 and P2 in such a "
      "container, for what changes owners, such as the installation of "
      "packages; runsc does not have them. All three need user namespaces.\n\n"
      "S1 has Apptainer or Singularity run the container.\n\n"
      "A container that the Python tool has changed for its modes F or R is "
      "put "
      "right first: files that had given way to links, links that lead to host "
      "paths, the dynamic linker, host paths in programs. What cannot be "
      "undone "
      "is told, and then the mode stays unless --force is given.\n\n"
      "auto is the best mode that works on this host, see 'udocker doctor'."),
  .options = rows,
  .options_size = sizeof (struct setup_options),
  .min_operands = 1,
  .max_operands = 1,
  .needs = NEEDS_REPOSITORY,
  .run = run_setup,
};
