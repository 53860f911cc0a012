/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   How lib/guest reaches the program and the host: in the program's own
   process, by loads, stores and system calls.  */

#include "trap-engine/runtime/runtime.h"

#include <linux/fcntl.h>

#include "lib/guest/kernel.h"
#include "lib/guest/text.h"
#include "trap-engine/runtime/signal.h"

static int
read_memory (struct guest_task *task, uint64_t address, void *buffer,
             size_t size)
{
  (void) task;
  return trap_copy (buffer, (const void *) address, size) == 0 ? 0 : -K_EFAULT;
}

static int
read_string (struct guest_task *task, uint64_t address, char *buffer,
             size_t size)
{
  (void) task;
  return (int) trap_copy_string (buffer, (const char *) address, size);
}

static int
write_memory (struct guest_task *task, uint64_t address, const void *buffer,
              size_t size)
{
  (void) task;
  return trap_copy ((void *) address, buffer, size) == 0 ? 0 : -K_EFAULT;
}

static int
put_scratch (struct guest_task *task, const void *buffer, size_t size,
             uint64_t *address)
{
  struct trap_block *block = block_of (task);
  size_t start = (block->scratch_used + 7) & ~(size_t) 7;
  if (size > sizeof block->scratch - start)
    return -K_ENOMEM;
  char *to = (char *) block->scratch + start;
  for (size_t i = 0; i < size; i++)
    to[i] = ((const char *) buffer)[i];
  block->scratch_used = start + size;
  *address = trap_pointer (to);
  return 0;
}

static int64_t
make_call (struct guest *guest, long number, uint64_t a, uint64_t b, uint64_t c,
           uint64_t d, uint64_t e, uint64_t f)
{
  (void) guest;
  return call6 (number, a, b, c, d, e, f);
}

/* Open what PART of the task TID's directory in /proc leads to.  */
static int
open_of_task (int tid, const char *part)
{
  char path[48];
  struct guest_text text;
  guest_text_init (&text, path, sizeof path);
  guest_text_add (&text, "/proc/");
  guest_text_add_number (&text, tid);
  guest_text_add (&text, part);
  return (int) trap_call (__NR_openat, (uint64_t) AT_FDCWD, trap_pointer (path),
                          O_PATH | O_CLOEXEC, 0);
}

static int
get_descriptor (struct guest_task *task, int fd, bool *owned)
{
  const struct trap_state *state = trap_process.state;
  *owned = task != &block_here ()->task;
  if (*owned)
    return fd == GUEST_AT_CWD ? open_of_task (task->tid, "/cwd") : -K_EBADF;
  if (fd >= state->first_fd && fd < state->end_fd)
    return -K_EBADF;
  return fd;
}

/* Copy SIZE bytes at ADDRESS of process PID to BUFFER.  Return whether that
   worked.  */
static bool
read_other (int pid, const void *address, void *buffer, size_t size)
{
  struct
  {
    uint64_t address, size;
  } here = { trap_pointer (buffer), size },
    there = { trap_pointer (address), size };
  return call6 (__NR_process_vm_readv, (uint64_t) pid, trap_pointer (&here), 1,
                trap_pointer (&there), 1, 0)
         == (int64_t) size;
}

/* Return whether the thread TID is one of this process.  */
static bool
is_here (int tid)
{
  char path[48];
  struct guest_text text;
  guest_text_init (&text, path, sizeof path);
  guest_text_add (&text, "/proc/self/task/");
  guest_text_add_number (&text, tid);
  return trap_call (__NR_faccessat, (uint64_t) AT_FDCWD, trap_pointer (path), 0,
                    0)
         == 0;
}

/* Read what is true of our signals in process PID, whose first thread has the
   block FIRST, into SIGNALS.  */
static void
read_signals (int pid, const struct trap_block *first,
              struct guest_signals *signals)
{
  struct trap_handlers handlers;
  const struct trap_handlers *there;
  uint64_t blocked, held, shared;
  signals->known = 0;
  if (read_other (pid, &first->handlers, &there, sizeof there)
      && read_other (pid, there, &handlers, sizeof handlers)
      && read_other (pid, &first->blocked, &blocked, sizeof blocked)
      && read_other (pid, &first->held, &held, sizeof held)
      && read_other (pid, &trap_process.held.ready, &shared, sizeof shared))
    signal_tell (&handlers, blocked, held, shared, signals);
}

static struct guest_task *
find_task (struct guest *guest, int tid)
{
  struct trap_block *block = block_here ();
  struct trap_place *other = &block->other;
  struct trap_block *first;
  const char *executable;
  uint64_t container;
  (void) guest;
  if (is_here (tid))
    return thread_find (block, tid);
  if (!read_other (tid, &trap_process.container, &container, sizeof container)
      || container != trap_process.container
      || !read_other (tid, &trap_process.executable, &executable,
                      sizeof executable)
      || !read_other (tid, executable, other->executable,
                      sizeof other->executable)
      || !read_other (tid, &trap_process.fs, &other->fs, sizeof other->fs)
      || !read_other (tid, &trap_process.first, &first, sizeof first)
      || !read_other (tid, &first->task, &other->task, sizeof other->task))
    return NULL;
  read_signals (tid, first, &other->signals);
  other->fs.cwd = -1;
  other->task.guest = guest;
  other->task.tid = other->task.pid = tid;
  other->task.fs = &other->fs;
  other->task.engine = other->executable;
  return &other->task;
}

static int
get_executable (struct guest_task *task, char *buffer, size_t size)
{
  const char *path = task->engine;
  size_t length = guest_text_length (path, GUEST_PATH_SIZE - 1);
  if (length == 0 || length >= size)
    return -K_ENOENT;
  for (size_t i = 0; i <= length; i++)
    buffer[i] = path[i];
  return (int) length;
}

static void
get_signals (struct guest_task *task, struct guest_signals *signals)
{
  struct trap_block *here = block_here ();
  if (task == &here->other.task)
    {
      *signals = here->other.signals;
      return;
    }
  const struct trap_block *block = block_of (task);
  signal_tell (block->handlers, block->blocked, block->held,
               trap_process.held.ready, signals);
}

const struct guest_ops trap_ops = {
  .read = read_memory,
  .read_string = read_string,
  .write = write_memory,
  .scratch = put_scratch,
  .system_call = make_call,
  .descriptor = get_descriptor,
  .find_task = find_task,
  .executable = get_executable,
  .signals = get_signals,
};
