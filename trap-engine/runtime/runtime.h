/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The runtime of one process: what its files share.

   The runtime is the program that every execve of the container starts
   (execute.h).  It maps the guest's program, stays in the process, and
   carries out the system calls that the filter traps: SIGSYS leads to
   trap_entry, which runs as an ordinary part of the program, on a stack of its
   own; trap_dispatch does what lib/guest says of the call; the way out goes
   back behind the program's instruction.

   Signals: handlers of programs are never called by the kernel but by
   trap_signal, which first looks where the program was.  Outside the runtime
   it hands the signal on at once.  Inside, the signal waits until the way out,
   and calls that may block are given up first, so that a program sees each of
   its system calls done, or not yet begun, or interrupted with EINTR.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_RUNTIME_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/load/machine.h"
#include "trap-engine/execute.h"
#include "trap-engine/record.h"
#include "trap-engine/runtime/block.h"
#include "trap-engine/runtime/held.h"
#include "trap-engine/state.h"

/* What a program of the container that traces this process has written into it
   (watch.h).  */
struct trap_watch
{
  uint64_t message; /* for PTRACE_GETEVENTMSG */
  int32_t status;   /* that of the stop at its execve, which is to be shown when
                       the program is there; 0: nobody waits for it */
  bool traced;
};

/* Where a variable lies, so that the pages that a new process or a child by
   fork touches are few (runtime.ld): small ones that each uses.  */
#define TRAP_USED __attribute__ ((section (".bss.used")))

/* What is one for the process.  Also found from other processes, at this
   address.  */
struct trap_process
{
  struct guest guest;
  struct trap_held held;
  struct trap_state *state;
  uint64_t container;       /* the inode of the state: whose process this is */
  uint64_t family;          /* see struct trap_state */
  struct trap_block *first; /* its first thread's */
  struct trap_watch watch;
  char *executable;   /* a path, at which GUEST_PATH_SIZE bytes may be read */
  struct guest_fs fs; /* with much room that is mostly unused */
  struct trap_handlers handlers;
};
extern struct trap_process trap_process;

/* The block of the process's first thread, on whose stack trap_main runs.  */
extern struct trap_block trap_first_block;

/* Symbols of runtime.ld and the entry.  */
extern char trap_text_start[], trap_text_end[];
extern char trap_start[], trap_entry[], trap_entered[], trap_check[],
    trap_tail[], trap_tail_end[];
extern char trap_deliver[];
extern char trap_clone_made[], trap_clone_end[], trap_set_block_end[];
extern char trap_again[], trap_ask_stop[], trap_asked[];
extern char trap_blocking_check[], trap_blocking_done[], trap_blocking_abort[];
extern char trap_copy_start[], trap_copy_end[], trap_copy_fault[];
extern char trap_string_start[], trap_string_end[], trap_string_fault[];
extern char trap_restorer[];

/* WRGSBASE may be used.  */
extern uint32_t trap_has_fsgsbase;

/* Copy SIZE bytes.  Return 0, or how many were not copied when memory was
   missing.  */
size_t trap_copy (void *to, const void *from, size_t size);

/* Copy the string FROM, with its NUL, to the SIZE bytes at TO.  Return its
   length, -EFAULT when memory is missing, or -ENAMETOOLONG.  */
int64_t trap_copy_string (char *to, const char *from, size_t size);

/* Make the system call NUMBER, which may block.  When a signal that the
   program handles has come before the kernel did anything, return
   CALL_ABORTED.  */
int64_t trap_blocking (long number, uint64_t a, uint64_t b, uint64_t c,
                       uint64_t d, uint64_t e, uint64_t f);

/* Make the call NUMBER, clone or its like, with arguments A to E; the child
   goes on with CHILD as its block.  Return as the kernel does, in the
   parent.  */
int64_t trap_clone (long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                    uint64_t e, struct trap_block *child);

/* End the thread with STATUS, and take bit INDEX out of BITMAP: the block is
   free from then on, and is not touched any more.  */
_Noreturn void trap_exit (uint64_t status, uint64_t *bitmap, uint64_t index);

/* Have %gs lead to BLOCK.  */
void trap_set_block (struct trap_block *block);

/* Stop for a tracer as a filter of the program's says, with DATA for it.  Return
   whether it does not want to be asked.  */
uint32_t trap_ask (uint32_t data);

/* Stop for a tracer, if there still is one, and do as trap_begin.  */
_Noreturn void trap_ready (uint64_t entry, uint64_t *stack);

/* Jump to ENTRY with STACK as the stack pointer, as a new program begins.  */
_Noreturn void trap_begin (uint64_t entry, uint64_t *stack);

/* Do what lib/guest says of BLOCK's call.  Return its result.  */
int64_t trap_follow (struct trap_block *block);

/* Do what BLOCK's call means.  Return its result.  For trap_entry.  */
int64_t trap_dispatch (struct trap_block *block);

/* The child of a clone has come to life with BLOCK: finish it.  For
   trap_clone, which then leaves by the way out.  */
void trap_child (struct trap_block *block);

/* The kernel's handler of all signals that matter: NUMBER, told by INFO, finds
   the thread at UCONTEXT.  */
__attribute__ ((visibility ("hidden"))) void
trap_signal (int number, const struct k_siginfo *info,
             struct k_ucontext *ucontext);

/* A system call that the runtime knows more of than lib/guest.  Return its
   result.  */
typedef int64_t trap_call_function (struct trap_block *block);

/* Those calls by number; NULL for others.  */
extern trap_call_function *const trap_calls[GUEST_CALL_LIMIT];

/* signal-calls.c.  */
trap_call_function signal_call_action, signal_call_mask, signal_call_pending,
    signal_call_stack, signal_call_suspend, signal_call_wait,
    signal_call_pselect, signal_call_ppoll, signal_call_epoll;

/* watch.c: calls of programs that trace others.  */
trap_call_function watch_call_ptrace, watch_call_wait4, watch_call_waitid;

/* adopt.c: BLOCK's program wants %gs for itself, or has called the system by
   "int $0x80": have a tracer take over, if possible.  Otherwise return what the
   call returns, after a message for the user.  */
int64_t adopt_for_gs (struct trap_block *block);
int64_t adopt_for_int80 (struct trap_block *block);

/* thread.c: calls that make or end threads; and the first block.  */
trap_call_function thread_call_clone, thread_call_clone3, thread_call_vfork,
    thread_call_exit, thread_call_unshare;
struct trap_block *thread_start (void);

/* Return the task of the thread TID of BLOCK's process, or BLOCK's own when it
   is not found.  */
struct guest_task *thread_find (struct trap_block *block, int tid);

/* Return the id of another thread of BLOCK's process that has not blocked the
   signal of BIT, or waits for it; 0 for none.  */
int thread_find_taker (struct trap_block *block, uint64_t bit);

/* Return whether BLOCK's thread is the only one of its process.  */
bool thread_is_last (const struct trap_block *block);

/* Give all threads of BLOCK's process its filters.  */
void thread_share_filters (struct trap_block *block);

/* After a fork: this process has its only thread from its parent's.  */
void thread_forked (struct trap_block *block);

/* True from when ids of tasks are known until a fork.  */
bool thread_is_known (void);

/* Return whether no other task shares the memory; false when that is not
   known.  Safe in a child that has not made a call yet.  */
bool thread_is_alone (void);
void thread_know (void);

/* descriptor.c: calls that could reach our descriptors.  */
trap_call_function descriptor_call_close, descriptor_call_dup2,
    descriptor_call_dup3, descriptor_call_close_range, descriptor_call_fcntl;

/* filter.c: filters of system calls that programs install.  */
trap_call_function filter_call_seccomp, filter_call_prctl;

/* Return whether BLOCK's filters, of which there are some, keep its call from
   being made; RESULT gets its result then.  */
bool filter_forbids (struct trap_block *block, int64_t *result);

/* Put BLOCK's filters where an execve takes them from CARRIED.  Return 0, or a
   negative errno when that is not possible.  */
int filter_carry (const struct trap_block *block, struct trap_carried *carried);

/* The execve has failed: forget them again.  */
void filter_forget (struct trap_carried *carried);

/* Take BLOCK's filters of SIZE bytes from the file FD, which is closed.  Return
   whether that worked.  */
bool filter_start (struct trap_block *block, int fd, uint32_t size);

/* keep.c: have the owners in STATE be kept beyond the run, if they are to.  For
   the first runtime.  */
void keep_begin (struct trap_state *state);

/* The operations of lib/guest.  */
extern const struct guest_ops trap_ops;

/* Make a system call that cannot fail in an interesting way.  */
static inline int64_t
trap_call (long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
  return call6 (number, a, b, c, d, 0, 0);
}

static inline uint64_t
trap_pointer (const void *pointer)
{
  return (uint64_t) (uintptr_t) pointer;
}

#endif
