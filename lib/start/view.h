/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a container shows at which place.  */

#ifndef UDOCKER_LIB_START_VIEW_H
#define UDOCKER_LIB_START_VIEW_H

#include <stddef.h>
#include <stdint.h>

struct guest;
struct guest_task;
struct plan;

/* Make GUEST's view from PLAN, and start it.  TASK, a task of GUEST, serves to
   resolve paths in it; OUTER, when not NULL, to resolve host paths as it sees
   them.  Anchors get numbers from LOWEST on.  Return 0, or a negative errno
   after a message.  */
int view_make (struct guest *guest, struct guest_task *task,
               struct guest_task *outer, const struct plan *plan, int lowest);

/* Free what GUEST's view holds.  */
void view_release (struct guest *guest);

/* Open the host path PATH, as OUTER sees it when that is not NULL, with O_PATH.
   HOST, of PATH_MAX bytes, gets its real path on the host, and *FLAGS those of
   a binding that it has there.  Return a descriptor or a negative errno.  */
int view_open_host (struct guest_task *outer, const char *path, char *host,
                    uint32_t *flags);

#endif
