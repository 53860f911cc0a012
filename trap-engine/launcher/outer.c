/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The container that this process, a launcher, is in itself.  */

#include "trap-engine/launcher/outer.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/guest/call.h"
#include "lib/start/container.h"
#include "lib/start/self.h"
#include "trap-engine/record.h"
#include "trap-engine/state.h"

extern char **environ;

static struct trap_record record;
static const char *strings[TRAP_STRING_COUNT];
static struct trap_state kept; /* a copy */
static struct start_container container;
static struct guest_task task;
static struct guest_fs fs;

struct guest_task *
outer_take (void)
{
  if (!trap_record_take (environ, &record, strings) || record.enters == 0)
    return NULL;
  kept = *(const struct trap_state *) TRAP_STATE;
  container.guest = kept.guest;
  container.guest.ops = &self_ops;
  container.guest.pid = getpid ();
  container.shows_features = kept.shows_features;
  container.features = kept.features;
  for (int fd = kept.first_fd; fd < kept.end_fd; fd++)
    (void) fcntl (fd, F_SETFD, FD_CLOEXEC);
  guest_fs_init (&fs);
  fs.own_mounts = record.own_mounts;
  fs.masks_owner = record.masks_owner;
  fs.cwd_binding = record.cwd_binding;
  fs.root_length = (uint32_t) snprintf (fs.root, sizeof fs.root, "%s",
                                        strings[TRAP_STRING_ROOT]);
  guest_task_init (&task, &container.guest, &fs, &record.ids);
  task.tid = task.pid = getpid ();
  return &task;
}

const struct trap_state *
outer_state (void)
{
  return &kept;
}

void
outer_leave (void)
{
  (void) munmap ((void *) TRAP_STATE, kept.size);
}

void
outer_carry (struct trap_carried *carried)
{
  carried->ignored = record.ignored;
  carried->blocked = record.blocked;
  carried->filters_size = record.filters_size;
  carried->filters_fd = record.filters_fd;
}
