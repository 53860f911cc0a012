/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   This process as a task of the container that it makes.  */

#include "lib/start/self.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/start/modes.h"

static union
{
  uint64_t aligned;
  unsigned char bytes[65536];
} scratch;
static size_t scratch_used;

void
self_forget_scratch (void)
{
  scratch_used = 0;
}

/* All addresses are those of texts that we made: none is bad.  */
static void *
pointer (uint64_t address)
{
  return (void *) (uintptr_t) address;
}

static int
read_memory (struct guest_task *task, uint64_t address, void *buffer,
             size_t size)
{
  (void) task;
  memcpy (buffer, pointer (address), size);
  return 0;
}

static int
read_string (struct guest_task *task, uint64_t address, char *buffer,
             size_t size)
{
  (void) task;
  const char *text = pointer (address);
  size_t length = strnlen (text, size);
  if (length == size)
    return -ENAMETOOLONG;
  memcpy (buffer, text, length + 1);
  return (int) length;
}

static int
write_memory (struct guest_task *task, uint64_t address, const void *buffer,
              size_t size)
{
  (void) task;
  memcpy (pointer (address), buffer, size);
  return 0;
}

static int
put_scratch (struct guest_task *task, const void *buffer, size_t size,
             uint64_t *address)
{
  (void) task;
  size_t start = (scratch_used + 7) & ~(size_t) 7;
  if (size > sizeof scratch || start > sizeof scratch - size)
    return -ENOMEM;
  memcpy (scratch.bytes + start, buffer, size);
  scratch_used = start + size;
  *address = (uintptr_t) (scratch.bytes + start);
  return 0;
}

static int64_t
make_system_call (struct guest *guest, long number, uint64_t a, uint64_t b,
                  uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
  (void) guest;
  long result = syscall (number, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

static int
get_descriptor (struct guest_task *task, int fd, bool *owned)
{
  (void) task;
  *owned = false;
  return fd >= 0 || fd == GUEST_AT_CWD ? fd : -EBADF;
}

static struct guest_task *
find_task (struct guest *guest, int tid)
{
  (void) guest;
  (void) tid;
  return NULL;
}

static int
get_executable (struct guest_task *task, char *buffer, size_t size)
{
  (void) task;
  (void) buffer;
  (void) size;
  return -ENOENT;
}

static void
restore_mode (struct guest *guest, int fd, uint32_t mode)
{
  (void) guest;
  modes_restore (fd, mode);
}

const struct guest_ops self_ops = {
  .read = read_memory,
  .read_string = read_string,
  .write = write_memory,
  .scratch = put_scratch,
  .system_call = make_system_call,
  .descriptor = get_descriptor,
  .find_task = find_task,
  .executable = get_executable,
  .restore_mode = restore_mode,
};
