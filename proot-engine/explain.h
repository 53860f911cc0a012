/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the engine says when tracing is not possible.  */

#ifndef UDOCKER_PROOT_ENGINE_EXPLAIN_H
#define UDOCKER_PROOT_ENGINE_EXPLAIN_H

/* Say why tracing is not possible, which gave ERROR, a negative errno.  */
void explain_ptrace (int error);

#endif
