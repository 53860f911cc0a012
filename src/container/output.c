/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Runs in the background, and what they write.  */

#include <config.h>

#include "src/container/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/container/container.h"
#include "src/container/run-plan.h"
#include "src/container/runs.h"
#include "xvasprintf.h"

/* How many milliseconds a run has to start.  */
#define PATIENCE 10000

/* The same once it is about to end.  */
#define PATIENCE_CLOSED 200

/* Files in the container's directory: what runs write, and what the last one
   has ended with.  */
static const char output_name[] = "output.log";
static const char end_name[] = "exit.status";

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

void
container_tell_start (int started_fd)
{
  /* Who asked may be gone.  */
  if (started_fd >= 0)
    (void) send (started_fd, "", 1, MSG_NOSIGNAL);
}

/* Wait until the process CHILD tells over the socket NEWS that its program
   starts; at most for PATIENCE.  Return 0, or 1 when it has failed before.  */
static int
await_start (pid_t child, int news)
{
  struct pollfd started = { .fd = news, .events = POLLIN };
  char told;
  int status = 0;
  if (poll (&started, 1, PATIENCE) <= 0 || read (news, &told, 1) > 0)
    return 0;
  /* The other end is closed: it ends, or was replaced by a program that does
     not tell.  */
  started.fd = -1;
  for (int i = 0; i < PATIENCE_CLOSED; i++)
    {
      if (waitpid (child, &status, WNOHANG) == child)
        return WIFEXITED (status) && WEXITSTATUS (status) == RUN_STATUS_FAILURE;
      (void) poll (&started, 1, 1);
    }
  return 0;
}

/* Set ERR from the last line that was written to the output of CONTAINER from
   the place BEFORE on, a message.  */
static int
set_reason (const struct container *container, off_t before, struct error *err)
{
  static const char prefix[] = "Error: ";
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  AUTO_CLOSE int fd = container_open_output (container, &ignored);
  const char *line = "";
  if (fd >= 0 && lseek (fd, before, SEEK_SET) == before
      && file_read_fd (fd, output_name, &text, NULL, &ignored) == 0)
    {
      size_t length = strlen (text);
      if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
      const char *last = strrchr (text, '\n');
      line = last != NULL ? last + 1 : text;
    }
  if (strncmp (line, prefix, strlen (prefix)) == 0)
    line += strlen (prefix);
  return error_set (err, EIO, _ ("cannot run in the background: %s"), line);
}

pid_t
container_detach (const struct container *container, int *started_fd,
                  struct error *err)
{
  int ends[2];
  AUTO_CLOSE int output = openat (container->fd, output_name,
                                  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW
                                      | O_NONBLOCK | O_CLOEXEC,
                                  0600);
  if (output < 0)
    return error_set (err, errno,
                      _ ("cannot run in the background: cannot open '%s/%s': "
                         "%s"),
                      container->path, output_name, strerror (errno));
  /* What an earlier one has ended with is not true of this one, whatever
     becomes of it.  */
  (void) unlinkat (container->fd, end_name, 0);
  off_t before = lseek (output, 0, SEEK_END);
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return error_set (err, errno, _ ("cannot make a socket: %s"),
                      strerror (errno));
  AUTO_CLOSE int here = ends[0];
  AUTO_CLOSE int there = ends[1];
  pid_t child = fork ();
  if (child == 0)
    {
      redirect (output);
      *started_fd = TAKE_FD (there);
      return 0;
    }
  int number = errno;
  (void) close (TAKE_FD (there)); /* the child has a copy */
  if (child < 0)
    return error_set (err, number, _ ("cannot make a process: %s"),
                      strerror (number));
  if (await_start (child, here) != 0)
    return set_reason (container, before, err);
  return child;
}

void
container_note_end (const struct container *container, int status)
{
  struct run_member self = run_member_self ();
  AUTO_FREE char *text = xasprintf ("%d %llu %d\n", (int) self.pid,
                                    (unsigned long long) self.started, status);
  AUTO_CLOSE int fd =
      openat (container->fd, end_name,
              O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0 && file_write_all (fd, text, strlen (text)) < 0)
    (void) unlinkat (container->fd, end_name, 0); /* not known */
}

int
container_noted_end (const struct container *container,
                     const struct run_member *runner)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  if (file_read (container->fd, end_name, &text, NULL, &ignored) < 0)
    return -1;
  char *end = text;
  long pid = strtol (end, &end, 10);
  unsigned long long started = strtoull (end, &end, 10);
  long status = strtol (end, &end, 10);
  bool other =
      runner != NULL && (runner->pid != pid || runner->started != started);
  return *end != '\n' || status < 0 || status > 255 || other ? -1
                                                             : (int) status;
}
