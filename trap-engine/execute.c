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

/* Write the vectors that the runtime is called with into EXECUTION: GIVEN's,
   with what a script wants in front, and the record.  *ENVIRONMENT gets the
   second.  Return 0 or -EFAULT.  */
static int
arrange (struct guest_task *task, struct execution *execution,
         const struct given *given, uint64_t **environment)
{
  uint64_t *word = execution->words;
  const struct guest_exec *exec = &execution->exec;
  const char *text = exec->leading;
  size_t skipped = 0;
  for (size_t i = 0; i < exec->leading_count; i++)
    {
      *word++ = (uint64_t) (uintptr_t) text;
      text += guest_text_length (text, sizeof exec->leading) + 1;
    }
  /* The first argument gives way to the leading ones.  */
  if (exec->leading_count > 0 && given->argument_count > 0)
    skipped = 1;
  size_t count = given->argument_count - skipped;
  int status =
      copy_words (task, given->arguments + skipped * sizeof *word, word, count);
  word += count;
  *word++ = 0;
  *environment = word;
  if (status == 0)
    status =
        copy_words (task, given->environment, word, given->environment_count);
  word += given->environment_count;
  *word++ = (uint64_t) (uintptr_t) execution->encoded;
  *word = 0;
  return status;
}

/* Let the descriptors that EXEC holds outlive an execve, or no longer.  */
static void
keep_held (const struct guest_exec *exec, uint64_t flags)
{
  for (int i = 0; i < 2; i++)
    if (exec->held[i] >= 0)
      call6 (__NR_fcntl, (uintptr_t) exec->held[i], F_SETFD, flags, 0, 0, 0);
}

/* Tell the user, on the program's own standard error, that EXEC cannot be
   started in STATE's mode.  */
static void
refuse (const struct trap_state *state, const struct guest_exec *exec)
{
  const char *const parts[] = {
    "Error: cannot execute '",
    exec->name,
    exec->emulated ? "': it is a program of another machine, which mode "
                   : "': it is a 32-bit program, which mode ",
    state->patches ? "T1" : "T2",
    " cannot run; mode P1 can\n",
  };
  char text[GUEST_PATH_SIZE + 256];
  struct guest_text line;
  guest_text_init (&line, text, sizeof text);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    guest_text_add (&line, parts[i]);
  call6 (__NR_write, 2, (uintptr_t) text,
         guest_text_length (text, sizeof text - 1), 0, 0, 0);
}

/* Execute the program that EXECUTION has found.  Return a negative errno.  */
static int
become (struct guest_task *task, struct execution *execution,
        const struct given *given, const struct trap_carried *carried)
{
  const struct trap_state *state = task->guest->engine;
  uint64_t *environment;
  const struct guest_exec *exec = &execution->exec;
  struct trap_record *record = &execution->record;
  bool traced = exec->abi != GUEST_ABI_NATIVE;
  if (exec->emulated || (traced && state->tracer[0] == '\0'))
    {
      if (carried->install == 0) /* or the launcher says so */
        refuse (state, exec);
      return -K_ENOEXEC;
    }
  int status = arrange (task, execution, given, &environment);
  if (status < 0)
    return status;
  trap_record_fill (record, task, exec, state->first_fd, traced);
  record->install = carried->install;
  record->ignored = carried->ignored;
  record->blocked = carried->blocked;
  record->filters_size = carried->filters_size;
  record->filters_fd = carried->filters_fd;
  trap_record_encode (record, execution->encoded);
  keep_held (&execution->exec, 0);
  status = (int) call6 (__NR_execve, (uintptr_t) state->runtime,
                        (uintptr_t) execution->words, (uintptr_t) environment,
                        0, 0, 0);
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
              const struct trap_carried *carried, uint64_t *mapped,
              uint64_t *mapped_size)
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

  /* Room for a script's words too, which are at most half of their bytes.  */
  size_t used = sizeof (struct execution)
                + (given.argument_count + given.environment_count
                   + 2 * GUEST_EXEC_DEPTH + 8)
                      * sizeof (uint64_t);
  size_t size = used + TRAP_RECORD_ENCODED_MAX;
  struct execution *execution = get_memory (size, mapped, mapped_size);
  if (execution == NULL)
    return -K_ENOMEM;
  execution->encoded = (char *) execution + used;
  int status = guest_exec_prepare (task, call, &execution->exec);
  if (status == 0)
    {
      status = become (task, execution, &given, carried);
      guest_exec_release (task->guest, &execution->exec);
    }
  return status;
}
