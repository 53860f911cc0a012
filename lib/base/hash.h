/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Numbers that stand for texts in names of files.  */

#ifndef UDOCKER_LIB_BASE_HASH_H
#define UDOCKER_LIB_BASE_HASH_H

#include <stdint.h>

/* Return a number that stands for TEXT, the same on all machines.  Whoever
   wants to can find another text that has it, too.  */
uint64_t hash_text (const char *text);

#endif
