/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The table of what is tried, and trying in a child process.  */

#include <config.h>

#include "src/platform/probe-private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* To add one: a row, its function in the file of its subject.  */
static const struct
{
  const char *name;
  const char *title;
  void (*fill) (struct probe_result *result);
} probes[PROBE_COUNT] = {
  [PROBE_PROC] = { "proc", N_ ("facts about processes (/proc)"), probe_proc },
  [PROBE_PTRACE] = { "ptrace", N_ ("tracing of programs (ptrace)"),
                     probe_ptrace },
  [PROBE_FILTER] = { "seccomp_filter", N_ ("filters of system calls (seccomp)"),
                     probe_filter },
  [PROBE_TRAP] = { "seccomp_trap", N_ ("filters that trap (SIGSYS)"),
                   probe_trap },
  [PROBE_USER_NAMESPACE] = { "user_namespace", N_ ("user namespaces"),
                             probe_user_namespace },
  [PROBE_SUBIDS] = { "subids", N_ ("ranges of ids (newuidmap)"), probe_subids },
  [PROBE_MOUNT_NAMESPACE] = { "mount_namespace",
                              N_ ("mounting in a user namespace"),
                              probe_mount_namespace },
  [PROBE_OVERLAY] = { "overlay", N_ ("overlay file systems"), probe_overlay },
  [PROBE_FUSE] = { "fuse", N_ ("file systems in user space (FUSE)"),
                   probe_fuse },
};

/* No try takes so many seconds.  */
#define PATIENCE 5

const char *
probe_name (enum probe_id id)
{
  return probes[id].name;
}

const char *
probe_title (enum probe_id id)
{
  return _ (probes[id].title);
}

const struct probe_result *
probe (enum probe_id id)
{
  static struct probe_result results[PROBE_COUNT];
  static bool known[PROBE_COUNT];

  if (!known[id])
    {
      results[id].works = true;
      probes[id].fill (&results[id]);
      known[id] = true;
    }
  return &results[id];
}

int
probe_need (enum probe_id id, struct error *err)
{
  const struct probe_result *result = probe (id);
  if (result->works)
    return 0;
  int status =
      error_set (err, ENOSYS, _ ("%s: %s"), probe_title (id), result->reason);
  if (result->remedy != NULL)
    error_hint (err, _ ("to change that, %s"), result->remedy);
  return status;
}

void
probe_fails (struct probe_result *result, char *reason, char *remedy)
{
  result->works = false;
  result->reason = reason;
  result->remedy = remedy;
}

void
probe_fails_in_sandbox (struct probe_result *result, int number,
                        const char *remedy)
{
  probe_fails (
      result,
      xasprintf (_ ("the sandbox that udocker runs in forbids it (%s)"),
                 strerror (number)),
      xstrdup (remedy));
}

/* The child's side of attempt.  */
_Noreturn static void
try_and_tell (attempt_function *function, void *data, int fd)
{
  struct attempt done = { 0 };

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  signal (SIGALRM, SIG_DFL);
  alarm (PATIENCE);
  done.number = function (&done.step, data);
  ssize_t written = write (fd, &done, sizeof done);
  _exit (written == (ssize_t) sizeof done ? 0 : 1);
}

struct attempt
attempt (attempt_function *function, void *data)
{
  struct attempt done = { 0 };
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return (struct attempt){ .step = STEP_BEGIN, .number = errno };
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    try_and_tell (function, data, ends[1]);
  if (child < 0)
    done = (struct attempt){ .step = STEP_BEGIN, .number = errno };
  close (ends[1]);
  ssize_t got = child < 0 ? 0 : read (ends[0], &done, sizeof done);
  close (ends[0]);
  int status = 0;
  while (child > 0 && waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  if (child > 0 && got != (ssize_t) sizeof done)
    done.number = WIFSIGNALED (status) && WTERMSIG (status) == SIGALRM
                      ? ETIMEDOUT
                      : ENOSYS;
  return done;
}

long
probe_setting (const char *file)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *path = xasprintf ("/proc/sys/%s", file);
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  if (file_read (AT_FDCWD, path, &text, &size, &ignored) < 0)
    return -1;
  char *end = NULL;
  long number = strtol (text, &end, 10);
  return end != text ? number : -1;
}

/* Return whether /proc is what it should be.  */
static bool
proc_is_there (void)
{
  return access ("/proc/self/status", R_OK) == 0;
}

bool
probe_is_filtered (void)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  if (file_read (AT_FDCWD, "/proc/self/status", &text, &size, &ignored) < 0)
    {
      /* A filter that lets us ask, or one that does not.  */
      int mode = prctl (PR_GET_SECCOMP);
      return mode > 0 || (mode < 0 && errno != EINVAL);
    }
  const char *line = strstr (text, "\nSeccomp:");
  return line != NULL && strtol (line + strlen ("\nSeccomp:"), NULL, 10) != 0;
}

/* A limit that a try may meet, by the errno that it met it with.  */
static const struct
{
  int number;
  const char *reason;
  const char *remedy;
} limits[] = {
  { EAGAIN, N_ ("you may have no more processes"),
    N_ ("end some of yours, or raise the limit (ulimit -u)") },
  { EMFILE, N_ ("it takes more open files than you may have"),
    N_ ("raise the limit (ulimit -n)") },
  { ENFILE, N_ ("this machine may have no more open files"),
    N_ ("have the administrator raise fs.file-max") },
  { ENOMEM, N_ ("there is not enough memory for it"),
    N_ ("end something, or raise the limits (ulimit -v, -d)") },
};

bool
probe_blames_others (struct probe_result *result, struct attempt done)
{
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
    if (limits[i].number == done.number)
      {
        probe_fails (result, xstrdup (_ (limits[i].reason)),
                     xstrdup (_ (limits[i].remedy)));
        return true;
      }
  if (done.step == STEP_BEGIN)
    {
      probe_fails (result,
                   xasprintf (_ ("no process can be made that would try it"
                                 " (%s)"),
                              strerror (done.number)),
                   probe_is_filtered ()
                       ? xstrdup (_ ("have the sandbox around allow clone and "
                                     "pipe2"))
                       : NULL);
      return true;
    }
  if (done.number == ENOENT && !proc_is_there ())
    {
      probe_proc (result);
      return true;
    }
  return false;
}

void
probe_proc (struct probe_result *result)
{
  if (!proc_is_there ())
    probe_fails (result, xstrdup (_ ("'/proc' is not mounted here")),
                 xstrdup (_ ("have the administrator, or the sandbox around, "
                             "mount it (mount -t proc proc /proc)")));
}
