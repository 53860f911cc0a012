/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The emulator that runs programs of another machine.  */

#ifndef UDOCKER_PROOT_ENGINE_EMULATOR_H
#define UDOCKER_PROOT_ENGINE_EMULATOR_H

#include "lib/guest/exec.h"

struct plan;

/* Where the root of the host is shown to an emulator with libraries; PRoot's
   users know the name.  */
#define EMULATOR_HOST_ROOT "/host-rootfs"

/* Fill EMULATOR with what PLAN says of it.  It borrows from the plan, and from
   this function's own storage: there is one only.  Return 1, 0 when PLAN has
   none, or a negative errno after a message.  */
int emulator_prepare (struct guest_emulator *emulator, const struct plan *plan);

#endif
