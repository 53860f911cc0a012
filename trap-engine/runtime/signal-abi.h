/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Signals as the kernel and programs of x86_64 see them: sigaction(2),
   sigaltstack(2) and the frame that arch/x86/kernel/signal_64.c pushes.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_SIGNAL_ABI_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_SIGNAL_ABI_H

#include <stdint.h>

enum
{
  SIGNAL_COUNT = 64,
  K_SIGILL = 4,
  K_SIGTRAP = 5,
  K_SIGBUS = 7,
  K_SIGKILL = 9,
  K_SIGSEGV = 11,
  K_SIGCHLD = 17,
  K_SIGCONT = 18,
  K_SIGSTOP = 19,
  K_SIGURG = 23,
  K_SIGWINCH = 28,
  K_SIGSYS = 31
};

#define SIGNAL_BIT(number) (1ul << ((number) -1))

/* Those that the runtime handles itself, whatever the program wants of them;
   they are never blocked.  */
#define SIGNALS_OURS                                                           \
  (SIGNAL_BIT (K_SIGILL) | SIGNAL_BIT (K_SIGBUS) | SIGNAL_BIT (K_SIGSEGV)      \
   | SIGNAL_BIT (K_SIGSYS))

/* Those that do nothing to a program that has no handler.  */
#define SIGNALS_UNNOTICED                                                      \
  (SIGNAL_BIT (K_SIGCHLD) | SIGNAL_BIT (K_SIGCONT) | SIGNAL_BIT (K_SIGURG)     \
   | SIGNAL_BIT (K_SIGWINCH))

#define ACTION_DEFAULT 0ul
#define ACTION_IGNORE 1ul

enum
{
  K_SA_NOCLDSTOP = 1,
  K_SA_NOCLDWAIT = 2,
  K_SA_SIGINFO = 4,
  K_SA_RESTORER = 0x04000000,
  K_SA_ONSTACK = 0x08000000,
  K_SA_RESTART = 0x10000000,
  K_SA_NODEFER = 0x40000000
};
#define K_SA_RESETHAND 0x80000000ul
#define K_SA_EXPOSE_TAGBITS 0x800ul

/* Those that the kernel knows; it forgets others.  */
#define K_SA_FLAGS                                                             \
  ((uint64_t) (K_SA_NOCLDSTOP | K_SA_NOCLDWAIT | K_SA_SIGINFO | K_SA_RESTORER  \
               | K_SA_ONSTACK | K_SA_RESTART | K_SA_NODEFER)                   \
   | K_SA_RESETHAND | K_SA_EXPOSE_TAGBITS)

enum
{
  K_SIG_BLOCK = 0,
  K_SIG_UNBLOCK = 1,
  K_SIG_SETMASK = 2
};

/* Codes of siginfo.  */
enum
{
  K_SI_TKILL = -6,
  K_SI_USER = 0,
  K_SYS_SECCOMP = 1,
  K_SI_KERNEL = 128
};

struct k_sigaction
{
  uint64_t handler;
  uint64_t flags;
  uint64_t restorer;
  uint64_t mask;
};

struct k_siginfo
{
  int32_t number;
  int32_t error;
  int32_t code;
  int32_t pad;
  uint64_t address; /* SIGSEGV and its like: what was touched; SIGSYS: the
                       address behind the instruction */
  int32_t syscall;
  uint32_t arch;
  uint64_t rest[12];
};

struct k_stack
{
  uint64_t address;
  int32_t flags;
  uint32_t pad;
  uint64_t size;
};

enum
{
  K_SS_ONSTACK = 1,
  K_SS_DISABLE = 2,
  K_MINSIGSTKSZ = 2048
};
#define K_SS_AUTODISARM 0x80000000u

/* struct sigcontext_64.  */
struct k_context
{
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
  uint16_t cs, gs, fs, ss;
  uint64_t err, trapno, oldmask, cr2;
  uint64_t fpstate;
  uint64_t reserved[8];
};

struct k_ucontext
{
  uint64_t flags;
  uint64_t link;
  struct k_stack stack;
  struct k_context context;
  uint64_t mask;
};

/* What the kernel pushes; the state of the vector unit lies above it, where
   context.fpstate says.  */
struct k_frame
{
  uint64_t restorer;
  struct k_ucontext ucontext;
  struct k_siginfo info;
};

/* In the 512 bytes of FXSAVE: that an extended state follows, and the size of
   all.  */
#define FXSAVE_SIZE 512
#define FXSAVE_MAGIC_OFFSET 464
#define FXSAVE_MAGIC 0x46505853u

#endif
