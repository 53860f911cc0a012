/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A container that the tracer runs: usually the only one, and those which
   programs in it start.  */

#ifndef UDOCKER_PROOT_ENGINE_CONTAINER_H
#define UDOCKER_PROOT_ENGINE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/guest/call.h"
#include "lib/guest/exec.h"
#include "lib/start/container.h"

struct plan;
struct tracer;

struct container
{
  /* First, so that a task leads here by its guest.  */
  struct start_container made;

  /* Tasks in it; it goes with the last.  */
  unsigned int references;

  /* The container in which it was started, or NULL.  */
  struct container *outer;

  /* The first program's process; and whether what is left when that has ended
     is killed.  */
  pid_t first;
  bool ended;
  bool kill_on_exit;

  struct guest_interpreters interpreters;

  /* Descriptors that are open as long as it lives.  */
  int *held;
  size_t held_count;
};

/* Return the container that TASK is in.  */
static inline struct container *
container_of (const struct guest_task *task)
{
  return (struct container *) task->guest;
}

/* Make the container that PLAN describes for TRACER, with one reference.  Its
   host paths are those that OUTER, a task of another container, sees, or with
   NULL this process's own.  IDS gets the ids of its first task.  Return 0 with
   *MADE set, or a negative errno after a message.  */
int container_new (struct tracer *tracer, const struct plan *plan,
                   struct guest_task *outer, struct guest_ids *ids,
                   struct container **made);

/* Take and drop a reference.  */
void container_hold (struct container *container);
void container_drop (struct container *container);

/* Return whether INNER is CONTAINER or was started in it.  */
bool container_has (const struct container *container,
                    const struct container *inner);

#endif
