/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker kill, stop and wait: end containers that run, or see them end.  */

#include <config.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/signal-name.h"
#include "src/cmd/command.h"
#include "src/container/container.h"
#include "src/container/output.h"
#include "src/container/running.h"
#include "src/container/runs.h"
#include "xalloc.h"

extern const struct command command_kill;
extern const struct command command_stop;
extern const struct command command_wait;

enum
{
  GRACE = 10,       /* seconds that stop waits */
  LOOK_AGAIN = 500, /* milliseconds after which it looks whether they go on */
  LAST_GRACE = 5000 /* milliseconds for the kernel to end what was killed */
};

struct kill_options
{
  const char *signal, *seconds;
};

static const struct option_row kill_rows[] = {
  {
      .name = "signal",
      .letter = 's',
      .kind = OPTION_VALUE,
      .argument = N_ ("SIGNAL"),
      .help = N_ ("a name, with or without SIG, or number (default KILL)"),
      .target = OPTION_TARGET (struct kill_options, signal),
  },
  { .name = NULL },
};

static const struct option_row stop_rows[] = {
  {
      .name = "signal",
      .letter = 's',
      .kind = OPTION_VALUE,
      .argument = N_ ("SIGNAL"),
      .help = N_ (
          "send this one first (default: what the run or image says, or TERM)"),
      .target = OPTION_TARGET (struct kill_options, signal),
  },
  {
      .name = "time",
      .letter = 't',
      .kind = OPTION_VALUE,
      .argument = N_ ("SECONDS"),
      .help = N_ ("kill what goes on for so long (default 10)"),
      .target = OPTION_TARGET (struct kill_options, seconds),
  },
  {
      .name = "timeout",
      .kind = OPTION_VALUE,
      .target = OPTION_TARGET (struct kill_options, seconds),
      .hidden = true,
  },
  { .name = NULL },
};

/* Read TEXT, a number of seconds, into SECONDS.  Return whether it is one.  */
static bool
read_seconds (const char *text, int *seconds)
{
  char *end = NULL;
  if (text[0] < '0' || text[0] > '9')
    return false;
  errno = 0;
  long value = strtol (text, &end, 10);
  *seconds = (int) value;
  return errno == 0 && *end == '\0' && value <= INT_MAX / 1000;
}

/* Put the signal that TEXT names, or OTHERWISE where it is NULL, into
   NUMBER.  */
static int
read_signal (const char *text, int otherwise, int *number, struct error *err)
{
  *number = text != NULL ? signal_number (text) : otherwise;
  if (text == NULL || *number > 0)
    return 0;
  return error_set (err, EINVAL, _ ("there is no signal '%s'"), text);
}

/* Send SIGNAL to all runs of the container NAME of STORE.  Return 0, or a
   negative errno with ERR set; -ESRCH where there is none.  */
static int
signal_container (struct store *store, const char *name, int signal,
                  struct error *err)
{
  struct container *container = NULL;
  int status =
      container_open (store, name, CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));
  struct runs runs;
  runs_find (container->store, container->id, &runs);
  for (size_t i = 0; i < runs.count && status == 0; i++)
    {
      int sent = running_signal (&runs.list[i], signal);
      if (sent < 0)
        status = error_set (err, -sent,
                            _ ("cannot send signal %d to container %s: %s"),
                            signal, container->id, strerror (-sent));
    }
  AUTO_FREE char *machine =
      runs.count > 0 ? NULL : container_machine (container);
  if (runs.count == 0)
    status = machine == NULL
                 ? error_set (err, ESRCH,
                              _ ("container '%s' does not run here"), name)
                 : error_set (err, ESRCH,
                              _ ("container '%s' does not run here, but on "
                                 "machine %s"),
                              name, machine);
  runs_release (&runs);
  container_close (container);
  return status;
}

/* Say that all was done with the container NAME.  */
static void
print_name (const char *name)
{
  if (log_says (LOG_RESULT))
    printf ("%s\n", name);
}

static int
run_kill (struct invocation *invocation, struct error *err)
{
  const struct kill_options *options = invocation->options;
  int signal;
  int status = read_signal (options->signal, SIGKILL, &signal, err);
  if (status < 0)
    return status;
  for (int i = 0; i < invocation->operand_count; i++)
    {
      const char *name = invocation->operands[i];
      AUTO_ERROR struct error problem = { 0 };
      if (signal_container (invocation->store, name, signal, &problem) < 0)
        invocation->report (invocation, &problem);
      else
        print_name (name);
    }
  return 0;
}

/* A container that is to be stopped.  */
struct target
{
  const char *name;
  struct container *container; /* NULL: there is none, or it is that of a target
                                  before */
  struct runs runs;            /* what is being ended */
  bool any;                    /* something was */
  struct error problem;        /* with a number where there is one */
};

struct targets
{
  struct target *list;
  size_t count;
};

/* Open the container of the target NAME in STORE, the next one of TARGETS.  */
static void
add_target (struct targets *targets, struct store *store, const char *name)
{
  struct target *target = &targets->list[targets->count];
  target->name = name;
  if (container_open (store, name, CONTAINER_BY_PREFIX, &target->container,
                      &target->problem)
      < 0)
    (void) error_prefix (&target->problem, _ ("invalid container id"));
  for (size_t i = 0; i < targets->count && target->container != NULL; i++)
    {
      const struct container *other = targets->list[i].container;
      if (other != NULL && strcmp (other->id, target->container->id) == 0)
        {
          container_close (target->container);
          target->container = NULL;
        }
    }
  targets->count++;
}

static void
release_targets (struct targets *targets)
{
  for (size_t i = 0; i < targets->count; i++)
    {
      struct target *target = &targets->list[i];
      runs_release (&target->runs);
      error_release (&target->problem);
      if (target->container != NULL)
        container_close (target->container);
    }
  free (targets->list);
}

/* Find what runs of TARGETS, but for those that something is wrong with.
   Return whether there is anything.  */
static bool
find_targets (struct targets *targets)
{
  bool any = false;
  for (size_t i = 0; i < targets->count; i++)
    {
      struct target *target = &targets->list[i];
      runs_release (&target->runs);
      if (target->container == NULL || target->problem.number != 0)
        continue;
      runs_find (target->container->store, target->container->id,
                 &target->runs);
      target->any = target->any || target->runs.count > 0;
      any = any || target->runs.count > 0;
    }
  return any;
}

/* Ask RUN to end by SIGNAL, 0 for the one that it was started with.  */
static void
ask_to_end (const struct running *run, int signal)
{
  if (signal == 0)
    signal = (int) plan_number (&run->plan, PLAN_STOP_SIGNAL, SIGTERM);
  (void) running_signal (run, signal); /* it may have ended */
  running_continue (run);
}

/* Send SIGNAL (0: the one that each was started with) to all runs of TARGETS
   that go on.  */
static void
ask_targets (const struct targets *targets, int signal)
{
  for (size_t i = 0; i < targets->count; i++)
    for (size_t j = 0; j < targets->list[i].runs.count; j++)
      {
        const struct running *run = &targets->list[i].runs.list[j];
        if (!running_await (run, 0))
          ask_to_end (run, signal);
      }
}

/* Wait until all runs of TARGETS have ended, at most until END; have those that
   have not go on if they are stopped.  Return whether they have ended.  */
static bool
have_ended (const struct targets *targets, int64_t end)
{
  bool all = true;
  for (size_t i = 0; i < targets->count; i++)
    for (size_t j = 0; j < targets->list[i].runs.count; j++)
      {
        const struct running *run = &targets->list[i].runs.list[j];
        if (running_await (run, end))
          continue;
        running_continue (run);
        all = false;
      }
  return all;
}

/* Wait at most MILLISECONDS until all runs of TARGETS have ended.  Return
   whether they have.  */
static bool
await_targets (const struct targets *targets, int milliseconds)
{
  const int64_t end = running_clock () + milliseconds;
  int64_t until;
  do
    {
      /* Somebody may stop them meanwhile.  */
      until = running_clock () + LOOK_AGAIN;
      if (have_ended (targets, until < end ? until : end))
        return true;
    }
  while (until < end);
  return false;
}

/* Note that what goes on of TARGETS cannot be stopped.  */
static void
give_up (struct targets *targets)
{
  for (size_t i = 0; i < targets->count; i++)
    for (size_t j = 0; j < targets->list[i].runs.count; j++)
      if (!running_await (&targets->list[i].runs.list[j], 0))
        (void) error_set (&targets->list[i].problem, EBUSY,
                          _ ("container %s cannot be stopped"),
                          targets->list[i].container->id);
}

/* Say what has become of TARGET.  That it runs on another machine, where it
   cannot be reached, is no error.  */
static void
report_target (struct invocation *invocation, struct target *target)
{
  if (target->problem.number != 0)
    {
      invocation->report (invocation, &target->problem);
      return;
    }
  AUTO_FREE char *machine = target->any || target->container == NULL
                                ? NULL
                                : container_machine (target->container);
  if (machine != NULL)
    log_warning (_ ("container '%s' runs on machine %s, and goes on there"),
                 target->name, machine);
  print_name (target->name);
}

static int
run_stop (struct invocation *invocation, struct error *err)
{
  const struct kill_options *options = invocation->options;
  int signal;
  int seconds = GRACE;
  int status = read_signal (options->signal, 0, &signal, err);
  if (status == 0 && options->seconds != NULL
      && !read_seconds (options->seconds, &seconds))
    status = error_set (err, EINVAL, _ ("invalid number of seconds '%s'"),
                        options->seconds);
  if (status < 0)
    return status;

  struct targets targets = {
    .list = xcalloc ((size_t) invocation->operand_count, sizeof *targets.list),
  };
  for (int i = 0; i < invocation->operand_count; i++)
    add_target (&targets, invocation->store, invocation->operands[i]);
  /* Programs start others meanwhile.  */
  while (find_targets (&targets))
    {
      ask_targets (&targets, signal);
      if (await_targets (&targets, seconds * 1000))
        continue;
      ask_targets (&targets, SIGKILL);
      if (!await_targets (&targets, LAST_GRACE))
        give_up (&targets);
    }
  for (size_t i = 0; i < targets.count; i++)
    report_target (invocation, &targets.list[i]);
  release_targets (&targets);
  return 0;
}

/* Wait until all RUNS of CONTAINER have ended.  Return the exit status of the
   one that began first, or -1 when that is not known.  */
static int
await_all (const struct container *container, const struct runs *runs)
{
  const struct running *first = &runs->list[0];
  AUTO_CLOSE int watch = running_watch (first);
  struct run_member runner = running_runner (first);
  for (size_t i = 0; i < runs->count; i++)
    (void) running_await (&runs->list[i], -1);
  /* What it has noted is known at once, whether its parent wants to know or
     not.  */
  int status = runner.pid == 0 ? -1 : container_noted_end (container, &runner);
  return status >= 0 ? status : running_result (watch);
}

/* Wait until nothing runs in the container NAME of STORE, and print what the
   first of its runs, or where there are none the last one in the background,
   has ended with.  */
static int
await_container (struct store *store, const char *name, struct error *err)
{
  struct container *container = NULL;
  int status =
      container_open (store, name, CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));
  int result = -1;
  size_t times = 0;
  while (true)
    {
      struct runs runs;
      runs_find (container->store, container->id, &runs);
      size_t count = runs.count;
      int ended = count > 0 ? await_all (container, &runs) : -1;
      runs_release (&runs);
      if (count == 0)
        break;
      /* Those that were started meanwhile are other runs.  */
      if (times++ == 0)
        result = ended;
    }
  if (times == 0)
    {
      AUTO_FREE char *machine = container_machine (container);
      result = container_noted_end (container, NULL);
      if (machine != NULL)
        log_warning (
            _ ("container '%s' runs on machine %s, where its end is not"
               " seen from here"),
            name, machine);
    }
  container_close (container);

  if (result >= 0)
    printf ("%d\n", result);
  else
    printf ("unknown\n");
  return 0;
}

static int
run_wait (struct invocation *invocation, struct error *err)
{
  (void) err;
  for (int i = 0; i < invocation->operand_count; i++)
    {
      AUTO_ERROR struct error problem = { 0 };
      if (await_container (invocation->store, invocation->operands[i], &problem)
          < 0)
        invocation->report (invocation, &problem);
    }
  return 0;
}

const struct command command_kill = {
  .name = "kill",
  .operands = N_ ("CONTAINER..."),
  .summary = N_ ("send a signal to what runs in containers"),
  .description = N_ (
      "The signal goes to the first program of each run of the container on "
      "this machine that is yours, as if it were sent to 'udocker run'; KILL "
      "and STOP go to all of its processes, and after STOP so does CONT. What "
      "is stopped goes on when it gets TERM, HUP or KILL, too. The names are "
      "printed."),
  .options = kill_rows,
  .options_size = sizeof (struct kill_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .needs = NEEDS_REPOSITORY,
  .run = run_kill,
};

const struct command command_stop = {
  .name = "stop",
  .operands = N_ ("CONTAINER..."),
  .summary = N_ ("end what runs in containers"),
  .description = N_ (
      "Each run of the containers on this machine that is yours gets a signal, "
      "and what goes on nevertheless is killed, all after the same time. A "
      "container that does not run is stopped already; what runs on another "
      "machine is left alone, with a warning. The names are printed."),
  .options = stop_rows,
  .options_size = sizeof (struct kill_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .needs = NEEDS_REPOSITORY,
  .run = run_stop,
};

const struct command command_wait = {
  .name = "wait",
  .operands = N_ ("CONTAINER..."),
  .summary = N_ ("wait until nothing runs in containers"),
  .description = N_ (
      "Return when no run of the containers goes on any more on this machine "
      "that is yours. For each container the exit status of its program is "
      "printed, of several the one that began first: it is kept for a run with "
      "--detach until the next one; that of another is known only while that "
      "is waited for, and on Linux 6.15 or later. Otherwise 'unknown' is "
      "printed."),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .needs = NEEDS_REPOSITORY,
  .run = run_wait,
};
