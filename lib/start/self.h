/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   This process as a task of the container that it makes.  */

#ifndef UDOCKER_LIB_START_SELF_H
#define UDOCKER_LIB_START_SELF_H

#include "lib/guest/call.h"

/* How lib/guest reaches this process: its memory and its descriptors are our
   own.  Scratch memory lasts until self_forget_scratch.  */
extern const struct guest_ops self_ops;

void self_forget_scratch (void);

#endif
