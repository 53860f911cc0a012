/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Modes P1 and P2: our tracer, a program of its own.  */

#include <config.h>

#include "src/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan-write.h"
#include "lib/start/supervise.h"
#include "src/container/run-plan.h"
#include "src/platform/host.h"
#include "xvasprintf.h"

extern char **environ;

/* Return the path of the engine's program, or NULL with ERR set.  Looked for
   once.  */
static const char *
find_program (struct error *err)
{
  static char *path;
  if (path == NULL)
    path = platform_find_part ("udocker-proot", err);
  return path;
}

static int
proot_usable (const struct host *host, const char *mode, struct error *err)
{
  (void) host; /* every kernel that we run on has ptrace */
  (void) mode;
  return find_program (err) == NULL ? -err->number : 0;
}

static int
proot_prepare (struct container *container, const char *mode, struct error *err)
{
  (void) container; /* runs as it lies on disk */
  (void) mode;
  (void) err;
  return 0;
}

/* Put PLAN where the engine can read it.  Return a descriptor, which is
   inherited, or a negative errno with ERR set.  */
static int
send_plan (const struct run_plan *plan, struct error *err)
{
  struct plan_writer writer;
  plan_writer_init (&writer);
  run_plan_write (plan, &writer);

  struct plan bytes;
  int status = plan_writer_finish (&writer, &bytes);
  if (status == 0 && log_says (LOG_DEBUG))
    plan_print (&bytes, stderr);

  /* A file in memory is a file, too; too large a one would kill us.  */
  struct rlimit limit;
  if (status == 0 && getrlimit (RLIMIT_FSIZE, &limit) == 0
      && limit.rlim_cur < bytes.size)
    {
      status = error_set (err, EFBIG,
                          _ ("cannot run with a limit of %llu bytes on the"
                             " size of files; raise it (ulimit -f)"),
                          (unsigned long long) limit.rlim_cur);
      plan_writer_release (&writer);
      return status;
    }
  if (status == 0)
    status = plan_send (&bytes);
  plan_writer_release (&writer);
  if (status < 0)
    return error_set (err, -status, _ ("cannot pass the run plan on: %s"),
                      strerror (-status));
  return status;
}

/* Start the engine of PLAN with the descriptors PLAN_FD and PLAN->hold_fd in
   place of this program.  Return only on failure, a negative errno.  */
static int
exec_engine (const struct run_plan *plan, const char *program, int plan_fd)
{
  AUTO_FREE char *option = xasprintf ("--plan-fd=%d", plan_fd);
  char name[] = "udocker-proot";
  char *const arguments[] = { name, option, NULL };
  if (fcntl (plan_fd, F_SETFD, 0) < 0
      || (plan->hold_fd >= 0 && fcntl (plan->hold_fd, F_SETFD, 0) < 0))
    return -errno;
  execve (program, arguments, environ);
  return -errno;
}

/* What supervise starts.  */
struct launch
{
  const struct run_plan *plan;
  const char *program;
  int plan_fd;
};

static int
launch_engine (void *argument)
{
  const struct launch *launch = argument;
  return exec_engine (launch->plan, launch->program, launch->plan_fd);
}

static int
proot_run (const struct run_plan *plan, struct error *err)
{
  const char *program = find_program (err);
  if (program == NULL)
    return -err->number;
  AUTO_CLOSE int plan_fd = send_plan (plan, err);
  if (plan_fd < 0)
    return plan_fd;

  int status = 0;
  if (plan->remove)
    {
      struct launch launch = { .plan = plan,
                               .program = program,
                               .plan_fd = plan_fd };
      status = supervise (launch_engine, &launch, SUPERVISE_LEAVE);
    }
  else
    status = exec_engine (plan, program, plan_fd);
  if (status < 0)
    return error_set (err, -status, _ ("cannot start '%s': %s"), program,
                      strerror (-status));
  return status;
}

static const char *const modes[] = { "P1", "P2", NULL };

const struct engine engine_proot = {
  .name = "proot",
  .modes = modes,
  .usable = proot_usable,
  .prepare = proot_prepare,
  .run = proot_run,
};
