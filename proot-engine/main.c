/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer's program.  udocker gives it a plan; by hand it takes the
   command line of PRoot, which is turned into one.  */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "proot-engine/arch/arch.h"
#include "proot-engine/command-line.h"
#include "proot-engine/start.h"

enum
{
  STACK_SIZE = 512 * 1024 /* enough for us */
};

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

struct arguments
{
  int count;
  char **list;
};

static int
run (void *data)
{
  const struct arguments *arguments = data;
  char **list = arguments->list;
  static const char option[] = "--plan-fd=";
  if (arguments->count == 2
      && strncmp (list[1], option, sizeof option - 1) == 0)
    {
      char *end;
      long fd = strtol (list[1] + sizeof option - 1, &end, 10);
      if (*end != '\0' || fd < 0 || fd > INT32_MAX)
        {
          start_complain ("'%s' names no descriptor", list[1]);
          return START_FAILURE;
        }
      return run_plan ((int) fd);
    }
  return command_line_run (arguments->count, list);
}

/* Paths are worked on in buffers on the stack, more of them than the smallest
   limits that programs can live with allow (ulimit -s 64).  The limit is the
   container's, so a low one is not raised: a stack of our own serves.  */
int
main (int argc, char **argv)
{
  struct arguments arguments = { argc, argv };
  struct rlimit limit;

  guard_descriptors ();
  if (getrlimit (RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_SIZE)
    return run (&arguments);
  unsigned char *stack =
      mmap (NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED)
    {
      start_complain ("cannot get %d KiB of memory for the stack: %s; is there "
                      "a limit (ulimit -d, -s, -v)?",
                      STACK_SIZE / 1024, strerror (errno));
      return START_FAILURE;
    }
  return arch_call_on_stack (stack + STACK_SIZE, run, &arguments);
}
