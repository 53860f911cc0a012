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
#include "lib/guest/text.h"
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
#include "trap-engine/launcher/outer.h"
#include "trap-engine/launcher/shared.h"
#include "trap-engine/patch.h"
#include "trap-engine/state.h"

extern char **environ;

/* All that there is before the program starts.  */
struct launch
{
  const struct plan *plan;
  struct guest_task *outer; /* of the container around, or NULL */
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
  char option[ENTER_OPTION_SIZE];
  char name[] = "udocker-proot";
  int copy;
  int error = part_find (name, plan, path, &copy);
  if (error == 0)
    error = enter_send (plan, option);
  if (error == 0)
    {
      char *const arguments[] = { name, option, NULL };
      (void) execve (path, arguments, environ);
      error = -errno;
    }
  start_complain ("cannot start '%s': %s", path, strerror (-error));
  return START_FAILURE;
}

/* Return whether LAUNCH's plan can be run in MODE at all.  Otherwise a message
   was printed.  */
static bool
is_possible (const struct launch *launch, const char *mode)
{
  const struct plan *plan = launch->plan;
  if (access ("/proc/self/fd", F_OK) != 0)
    start_complain ("/proc is not mounted here, without which the mode %s "
                    "cannot tell where programs are",
                    mode);
  else if (!filter_is_possible ())
    start_complain ("system call filters are not possible here, which the mode "
                    "%s needs; mode P2 does without",
                    mode);
  /* A plan for a tracer asks for that as soon as somebody is root.  */
  else if (launch->outer == NULL && plan_number (plan, PLAN_UNLOCKED, 0) != 0)
    start_complain ("the mode %s does not let root into what is closed to you; "
                    "mode P1 does",
                    mode);
  else
    return true;
  return false;
}

/* Return how many descriptors PLAN will take: those of the state, of
   parts of the package, perhaps, of a process's memory, the root, the
   emulator's host, and a directory for missing ones above places, of which
   there may be one for each, but never are.  In a container there may be those
   of that one besides.  */
static int
count_descriptors (const struct launch *launch)
{
  const struct plan *plan = launch->plan;
  size_t places =
      plan_count (plan, PLAN_BINDING) + plan_count (plan, PLAN_FILE);
  size_t parents = places < 512 ? places : 512;
  size_t others = 0;
  if (launch->outer != NULL)
    others = (size_t) (outer_state ()->end_fd - outer_state ()->first_fd);
  return (int) (places + parents + 10 + others
                + plan_count (plan, PLAN_HELD_FD)
                + plan_count (plan, PLAN_OWN_FD));
}

/* Note that descriptor FD is one of LAUNCH's engine, which every program
   inherits.  */
static void
add_descriptor (struct launch *launch, int fd)
{
  if (fd >= launch->state->end_fd)
    launch->state->end_fd = fd + 1;
  (void) fcntl (fd, F_SETFD, 0);
}

/* Have LAUNCH's engine have FD, with a number where its others are.  Return
   that or a negative errno.  */
static int
give_descriptor (struct launch *launch, int fd)
{
  int moved = fcntl (fd, F_DUPFD_CLOEXEC, launch->numbers.first);
  int error = -errno;
  (void) close (fd);
  if (moved < 0)
    return error;
  add_descriptor (launch, moved);
  return moved;
}

/* Find the program NAME of this package, of which each process of LAUNCH's
   container has a descriptor where it has no path to be executed by, and put
   its host path into the GUEST_PATH_SIZE bytes at PATH.  Return 0 or a negative
   errno.  */
static int
find_part (struct launch *launch, const char *name, char *path)
{
  char found[PATH_MAX];
  int copy;
  int error = part_find (name, launch->plan, found, &copy);
  if (error == 0 && copy >= 0)
    {
      /* Each process has it for itself.  */
      error = give_descriptor (launch, copy);
      (void) snprintf (found, sizeof found, "/proc/self/fd/%d", error);
    }
  int length = snprintf (path, GUEST_PATH_SIZE, "%s", found);
  return error < 0 ? error : length < GUEST_PATH_SIZE ? 0 : -ENAMETOOLONG;
}

/* Write PATH, a part of the package in the state around, to the GUEST_PATH_SIZE
   bytes at TO, with a descriptor of LAUNCH's own where it is one.  */
static void
take_part (struct launch *launch, const char *path, char *to)
{
  static const char start[] = "/proc/self/fd/";
  (void) snprintf (to, GUEST_PATH_SIZE, "%s", path);
  if (strncmp (path, start, sizeof start - 1) != 0)
    return;
  const char *number = path + sizeof start - 1;
  int theirs = guest_text_number (number, strlen (number));
  int fd = give_descriptor (launch, dup (theirs));
  (void) snprintf (to, GUEST_PATH_SIZE, "%s%d", start, fd);
}

/* Do what find_parts does with the parts of the container around.  */
static void
take_parts (struct launch *launch)
{
  const struct trap_state *outer = outer_state ();
  struct trap_state *state = launch->state;
  take_part (launch, outer->runtime, state->runtime);
  take_part (launch, outer->launcher, state->launcher);
  take_part (launch, outer->tracer, state->tracer);
  take_part (launch, outer->loader_i386, state->loader_i386);
  state->guest.starts[GUEST_ABI_I386] = launch->program.i386 =
      outer->guest.starts[GUEST_ABI_I386];
}

/* Note in LAUNCH's state which runtime programs are started with, and what
   takes over those that cannot be.  Return 0 or a negative errno after a
   message.  */
static int
find_parts (struct launch *launch)
{
  struct trap_state *state = launch->state;
  if (launch->outer != NULL)
    {
      state->family = outer_state ()->family;
      take_parts (launch);
      return 0;
    }
  int error = find_part (launch, "runtime-" ELF_MACHINE_HERE, state->runtime);
  if (error < 0)
    start_complain ("cannot use the runtime '%s': %s", state->runtime,
                    strerror (-error));
  bool i386 = find_part (launch, "loader-i386", state->loader_i386) == 0
              && find_part (launch, "udocker-handover", state->tracer) == 0;
  state->guest.starts[GUEST_ABI_I386] = launch->program.i386 = i386;
#ifdef TRAP_NESTS
  if (find_part (launch, "udocker-trap", state->launcher) < 0)
#endif
    state->launcher[0] = '\0';
  return error;
}

/* Keep those descriptors of the container around which hold something, out of
   the reach of LAUNCH's programs; all of them go with execve, unlike ours by
   now, which may have got numbers between them.  */
static void
take_descriptors (struct launch *launch)
{
  const struct trap_state *outer = outer_state ();
  for (int fd = outer->first_fd + 1; fd < outer->end_fd; fd++)
    if (fcntl (fd, F_GETFD) == FD_CLOEXEC
        && (fcntl (fd, F_GETFL) & O_PATH) == 0)
      (void) give_descriptor (launch, dup (fd));
}

/* Let all descriptors of LAUNCH's engine be inherited: what this process has
   open besides goes with execve.  Those which the plan wants held live as long
   as any program of the container, out of its reach.  */
static void
inherit_descriptors (struct launch *launch)
{
  const struct guest *guest = &launch->state->guest;
  struct plan_record record;
  add_descriptor (launch, launch->state->first_fd);
  for (uint32_t i = 0; i < guest->view->binding_count; i++)
    add_descriptor (launch, guest->anchors[i]);
  for (size_t at = 0; plan_next_tag (launch->plan, PLAN_HELD_FD, &at, &record);)
    (void) give_descriptor (launch, (int) plan_record_number (&record));
  if (plan_count (launch->plan, PLAN_OWN_FD) > 0)
    (void) give_descriptor (launch,
                            (int) plan_number (launch->plan, PLAN_OWN_FD, 0));
  if (launch->container.owners.table.keeper != NULL)
    shared_keep (launch->state,
                 give_descriptor (launch, launch->container.owners.fd),
                 launch->container.owners.device);
  if (launch->outer != NULL)
    take_descriptors (launch);
  /* One more is for /proc/self/mem.  */
  launch->state->end_fd++;
}

/* Say why programs of this container will run as in mode T2, if they will.  */
static void
tell_patching (void)
{
  static const char *const why[] = {
    [TRAP_PATCHING_ON] = NULL,
    [TRAP_PATCHING_ALONE] = "/proc/self/mem cannot be written to: programs run "
                            "as in mode T2 as soon "
                            "as they have threads",
    [TRAP_PATCHING_TRACED] =
        "this process is traced: programs that are traced, too, run as in mode "
        "T2",
    [TRAP_PATCHING_NEVER] =
        "code cannot be changed here: programs run as in mode T2",
  };
  const char *text = why[trap_patch_probe ()];
  if (text != NULL)
    start_debug ("%s", text);
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
    error = numbers_choose (&launch->numbers, plan, count_descriptors (launch));
  if (error < 0)
    return error;
  /* The state's own descriptor comes first.  */
  container->lowest_fd = launch->numbers.first + 1;
  container->guest.inside = true;
  container->guest.filtered = true;
  error = start_container_make (container, plan, launch->outer, &ids);
  container->guest.identity.unlocks = false;
  if (launch->outer != NULL)
    outer_leave ();
  if (error == 0)
    error =
        shared_make (container, &ids, launch->numbers.first, &launch->state);
  if (error == 0)
    error = find_parts (launch);
  if (error < 0)
    return error;
  struct trap_state *state = launch->state;
  /* A plan for the tracer is as good, and has the mode around.  */
  state->patches = launch->outer != NULL && mode[0] != 'T'
                       ? outer_state ()->patches
                       : strcmp (mode, "T2") != 0;
  if (state->patches && plan_number (plan, PLAN_VERBOSE, 3) >= 5)
    tell_patching ();
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
  struct trap_carried carried = { .filters_fd = -1 };
  if (launch->outer != NULL)
    outer_carry (&carried);
  first_init (&launch->first, launch->state, &carried);
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
launch (const struct plan *plan, struct guest_task *outer)
{
  static struct launch launch;
  const char *mode = plan_text (plan, PLAN_MODE, "T1");

  int answer = outer == NULL ? enter_ask () : -1;
  if (answer == ENTER_INSIDE || answer == ENTER_REFUSED)
    return enter_become (plan, answer);
  if (answer > 0)
    return become_tracer (plan);
  launch.plan = plan;
  launch.outer = outer;
  if (!is_possible (&launch, mode) || prepare (&launch) < 0)
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
