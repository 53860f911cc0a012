/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer's program.  udocker gives it a plan; by hand it takes the
   command line of PRoot, which is turned into one.  */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "proot-engine/command-line.h"
#include "proot-engine/start.h"

static int
run_plan (int fd)
{
  struct plan plan;
  int error = plan_receive (fd, &plan);
  (void) close (fd);
  if (error < 0)
    {
      start_complain ("cannot read the run plan: %s", strerror (-error));
      return START_FAILURE;
    }
  return start_container (&plan);
}

/* Take the standard descriptors that are closed, so that no file of ours ends
   up there, where the container would take it for its own.  They are closed
   again when it is executed.  */
static void
guard_descriptors (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF)
      (void) open ("/dev/null", O_PATH | O_CLOEXEC); /* takes the number FD */
}

int
main (int argc, char **argv)
{
  guard_descriptors ();

  static const char option[] = "--plan-fd=";
  if (argc == 2 && strncmp (argv[1], option, sizeof option - 1) == 0)
    {
      char *end;
      long fd = strtol (argv[1] + sizeof option - 1, &end, 10);
      if (*end != '\0' || fd < 0 || fd > INT32_MAX)
        {
          start_complain ("'%s' names no descriptor", argv[1]);
          return START_FAILURE;
        }
      return run_plan ((int) fd);
    }
  return command_line_run (argc, argv);
}
