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

extern const struct command command_kill;
extern const struct command command_stop;
extern const struct command command_wait;

enum
{
  GRACE = 10,       /* seconds that stop waits */
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

/* Do something with RUN.  Return 0 or a negative errno with ERR set.  */
typedef int work_function (const struct running *run, int signal, int seconds,
                           struct error *err);

/* Send SIGNAL to RUN.  */
static int
send_signal (const struct running *run, int signal, int seconds,
             struct error *err)
{
  (void) seconds;
  int status = running_signal (run, signal);
  if (status == 0)
    return 0;
  return error_set (err, -status,
                    _ ("cannot send signal %d to container %s: %s"), signal,
                    run->container, strerror (-status));
}

/* End RUN by SIGNAL, 0 for the one that it was started with, or when it goes on
 * for SECONDS by SIGKILL.  */
static int
stop (const struct running *run, int signal, int seconds, struct error *err)
{
  if (signal == 0)
    signal = (int) plan_number (&run->plan, PLAN_STOP_SIGNAL, SIGTERM);
  (void) running_signal (run, signal); /* it may have ended */
  if (!running_await (run, seconds * 1000))
    {
      (void) running_signal (run, SIGKILL); /* likewise */
      if (!running_await (run, LAST_GRACE))
        return error_set (err, EBUSY, _ ("container %s cannot be stopped"),
                          run->container);
    }
  return 0;
}

/* Do WORK with all runs of the container NAME.  Those that one more is found of
   afterwards too, when AGAIN: programs start others.  Return 0, or what WORK
   fails with, or when NEEDED -ESRCH with ERR set where there is none; otherwise
   that it runs on another machine, where it cannot be reached, is only
   said.  */
static int
work_on (struct store *store, const char *name, work_function *work, int signal,
         int seconds, bool again, bool needed, struct error *err)
{
  bool any = false;
  struct container *container = NULL;
  int status =
      container_open (store, name, CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));
  size_t count = 0;
  do
    {
      struct runs runs;
      runs_find (container->store, container->id, &runs);
      count = runs.count;
      any = any || count > 0;
      for (size_t i = 0; i < count && status == 0; i++)
        status = work (&runs.list[i], signal, seconds, err);
      runs_release (&runs);
    }
  while (again && count > 0 && status == 0);
  AUTO_FREE char *machine = any ? NULL : container_machine (container);
  container_close (container);
  if (!any && needed)
    return machine == NULL
               ? error_set (err, ESRCH, _ ("container '%s' does not run here"),
                            name)
               : error_set (err, ESRCH,
                            _ ("container '%s' does not run here, but on "
                               "machine %s"),
                            name, machine);
  if (machine != NULL && status == 0)
    log_warning (_ ("container '%s' runs on machine %s, and goes on there"),
                 name, machine);
  return status;
}

/* Do WORK with all containers that INVOCATION names; NEEDED: which must run. */
static int
work_on_all (struct invocation *invocation, work_function *work, int signal,
             int seconds, bool again, bool needed)
{
  for (int i = 0; i < invocation->operand_count; i++)
    {
      const char *name = invocation->operands[i];
      AUTO_ERROR struct error problem = { 0 };
      int status = work_on (invocation->store, name, work, signal, seconds,
                            again, needed, &problem);
      if (status < 0)
        invocation->report (invocation, &problem);
      else if (log_says (LOG_RESULT))
        printf ("%s\n", name);
    }
  return 0;
}

static int
run_kill (struct invocation *invocation, struct error *err)
{
  const struct kill_options *options = invocation->options;
  int signal;
  int status = read_signal (options->signal, SIGKILL, &signal, err);
  if (status < 0)
    return status;
  return work_on_all (invocation, send_signal, signal, 0, false, true);
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
  return work_on_all (invocation, stop, signal, seconds, true, false);
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
      "goes to all of its processes. The names are printed."),
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
      "Each run of the container on this machine that is yours gets a signal, "
      "and is killed when it goes on nevertheless. A container that does not "
      "run is stopped already; what runs on another machine is left alone, "
      "with a warning. The names are printed."),
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
