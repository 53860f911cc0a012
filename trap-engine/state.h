/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What the launcher and the runtimes of a container's processes share.

   The launcher makes a file in memory, maps it at TRAP_STATE, builds struct
   trap_state in it and becomes the runtime.  Its descriptor, and those of the
   bindings, stay open in every process at numbers that programs cannot reach;
   each runtime maps the state again, at the same address, so that pointers in
   it hold in all processes.

   The window: all that is ours in a process lies in the 4 GiB that one upper
   half of addresses names, which the filter looks at.  The tracer's loader
   stub has its place there, too (proot-engine/loader/loader.h).  */

#ifndef UDOCKER_TRAP_ENGINE_STATE_H
#define UDOCKER_TRAP_ENGINE_STATE_H

#define TRAP_WINDOW 0x567000000000
#define TRAP_WINDOW_HIGH 0x5670

/* The window of the loader stub of 32-bit programs, which the tracer of such
   runs calls in (proot-engine/loader/loader.h).  */
#define TRAP_WINDOW_I386 0x7800000
#define TRAP_WINDOW_I386_MASK 0xff800000

/* The runtime's image, linked there by runtime.ld, then a page that a fork
   leaves empty, and the shared state, of which so much may be mapped.  They lie
   in one table of pages: every process has its own.  */
#define TRAP_RUNTIME 0x567020000000
#define TRAP_FORKS (TRAP_RUNTIME + 0xff000)
#define TRAP_STATE (TRAP_RUNTIME + 0x100000)
#define TRAP_STATE_LIMIT 0x3ff00000

/* Where programs of ours lie that have a libc: the one that hands processes
   over to a tracer, and is the tracer itself (proot-engine/handover.c), and the
   launcher of containers in a container.  */
#define TRAP_TRACER 0x567060000000

/* The program's own filters.  */
#define TRAP_FILTERS 0x567070000000
#define TRAP_FILTERS_END TRAP_BLOCKS

/* Blocks of threads, from here to the end of the window.  */
#define TRAP_BLOCKS 0x567080000000
#define TRAP_BLOCKS_END 0x567100000000

#ifndef __ASSEMBLER__
#  include <stdbool.h>
#  include <stdint.h>
#  include <linux/filter.h>

#  include "lib/guest/call.h"
#  include "lib/guest/ids.h"
#  include "lib/guest/owners.h"
#  include "lib/guest/prefix.h"
#  include "lib/guest/text.h"
#  include "lib/guest/view.h"

#  define TRAP_STATE_MAGIC 0x75647472u

/* More instructions than the filter ever has.  */
#  define TRAP_FILTER_MAX 2048

/* Owners that outlive a run, where they are to.  */
struct trap_keeper
{
  struct guest_owners_keeper functions; /* the runtime's, in all processes */
  int32_t fd;                           /* of the log, or -1 */
  uint32_t reader; /* the thread that takes what others have appended, or 0 */
  uint64_t device; /* of the files that it is about */
  uint64_t taken;  /* bytes of the log that are in the table */
};

struct trap_state
{
  uint32_t magic;
  uint32_t size; /* bytes of the mapping, what follows this struct included */

  /* What every process's guest begins with: all members but the private ones,
     OPS, INTERPRETERS, PID and ENGINE are filled, INSIDE is set.  Pointers lead
     into the mapping.  */
  struct guest guest;

  /* Tells one container's state from another's: the file's inode number.  */
  uint64_t container;

  /* That of the outermost container around: all in it have the same runtime.  */
  uint64_t family;

  /* Those of GUEST: what changes while the container runs.  */
  struct guest_names names;
  struct guest_turns turns;
  struct guest_directories directories;

  struct trap_keeper keeper;

  /* Ids of the first task.  */
  struct guest_ids ids;

  /* The number of this file's descriptor, which those of the bindings
     (guest.anchors) follow: numbers from FIRST_FD up to before END_FD are
     ours.  The last one is for /proc/self/mem (patch.h).  */
  int32_t first_fd, end_fd;

  /* Mode T1: call sites are patched.  */
  bool patches;

  /* What AT_HWCAP tells of the processor, if not the kernel's.  */
  bool shows_features;
  uint64_t features;

  /* Host path of the runtime, with which every program is started.  */
  char runtime[GUEST_PATH_SIZE];

  /* Host path of the launcher, for containers in this one; empty where it
     cannot be mapped in the window.  */
  char launcher[GUEST_PATH_SIZE];

  /* Host path of the program that hands a process over to a tracer, and of the
     loader stub for 32-bit programs; empty where there is none.  */
  char tracer[GUEST_PATH_SIZE];
  char loader_i386[GUEST_PATH_SIZE];

  /* The filter that the first runtime installs.  */
  uint32_t filter_length;
  struct sock_filter filter[TRAP_FILTER_MAX];
};
#endif

#endif
