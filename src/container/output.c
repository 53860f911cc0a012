/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Runs in the background, and what they write.  */

#include <config.h>

#include "src/container/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/container/container.h"
#include "src/container/runs.h"

/* How many milliseconds a run has to be found.  */
#define PATIENCE 5000

/* The file in the container's directory.  */
static const char output_name[] = "output.log";

int
container_open_output (const struct container *container, struct error *err)
{
  int fd = openat (container->fd, output_name,
                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0)
    return fd;
  if (errno == ENOENT)
    return error_set (err, ENOENT,
                      _ ("container %s has not run in the background"),
                      container->id);
  return error_set (err, errno, _ ("cannot open '%s/%s': %s"), container->path,
                    output_name, strerror (errno));
}

/* Have standard input be empty, and the other two OUTPUT.  */
static void
redirect (int output)
{
  AUTO_CLOSE int nothing = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  (void) dup2 (nothing, STDIN_FILENO); /* who reads from it finds out */
  (void) dup2 (output, STDOUT_FILENO); /* there is room: these are open */
  (void) dup2 (output, STDERR_FILENO);
}

pid_t
container_detach (const struct container *container, struct error *err)
{
  const struct timespec moment = { .tv_nsec = 1000000 };
  AUTO_CLOSE int output = openat (container->fd, output_name,
                                  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW
                                      | O_NONBLOCK | O_CLOEXEC,
                                  0600);
  if (output < 0)
    return error_set (err, errno,
                      _ ("cannot run in the background: cannot open '%s/%s': "
                         "%s"),
                      container->path, output_name, strerror (errno));
  pid_t child = fork ();
  if (child < 0)
    return error_set (err, errno, _ ("cannot make a process: %s"),
                      strerror (errno));
  if (child == 0)
    {
      redirect (output);
      return 0;
    }
  /* Where there are no files in memory nobody finds it.  */
  for (int i = 0; i < PATIENCE && !runs_holds_plan (child)
                  && waitpid (child, NULL, WNOHANG) == 0;
       i++)
    (void) nanosleep (&moment, NULL); /* a signal only makes it shorter */
  return child;
}
