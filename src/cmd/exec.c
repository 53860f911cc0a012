/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker exec: run one more program in a container that runs.  */

#include <config.h>

#include <errno.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/run-list.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/container/run-plan.h"
#include "src/container/running.h"
#include "src/container/runs.h"
#include "src/engine/engine.h"
#include "src/platform/host.h"

extern const struct command command_exec;

struct exec_options
{
  struct option_list environment, environment_files, unset;
  const char *user, *directory;
};

#define TARGET(member) .target = OPTION_TARGET (struct exec_options, member)

static const struct option_row exec_rows[] = {
  { "env", 'e', OPTION_LIST, N_ ("NAME[=VALUE]"),
    N_ ("set an environment variable, or pass on its value; NAME- takes it "
        "away"),
    TARGET (environment) },
  { "env-file", 0, OPTION_LIST, N_ ("FILE"),
    N_ ("set the variables that FILE has a line for"),
    TARGET (environment_files) },
  { "unsetenv", 0, OPTION_LIST, N_ ("NAME"),
    N_ ("take away this environment variable"), TARGET (unset) },
  { "user", 'u', OPTION_VALUE, N_ ("USER[:GROUP]"),
    N_ ("run as this user, a name or number"), TARGET (user) },
  { "workdir", 'w', OPTION_VALUE, N_ ("DIR"),
    N_ ("start in this directory of the container"), TARGET (directory) },
  { .name = "interactive", .letter = 'i', .ignored = true },
  { .name = "tty", .letter = 't', .ignored = true },
  { .name = "privileged",
    .refusal = N_ ("a container has your privileges and no others") },
  { .name = "detach",
    .letter = 'd',
    .refusal = N_ ("there is no daemon to run it; start udocker in the "
                   "background of your shell instead") },
  { 0 },
};

/* Remove CONTAINER, as its run was to do in the end, if only HOLD (or -1) is
   using it: that could not, as long as we did.  */
static void
remove_as_last (struct container *container, int hold)
{
  AUTO_ERROR struct error err = { 0 };
  int status = container_remove_after_run (container, hold, &err);
  if (status < 0 && status != -EBUSY)
    log_warning (_ ("the container is not removed: %s"), err.text);
}

/* Run what INVOCATION says in CONTAINER as in RUN, which goes on there.  Return
   the exit status, or a negative errno with ERR set; mostly it does not
   return.  */
static int
join (struct invocation *invocation, struct container *container,
      const struct running *run, int hold, struct error *err)
{
  const struct exec_options *options = invocation->options;
  const struct run_request request = {
    .command = { (const char *const *) invocation->operands + 1,
                 (size_t) invocation->operand_count - 1 },
    .entry_point = "",
    .environment = run_list_of (&options->environment),
    .environment_files = run_list_of (&options->environment_files),
    .unset = run_list_of (&options->unset),
    .user = options->user,
    .directory = options->directory,
  };
  const struct engine *engine = NULL;
  const char *mode = NULL;
  struct run_plan plan;
  int failure_status = RUN_STATUS_FAILURE;

  int status = run_plan_join (&plan, &run->plan, &request, container,
                              invocation->config, &failure_status, err);
  if (status < 0)
    {
      invocation->failure_status = failure_status;
      return status;
    }
  status = engine_find (plan.mode, &engine, &mode, err);
  if (status == 0)
    status = engine->usable (platform_host (), invocation->config, mode, err);
  if (status == 0)
    status = run_plan_use_processors (&plan, err);
  if (status == 0)
    status = engine->check (&plan, err);
  plan.hold_fd = hold;
  if (status == 0)
    status = engine->run (&plan, err);
  plan.hold_fd = -1; /* the caller's */
  if (plan.removes)
    remove_as_last (container, hold);
  run_plan_release (&plan);
  return status;
}

static int
run_exec (struct invocation *invocation, struct error *err)
{
  struct container *container = NULL;
  int status = container_open (invocation->store, invocation->operands[0],
                               CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));

  struct runs runs;
  AUTO_CLOSE int hold = container_hold (container, false, err);
  status = hold < -1 ? hold : 0;
  runs_find (container->store, container->id, &runs);
  if (status == 0 && runs.count == 0)
    {
      AUTO_FREE char *machine = container_machine (container);
      status = error_set (err, ESRCH, _ ("container %s does not run here"),
                          container->id);
      if (machine != NULL)
        error_hint (err, _ ("it runs on machine %s"), machine);
      else
        error_hint (err, _ ("start it with 'udocker run'"));
    }
  if (status == 0)
    status =
        join (invocation, container, &runs.list[runs.count - 1], hold, err);
  runs_release (&runs);
  container_close (container);
  return status;
}

const struct command command_exec = {
  .name = "exec",
  .operands = N_ ("CONTAINER COMMAND [ARG...]"),
  .summary = N_ ("run one more program in a container that runs"),
  .description = N_ (
      "The program gets what the container was started with: mode, volumes, "
      "ports, names of hosts, limits and environment, and the user, unless "
      "--user names another one. Where several runs of the container go on it "
      "is that of the newest. It is a process of its own: it may go on when "
      "the "
      "other ends, and what root changes of owners in one of them is seen in "
      "the other only with --fakeowner. Of a run with --rm what ends last "
      "removes the container.\n\n"
      "The container must run on this machine, as the same user. The exit "
      "status is as with run."),
  .options = exec_rows,
  .options_size = sizeof (struct exec_options),
  .min_operands = 2,
  .max_operands = OPERANDS_ANY,
  .missing = N_ ("must specify a container and a command"),
  .needs = NEEDS_REPOSITORY,
  .options_end_at_operand = true,
  .failure_status = RUN_STATUS_FAILURE,
  .run = run_exec,
};
