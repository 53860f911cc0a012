/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Sizes as people read them.  */

#ifndef UDOCKER_LIB_BASE_SIZE_H
#define UDOCKER_LIB_BASE_SIZE_H

/* Return BYTES in words, as "12.3 MB"; the caller frees it.  */
char *size_text (double bytes);

#endif
