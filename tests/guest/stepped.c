/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* The program into which step.c injects signals: it makes the call that it is
   asked for, with every register known, and says afterwards whether all is as
   if the signal had come just before the call, or just behind it.

   usage: stepped        in an empty directory, started by step
          stepped quit   end at once  */

#define _GNU_SOURCE 1

#ifndef __x86_64__
#  error "this is about registers of x86_64"
#endif

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "step.h"

#define MASK(number) (1ul << ((number) -1))
#define FLAGS 0xd7ul /* of the processor, as LAHF has them; and overflow */
#define ASK_FLAGS 0x8d7ul
#define FP_SIZE 416 /* what FXSAVE writes up to what is reserved */

/* The registers of a call.  The assembler below knows the offsets.  */
struct state
{
  uint64_t nr, arg[6], other[6]; /* other: rbx rbp r12 r13 r14 r15 */
  uint64_t flags, rsp, spoiled;
};

/* Make the call BEFORE; what is found behind it goes to step_state.  */
void step_call (const struct state *before);

/* The same from a handler, with the context CONTEXT on top of the stack: does
   not return.  */
_Noreturn void step_return (ucontext_t *context, const struct state *before);

/* What a child with memory of its parent does instead of going on.  */
_Noreturn void step_child (void);

extern char step_before[], step_site[], step_done[], step_after[], step_ready[];
extern char __executable_start[], etext[];
void step_wait (void);

struct state step_state;
uint64_t step_stack, step_pointer, step_fp_mask;
uint32_t step_has_child;
unsigned char step_fp_before[16384] __attribute__ ((aligned (64)));
unsigned char step_fp_after[16384] __attribute__ ((aligned (64)));

__asm__(".text\n"
        ".globl step_wait, step_ready\n"
        "step_wait:\n\t"
        "int3\n"
        "step_ready:\n\t"
        "ret\n"
        ".globl step_return\n"
        "step_return:\n\t"
        "mov %rdi, %rsp\n\t"
        "mov %rsi, %rbx\n\t"
        "jmp 1f\n"
        ".globl step_call\n"
        "step_call:\n\t"
        "push %rbx\n\t"
        "push %rbp\n\t"
        "push %r12\n\t"
        "push %r13\n\t"
        "push %r14\n\t"
        "push %r15\n\t"
        "mov %rsp, step_stack(%rip)\n\t"
        "mov %rdi, %rbx\n\t"
        "sub $288, %rsp\n\t"
        "mov (%rbx), %rax\n\t"
        "mov %rax, 8(%rsp)\n\t"
        "mov %rsp, step_pointer(%rip)\n"
        "1:\n\t"
        "mov step_fp_mask(%rip), %eax\n\t"
        "mov step_fp_mask+4(%rip), %edx\n\t"
        "xrstor64 step_fp_before(%rip)\n\t"
        "push $0x8d7\n\t"
        "popf\n\t"
        "movq $0x1111, -8(%rsp)\n\t"
        "movq $0x2222, -64(%rsp)\n\t"
        "movq $0x3333, -120(%rsp)\n\t"
        "movq $0x4444, -128(%rsp)\n\t"
        "mov 8(%rbx), %rdi\n\t"
        "mov 16(%rbx), %rsi\n\t"
        "mov 24(%rbx), %rdx\n\t"
        "mov 32(%rbx), %r10\n\t"
        "mov 40(%rbx), %r8\n\t"
        "mov 48(%rbx), %r9\n\t"
        "mov 64(%rbx), %rbp\n\t"
        "mov 72(%rbx), %r12\n\t"
        "mov 80(%rbx), %r13\n\t"
        "mov 88(%rbx), %r14\n\t"
        "mov 96(%rbx), %r15\n\t"
        "mov 56(%rbx), %rbx\n\t"
        "int3\n"
        ".globl step_before, step_site, step_done, step_after\n"
        "step_before:\n\t"
        "mov 8(%rsp), %rax\n"
        "step_site:\n\t"
        "syscall\n"
        "step_done:\n\t"
        "int3\n"
        "step_after:\n\t"
        "mov %rax, %rcx\n\t"
        "lahf\n\t"
        "seto %al\n\t"
        "mov %rax, %r11\n\t"
        "test %rcx, %rcx\n\t"
        "jnz 1f\n\t"
        "cmpl $0, step_has_child(%rip)\n\t"
        "je 1f\n\t"
        "and $-16, %rsp\n\t"
        "call step_child\n"
        "1:\n\t"
        "mov %rcx, step_state(%rip)\n\t"
        "mov %rdi, step_state+8(%rip)\n\t"
        "mov %rsi, step_state+16(%rip)\n\t"
        "mov %rdx, step_state+24(%rip)\n\t"
        "mov %r10, step_state+32(%rip)\n\t"
        "mov %r8, step_state+40(%rip)\n\t"
        "mov %r9, step_state+48(%rip)\n\t"
        "mov %rbx, step_state+56(%rip)\n\t"
        "mov %rbp, step_state+64(%rip)\n\t"
        "mov %r12, step_state+72(%rip)\n\t"
        "mov %r13, step_state+80(%rip)\n\t"
        "mov %r14, step_state+88(%rip)\n\t"
        "mov %r15, step_state+96(%rip)\n\t"
        "mov %r11, step_state+104(%rip)\n\t"
        "mov %rsp, step_state+112(%rip)\n\t"
        "xor %ecx, %ecx\n\t"
        "cmpq $0x1111, -8(%rsp)\n\t"
        "jne 1f\n\t"
        "cmpq $0x2222, -64(%rsp)\n\t"
        "jne 1f\n\t"
        "cmpq $0x3333, -120(%rsp)\n\t"
        "jne 1f\n\t"
        "cmpq $0x4444, -128(%rsp)\n\t"
        "je 2f\n"
        "1:\n\t"
        "mov $1, %ecx\n"
        "2:\n\t"
        "mov %rcx, step_state+120(%rip)\n\t"
        "mov step_fp_mask(%rip), %eax\n\t"
        "mov step_fp_mask+4(%rip), %edx\n\t"
        "xsave64 step_fp_after(%rip)\n\t"
        "mov step_stack(%rip), %rsp\n\t"
        "pop %r15\n\t"
        "pop %r14\n\t"
        "pop %r13\n\t"
        "pop %r12\n\t"
        "pop %rbp\n\t"
        "pop %rbx\n\t"
        "ret\n");

static size_t fp_size;

/* What processes that are made share with the first.  */
struct common
{
  struct step_shared shared;
  int runs, others;
  uint64_t seen;          /* result that the handler found, */
  int has_seen;           /* if it did */
  volatile int child_ran; /* and what a child wrote */
  volatile int child_id;
};
static struct common *common;
static struct step_shared *shared;

/* One way of signals.  */
enum mode
{
  HANDLED,
  BLOCKED,
  IGNORED
};

struct variant
{
  const char *name;
  int number, flags;
  enum mode mode;
};

static const struct variant variants[] = {
  { "USR1", SIGUSR1, 0, HANDLED },
  { "USR1 restarting", SIGUSR1, SA_RESTART, HANDLED },
  { "USR1 on a stack", SIGUSR1, SA_ONSTACK, HANDLED },
  { "USR1 blocked", SIGUSR1, 0, BLOCKED },
  { "USR1 once", SIGUSR1, (int) SA_RESETHAND | SA_NODEFER, HANDLED },
  { "RTMIN+1", 35, SA_RESTART, HANDLED },
  { "SEGV", SIGSEGV, 0, HANDLED },
  { "SEGV on a stack", SIGSEGV, SA_ONSTACK | SA_RESTART, HANDLED },
  { "SEGV blocked", SIGSEGV, 0, BLOCKED },
  { "SEGV ignored", SIGSEGV, 0, IGNORED },
  { "BUS", SIGBUS, 0, HANDLED },
  { "ILL", SIGILL, SA_RESTART, HANDLED },
  { "ILL blocked", SIGILL, 0, BLOCKED },
  { "SYS", SIGSYS, 0, HANDLED },
  { "SYS blocked", SIGSYS, 0, BLOCKED },
  { "SYS ignored", SIGSYS, 0, IGNORED },
};
static const struct variant *variant;

/* A call, and what belongs to it.  */
struct scenario
{
  const char *name;
  long nr;
  int flags;
  /* Make ready, and fill the arguments in.  May be NULL.  */
  void (*prepare) (struct state *state);
  /* Look at RESULT and tidy up.  NULL: 0 is right.  */
  void (*check) (long result);
  /* What the handler does; NULL: nothing.  */
  void (*release) (void);
  /* Instead of making the call at once.  NULL: make it.  */
  void (*run) (const struct state *state);
};
static const struct scenario *scenario;
static struct state request;

/* Masks: what is blocked around the call and behind it, and what in it; 0: the
   same.  */
static uint64_t mask_before, mask_after, mask_within;

static unsigned char stack[65536] __attribute__ ((aligned (64)));
static unsigned char child_stack[65536] __attribute__ ((aligned (64)));

__attribute__ ((format (printf, 1, 2))) static void
fail (const char *format, ...)
{
  if (shared->verdict[0] != '\0')
    return;
  va_list list;
  va_start (list, format);
  vsnprintf (shared->verdict, sizeof shared->verdict, format, list);
  va_end (list);
}

static uint64_t
get_mask (void)
{
  uint64_t mask = 0;
  syscall (SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
  return mask;
}

static void
set_mask (uint64_t mask)
{
  syscall (SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
}

static uint64_t
get_pending (void)
{
  uint64_t mask = 0;
  syscall (SYS_rt_sigpending, &mask, 8);
  return mask;
}

static bool
is_on_stack (uint64_t address)
{
  return address >= (uint64_t) stack
         && address < (uint64_t) stack + sizeof stack;
}

/* See that the handler was called as if from the program.  */
static void
check_context (const ucontext_t *context)
{
  const greg_t *reg = context->uc_mcontext.gregs;
  static const int arguments[] = { REG_RDI, REG_RSI, REG_RDX,
                                   REG_R10, REG_R8,  REG_R9 };
  static const int others[] = { REG_RBX, REG_RBP, REG_R12,
                                REG_R13, REG_R14, REG_R15 };
  uint64_t rip = (uint64_t) reg[REG_RIP];
  if (rip < shared->text_start || rip >= shared->text_end)
    {
      fail ("the handler was called from %lx", (unsigned long) rip);
      return;
    }
  bool early = rip == (uint64_t) step_before || rip == (uint64_t) step_site;
  bool late = rip == (uint64_t) step_done || rip == (uint64_t) step_after;
  if (!early && !late)
    return;
  if (rip == (uint64_t) step_site && (uint64_t) reg[REG_RAX] != request.nr)
    fail ("number %lld at the call", reg[REG_RAX]);
  for (int i = 0; i < 6; i++)
    if ((uint64_t) reg[arguments[i]] != request.arg[i])
      fail ("argument %d is %llx for the handler", i, reg[arguments[i]]);
  for (int i = 0; i < 6; i++)
    if ((uint64_t) reg[others[i]] != request.other[i])
      fail ("register %d is %llx for the handler", i, reg[others[i]]);
  if (((uint64_t) reg[REG_EFL] & ASK_FLAGS) != ASK_FLAGS)
    fail ("flags %llx for the handler", reg[REG_EFL]);
  const unsigned char *fp = (const unsigned char *) context->uc_mcontext.fpregs;
  for (size_t i = 0; i < FP_SIZE; i++)
    if (fp[i] != step_fp_before[i])
      fail ("byte %zu of the floating point registers is %x for the handler", i,
            fp[i]);
  if (late)
    {
      common->seen = (uint64_t) reg[REG_RAX];
      common->has_seen = 1;
    }
}

static void
handler (int number, siginfo_t *info, void *argument)
{
  ucontext_t *context = argument;
  int saved = errno;
  int local;
  struct stat st;
  common->runs++;
  if (number != variant->number || info->si_signo != number)
    fail ("handler of signal %d, information of %d", number, info->si_signo);
  if (info->si_code != SI_TKILL && info->si_code != SI_USER)
    fail ("code %d", info->si_code);
  check_context (context);
  /* A new thread has no such stack.  */
  bool moved = (variant->flags & SA_ONSTACK) != 0
               && ((scenario->flags & STEP_CHILD) == 0 || step_has_child != 2);
  if (moved != is_on_stack ((uint64_t) &local))
    fail ("handler on the wrong stack");
  uint64_t outer;
  memcpy (&outer, &context->uc_sigmask, sizeof outer);
  /* A child has unblocked it.  */
  uint64_t open =
      (scenario->flags & STEP_CHILD) != 0 && variant->mode == BLOCKED
          ? MASK (number)
          : 0;
  /* And it may interrupt the other handler.  */
  uint64_t base = shared->second != 0 ? outer & ~MASK (shared->second) : outer;
  if (base != mask_before && base != mask_after
      && base != (mask_before & ~open))
    fail ("mask %lx to be restored", (unsigned long) outer);
  uint64_t inner = mask_within != 0 ? mask_within : outer;
  inner |= MASK (SIGALRM);
  if ((variant->flags & SA_NODEFER) == 0)
    inner |= MASK (number);
  if (get_mask () != inner)
    fail ("mask %lx in the handler", (unsigned long) get_mask ());
  if (stat ("file", &st) < 0 || st.st_size != 4)
    fail ("stat in the handler");
  if (scenario->release != NULL)
    scenario->release ();
  errno = saved;
}

/* The handler of another signal, which comes too.  */
static void
other_handler (int number)
{
  (void) number;
  common->others++;
}

static void
set_action (int number, const struct variant *how)
{
  struct sigaction action = { .sa_sigaction = handler,
                              .sa_flags = how->flags | SA_SIGINFO };
  if (how->mode == IGNORED)
    action = (struct sigaction){ .sa_handler = SIG_IGN };
  sigaddset (&action.sa_mask, SIGALRM);
  sigaction (number, &action, NULL);
}

/* Paths.  */

static char text[4096];

static void
prepare_file (struct state *state)
{
  state->arg[0] = (uint64_t) "file";
  state->arg[1] = (uint64_t) text;
}

static void
prepare_none (struct state *state)
{
  state->arg[0] = (uint64_t) "dir/none";
  state->arg[1] = (uint64_t) text;
}

static void
prepare_open_none (struct state *state)
{
  state->arg[0] = (uint64_t) "dir/none";
}

static void
check_none (long result)
{
  if (result != -ENOENT)
    fail ("result %ld, no ENOENT", result);
}

static void
prepare_link (struct state *state)
{
  state->arg[0] = (uint64_t) "dir/link";
  state->arg[1] = (uint64_t) text;
  state->arg[2] = sizeof text;
}

static void
check_link (long result)
{
  if (result != 7 || memcmp (text, "../file", 7) != 0)
    fail ("result %ld of readlink", result);
}

static void
prepare_executable (struct state *state)
{
  prepare_link (state);
  state->arg[0] = (uint64_t) "/proc/thread-self/exe";
}

static void
prepare_own (struct state *state)
{
  prepare_link (state);
  state->arg[0] = (uint64_t) "/proc/self/exe";
}

static void
check_executable (long result)
{
  if (result < 5 || memchr (text, '/', (size_t) result) == NULL)
    fail ("result %ld of readlink", result);
}

static void
prepare_getcwd (struct state *state)
{
  state->arg[0] = (uint64_t) text;
  state->arg[1] = sizeof text;
}

static void
check_getcwd (long result)
{
  if (result < 2 || text[result - 1] != '\0')
    fail ("result %ld of getcwd", result);
}

static void
prepare_open (struct state *state)
{
  state->arg[0] = (uint64_t) "dir/../file";
  state->arg[1] = O_RDONLY;
}

static void
check_open (long result)
{
  struct stat st;
  if (result < 0)
    fail ("result %ld of open", result);
  else if (fstat ((int) result, &st) < 0 || st.st_size != 4)
    fail ("another file opened");
  close ((int) result);
}

static void
prepare_create (struct state *state)
{
  state->arg[0] = (uint64_t) "new";
  state->arg[1] = O_CREAT | O_EXCL | O_WRONLY;
  state->arg[2] = 0600;
}

static void
check_create (long result)
{
  if (result < 0)
    fail ("result %ld of open", result);
  close ((int) result);
  if (unlink ("new") < 0)
    fail ("nothing created");
}

static uint64_t how[3];

static void
prepare_openat2 (struct state *state)
{
  state->arg[0] = (uint64_t) AT_FDCWD;
  state->arg[1] = (uint64_t) "dir/link";
  state->arg[2] = (uint64_t) how;
  state->arg[3] = sizeof how;
}

static void
prepare_mkdir (struct state *state)
{
  state->arg[0] = (uint64_t) "made";
  state->arg[1] = 0755;
}

static void
check_mkdir (long result)
{
  if (result != 0)
    fail ("result %ld of mkdir", result);
  if (rmdir ("made") < 0)
    fail ("nothing made");
}

static void
prepare_rename (struct state *state)
{
  close (open ("a", O_CREAT | O_WRONLY, 0600));
  state->arg[0] = (uint64_t) "a";
  state->arg[1] = (uint64_t) "dir/b";
}

static void
check_rename (long result)
{
  if (result != 0)
    fail ("result %ld of rename", result);
  if (unlink ("dir/b") < 0)
    fail ("nothing renamed");
}

static void
prepare_unlink (struct state *state)
{
  close (open ("a", O_CREAT | O_WRONLY, 0600));
  state->arg[0] = (uint64_t) "a";
}

static void
prepare_symlink (struct state *state)
{
  state->arg[0] = (uint64_t) "target";
  state->arg[1] = (uint64_t) "soft";
}

static void
check_symlink (long result)
{
  if (result != 0)
    fail ("result %ld", result);
  if (unlink ((const char *) request.arg[1]) < 0)
    fail ("no link made");
}

static void
prepare_hard_link (struct state *state)
{
  state->arg[0] = (uint64_t) "file";
  state->arg[1] = (uint64_t) "hard";
}

static void
prepare_chdir (struct state *state)
{
  state->arg[0] = (uint64_t) ".";
}

static void
prepare_chmod (struct state *state)
{
  state->arg[0] = (uint64_t) "file";
  state->arg[1] = 0640;
}

static void
prepare_statx (struct state *state)
{
  state->arg[0] = (uint64_t) AT_FDCWD;
  state->arg[1] = (uint64_t) "file";
  state->arg[3] = 0x7ff;
  state->arg[4] = (uint64_t) text;
}

static void
prepare_times (struct state *state)
{
  state->arg[0] = (uint64_t) AT_FDCWD;
  state->arg[1] = (uint64_t) "file";
}

static void
prepare_attribute (struct state *state)
{
  state->arg[0] = (uint64_t) "file";
  state->arg[1] = (uint64_t) "user.none";
  state->arg[2] = (uint64_t) text;
  state->arg[3] = 64;
}

static void
check_attribute (long result)
{
  if (result != -ENODATA && result != -EOPNOTSUPP)
    fail ("result %ld of getxattr", result);
}

static void
prepare_missing_memory (struct state *state)
{
  state->arg[0] = (uint64_t) "file";
  state->arg[1] = 8;
}

static void
check_fault (long result)
{
  if (result != -EFAULT)
    fail ("result %ld, no EFAULT", result);
}

static void
prepare_missing_path (struct state *state)
{
  state->arg[0] = 8;
  state->arg[1] = (uint64_t) text;
}

/* Signals.  */

static void
prepare_action (struct state *state)
{
  static uint64_t action[4];
  action[0] = (uint64_t) SIG_IGN;
  state->arg[0] = SIGUSR2;
  state->arg[1] = (uint64_t) action;
  state->arg[2] = (uint64_t) text;
  state->arg[3] = 8;
}

static void
check_action (long result)
{
  struct sigaction action;
  sigaction (SIGUSR2, NULL, &action);
  if (result != 0 || *(uint64_t *) text != (uint64_t) SIG_DFL
      || action.sa_handler != SIG_IGN)
    fail ("result %ld of sigaction", result);
  signal (SIGUSR2, SIG_DFL);
}

static uint64_t set;

static void
prepare_mask (struct state *state)
{
  set = MASK (SIGTERM) | MASK (SIGBUS);
  mask_after = mask_before | set;
  state->arg[0] = SIG_BLOCK;
  state->arg[1] = (uint64_t) &set;
  state->arg[2] = (uint64_t) text;
  state->arg[3] = 8;
  if (variant->number == SIGBUS) /* or it is not clear what comes first */
    shared->skipped = 1;
}

static void
check_mask (long result)
{
  if (result != 0 || *(uint64_t *) text != mask_before)
    fail ("result %ld of sigprocmask", result);
}

/* The signal comes, at the latest, when this call unblocks it.  */
static void
prepare_unmask (struct state *state)
{
  set = MASK (variant->number);
  mask_after = mask_before & ~set;
  mask_before |= set;
  state->arg[0] = SIG_UNBLOCK;
  state->arg[1] = (uint64_t) &set;
  state->arg[2] = (uint64_t) text;
  state->arg[3] = 8;
}

static void
prepare_stack (struct state *state)
{
  state->arg[1] = (uint64_t) text;
}

static void
check_stack (long result)
{
  const stack_t *got = (const stack_t *) text;
  if (result != 0 || got->ss_sp != stack || got->ss_size != sizeof stack)
    fail ("result %ld of sigaltstack", result);
}

static void
prepare_pending (struct state *state)
{
  state->arg[0] = (uint64_t) text;
  state->arg[1] = 8;
}

static const struct timespec long_time = { 1000, 0 };

/* Wait for a signal that is blocked.  */
static void
prepare_wait (struct state *state)
{
  set = MASK (variant->number);
  mask_before |= set;
  mask_after = mask_before;
  state->arg[0] = (uint64_t) &set;
  state->arg[1] = (uint64_t) text;
  state->arg[2] = (uint64_t) &long_time;
  state->arg[3] = 8;
  if (variant->mode == IGNORED)
    shared->skipped = 1;
}

static void
check_wait (long result)
{
  const siginfo_t *info = (const siginfo_t *) text;
  if (result != variant->number || info->si_signo != variant->number
      || info->si_code != SI_TKILL)
    fail ("result %ld of sigtimedwait, signal %d", result, info->si_signo);
  common->runs++; /* it came this way */
}

/* Calls with a mask.  */

static uint64_t within;

static void
block_until_call (void)
{
  within = mask_before & ~MASK (variant->number);
  mask_within = within | MASK (SIGTERM);
  within = mask_within;
  mask_before |= MASK (variant->number);
  mask_after = mask_before;
}

static void
prepare_suspend (struct state *state)
{
  block_until_call ();
  state->arg[0] = (uint64_t) &within;
  state->arg[1] = 8;
}

static void
check_interrupted (long result)
{
  if (result != -EINTR)
    fail ("result %ld, no EINTR", result);
}

static void
prepare_ppoll (struct state *state)
{
  block_until_call ();
  state->arg[3] = (uint64_t) &within;
  state->arg[4] = 8;
}

static void
prepare_pselect (struct state *state)
{
  static uint64_t pair[2];
  block_until_call ();
  pair[0] = (uint64_t) &within;
  pair[1] = 8;
  memset (state->arg, 0, sizeof state->arg);
  state->arg[5] = (uint64_t) pair;
}

static int polled = -1, pipe_ends[2] = { -1, -1 };

static void
prepare_epoll (struct state *state)
{
  block_until_call ();
  polled = epoll_create1 (0);
  state->arg[0] = (uint64_t) polled;
  state->arg[1] = (uint64_t) text;
  state->arg[2] = 4;
  state->arg[3] = (uint64_t) -1;
  state->arg[4] = (uint64_t) &within;
  state->arg[5] = 8;
}

static void
check_epoll (long result)
{
  check_interrupted (result);
  close (polled);
}

static struct pollfd waited;

static void
prepare_poll_pipe (struct state *state)
{
  if (pipe (pipe_ends) < 0)
    fail ("no pipe");
  waited = (struct pollfd){ .fd = pipe_ends[0], .events = POLLIN };
  within = mask_before;
  state->arg[0] = (uint64_t) &waited;
  state->arg[1] = 1;
  state->arg[3] = (uint64_t) &within;
  state->arg[4] = 8;
}

static void
fill_pipe (void)
{
  if (write (pipe_ends[1], "x", 1) != 1)
    fail ("no write to the pipe");
}

static void
check_poll_pipe (long result)
{
  if (result != 1 && result != -EINTR)
    fail ("result %ld of ppoll", result);
  close (pipe_ends[0]);
  close (pipe_ends[1]);
}

static int fifo_fd = -1;

static void
prepare_fifo (struct state *state)
{
  state->arg[0] = (uint64_t) "dir/../fifo";
  state->arg[1] = O_RDONLY;
}

static void
open_fifo (void)
{
  if (fifo_fd < 0)
    fifo_fd = open ("fifo", O_RDWR | O_NONBLOCK);
}

static void
check_fifo (long result)
{
  bool restarts = (variant->flags & SA_RESTART) != 0;
  if (result < 0 && (result != -EINTR || restarts))
    fail ("result %ld of open", result);
  if (result >= 0)
    close ((int) result);
  close (fifo_fd);
  fifo_fd = -1;
}

/* Descriptors.  */

static void
prepare_close (struct state *state)
{
  state->arg[0] = (uint64_t) dup (0);
}

static void
prepare_dup2 (struct state *state)
{
  state->arg[0] = 0;
  state->arg[1] = 77;
}

static void
check_dup2 (long result)
{
  if (result != 77 || close (77) < 0)
    fail ("result %ld of dup2", result);
}

static void
prepare_close_range (struct state *state)
{
  if (dup2 (0, 77) != 77)
    fail ("no descriptor");
  state->arg[0] = 77;
  state->arg[1] = ~0u;
}

static void
check_close_range (long result)
{
  if (result != 0 || fcntl (77, F_GETFD) != -1)
    fail ("result %ld of close_range", result);
}

/* Sockets.  */

static struct sockaddr_un address = { .sun_family = AF_UNIX,
                                      .sun_path = "dir/socket" };
static int sockets[2];

static void
prepare_bind (struct state *state)
{
  sockets[0] = socket (AF_UNIX, SOCK_STREAM, 0);
  sockets[1] = -1;
  state->arg[0] = (uint64_t) sockets[0];
  state->arg[1] = (uint64_t) &address;
  state->arg[2] = sizeof address;
}

static void
check_sockets (long result)
{
  if (result != 0)
    fail ("result %ld", result);
  if (unlink (address.sun_path) < 0)
    fail ("no socket made");
  close (sockets[0]);
  if (sockets[1] >= 0)
    close (sockets[1]);
}

static void
prepare_connect (struct state *state)
{
  sockets[0] = socket (AF_UNIX, SOCK_STREAM, 0);
  sockets[1] = socket (AF_UNIX, SOCK_STREAM, 0);
  bind (sockets[0], (struct sockaddr *) &address, sizeof address);
  listen (sockets[0], 2);
  state->arg[0] = (uint64_t) sockets[1];
  state->arg[1] = (uint64_t) &address;
  state->arg[2] = sizeof address;
}

/* Programs, processes, threads.  */

static char *no_words[] = { NULL };

static void
prepare_exec_none (struct state *state)
{
  state->arg[0] = (uint64_t) "dir/none";
  state->arg[1] = (uint64_t) no_words;
  state->arg[2] = (uint64_t) no_words;
}

static void
prepare_exec_text (struct state *state)
{
  prepare_exec_none (state);
  state->arg[0] = (uint64_t) "run";
}

static void
check_exec_text (long result)
{
  if (result != -ENOEXEC)
    fail ("result %ld of execve", result);
}

void
step_child (void)
{
  common->child_ran = 1;
  if (variant->mode == BLOCKED)
    set_mask (mask_before & ~MASK (variant->number));
  syscall (step_has_child == 2 ? SYS_exit : SYS_exit_group, 7);
  __builtin_trap ();
}

static void
prepare_vfork (struct state *state)
{
  common->child_ran = 0;
  step_has_child = 1;
  state->arg[0] = CLONE_VM | CLONE_VFORK | SIGCHLD;
  state->arg[1] = (uint64_t) child_stack + sizeof child_stack - 256;
}

static void
check_child (long result)
{
  int status = 0;
  step_has_child = 0;
  if (result <= 0 || waitpid ((int) result, &status, 0) != result)
    fail ("result %ld, no child", result);
  else if (!WIFEXITED (status) || WEXITSTATUS (status) != 7
           || common->child_ran == 0)
    fail ("the child ended with %x", status);
}

static void
prepare_fork (struct state *state)
{
  common->child_ran = 0;
  step_has_child = 1;
  state->arg[0] = SIGCHLD;
  state->arg[1] = 0;
  state->arg[2] = state->arg[3] = 0;
}

static void
prepare_thread (struct state *state)
{
  prepare_vfork (state);
  step_has_child = 2;
  common->child_id = -1;
  state->arg[0] = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND
                  | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID
                  | CLONE_CHILD_SETTID;
  state->arg[3] = (uint64_t) &common->child_id;
}

/* struct clone_args */
static uint64_t clone_arguments[11];

static void
prepare_clone3 (struct state *state)
{
  struct state as_clone = { .nr = state->nr };
  prepare_thread (&as_clone);
  memset (clone_arguments, 0, sizeof clone_arguments);
  clone_arguments[0] = as_clone.arg[0];
  clone_arguments[2] = as_clone.arg[3];
  clone_arguments[5] = (uint64_t) child_stack;
  clone_arguments[6] = sizeof child_stack - 256;
  state->arg[0] = (uint64_t) clone_arguments;
  state->arg[1] = sizeof clone_arguments;
}

static void
check_thread (long result)
{
  int id;
  if (result == -ENOSYS && request.nr == 435)
    {
      shared->skipped = 1;
      step_has_child = 0;
      return;
    }
  if (result <= 0)
    fail ("result %ld of clone", result);
  /* Written by the kernel at the end.  */
  while ((id = common->child_id) != 0 && result > 0)
    syscall (SYS_futex, &common->child_id, FUTEX_WAIT, id, NULL, NULL, 0);
  step_has_child = 0;
  if (common->child_ran == 0)
    fail ("no thread ran");
}

/* In the parent all is blocked; what has not come to the child is pending.  */
static void
count_pending (void)
{
  if ((get_pending () & MASK (variant->number)) != 0)
    common->runs++;
}

static void *
end_thread (void *argument)
{
  const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
  sigaltstack (&alternate, NULL);
  set_mask (mask_before);
  step_call (argument);
  return NULL;
}

static void
prepare_exit (struct state *state)
{
  (void) state;
  /* Who blocks a signal in the one thread does not ignore it in another.  */
  shared->skipped = variant->mode == IGNORED;
}

static void
run_exit (const struct state *state)
{
  pthread_t thread;
  sigset_t all;
  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, NULL);
  /* The thread that ends has no room to say so.  */
  pthread_attr_t attributes;
  pthread_attr_init (&attributes);
  pthread_attr_setstack (&attributes, child_stack, sizeof child_stack);
  if (pthread_create (&thread, &attributes, end_thread, (void *) state) != 0)
    fail ("no thread");
  else
    pthread_join (thread, NULL);
  count_pending ();
  set_action (variant->number, &(struct variant){ .mode = IGNORED });
  set_mask (mask_before);
  step_state = *state;
  step_state.rsp = step_pointer;
  step_state.flags = FLAGS << 8 | 1;
  memcpy (step_fp_after, step_fp_before, sizeof step_fp_after);
  common->has_seen = 0;
}

static void
check_anything (long result)
{
  (void) result;
}

static char *quit_words[] = { "stepped", "quit", NULL };

static void
prepare_exec (struct state *state)
{
  state->arg[0] = (uint64_t) "/proc/self/exe";
  state->arg[1] = (uint64_t) quit_words;
  state->arg[2] = (uint64_t) no_words;
}

static void
run_exec (const struct state *state)
{
  int status = 0;
  pid_t child = fork ();
  if (child == 0)
    {
      step_call (state);
      _exit (99);
    }
  waitpid (child, &status, 0);
  if (WIFSIGNALED (status) && WTERMSIG (status) == variant->number)
    common->runs++;
  else if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    fail ("the child ended with %x", status);
  else if (variant->mode == BLOCKED)
    common->runs++; /* it stays pending, whoever may look */
  set_action (variant->number, &(struct variant){ .mode = IGNORED });
  step_state = *state;
  step_state.rsp = step_pointer;
  step_state.flags = FLAGS << 8 | 1;
  memcpy (step_fp_after, step_fp_before, sizeof step_fp_after);
  common->has_seen = 0;
}

/* Going back from a handler as the call: it loads all registers.  */

static struct state outer_state;

static void
go_back (int number, siginfo_t *info, void *argument)
{
  static const int arguments[] = { REG_RDI, REG_RSI, REG_RDX,
                                   REG_R10, REG_R8,  REG_R9 };
  static const int others[] = { REG_RBX, REG_RBP, REG_R12,
                                REG_R13, REG_R14, REG_R15 };
  ucontext_t *context = argument;
  greg_t *reg = context->uc_mcontext.gregs;
  unsigned char *fp = (unsigned char *) context->uc_mcontext.fpregs;
  (void) number;
  (void) info;
  for (int i = 0; i < 6; i++)
    {
      reg[arguments[i]] = (greg_t) outer_state.arg[i];
      reg[others[i]] = (greg_t) outer_state.other[i];
    }
  reg[REG_RIP] = (greg_t) step_done;
  reg[REG_RSP] = (greg_t) step_pointer;
  reg[REG_RAX] = 4242;
  reg[REG_EFL] |= ASK_FLAGS;
  memcpy (fp, step_fp_before, FP_SIZE);
  memcpy (fp + 512, step_fp_before + 512, fp_size - 512);
  memcpy (&context->uc_sigmask, &mask_after, sizeof mask_after);
  mask_before |= MASK (SIGUSR2);
  /* Where the number is looked for.  */
  context->uc_link = (ucontext_t *) (uint64_t) SYS_rt_sigreturn;
  step_return (context, &outer_state);
}

__asm__(".text\n"
        ".globl step_raise\n"
        "step_raise:\n\t"
        "push %rbx\n\t"
        "push %rbp\n\t"
        "push %r12\n\t"
        "push %r13\n\t"
        "push %r14\n\t"
        "push %r15\n\t"
        "mov %rsp, step_stack(%rip)\n\t"
        "sub $288, %rsp\n\t"
        "mov %rsp, step_pointer(%rip)\n\t"
        "movq $0x1111, -8(%rsp)\n\t"
        "movq $0x2222, -64(%rsp)\n\t"
        "movq $0x3333, -120(%rsp)\n\t"
        "movq $0x4444, -128(%rsp)\n\t"
        "mov $200, %eax\n\t" /* tkill */
        "syscall\n\t"
        "hlt\n");

/* Send signal NUMBER to THREAD, with a stack on which step_call goes on.  */
void step_raise (int thread, int number);

static void
run_return (const struct state *state)
{
  struct sigaction action = { .sa_sigaction = go_back, .sa_flags = SA_SIGINFO };
  outer_state = *state;
  mask_after = mask_before | MASK (SIGQUIT);
  sigaction (SIGUSR2, &action, NULL);
  step_raise ((int) syscall (SYS_gettid), SIGUSR2);
  signal (SIGUSR2, SIG_DFL);
}

static void
check_return (long result)
{
  if (result != 4242)
    fail ("result %ld behind sigreturn", result);
}

static const struct scenario scenarios[] = {
  { "stat", SYS_stat, 0, prepare_file, NULL, NULL, NULL },
  { "stat none", SYS_stat, 0, prepare_none, check_none, NULL, NULL },
  { "lstat", SYS_lstat, 0, prepare_link, NULL, NULL, NULL },
  { "stat link", SYS_stat, 0, prepare_link, NULL, NULL, NULL },
  { "stat nowhere", SYS_stat, 0, prepare_missing_memory, check_fault, NULL,
    NULL },
  { "stat of 8", SYS_stat, 0, prepare_missing_path, check_fault, NULL, NULL },
  { "statx", SYS_statx, 0, prepare_statx, NULL, NULL, NULL },
  { "access", SYS_access, 0, prepare_file, check_anything, NULL, NULL },
  { "readlink", SYS_readlink, 0, prepare_link, check_link, NULL, NULL },
  { "readlink exe", SYS_readlink, 0, prepare_executable, check_executable, NULL,
    NULL },
  { "readlink own", SYS_readlink, 0, prepare_own, check_executable, NULL,
    NULL },
  { "getcwd", SYS_getcwd, 0, prepare_getcwd, check_getcwd, NULL, NULL },
  { "open", SYS_open, 0, prepare_open, check_open, NULL, NULL },
  { "open none", SYS_open, 0, prepare_open_none, check_none, NULL, NULL },
  { "create", SYS_open, 0, prepare_create, check_create, NULL, NULL },
  { "openat2", 437, 0, prepare_openat2, check_open, NULL, NULL },
  { "mkdir", SYS_mkdir, 0, prepare_mkdir, check_mkdir, NULL, NULL },
  { "rename", SYS_rename, 0, prepare_rename, check_rename, NULL, NULL },
  { "unlink", SYS_unlink, 0, prepare_unlink, NULL, NULL, NULL },
  { "symlink", SYS_symlink, 0, prepare_symlink, check_symlink, NULL, NULL },
  { "link", SYS_link, 0, prepare_hard_link, check_symlink, NULL, NULL },
  { "chdir", SYS_chdir, 0, prepare_chdir, NULL, NULL, NULL },
  { "chmod", SYS_chmod, 0, prepare_chmod, NULL, NULL, NULL },
  { "statfs", SYS_statfs, 0, prepare_file, NULL, NULL, NULL },
  { "utimensat", SYS_utimensat, 0, prepare_times, NULL, NULL, NULL },
  { "getxattr", SYS_getxattr, 0, prepare_attribute, check_attribute, NULL,
    NULL },
  { "rt_sigaction", SYS_rt_sigaction, 0, prepare_action, check_action, NULL,
    NULL },
  { "rt_sigprocmask", SYS_rt_sigprocmask, 0, prepare_mask, check_mask, NULL,
    NULL },
  { "unblocking", SYS_rt_sigprocmask, 0, prepare_unmask, check_mask, NULL,
    NULL },
  { "sigaltstack", SYS_sigaltstack, 0, prepare_stack, check_stack, NULL, NULL },
  { "rt_sigpending", SYS_rt_sigpending, 0, prepare_pending, NULL, NULL, NULL },
  { "rt_sigtimedwait", SYS_rt_sigtimedwait, STEP_BLOCKS, prepare_wait,
    check_wait, NULL, NULL },
  { "rt_sigsuspend", SYS_rt_sigsuspend, STEP_BLOCKS, prepare_suspend,
    check_interrupted, NULL, NULL },
  { "ppoll", SYS_ppoll, STEP_BLOCKS, prepare_ppoll, check_interrupted, NULL,
    NULL },
  { "pselect6", SYS_pselect6, STEP_BLOCKS, prepare_pselect, check_interrupted,
    NULL, NULL },
  { "epoll_pwait", SYS_epoll_pwait, STEP_BLOCKS, prepare_epoll, check_epoll,
    NULL, NULL },
  { "ppoll of a pipe", SYS_ppoll, STEP_BLOCKS, prepare_poll_pipe,
    check_poll_pipe, fill_pipe, NULL },
  { "open of a FIFO", SYS_open, STEP_BLOCKS, prepare_fifo, check_fifo,
    open_fifo, NULL },
  { "close", SYS_close, 0, prepare_close, NULL, NULL, NULL },
  { "dup2", SYS_dup2, 0, prepare_dup2, check_dup2, NULL, NULL },
  { "close_range", 436, 0, prepare_close_range, check_close_range, NULL, NULL },
  { "bind", SYS_bind, 0, prepare_bind, check_sockets, NULL, NULL },
  { "connect", SYS_connect, 0, prepare_connect, check_sockets, NULL, NULL },
  { "execve none", SYS_execve, 0, prepare_exec_none, check_none, NULL, NULL },
  { "execve text", SYS_execve, 0, prepare_exec_text, check_exec_text, NULL,
    NULL },
  { "execve", SYS_execve, STEP_LAST, prepare_exec, check_anything, NULL,
    run_exec },
  { "vfork", SYS_clone, 0, prepare_vfork, check_child, NULL, NULL },
  { "child of vfork", SYS_clone, STEP_CHILD, prepare_vfork, check_child, NULL,
    NULL },
  { "fork", SYS_clone, 0, prepare_fork, check_child, NULL, NULL },
  { "child of fork", SYS_clone, STEP_CHILD, prepare_fork, check_child, NULL,
    NULL },
  { "thread", SYS_clone, 0, prepare_thread, check_thread, NULL, NULL },
  { "new thread", SYS_clone, STEP_CHILD, prepare_thread, check_thread, NULL,
    NULL },
  { "clone3", 435, 0, prepare_clone3, check_thread, NULL, NULL },
  { "exit", SYS_exit, STEP_LAST | STEP_PROCESS, prepare_exit, check_anything,
    NULL, run_exit },
  { "rt_sigreturn", SYS_rt_sigreturn, 0, NULL, check_return, NULL, run_return },
};

/* See that all is as it was, but for the result.  */
static void
check_registers (void)
{
  for (int i = 0; i < 6; i++)
    {
      if (step_state.arg[i] != request.arg[i])
        fail ("argument %d became %lx", i, (unsigned long) step_state.arg[i]);
      if (step_state.other[i] != request.other[i])
        fail ("register %d became %lx", i, (unsigned long) step_state.other[i]);
    }
  if (step_state.rsp != step_pointer)
    fail ("stack pointer %lx", (unsigned long) step_state.rsp);
  if ((step_state.flags & 0xffff) != (FLAGS << 8 | 1))
    fail ("flags %lx", (unsigned long) step_state.flags);
  if (memcmp (step_fp_before, step_fp_after, FP_SIZE) != 0
      || memcmp (step_fp_before + 576, step_fp_after + 576, fp_size - 576) != 0)
    fail ("floating point registers");
  /* A handler on this stack lies below the red zone.  */
  if (step_state.spoiled != 0)
    fail ("red zone");
  if ((scenario->flags & STEP_CHILD) == 0 && common->has_seen != 0
      && common->seen != step_state.nr)
    fail ("the handler saw the result %ld, we %ld", (long) common->seen,
          (long) step_state.nr);
}

/* Let a signal that is blocked come, and see how many came.  */
static void
check_runs (void)
{
  uint64_t mask = get_mask ();
  if (mask != mask_after)
    fail ("mask %lx", (unsigned long) mask);
  if (variant->mode == BLOCKED && (scenario->flags & STEP_LAST) == 0
      && common->runs == 0)
    {
      if ((get_pending () & MASK (variant->number)) == 0)
        fail ("not pending");
      mask_after &= ~MASK (variant->number);
      mask_before = mask_after;
      set_mask (mask_after);
    }
  if (common->runs != (variant->mode != IGNORED))
    fail ("the handler ran %d times", common->runs);
  if (common->others != (shared->second != 0))
    fail ("the other handler ran %d times", common->others);
}

static void
do_scenario (void)
{
  static const uint64_t others[] = { 0x71, 0x72, 0x73, 0x74, 0x75, 0x76 };
  request = (struct state){ .nr = (uint64_t) scenario->nr };
  memcpy (request.other, others, sizeof others);
  shared->flags = scenario->flags;
  shared->signal = variant->number;
  shared->skipped = (scenario->flags & STEP_BLOCKS) != 0
                    && variant->mode != HANDLED
                    && scenario->nr != SYS_rt_sigtimedwait;
  mask_before = MASK (SIGHUP) | MASK (37);
  if (variant->mode == BLOCKED)
    mask_before |= MASK (variant->number);
  mask_after = mask_before;
  mask_within = 0;
  common->runs = common->others = common->has_seen = 0;
  if (shared->second != 0)
    signal (shared->second, other_handler);
  if (scenario->prepare != NULL && shared->skipped == 0)
    scenario->prepare (&request);
  set_action (variant->number, variant);
  set_mask (mask_before);
  if (shared->skipped != 0)
    return;
  (scenario->run != NULL ? scenario->run : step_call) (&request);
  check_registers ();
  (scenario->check != NULL ? scenario->check
                           : check_anything) ((long) step_state.nr);
  if (scenario->check == NULL && step_state.nr != 0)
    fail ("result %ld", (long) step_state.nr);
  if (shared->skipped == 0)
    check_runs ();
  signal (variant->number, SIG_IGN);
  set_mask (0);
}

/* Fill the registers of the vector unit with something.  */
static void
fill_registers (void)
{
  unsigned int a, b, c, d, low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  /* x87, SSE, AVX and AVX-512, not memory keys nor tiles.  */
  step_fp_mask = low & 0xe7;
  fp_size = 576;
  __asm__ volatile("xsave64 %0"
                   : "=m"(step_fp_before)
                   : "a"((uint32_t) step_fp_mask), "d"(0));
  for (int i = 0; i < 16; i++)
    memset (step_fp_before + 160 + 16 * i, 0x50 + i, 16);
  *(uint32_t *) (step_fp_before + 24) = 0x7f80; /* MXCSR: round to zero */
  *(uint16_t *) step_fp_before = 0xf7f;         /* x87: likewise */
  for (unsigned int i = 2; i < 8; i++)
    if ((step_fp_mask >> i & 1) != 0)
      {
        __cpuid_count (13, i, a, b, c, d);
        memset (step_fp_before + b, 0x30 + (int) i, a);
        fp_size = b + a > fp_size ? b + a : fp_size;
      }
  *(uint64_t *) (step_fp_before + 512) = step_fp_mask;
  memset (step_fp_before + 520, 0, 56);
}

static void
make_files (void)
{
  mkdir ("dir", 0755);
  int fd = open ("file", O_CREAT | O_WRONLY, 0644);
  int run = open ("run", O_CREAT | O_WRONLY, 0755);
  if (write (fd, "text", 4) != 4 || write (run, "text", 4) != 4
      || symlink ("../file", "dir/link") < 0 || mkfifo ("fifo", 0600) < 0)
    exit (99);
  close (fd);
  close (run);
}

int
main (int argc, char **argv)
{
  (void) argv;
  if (argc > 1)
    return 0;
  common = mmap (NULL, sizeof *common, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  shared = &common->shared;
  *shared = (struct step_shared){
    .ready = (uint64_t) step_ready,
    .before = (uint64_t) step_before,
    .after = (uint64_t) step_after,
    .text_start = (uint64_t) __executable_start,
    .text_end = (uint64_t) etext,
    .scenario_count = sizeof scenarios / sizeof *scenarios,
    .variant_count = sizeof variants / sizeof *variants,
  };
  make_files ();
  fill_registers ();
  const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
  sigaltstack (&alternate, NULL);
  const struct step_hello hello = { .magic = STEP_MAGIC,
                                    .address = (uint64_t) shared,
                                    .pid = getpid (),
                                    .size = sizeof *shared };
  if (write (1, &hello, sizeof hello) != sizeof hello)
    return 99;
  /* Nobody traces us yet.  */
  while (__atomic_load_n (&shared->go, __ATOMIC_ACQUIRE) == 0)
    sched_yield ();
  for (;;)
    {
      step_wait ();
      if (shared->scenario < 0)
        return 0;
      scenario = &scenarios[shared->scenario];
      variant = &variants[shared->variant];
      shared->verdict[0] = '\0';
      strcpy (shared->scenario_name, scenario->name);
      strcpy (shared->variant_name, variant->name);
      do_scenario ();
    }
}
