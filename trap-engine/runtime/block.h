/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What the runtime has for each thread.

   %gs leads to its head.  The entry (entry-x86_64.S) saves the program's
   registers there and makes its stack the thread's.  What every call uses lies
   in few pages: the upper end of the stack; that of the signal stack with the
   head and the beginning of the scratch; that of what is known of paths.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_BLOCK_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_BLOCK_H

/* Where the head is, and offsets in it, for the assembler.  */
#define BLOCK_HEAD (BLOCK_STACK_SIZE + BLOCK_SIGNAL_STACK_SIZE)
#define BLOCK_SELF 0
#define BLOCK_RSP 8
#define BLOCK_STACK 16
#define BLOCK_RETURN 24
#define BLOCK_SITE 32
#define BLOCK_NUMBER 40
#define BLOCK_ARG 48
#define BLOCK_FLAGS 96
#define BLOCK_RESULT 104
#define BLOCK_PENDING 112
#define BLOCK_SAVED 120
#define BLOCK_WORDS 21

/* What waits for the way out, in the word at BLOCK_PENDING: a signal; and one
   who traces the thread and wants to be told.  */
#define WAITS_SIGNAL 1
#define WAITS_TRACER 2

/* How far blocks lie apart, and how many there can be.  */
#define BLOCK_STRIDE 0x40000
#define BLOCK_COUNT 8192

#define BLOCK_STACK_SIZE 0x24000
#define BLOCK_SIGNAL_STACK_SIZE 0x8600 /* what is used is half in a page */
#define BLOCK_SCRATCH_SIZE 0x5000

/* What a call that may block returns when a signal has come that the program
   handles: it was not made, or had no effect, and is to be made again.  */
#define CALL_ABORTED (-512)

#ifndef __ASSEMBLER__
#  include <stdbool.h>
#  include <stddef.h>
#  include <stdint.h>

#  include "lib/guest/call.h"
#  include "lib/guest/prefix.h"
#  include "trap-engine/runtime/signal-abi.h"

/* What a program wants of each signal.  CHANGES is odd while it is written.  */
struct trap_handlers
{
  uint32_t changes;
  uint32_t writer;
  uint64_t known; /* bits of signals whose ACTION is not asked of the kernel */
  struct k_sigaction action[SIGNAL_COUNT];
};

/* A task that is looked at from another process: /proc/PID/exe and the like.
   The engine member of a task leads to such a place, too.  */
struct trap_place
{
  struct guest_task task;
  struct guest_fs fs;
  struct guest_signals signals;
  char executable[GUEST_PATH_SIZE];
};

/* struct user_regs_struct.  */
struct watch_registers
{
  uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi,
      rdi, orig_rax, rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};

/* What a program of the container that traces this thread keeps about it
   (watch.h).  */
struct trap_notes
{
  int32_t tid;     /* whose notes these are, ... */
  int32_t tracer;  /* ... and the task's that made them; else they are void */
  int32_t request; /* how it was last told to go on */
  int32_t shown;   /* enum watch_shown: what its stop was shown as */
  int32_t status;  /* another stop is to be shown, with this status; or 0 */
  struct k_siginfo info; /* its signal */
  bool sent;       /* that was sent once more, for the kernel to see it */
  int64_t restarts; /* how the kernel wanted the call that was given up to be
                       made again; or 0 */
  bool called;      /* the beginning of its call has been shown */
  bool new;         /* it has been made, and not been in its program yet */
  bool quiet;       /* a call of the runtime's own is being made */
  bool returns;     /* from a handler of the program's */
  int32_t gives_up; /* a signal that the runtime has sent to itself, to end the
                       program as the first one would have done */
  uint64_t message; /* for PTRACE_GETEVENTMSG */
  struct watch_registers registers; /* those of the stop to be shown */
};

struct trap_block
{
  unsigned char stack_memory[BLOCK_STACK_SIZE] __attribute__ ((aligned (4096)));
  unsigned char signal_stack[BLOCK_SIGNAL_STACK_SIZE]
      __attribute__ ((aligned (64)));

  struct trap_block *self; /* the head */
  uint64_t rsp;            /* the program's stack pointer */
  uint64_t stack;          /* top of ours */
  uint64_t back;           /* where the program goes on */
  uint64_t site;           /* its system call instruction */
  uint64_t number;         /* as it was called */
  uint64_t arg[6];
  uint64_t flags; /* of the processor: LAHF's byte, and overflow */
  uint64_t result;

  /* WAITS_SIGNAL: a signal came while the runtime was at work: it is INFO, and
     is delivered on the way out with MASK as what was blocked.  */
  uint32_t pending;
  bool restarts; /* the call is to be made again afterwards */

  uint64_t saved[6]; /* rbx, rbp, r12 to r15 at the call */

  struct k_siginfo info;
  uint64_t mask;

  /* Of SIGNALS_OURS: what the program believes to have blocked, and what came
     meanwhile for this thread (held.h); of all, what it waits for.  */
  uint64_t blocked;
  uint64_t held;
  uint64_t waits;

  /* A call with a mask of its own, such as sigsuspend, is being made or was
     interrupted: WITHIN is that mask, and OUTER what BLOCKED is behind it.  */
  bool masks;
  uint64_t within, outer;

  /* The program's context while trap_signal is at work.  */
  const struct k_ucontext *interrupted;

  /* It has asked to be traced by its parent, which waits until it executes a
     program: it is then that it is (watch.h).  */
  bool asks_tracer;
  struct trap_notes notes;

  struct k_stack alternate; /* as the program set it */

  struct trap_handlers *handlers;
  struct trap_filter *filters; /* the newest; NULL: none */
  struct guest_task task;
  struct guest_call call;

  /* What an execve has mapped, for the next one.  */
  uint64_t mapped, mapped_size;

  /* The call was made by "int $0x80", with these in rcx and r11.  */
  bool foreign;
  uint64_t lost[2];

  int32_t index;  /* among the blocks */
  bool lent;      /* of a child by vfork: its parent takes it back */
  bool cleared;   /* of a child that begins without handlers */
  bool released;  /* of a task that has ended, but others share something */
  uint32_t users; /* other tasks that share what is in FS or HANDLERS_ROOM */

  size_t scratch_used;
  uint64_t scratch[BLOCK_SCRATCH_SIZE / 8];

  /* What the thread knows of paths; also what the last thread with this block
     knew, since nothing in it is wrong for another.  */
  struct guest_prefixes prefixes __attribute__ ((aligned (4096)));

  struct k_siginfo held_info[4];

  /* Room for its own, where it does not share its parent's.  */
  struct guest_fs fs;
  struct trap_handlers handlers_room;

  struct trap_place other;
};

#  define BLOCK_IS_AT(member, offset)                                          \
    (offsetof (struct trap_block, member) == BLOCK_HEAD + (offset))
_Static_assert(BLOCK_IS_AT (self, BLOCK_SELF) && BLOCK_IS_AT (rsp, BLOCK_RSP)
                   && BLOCK_IS_AT (stack, BLOCK_STACK)
                   && BLOCK_IS_AT (back, BLOCK_RETURN)
                   && BLOCK_IS_AT (site, BLOCK_SITE)
                   && BLOCK_IS_AT (number, BLOCK_NUMBER)
                   && BLOCK_IS_AT (arg, BLOCK_ARG)
                   && BLOCK_IS_AT (flags, BLOCK_FLAGS)
                   && BLOCK_IS_AT (result, BLOCK_RESULT)
                   && BLOCK_IS_AT (pending, BLOCK_PENDING)
                   && BLOCK_IS_AT (saved, BLOCK_SAVED)
                   && BLOCK_IS_AT (info, BLOCK_WORDS * sizeof (uint64_t)),
               "entry-x86_64.S counts on these places");
_Static_assert(sizeof (struct trap_block) <= BLOCK_STRIDE,
               "a block fits where it lies");

/* Return the block of the thread that runs.  */
static inline struct trap_block *
block_here (void)
{
  struct trap_block *block;
  __asm__("mov %%gs:0, %0" : "=r"(block));
  return block;
}

/* Return the block that TASK, one of this process, is part of.  */
static inline struct trap_block *
block_of (struct guest_task *task)
{
  return (struct trap_block *) (void *) ((char *) task
                                         - offsetof (struct trap_block, task));
}
#endif

#endif
