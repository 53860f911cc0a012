/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The end of tasks, and of containers with them.  */

#include "proot-engine/tracer.h"

#include <signal.h>

/* Kill all tasks in CONTAINER, and in those that were started in it.  */
static void
kill_all (struct tracer *tracer, const struct container *container)
{
  size_t buckets =
      sizeof tracer->tracees.bucket / sizeof *tracer->tracees.bucket;
  for (size_t i = 0; i < buckets; i++)
    for (struct tracee *tracee = tracer->tracees.bucket[i]; tracee != NULL;
         tracee = tracee->next)
      /* Whose child it is that has not been announced yet is found out when it
         is; all are of the outermost container.  */
      if (tracee->task.guest == NULL
              ? container->outer == NULL
              : container_has (container, container_of (&tracee->task)))
        (void) kill (tracee->tid, SIGKILL);
}

void
tracer_end_task (struct tracer *tracer, pid_t tid, int status)
{
  struct tracee *tracee = tracees_find (&tracer->tracees, tid);
  struct container *inner = tracer->container;
  if (tracee != NULL && tracee->task.guest != NULL)
    inner = container_of (&tracee->task);
  container_hold (inner);
  if (tracee != NULL)
    {
      placement_forget (&tracer->placement, tracee);
      tracees_remove (&tracer->tracees, tracee);
    }
  if (tid == tracer->first && !tracer->ended)
    {
      tracer->ended = true;
      tracer->status = status;
    }
  /* One process can be the first of several, where it went from one container
     into the next.  */
  for (struct container *each = inner; each != NULL; each = each->outer)
    if (each->first == tid && !each->ended)
      {
        each->ended = true;
        if (each->kill_on_exit)
          kill_all (tracer, each);
      }
  container_drop (inner);
}

bool
tracer_is_doomed (const struct tracer *tracer, const struct tracee *tracee)
{
  const struct container *container = tracee->task.guest != NULL
                                          ? container_of (&tracee->task)
                                          : tracer->container;
  while (container != NULL && !(container->ended && container->kill_on_exit))
    container = container->outer;
  return container != NULL;
}
