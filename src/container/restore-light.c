/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The light program puts no containers right: udocker-full does, and is asked
   before.  */

#include <config.h>

#include "src/container/restore.h"

#include <errno.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"

int
container_restore (struct container *container, struct restored *restored,
                   struct error *err)
{
  (void) container;
  *restored = (struct restored){ 0 };
  return error_set (err, ENOSYS, _ ("this program puts no containers right"));
}
