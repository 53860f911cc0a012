/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Registers of x86_64.  */

#include "proot-engine/arch/arch.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/ptrace.h>

const uint32_t arch_audit = AUDIT_ARCH_X86_64;

/* The argument registers, in the order of system calls.  */
#define ARGUMENTS(F)                                                           \
  F (0, rdi) F (1, rsi) F (2, rdx) F (3, r10) F (4, r8) F (5, r9)

int
registers_read (pid_t tid, struct registers *registers)
{
  if (ptrace (PTRACE_GETREGS, tid, 0, &registers->words) != 0)
    return -errno;
  return 0;
}

int
registers_write (pid_t tid, const struct registers *registers)
{
  if (ptrace (PTRACE_SETREGS, tid, 0, &registers->words) != 0)
    return -errno;
  return 0;
}

bool
registers_foreign (const struct registers *registers)
{
  return registers->words.cs != 0x33
         || (registers->words.orig_rax & 0x40000000u) != 0;
}

long
registers_number (const struct registers *registers)
{
  return (int) registers->words.orig_rax;
}

uint64_t
registers_argument (const struct registers *registers, int index)
{
  switch (index)
    {
#define GET(NUMBER, NAME)                                                      \
  case NUMBER:                                                                 \
    return registers->words.NAME;
      ARGUMENTS (GET)
#undef GET
    default:
      return 0;
    }
}

int64_t
registers_result (const struct registers *registers)
{
  return (int64_t) registers->words.rax;
}

uint64_t
registers_instruction (const struct registers *registers)
{
  return registers->words.rip;
}

void
registers_set_argument (struct registers *registers, int index, uint64_t value)
{
  switch (index)
    {
#define SET(NUMBER, NAME)                                                      \
  case NUMBER:                                                                 \
    registers->words.NAME = value;                                             \
    break;
      ARGUMENTS (SET)
#undef SET
    default:
      break;
    }
}

void
registers_set_result (struct registers *registers, int64_t value)
{
  registers->words.rax = (uint64_t) value;
}

void
registers_set_number (struct registers *registers, long number)
{
  registers->words.orig_rax = (uint64_t) number;
}

void
registers_skip (struct registers *registers, int64_t result)
{
  registers->words.orig_rax = (uint64_t) -1;
  registers->words.rax = (uint64_t) result;
}

void
registers_restore (struct registers *registers, const struct registers *entry)
{
  registers->words.orig_rax = entry->words.orig_rax;
#define COPY(NUMBER, NAME) registers->words.NAME = entry->words.NAME;
  ARGUMENTS (COPY)
#undef COPY
}

bool
registers_divert (struct registers *registers, uint64_t address, long number,
                  const uint64_t *arguments, uint64_t *saved)
{
#define EXCHANGE(NUMBER, NAME)                                                 \
  saved[NUMBER] = registers->words.NAME;                                       \
  registers->words.NAME = arguments[NUMBER];
  ARGUMENTS (EXCHANGE)
#undef EXCHANGE
  saved[6] = registers->words.rip;
  saved[7] = 0;
  registers->words.orig_rax = (uint64_t) -1;
  registers->words.rax = (uint64_t) number;
  registers->words.rip = address;
  /* As sysret leaves them; otherwise the kernel takes the slower iret.  */
  registers->words.rcx = address;
  registers->words.r11 = registers->words.eflags;
  return true;
}

bool
registers_bring_back (struct registers *registers,
                      const struct registers *entry, uint64_t address)
{
  enum
  {
    INSTRUCTION = 2, /* bytes of a syscall instruction */
    LENGTH = 64
  };
  uint64_t place = registers->words.rip - address;
  if (place >= LENGTH)
    return false;
  uint64_t number = registers->words.orig_rax;
  registers_restore (registers, entry);
  registers->words.rip = entry->words.rip;
  if (place < INSTRUCTION)
    {
      /* Not made yet: it will be made, and stop, when the handler is done.  */
      registers->words.rip -= INSTRUCTION;
      registers->words.rax = entry->words.orig_rax;
      registers->words.orig_rax = (uint64_t) -1;
    }
  else if (number == (uint64_t) -1)
    registers->words.orig_rax = number;
  return true;
}
