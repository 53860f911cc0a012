/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How a program is started: the loader stub in its place.

   lib/guest says which file it is.  Every successful execve then is one of
   the loader stub with the arguments and the environment of the program, so
   that the kernel's own records of them are true; only "#!" lines need a new
   argument vector, which is built in scratch memory.  */

#include "proot-engine/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/guest/calls.h"
#include "proot-engine/handover.h"
#include "proot-engine/memory.h"

#define RUNS                                                                   \
  (sizeof ((struct tracee *) 0)->run / sizeof ((struct tracee *) 0)->run[0])

/* More arguments than the kernel takes anyhow.  */
#define ARGUMENTS_MAX ((size_t) 1 << 18)

/* Return how many bytes the pointers of TRACEE's call have.  */
static size_t
word_size (const struct tracee *tracee)
{
  return tracee->call.abi == GUEST_ABI_NATIVE ? 8 : 4;
}

/* Make 64-bit words of the COUNT words of 32 bits that lie at WORDS.  */
static void
widen (uint64_t *words, size_t count)
{
  const unsigned char *from = (const unsigned char *) words;
  while (count-- > 0)
    {
      uint32_t word;
      memcpy (&word, from + count * sizeof word, sizeof word);
      words[count] = word;
    }
}

/* Make 32-bit words of the COUNT words at WORDS.  */
static void
narrow (uint64_t *words, size_t count)
{
  unsigned char *to = (unsigned char *) words;
  for (size_t i = 0; i < count; i++)
    {
      uint32_t word = (uint32_t) words[i];
      memcpy (to + i * sizeof word, &word, sizeof word);
    }
}

/* Read the vector of pointers at ADDRESS of TRACEE: *COUNT of them to *WORDS,
   which the caller frees.  Return 0 or a negative errno.  */
static int
read_vector (const struct tracee *tracee, uint64_t address, uint64_t **words,
             size_t *count)
{
  size_t word = word_size (tracee);
  size_t room = 64;
  size_t done = 0;
  uint64_t *vector = malloc (room * sizeof *vector);
  while (vector != NULL && address != 0)
    {
      if (done == room)
        {
          room *= 2;
          uint64_t *bigger = realloc (vector, room * sizeof *vector);
          if (bigger == NULL)
            {
              free (vector);
              return -ENOMEM;
            }
          vector = bigger;
        }
      uint64_t place = address + done * word;
      size_t chunk = (4096 - place % 4096) / word;
      if (chunk > room - done)
        chunk = room - done;
      if (chunk == 0)
        chunk = 1; /* not aligned, across two pages */
      uint64_t *start = vector + done;
      if (memory_read (tracee->tid, place, start, chunk * word) < 0)
        {
          free (vector);
          return -EFAULT;
        }
      if (word < sizeof *start)
        widen (start, chunk);
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
  *words = vector;
  *count = done;
  return 0;
}

/* The two vectors of an execve while they are changed, in one piece: COUNT
   words, each vector with its final zero.  */
struct vectors
{
  uint64_t *word;
  size_t count;
};

/* What an execve is called with: two vectors of the caller's.  */
struct given
{
  uint64_t *arguments, *environment;
  size_t argument_count, environment_count;
};

static void
add_word (struct vectors *vectors, uint64_t word)
{
  vectors->word[vectors->count++] = word;
}

/* Options for an emulator that has libraries of its own, as strings that lie
   one after the other, and where each begins: to set a variable, to unset one,
   and the one that is unset.  */
static const char emulator_options[] = "-E\0-U\0LD_LIBRARY_PATH";
enum
{
  OPTION_SET = 0,
  OPTION_UNSET = 3,
  OPTION_UNSET_WHAT = 6
};

/* Return whether the environment entry at ADDRESS of TRACEE begins with
   START.  */
static bool
begins_with (const struct tracee *tracee, uint64_t address, const char *start)
{
  char text[20];
  size_t length = strlen (start);
  return memory_read (tracee->tid, address, text, length) == 0
         && memcmp (text, start, length) == 0;
}

/* Add those variables GIVEN to VECTORS that are not the dynamic linker's.  */
static void
add_environment (struct vectors *vectors, const struct tracee *tracee,
                 const struct given *given)
{
  for (size_t i = 0; i < given->environment_count; i++)
    if (!begins_with (tracee, given->environment[i], "LD_"))
      add_word (vectors, given->environment[i]);
}

/* Add to VECTORS what has an emulator set the dynamic linker's variables for
   the program as they are GIVEN; OPTIONS is where emulator_options lies.  */
static void
add_variables (struct vectors *vectors, const struct tracee *tracee,
               const struct given *given, uint64_t options)
{
  bool has_path = false;
  for (size_t i = 0; i < given->environment_count; i++)
    if (begins_with (tracee, given->environment[i], "LD_"))
      {
        add_word (vectors, options + OPTION_SET);
        add_word (vectors, given->environment[i]);
        if (begins_with (tracee, given->environment[i], "LD_LIBRARY_PATH="))
          has_path = true;
      }
  /* The emulator may have been given one for itself.  */
  if (!has_path)
    {
      add_word (vectors, options + OPTION_UNSET);
      add_word (vectors, options + OPTION_UNSET_WHAT);
    }
}

/* Put SIZE BYTES into TRACEE's memory, at *ADDRESS.  What is more than a slot
   holds gets several slots in a row, which go with the address space, or are
   given back when the call fails.  Return 0 or a negative errno.  */
static int
put_bytes (struct tracee *tracee, const void *bytes, size_t size,
           uint64_t *address)
{
  int status =
      tracee->task.guest->ops->scratch (&tracee->task, bytes, size, address);
  if (status != -ENOMEM)
    return status;
  size_t i = 0;
  while (i < RUNS && tracee->run[i].count > 0)
    i++;
  if (i == RUNS)
    return -E2BIG;
  int count = (int) ((size + LOADER_SLOT_SIZE - 1) / LOADER_SLOT_SIZE);
  int first = space_take_slots (tracee->space, count);
  if (first < 0)
    return -E2BIG;
  tracee->run[i].first = first;
  tracee->run[i].count = count;
  *address = tracee->space->slots[tracee->call.abi]
             + (uint64_t) first * LOADER_SLOT_SIZE;
  return memory_write (tracee->tid, *address, bytes, size);
}

/* Put VECTORS, which are used up, into TRACEE's memory, at *ADDRESS.  Return 0
   or a negative errno.  */
static int
put_vectors (struct tracee *tracee, struct vectors *vectors, uint64_t *address)
{
  size_t size = vectors->count * word_size (tracee);
  if (word_size (tracee) < sizeof *vectors->word)
    narrow (vectors->word, vectors->count);
  return put_bytes (tracee, vectors->word, size, address);
}

/* Write to VECTORS, which has room, what TRACEE's program is called with: the
   leading arguments, which lie at STRINGS of its memory, then those GIVEN.
   When OPTIONS, where emulator_options lies there, is not 0, the emulator gets
   the dynamic linker's variables as options, and not in its environment.
   Return how many words the arguments take.  */
static size_t
arrange (struct vectors *vectors, const struct tracee *tracee,
         const struct given *given, uint64_t strings, uint64_t options)
{
  const struct guest_exec *exec = tracee->exec;
  const char *text = exec->leading;
  for (size_t i = 0; i < exec->leading_count; i++)
    {
      if (options != 0 && i == exec->variables_at)
        add_variables (vectors, tracee, given, options);
      if (exec->first_at > 0 && i == exec->first_at
          && given->argument_count > 0)
        add_word (vectors, given->arguments[0]);
      else
        add_word (vectors, strings + (uint64_t) (text - exec->leading));
      text += strlen (text) + 1;
    }
  /* The first argument gives way to the leading ones.  */
  for (size_t i = 1; i < given->argument_count; i++)
    add_word (vectors, given->arguments[i]);
  add_word (vectors, 0);
  size_t count = vectors->count;
  if (options != 0)
    {
      add_environment (vectors, tracee, given);
      add_word (vectors, 0);
    }
  return count;
}

/* Put what TRACEE's program is called with, instead of what was GIVEN, into its
   memory.  Return 0 or a negative errno.  */
static int
put_call (struct tracee *tracee, const struct given *given,
          bool moves_variables, uint64_t *arguments, uint64_t *environment)
{
  struct guest_exec *exec = tracee->exec;
  size_t size = exec->leading_length + sizeof emulator_options;
  struct vectors vectors = { 0 };
  uint64_t strings = 0;
  if (size > sizeof exec->leading)
    return -E2BIG;
  memcpy (exec->leading + exec->leading_length, emulator_options,
          sizeof emulator_options);
  int status = tracee->task.guest->ops->scratch (&tracee->task, exec->leading,
                                                 size, &strings);
  if (status < 0)
    return status;
  vectors.word = calloc (exec->leading_count + given->argument_count
                             + 2 * given->environment_count + 4,
                         sizeof *vectors.word);
  if (vectors.word == NULL)
    return -ENOMEM;
  size_t count = arrange (&vectors, tracee, given, strings,
                          moves_variables ? strings + exec->leading_length : 0);
  status = put_vectors (tracee, &vectors, arguments);
  if (moves_variables)
    *environment = *arguments + count * word_size (tracee);
  free (vectors.word);
  return status;
}

/* Build what TRACEE's script, or program of another machine, is called with.
   ARGUMENTS and ENVIRONMENT are where the vectors that were given lie, and get
   the new ones' places.  Return 0 or a negative errno.  */
static int
replace_arguments (struct tracee *tracee, uint64_t *arguments,
                   uint64_t *environment)
{
  bool moves_variables =
      tracee->exec->emulated && tracee->task.guest->emulator->has_libraries;
  struct given given = { 0 };
  int status =
      read_vector (tracee, *arguments, &given.arguments, &given.argument_count);
  if (status == 0 && moves_variables)
    status = read_vector (tracee, *environment, &given.environment,
                          &given.environment_count);
  if (status == 0)
    status = put_call (tracee, &given, moves_variables, arguments, environment);
  free (given.arguments);
  free (given.environment);
  return status;
}

/* Add the record of TRACEE's execve, by which it leaves TRACER, to the vector
   at *ENVIRONMENT, which gets the new one's place.  Return 0 or a negative
   errno.  */
static int
add_record (struct tracer *tracer, struct tracee *tracee, uint64_t *environment)
{
  struct vectors vectors = { 0 };
  uint64_t address;
  char *record = tracer->handover->record (tracer->handover, tracee);
  int status = record == NULL
                   ? -ENOMEM
                   : put_bytes (tracee, record, strlen (record) + 1, &address);
  free (record);
  /* The vector may be one that was just made.  */
  if (status == 0)
    status = tracer_flush_scratch (tracer, tracee, false);
  if (status == 0)
    status = read_vector (tracee, *environment, &vectors.word, &vectors.count);
  if (status < 0)
    return status;
  uint64_t *longer =
      realloc (vectors.word, (vectors.count + 2) * sizeof *longer);
  if (longer == NULL)
    status = -ENOMEM;
  else
    {
      vectors.word = longer;
      add_word (&vectors, address);
      add_word (&vectors, 0);
      status = put_vectors (tracee, &vectors, environment);
    }
  free (vectors.word);
  return status;
}

int
execute_begin (struct tracer *tracer, struct tracee *tracee)
{
  const struct guest_call *call = &tracee->call;
  bool at = guest_rule_number (
                guest_rule_of (tracee->task.guest, call->abi, call->number),
                GUEST_ABI_NATIVE)
            != SYS_execve;
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
  bool leaves = handover_leaves (tracer, tracee->exec);
  const char *loader =
      leaves ? tracer->handover->runtime : tracer->loader[tracee->exec->abi];
  status = tracee->task.guest->ops->scratch (&tracee->task, loader,
                                             strlen (loader) + 1, &path);
  if (status == 0 && tracee->exec->leading_count > 0)
    status = replace_arguments (tracee, &arguments, &environment);
  if (status == 0 && leaves)
    status = add_record (tracer, tracee, &environment);
  if (status < 0)
    {
      execute_cancel (tracee);
      return status;
    }
  /* The number stays: a filter of the program's may allow only that.  */
  uint64_t *arg = tracee->call.arg;
  if (at)
    *arg++ = (uint64_t) AT_FDCWD;
  arg[0] = path;
  arg[1] = arguments;
  arg[2] = environment;
  if (at)
    arg[3] = 0;
  return 0;
}

void
execute_cancel (struct tracee *tracee)
{
  if (tracee->exec == NULL)
    return;
  for (size_t i = 0; i < RUNS; i++)
    {
      space_give_slots (tracee->space, tracee->run[i].first,
                        tracee->run[i].count);
      tracee->run[i].count = 0;
    }
  guest_exec_release (tracee->task.guest, tracee->exec);
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
  const struct start_container *made = &container_of (&tracee->task)->made;
  static struct writing writing;

  if (tracee_new_space (tracee, NULL) < 0 || exec == NULL)
    {
      (void) kill (tracee->tid, SIGKILL);
      return;
    }
  memset (tracee->run, 0, sizeof tracee->run);
  struct space *space = tracee->space;
  space->trampolines = true;
  space->abi = exec->abi;
  /* What lies low enough for 32-bit words can be named by all.  */
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    if (abi == GUEST_ABI_NATIVE || space->abi != GUEST_ABI_NATIVE)
      space->slots[abi] = loader_window (space->abi) + LOADER_SLOTS_OFFSET;
  memcpy (space->executable, exec->executable, sizeof space->executable);
  bool secure = guest_ids_exec (ids, exec->mode, exec->uid, exec->gid);

  writing.block = (struct loader_block){
    .magic = LOADER_MAGIC,
    .flags = (tracer->every_call ? LOADER_FLAG_TRAP : 0u)
             | (made->shows_features ? LOADER_FLAG_FEATURES : 0u),
    .uid = ids->uid,
    .euid = ids->euid,
    .gid = ids->gid,
    .egid = ids->egid,
    .secure = secure,
    .size = sizeof writing.block,
    .features = made->features,
  };
  writing.block.program = add_string (&writing, exec->program);
  writing.block.interpreter = add_string (&writing, exec->interpreter);
  writing.block.name = add_string (&writing, exec->name);
  writing.block.command = add_string (&writing, exec->command);
  if (memory_write (tracee->tid,
                    loader_window (space->abi) + LOADER_DATA_OFFSET, &writing,
                    writing.block.size)
      < 0)
    (void) kill (tracee->tid, SIGKILL);

  tracee_release_held (tracee);
  memcpy (tracee->held, exec->held, sizeof tracee->held);
  free (exec);
  tracee->exec = NULL;
}
