/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From a plan to the first program of a container that is its own engine.

   This process makes the container: the view, with its descriptors where
   programs do not get, the state that all processes will share, the filter.
   Then it is the container's first task (first.h), goes to its directory, and
   executes the runtime with its program.  It stays, and a child of it does
   that, only where something is left to do afterwards.  */

#include "trap-engine/launcher/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/elf/machine.h"
#include "lib/plan/plan-write.h"
#include "lib/start/container.h"
#include "lib/start/enter.h"
#include "lib/start/filter.h"
#include "lib/start/message.h"
#include "lib/start/part.h"
#include "lib/start/program.h"
#include "lib/start/supervise.h"
#include "lib/start/temporary.h"
#include "trap-engine/launcher/filter.h"
#include "trap-engine/launcher/first.h"
#include "trap-engine/launcher/numbers.h"
#include "trap-engine/launcher/shared.h"
#include "trap-engine/state.h"

extern char **environ;

/* All that there is before the program starts.  */
struct launch
{
  const struct plan *plan;
  struct numbers numbers;
  struct start_container container;
  struct trap_state *state;
  struct start_program program;
  struct first first;
};

/* Some engine around this process traces it, and would not see the calls of
   ours.  It can do the same for PLAN as for the tracer's plans: become that.
   Return the exit status when that fails.  */
static int
become_tracer (const struct plan *plan)
{
  char path[PATH_MAX];
  char option[32];
  char name[] = "udocker-proot";
  int copy;
  int error = part_find (name, plan, path, &copy);
  int fd = error < 0 ? error : plan_send (plan);
  if (fd >= 0 && fcntl (fd, F_SETFD, 0) == 0)
    {
      (void) snprintf (option, sizeof option, "--plan-fd=%d", fd);
      char *const arguments[] = { name, option, NULL };
      (void) execve (path, arguments, environ);
      error = -errno;
    }
  start_complain ("cannot start '%s': %s", path,
                  strerror (fd < 0 ? -fd : -error));
  return START_FAILURE;
}

/* Return whether MODE can run PLAN here at all.  Otherwise a message was
   printed.  */
static bool
is_possible (const struct plan *plan, const char *mode)
{
  if (access ("/proc/self/fd", F_OK) != 0)
    start_complain ("/proc is not mounted here, without which the mode %s "
                    "cannot tell where programs are",
                    mode);
  else if (!filter_is_possible ())
    start_complain ("system call filters are not possible here, which the mode "
                    "%s needs; mode P2 does without",
                    mode);
  else if (plan_text (plan, PLAN_OWNERS, NULL) != NULL)
    start_complain ("the mode %s does not keep owners of files beyond a run "
                    "(--fakeowner); mode P1 does",
                    mode);
  else if (plan_number (plan, PLAN_UNLOCKED, 0) != 0)
    start_complain ("the mode %s does not let root into what is closed to you; "
                    "mode P1 does",
                    mode);
  else
    return true;
  return false;
}

/* Return how many descriptors PLAN needs at most: the state, perhaps the
   runtime, the root and the emulator's host; a directory above may have to be
   shown for each place.  */
static int
count_descriptors (const struct plan *plan)
{
  size_t count = 7 + plan_count (plan, PLAN_HELD_FD)
                 + 2 * plan_count (plan, PLAN_BINDING)
                 + 2 * plan_count (plan, PLAN_FILE);
  return (int) count;
}

/* Move FD to a number above those of NUMBERS.  Return the new one or a negative
   errno.  */
static int
move_up (int fd, const struct numbers *numbers)
{
  int moved = fcntl (fd, F_DUPFD, numbers->first);
  int error = -errno;
  (void) close (fd);
  return moved < 0 ? error : moved;
}

/* Note in LAUNCH's state which runtime programs are started with.  Return 0 or
   a negative errno after a message.  */
static int
find_runtime (struct launch *launch)
{
  char path[PATH_MAX];
  int copy;
  int error =
      part_find ("runtime-" ELF_MACHINE_HERE, launch->plan, path, &copy);
  if (error == 0 && copy >= 0)
    {
      /* Each process has it for itself.  */
      error = move_up (copy, &launch->numbers);
      (void) snprintf (path, sizeof path, "/proc/self/fd/%d", error);
    }
  if (error >= 0 && strlen (path) < sizeof launch->state->runtime)
    memcpy (launch->state->runtime, path, strlen (path) + 1);
  else if (error >= 0)
    error = -ENAMETOOLONG;
  if (error < 0)
    start_complain ("cannot use the runtime '%s': %s", path, strerror (-error));
  return error < 0 ? error : 0;
}

/* Have the descriptors that PLAN wants held live as long as any program of the
   container: each has them, where it cannot reach them.  */
static void
hold_descriptors (const struct launch *launch)
{
  struct plan_record record;
  for (size_t at = 0; plan_next_tag (launch->plan, PLAN_HELD_FD, &at, &record);)
    (void) move_up ((int) plan_record_number (&record), &launch->numbers);
}

/* Let all descriptors of LAUNCH's engine be inherited, and note where they end.
   What this process has open besides goes with execve.  */
static void
inherit_descriptors (const struct launch *launch)
{
  struct trap_state *state = launch->state;
  const struct guest *guest = &state->guest;
  (void) fcntl (state->first_fd, F_SETFD, 0);
  for (uint32_t i = 0; i < guest->view->binding_count; i++)
    (void) fcntl (guest->anchors[i], F_SETFD, 0);
  /* What is first free behind them has a number above all.  */
  int end = launch->numbers.first;
  int fd = end + count_descriptors (launch->plan);
  while (fd > end && fcntl (fd, F_GETFD) < 0)
    fd--;
  /* One more is for /proc/self/mem.  */
  state->end_fd = fd + 2;
}

/* Make what LAUNCH's plan describes.  Return 0, or a negative errno after a
   message.  */
static int
prepare (struct launch *launch)
{
  const struct plan *plan = launch->plan;
  struct start_container *container = &launch->container;
  struct guest_ids ids;
  const char *mode = plan_text (plan, PLAN_MODE, "T1");

  int error = start_program_init (&launch->program, plan);
  if (error == 0)
    error = numbers_choose (&launch->numbers, plan, count_descriptors (plan));
  if (error < 0)
    return error;
  /* The state's own descriptor comes first.  */
  container->lowest_fd = launch->numbers.first + 1;
  container->guest.inside = true;
  container->guest.filtered = true;
  container->guest.traces = true;
  error = start_container_make (container, plan, NULL, &ids);
  if (error == 0)
    error =
        shared_make (container, &ids, launch->numbers.first, &launch->state);
  if (error == 0)
    error = find_runtime (launch);
  if (error < 0)
    return error;
  struct trap_state *state = launch->state;
  state->patches = strcmp (mode, "T2") != 0;
  hold_descriptors (launch);
  inherit_descriptors (launch);
  state->guest.spare = numbers_spare (&launch->numbers, state->end_fd);
  state->guest.own.first_fd = state->first_fd;
  state->guest.own.end_fd = state->end_fd;
  int length = trap_filter_build (&state->guest, state->first_fd, state->end_fd,
                                  state->filter);
  if (length < 0)
    start_complain ("cannot make a filter of system calls: %s",
                    strerror (-length));
  else
    state->filter_length = (uint32_t) length;
  return length < 0 ? length : 0;
}

/* Become LAUNCH's program.  Return the exit status when that fails.  */
static int
become (struct launch *launch)
{
  numbers_settle (&launch->numbers);
  if (start_set_limits (launch->plan) < 0)
    return START_FAILURE;
  first_init (&launch->first, launch->state);
  launch->program.call = first_call;
  launch->program.engine = &launch->first;
  if (start_enter_directory (&launch->program) < 0)
    return START_NOT_RUNNABLE;
  return start_execute (&launch->program);
}

static int
become_child (void *argument)
{
  int status = become (argument);
  (void) fflush (stdout);
  _exit (status); /* what is to be done at exit is the parent's */
}

int
launch (const struct plan *plan)
{
  static struct launch launch;
  const char *mode = plan_text (plan, PLAN_MODE, "T1");

  if (enter_ask () > 0)
    return become_tracer (plan);
  launch.plan = plan;
  if (!is_possible (plan, mode) || prepare (&launch) < 0)
    return START_FAILURE;
  enum supervise_rest rest = plan_number (plan, PLAN_KILL_ON_EXIT, 0) != 0
                                 ? SUPERVISE_KILL
                             : temporary_exists () ? SUPERVISE_AWAIT
                                                   : SUPERVISE_LEAVE;
  if (rest == SUPERVISE_LEAVE)
    return become (&launch);
  int status = supervise (become_child, &launch, rest);
  if (status >= 0)
    return status;
  start_complain ("cannot make a process: %s", strerror (-status));
  return START_FAILURE;
}
