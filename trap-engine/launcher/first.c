/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   This process as the container's first task, before it becomes a program.  */

#include "trap-engine/launcher/first.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/start/self.h"
#include "trap-engine/execute.h"
#include "trap-engine/state.h"

/* The runtime's own signals.  */
static const int ours[] = { SIGSYS, SIGSEGV, SIGBUS, SIGILL };

void
first_init (struct first *first, struct trap_state *state,
            const struct trap_carried *carried)
{
  first->carried = *carried;
  first->guest = state->guest;
  first->guest.ops = &self_ops;
  first->guest.engine = state;
  first->guest.pid = getpid ();
  guest_fs_init (&first->fs);
  mode_t mask = umask (0);
  (void) umask (mask);
  first->fs.masks_owner = (mask & 0700) != 0;
  guest_task_init (&first->task, &first->guest, &first->fs, &state->ids);
  first->task.tid = first->task.pid = getpid ();
}

/* Note in CARRIED what the process has inherited for its signals, and take from
   it what that is for the runtime's own.  OLD is how they were blocked.  */
static void
take_signals (struct trap_carried *carried, sigset_t *old)
{
  sigset_t mask;
  struct sigaction action;
  uint64_t own = 0;
  (void) sigemptyset (&mask);
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    (void) sigaddset (&mask, ours[i]);
  (void) sigprocmask (SIG_UNBLOCK, &mask, old); /* cannot fail */
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    {
      uint64_t bit = (uint64_t) 1 << (ours[i] - 1);
      own |= bit;
      if (sigismember (old, ours[i]) == 1)
        carried->blocked |= bit;
    }
  /* Of the others the kernel knows best.  */
  carried->ignored &= own;
  for (int number = 1; number <= 64; number++)
    if (sigaction (number, NULL, &action) == 0)
      {
        uint64_t bit = (uint64_t) 1 << (number - 1);
        carried->known |= bit;
        if (action.sa_handler == SIG_IGN)
          carried->ignored |= bit;
      }
}

static int64_t
execve_here (struct guest_task *task, const char *path, uint64_t *arguments,
             uint64_t *environment)
{
  (void) task;
  (void) syscall (SYS_execve, path, arguments, environment);
  return -errno;
}

static int64_t
execute (struct first *first, const struct guest_call *call)
{
  struct trap_carried carried = first->carried;
  uint64_t mapped = 0, mapped_size = 0;
  sigset_t old;
  carried.install = 1;
  take_signals (&carried, &old);
  int status = trap_execute (&first->task, call, &carried, execve_here, &mapped,
                             &mapped_size);
  (void) sigprocmask (SIG_SETMASK, &old, NULL); /* cannot fail */
  return status;
}

/* Make CALL as it stands.  */
static int64_t
make (const struct guest_call *call)
{
  const uint64_t *arg = call->arg;
  long result =
      syscall (call->number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
  return result == -1 ? -errno : result;
}

int64_t
first_call (void *engine, long number, uint64_t a, uint64_t b, uint64_t c,
            uint64_t d)
{
  struct first *first = engine;
  struct guest_call call = { .abi = GUEST_ABI_NATIVE,
                             .number = (int) number,
                             .arg = { a, b, c, d } };
  self_forget_scratch ();
  enum guest_verdict verdict = guest_enter (&first->task, &call);
  if (verdict == GUEST_ANSWER)
    return call.result;
  if (verdict == GUEST_EXEC)
    return execute (first, &call);
  do
    call.result = make (&call);
  while (verdict == GUEST_RUN_EXIT && guest_leave (&first->task, &call));
  guest_task_release (&first->task);
  return call.result;
}
