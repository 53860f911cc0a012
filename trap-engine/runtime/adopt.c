/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Giving the process to a tracer while it runs: see adopt.h.  */

#include "trap-engine/adopt.h"

#include <linux/mman.h>
#include <linux/prctl.h>

#include "lib/guest/kernel.h"
#include "trap-engine/patch.h"
#include "trap-engine/runtime/actions.h"
#include "trap-engine/runtime/runtime.h"
#include "trap-engine/runtime/signal.h"

/* Bits of the processor's flags that the entry keeps: LAHF's byte, and
   overflow.  */
#define FLAGS_LAHF 0xd5u
#define FLAG_OVERFLOW 0x800u

#ifndef PR_SET_PTRACER
#  define PR_SET_PTRACER 0x59616d61
#endif

enum
{
  WAIT_ALL = 0x40000000,
  EXIT_FAILED = 125
};

/* What it takes to start a tracer.  */
struct start
{
  struct guest_exec exec;
  struct trap_record record;
  char encoded[TRAP_RECORD_ENCODED_MAX];
};

/* Tell the user, once in a process, that the program needs WHAT, and WHY it
   cannot have it.  */
static void
complain (const char *what, const char *why)
{
  static bool told;
  const char *const parts[] = { "Warning: '",
                                trap_process.executable,
                                "' uses ",
                                what,
                                ", which mode ",
                                trap_process.state->patches ? "T1" : "T2",
                                " leaves to a tracer, and ",
                                why,
                                "; mode P1 does without that\n" };
  char text[GUEST_PATH_SIZE + 256];
  struct guest_text line;
  if (told)
    return;
  told = true;
  guest_text_init (&line, text, sizeof text);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    guest_text_add (&line, parts[i]);
  trap_call (__NR_write, 2, trap_pointer (text), line.length, 0);
}

/* In a child: become the tracer of PARENT, the process of BLOCK, that answers
   on CHANNEL.  Return when that fails.  */
static void
become_tracer (struct trap_block *block, struct start *start, uint64_t parent,
               uint64_t channel)
{
  static const char name[] = "udocker-tracer";
  const struct trap_state *state = trap_process.state;
  const char *const arguments[] = { name, NULL };
  const char *const environment[] = { start->encoded, NULL };
  const char *executable = trap_process.executable;
  start->exec.held[0] = start->exec.held[1] = -1;
  for (size_t i = 0; i < sizeof start->exec.executable; i++)
    start->exec.executable[i] = executable[i];
  trap_record_fill (&start->record, &block->task, &start->exec, state->first_fd,
                    true);
  start->record.adopts = (int32_t) parent;
  start->record.channel = (int32_t) channel;
  trap_record_encode (&start->record, start->encoded);
  trap_call (__NR_execve, trap_pointer (state->runtime),
             trap_pointer (arguments), trap_pointer (environment), 0);
}

/* Have a tracer seize the process of BLOCK.  Return 0 or a negative errno.  */
static int
be_seized (struct trap_block *block, struct start *start)
{
  int32_t ends[2];
  unsigned char byte = K_EIO;
  uint64_t self = (uint64_t) trap_call (__NR_getpid, 0, 0, 0, 0);
  int64_t status = trap_call (__NR_pipe2, trap_pointer (ends), 0, 0, 0);
  if (status < 0)
    return (int) status;
  /* For Yama, which otherwise lets only ancestors trace.  */
  trap_call (__NR_prctl, PR_SET_PTRACER, (uint64_t) -1, 0, 0);
  int64_t child = call6 (__NR_clone, 0, 0, 0, 0, 0, 0);
  if (child == 0)
    {
      trap_call (__NR_close, (uint64_t) ends[0], 0, 0, 0);
      become_tracer (block, start, self, (uint64_t) ends[1]);
      for (;;)
        trap_call (__NR_exit_group, EXIT_FAILED, 0, 0, 0);
    }
  trap_call (__NR_close, (uint64_t) ends[1], 0, 0, 0);
  status = child < 0 ? child : 0;
  if (child > 0)
    trap_call (__NR_wait4, (uint64_t) child, 0, WAIT_ALL, 0);
  if (status == 0)
    {
      int64_t got;
      do
        got = trap_call (__NR_read, (uint64_t) ends[0], trap_pointer (&byte), 1,
                         0);
      while (got == -K_EINTR);
      status = got == 1 ? -(int64_t) byte : -K_EIO;
    }
  trap_call (__NR_close, (uint64_t) ends[0], 0, 0, 0);
  trap_call (__NR_prctl, PR_SET_PTRACER, 0, 0, 0);
  return (int) status;
}

/* Have the kernel's actions and stack for signals be as the program of BLOCK
   believes that they are, but with all blocked.  Nothing of the runtime works
   with signals from then on.  */
static void
give_signals_back (struct trap_block *block)
{
  (void) signal_set_mask (~0ul);
  signal_pass_on (block);
  actions_give_back (block->handlers);
  trap_call (__NR_sigaltstack, trap_pointer (&block->alternate), 0, 0, 0);
}

/* The process is traced: leave it, with BLOCK's program where GO says.  */
_Noreturn static void
leave (struct trap_block *block, struct trap_adopted *go)
{
  const struct trap_state *state = trap_process.state;
  trap_patch_undo ();
  give_signals_back (block);
  call6 (__NR_close_range, (uint64_t) state->first_fd,
         (uint64_t) state->end_fd - 1, 0, 0, 0, 0);
  for (;;)
    trap_call (__NR_prctl, TRAP_ADOPT_CALL, trap_pointer (go), 0, 0);
}

/* Give the process to a tracer, and go on as GO says.  Return only when that
   cannot be: ERROR.  WHAT the program uses is for the user.  */
static int64_t
adopt (struct trap_block *block, struct trap_adopted *go, const char *what,
       int64_t error)
{
  long memory;
  if (trap_process.state->tracer[0] == '\0')
    {
      complain (what, "this build of udocker has none");
      return error;
    }
  if (!thread_is_alone () || block->lent)
    {
      complain (what, "there are several threads already");
      return error;
    }
  if (block->filters != NULL)
    {
      complain (what, "it has filters of its own, which that would drop");
      return error;
    }
  uint64_t mask = signal_set_mask (~SIGNALS_OURS);
  if ((block->pending & WAITS_SIGNAL) != 0)
    {
      (void) signal_set_mask (mask);
      return CALL_ABORTED;
    }
  memory = call_mmap (0, sizeof (struct start), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, (uintptr_t) -1, 0);
  int status = is_error (memory) ? -K_ENOMEM
                                 : be_seized (block, (struct start *) memory);
  if (!is_error (memory))
    trap_call (__NR_munmap, (uint64_t) memory, sizeof (struct start), 0, 0);
  go->blocked = mask | block->blocked;
  if (status == 0)
    leave (block, go);
  (void) signal_set_mask (mask);
  complain (what, "this system does not permit tracing");
  return error;
}

/* Fill GO with what BLOCK's program had in its registers.  */
static void
fill (struct trap_adopted *go, const struct trap_block *block)
{
  *go = (struct trap_adopted){
    .rdi = block->arg[0],
    .rsi = block->arg[1],
    .rdx = block->arg[2],
    .r10 = block->arg[3],
    .r8 = block->arg[4],
    .r9 = block->arg[5],
    .rbx = block->saved[0],
    .rbp = block->saved[1],
    .r12 = block->saved[2],
    .r13 = block->saved[3],
    .r14 = block->saved[4],
    .r15 = block->saved[5],
    .rsp = block->rsp,
    .flags = (block->flags >> 8 & FLAGS_LAHF)
             | ((block->flags & 1) != 0 ? FLAG_OVERFLOW : 0),
    .flags_mask = FLAGS_LAHF | FLAG_OVERFLOW,
  };
}

int64_t
adopt_for_gs (struct trap_block *block)
{
  struct trap_adopted go;
  fill (&go, block);
  go.gs = block->arg[1];
  go.rip = go.rcx = trap_origin (block->back);
  go.r11 = 0x202;
  return adopt (block, &go, "the register %gs", -K_EPERM);
}

int64_t
adopt_for_int80 (struct trap_block *block)
{
  struct trap_adopted go;
  fill (&go, block);
  go.rip = block->site;
  go.rax = block->number;
  go.rcx = block->lost[0];
  go.r11 = block->lost[1];
  return adopt (block, &go, "the 32-bit interface of the kernel", -K_ENOSYS);
}
