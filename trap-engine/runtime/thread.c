/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Threads and processes that share memory: each has a block.  */

#include "trap-engine/runtime/runtime.h"

#include <linux/mman.h>
#include <linux/sched.h>

#include "lib/guest/kernel.h"
#include "trap-engine/patch.h"
#include "trap-engine/runtime/actions.h"
#include "trap-engine/runtime/signal.h"

#ifndef CLONE_CLEAR_SIGHAND
#  define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif

/* What clone3 reads: struct clone_args of all kernels so far.  */
struct clone_request
{
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size,
      tls, set_tid, set_tid_size, cgroup;
};

/* The kernel takes no more than a page.  */
#define CLONE_REQUEST_MAX 4096

/* Namespaces, which no call of a container gets.  */
#define CLONE_NAMESPACES 0x7e020080ull

/* Which blocks are taken, and which have been mapped, besides the first.  */
static uint64_t taken[BLOCK_COUNT / 64] TRAP_USED;
static uint64_t mapped[BLOCK_COUNT / 64];

/* No word of TAKEN behind this one was ever used.  */
static size_t highest TRAP_USED;

struct trap_block trap_first_block;

/* On a page that a fork leaves empty: 1 as long as the ids of tasks are
   known.  */
static uint32_t *known TRAP_USED;
static uint32_t never TRAP_USED;

static struct trap_block *
block_at (int index)
{
  return index == 0 ? &trap_first_block
                    : (struct trap_block *) (TRAP_BLOCKS
                                             + (uint64_t) index * BLOCK_STRIDE);
}

/* Bits of word INDEX of TAKEN are about to be used.  */
static void
note_word (size_t index)
{
  size_t old = __atomic_load_n (&highest, __ATOMIC_RELAXED);
  while (old < index
         && !__atomic_compare_exchange_n (&highest, &old, index, 0,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    ;
}

/* Take a free bit of TAKEN.  Return its index, or -1.  */
static int
take_index (void)
{
  for (size_t i = 0; i < BLOCK_COUNT / 64; i++)
    {
      uint64_t word = __atomic_load_n (&taken[i], __ATOMIC_RELAXED);
      while (~word != 0)
        {
          int bit = __builtin_ctzl (~word);
          note_word (i);
          if (__atomic_compare_exchange_n (&taken[i], &word, word | 1ul << bit,
                                           0, __ATOMIC_ACQUIRE,
                                           __ATOMIC_RELAXED))
            return (int) (i * 64) + bit;
        }
    }
  return -1;
}

/* Give back the bit INDEX of TAKEN.  The block there, if any, must have got a
   tid of 0, lest it seem abandoned when it is taken again.  */
static void
give_index (int index)
{
  (void) __atomic_fetch_and (&taken[index / 64], ~(1ul << (index % 64)),
                             __ATOMIC_RELEASE);
}

/* Fill the words of BLOCK, number INDEX, by which the entry finds its way.  */
static void
prepare (struct trap_block *block, int index)
{
  block->self = block;
  block->index = index;
  block->task.tid = 0;
  block->users = 0;
  block->released = false;
  block->stack =
      trap_pointer (block->stack_memory + sizeof block->stack_memory);
}

/* Return whose room ADDRESS, of a file-system state or of handlers, is in, or
   NULL when it is the process's.  */
static struct trap_block *
owner_of (const void *address)
{
  uint64_t at = trap_pointer (address);
  if (at >= TRAP_BLOCKS && at < TRAP_BLOCKS_END)
    return (struct trap_block *) (at - at % BLOCK_STRIDE);
  at -= trap_pointer (&trap_first_block);
  return at < sizeof trap_first_block ? &trap_first_block : NULL;
}

/* BLOCK's task shares what is at ADDRESS from now on, or with -1 no more.  */
static void
share (struct trap_block *block, const void *address, int32_t change)
{
  struct trap_block *owner = owner_of (address);
  if (owner != NULL && owner != block)
    (void) __atomic_fetch_add (&owner->users, (uint32_t) change,
                               __ATOMIC_RELAXED);
}

/* BLOCK's task has ended, and shares nothing any more.  */
static void
release (struct trap_block *block)
{
  (void) __atomic_fetch_sub (&block->task.fs->references, 1, __ATOMIC_RELAXED);
  share (block, block->task.fs, -1);
  share (block, block->handlers, -1);
}

/* Return whether BLOCK belongs to a task that is gone and had no occasion to
   give it back, such as one that was killed and shared no more than the memory;
   or to one that others shared something with.  */
static bool
is_abandoned (const struct trap_block *block)
{
  return block->task.tid != 0 && !block->lent
         && __atomic_load_n (&block->users, __ATOMIC_RELAXED) == 0
         && trap_call (__NR_tkill, (uint64_t) block->task.tid, 0, 0, 0)
                == -K_ESRCH;
}

/* Return the bits of word INDEX of TAKEN whose blocks are there already.  */
static uint64_t
in_use (size_t index)
{
  return __atomic_load_n (&taken[index], __ATOMIC_ACQUIRE)
         & (__atomic_load_n (&mapped[index], __ATOMIC_ACQUIRE) | (index == 0));
}

/* Find blocks that nobody uses any more.  Those that are just being taken have
   a tid of 0.  */
static void
reclaim (void)
{
  for (int index = 0; index < BLOCK_COUNT; index++)
    {
      uint64_t bit = 1ul << (index % 64);
      struct trap_block *block = block_at (index);
      if ((in_use ((size_t) index / 64) & bit) == 0 || !is_abandoned (block)
          || __atomic_exchange_n (&block->task.tid, 0, __ATOMIC_ACQ_REL) == 0)
        continue;
      if (!block->released)
        release (block);
      give_index (index);
    }
}

/* Map the block number INDEX, which is taken.  Return 0 or a negative errno. */
static int64_t
map_block (int index)
{
  const uint64_t bit = 1ul << (index % 64);
  if (index == 0
      || (__atomic_load_n (&mapped[index / 64], __ATOMIC_ACQUIRE) & bit) != 0)
    return 0;
  long status =
      call_mmap ((uintptr_t) block_at (index), sizeof (struct trap_block),
                 PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
                 (uintptr_t) -1, 0);
  if (is_error (status))
    return status;
  (void) __atomic_fetch_or (&mapped[index / 64], bit, __ATOMIC_RELEASE);
  return 0;
}

/* Return a block that is free, or NULL.  */
static struct trap_block *
take_block (void)
{
  int index = take_index ();
  /* Before their number grows.  */
  if (index < 0 || (index % 64 == 63 && (mapped[index / 64] >> 63) == 0))
    {
      reclaim ();
      if (index < 0)
        index = take_index ();
    }
  if (index < 0)
    return NULL;
  if (map_block (index) < 0)
    {
      give_index (index);
      return NULL;
    }
  struct trap_block *block = block_at (index);
  prepare (block, index);
  return block;
}

struct trap_block *
thread_start (void)
{
  known = &never;
  taken[0] = 1;
  prepare (&trap_first_block, 0);
  long page =
      call_mmap (TRAP_FORKS, 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (uintptr_t) -1, 0);
  /* Without it (Linux before 4.14) every call asks for the ids.  */
  if (!is_error (page)
      && trap_call (__NR_madvise, (uint64_t) page, 4096, 18 /* WIPEONFORK */, 0)
             == 0)
    known = (uint32_t *) page;
  return &trap_first_block;
}

bool
thread_is_known (void)
{
  return *known != 0;
}

bool
thread_is_alone (void)
{
  uint64_t seen = 0;
  if (known == &never)
    return false;
  for (size_t i = 0; *known != 0 && i <= highest; i++)
    {
      uint64_t word = __atomic_load_n (&taken[i], __ATOMIC_RELAXED);
      if ((word & (word - 1)) != 0 || (word != 0 && seen != 0))
        return false;
      seen |= word;
    }
  return true;
}

/* BLOCK's task is alone in a new process: what it has is the process's.  */
static void
become_process (struct trap_block *block)
{
  struct trap_process *process = &trap_process;
  if (block->task.fs != &process->fs)
    guest_fs_copy (&process->fs, block->task.fs);
  process->fs.references = 1;
  block->task.fs = &process->fs;
  if (block->handlers != &process->handlers)
    process->handlers = *block->handlers;
  /* Perhaps another thread was changing them.  Nothing is written without
     need: it would be to a page of the child's own.  */
  if (process->handlers.writer != 0)
    process->handlers.writer = 0;
  if ((process->handlers.changes & 1) != 0)
    process->handlers.changes &= ~1u;
  block->handlers = &process->handlers;
  block->users = 0;
}

void
thread_forked (struct trap_block *block)
{
  int pid = (int) trap_call (__NR_getpid, 0, 0, 0, 0);
  /* Where nobody tells of forks this is asked all the time.  */
  if (block->task.pid == pid)
    return;
  block->task.tid = block->task.pid = pid; /* it is the only thread */
  trap_process.guest.pid = pid;
  trap_process.first = block;
  /* The other threads have stayed behind.  */
  for (size_t i = 0; i < BLOCK_COUNT / 64; i++)
    if (taken[i] != 0)
      taken[i] = 0;
  taken[block->index / 64] = 1ul << (block->index % 64);
  become_process (block);
  block->lent = false;
  /* What waits for the parent.  */
  block->held = 0;
  trap_process.held = (struct trap_held){ 0 };
  trap_patch_forked ();
  if (known != &never)
    *known = 1;
}

/* Have CHILD share with PARENT what the FLAGS of clone say, and have copies of
   the rest.  */
static void
inherit (struct trap_block *child, struct trap_block *parent, uint64_t flags)
{
  guest_task_clone (&child->task, &parent->task,
                    (flags & CLONE_FS) == 0 ? &child->fs : NULL);
  child->task.engine = parent->task.engine;
  child->task.prefixes = &child->prefixes;
  child->task.pid = (flags & CLONE_THREAD) != 0 ? parent->task.pid : 0;
  child->filters = parent->filters;
  child->handlers = parent->handlers;
  child->cleared = (flags & CLONE_CLEAR_SIGHAND) != 0;
  if ((flags & CLONE_SIGHAND) == 0)
    {
      child->handlers = &child->handlers_room;
      actions_copy (child->handlers, parent->handlers, child->cleared);
    }
  share (child, child->task.fs, 1);
  share (child, child->handlers, 1);
  for (int i = 0; i < 6; i++)
    {
      child->arg[i] = parent->arg[i];
      child->saved[i] = parent->saved[i];
    }
  child->back = parent->back;
  child->site = parent->site;
  child->number = parent->number;
  child->flags = parent->flags;
  child->result = 0;
  child->pending = 0;
  child->notes = (struct trap_notes){ 0 };
  child->asks_tracer = false;
  child->restarts = false;
  child->blocked = parent->blocked;
  child->held = child->waits = 0;
  child->masks = false;
  child->lent = (flags & CLONE_VFORK) != 0;
  child->alternate = (struct k_stack){ .flags = K_SS_DISABLE };
  if ((flags & CLONE_VFORK) != 0)
    child->alternate = parent->alternate;
}

/* Make the call NUMBER with arguments A to E, which starts what shares memory
   with BLOCK's task by FLAGS; STACK is where the child's is to be, 0 for the
   parent's.  */
static int64_t
start (struct trap_block *block, long number, uint64_t a, uint64_t b,
       uint64_t c, uint64_t d, uint64_t e, uint64_t flags, uint64_t stack)
{
  trap_patch_share (thread_is_alone ());
  struct trap_block *child = take_block ();
  if (child == NULL)
    return -K_EAGAIN;
  int64_t result;
  inherit (child, block, flags);
  child->rsp = stack != 0 ? stack : block->rsp;
  /* Without signals: the child cannot take any before it knows its block.  */
  uint64_t mask = signal_set_mask (~0ul);
  child->mask = mask;
  if ((block->pending & WAITS_SIGNAL) != 0)
    result = CALL_ABORTED;
  else
    result = trap_clone (number, a, b, c, d, e, child);
  /* A child by vfork has gone its way, and left the memory to us.  */
  if (result < 0 || (flags & CLONE_VFORK) != 0)
    {
      release (child);
      child->task.tid = 0;
      give_index (child->index);
    }
  (void) signal_set_mask (mask);
  return result;
}

void
trap_child (struct trap_block *block)
{
  block->task.tid = (int) trap_call (__NR_gettid, 0, 0, 0, 0);
  if (block->task.pid == 0)
    block->task.pid = block->task.tid; /* the first thread of a process */
  if (block->cleared)
    actions_take_ours (block->handlers);
  signal_set_stack (block);
  (void) signal_set_mask (block->mask);
}

/* Call VISIT with each block of BLOCK's process, but for its own, and CONTEXT.
   Return how often VISIT said that it did something.  */
static int
visit_others (struct trap_block *block,
              bool (*visit) (struct trap_block *own, struct trap_block *other,
                             void *context),
              void *context)
{
  int count = 0;
  for (size_t i = 0; i < BLOCK_COUNT / 64; i++)
    for (uint64_t word = in_use (i); word != 0; word &= word - 1)
      {
        struct trap_block *other =
            block_at ((int) (i * 64) + __builtin_ctzl (word));
        if (other != block && other->task.pid == block->task.pid)
          count += visit (block, other, context);
      }
  return count;
}

static bool
is_there (struct trap_block *own, struct trap_block *other, void *context)
{
  (void) own;
  (void) other;
  (void) context;
  return true;
}

bool
thread_is_last (const struct trap_block *block)
{
  return visit_others ((struct trap_block *) block, is_there, NULL) == 0;
}

/* What thread_find and thread_find_taker look for.  */
struct search
{
  int tid;
  uint64_t bit;
  struct guest_task *found;
};

static bool
compare_tid (struct trap_block *own, struct trap_block *other, void *context)
{
  struct search *search = context;
  (void) own;
  if (other->task.tid != search->tid)
    return false;
  search->found = &other->task;
  return true;
}

struct guest_task *
thread_find (struct trap_block *block, int tid)
{
  struct search search = { .tid = tid, .found = &block->task };
  (void) visit_others (block, compare_tid, &search);
  return search.found;
}

static bool
compare_mask (struct trap_block *own, struct trap_block *other, void *context)
{
  struct search *search = context;
  (void) own;
  if (other->task.tid == 0
      || (__atomic_load_n (&other->blocked, __ATOMIC_RELAXED)
          & ~__atomic_load_n (&other->waits, __ATOMIC_RELAXED) & search->bit)
             != 0)
    return false;
  search->tid = other->task.tid;
  return true;
}

int
thread_find_taker (struct trap_block *block, uint64_t bit)
{
  struct search search = { .bit = bit };
  (void) visit_others (block, compare_mask, &search);
  return search.tid;
}

static bool
share_filters (struct trap_block *own, struct trap_block *other, void *context)
{
  (void) context;
  if (__atomic_load_n (&other->filters, __ATOMIC_RELAXED) == own->filters)
    return false;
  other->task.ids.filters = own->task.ids.filters;
  other->task.ids.no_new_privileges |= own->task.ids.no_new_privileges;
  __atomic_store_n (&other->filters, own->filters, __ATOMIC_RELEASE);
  return true;
}

void
thread_share_filters (struct trap_block *block)
{
  /* A thread that is just being made may have its filters from one before that
     was reached: until none is found.  */
  while (visit_others (block, share_filters, NULL) > 0)
    continue;
}

int64_t
thread_call_clone (struct trap_block *block)
{
  const uint64_t *arg = block->arg;
  uint64_t flags = (uint32_t) arg[0];
  if ((flags & CLONE_NAMESPACES) != 0)
    return -K_EPERM;
  if ((flags & CLONE_VM) == 0)
    return trap_blocking (__NR_clone, arg[0], arg[1], arg[2], arg[3], arg[4],
                          0);
  return start (block, __NR_clone, arg[0], arg[1], arg[2], arg[3], arg[4],
                flags, arg[1]);
}

int64_t
thread_call_vfork (struct trap_block *block)
{
  return start (block, __NR_vfork, 0, 0, 0, 0, 0, CLONE_VM | CLONE_VFORK, 0);
}

/* Copy BLOCK's request for clone3 to REQUEST.  Return its size or a negative
   errno.  What is longer than we know must not say anything.  */
static int64_t
read_request (const struct trap_block *block, struct clone_request *request)
{
  const char *from = (const char *) block->arg[0];
  uint64_t size = block->arg[1];
  if (size < offsetof (struct clone_request, set_tid))
    return -K_EINVAL;
  if (size > CLONE_REQUEST_MAX)
    return -K_E2BIG;
  for (uint64_t at = sizeof *request; at < size; at++)
    {
      char byte;
      if (trap_copy (&byte, from + at, 1) != 0)
        return -K_EFAULT;
      if (byte != 0)
        return -K_E2BIG;
    }
  if (size > sizeof *request)
    size = sizeof *request;
  return trap_copy (request, from, size) == 0 ? (int64_t) size : -K_EFAULT;
}

int64_t
thread_call_clone3 (struct trap_block *block)
{
  struct clone_request request = { 0 };
  int64_t size = read_request (block, &request);
  if (size < 0)
    return size;
  if ((request.flags & CLONE_NAMESPACES) != 0)
    return -K_EPERM;
  if ((request.flags & CLONE_VM) == 0)
    return trap_blocking (__NR_clone3, trap_pointer (&request), (uint64_t) size,
                          0, 0, 0, 0);
  return start (block, __NR_clone3, trap_pointer (&request), (uint64_t) size, 0,
                0, 0, request.flags,
                request.stack != 0 ? request.stack + request.stack_size : 0);
}

int64_t
thread_call_exit (struct trap_block *block)
{
  static uint64_t nothing;
  const uint64_t mask = signal_set_mask (~0ul);
  /* One that waits was perhaps meant for the process.  */
  if ((block->pending & WAITS_SIGNAL) != 0)
    {
      (void) signal_set_mask (mask);
      return CALL_ABORTED;
    }
  guest_task_release (&block->task);
  held_leave (block);
  if (block->lent)
    trap_exit (block->arg[0], &nothing, 0);
  release (block);
  block->released = true;
  block->task.pid = 0;
  if (__atomic_load_n (&block->users, __ATOMIC_ACQUIRE) != 0)
    trap_exit (block->arg[0], &nothing, 0); /* see is_abandoned */
  block->task.tid = 0;
  trap_exit (block->arg[0], &taken[block->index / 64],
             (uint64_t) (block->index % 64));
}

int64_t
thread_call_unshare (struct trap_block *block)
{
  struct guest_fs *fs = block->task.fs;
  bool parts = (block->arg[0] & (CLONE_FS | CLONE_NEWNS)) != 0
               && fs != &block->fs
               && __atomic_load_n (&fs->references, __ATOMIC_RELAXED) > 1;
  if (parts)
    {
      guest_fs_copy (&block->fs, fs);
      block->task.fs = &block->fs;
    }
  int64_t result = trap_follow (block);
  if (!parts)
    return result;
  if (result < 0)
    block->task.fs = fs;
  else
    {
      (void) __atomic_fetch_sub (&fs->references, 1, __ATOMIC_RELAXED);
      share (block, fs, -1);
    }
  return result;
}

void
thread_know (void)
{
  if (known != &never)
    *known = 1;
}
