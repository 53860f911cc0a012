/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Files whose permission bits lock the host's user out, but root of the
   container not.  Private to this room.

   Their bits are really changed, the container sees the old ones, and the
   engine gives these back in the end.  Nothing is done unless the engine can
   do that (restore_mode of struct guest_ops); trees that udocker made need
   none of it.  */

#ifndef UDOCKER_LIB_GUEST_UNLOCK_H
#define UDOCKER_LIB_GUEST_UNLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/path.h"

/* Return whether TASK may use files whatever their permission bits say, and
   the engine permits that.  */
bool guest_may_unlock (const struct guest_task *task);

/* Let TASK through the directories that PATH, from its descriptor DIR on, goes
   through, also by some links.  Return whether something was unlocked, so that
   another try may find more.  */
bool guest_unlock_way (struct guest_task *task, int dir, const char *path);

/* Let TASK use FOUND as the owner's permission bits NEEDED allow, and the
   directory FOUND lies in, to make or remove it there.  Errors are left to the
   call itself.  */
void guest_unlock_found (struct guest_task *task,
                         const struct guest_found *found, uint32_t needed);
void guest_unlock_parent (struct guest_task *task,
                          const struct guest_found *found);

#endif
