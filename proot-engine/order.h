/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   In which order the kernel stops a traced task for filters and for system
   calls.  */

#ifndef UDOCKER_PROOT_ENGINE_ORDER_H
#define UDOCKER_PROOT_ENGINE_ORDER_H

#include <stdbool.h>

/* Return whether the stop that a filter asks for is the entry of the call, so
   that the next one is its exit.  Before Linux 4.8 an entry stop followed;
   some distributions changed that in older kernels.  Where the version does
   not tell, a child is traced to find out; where that is not possible the
   answer is no.  */
bool order_is_new (void);

#endif
