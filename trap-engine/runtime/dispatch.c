/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What becomes of a call.  */

#include "trap-engine/runtime/runtime.h"

#include <linux/ptrace.h>

#include "lib/guest/kernel.h"
#include "lib/guest/nested.h"
#include "trap-engine/runtime/signal.h"

static int64_t call_execute (struct trap_block *block);
static int64_t call_prctl (struct trap_block *block);
static int64_t call_arch_prctl (struct trap_block *block);

/* A filter may trap calls by their arguments; once a call site is patched all
   calls of it come here.  So each of these looks at the arguments again.  */
trap_call_function *const trap_calls[GUEST_CALL_LIMIT] = {
  [__NR_arch_prctl] = call_arch_prctl,
  [__NR_clone] = thread_call_clone,
  [__NR_clone3] = thread_call_clone3,
  [__NR_close] = descriptor_call_close,
  [__NR_close_range] = descriptor_call_close_range,
  [__NR_dup2] = descriptor_call_dup2,
  [__NR_dup3] = descriptor_call_dup3,
  [__NR_epoll_pwait] = signal_call_epoll,
  [441 /* epoll_pwait2 */] = signal_call_epoll,
  [__NR_execve] = call_execute,
  [__NR_execveat] = call_execute,
  [__NR_exit] = thread_call_exit,
  [__NR_fcntl] = descriptor_call_fcntl,
  [__NR_ppoll] = signal_call_ppoll,
  [__NR_prctl] = call_prctl,
  [__NR_ptrace] = watch_call_ptrace,
  [__NR_pselect6] = signal_call_pselect,
  [__NR_rt_sigaction] = signal_call_action,
  [__NR_rt_sigpending] = signal_call_pending,
  [__NR_rt_sigprocmask] = signal_call_mask,
  [__NR_rt_sigsuspend] = signal_call_suspend,
  [__NR_rt_sigtimedwait] = signal_call_wait,
  [__NR_seccomp] = filter_call_seccomp,
  [__NR_sigaltstack] = signal_call_stack,
  [__NR_unshare] = thread_call_unshare,
  [__NR_vfork] = thread_call_vfork,
  [__NR_wait4] = watch_call_wait4,
  [__NR_waitid] = watch_call_waitid,
};

#define ARCH_SET_GS 0x1001
#define ARCH_GET_GS 0x1004

/* %gs is the runtime's.  */
static int64_t
call_arch_prctl (struct trap_block *block)
{
  if ((int) block->arg[0] == ARCH_SET_GS)
    return adopt_for_gs (block);
  if ((int) block->arg[0] == ARCH_GET_GS)
    {
      uint64_t none = 0;
      return trap_copy ((void *) block->arg[1], &none, sizeof none) == 0
                 ? 0
                 : -K_EFAULT;
    }
  return trap_call (__NR_arch_prctl, block->arg[0], block->arg[1], 0, 0);
}

static int64_t
execve_here (struct guest_task *task, const char *path, uint64_t *arguments,
             uint64_t *environment)
{
  struct trap_block *block = block_of (task);
  signal_pass_on (block);
  if (block->asks_tracer)
    (void) trap_call (__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
  block->asks_tracer = false;
  int64_t result =
      trap_blocking (__NR_execve, trap_pointer (path), trap_pointer (arguments),
                     trap_pointer (environment), 0, 0, 0);
  signal_stay ();
  return result;
}

/* Execute what BLOCK's call, execve, says, or the launcher if it ENTERS. Return
   a negative errno.  */
static int64_t
execute (struct trap_block *block, bool enters)
{
  struct trap_carried carried;
  signal_carry (block, &carried);
  carried.enters = enters;
  int status = filter_carry (block, &carried);
  if (status < 0)
    return status;
  status = trap_execute (&block->task, &block->call, &carried, execve_here,
                         &block->mapped, &block->mapped_size);
  filter_forget (&carried);
  return status;
}

static int64_t
call_execute (struct trap_block *block)
{
  block->call = (struct guest_call){ .number = (int) block->number };
  for (int i = 0; i < 6; i++)
    block->call.arg[i] = block->arg[i];
  switch (guest_enter (&block->task, &block->call))
    {
    case GUEST_ANSWER:
      return block->call.result;
    case GUEST_EXEC:
      break;
    case GUEST_PASS:
    case GUEST_RUN:
    case GUEST_RUN_EXIT:
      return -K_ENOSYS; /* no rule says so */
    }
  return execute (block, false);
}

/* An engine in the container asks for help.  */
static int64_t
call_enter (struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  bool possible = trap_process.state->launcher[0] != '\0';
  if (arg[1] == ENTER_ASK)
    return possible ? ENTER_INSIDE : ENTER_REFUSED;
  if (arg[1] != ENTER_BECOME || !possible)
    return -K_EINVAL;
  block->call = (struct guest_call){ .number = __NR_execve,
                                     .arg = { 0, arg[2], arg[3] } };
  return execute (block, true);
}

static int64_t
call_prctl (struct trap_block *block)
{
  return (uint32_t) block->arg[0] == ENTER_CALL ? call_enter (block)
                                                : filter_call_prctl (block);
}

/* Make BLOCK's call as the program, or lib/guest, wants it.  */
static int64_t
run (const struct guest_call *call)
{
  const uint64_t *arg = call->arg;
  return trap_blocking (call->number, arg[0], arg[1], arg[2], arg[3], arg[4],
                        arg[5]);
}

int64_t
trap_follow (struct trap_block *block)
{
  struct guest_task *task = &block->task;
  struct guest_call *call = &block->call;
  block->scratch_used = 0;
  call->abi = GUEST_ABI_NATIVE;
  call->number = (int) block->number;
  for (int i = 0; i < 6; i++)
    call->arg[i] = block->arg[i];

  enum guest_verdict verdict = guest_enter (task, call);
  if (verdict == GUEST_ANSWER)
    return call->result;
  if (verdict == GUEST_EXEC)
    return -K_ENOSYS;
  do
    call->result = run (call);
  while (verdict == GUEST_RUN_EXIT && call->result != CALL_ABORTED
         && guest_leave (task, call));
  guest_task_release (task);
  return call->result;
}

int64_t
trap_dispatch (struct trap_block *block)
{
  uint64_t number = (uint32_t) block->number;
  if (!thread_is_known ())
    thread_forked (block);
  int64_t result;
  if (block->foreign)
    {
      block->foreign = false;
      result = adopt_for_int80 (block);
    }
  else if (block->filters == NULL || !filter_forbids (block, &result))
    result = number < GUEST_CALL_LIMIT && trap_calls[number] != NULL
                 ? trap_calls[number](block)
                 : trap_follow (block);
  block->restarts = result == CALL_ABORTED;
  return result;
}
