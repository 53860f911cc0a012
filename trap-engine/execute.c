/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   How a program is started: the runtime in its place.  */

#include "trap-engine/execute.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#include "lib/guest/calls.h"
#include "lib/guest/exec.h"
#include "lib/guest/kernel.h"
#include "lib/load/machine.h"
#include "trap-engine/record.h"
#include "trap-engine/state.h"

/* More arguments, or variables, than the kernel takes anyhow.  */
#define WORDS_MAX ((size_t) 1 << 20)

/* All that one execve needs, in memory of its own; behind WORDS, the two
   vectors each with its final zero, ENCODED lies, which is mostly short.  */
struct execution
{
  struct guest_exec exec;
  struct trap_record record;
  char *encoded;
  uint64_t words[];
};

/* Count the words of TASK's vector at ADDRESS.  Return their number, -EFAULT
   or -E2BIG.  */
static int64_t
count_words (struct guest_task *task, uint64_t address)
{
  const struct guest_ops *ops = task->guest->ops;
  uint64_t word = 1;
  size_t count = 0;
  while (address != 0)
    {
      if (ops->read (task, address + count * sizeof word, &word, sizeof word)
          < 0)
        return -K_EFAULT;
      if (word == 0)
        break;
      if (++count > WORDS_MAX)
        return -K_E2BIG;
    }
  return (int64_t) count;
}

/* Copy COUNT words of TASK's at ADDRESS to WORDS.  Return 0 or -EFAULT.  */
static int
copy_words (struct guest_task *task, uint64_t address, uint64_t *words,
            size_t count)
{
  if (count == 0)
    return 0;
  return task->guest->ops->read (task, address, words, count * sizeof *words);
}

/* The call as the program made it.  */
struct given
{
  uint64_t arguments, environment; /* addresses */
  size_t argument_count, environment_count;
};

/* Return whether the environment's entry at ADDRESS of TASK begins with
   START.  */
static bool
begins_with (struct guest_task *task, uint64_t address, const char *start)
{
  char text[20];
  size_t length = guest_text_length (start, sizeof text);
  return task->guest->ops->read (task, address, text, length) == 0
         && guest_text_is (text, length, start);
}

/* The COUNT words at ENTRY are an environment of TASK.  Write to WORD what has
   an emulator with libraries of its own set the dynamic linker's variables for
   the program as they are there.  Return behind them.  */
static uint64_t *
add_variables (struct guest_task *task, uint64_t *word, const uint64_t *entry,
               size_t count)
{
  static const char set[] = "-E", unset[] = "-U", path[] = "LD_LIBRARY_PATH";
  bool has_path = false;
  for (size_t i = 0; i < count; i++)
    if (begins_with (task, entry[i], "LD_"))
      {
        *word++ = (uint64_t) (uintptr_t) set;
        *word++ = entry[i];
        has_path = has_path || begins_with (task, entry[i], "LD_LIBRARY_PATH=");
      }
  /* The emulator may have been given one for itself.  */
  if (!has_path)
    {
      *word++ = (uint64_t) (uintptr_t) unset;
      *word++ = (uint64_t) (uintptr_t) path;
    }
  return word;
}

/* Write to WORD what a script, or an emulator, wants in front of the arguments
   GIVEN; ENTRIES is the environment that was given.  Return behind it, or NULL
   when memory is missing.  */
static uint64_t *
add_leading (struct guest_task *task, const struct guest_exec *exec,
             const struct given *given, const uint64_t *entries, uint64_t *word)
{
  bool moves = exec->emulated && task->guest->emulator->has_libraries;
  const char *text = exec->leading;
  for (size_t i = 0; i < exec->leading_count; i++)
    {
      if (moves && i == exec->variables_at)
        word = add_variables (task, word, entries, given->environment_count);
      *word = (uint64_t) (uintptr_t) text;
      if (exec->first_at > 0 && i == exec->first_at && given->argument_count > 0
          && copy_words (task, given->arguments, word, 1) < 0)
        return NULL;
      word++;
      text += guest_text_length (text, sizeof exec->leading) + 1;
    }
  return word;
}

/* Write the vectors that the runtime is called with into EXECUTION: GIVEN's,
   with what a script wants in front, and the record.  The environment comes
   first; *ARGUMENTS gets the other.  Return 0 or -EFAULT.  */
static int
arrange (struct guest_task *task, struct execution *execution,
         const struct given *given, uint64_t **arguments)
{
  const struct guest_exec *exec = &execution->exec;
  uint64_t *entries = execution->words;
  uint64_t *word = entries;
  size_t count = given->environment_count;
  if (copy_words (task, given->environment, entries, count) < 0)
    return -K_EFAULT;
  word += count;
  word += 2; /* the record, and the end */
  *arguments = word;
  word = add_leading (task, exec, given, entries, word);
  if (word == NULL)
    return -K_EFAULT;
  /* The first argument gives way to the leading ones.  */
  size_t skipped = exec->leading_count > 0 && given->argument_count > 0;
  count = given->argument_count - skipped;
  if (copy_words (task, given->arguments + skipped * sizeof *word, word, count)
      < 0)
    return -K_EFAULT;
  word[count] = 0;

  /* The emulator's own linker must not see them.  */
  bool moves = exec->emulated && task->guest->emulator->has_libraries;
  count = 0;
  for (size_t i = 0; i < given->environment_count; i++)
    if (!moves || !begins_with (task, entries[i], "LD_"))
      entries[count++] = entries[i];
  entries[count++] = (uint64_t) (uintptr_t) execution->encoded;
  entries[count] = 0;
  return 0;
}

/* Let the descriptors that EXEC holds outlive an execve, or no longer.  */
static void
keep_held (const struct guest_exec *exec, uint64_t flags)
{
  for (int i = 0; i < 2; i++)
    if (exec->held[i] >= 0)
      call6 (__NR_fcntl, (uintptr_t) exec->held[i], F_SETFD, flags, 0, 0, 0);
}

/* Execute the program that EXECUTION has found by EXECVE.  Return a negative
   errno.  */
static int
become (struct guest_task *task, struct execution *execution,
        const struct given *given, const struct trap_carried *carried,
        trap_execve_function *execve)
{
  const struct trap_state *state = task->guest->engine;
  uint64_t *arguments;
  const struct guest_exec *exec = &execution->exec;
  struct trap_record *record = &execution->record;
  bool traced = exec->abi != GUEST_ABI_NATIVE;
  int status = arrange (task, execution, given, &arguments);
  if (status < 0)
    return status;
  trap_record_fill (record, task, exec, state->first_fd, traced);
  record->install = carried->install;
  record->enters = carried->enters;
  record->ignored = carried->ignored;
  record->known = carried->known;
  record->blocked = carried->blocked;
  record->filters_size = carried->filters_size;
  record->filters_fd = carried->filters_fd;
  trap_record_encode (record, execution->encoded);
  keep_held (&execution->exec, 0);
  status = (int) execve (task, state->runtime, arguments, execution->words);
  keep_held (&execution->exec, FD_CLOEXEC);
  return status;
}

/* Return SIZE bytes: the *MAPPED_SIZE at *MAPPED, if they are enough, or others
   in their place.  NULL when there is no memory.  */
static void *
get_memory (size_t size, uint64_t *mapped, uint64_t *mapped_size)
{
  if (*mapped != 0 && *mapped_size >= size)
    return (void *) *mapped;
  if (*mapped != 0)
    call6 (__NR_munmap, *mapped, *mapped_size, 0, 0, 0, 0);
  *mapped = 0;
  long memory = call_mmap (0, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, (uintptr_t) -1, 0);
  if (is_error (memory))
    return NULL;
  *mapped = (uint64_t) memory;
  *mapped_size = size;
  return (void *) memory;
}

int
trap_execute (struct guest_task *task, const struct guest_call *call,
              const struct trap_carried *carried, trap_execve_function *execve,
              uint64_t *mapped, uint64_t *mapped_size)
{
  bool at = call->number != __NR_execve;
  struct given given = { .arguments = call->arg[at ? 2 : 1],
                         .environment = call->arg[at ? 3 : 2] };
  int64_t arguments = count_words (task, given.arguments);
  int64_t environment = count_words (task, given.environment);
  if (arguments < 0 || environment < 0)
    return (int) (arguments < 0 ? arguments : environment);
  given.argument_count = (size_t) arguments;
  given.environment_count = (size_t) environment;

  /* Room for a script's words too, and for an emulator's and the variables that
     it gets.  */
  const struct guest_emulator *emulator = task->guest->emulator;
  size_t count =
      given.argument_count + given.environment_count + 2 * GUEST_EXEC_DEPTH + 8;
  if (emulator != NULL)
    count += emulator->count + 2 * given.environment_count;
  size_t used = sizeof (struct execution) + count * sizeof (uint64_t);
  size_t size = used + TRAP_RECORD_ENCODED_MAX;
  struct execution *execution = get_memory (size, mapped, mapped_size);
  if (execution == NULL)
    return -K_ENOMEM;
  execution->encoded = (char *) execution + used;
  if (carried->enters != 0)
    {
      execution->exec = (struct guest_exec){ .held = { -1, -1 } };
      return become (task, execution, &given, carried, execve);
    }
  int status = guest_exec_prepare (task, call, &execution->exec);
  if (status == 0)
    {
      status = become (task, execution, &given, carried, execve);
      guest_exec_release (task->guest, &execution->exec);
    }
  return status;
}
