/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Filters of system calls that programs install for themselves.

   Each is really installed, behind a few instructions that allow all that is
   called from our window.  So the kernel judges what we do not trap, and kills
   what is to be killed.  Of a call that both trap it only tells us: our own
   trap is stricter than most of what a filter may say, and at patched places
   there is no trap at all.  So copies are kept, and whatever comes to the
   runtime is judged by them before anything else (judge.h).

   The copies lie in the process's memory and stay there; tasks point to their
   newest one.  An execve hands them on in a file without a name.  */

#include "trap-engine/runtime/runtime.h"

#include <linux/audit.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "lib/guest/filter.h"
#include "lib/guest/kernel.h"
#include "trap-engine/judge.h"
#include "trap-engine/runtime/signal.h"
#include "trap-engine/traced.h"

#define RETURN_USER_NOTIF 0x7fc00000u
#define MAX_ERRNO 4095u
#define SET_SYSCALL_USER_DISPATCH 59

#define LOAD(member)                                                           \
  BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, member))

/* In front of every filter: all is allowed in our window.  Registers are then
   as at the start.  */
static const struct sock_filter prefix[] = {
  BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
            offsetof (struct seccomp_data, instruction_pointer) + 4),
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, TRAP_WINDOW_HIGH, 0, 1),
  BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  BPF_STMT (BPF_LD | BPF_IMM, 0),
};
#define PREFIX (sizeof prefix / sizeof *prefix)

/* Strict mode: what it does not allow comes to us, and ends there.  */
static const struct sock_filter strict[] = {
  LOAD (nr),
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, __NR_read, 4, 0),
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 3, 0),
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, __NR_exit, 2, 0),
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigreturn, 1, 0),
  BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
#define STRICT (sizeof strict / sizeof *strict)

/* How much of our pages for filters is taken.  */
static uint64_t used;

/* Return SIZE bytes of our pages, or NULL.  */
static void *
get_memory (size_t size)
{
  size = (size + 4095) & ~(size_t) 4095;
  uint64_t at = __atomic_fetch_add (&used, size, __ATOMIC_RELAXED);
  if (at + size > TRAP_FILTERS_END - TRAP_FILTERS)
    return NULL;
  long memory =
      call_mmap (TRAP_FILTERS + at, size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (uintptr_t) -1, 0);
  return is_error (memory) ? NULL : (void *) memory;
}

/* End the process by signal NUMBER, which is not caught by then.  */
static _Noreturn void
die (int number)
{
  const struct k_sigaction action = { 0 };
  int pid = (int) trap_call (__NR_getpid, 0, 0, 0, 0);
  int tid = (int) trap_call (__NR_gettid, 0, 0, 0, 0);
  trap_call (__NR_rt_sigaction, (uint64_t) number, trap_pointer (&action), 0,
             sizeof action.mask);
  for (;;)
    {
      trap_call (__NR_tgkill, (uint64_t) pid, (uint64_t) tid, (uint64_t) number,
                 0);
      trap_call (__NR_exit_group, 128u + (uint64_t) number, 0, 0, 0);
    }
}

/* End BLOCK's thread; its process, with signal NUMBER, when there is no
   other.  */
static int64_t
end_thread (struct trap_block *block, int number)
{
  if (thread_is_last (block))
    die (number);
  block->arg[0] = (uint64_t) number;
  return thread_call_exit (block);
}

/* Have signal SIGSYS delivered for BLOCK's call, of which DATA is told, on the
   way out.  Return the call's result.  */
static int64_t
send_signal (struct trap_block *block, const struct seccomp_data *data,
             uint32_t reason)
{
  uint64_t mask = signal_set_mask (~SIGNALS_OURS);
  if ((__atomic_fetch_or (&block->pending, WAITS_SIGNAL, __ATOMIC_RELAXED)
       & WAITS_SIGNAL)
      != 0)
    {
      /* Another one came first; it has blocked all before us, or did not see
         what was blocked before.  */
      if ((mask | SIGNALS_OURS) != ~0ul)
        block->mask = mask;
      return CALL_ABORTED;
    }
  block->info = (struct k_siginfo){
    .number = K_SIGSYS,
    .error = (int32_t) reason,
    .code = K_SYS_SECCOMP,
    .address = data->instruction_pointer,
    .syscall = data->nr,
    .arch = data->arch,
  };
  block->mask = mask;
  return (int64_t) block->number;
}

/* Do to BLOCK's call what was SAID of it.  Return whether it is not to be made;
   RESULT is its result then.  */
static bool
carry_out (struct trap_block *block, const struct seccomp_data *data,
           uint32_t said, int64_t *result)
{
  uint32_t reason = said & SECCOMP_RET_DATA;
  switch (said & SECCOMP_RET_ACTION_FULL)
    {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
      return false;
    case SECCOMP_RET_TRACE:
      /* By nobody: there is no such call.  */
      *result = -K_ENOSYS;
      return !trap_is_traced () || trap_ask (reason) != 0;
    case RETURN_USER_NOTIF:
      *result = -K_ENOSYS;
      return true;
    case SECCOMP_RET_ERRNO:
      *result = -(int64_t) (reason < MAX_ERRNO ? reason : MAX_ERRNO);
      return true;
    case SECCOMP_RET_TRAP:
      if (block->filters->strict)
        *result = end_thread (block, K_SIGKILL);
      else
        *result = send_signal (block, data, reason);
      return true;
    case SECCOMP_RET_KILL_THREAD:
      *result = end_thread (block, K_SIGSYS);
      return true;
    default:
      die (K_SIGSYS);
    }
}

bool
filter_forbids (struct trap_block *block, int64_t *result)
{
  struct seccomp_data data = { .nr = (int) block->number,
                               .arch = AUDIT_ARCH_X86_64,
                               .instruction_pointer = block->site + 2 };
  for (int i = 0; i < 6; i++)
    data.args[i] = block->arg[i];
  return carry_out (block, &data, trap_judge (block->filters, &data), result);
}

/* Return the filter that REQUEST asks for, or NULL with the negative errno in
   ERROR.  */
static struct trap_filter *
make_filter (const struct guest_filter_request *request, int *error)
{
  const size_t own = request->strict ? STRICT : request->count;
  struct trap_filter *filter =
      PREFIX + own <= BPF_MAXINSNS ? get_memory (
          sizeof *filter + (PREFIX + own) * sizeof filter->program[0])
                                   : NULL;
  *error = -K_ENOMEM;
  if (filter == NULL)
    return NULL;
  filter->count = (uint32_t) (PREFIX + own);
  filter->strict = request->strict;
  for (size_t i = 0; i < PREFIX; i++)
    filter->program[i] = prefix[i];
  if (request->strict)
    for (size_t i = 0; i < own; i++)
      filter->program[PREFIX + i] = strict[i];
  else if (trap_copy (filter->program + PREFIX,
                      (const void *) request->instructions,
                      own * sizeof filter->program[0])
           != 0)
    {
      *error = -K_EFAULT;
      return NULL;
    }
  return filter;
}

/* Install what REQUEST of BLOCK's task asks for.  Return as seccomp does.  */
static int64_t
install (struct trap_block *block, const struct guest_filter_request *request)
{
  struct guest_ids *ids = &block->task.ids;
  int64_t result;
  int error;
  struct trap_filter *filter = make_filter (request, &error);
  if (filter == NULL)
    return error;
  struct sock_fprog program = { .len = (unsigned short) filter->count,
                                .filter = filter->program };
  if (request->flags == 0)
    /* The older call, which every kernel with filters has.  */
    result = trap_call (__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                        trap_pointer (&program), 0);
  else
    result = trap_call (__NR_seccomp, SECCOMP_SET_MODE_FILTER, request->flags,
                        trap_pointer (&program), 0);
  if (result != 0)
    return result;
  filter->older = block->filters;
  block->filters = filter;
  if (ids->filters < UINT8_MAX)
    ids->filters++;
  if ((request->flags & SECCOMP_FILTER_FLAG_TSYNC) != 0)
    thread_share_filters (block);
  return 0;
}

int64_t
filter_call_seccomp (struct trap_block *block)
{
  struct guest_call call = { .number = (int) block->number };
  struct guest_filter_request request;
  for (int i = 0; i < 6; i++)
    call.arg[i] = block->arg[i];
  int status = guest_filter_read (&block->task, &call, &request);
  if (status < 0)
    return status;
  return status > 0 ? install (block, &request) : trap_follow (block);
}

int64_t
filter_call_prctl (struct trap_block *block)
{
  /* Another one who would have our own calls trapped.  */
  if ((int) block->arg[0] == SET_SYSCALL_USER_DISPATCH)
    return -K_EINVAL;
  return filter_call_seccomp (block);
}

int
filter_carry (const struct trap_block *block, struct trap_carried *carried)
{
  carried->filters_size = 0;
  carried->filters_fd = -1;
  if (block->filters == NULL)
    return 0;
  int fd =
      (int) trap_call (__NR_memfd_create, trap_pointer ("filters"), 0, 0, 0);
  if (fd < 0)
    return fd;
  int spare = trap_process.guest.spare;
  int moved = spare > 0 ? (int) trap_call (__NR_fcntl, (uint64_t) fd, F_DUPFD,
                                           (uint64_t) spare, 0)
                        : -1;
  if (moved >= 0)
    trap_call (__NR_close, (uint64_t) fd, 0, 0, 0);
  carried->filters_fd = moved >= 0 ? moved : fd;
  for (const struct trap_filter *filter = block->filters; filter != NULL;
       filter = filter->older)
    {
      size_t size = trap_filter_size (filter);
      int64_t written =
          trap_call (__NR_pwrite64, (uint64_t) carried->filters_fd,
                     trap_pointer (filter), size, carried->filters_size);
      if (written != (int64_t) size)
        {
          filter_forget (carried);
          return written < 0 ? (int) written : -K_ENOSPC;
        }
      carried->filters_size += (uint32_t) size;
    }
  return 0;
}

void
filter_forget (struct trap_carried *carried)
{
  if (carried->filters_fd >= 0)
    trap_call (__NR_close, (uint64_t) carried->filters_fd, 0, 0, 0);
  carried->filters_fd = -1;
}

bool
filter_start (struct trap_block *block, int fd, uint32_t size)
{
  block->filters = NULL;
  if (size == 0)
    return true;
  char *memory = get_memory (size);
  if (memory == NULL
      || trap_call (__NR_pread64, (uint64_t) fd, trap_pointer (memory), size, 0)
             != (int64_t) size)
    return false;
  trap_call (__NR_close, (uint64_t) fd, 0, 0, 0);
  struct trap_filter **place = &block->filters;
  for (uint32_t at = 0; at < size;)
    {
      struct trap_filter *filter =
          (struct trap_filter *) (void *) (memory + at);
      *place = filter;
      place = &filter->older;
      at += (uint32_t) trap_filter_size (filter);
    }
  *place = NULL;
  return true;
}
