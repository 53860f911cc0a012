/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Programs of the host by their names.  */

#ifndef UDOCKER_LIB_ELF_FIND_H
#define UDOCKER_LIB_ELF_FIND_H

/* Return the real path of the program NAME of the host, which the caller
   frees: NAME itself when it has a slash, else what a shell would find in the
   variable PATH.  NULL when there is none that may be executed.  */
char *elf_find_program (const char *name);

#endif
