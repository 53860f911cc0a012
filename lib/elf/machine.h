/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which machine a program is for.  */

#ifndef UDOCKER_LIB_ELF_MACHINE_H
#define UDOCKER_LIB_ELF_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bytes of a file tell.  */
#define ELF_MACHINE_BYTES 20

/* The name of the machine that this is compiled for.  */
#if defined __x86_64__
#  define ELF_MACHINE_HERE "x86_64"
#elif defined __aarch64__
#  define ELF_MACHINE_HERE "aarch64"
#endif

/* A machine that there are programs for.  */
struct elf_machine
{
  uint16_t code;             /* EM_* of elf.h */
  unsigned char class, data; /* ELFCLASS*, ELFDATA* */
  const char *name;          /* as uname -m says it */
  const char *architecture;  /* as Docker calls it */
  const char *emulator;      /* what follows "qemu-" */
};

/* Return whether the SIZE bytes from the start of a file at HEAD are the
   beginning of an ELF file.  */
bool elf_is_program (const void *head, size_t size);

/* Return the machine of the ELF file whose first SIZE bytes, at least
   ELF_MACHINE_BYTES, are at HEAD, or NULL when it is no ELF file or the
   machine is not known.  */
const struct elf_machine *elf_machine_of (const void *head, size_t size);

/* Return the machine that Docker calls ARCHITECTURE, or uname calls it, or
   NULL.  */
const struct elf_machine *elf_machine_find (const char *architecture);

/* Return the machine that the emulator at PATH is for, going by its name,
   "qemu-NAME" or "qemu-NAME-static", or NULL.  */
const struct elf_machine *elf_machine_of_emulator (const char *path);

#endif
