/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Registers of x86_64, and of i386 code on it: the kernel gives a 64-bit
   tracer the same structure for both.  */

#include "proot-engine/arch/arch.h"

#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <sys/ptrace.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#  define PTRACE_GET_SYSCALL_INFO 0x420e
#endif

enum
{
  ARGUMENTS = 6,
  INSTRUCTION = 2, /* bytes of syscall, sysenter and int $0x80 */
  TRAMPOLINE = 64, /* bytes */
  CODE_64 = 0x33,
  CODE_32 = 0x23 /* code segments */
};

const uint32_t arch_audit[GUEST_ABI_COUNT] = {
  [GUEST_ABI_NATIVE] = AUDIT_ARCH_X86_64,
  [GUEST_ABI_I386] = AUDIT_ARCH_I386,
};

/* The argument registers of each ABI, in the order of system calls.  Of those
   in which sysenter has something else the kernel shows the argument.  */
#define REGISTER(NAME) offsetof (struct user_regs_struct, NAME)
static const uint8_t argument_registers[GUEST_ABI_COUNT][ARGUMENTS] = {
  [GUEST_ABI_NATIVE] = { REGISTER (rdi), REGISTER (rsi), REGISTER (rdx),
                         REGISTER (r10), REGISTER (r8), REGISTER (r9) },
  [GUEST_ABI_I386] = { REGISTER (rbx), REGISTER (rcx), REGISTER (rdx),
                       REGISTER (rsi), REGISTER (rdi), REGISTER (rbp) },
};

/* Return the place of argument INDEX in REGISTERS.  */
static unsigned long long *
argument_of (struct registers *registers, int index)
{
  size_t offset = argument_registers[registers->abi][index];
  return (unsigned long long *) (void *) ((char *) &registers->words + offset);
}

/* Return the whole register that has argument INDEX.  */
static uint64_t
whole_argument (const struct registers *registers, int index)
{
  size_t offset = argument_registers[registers->abi][index];
  const char *words = (const char *) &registers->words;
  return *(const unsigned long long *) (const void *) (words + offset);
}

int
registers_read (pid_t tid, struct registers *registers)
{
  registers->abi = GUEST_ABI_NATIVE;
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

/* Return the AUDIT_ARCH_* constant of the call that TID is stopped in, 0 when
   it cannot be said.  */
static uint32_t
ask_kernel (pid_t tid, const struct registers *registers)
{
  struct
  {
    uint8_t op, pad[3];
    uint32_t arch;
    uint64_t rest[10];
  } info;

  if (ptrace (PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) > 0)
    return info.arch;
  /* Before 5.3 only the instruction tells.  */
  errno = 0;
  long word =
      ptrace (PTRACE_PEEKTEXT, tid, registers->words.rip - INSTRUCTION, 0);
  if (errno != 0)
    return 0;
  return (word & 0xffff) == 0x80cd ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
}

/* 32-bit code has no other calls than its own.  In 64-bit code the instruction
   syscall leaves the address behind it in rcx and the flags in r11; "int
   $0x80" does not, unless somebody means to deceive.  */
bool
registers_find_abi (pid_t tid, struct registers *registers)
{
  const struct user_regs_struct *words = &registers->words;
  registers->abi = words->cs == CODE_32 ? GUEST_ABI_I386 : GUEST_ABI_NATIVE;
  if (words->cs == CODE_32
      || (words->cs == CODE_64 && words->rcx == words->rip
          && words->r11 == words->eflags))
    return true;

  uint32_t arch = ask_kernel (tid, registers);
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    if (arch == arch_audit[abi])
      {
        registers->abi = abi;
        return true;
      }
  return false;
}

long
registers_number (const struct registers *registers)
{
  return (int) registers->words.orig_rax;
}

uint64_t
registers_argument (const struct registers *registers, int index)
{
  uint64_t value = whole_argument (registers, index);
  return registers->abi == GUEST_ABI_NATIVE ? value : (uint32_t) value;
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
registers_set_instruction (struct registers *registers, uint64_t address)
{
  registers->words.rip = address;
}

void
registers_set_argument (struct registers *registers, int index, uint64_t value)
{
  *argument_of (registers, index) =
      registers->abi == GUEST_ABI_NATIVE ? value : (uint32_t) value;
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
  registers->abi = entry->abi;
  registers->words.orig_rax = entry->words.orig_rax;
  for (int i = 0; i < ARGUMENTS; i++)
    *argument_of (registers, i) = whole_argument (entry, i);
}

void
registers_repeat (struct registers *registers, const struct registers *entry)
{
  registers_restore (registers, entry);
  registers->words.rip = entry->words.rip - INSTRUCTION;
  registers->words.rax = entry->words.orig_rax;
  registers->words.orig_rax = (uint64_t) -1;
}

bool
registers_divert (struct registers *registers, uint64_t address, long number,
                  const uint64_t *arguments, uint64_t *saved)
{
  for (int i = 0; i < ARGUMENTS; i++)
    {
      saved[i] = registers_argument (registers, i);
      registers_set_argument (registers, i, arguments[i]);
    }
  saved[6] = registers->words.rip;
  saved[7] = 0;
  registers->words.orig_rax = (uint64_t) -1;
  registers->words.rax = (uint64_t) number;
  registers->words.rip = address;
  if (registers->abi == GUEST_ABI_NATIVE)
    {
      /* As sysret leaves them; otherwise the kernel takes the slower iret.  */
      registers->words.rcx = address;
      registers->words.r11 = registers->words.eflags;
    }
  return true;
}

bool
registers_bring_back (struct registers *registers,
                      const struct registers *entry, uint64_t address)
{
  uint64_t place = registers->words.rip - address;
  if (place >= TRAMPOLINE)
    return false;
  if (place < INSTRUCTION)
    {
      /* Not made yet: it will be made, and stop, when the handler is done.  */
      registers_repeat (registers, entry);
      return true;
    }
  uint64_t number = registers->words.orig_rax;
  registers_restore (registers, entry);
  registers->words.rip = entry->words.rip;
  if (number == (uint64_t) -1)
    registers->words.orig_rax = number;
  return true;
}
