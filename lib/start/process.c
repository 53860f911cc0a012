/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The process of an engine: what it starts on.  */

#include "lib/start/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "lib/start/message.h"

enum
{
  STACK_SIZE = 512 * 1024 /* enough for us */
};

int
process_receive_plan (int argc, char **argv, struct plan *plan)
{
  static const char option[] = "--plan-fd=";
  if (argc != 2 || strncmp (argv[1], option, sizeof option - 1) != 0)
    return 0;
  char *end;
  long fd = strtol (argv[1] + sizeof option - 1, &end, 10);
  if (*end != '\0' || fd < 0 || fd > INT32_MAX)
    {
      start_complain ("'%s' names no descriptor", argv[1]);
      return -START_FAILURE;
    }
  int error = plan_receive ((int) fd, plan);
  (void) close ((int) fd);
  if (error == 0)
    return 1;
  start_complain ("cannot read the run plan: %s", strerror (-error));
  return -START_FAILURE;
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

/* Call FUNCTION with ARGUMENT on the stack that ends below TOP, which is
   aligned to 16 bytes.  Return what it returns.  */
#if defined __x86_64__
static int
call_on_stack (void *top, int (*function) (void *), void *argument)
{
  int result;
  __asm__ volatile(
      "mov %%rsp, %%rbx\n\t"
      "mov %[top], %%rsp\n\t"
      "call *%[function]\n\t"
      "mov %%rbx, %%rsp"
      : "=a"(result), "+D"(argument), [top] "+r"(top), [function] "+r"(function)
      :
      : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
  return result;
}
#elif defined __aarch64__
static int
call_on_stack (void *top, int (*function) (void *), void *argument)
{
  register void *x0 __asm__("x0") = argument;
  __asm__ volatile("mov x19, sp\n\t"
                   "mov sp, %[top]\n\t"
                   "blr %[function]\n\t"
                   "mov sp, x19"
                   : "+r"(x0), [top] "+r"(top), [function] "+r"(function)
                   :
                   : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
                     "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
                     "x18", "x19", "x30", "memory", "cc", "v0", "v1", "v2",
                     "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19",
                     "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27",
                     "v28", "v29", "v30", "v31");
  return (int) (long) x0;
}
#endif

struct arguments
{
  int count;
  char **list;
  int (*run) (int argc, char **argv);
};

static int
run_arguments (void *data)
{
  const struct arguments *arguments = data;
  return arguments->run (arguments->count, arguments->list);
}

/* Paths are worked on in buffers on the stack, more of them than the smallest
   limits that programs can live with allow (ulimit -s 64).  The limit is the
   container's, so a low one is not raised: a stack of our own serves.  */
int
process_run (int argc, char **argv, int (*run) (int argc, char **argv))
{
  struct arguments arguments = { argc, argv, run };
  struct rlimit limit;

  guard_descriptors ();
  if (getrlimit (RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_SIZE)
    return run (argc, argv);
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
  return call_on_stack (stack + STACK_SIZE, run_arguments, &arguments);
}
