/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The emulator that runs programs of another machine.  */

#ifndef UDOCKER_LIB_START_EMULATOR_H
#define UDOCKER_LIB_START_EMULATOR_H

#include <limits.h>
#include <stddef.h>

#include "lib/guest/exec.h"

struct guest_task;
struct plan;

/* Where the root of the host is shown to an emulator with libraries; PRoot's
   users know the name.  */
#define EMULATOR_HOST_ROOT "/host-rootfs"

/* The emulator of a container: what lib/guest is told, and the storage of its
   texts.  */
struct emulator
{
  struct guest_emulator guest;
  char program[PATH_MAX];
  char words[GUEST_EMULATOR_SIZE];
  size_t length; /* of the words, more than their storage if they do not fit */
};

/* Fill EMULATOR, which is zero, with what PLAN says of it, in paths that OUTER
   sees, or this process with NULL.  Return 1, 0 when PLAN has none, or a
   negative errno after a message.  */
int emulator_prepare (struct emulator *emulator, const struct plan *plan,
                      struct guest_task *outer);

#endif
