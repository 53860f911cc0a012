/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The beginning of every program: from the kernel's execve of the runtime to
   the program's first instruction.  */

#include "trap-engine/runtime/runtime.h"

#include <linux/auxvec.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "lib/guest/kernel.h"
#include "lib/guest/text.h"
#include "lib/load/load.h"
#include "lib/load/machine.h"
#include "trap-engine/patch.h"
#include "trap-engine/runtime/signal.h"

#define HWCAP2_FSGSBASE 2u

#define RLIMIT_FILES 7
#define NR_pidfd_open 434
#define NR_pidfd_getfd 438

_Noreturn void trap_main (uint64_t *stack);

struct trap_process trap_process __attribute__ ((section (".bss.process")));
uint32_t trap_has_fsgsbase TRAP_USED;

static struct trap_record record __attribute__ ((section (".bss.record")));

/* An entry of the auxiliary vector.  */
struct auxiliary
{
  uint64_t type, value;
};

/* What the kernel has put at the stack pointer.  */
struct arguments
{
  size_t count;
  char **list;
  char **environment;
  struct auxiliary *vector;
};

static struct arguments
find_arguments (uint64_t *stack)
{
  struct arguments arguments = { .count = (size_t) stack[0],
                                 .list = (char **) (stack + 1) };
  char **at = arguments.list + arguments.count + 1;
  arguments.environment = at;
  while (*at != NULL)
    at++;
  arguments.vector = (struct auxiliary *) (void *) (at + 1);
  return arguments;
}

/* Read the record, the last string of the environment, and point STRINGS to
   its.  Return whether there is one.  */
static bool
read_record (const struct arguments *arguments, const char **strings)
{
  char **end = arguments->environment;
  while (*end != NULL)
    end++;
  return end > arguments->environment && trap_record_decode (&record, end[-1])
         && trap_record_strings (&record, strings);
}

/* Take the last string of the environment away, and move what lies behind the
   list to where the list ends now.  */
static void
drop_record (struct arguments *arguments)
{
  char **end = arguments->environment;
  while (*end != NULL)
    end++;
  *--end = NULL;
  uint64_t *to = (uint64_t *) (void *) (end + 1);
  const struct auxiliary *from = arguments->vector;
  struct auxiliary *vector = (struct auxiliary *) (void *) to;
  size_t i = 0;
  do
    vector[i] = from[i];
  while (vector[i++].type != AT_NULL);
  arguments->vector = vector;
}

static uint64_t
auxiliary_value (const struct arguments *arguments, uint64_t type)
{
  const struct auxiliary *entry = arguments->vector;
  while (entry->type != AT_NULL && entry->type != type)
    entry++;
  return entry->type == type ? entry->value : 0;
}

/* Map the state whose descriptor is FD.  Return it, or NULL.  */
static struct trap_state *
map_state (int fd)
{
  /* Its own size is in it.  */
  uint32_t head[2];
  if (trap_call (__NR_pread64, (uint64_t) fd, trap_pointer (head), sizeof head,
                 0)
          != sizeof head
      || head[0] != TRAP_STATE_MAGIC)
    return NULL;
  long place = call_mmap (TRAP_STATE, head[1], PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, (uintptr_t) fd, 0);
  return is_error (place) ? NULL : (struct trap_state *) place;
}

/* Let descriptor FD be that of the process that has traced this one, which
   PIDFD is for, if it has one.  A copy of its own holds what that holds; where
   that cannot be had one that is good for its path does.  Return whether FD is
   as it should be.  */
static bool
take_descriptor (int64_t pidfd, int fd, uint64_t flags)
{
  char path[48];
  struct guest_text text;
  guest_text_init (&text, path, sizeof path);
  guest_text_add (&text, "/proc/");
  guest_text_add_number (&text, record.tracer);
  guest_text_add (&text, "/fd/");
  guest_text_add_number (&text, fd);
  int64_t copy =
      trap_call (NR_pidfd_getfd, (uint64_t) pidfd, (uint64_t) fd, 0, 0);
  if (copy == -K_EBADF && pidfd >= 0)
    return true;
  if (copy < 0)
    copy = trap_call (__NR_openat, (uint64_t) AT_FDCWD, trap_pointer (path),
                      flags | O_CLOEXEC, 0);
  if (copy < 0)
    return copy == -K_ENOENT;
  int64_t status = trap_call (__NR_dup3, (uint64_t) copy, (uint64_t) fd, 0, 0);
  trap_call (__NR_close, (uint64_t) copy, 0, 0, 0);
  return status >= 0;
}

/* Take our descriptors from the process that has traced this one.  They may lie
   where the soft limit ends.  Return the state, or NULL.  */
static struct trap_state *
take_state (void)
{
  uint64_t limit[2] = { 0 };
  trap_call (__NR_prlimit64, 0, RLIMIT_FILES, 0, trap_pointer (limit));
  const uint64_t more[2] = { limit[1], limit[1] };
  trap_call (__NR_prlimit64, 0, RLIMIT_FILES, trap_pointer (more), 0);
  int64_t pidfd = trap_call (NR_pidfd_open, (uint64_t) record.tracer, 0, 0, 0);
  struct trap_state *state = take_descriptor (pidfd, record.state_fd, O_RDWR)
                                 ? map_state (record.state_fd)
                                 : NULL;
  bool taken = state != NULL;
  for (int fd = record.state_fd + 1; taken && fd < state->end_fd; fd++)
    taken = take_descriptor (pidfd, fd, O_PATH);
  if (pidfd >= 0)
    trap_call (__NR_close, (uint64_t) pidfd, 0, 0, 0);
  trap_call (__NR_prlimit64, 0, RLIMIT_FILES, trap_pointer (limit), 0);
  return taken ? state : NULL;
}

/* Copy TEXT, shorter than GUEST_PATH_SIZE, to TO.  */
static void
copy_text (char *to, const char *text)
{
  size_t i = 0;
  do
    to[i] = text[i];
  while (text[i++] != '\0');
}

/* Fill what is one for the process, of which BLOCK is the first thread's, from
   STATE and the record with its STRINGS.  */
static void
fill_process (struct trap_state *state, struct trap_block *block,
              const char *const *strings)
{
  struct trap_process *process = &trap_process;
  process->state = state;
  process->guest = state->guest;
  process->guest.ops = &trap_ops;
  process->guest.engine = state;
  process->guest.inside = true;
  process->container = state->container;
  process->family = state->family;
  process->executable =
      record.strings + (strings[TRAP_STRING_EXECUTABLE] - record.strings);
  guest_fs_init (&process->fs);
  process->fs.own_mounts = record.own_mounts;
  process->fs.masks_owner = record.masks_owner;
  process->fs.cwd_binding = record.cwd_binding;
  copy_text (process->fs.root, strings[TRAP_STRING_ROOT]);
  process->fs.root_length =
      (uint32_t) guest_text_length (process->fs.root, GUEST_PATH_SIZE);
  guest_task_init (&block->task, &process->guest, &process->fs, &record.ids);
  block->task.prefixes = &block->prefixes;
  block->task.linux32 = record.linux32;
  block->task.engine = process->executable;
  block->handlers = &process->handlers;
}

/* Install the filter.  Return 0 or a negative errno.  */
static int
install_filter (struct trap_state *state)
{
  struct sock_fprog program = { .len = (unsigned short) state->filter_length,
                                .filter = state->filter };
  trap_call (__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0);
  /* Without the flag kernels before 5.16 slow the whole process down to make
     it a sandbox that it is not.  */
  int64_t status =
      trap_call (__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                 SECCOMP_FILTER_FLAG_SPEC_ALLOW, trap_pointer (&program), 0);
  if (status < 0)
    status = trap_call (__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                        trap_pointer (&program), 0);
  return (int) status;
}

/* A trap costs about a microsecond; a patch five, the first of a process, or
   of a child by fork, fifty.  */
#define PATIENCE 4
#define WARMING 32

/* Mode T1.  */
static void
begin_patching (const struct trap_state *state)
{
  const struct trap_patch_options options = {
    .entry = trap_pointer (trap_entry),
    .fd = state->end_fd - 1,
    .patience = PATIENCE,
    .warming = WARMING,
  };
  trap_patch_begin (&options);
}

/* Become PROGRAM, which is ours and has a libc: calls from the window are let
   be.  It finds arguments and environment as they are, the record among them,
   and the state mapped.  */
_Noreturn static void
begin_own (const struct trap_state *state, const char *program, uint64_t *stack)
{
  const struct guest_identity *identity = &state->guest.identity;
  const struct load_request request = {
    .program = program,
    .name = program,
    .command = "udocker",
    .base = TRAP_TRACER,
    .uid = identity->host_uid,
    .euid = identity->host_uid,
    .gid = identity->host_gid,
    .egid = identity->host_gid,
  };
  trap_begin (load_program (&request, stack), stack);
}

_Noreturn void
trap_main (uint64_t *stack)
{
  struct arguments arguments = find_arguments (stack);
  const char *strings[TRAP_STRING_COUNT];
  const char *name = arguments.count > 0 ? arguments.list[0] : "";
  if (!read_record (&arguments, strings))
    load_fail ("this program is started by udocker only", name);
  struct trap_state *state =
      record.tracer == 0 ? map_state (record.state_fd) : take_state ();
  if (state == NULL)
    load_fail ("what it shares with its container is gone", name);
  if (record.install != 0)
    keep_begin (state);
  if (record.traced != 0)
    {
      if (record.install != 0 && install_filter (state) < 0)
        load_fail ("system call filters are not possible here", name);
      if (trap_process.watch.status != 0)
        load_fail ("32-bit programs cannot be traced in a container", name);
      begin_own (state, state->tracer, stack);
    }
  if (record.enters != 0)
    begin_own (state, state->launcher, stack);
  drop_record (&arguments);

  const uint64_t features = auxiliary_value (&arguments, AT_HWCAP2);
  trap_has_fsgsbase = (features & HWCAP2_FSGSBASE) != 0;
  struct trap_block *block = thread_start ();
  trap_set_block (block);
  fill_process (state, block, strings);
  const struct trap_carried carried = { .ignored = record.ignored,
                                        .known = record.known,
                                        .blocked = record.blocked };
  signal_start (block, &carried);
  thread_forked (block);
  if (!filter_start (block, record.filters_fd, record.filters_size))
    load_fail ("its filters of system calls are gone", name);
  if (record.install != 0 && install_filter (state) < 0)
    load_fail ("system call filters are not possible here", name);

  if (state->patches)
    begin_patching (state);
  const struct guest_ids *ids = &block->task.ids;
  const struct load_request request = {
    .program = strings[TRAP_STRING_PROGRAM],
    .interpreter = strings[TRAP_STRING_INTERPRETER][0] != '\0'
                       ? strings[TRAP_STRING_INTERPRETER]
                       : NULL,
    .name = strings[TRAP_STRING_NAME],
    .command = strings[TRAP_STRING_COMMAND],
    .uid = ids->uid,
    .euid = ids->euid,
    .gid = ids->gid,
    .egid = ids->egid,
    .secure = record.secure,
    .shows_features = state->shows_features,
    .features = state->features,
  };
  uint64_t entry = load_program (&request, stack);
  for (int i = 0; i < 2; i++)
    if (record.held[i] >= 0)
      trap_call (__NR_close, (uint64_t) record.held[i], 0, 0, 0);
  if (record.tracer != 0)
    trap ();
  if (trap_process.watch.status != 0)
    trap_ready (entry, stack);
  trap_begin (entry, stack);
}
