/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   A traced thread, seen from the one that traces it.  */

#include "trap-engine/runtime/watch.h"

#include <linux/ptrace.h>

#include "lib/guest/kernel.h"
#include "trap-engine/runtime/runtime.h"

#ifndef PTRACE_GETREGS
#  define PTRACE_GETREGS 12
#  define PTRACE_SETREGS 13
#endif

/* The flags of the processor that LAHF's byte holds, and overflow.  */
#define FLAGS_LAHF 0xd5u
#define FLAG_OVERFLOW 0x800u

/* Codes of the kernel's that say how an interrupted call goes on.  */
#define RESTARTS_FIRST ((uint64_t) -516)
#define RESTARTS_LAST ((uint64_t) -512)

/* The word of the head at OFFSET.  */
#define WORD(offset) ((offset) / sizeof (uint64_t))

int64_t
watch_request (long request, int tid, uint64_t address, uint64_t data)
{
  return trap_call (__NR_ptrace, (uint64_t) request, (uint64_t) tid, address,
                    data);
}

/* Make the call NUMBER, process_vm_readv or its opposite.  */
static bool
transfer (long number, int tid, uint64_t there, uint64_t here, size_t size)
{
  const uint64_t from[2] = { there, size }, to[2] = { here, size };
  return call6 (number, (uint64_t) tid, trap_pointer (to), 1,
                trap_pointer (from), 1, 0)
         == (int64_t) size;
}

bool
watch_read (int tid, const void *address, void *buffer, size_t size)
{
  return transfer (__NR_process_vm_readv, tid, trap_pointer (address),
                   trap_pointer (buffer), size);
}

bool
watch_write (int tid, const void *address, const void *buffer, size_t size)
{
  return transfer (__NR_process_vm_writev, tid, trap_pointer (address),
                   trap_pointer (buffer), size);
}

bool
watch_is_ours (int tid)
{
  uint64_t family;
  return watch_read (tid, &trap_process.family, &family, sizeof family)
         && family == trap_process.family;
}

static bool
is_between (uint64_t rip, const char *start, const char *end)
{
  return rip >= trap_pointer (start) && rip < trap_pointer (end);
}

/* Take the block whose head is at HEAD for WATCHED's.  Return whether there is
   one.  */
static bool
take_block (struct watched *watched, uint64_t head)
{
  watched->block = (struct trap_block *) (head - BLOCK_HEAD);
  return head >> 32 == TRAP_WINDOW_HIGH
         && watch_read (watched->tid, (const void *) head, watched->word,
                        sizeof watched->word)
         && watched->word[WORD (BLOCK_SELF)] == trap_pointer (watched->block);
}

/* Find WATCHED's block.  A thread that is just being made has its parent's %gs
   until it has set its own.  */
static bool
find_block (struct watched *watched)
{
  const struct watch_registers *registers = &watched->registers;
  bool makes =
      (registers->rip == trap_pointer (trap_clone_made) && registers->rax == 0)
      || (registers->rip > trap_pointer (trap_clone_made)
          && is_between (registers->rip, trap_clone_made, trap_clone_end))
      || is_between (registers->rip, (const char *) trap_set_block,
                     trap_set_block_end);
  return (makes && take_block (watched, registers->rbx + BLOCK_HEAD))
         || take_block (watched, registers->gs_base);
}

/* Return whether WATCHED's thread is on its signal stack.  Where that begins
   the other one is empty.  */
static bool
is_in_signal (const struct watched *watched)
{
  const char *stack = (const char *) watched->block->signal_stack;
  return is_between (watched->registers.rsp, stack + 1,
                     stack + BLOCK_SIGNAL_STACK_SIZE);
}

/* Return whether WATCHED's thread has just been made.  */
static bool
is_new (const struct watched *watched)
{
  const uint64_t rip = watched->registers.rip;
  const uint64_t number = watched->word[WORD (BLOCK_NUMBER)];
  return watched->registers.rax == 0
         && (rip == trap_pointer (trap_clone_made)
             || (rip == trap_pointer (trap_blocking_done)
                 && (number == __NR_clone || number == __NR_clone3)));
}

bool
watch_look (int tid, struct watched *watched)
{
  watched->tid = tid;
  if (watch_request (PTRACE_GETREGS, tid, 0, trap_pointer (&watched->registers))
          < 0
      || !watch_is_ours (tid) || !find_block (watched)
      || !watch_read (tid, &watched->block->notes, &watched->notes,
                      sizeof watched->notes))
    return false;
  watched->inside =
      is_between (watched->registers.rip, trap_text_start, trap_text_end);
  const int tracer = block_here ()->task.tid;
  if (watched->notes.tid != tid || watched->notes.tracer != tracer)
    {
      watched->notes = (struct trap_notes){ .tid = tid,
                                            .tracer = tracer,
                                            .request = PTRACE_CONT,
                                            .new = is_new (watched) };
      watch_await (watched, 0);
      watch_keep (watched);
    }
  watched->calls = watched->inside && !watched->notes.new
                   && !is_in_signal (watched)
                   && watched->word[WORD (BLOCK_SITE)] != 0;
  return true;
}

void
watch_keep (const struct watched *watched)
{
  (void) watch_write (watched->tid, &watched->block->notes, &watched->notes,
                      sizeof watched->notes);
}

void
watch_await (struct watched *watched, uint32_t waits)
{
  uint64_t *word = &watched->word[WORD (BLOCK_PENDING)];
  uint32_t pending = ((uint32_t) *word & WAITS_SIGNAL) | waits;
  if (pending != (uint32_t) *word)
    (void) watch_write (watched->tid, &watched->block->pending, &pending,
                        sizeof pending);
  *word = (*word & ~0xfffffffful) | pending;
}

bool
watch_is_interrupted (const struct watched *watched)
{
  return watched->registers.rip == trap_pointer (trap_blocking_done)
         && watched->registers.rax >= RESTARTS_FIRST
         && watched->registers.rax <= RESTARTS_LAST;
}

void
watch_set (const struct watched *watched)
{
  (void) watch_request (PTRACE_SETREGS, watched->tid, 0,
                        trap_pointer (&watched->registers));
}

/* Fill REGISTERS from the context of a signal that WATCHED's thread is at work
   with.  Return whether it is the program's.  */
static bool
view_interrupted (const struct watched *watched,
                  struct watch_registers *registers)
{
  const struct watch_registers *now = &watched->registers;
  const struct k_ucontext *frame = (const struct k_ucontext *) now->rdx;
  struct k_context context;
  if (!is_in_signal (watched)
      || (now->rip != trap_pointer ((const void *) trap_signal)
          && !watch_read (watched->tid, &watched->block->interrupted, &frame,
                          sizeof frame))
      || !watch_read (watched->tid, &frame->context, &context, sizeof context)
      || is_between (context.rip, trap_text_start, trap_text_end))
    return false;
  *registers = (struct watch_registers){
    .r15 = context.r15,
    .r14 = context.r14,
    .r13 = context.r13,
    .r12 = context.r12,
    .rbp = context.rbp,
    .rbx = context.rbx,
    .r11 = context.r11,
    .r10 = context.r10,
    .r9 = context.r9,
    .r8 = context.r8,
    .rax = context.rax,
    .rcx = context.rcx,
    .rdx = context.rdx,
    .rsi = context.rsi,
    .rdi = context.rdi,
    .orig_rax = ~0ul,
    .rip = context.rip,
    .cs = now->cs,
    .eflags = context.eflags,
    .rsp = context.rsp,
    .ss = now->ss,
    .fs_base = now->fs_base,
    .gs_base = now->gs_base,
  };
  return true;
}

/* Fill REGISTERS from the block of WATCHED, whose call is being made, or is
   done.  */
static void
view_call (const struct watched *watched, struct watch_registers *registers)
{
  const uint64_t *word = watched->word;
  const uint64_t *arg = word + WORD (BLOCK_ARG),
                 *saved = word + WORD (BLOCK_SAVED);
  const uint64_t flags = word[WORD (BLOCK_FLAGS)];
  registers->rdi = arg[0];
  registers->rsi = arg[1];
  registers->rdx = arg[2];
  registers->r10 = arg[3];
  registers->r8 = arg[4];
  registers->r9 = arg[5];
  registers->rbx = saved[0];
  registers->rbp = saved[1];
  registers->r12 = saved[2];
  registers->r13 = saved[3];
  registers->r14 = saved[4];
  registers->r15 = saved[5];
  registers->rsp = word[WORD (BLOCK_RSP)];
  registers->rip = registers->rcx = word[WORD (BLOCK_SITE)] + 2;
  registers->orig_rax = word[WORD (BLOCK_NUMBER)];
  registers->eflags &= ~(uint64_t) (FLAGS_LAHF | FLAG_OVERFLOW);
  registers->eflags |=
      (flags >> 8 & FLAGS_LAHF) | ((flags & 1) != 0 ? FLAG_OVERFLOW : 0);
  registers->r11 = registers->eflags;
  if (is_between (watched->registers.rip, trap_check, trap_deliver + 1))
    registers->rax = word[WORD (BLOCK_RESULT)];
  else if (!watch_is_interrupted (watched))
    registers->rax = (uint64_t) -K_ENOSYS;
}

void
watch_view (const struct watched *watched, struct watch_registers *registers)
{
  *registers = watched->registers;
  if (!watched->inside || view_interrupted (watched, registers))
    return;
  if (is_between (registers->rip, trap_entry, trap_entered))
    registers->rip = registers->rcx;
  else if (watched->word[WORD (BLOCK_SITE)] != 0)
    view_call (watched, registers);
}
