/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From a plan to a running container: the view, the first process, the
   tracer.  */

#include "proot-engine/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/guest/calls.h"
#include "lib/plan/plan.h"
#include "lib/start/filter.h"
#include "lib/start/message.h"
#include "lib/start/part.h"
#include "lib/start/program.h"
#include "proot-engine/enter.h"
#include "proot-engine/explain.h"
#include "proot-engine/order.h"
#include "proot-engine/seccomp.h"
#include "proot-engine/tracer.h"

/* Find the loader stubs of TRACER.  Only the native one must be there: a
   compiler that makes no 32-bit programs has made no other.  Return 0, or a
   negative errno after a message.  */
static int
find_loaders (struct tracer *tracer, const struct plan *plan)
{
  char *loader = tracer->loader[GUEST_ABI_NATIVE];
  int fd; /* stays open */
  int error = part_find ("loader-" LOADER_MACHINE, plan, loader, &fd);
  if (error < 0)
    start_complain ("cannot use the loader '%s': %s", loader,
                    strerror (-error));
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    {
      uint64_t window = loader_window (abi);
      tracer->common.loader[abi].start = window + LOADER_TEXT_OFFSET;
      tracer->common.loader[abi].end = window + LOADER_DATA_OFFSET;
    }
#if defined __x86_64__
  tracer->common.starts[GUEST_ABI_I386] =
      part_find ("loader-i386", plan, tracer->loader[GUEST_ABI_I386], &fd) == 0;
#endif
  return error;
}

/* The first program, and the filter that its process gets.  */
struct first
{
  struct start_program program;
  struct sock_filter *filter;
  int filter_length;
};

/* Become FIRST's program, which PLAN describes.  Return the exit status when
   that fails.  */
static int
become (const struct plan *plan, struct first *first)
{
  if (start_set_limits (plan) < 0)
    return START_FAILURE;
  if (first->filter_length > 0)
    {
      int error =
          seccomp_install (first->filter, (size_t) first->filter_length);
      if (error < 0)
        {
          start_complain ("system call filters are not possible here (%s); "
                          "mode P2 does without",
                          strerror (-error));
          return START_FAILURE;
        }
    }
  if (start_enter_directory (&first->program) < 0)
    return START_NOT_RUNNABLE;
  return start_execute (&first->program);
}

/* The first process: wait until it is traced, then become FIRST's program.  */
_Noreturn static void
first_process (const struct plan *plan, struct first *first, int wait)
{
  char byte;
  /* Scratch memory, as in every later program.  */
  void *data =
      mmap ((void *) LOADER_DATA, LOADER_DATA_SIZE, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  int number = errno;
  ssize_t got;
  do
    got = read (wait, &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1)
    _exit (START_FAILURE); /* the tracer says why it gave up */
  if (data == MAP_FAILED)
    {
      start_complain ("cannot get %d KiB of memory for the first process: %s; "
                      "is there a limit (ulimit -d, -v)?",
                      LOADER_DATA_SIZE / 1024, strerror (number));
      _exit (START_FAILURE);
    }
  _exit (become (plan, first));
}

/* Fill FIRST from PLAN, with the filter that GUEST wants when FILTERED.  Return
   0, or a negative errno after a message.  */
static int
prepare_first (struct first *first, const struct plan *plan,
               const struct guest *guest, bool filtered)
{
  static struct sock_filter filter[SECCOMP_INSTRUCTIONS_MAX];
  int error = start_program_init (&first->program, plan);
  if (error < 0)
    return error;
  first->filter = filter;
  first->filter_length =
      filtered ? seccomp_build (guest, placement_calls, filter) : 0;
  if (first->filter_length < 0)
    start_complain ("cannot make a filter of system calls: %s",
                    strerror (-first->filter_length));
  return first->filter_length < 0 ? first->filter_length : 0;
}

/* Start the first process and trace it.  */
static int
launch (struct tracer *tracer, const struct plan *plan,
        const struct guest_ids *ids)
{
  struct guest_fs *fs = malloc (sizeof *fs); /* goes with the last task */
  struct first what;
  int ends[2];
  if (fs == NULL
      || prepare_first (&what, plan, &tracer->container->made.guest,
                        !tracer->every_call)
             < 0)
    return START_FAILURE;
  if (pipe2 (ends, O_CLOEXEC) != 0)
    {
      start_complain ("cannot make a pipe to the first process: %s",
                      strerror (errno));
      return START_FAILURE;
    }

  /* Here, for the tracer would take it for the program's own doing.  */
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 && !tracer->every_call)
    {
      start_complain ("cannot give up privileges: %s", strerror (errno));
      return START_FAILURE;
    }
  what.program.i386 = tracer->common.starts[GUEST_ABI_I386];
  pid_t pid = fork ();
  if (pid == 0)
    {
      (void) close (ends[1]);
      first_process (plan, &what, ends[0]);
    }
  (void) close (ends[0]);
  struct tracee *first = pid > 0 ? tracees_add (&tracer->tracees, pid) : NULL;
  if (first == NULL || tracee_new_space (first, NULL) < 0)
    {
      start_complain ("cannot make a process: %s", strerror (errno));
      return START_FAILURE;
    }
  first->space->slots[GUEST_ABI_NATIVE] = LOADER_SLOT_BASE;
  first->lists = guest_mends_lists (&tracer->container->made.guest);
  guest_fs_init (fs);
  mode_t mask = umask (0);
  (void) umask (mask);
  fs->masks_owner = (mask & 0700) != 0;
  container_hold (tracer->container);
  tracer->container->first = pid;
  guest_task_init (&first->task, &tracer->container->made.guest, fs, ids);
  first->task.tid = first->task.pid = pid;
  first->task.engine = first;

  /* Tasks may need more descriptors here than the first program may have.  */
  struct rlimit files;
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    {
      files.rlim_cur = files.rlim_max;
      (void) setrlimit (RLIMIT_NOFILE, &files);
    }
  int error = tracer_run (tracer, first, ends[1]);
  if (error < 0)
    {
      explain_ptrace (error);
      (void) kill (pid, SIGKILL);
      return START_FAILURE;
    }
  if (WIFSIGNALED (tracer->status))
    return 128 + WTERMSIG (tracer->status);
  return WEXITSTATUS (tracer->status);
}

/* Keep the descriptors that PLAN wants held, but from the container, unless
   FLAGS are 0 instead of FD_CLOEXEC; its own is never the container's.  */
static void
hold_descriptors (const struct plan *plan, int flags)
{
  struct plan_record record;
  for (size_t at = 0; plan_next_tag (plan, PLAN_HELD_FD, &at, &record);)
    (void) fcntl ((int) plan_record_number (&record), F_SETFD, flags);
  if (plan_count (plan, PLAN_OWN_FD) > 0)
    (void) fcntl ((int) plan_number (plan, PLAN_OWN_FD, 0), F_SETFD,
                  FD_CLOEXEC);
}

/* Run PLAN in the container that this process is in already, whose tracer has
   given ANSWER: this process becomes the program.  Return the exit status when
   that fails.  */
static int
start_inside (const struct plan *plan, int answer)
{
  /* What the container will be is not known here: all that may have to stop is
     stopped.  */
  static const struct guest any = { .identity.emulated = true, .hidden = true };
  struct first first;
  if (prepare_first (&first, plan, &any, answer == ENTER_FILTERED) < 0)
    return START_FAILURE;
  first.program.i386 = true;
  int status = enter_plan (plan);
  if (status < 0)
    return START_FAILURE;
  if (status > 0)
    hold_descriptors (plan, 0); /* the program has them, then */
  return become (plan, &first);
}

int
tracer_start (const struct plan *plan)
{
  static struct tracer tracer;
  struct guest_ids ids;

  hold_descriptors (plan, FD_CLOEXEC);
  int answer = enter_ask ();
  if (answer == ENTER_INSIDE || answer == ENTER_REFUSED)
    return enter_become (plan, answer);
  if (answer > 0)
    return start_inside (plan, answer);

  if (access ("/proc/self/cwd", F_OK) != 0)
    {
      start_complain ("/proc is not mounted here, without which the modes P1 "
                      "and P2 cannot tell where programs are");
      return START_FAILURE;
    }
  tracer.every_call = strcmp (plan_text (plan, PLAN_MODE, "P1"), "P2") == 0
                      || !filter_is_possible () || !order_is_new ();
  tracer.common.ops = &tracer_ops;
  tracer.common.engine = &tracer;
  tracer.common.pid = getpid ();
  tracer.common.filtered = !tracer.every_call;
  if (find_loaders (&tracer, plan) < 0)
    return START_FAILURE;
  if (container_new (&tracer, plan, NULL, &ids, &tracer.container) < 0)
    return START_FAILURE;
  placement_start (&tracer.placement, getenv ("UDOCKER_PLACEMENT") != NULL);
  return launch (&tracer, plan, &ids);
}
