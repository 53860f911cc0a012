/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Emulators of other machines.  */

#ifndef UDOCKER_PLATFORM_EMULATOR_H
#define UDOCKER_PLATFORM_EMULATOR_H

#include <stdbool.h>

struct elf_machine;

/* Return whether this machine's kernel runs programs of MACHINE (NULL: one that
   is not known) without an emulator.  */
bool platform_runs (const struct elf_machine *machine);

/* Return the path of the program that runs programs of MACHINE here, which the
   caller frees: SETTING, a path or a name to look for in PATH, unless it is
   empty or by its name for other machines; else what PATH has of
   "qemu-NAME-static" and "qemu-NAME", static ones first since they need
   nothing of the host; else what the kernel has been told to use
   (binfmt_misc).  Return NULL when there is none.  */
char *platform_find_emulator (const struct elf_machine *machine,
                              const char *setting);

#endif
