/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Engines that are programs of their own, which take a plan.  */

#include <config.h>

#include "src/engine/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan-write.h"
#include "src/container/output.h"
#include "src/container/run-plan.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern char **environ;

int
engine_send_plan (const struct run_plan *plan, const char *bundle, bool stays,
                  int *own, struct error *err)
{
  struct plan_writer writer;
  bool sealable = false;
  AUTO_CLOSE int fd = plan_open_nameless (PLAN_FILE_NAME, &sealable);
  if (fd < 0)
    return error_set (err, -fd, _ ("cannot pass the run plan on: %s"),
                      strerror (-fd));
  plan_writer_init (&writer);
  run_plan_write (plan, &writer);
  if (bundle != NULL)
    plan_write_text (&writer, PLAN_BUNDLE, bundle);
  *own = fcntl (fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (*own >= 0)
    plan_write_number (&writer, PLAN_OWN_FD, (uint64_t) *own);
  plan_write_number (&writer, PLAN_RUNNER, (uint64_t) getpid ());
  if (stays)
    plan_write_number (&writer, PLAN_RUNNER_STAYS, 1);

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
    status = plan_put (fd, sealable, &bytes);
  plan_writer_release (&writer);
  if (status < 0)
    return error_set (err, -status, _ ("cannot pass the run plan on: %s"),
                      strerror (-status));
  return TAKE_FD (fd);
}

/* What is started.  */
struct launch
{
  const struct run_plan *plan;
  const char *name;
  char *program; /* its path */
  int plan_fd, own_fd;
};

/* Start what ARGUMENT, a struct launch, says with its plan and the descriptor
   that this has held in place of this program.  Return only on failure, a
   negative errno.  */
static int
exec_engine (void *argument)
{
  const struct launch *launch = argument;
  const struct run_plan *plan = launch->plan;
  AUTO_FREE char *name = xstrdup (launch->name);
  AUTO_FREE char *option = xasprintf ("--plan-fd=%d", launch->plan_fd);
  char *const arguments[] = { name, option, NULL };
  if (fcntl (launch->plan_fd, F_SETFD, 0) < 0
      || (launch->own_fd >= 0 && fcntl (launch->own_fd, F_SETFD, 0) < 0)
      || (plan->hold_fd >= 0 && fcntl (plan->hold_fd, F_SETFD, 0) < 0))
    return -errno;
  for (size_t i = 0; i < plan->held_count; i++)
    if (fcntl (plan->held_fds[i], F_SETFD, 0) < 0)
      return -errno;
  execve (launch->program, arguments, environ);
  return -errno;
}

int
engine_find_program (const char *name, struct error *err)
{
  AUTO_FREE char *path = platform_find_part (name, err);
  return path == NULL ? -err->number : 0;
}

int
engine_check_program (const struct run_plan *plan, struct error *err)
{
  (void) err;
  run_plan_check_memory (plan);
  return 0;
}

int
engine_run_program (const char *name, const struct run_plan *plan,
                    enum supervise_rest rest, struct error *err)
{
  AUTO_FREE char *program = platform_find_part (name, err);
  if (program == NULL)
    return -err->number;
  int own_fd = -1; /* stays open as long as this process is there */
  AUTO_CLOSE int plan_fd =
      engine_send_plan (plan, NULL, plan->returns, &own_fd, err);
  if (plan_fd < 0)
    return plan_fd;

  struct launch launch = {
    .plan = plan,
    .name = name,
    .program = program,
    .plan_fd = plan_fd,
    .own_fd = own_fd,
  };
  container_tell_start (plan->started_fd);
  int status = plan->returns ? supervise (exec_engine, &launch, rest)
                             : exec_engine (&launch);
  if (status < 0)
    return error_set (err, -status, _ ("cannot start '%s': %s"), program,
                      strerror (-status));
  return status;
}
