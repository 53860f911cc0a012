/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A tracee's memory.  */

#ifndef UDOCKER_PROOT_ENGINE_MEMORY_H
#define UDOCKER_PROOT_ENGINE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Copy SIZE bytes at ADDRESS of the task TID to BUFFER, or the other way.
   Return 0, or -EFAULT when not all of them are there.  */
int memory_read (pid_t tid, uint64_t address, void *buffer, size_t size);
int memory_write (pid_t tid, uint64_t address, const void *buffer, size_t size);

/* Copy the string at ADDRESS of the task TID, with its NUL, to BUFFER of SIZE
   bytes.  Return its length, -EFAULT, or -ENAMETOOLONG.  */
int memory_read_string (pid_t tid, uint64_t address, char *buffer, size_t size);

#endif
