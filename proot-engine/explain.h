/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the engine says when tracing is not possible.  */

#ifndef UDOCKER_PROOT_ENGINE_EXPLAIN_H
#define UDOCKER_PROOT_ENGINE_EXPLAIN_H

#include <stddef.h>

/* Return what can be done where this process cannot be traced.  TEXT is room
   for SIZE bytes of it.  */
const char *explain_advise_ptrace (char *text, size_t size);

/* Say why tracing is not possible, which gave ERROR, a negative errno.  */
void explain_ptrace (int error);

#endif
