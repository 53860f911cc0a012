/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The state that all processes of a container share.  */

#ifndef UDOCKER_TRAP_ENGINE_LAUNCHER_SHARED_H
#define UDOCKER_TRAP_ENGINE_LAUNCHER_SHARED_H

#include <stdint.h>

struct guest_ids;
struct start_container;
struct trap_state;

/* Make the file in memory, with a descriptor of the number FD or the next that
   is free, and the state in it at its place: what CONTAINER is, with IDS for
   the first task.  What follows the private members of the state's guest and
   the filter is left to the caller, as are the numbers of descriptors but that
   of the file.  Return 0 with *STATE set, or a negative errno after a
   message.  */
int shared_make (const struct start_container *container,
                 const struct guest_ids *ids, int fd,
                 struct trap_state **state);

/* Have STATE's owners, which are those of files on DEVICE, be kept in the log
   that FD is open on for all processes.  */
void shared_keep (struct trap_state *state, int fd, uint64_t device);

#endif
