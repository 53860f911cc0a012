/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which machine a program is for.  */

#include "lib/elf/machine.h"

#include <elf.h>
#include <string.h>

#ifndef EM_LOONGARCH
#  define EM_LOONGARCH 258
#endif

/* The first of several for the same name counts.  */
static const struct elf_machine machines[] = {
  { EM_X86_64, ELFCLASS64, ELFDATA2LSB, "x86_64", "amd64", "x86_64" },
  { EM_AARCH64, ELFCLASS64, ELFDATA2LSB, "aarch64", "arm64", "aarch64" },
  { EM_ARM, ELFCLASS32, ELFDATA2LSB, "armv7l", "arm", "arm" },
  { EM_386, ELFCLASS32, ELFDATA2LSB, "i686", "386", "i386" },
  { EM_PPC64, ELFCLASS64, ELFDATA2LSB, "ppc64le", "ppc64le", "ppc64le" },
  { EM_PPC64, ELFCLASS64, ELFDATA2MSB, "ppc64", "ppc64", "ppc64" },
  { EM_RISCV, ELFCLASS64, ELFDATA2LSB, "riscv64", "riscv64", "riscv64" },
  { EM_S390, ELFCLASS64, ELFDATA2MSB, "s390x", "s390x", "s390x" },
  { EM_LOONGARCH, ELFCLASS64, ELFDATA2LSB, "loongarch64", "loong64",
    "loongarch64" },
  { EM_MIPS, ELFCLASS64, ELFDATA2LSB, "mips64", "mips64le", "mips64el" },
  { EM_MIPS, ELFCLASS64, ELFDATA2MSB, "mips64", "mips64", "mips64" },
  { EM_MIPS, ELFCLASS32, ELFDATA2LSB, "mips", "mipsle", "mipsel" },
  { EM_MIPS, ELFCLASS32, ELFDATA2MSB, "mips", "mips", "mips" },
};

enum
{
  MACHINE_COUNT = sizeof machines / sizeof *machines
};

bool
elf_is_program (const void *head, size_t size)
{
  return size >= ELF_MACHINE_BYTES && memcmp (head, ELFMAG, SELFMAG) == 0;
}

const struct elf_machine *
elf_machine_of (const void *head, size_t size)
{
  const unsigned char *bytes = head;

  if (!elf_is_program (head, size))
    return NULL;
  bool little = bytes[EI_DATA] == ELFDATA2LSB;
  uint16_t code = (uint16_t) (little ? bytes[18] | bytes[19] << 8
                                     : bytes[19] | bytes[18] << 8);
  for (size_t i = 0; i < MACHINE_COUNT; i++)
    if (machines[i].code == code && machines[i].class == bytes[EI_CLASS]
        && machines[i].data == bytes[EI_DATA])
      return &machines[i];
  return NULL;
}

const struct elf_machine *
elf_machine_find (const char *architecture)
{
  for (size_t i = 0; i < MACHINE_COUNT; i++)
    if (strcmp (machines[i].architecture, architecture) == 0
        || strcmp (machines[i].name, architecture) == 0)
      return &machines[i];
  return NULL;
}

const struct elf_machine *
elf_machine_of_emulator (const char *path)
{
  static const char before[] = "qemu-", behind[] = "-static";
  const char *slash = strrchr (path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  size_t length = strlen (name);

  if (strncmp (name, before, sizeof before - 1) != 0)
    return NULL;
  name += sizeof before - 1;
  length -= sizeof before - 1;
  if (length > sizeof behind - 1
      && strcmp (name + length - (sizeof behind - 1), behind) == 0)
    length -= sizeof behind - 1;
  for (size_t i = 0; i < MACHINE_COUNT; i++)
    if (strlen (machines[i].emulator) == length
        && strncmp (machines[i].emulator, name, length) == 0)
      return &machines[i];
  return NULL;
}
