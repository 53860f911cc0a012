/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What little of ptrace programs of the container can have: a task may stop
   others that share its memory, and look at their registers.

   LeakSanitizer does that at the end of every program that AddressSanitizer
   is built into, and takes a refusal for a failure of the program.  A task
   has one tracer, which we are, so attaching holds the target in a stop of
   ours; waiting for it is answered at once, since it has stopped by then.
   Other tracing is refused by lib/guest.  */

#include "proot-engine/attach.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "proot-engine/memory.h"

enum
{
  REQUEST_CONT = 7,
  REQUEST_GETREGS = 12,
  REQUEST_ATTACH = 16,
  REQUEST_DETACH = 17,
  REQUEST_GETREGSET = 0x4204,

  TRIES = 2000, /* of half a millisecond */
  REGISTERS_MAX = 16384
};

/* Stop TARGET for TRACEE.  Return 0 or a negative errno.  */
static int
attach (struct tracer *tracer, struct tracee *tracee, struct tracee *target)
{
  const struct timespec pause = { 0, 500000 };
  pid_t tid = target->tid;
  int status;

  if (ptrace (PTRACE_INTERRUPT, tid, 0, 0) != 0)
    return -errno;
  /* It may be where it cannot stop, as in vfork, which needs us to go on.  */
  for (int i = 0; i < TRIES; i++)
    {
      pid_t got = waitpid (tid, &status, __WALL | WNOHANG);
      if (got < 0)
        return -ESRCH;
      if (got == 0)
        {
          (void) nanosleep (&pause, NULL);
          continue;
        }
      if (status >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8))
        {
          target->attached = tracee->tid;
          target->told = false;
          tracer->attaches = true;
          return 0;
        }
      /* Any other stop takes the place of the one that was asked for.  */
      (void) ptrace (PTRACE_INTERRUPT, tid, 0, 0);
      tracer_see (tracer, tid, status);
      if (tracees_find (&tracer->tracees, tid) != target)
        return -ESRCH;
    }
  return -EPERM;
}

static void
let_go (struct tracer *tracer, struct tracee *target)
{
  target->attached = 0;
  tracer_resume (tracer, target);
}

/* Give TRACEE the set KIND of TARGET's registers, for which the iovec at PLACE
   has room.  Return 0 or a negative errno.  */
static int
give_set (const struct tracee *tracee, const struct tracee *target,
          uint64_t kind, uint64_t place)
{
  static unsigned char bytes[REGISTERS_MAX];
  struct iovec theirs;
  if (memory_read (tracee->tid, place, &theirs, sizeof theirs) < 0)
    return -EFAULT;
  struct iovec ours = { bytes, theirs.iov_len < sizeof bytes ? theirs.iov_len
                                                             : sizeof bytes };
  if (ptrace (PTRACE_GETREGSET, target->tid, (void *) (uintptr_t) kind, &ours)
      != 0)
    return -errno;
  theirs.iov_len = ours.iov_len;
  if (memory_write (tracee->tid, (uint64_t) (uintptr_t) theirs.iov_base, bytes,
                    ours.iov_len)
          < 0
      || memory_write (tracee->tid, place, &theirs, sizeof theirs) < 0)
    return -EFAULT;
  return 0;
}

/* Return the result of REQUEST by TRACEE, which is attached to TARGET.  */
static int
serve (struct tracer *tracer, struct tracee *tracee, struct tracee *target,
       const struct guest_call *call)
{
  switch (call->arg[0])
    {
    case REQUEST_CONT:
    case REQUEST_DETACH:
      let_go (tracer, target);
      return 0;
    case REQUEST_GETREGSET:
      return give_set (tracee, target, call->arg[2], call->arg[3]);
#ifdef __x86_64__
    case REQUEST_GETREGS:
      {
        struct user_regs_struct words;
        if (ptrace (PTRACE_GETREGS, target->tid, 0, &words) != 0)
          return -errno;
        return memory_write (tracee->tid, call->arg[3], &words, sizeof words);
      }
#endif
    default:
      return -EIO;
    }
}

/* Answer wait4 of TRACEE for TARGET, to which it is attached.  */
static int
tell (const struct tracee *tracee, struct tracee *target,
      const struct guest_call *call)
{
  int status = SIGSTOP << 8 | 0x7f;
  if (target->told)
    return (call->arg[2] & WNOHANG) != 0 ? 0 : -ECHILD;
  target->told = true;
  if (call->arg[1] != 0
      && memory_write (tracee->tid, call->arg[1], &status, sizeof status) < 0)
    return -EFAULT;
  return target->tid;
}

bool
attach_answer (struct tracer *tracer, struct tracee *tracee,
               struct guest_call *call)
{
  bool waits = call->number == SYS_wait4;
  if (call->abi != GUEST_ABI_NATIVE || (!waits && call->number != SYS_ptrace))
    return false;
  struct tracee *target = tracees_find (
      &tracer->tracees, (pid_t) (waits ? call->arg[0] : call->arg[1]));
  if (target == NULL || target == tracee || target->space != tracee->space)
    return false;
  if (target->attached == tracee->tid)
    call->result = waits ? tell (tracee, target, call)
                         : serve (tracer, tracee, target, call);
  else if (!waits && call->arg[0] == REQUEST_ATTACH && target->attached == 0
           && !target->group_stopped
           && (target->state == TRACEE_RUNNING
               || target->state == TRACEE_IN_CALL))
    call->result = attach (tracer, tracee, target);
  else
    return false;
  return true;
}

void
attach_release (struct tracer *tracer, pid_t tid)
{
  size_t buckets =
      sizeof tracer->tracees.bucket / sizeof *tracer->tracees.bucket;
  if (!tracer->attaches)
    return;
  for (size_t i = 0; i < buckets; i++)
    for (struct tracee *target = tracer->tracees.bucket[i]; target != NULL;
         target = target->next)
      if (target->attached == tid)
        let_go (tracer, target);
}
