/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The plan of one more program in a container that runs: exec.

   It is the plan of the run, read back, with other words and, where that is
   asked for, another user, directory or more variables.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/plan/plan.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/container/run-private.h"
#include "xalloc.h"

/* Return the text of TAG in FROM, which the caller frees, or NULL.  */
static char *
copy_text (const struct plan *from, enum plan_tag tag)
{
  const char *text = plan_text (from, tag, NULL);
  return text != NULL ? xstrdup (text) : NULL;
}

static void
read_bindings (struct run_plan *plan, const struct plan *from)
{
  struct plan_record record;
  plan->bindings =
      xcalloc (plan_count (from, PLAN_BINDING) + 1, sizeof *plan->bindings);
  for (size_t at = 0; plan_next_tag (from, PLAN_BINDING, &at, &record);)
    {
      struct plan_binding binding = plan_record_binding (&record);
      plan->bindings[plan->binding_count++] = (struct run_binding){
        .host = xstrdup (binding.host),
        .guest = xstrdup (binding.guest),
        .flags = binding.flags & ~(uint32_t) PLAN_BINDING_RESOLVED,
      };
    }
}

static void
read_files (struct run_plan *plan, const struct plan *from)
{
  struct plan_record record;
  plan->files = xcalloc (plan_count (from, PLAN_FILE) + 1, sizeof *plan->files);
  for (size_t at = 0; plan_next_tag (from, PLAN_FILE, &at, &record);)
    {
      struct plan_file file = plan_record_file (&record);
      plan->files[plan->file_count++] = (struct run_file){
        .guest = xstrdup (file.guest),
        .content = xmemdup (file.content, file.size),
        .size = file.size,
        .mode = file.mode,
      };
    }
}

static void
read_limits_and_ports (struct run_plan *plan, const struct plan *from)
{
  struct plan_record record;
  plan->limits =
      xcalloc (plan_count (from, PLAN_LIMIT) + 1, sizeof *plan->limits);
  for (size_t at = 0; plan_next_tag (from, PLAN_LIMIT, &at, &record);)
    plan->limits[plan->limit_count++] = plan_record_limit (&record);
  plan->ports = xcalloc (plan_count (from, PLAN_PORT) + 1, sizeof *plan->ports);
  for (size_t at = 0; plan_next_tag (from, PLAN_PORT, &at, &record);)
    plan->ports[plan->port_count++] = plan_record_port (&record);
}

/* Read who the program is: the numbers.  The name is in the environment.  */
static void
read_user (struct run_plan *plan, const struct plan *from)
{
  struct plan_record record;
  struct run_user *user = &plan->user;
  user->uid = (uid_t) plan_number (from, PLAN_UID, 0);
  user->gid = (gid_t) plan_number (from, PLAN_GID, 0);
  user->groups =
      xcalloc (plan_count (from, PLAN_GROUP) + 1, sizeof *user->groups);
  for (size_t at = 0; plan_next_tag (from, PLAN_GROUP, &at, &record);)
    user->groups[user->group_count++] = (gid_t) plan_record_number (&record);
}

/* Fill PLAN with what FROM says, but for the program and, unless SAME_USER, its
   user.  */
static int
read_plan (struct run_plan *plan, const struct plan *from, bool same_user,
           struct container *container, const struct config *config,
           struct error *err)
{
  struct plan_record record;
  *plan = (struct run_plan){
    .container = container,
    .config = config,
    .root = copy_text (from, PLAN_ROOT),
    .root_fd = -1,
    .hold_fd = -1,
    .started_fd = -1,
    .temporary = RUN_TEMPORARY_NONE,
    .mode = copy_text (from, PLAN_MODE),
    .processors = copy_text (from, PLAN_PROCESSORS),
    .directory = copy_text (from, PLAN_DIRECTORY),
    .kernel = copy_text (from, PLAN_KERNEL),
    .host_name = copy_text (from, PLAN_HOST_NAME),
    .owners = copy_text (from, PLAN_OWNERS),
    .emulator = copy_text (from, PLAN_EMULATOR),
    .bundle = copy_text (from, PLAN_BUNDLE),
    .read_only = plan_number (from, PLAN_ROOT_READ_ONLY, 0) != 0,
    .replaces_links = plan_number (from, PLAN_LINKS_REPLACED, 0) != 0,
    .move_ports = plan_number (from, PLAN_PORT_ANY, 0) != 0,
    .stop_signal = (int) plan_number (from, PLAN_STOP_SIGNAL, 0),
    .removes = plan_number (from, PLAN_REMOVES, 0) != 0,
    .returns = plan_number (from, PLAN_REMOVES, 0) != 0,
    .kill_on_exit = plan_number (from, PLAN_KILL_ON_EXIT, 0) != 0,
    .verbose = config->verbose_level,
  };
  read_bindings (plan, from);
  read_files (plan, from);
  read_limits_and_ports (plan, from);
  if (same_user)
    read_user (plan, from);
  for (size_t at = 0; plan_next_tag (from, PLAN_ENVIRONMENT, &at, &record);)
    run_list_add (&plan->environment, &plan->environment_count,
                  xstrdup (record.text));
  plan->root_fd = open (plan->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (plan->root_fd < 0)
    return error_set (err, errno, _ ("cannot open root directory '%s': %s"),
                      plan->root, strerror (errno));
  return 0;
}

int
run_plan_join (struct run_plan *plan, const struct plan *running,
               const struct run_request *request, struct container *container,
               const struct config *config, int *status, struct error *err)
{
  const struct run_metadata nothing = { 0 };
  *status = RUN_STATUS_FAILURE;
  int failure =
      read_plan (plan, running, request->user == NULL, container, config, err);
  if (failure == 0 && request->user != NULL)
    failure = run_plan_add_user (plan, request, request->user, err);
  if (failure == 0)
    failure = run_plan_change_environment (plan, request, err);
  if (failure == 0 && request->directory != NULL)
    failure = run_plan_add_directory (plan, request, &nothing, err);
  if (failure == 0)
    failure =
        run_plan_add_program (plan, request, &nothing, config, status, err);
  if (failure < 0)
    run_plan_release (plan);
  return failure;
}
