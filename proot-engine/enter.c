/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers in a container.  */

#include "proot-engine/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/guest/fs.h"
#include "lib/plan/plan-write.h"
#include "lib/start/message.h"
#include "proot-engine/memory.h"
#include "proot-engine/tracer.h"

/* Read the plan behind TRACEE's descriptor FD.  Return 0 or a negative
   errno.  */
static int
receive (struct tracee *tracee, int fd, struct plan *plan)
{
  char path[48];
  bool owned;
  int copy = tracer_ops.descriptor (&tracee->task, fd, &owned);
  if (copy < 0)
    return copy;
  /* It may be good for its path only.  */
  (void) snprintf (path, sizeof path, "/proc/self/fd/%d", copy);
  int file = open (path, O_RDONLY | O_CLOEXEC);
  int error = file < 0 ? -errno : plan_receive (file, plan);
  if (file >= 0)
    (void) close (file);
  (void) close (copy);
  return error;
}

/* Keep copies of the descriptors of TRACEE that PLAN wants held: its own are
   closed by execve.  Return 0, or 1 when some cannot be copied.  */
static int
hold (struct container *container, struct tracee *tracee,
      const struct plan *plan)
{
  struct plan_record record;
  size_t count = plan_count (plan, PLAN_HELD_FD);
  container->held = calloc (count + 1, sizeof *container->held);
  int missing = 0;
  if (container->held == NULL)
    return count > 0;
  for (size_t at = 0; plan_next_tag (plan, PLAN_HELD_FD, &at, &record);)
    {
      bool owned;
      int copy = tracer_ops.descriptor (
          &tracee->task, (int) plan_record_number (&record), &owned);
      int flags = copy < 0 ? -1 : fcntl (copy, F_GETFL);
      if (copy >= 0)
        container->held[container->held_count++] = copy;
      /* A second opening would hold no lock.  */
      if (flags < 0 || (flags & O_PATH) != 0)
        missing = 1;
    }
  return missing;
}

/* Put TRACEE, alone, into CONTAINER with IDS.  Return 0 or -ENOMEM.  */
static int
move (struct tracee *tracee, struct container *container,
      const struct guest_ids *ids)
{
  struct guest_task *task = &tracee->task;
  struct container *outer = container_of (task);
  struct guest_fs *fs = malloc (sizeof *fs);
  pid_t tid = task->tid;
  pid_t pid = task->pid;
  if (fs == NULL)
    return -ENOMEM;
  guest_fs_init (fs);
  fs->masks_owner = task->fs->masks_owner;
  guest_task_release (task);
  if (guest_fs_release (task->guest, task->fs) == 0)
    free (task->fs);
  guest_task_init (task, &container->made.guest, fs, ids);
  task->tid = tid;
  task->pid = pid;
  task->engine = tracee;
  container->first = pid;
  tracee->filters = container->made.guest.filtered;
  container_drop (outer);
  return 0;
}

/* Have TRACEE enter the container of the plan behind its descriptor FD.
   Return what the call does.  */
static int
enter (struct tracer *tracer, struct tracee *tracee, int fd)
{
  struct container *container = NULL;
  struct guest_ids ids;
  struct plan plan;
  int error = receive (tracee, fd, &plan);
  if (error < 0)
    return error;
  error = container_new (tracer, &plan, &tracee->task, &ids, &container);
  if (error == 0)
    {
      int missing = hold (container, tracee, &plan);
      error = move (tracee, container, &ids);
      if (error < 0)
        container_drop (container);
      else
        error = missing;
    }
  plan_receive_release (&plan);
  return error;
}

int64_t
enter_handle (struct tracer *tracer, struct tracee *tracee)
{
  const struct guest_call *call = &tracee->call;
  char text[ENTER_TEXT_SIZE];
  if (call->arg[1] == ENTER_ASK)
    return tracer->every_call ? ENTER_EVERY_CALL : ENTER_FILTERED;
  if (call->arg[1] != ENTER_PLAN)
    return -EINVAL;
  start_quietly (text, sizeof text);
  int error = enter (tracer, tracee, (int) call->arg[2]);
  start_quietly (NULL, 0);
  if (error < 0)
    (void) memory_write (tracee->tid, call->arg[3], text, strlen (text) + 1);
  return error;
}

int
enter_plan (const struct plan *plan)
{
  char text[ENTER_TEXT_SIZE] = "";
  int fd = plan_send (plan);
  int error = fd < 0 ? fd : 0;
  if (error == 0)
    {
      int status = prctl (ENTER_CALL, ENTER_PLAN, fd, text, 0);
      error = status < 0 ? -errno : status;
    }
  if (fd >= 0)
    (void) close (fd);
  if (error < 0 && text[0] != '\0')
    start_complain ("%s", text);
  else if (error < 0)
    start_complain ("cannot hand the run plan to the udocker around this one: "
                    "%s",
                    strerror (-error));
  return error;
}
