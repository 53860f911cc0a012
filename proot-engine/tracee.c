/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the tracer knows of each task: storage and sharing.  */

#include "proot-engine/tracee.h"
#include "proot-engine/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct tracee **
bucket_of (struct tracees *tracees, pid_t tid)
{
  size_t count = sizeof tracees->bucket / sizeof *tracees->bucket;
  return &tracees->bucket[(size_t) tid % count];
}

struct tracee *
tracees_find (struct tracees *tracees, pid_t tid)
{
  struct tracee *tracee = *bucket_of (tracees, tid);
  while (tracee != NULL && tracee->tid != tid)
    tracee = tracee->next;
  return tracee;
}

static void
link_in (struct tracees *tracees, struct tracee *tracee)
{
  struct tracee **bucket = bucket_of (tracees, tracee->tid);
  tracee->next = *bucket;
  *bucket = tracee;
}

static void
link_out (struct tracees *tracees, struct tracee *tracee)
{
  struct tracee **place = bucket_of (tracees, tracee->tid);
  while (*place != tracee)
    place = &(*place)->next;
  *place = tracee->next;
}

struct tracee *
tracees_add (struct tracees *tracees, pid_t tid)
{
  struct tracee *tracee = tracees->spare;
  if (tracee != NULL)
    tracees->spare = tracee->next;
  else
    tracee = malloc (sizeof *tracee);
  if (tracee == NULL)
    return NULL;
  memset (tracee, 0, sizeof *tracee);
  tracee->tid = tid;
  tracee->task.tid = tid;
  tracee->task.pid = tid;
  tracee->task.engine = tracee;
  tracee->slot = -1;
  tracee->pidfd = -1;
  tracee->held[0] = tracee->held[1] = -1;
  link_in (tracees, tracee);
  tracees->count++;
  return tracee;
}

static bool
bit_is_set (const uint64_t *bits, int number)
{
  return (bits[number / 64] >> (number % 64) & 1) != 0;
}

static void
set_bit (uint64_t *bits, int number, bool value)
{
  uint64_t bit = (uint64_t) 1 << (number % 64);
  if (value)
    bits[number / 64] |= bit;
  else
    bits[number / 64] &= ~bit;
}

static void
drop_space (struct tracee *tracee)
{
  struct space *space = tracee->space;
  if (space == NULL)
    return;
  if (tracee->slot >= 0)
    set_bit (space->used, tracee->slot, false);
  tracee->slot = -1;
  tracee->diverted = false;
  tracee->space = NULL;
  if (--space->references == 0)
    free (space);
}

bool
tracee_read_proc (pid_t tid, const char *name, char *text, size_t size)
{
  char path[48];
  (void) snprintf (path, sizeof path, "/proc/%d/%s", (int) tid, name);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  ssize_t length = read (fd, text, size - 1);
  (void) close (fd);
  text[length > 0 ? length : 0] = '\0';
  return length > 0;
}

void
tracee_release_held (struct tracee *tracee)
{
  for (int i = 0; i < 2; i++)
    if (tracee->held[i] >= 0)
      {
        (void) close (tracee->held[i]);
        tracee->held[i] = -1;
      }
}

void
tracees_remove (struct tracees *tracees, struct tracee *tracee)
{
  link_out (tracees, tracee);
  tracees->count--;
  drop_space (tracee);
  tracee_release_held (tracee);
  if (tracee->exec != NULL)
    {
      guest_exec_release (tracee->task.guest, tracee->exec);
      free (tracee->exec);
    }
  if (tracee->pidfd >= 0)
    (void) close (tracee->pidfd);
  if (tracee->task.fs != NULL)
    guest_task_release (&tracee->task);
  if (tracee->task.fs != NULL
      && guest_fs_release (tracee->task.guest, tracee->task.fs) == 0)
    free (tracee->task.fs);
  if (tracee->task.guest != NULL)
    container_drop (container_of (&tracee->task));
  tracee->next = tracees->spare;
  tracees->spare = tracee;
}

void
tracees_renumber (struct tracees *tracees, struct tracee *tracee, pid_t tid)
{
  link_out (tracees, tracee);
  tracee->tid = tid;
  tracee->task.tid = tid;
  link_in (tracees, tracee);
}

int
tracee_new_space (struct tracee *tracee, const struct space *parent)
{
  struct space *space = calloc (1, sizeof *space);
  if (space == NULL)
    return -ENOMEM;
  if (parent != NULL)
    {
      space->trampolines = parent->trampolines;
      space->abi = parent->abi;
      memcpy (space->slots, parent->slots, sizeof space->slots);
      memcpy (space->executable, parent->executable,
              strlen (parent->executable) + 1);
    }
  drop_space (tracee);
  space->references = 1;
  tracee->space = space;
  return 0;
}

uint64_t
loader_window (enum guest_abi abi)
{
  return abi == GUEST_ABI_NATIVE ? LOADER_WINDOW : LOADER_WINDOW_I386;
}

bool
space_has_in_window (const struct space *space, uint64_t address)
{
  return space->abi == GUEST_ABI_NATIVE
             ? address >> 32 == LOADER_WINDOW >> 32
             : (address & (UINT64_MAX << 32 | LOADER_WINDOW_I386_MASK))
                   == LOADER_WINDOW_I386;
}

uint64_t
tracee_slot_address (const struct tracee *tracee)
{
  return tracee->space->slots[tracee->call.abi]
         + (uint64_t) tracee->slot * LOADER_SLOT_SIZE;
}

void
tracee_share_space (struct tracee *tracee, struct space *space)
{
  drop_space (tracee);
  space->references++;
  tracee->space = space;
}

int
space_take_slots (struct space *space, int count)
{
  int run = 0;
  for (int i = 0; i < LOADER_SLOTS; i++)
    {
      run = bit_is_set (space->used, i) ? 0 : run + 1;
      if (run == count)
        {
          for (int j = 0; j < count; j++)
            set_bit (space->used, i - j, true);
          return i - count + 1;
        }
    }
  return -ENOMEM;
}

void
space_give_slots (struct space *space, int first, int count)
{
  for (int i = 0; i < count; i++)
    set_bit (space->used, first + i, false);
}

/* Return whether TRACEE, which runs or waits, is surely not in the trampoline
   that it was diverted to.  */
static bool
is_out_of_trampoline (const struct tracee *tracee)
{
  char line[256];
  if (!tracee_read_proc (tracee->tid, "syscall", line, sizeof line))
    return false;
  /* The last word is where it is; "running" says nothing.  */
  const char *place = strrchr (line, ' ');
  return place != NULL
         && !space_has_in_window (tracee->space, strtoull (place, NULL, 16));
}

/* Return whether TRACEE does without its slot until the next call of which
   the tracer hears.  */
static bool
can_spare_slot (const struct tracee *tracee)
{
  if (tracee->state != TRACEE_RUNNING
      && (tracee->state != TRACEE_IN_CALL || tracee->restores))
    return false;
  return !tracee->diverted || is_out_of_trampoline (tracee);
}

/* Take the slot away from a tracee in SPACE that does not need it now.
   Return the slot or -1.  */
static int
take_slot_away (struct tracees *tracees, const struct space *space)
{
  size_t buckets = sizeof tracees->bucket / sizeof *tracees->bucket;
  for (size_t i = 0; i < buckets; i++)
    {
      tracees->next_victim = (tracees->next_victim + 1) % buckets;
      struct tracee *tracee = tracees->bucket[tracees->next_victim];
      for (; tracee != NULL; tracee = tracee->next)
        if (tracee->space == space && tracee->slot >= 0
            && can_spare_slot (tracee))
          {
            int slot = tracee->slot;
            tracee->slot = -1;
            tracee->diverted = false;
            return slot;
          }
    }
  return -1;
}

int
tracee_take_slot (struct tracees *tracees, struct tracee *tracee)
{
  enum
  {
    TRIES = 100
  };
  const struct timespec pause = { 0, 1000000 };
  if (tracee->slot < 0)
    tracee->slot = space_take_slots (tracee->space, 1);
  /* Those that run are out of their trampolines soon.  */
  for (int i = 0; i < TRIES && tracee->slot < 0; i++)
    {
      if (i > 0)
        (void) nanosleep (&pause, NULL);
      tracee->slot = take_slot_away (tracees, tracee->space);
    }
  if (tracee->slot >= 0)
    return 0;
  tracee->slot = -1;
  return -ENOMEM;
}
