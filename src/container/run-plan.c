/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Decide everything about a run before anything runs.  */

#include <config.h>

#include "src/container/run-plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/signal-name.h"
#include "lib/owners/owner-file.h"
#include "lib/plan/plan-write.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/container/run-private.h"
#include "xalloc.h"
#include "xvasprintf.h"

void
run_list_add (char ***list, size_t *count, char *text)
{
  *list = xreallocarray (*list, *count + 2, sizeof **list);
  (*list)[(*count)++] = text;
  (*list)[*count] = NULL;
}

void
run_list_free (char **list)
{
  for (size_t i = 0; list != NULL && list[i] != NULL; i++)
    free (list[i]);
  free (list);
}

static int
open_root (struct run_plan *plan, struct error *err)
{
  plan->root_fd = open (plan->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (plan->root_fd < 0)
    return error_set (err, errno, _ ("cannot open root directory '%s': %s"),
                      plan->root, strerror (errno));
  return 0;
}

/* Find out by which signal PLAN's program is asked to end.  */
static int
add_stop_signal (struct run_plan *plan, const struct run_request *request,
                 const struct run_metadata *metadata, struct error *err)
{
  if (request->stop_signal != NULL)
    {
      plan->stop_signal = signal_number (request->stop_signal);
      if (plan->stop_signal == 0)
        return error_set (err, EINVAL, _ ("there is no signal '%s'"),
                          request->stop_signal);
    }
  else if (metadata->stop_signal != NULL)
    {
      plan->stop_signal = signal_number (metadata->stop_signal);
      if (plan->stop_signal == 0)
        log_warning (_ ("there is no signal '%s', which the image wants to be "
                        "stopped by; TERM stops it"),
                     metadata->stop_signal);
    }
  return 0;
}

/* Do the steps of run_plan_make that depend on METADATA.  */
static int
fill (struct run_plan *plan, const struct run_request *request,
      const struct run_metadata *metadata, const struct config *config,
      int *status, struct error *err)
{
  const char *user = request->user != NULL ? request->user : metadata->user;
  int failure = run_plan_add_volumes (plan, request, config, err);
  if (failure == 0)
    failure = run_plan_add_user (plan, request, user, err);
  if (failure == 0)
    failure = run_plan_add_devices (plan, request, metadata, config, err);
  if (failure == 0)
    failure = run_plan_add_names (plan, request, err);
  if (failure == 0)
    failure = run_plan_add_limits (plan, request, err);
  if (failure == 0)
    failure = run_plan_add_memory (plan, request->memory, err);
  if (failure == 0)
    failure = add_stop_signal (plan, request, metadata, err);
  if (failure == 0)
    failure = run_plan_add_environment (plan, request, metadata, config, err);
  if (failure == 0)
    failure = run_plan_add_ports (plan, request, err);
  if (failure == 0)
    failure = run_plan_add_directory (plan, request, metadata, err);
  if (failure == 0)
    failure =
        run_plan_add_program (plan, request, metadata, config, status, err);
  return failure;
}

/* Say where owners are kept, if they are.  */
static int
add_owners (struct run_plan *plan, const struct run_request *request,
            const struct config *config, struct error *err)
{
  if (plan->container != NULL
      && (request->keep_owners || config->proot_fakeowner))
    plan->owners = xasprintf ("%s/" OWNER_FILE_NAME, plan->container->path);
  else if (request->keep_owners)
    return error_set (err, EINVAL,
                      _ ("--fakeowner: only a container can keep owners, not "
                         "the directory '%s'"),
                      plan->root);
  return 0;
}

int
run_plan_make (struct run_plan *plan, const struct run_request *request,
               struct container *container, const struct config *config,
               int *status, struct error *err)
{
  *status = RUN_STATUS_FAILURE;
  *plan = (struct run_plan){
    .container = request->root == NULL ? container : NULL,
    .config = config,
    .root = xstrdup (request->root != NULL ? request->root : container->root),
    .root_fd = -1,
    .hold_fd = -1,
    .started_fd = -1,
    .temporary = RUN_TEMPORARY_NONE,
    .mode = xstrdup (request->mode),
    .processors =
        request->processors != NULL ? xstrdup (request->processors) : NULL,
    .kernel = request->kernel != NULL ? xstrdup (request->kernel) : NULL,
    .host_name =
        request->host_name != NULL ? xstrdup (request->host_name) : NULL,
    .no_filter = config->proot_noseccomp == CONFIG_YES
                 || getenv ("PROOT_NO_SECCOMP") != NULL,
    .host_processes = request->host_processes,
    .host_memory = request->host_memory,
    .host_node = request->host_node,
    .kill_on_exit = config->proot_killonexit || request->end_all,
    .read_only = request->read_only,
    .removes = request->remove,
    .replaces_links = config->proot_link2symlink,
    .left_out = request->no_volumes,
    .verbose = config->verbose_level,
  };

  struct run_metadata metadata = { 0 };
  int failure = open_root (plan, err);
  if (failure == 0)
    failure = add_owners (plan, request, config, err);
  if (failure == 0 && plan->container != NULL && !request->no_metadata)
    failure = run_metadata_read (plan->container, &metadata, err);
  if (failure == 0)
    failure = fill (plan, request, &metadata, config, status, err);

  plan->returns = request->remove || plan->temporary.path != NULL;
  bool published = plan->port_count > 0 || plan->move_ports;
  if (failure == 0 && metadata.exposes_privileged_ports && !published)
    log_warning (_ ("this container exposes privileged TCP/IP ports"));
  else if (failure == 0 && metadata.exposes_ports && !published)
    log_warning (_ ("this container exposes TCP/IP ports"));
  run_metadata_release (&metadata);
  if (failure < 0)
    run_plan_release (plan);
  return failure;
}

void
run_plan_release (struct run_plan *plan)
{
  if (plan->root_fd >= 0)
    (void) close (plan->root_fd); /* O_PATH */
  if (plan->hold_fd >= 0)
    (void) close (plan->hold_fd); /* nothing was written to it */
  for (size_t i = 0; i < plan->held_count; i++)
    (void) close (plan->held_fds[i]); /* likewise */
  free (plan->held_fds);
  free (plan->root);
  free (plan->mode);
  run_list_free (plan->arguments);
  free (plan->program);
  run_list_free (plan->environment);
  run_list_free (plan->unset);
  free (plan->directory);
  free (plan->user.name);
  free (plan->user.home);
  free (plan->user.shell);
  free (plan->user.comment);
  free (plan->user.groups);
  for (size_t i = 0; i < plan->binding_count; i++)
    {
      free (plan->bindings[i].host);
      free (plan->bindings[i].guest);
    }
  free (plan->bindings);
  for (size_t i = 0; i < plan->file_count; i++)
    {
      free (plan->files[i].guest);
      free (plan->files[i].content);
    }
  free (plan->files);
  run_list_free (plan->device_variables);
  run_list_free (plan->device_folders);
  run_temporary_remove (&plan->temporary);
  free (plan->limits);
  free (plan->ports);
  free (plan->emulator);
  free (plan->processors);
  free (plan->kernel);
  free (plan->host_name);
  free (plan->owners);
  free (plan->bundle);
  *plan = (struct run_plan){
    .root_fd = -1,
    .hold_fd = -1,
    .started_fd = -1,
    .temporary = RUN_TEMPORARY_NONE,
  };
}

/* Append what PLAN shows at which place.  */
static void
write_tree (const struct run_plan *plan, struct plan_writer *writer)
{
  plan_write_text (writer, PLAN_ROOT, plan->root);
  if (plan->read_only)
    plan_write_number (writer, PLAN_ROOT_READ_ONLY, 1);
  for (size_t i = 0; i < plan->binding_count; i++)
    {
      struct plan_binding binding = {
        .host = plan->bindings[i].host,
        .guest = plan->bindings[i].guest,
        .flags = plan->bindings[i].flags | PLAN_BINDING_RESOLVED,
      };
      plan_write_binding (writer, &binding);
    }
  for (size_t i = 0; i < plan->file_count; i++)
    {
      struct plan_file file = {
        .guest = plan->files[i].guest,
        .content = plan->files[i].content,
        .size = plan->files[i].size,
        .mode = plan->files[i].mode,
      };
      plan_write_file (writer, &file);
    }
}

/* Append who the program of PLAN is.  */
static void
write_user (const struct run_plan *plan, struct plan_writer *writer)
{
  plan_write_number (writer, PLAN_UID, plan->user.uid);
  plan_write_number (writer, PLAN_GID, plan->user.gid);
  for (size_t i = 0; i < plan->user.group_count; i++)
    plan_write_number (writer, PLAN_GROUP, plan->user.groups[i]);
  plan_write_number (writer, PLAN_HOST_UID, geteuid ());
  plan_write_number (writer, PLAN_HOST_GID, getegid ());
}

void
run_plan_write (const struct run_plan *plan, struct plan_writer *writer)
{
  plan_write_text (
      writer, PLAN_MODE,
      plan->no_filter && strcmp (plan->mode, "P1") == 0 ? "P2" : plan->mode);
  if (plan->container != NULL)
    plan_write_text (writer, PLAN_CONTAINER, plan->container->id);
  write_tree (plan, writer);
  write_user (plan, writer);

  plan_write_text (writer, PLAN_PROGRAM, plan->program);
  for (size_t i = 0; i < plan->argument_count; i++)
    plan_write_text (writer, PLAN_ARGUMENT, plan->arguments[i]);
  for (size_t i = 0; i < plan->environment_count; i++)
    plan_write_text (writer, PLAN_ENVIRONMENT, plan->environment[i]);
  plan_write_text (writer, PLAN_DIRECTORY, plan->directory);

  if (plan->host_name != NULL)
    plan_write_text (writer, PLAN_HOST_NAME, plan->host_name);
  if (plan->kernel != NULL)
    plan_write_text (writer, PLAN_KERNEL, plan->kernel);
  if (plan->processors != NULL)
    plan_write_text (writer, PLAN_PROCESSORS, plan->processors);
  if (plan->owners != NULL)
    plan_write_text (writer, PLAN_OWNERS, plan->owners);
  if (plan->emulator != NULL)
    plan_write_text (writer, PLAN_EMULATOR, plan->emulator);
  if (plan->replaces_links)
    plan_write_number (writer, PLAN_LINKS_REPLACED, 1);
  for (size_t i = 0; i < plan->limit_count; i++)
    plan_write_limit (writer, &plan->limits[i]);
  for (size_t i = 0; i < plan->port_count; i++)
    plan_write_port (writer, &plan->ports[i]);
  if (plan->move_ports)
    plan_write_number (writer, PLAN_PORT_ANY, 1);
  if (plan->stop_signal != 0)
    plan_write_number (writer, PLAN_STOP_SIGNAL, (uint64_t) plan->stop_signal);
  if (plan->removes)
    plan_write_number (writer, PLAN_REMOVES, 1);
  plan_write_number (writer, PLAN_KILL_ON_EXIT, plan->kill_on_exit);
  plan_write_number (writer, PLAN_VERBOSE,
                     plan->verbose < 0 ? 0 : (uint64_t) plan->verbose);
  if (plan->hold_fd >= 0)
    plan_write_number (writer, PLAN_HELD_FD, (uint64_t) plan->hold_fd);
  for (size_t i = 0; i < plan->held_count; i++)
    plan_write_number (writer, PLAN_HELD_FD, (uint64_t) plan->held_fds[i]);
}
