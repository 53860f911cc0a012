/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Filters that programs have installed, and what they say of a call: classic
   BPF as far as the kernel accepts it for this (Linux, kernel/seccomp.c:
   seccomp_check_filter).  */

#include "trap-engine/judge.h"

/* What a program that goes wrong says.  The kernel accepts none that does, but
   for a division by zero.  */
#define KILL SECCOMP_RET_KILL_THREAD

/* The machine that runs a program.  */
struct machine
{
  uint32_t accumulator, index;
  uint32_t memory[BPF_MEMWORDS];
};

/* Load the word at OFFSET of DATA.  */
static uint32_t
load (const struct seccomp_data *data, uint32_t offset)
{
  uint32_t word = 0;
  if (offset <= sizeof *data - sizeof word)
    __builtin_memcpy (&word, (const char *) data + offset, sizeof word);
  return word;
}

/* Load what STEP, of class BPF_LD or BPF_LDX, says.  */
static uint32_t
get_operand (const struct machine *machine, const struct sock_filter *step,
             const struct seccomp_data *data)
{
  switch (BPF_MODE (step->code))
    {
    case BPF_ABS:
      return load (data, step->k);
    case BPF_MEM:
      return step->k < BPF_MEMWORDS ? machine->memory[step->k] : 0;
    case BPF_LEN:
      return sizeof *data;
    default:
      return step->k; /* BPF_IMM */
    }
}

/* Compute what STEP, of class BPF_ALU, says with OPERAND.  Return whether there
   is a result.  */
static bool
compute (struct machine *machine, const struct sock_filter *step,
         uint32_t operand)
{
  uint32_t *accumulator = &machine->accumulator;
  switch (BPF_OP (step->code))
    {
    case BPF_ADD:
      *accumulator += operand;
      break;
    case BPF_SUB:
      *accumulator -= operand;
      break;
    case BPF_MUL:
      *accumulator *= operand;
      break;
    case BPF_DIV:
      if (operand == 0)
        return false;
      *accumulator /= operand;
      break;
    case BPF_AND:
      *accumulator &= operand;
      break;
    case BPF_OR:
      *accumulator |= operand;
      break;
    case BPF_XOR:
      *accumulator ^= operand;
      break;
    case BPF_LSH:
      *accumulator <<= operand & 31;
      break;
    case BPF_RSH:
      *accumulator >>= operand & 31;
      break;
    default:
      *accumulator = -*accumulator; /* BPF_NEG */
      break;
    }
  return true;
}

/* Return how many instructions STEP, of class BPF_JMP, skips.  */
static uint32_t
skip (const struct machine *machine, const struct sock_filter *step,
      uint32_t operand)
{
  bool holds = false;
  switch (BPF_OP (step->code))
    {
    case BPF_JA:
      return step->k;
    case BPF_JEQ:
      holds = machine->accumulator == operand;
      break;
    case BPF_JGT:
      holds = machine->accumulator > operand;
      break;
    case BPF_JGE:
      holds = machine->accumulator >= operand;
      break;
    default:
      holds = (machine->accumulator & operand) != 0; /* BPF_JSET */
      break;
    }
  return holds ? step->jt : step->jf;
}

uint32_t
trap_judge_program (const struct sock_filter *program, size_t count,
                    const struct seccomp_data *data)
{
  struct machine machine = { 0 };
  for (size_t at = 0; at < count; at++)
    {
      const struct sock_filter *step = &program[at];
      uint32_t operand =
          BPF_SRC (step->code) == BPF_X ? machine.index : step->k;
      switch (BPF_CLASS (step->code))
        {
        case BPF_LD:
          machine.accumulator = get_operand (&machine, step, data);
          break;
        case BPF_LDX:
          machine.index = get_operand (&machine, step, data);
          break;
        case BPF_ST:
          machine.memory[step->k % BPF_MEMWORDS] = machine.accumulator;
          break;
        case BPF_STX:
          machine.memory[step->k % BPF_MEMWORDS] = machine.index;
          break;
        case BPF_ALU:
          if (!compute (&machine, step, operand))
            return KILL;
          break;
        case BPF_JMP:
          at += skip (&machine, step, operand);
          break;
        case BPF_RET:
          return BPF_RVAL (step->code) == BPF_A ? machine.accumulator : step->k;
        default:
          if (BPF_MISCOP (step->code) == BPF_TXA)
            machine.accumulator = machine.index;
          else
            machine.index = machine.accumulator;
          break;
        }
    }
  return KILL;
}

uint32_t
trap_judge (const struct trap_filter *newest, const struct seccomp_data *data)
{
  uint32_t strictest = SECCOMP_RET_ALLOW;
  for (const struct trap_filter *filter = newest; filter != NULL;
       filter = filter->older)
    {
      uint32_t said = trap_judge_program (filter->program, filter->count, data);
      /* Killing a process is the most negative number.  */
      if ((int32_t) (said & SECCOMP_RET_ACTION_FULL)
          < (int32_t) (strictest & SECCOMP_RET_ACTION_FULL))
        strictest = said;
    }
  return strictest;
}
