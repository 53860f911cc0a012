/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls of programs that trace others.  */

#include "trap-engine/runtime/watch.h"

#include <linux/audit.h>
#include <linux/elf.h>
#include <linux/ptrace.h>

#include "lib/guest/kernel.h"
#include "trap-engine/runtime/runtime.h"
#include "trap-engine/traced.h"

/* Requests of x86_64 that <linux/ptrace.h> lacks.  */
enum
{
  GETREGS = 12,
  SETREGS = 13
};

/* The codes of SIGCHLD that tell of a stop.  */
enum
{
  CODE_TRAPPED = 4,
  CODE_STOPPED = 5
};

#define WAIT_LEAVES 0x01000000u /* WNOWAIT */

int64_t
watch_call_wait4 (struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  for (;;)
    {
      int status = 0;
      int64_t tid = trap_blocking (__NR_wait4, arg[0], trap_pointer (&status),
                                   arg[2], arg[3], 0, 0);
      if (tid <= 0)
        return tid;
      if (!watch_stop ((int) tid, &status))
        continue;
      if (arg[1] != 0
          && trap_copy ((void *) arg[1], &status, sizeof status) != 0)
        return -K_EFAULT;
      return tid;
    }
}

/* What waitid writes.  */
struct child_info
{
  int32_t number, error, code, pad;
  int32_t pid, uid, status;
};

int64_t
watch_call_waitid (struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  struct child_info info;
  for (;;)
    {
      int64_t result = trap_follow (block);
      if (result != 0 || arg[2] == 0 || (arg[3] & WAIT_LEAVES) != 0
          || trap_copy (&info, (const void *) arg[2], sizeof info) != 0
          || info.pid == 0
          || (info.code != CODE_TRAPPED && info.code != CODE_STOPPED))
        return result;
      int status = info.status << 8 | 0x7f;
      if (!watch_stop (info.pid, &status))
        continue;
      info.status = status >> 8;
      return trap_copy ((void *) arg[2], &info, sizeof info) == 0 ? 0
                                                                  : -K_EFAULT;
    }
}

/* BLOCK's program asks for registers of WATCHED, which is in the runtime.  */
static int64_t
tell_registers (const struct trap_block *block, const struct watched *watched)
{
  const uint64_t *arg = block->arg;
  struct watch_registers registers;
  uint64_t vector[2], size = sizeof registers;
  const void *from = &registers;
  uint64_t to = arg[3];
  watch_view (watched, &registers);
  if (arg[0] == PTRACE_PEEKUSR)
    {
      size = sizeof (uint64_t);
      from = (const char *) &registers + arg[2];
    }
  else if (arg[0] == PTRACE_GETREGSET)
    {
      if (trap_copy (vector, (const void *) to, sizeof vector) != 0)
        return -K_EFAULT;
      if (vector[1] > size)
        vector[1] = size;
      if (trap_copy ((void *) to, vector, sizeof vector) != 0)
        return -K_EFAULT;
      to = vector[0];
      size = vector[1];
    }
  return trap_copy ((void *) to, from, size) == 0 ? 0 : -K_EFAULT;
}

/* BLOCK's program asks for the call that WATCHED's stop tells of.  */
static int64_t
tell_call (const struct trap_block *block, const struct watched *watched)
{
  const uint64_t *arg = block->arg;
  struct watch_registers registers;
  watch_view (watched, &registers);
  const int64_t result = (int64_t) registers.rax;
  struct watch_call info = {
    .what = WATCH_CALL_BEGINS,
    .architecture = AUDIT_ARCH_X86_64,
    .rip = registers.rip,
    .rsp = registers.rsp,
    .begins = { .number = registers.orig_rax,
                .arg = { registers.rdi, registers.rsi, registers.rdx,
                         registers.r10, registers.r8, registers.r9 } },
  };
  uint64_t size = offsetof (struct watch_call, begins.reason);
  if (watched->notes.shown == WATCH_RETURNED)
    {
      info.what = WATCH_CALL_ENDS;
      info.ends.result = result;
      info.ends.fails = result < 0 && result >= -4095;
      size = offsetof (struct watch_call, ends.fails) + sizeof info.ends.fails;
    }
  else if (watched->notes.shown == WATCH_ASKED)
    {
      info.what = WATCH_CALL_IS_FILTERED;
      info.begins.reason = (uint32_t) watched->notes.message;
      size += sizeof info.begins.reason;
    }
  if (trap_copy ((void *) arg[3], &info, size < arg[2] ? size : arg[2]) != 0)
    return -K_EFAULT;
  return (int64_t) size;
}

/* BLOCK's program asks for the signals that WATCHED has blocked, or sets them.
   The kernel never has ours blocked.  */
static int64_t
exchange_mask (const struct trap_block *block, const struct watched *watched)
{
  const uint64_t *arg = block->arg;
  uint64_t *there = &watched->block->blocked;
  uint64_t mask = 0, ours = 0;
  bool sets = arg[0] == PTRACE_SETSIGMASK;
  if (arg[2] != sizeof mask)
    return -K_EINVAL;
  if (sets && trap_copy (&mask, (const void *) arg[3], sizeof mask) != 0)
    return -K_EFAULT;
  if (sets)
    ours = mask & SIGNALS_OURS;
  else
    (void) watch_read (watched->tid, there, &ours, sizeof ours);
  mask &= ~SIGNALS_OURS;
  int64_t result = watch_request ((long) arg[0], watched->tid, sizeof mask,
                                  trap_pointer (&mask));
  if (result < 0)
    return result;
  mask |= ours;
  if (sets)
    (void) watch_write (watched->tid, there, &ours, sizeof ours);
  else if (trap_copy ((void *) arg[3], &mask, sizeof mask) != 0)
    return -K_EFAULT;
  return result;
}

/* Return whether ARG are those of a request for general registers, or to set
   them if SETS.  */
static bool
is_about_registers (const uint64_t *arg, bool sets)
{
  const size_t size = sizeof (struct watch_registers);
  switch (arg[0])
    {
    case GETREGS:
      return !sets;
    case SETREGS:
      return sets;
    case PTRACE_PEEKUSR:
      return !sets && arg[2] % 8 == 0 && arg[2] < size;
    case PTRACE_POKEUSR:
      return sets && arg[2] % 8 == 0 && arg[2] < size;
    case PTRACE_GETREGSET:
      return !sets && arg[2] == NT_PRSTATUS;
    case PTRACE_SETREGSET:
      return sets && arg[2] == NT_PRSTATUS;
    default:
      return false;
    }
}

static int64_t
pass (const struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  return watch_request ((long) arg[0], (int) arg[1], arg[2], arg[3]);
}

/* Tell the process of thread TID whether it is traced.  */
static void
set_traced (int tid, bool traced)
{
  (void) watch_write (tid, &trap_process.watch.traced, &traced, sizeof traced);
}

/* BLOCK's program begins to trace a thread.  */
static int64_t
attach (const struct trap_block *block)
{
  const int tid = (int) block->arg[1];
  int64_t result = pass (block);
  if (result >= 0 && block->arg[0] == PTRACE_SEIZE)
    watch_note_options (block->arg[3]);
  if (result >= 0 && watch_is_ours (tid))
    set_traced (tid, true);
  return result;
}

/* BLOCK's program traces a thread no more.  A signal that was to be shown is
   left to it.  */
static int64_t
detach (const struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  struct watched watched;
  if (!watch_look ((int) arg[1], &watched))
    return pass (block);
  const uint64_t kept = (uint64_t) watched.notes.info.number;
  bool keeps = watched.notes.status != 0 && kept != K_SIGTRAP && arg[3] == 0;
  if (keeps)
    (void) watch_request (PTRACE_SETSIGINFO, watched.tid, 0,
                          trap_pointer (&watched.notes.info));
  watch_await (&watched, 0);
  set_traced (watched.tid, false);
  watched.notes = (struct trap_notes){ 0 };
  watch_keep (&watched);
  return watch_request (PTRACE_DETACH, watched.tid, 0, keeps ? kept : arg[3]);
}

/* Answer for what BLOCK's program asks about WATCHED.  */
static int64_t
answer (struct trap_block *block, struct watched *watched)
{
  const uint64_t *arg = block->arg;
  const int32_t shown = watched->notes.shown;
  if (arg[0] == PTRACE_CONT || arg[0] == PTRACE_SYSCALL
      || arg[0] == PTRACE_SINGLESTEP)
    return watch_resume (watched, (long) arg[0], arg[3]);
  if (watched->inside && is_about_registers (arg, false))
    return tell_registers (block, watched);
  if (watched->inside && is_about_registers (arg, true))
    return -K_EIO;
  if (arg[0] == PTRACE_GETSIGMASK || arg[0] == PTRACE_SETSIGMASK)
    return exchange_mask (block, watched);
  if (arg[0] == WATCH_GET_CALL
      && (shown == WATCH_RETURNED || shown == WATCH_CALLED
          || shown == WATCH_ASKED))
    return tell_call (block, watched);
  if (arg[0] == PTRACE_GETEVENTMSG
      && (shown == WATCH_EXECUTED || shown == WATCH_ASKED))
    return trap_copy ((void *) arg[3], &watched->notes.message,
                      sizeof watched->notes.message)
                   == 0
               ? 0
               : -K_EFAULT;
  return pass (block);
}

int64_t
watch_call_ptrace (struct trap_block *block)
{
  struct watched watched;
  switch (block->arg[0])
    {
    case PTRACE_TRACEME:
      /* Its parent cannot answer to what stops it before its execve.  */
      if (!block->lent)
        return pass (block);
      if (block->asks_tracer || trap_is_traced ())
        return -K_EPERM;
      block->asks_tracer = true;
      return 0;
    case PTRACE_ATTACH:
    case PTRACE_SEIZE:
      return attach (block);
    case PTRACE_DETACH:
      return detach (block);
    case PTRACE_SETOPTIONS:
      watch_note_options (block->arg[3]);
      return pass (block);
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_POKETEXT:
    case PTRACE_POKEDATA:
      return pass (block);
    default:
      return watch_look ((int) block->arg[1], &watched)
                 ? answer (block, &watched)
                 : pass (block);
    }
}
