/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A small interpreter for classic BPF, as far as filters of system calls use
   it.  */

#ifndef UDOCKER_TESTS_UNIT_RUN_FILTER_H
#define UDOCKER_TESTS_UNIT_RUN_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

/* Return what the LENGTH instructions of PROGRAM say about DATA.  */
static uint32_t
filter_run (const struct sock_filter *program, int length,
            const struct seccomp_data *data)
{
  uint32_t accumulator = 0;
  uint32_t index = 0;
  for (int at = 0; at < length; at++)
    {
      const struct sock_filter *step = &program[at];
      switch (step->code)
        {
        case BPF_LD | BPF_W | BPF_ABS:
          memcpy (&accumulator, (const char *) data + step->k, 4);
          break;
        case BPF_LD | BPF_IMM:
          accumulator = step->k;
          break;
        case BPF_MISC | BPF_TAX:
          index = accumulator;
          break;
        case BPF_ALU | BPF_LSH | BPF_X:
          accumulator <<= index & 31;
          break;
        case BPF_ALU | BPF_AND | BPF_K:
          accumulator &= step->k;
          break;
        case BPF_JMP | BPF_JA:
          at += (int) step->k;
          break;
        case BPF_JMP | BPF_JEQ | BPF_K:
          at += accumulator == step->k ? step->jt : step->jf;
          break;
        case BPF_JMP | BPF_JGE | BPF_K:
          at += accumulator >= step->k ? step->jt : step->jf;
          break;
        case BPF_JMP | BPF_JSET | BPF_K:
          at += (accumulator & step->k) != 0 ? step->jt : step->jf;
          break;
        case BPF_RET | BPF_K:
          return step->k;
        default:
          return SECCOMP_RET_KILL;
        }
    }
  return SECCOMP_RET_KILL;
}

#endif
