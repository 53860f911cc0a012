/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Whether somebody traces this thread.  */

#ifndef UDOCKER_TRAP_ENGINE_TRACED_H
#define UDOCKER_TRAP_ENGINE_TRACED_H

#include <stdbool.h>

/* Return whether somebody traces the calling thread; false too when /proc does
   not say.  Makes system calls only.  */
bool trap_is_traced (void);

#endif
