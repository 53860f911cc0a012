/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Registers of aarch64.  The number of a system call is a register set of its
   own; x0 is the first argument before and the result after.  */

#include "proot-engine/arch/arch.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#ifndef NT_ARM_SYSTEM_CALL
#  define NT_ARM_SYSTEM_CALL 0x404
#endif

const uint32_t arch_audit[GUEST_ABI_COUNT] = {
  [GUEST_ABI_NATIVE] = AUDIT_ARCH_AARCH64,
};

int
registers_read (pid_t tid, struct registers *registers)
{
  struct iovec vector = { &registers->words, sizeof registers->words };
  if (ptrace (PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector) != 0)
    return -errno;
  registers->number = (int) registers->words.regs[8];
  registers->abi = GUEST_ABI_NATIVE;
  return 0;
}

int
registers_write (pid_t tid, const struct registers *registers)
{
  struct registers copy = *registers;
  struct iovec vector = { &copy.words, sizeof copy.words };
  int number = (int) registers->number;
  if (ptrace (PTRACE_SETREGSET, tid, NT_PRSTATUS, &vector) != 0)
    return -errno;
  if (number != (int) registers->words.regs[8])
    {
      vector = (struct iovec){ &number, sizeof number };
      if (ptrace (PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &vector) != 0)
        return -errno;
    }
  return 0;
}

bool
registers_find_abi (pid_t tid, struct registers *registers)
{
  (void) tid;
  return (registers->words.pstate & 0x10) == 0; /* not AArch32 */
}

long
registers_number (const struct registers *registers)
{
  return registers->number;
}

uint64_t
registers_argument (const struct registers *registers, int index)
{
  return registers->words.regs[index];
}

int64_t
registers_result (const struct registers *registers)
{
  return (int64_t) registers->words.regs[0];
}

uint64_t
registers_instruction (const struct registers *registers)
{
  return registers->words.pc;
}

void
registers_set_instruction (struct registers *registers, uint64_t address)
{
  registers->words.pc = address;
}

void
registers_set_argument (struct registers *registers, int index, uint64_t value)
{
  registers->words.regs[index] = value;
}

void
registers_set_result (struct registers *registers, int64_t value)
{
  registers->words.regs[0] = (uint64_t) value;
}

void
registers_set_number (struct registers *registers, long number)
{
  registers->number = number;
}

void
registers_skip (struct registers *registers, int64_t result)
{
  registers->number = -1;
  registers->words.regs[0] = (uint64_t) result;
}

/* The kernel itself keeps the first argument of a call that it restarts, as
   it was when the call was made; x0 holds the result here.  */
void
registers_restore (struct registers *registers, const struct registers *entry)
{
  for (int i = 1; i < 6; i++)
    registers->words.regs[i] = entry->words.regs[i];
  registers->words.regs[8] = entry->words.regs[8];
  registers->number = (long) registers->words.regs[8];
}

void
registers_repeat (struct registers *registers, const struct registers *entry)
{
  enum
  {
    INSTRUCTION = 4 /* bytes */
  };
  registers_restore (registers, entry);
  registers->words.regs[0] = entry->words.regs[0];
  registers->words.pc = entry->words.pc - INSTRUCTION;
}

bool
registers_divert (struct registers *registers, uint64_t address, long number,
                  const uint64_t *arguments, uint64_t *saved)
{
  (void) registers, (void) address, (void) number, (void) arguments,
      (void) saved;
  return false;
}

bool
registers_bring_back (struct registers *registers,
                      const struct registers *entry, uint64_t address)
{
  (void) registers, (void) entry, (void) address;
  return false;
}
