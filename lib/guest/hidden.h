/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Whatever files of bare rooms declare is in the same program.

   Included before everything else, by an option of the compiler.  Without it
   a compiler takes the addresses of data that a header only declares out of a
   table of offsets, which a program linked at a fixed address does not have;
   -fvisibility=hidden by itself says so of definitions only.  */

#ifndef UDOCKER_LIB_GUEST_HIDDEN_H
#define UDOCKER_LIB_GUEST_HIDDEN_H

#pragma GCC visibility push(hidden)

#endif
