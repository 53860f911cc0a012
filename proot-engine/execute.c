/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How a program is started: the loader stub in its place.

   lib/guest says which file it is.  Every successful execve then is one of
   the loader stub with the arguments and the environment of the program, so
   that the kernel's own records of them are true; only "#!" lines need a new
   argument vector, which is built in scratch memory.  */

#include "proot-engine/tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proot-engine/memory.h"

/* More arguments than the kernel takes anyhow.  */
#define ARGUMENTS_MAX ((size_t) 1 << 18)

/* Read the argument vector at ADDRESS of TRACEE: *COUNT pointers to *WORDS,
   which the caller frees.  LEADING words are left free in front of them, and
   one behind.  Return 0 or a negative errno.  */
static int
read_vector (const struct tracee *tracee, uint64_t address, size_t leading,
             uint64_t **words, size_t *count)
{
  size_t room = leading + 64;
  size_t done = 0;
  uint64_t *vector = malloc ((room + 1) * sizeof *vector);
  while (vector != NULL && address != 0)
    {
      if (leading + done == room)
        {
          room *= 2;
          uint64_t *bigger = realloc (vector, (room + 1) * sizeof *vector);
          if (bigger == NULL)
            {
              free (vector);
              return -ENOMEM;
            }
          vector = bigger;
        }
      uint64_t place = address + done * sizeof *vector;
      size_t chunk = (4096 - place % 4096) / sizeof *vector;
      if (chunk > room - leading - done)
        chunk = room - leading - done;
      if (chunk == 0)
        chunk = 1; /* not aligned, across two pages */
      uint64_t *start = vector + leading + done;
      if (memory_read (tracee->tid, place, start, chunk * sizeof *start) < 0)
        {
          free (vector);
          return -EFAULT;
        }
      size_t i = 0;
      while (i < chunk && start[i] != 0)
        i++;
      done += i;
      if (i < chunk)
        break;
      if (done > ARGUMENTS_MAX)
        {
          free (vector);
          return -E2BIG;
        }
    }
  if (vector == NULL)
    return -ENOMEM;
  vector[leading + done] = 0;
  *words = vector;
  *count = done;
  return 0;
}

/* Build the argument vector of TRACEE's script in its memory.  ADDRESS is
   where the one that it gave lies, and gets the new one's place.  Return 0
   or a negative errno.  */
static int
put_arguments (struct tracer *tracer, struct tracee *tracee, uint64_t *address)
{
  const struct guest_exec *exec = tracee->exec;
  size_t leading = exec->leading_count;
  uint64_t *words;
  size_t count;
  int status = read_vector (tracee, *address, leading, &words, &count);
  if (status < 0)
    return status;

  /* The first argument gives way to the leading ones.  */
  uint64_t *vector = words;
  if (count > 0)
    {
      memmove (words + leading, words + leading + 1, count * sizeof *words);
      count--;
    }
  uint64_t strings;
  status = tracer->guest.ops->scratch (&tracee->task, exec->leading,
                                       exec->leading_length, &strings);
  const char *text = exec->leading;
  for (size_t i = 0; i < leading && status == 0; i++)
    {
      vector[i] = strings + (uint64_t) (text - exec->leading);
      text += strlen (text) + 1;
    }

  size_t size = (leading + count + 1) * sizeof *vector;
  if (status == 0)
    status = tracer->guest.ops->scratch (&tracee->task, vector, size, address);
  if (status == -ENOMEM)
    {
      /* More than a slot holds: several slots in a row.  They go with the
         address space, or are given back when the call fails.  */
      tracee->run_count =
          (int) ((size + LOADER_SLOT_SIZE - 1) / LOADER_SLOT_SIZE);
      tracee->run = space_take_slots (tracee->space, tracee->run_count);
      if (tracee->run < 0)
        {
          tracee->run_count = 0;
          status = -E2BIG;
        }
      else
        {
          *address =
              LOADER_SLOT_BASE + (uint64_t) tracee->run * LOADER_SLOT_SIZE;
          status = memory_write (tracee->tid, *address, vector, size);
        }
    }
  free (words);
  return status;
}

int
execute_begin (struct tracer *tracer, struct tracee *tracee)
{
  bool at = tracee->call.number != SYS_execve;
  uint64_t path, arguments = tracee->call.arg[at ? 2 : 1];
  uint64_t environment = tracee->call.arg[at ? 3 : 2];

  tracee->exec = malloc (sizeof *tracee->exec);
  if (tracee->exec == NULL)
    return -ENOMEM;
  int status = guest_exec_prepare (&tracee->task, &tracee->call, tracee->exec);
  if (status < 0)
    {
      free (tracee->exec);
      tracee->exec = NULL;
      return status;
    }
  status = tracer->guest.ops->scratch (&tracee->task, tracer->loader,
                                       strlen (tracer->loader) + 1, &path);
  if (status == 0 && tracee->exec->leading_count > 0)
    status = put_arguments (tracer, tracee, &arguments);
  if (status < 0)
    {
      execute_cancel (tracer, tracee);
      return status;
    }
  tracee->call.number = SYS_execve;
  tracee->call.arg[0] = path;
  tracee->call.arg[1] = arguments;
  tracee->call.arg[2] = environment;
  return 0;
}

void
execute_cancel (struct tracer *tracer, struct tracee *tracee)
{
  if (tracee->exec == NULL)
    return;
  if (tracee->run_count > 0)
    space_give_slots (tracee->space, tracee->run, tracee->run_count);
  tracee->run_count = 0;
  guest_exec_release (&tracer->guest, tracee->exec);
  free (tracee->exec);
  tracee->exec = NULL;
}

/* A block under construction.  */
struct writing
{
  struct loader_block block;
  char strings[LOADER_BLOCK_SIZE - sizeof (struct loader_block)];
};

/* Append TEXT to the block; return its offset, or zero when it is empty.  */
static uint32_t
add_string (struct writing *writing, const char *text)
{
  size_t size = strlen (text) + 1;
  uint32_t offset = writing->block.size;
  if (size == 1)
    return 0;
  memcpy ((char *) writing + offset, text, size);
  writing->block.size += (uint32_t) size;
  return offset;
}

void
execute_commit (struct tracer *tracer, struct tracee *tracee)
{
  struct guest_exec *exec = tracee->exec;
  struct guest_ids *ids = &tracee->task.ids;
  static struct writing writing;

  if (tracee_new_space (tracee, NULL) < 0 || exec == NULL)
    {
      (void) kill (tracee->tid, SIGKILL);
      return;
    }
  tracee->run_count = 0;
  tracee->space->trampolines = true;
  memcpy (tracee->space->executable, exec->executable,
          sizeof tracee->space->executable);
  bool secure = guest_ids_exec (ids, exec->mode, exec->uid, exec->gid);

  writing.block = (struct loader_block){
    .magic = LOADER_MAGIC,
    .flags = tracer->every_call ? LOADER_FLAG_TRAP : 0,
    .uid = ids->uid,
    .euid = ids->euid,
    .gid = ids->gid,
    .egid = ids->egid,
    .secure = secure,
    .size = sizeof writing.block,
  };
  writing.block.program = add_string (&writing, exec->program);
  writing.block.interpreter = add_string (&writing, exec->interpreter);
  writing.block.name = add_string (&writing, exec->name);
  writing.block.command = add_string (&writing, exec->command);
  if (memory_write (tracee->tid, LOADER_DATA, &writing, writing.block.size) < 0)
    (void) kill (tracee->tid, SIGKILL);

  tracee_release_held (tracee);
  memcpy (tracee->held, exec->held, sizeof tracee->held);
  free (exec);
  tracee->exec = NULL;
}
