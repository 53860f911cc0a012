/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A container that the tracer runs.  */

#include "proot-engine/container.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/plan/plan.h"
#include "lib/start/message.h"
#include "proot-engine/tracer.h"

int
container_new (struct tracer *tracer, const struct plan *plan,
               struct guest_task *outer, struct guest_ids *ids,
               struct container **made)
{
  struct container *container = calloc (1, sizeof *container);
  if (container == NULL)
    {
      start_complain ("no memory");
      return -ENOMEM;
    }
  struct guest *guest = &container->made.guest;
  container->references = 1;
  container->kill_on_exit = plan_number (plan, PLAN_KILL_ON_EXIT, 0) != 0;
  *guest = tracer->common;
  guest->interpreters = &container->interpreters;
  int error = start_container_make (&container->made, plan, outer, ids);
  if (error < 0)
    {
      container_drop (container);
      return error;
    }
  if (outer != NULL)
    {
      container->outer = container_of (outer);
      container_hold (container->outer);
    }
  *made = container;
  return 0;
}

void
container_hold (struct container *container)
{
  container->references++;
}

void
container_drop (struct container *container)
{
  if (--container->references > 0)
    return;
  struct container *outer = container->outer;
  start_container_release (&container->made);
  for (size_t i = 0; i < container->held_count; i++)
    (void) close (container->held[i]);
  free (container->held);
  free (container);
  if (outer != NULL)
    container_drop (outer);
}

bool
container_has (const struct container *container, const struct container *inner)
{
  while (inner != NULL && inner != container)
    inner = inner->outer;
  return inner != NULL;
}
