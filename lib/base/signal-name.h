/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Signals as people write them.  */

#ifndef UDOCKER_LIB_BASE_SIGNAL_NAME_H
#define UDOCKER_LIB_BASE_SIGNAL_NAME_H

/* Return the signal that TEXT means, "TERM", "SIGTERM", "RTMIN+3" or a number,
   or 0 when there is none.  */
int signal_number (const char *text);

#endif
