/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Test what files tell of the machine they are for, and what names do.  */

#include "lib/elf/find.h"
#include "lib/elf/machine.h"

#include <elf.h>
#include <stdint.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static void
test_headers (void)
{
  static const struct
  {
    unsigned char class, data;
    uint16_t code;
    const char *name; /* NULL: not known */
  } cases[] = {
    { ELFCLASS64, ELFDATA2LSB, EM_X86_64, "x86_64" },
    { ELFCLASS32, ELFDATA2LSB, EM_X86_64, NULL }, /* x32 */
    { ELFCLASS32, ELFDATA2LSB, EM_386, "i686" },
    { ELFCLASS64, ELFDATA2LSB, EM_AARCH64, "aarch64" },
    { ELFCLASS64, ELFDATA2MSB, EM_AARCH64, NULL },
    { ELFCLASS32, ELFDATA2LSB, EM_ARM, "armv7l" },
    { ELFCLASS64, ELFDATA2LSB, EM_PPC64, "ppc64le" },
    { ELFCLASS64, ELFDATA2MSB, EM_PPC64, "ppc64" },
    { ELFCLASS64, ELFDATA2MSB, EM_S390, "s390x" },
    { ELFCLASS64, ELFDATA2LSB, EM_RISCV, "riscv64" },
    { ELFCLASS64, ELFDATA2LSB, 0xfffe, NULL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      unsigned char head[ELF_MACHINE_BYTES] = {
        0x7f, 'E', 'L', 'F', cases[i].class, cases[i].data
      };
      bool little = cases[i].data == ELFDATA2LSB;
      head[little ? 18 : 19] = (unsigned char) cases[i].code;
      head[little ? 19 : 18] = (unsigned char) (cases[i].code >> 8);
      const struct elf_machine *machine = elf_machine_of (head, sizeof head);
      tap_is_string (machine != NULL ? machine->name : NULL, cases[i].name,
                     cases[i].name != NULL ? cases[i].name : "not known");
      tap_ok (elf_is_program (head, sizeof head), "  it is a program");
      tap_ok (elf_machine_of (head, sizeof head - 1) == NULL,
              "  unless it is cut short");
    }
  tap_ok (!elf_is_program ("#!/bin/sh\n0123456789", 20), "a script is none");
}

static void
test_names (void)
{
  static const struct
  {
    const char *path, *name;
  } cases[] = {
    { "qemu-aarch64", "aarch64" },
    { "/usr/bin/qemu-aarch64-static", "aarch64" },
    { "./qemu-i386-static", "i686" },
    { "qemu-arm", "armv7l" },
    { "qemu-armeb", NULL },
    { "qemu-", NULL },
    { "qemu--static", NULL },
    { "/opt/qemu-aarch64/run", NULL },
    { "aarch64", NULL },
    { "", NULL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      const struct elf_machine *machine =
          elf_machine_of_emulator (cases[i].path);
      tap_is_string (machine != NULL ? machine->name : NULL, cases[i].name,
                     cases[i].path);
    }
  tap_is_string (elf_machine_find ("arm64")->name, "aarch64",
                 "by Docker's name");
  tap_is_string (elf_machine_find ("aarch64")->architecture, "arm64",
                 "by the kernel's name");
  tap_ok (elf_machine_find ("vax") == NULL, "not by any other");
}

static void
test_find (void)
{
  char *real = elf_find_program ("/bin/sh");
  setenv ("PATH", "/nonexistent:/bin", 1);
  char *found = elf_find_program ("sh");
  tap_ok (real != NULL && found != NULL && strcmp (real, found) == 0,
          "a program is found in PATH");
  tap_ok (elf_find_program ("no-such-program") == NULL, "one that is missing");
  tap_ok (elf_find_program ("") == NULL, "one without a name");
  tap_ok (elf_find_program ("/etc/passwd") == NULL, "what is not executable");
  setenv ("PATH", "", 1);
  char *here = chdir ("/bin") == 0 ? elf_find_program ("sh") : NULL;
  tap_ok (here != NULL, "an empty PATH is the current directory");
  free (here);
  free (real);
  free (found);
}

int
main (void)
{
  test_headers ();
  test_names ();
  test_find ();
  return tap_done ();
}
