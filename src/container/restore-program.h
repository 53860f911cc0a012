/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Paths in programs and libraries.  */

#ifndef UDOCKER_CONTAINER_RESTORE_PROGRAM_H
#define UDOCKER_CONTAINER_RESTORE_PROGRAM_H

/* Take PREFIX, the path of a directory, from the front of the absolute paths
   that the ELF file FD, open for reading and writing, names: its interpreter,
   the directories it looks for libraries in, the libraries it needs.  Each text
   is written over in its place.  Return 1 when something was changed, 0 when
   there was nothing to change or FD is no such file, a negative errno on
   failure, -ENOSYS in a program that was built without libelf.  */
int program_take_prefix (int fd, const char *prefix);

#endif
