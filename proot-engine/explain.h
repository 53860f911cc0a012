/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the engine says when something is not possible.  */

#ifndef UDOCKER_PROOT_ENGINE_EXPLAIN_H
#define UDOCKER_PROOT_ENGINE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Say why PATH could not be executed, which gave the error NUMBER, and return
   the exit status for it.  I386 says whether this engine starts 32-bit programs
   where the kernel runs them.  Called in the container: opening PATH opens the
   guest's file.  */
int explain_execute (const char *path, int number, bool i386);

/* Say why tracing is not possible, which gave ERROR, a negative errno.  */
void explain_ptrace (int error);

/* From now on keep what start_complain and start_warn say in the SIZE bytes at
   TEXT, one line of it, instead of printing it; with NULL print again.  */
void explain_quietly (char *text, size_t size);

#endif
