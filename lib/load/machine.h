/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What differs between machines in the loader stub: how system calls are
   made, what ELF files look like, and where the kernel puts programs.  */

#ifndef UDOCKER_LIB_LOAD_MACHINE_H
#define UDOCKER_LIB_LOAD_MACHINE_H

#include <stdint.h>
#include <asm/unistd.h>
#include <linux/elf.h>

#if defined __i386__

typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#  define MACHINE EM_386
#  define BASE_OF_PIE 0x56555000u
#  define RANDOM_PAGES 0xffu
#  define RANDOM_HEAP_SHIFT 8
/* A program that does not say how it wants its stack may execute all data.  */
#  define OLD_PROGRAMS_EXECUTE_DATA 1

/* In entry-i386.S: there are not registers enough for an asm statement.  */
long loader_call6 (long number, uintptr_t a, uintptr_t b, uintptr_t c,
                   uintptr_t d, uintptr_t e, uintptr_t f);

static inline long
call6 (long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
       uintptr_t e, uintptr_t f)
{
  return loader_call6 (number, a, b, c, d, e, f);
}

static inline long
call_mmap (uintptr_t address, uintptr_t size, uintptr_t protection,
           uintptr_t flags, uintptr_t fd, uintptr_t offset)
{
  return call6 (__NR_mmap2, address, size, protection, flags, fd,
                offset / 4096);
}

#else

typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#  define OLD_PROGRAMS_EXECUTE_DATA 0
#  define RANDOM_HEAP_SHIFT 28

#  if defined __x86_64__
#    define MACHINE EM_X86_64
#    define BASE_OF_PIE 0x555555554000ul
#    define RANDOM_PAGES 0xffffffful

static inline long
call6 (long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
       uintptr_t e, uintptr_t f)
{
  long result;
  register uintptr_t r10 __asm__("r10") = d;
  register uintptr_t r8 __asm__("r8") = e;
  register uintptr_t r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                     "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#  else
#    define MACHINE EM_AARCH64
#    define BASE_OF_PIE 0x5555550000ul
#    define RANDOM_PAGES 0x3fffful

static inline long
call6 (long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d,
       uintptr_t e, uintptr_t f)
{
  register long x8 __asm__("x8") = number;
  register uintptr_t x0 __asm__("x0") = a;
  register uintptr_t x1 __asm__("x1") = b;
  register uintptr_t x2 __asm__("x2") = c;
  register uintptr_t x3 __asm__("x3") = d;
  register uintptr_t x4 __asm__("x4") = e;
  register uintptr_t x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return (long) x0;
}
#  endif

static inline long
call_mmap (uintptr_t address, uintptr_t size, uintptr_t protection,
           uintptr_t flags, uintptr_t fd, uintptr_t offset)
{
  return call6 (__NR_mmap, address, size, protection, flags, fd, offset);
}

#endif

/* Return whether RESULT of a system call is an error.  Addresses may look
   negative where words have 32 bits.  */
static inline int
is_error (long result)
{
  return (unsigned long) result > -4096ul;
}

/* Raise SIGTRAP.  */
static inline void
trap (void)
{
#if defined __aarch64__
  __asm__ volatile("brk 0" ::: "memory");
#else
  __asm__ volatile("int3" ::: "memory");
#endif
}

#endif
