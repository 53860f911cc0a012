/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The window: what the loader stub and the tracer agree on.

   Every program of a container is started as the loader stub, a static
   program linked at a fixed address.  While the new process waits in its exec
   stop, the tracer writes a block into the stub's memory that says what to
   map; the stub maps it and jumps there.  Its image stays mapped: system
   calls made from its text are exempt from the filter, and its writable part
   holds one slot per thread where the tracer puts translated paths, so that
   the guest's stack is never touched.  */

#ifndef UDOCKER_PROOT_ENGINE_LOADER_LOADER_H
#define UDOCKER_PROOT_ENGINE_LOADER_LOADER_H

/* Where the stub is linked.  The whole window is recognised by the upper half
   of an address.  On x86_64 the place is known to suit address sanitizers,
   Go, Java and Node; the kernel never puts anything there by itself.

   The stub of i386 programs, which run on x86_64 too, has its window right
   below the place that programs with a fixed address are linked at; it is
   recognised by the bits of LOADER_WINDOW_I386_MASK.  */
#define LOADER_WINDOW_I386 0x7800000
#define LOADER_WINDOW_I386_MASK 0xff800000
#if defined __x86_64__
#  define LOADER_WINDOW 0x567000000000
#  define LOADER_MACHINE "x86_64"
#elif defined __i386__
#  define LOADER_WINDOW LOADER_WINDOW_I386
#  define LOADER_MACHINE "i386"
#elif defined __aarch64__
#  define LOADER_WINDOW 0x2070000000
#  define LOADER_MACHINE "aarch64"
#else
#  error "no loader window chosen for this machine"
#endif

/* Text: the trampolines, one of LOADER_TRAMPOLINE_SIZE bytes a slot, come
   first.  */
#define LOADER_SLOTS 256
#define LOADER_TRAMPOLINE_SIZE 64
#define LOADER_TEXT_OFFSET (LOADER_SLOTS * LOADER_TRAMPOLINE_SIZE)

/* Data, from this far on in a window: the block, then the slots.  */
#define LOADER_DATA_OFFSET 0x100000
#define LOADER_DATA (LOADER_WINDOW + LOADER_DATA_OFFSET)
#define LOADER_BLOCK_SIZE 0x4000
#define LOADER_SLOTS_OFFSET (LOADER_DATA_OFFSET + LOADER_BLOCK_SIZE)
#define LOADER_SLOT_BASE (LOADER_WINDOW + LOADER_SLOTS_OFFSET)
#define LOADER_SLOT_SIZE 0x5000
#define LOADER_DATA_SIZE (LOADER_BLOCK_SIZE + LOADER_SLOTS * LOADER_SLOT_SIZE)

/* A slot begins with what its trampoline loads on the way back: six argument
   registers and the address to continue at, 8 bytes each on every machine.
   The rest is scratch space.  */
#define LOADER_SLOT_SAVED 64
#define LOADER_SLOT_SCRATCH (LOADER_SLOT_SIZE - LOADER_SLOT_SAVED)

#ifndef __ASSEMBLER__
#  include <stdint.h>

#  define LOADER_MAGIC 0x75646c31u

enum
{
  LOADER_FLAG_TRAP = 1,    /* raise SIGTRAP before jumping to the program */
  LOADER_FLAG_FEATURES = 2 /* FEATURES count */
};

/* What the tracer writes at LOADER_DATA.  Offsets count from the start of the
   block; zero means absent.  The strings stay readable while the program
   runs: AT_EXECFN points to NAME.  */
struct loader_block
{
  uint32_t magic;
  uint32_t flags;
  uint32_t program;     /* file to map, as the host knows it */
  uint32_t interpreter; /* file of its PT_INTERP, likewise */
  uint32_t name;        /* path given to execve, as the guest knows it */
  uint32_t command;     /* the name for PR_SET_NAME */
  uint32_t uid, euid, gid, egid;
  uint32_t secure;
  uint32_t size;     /* bytes in use, strings included */
  uint64_t features; /* of the processor: AT_HWCAP */
};
#endif

#endif
