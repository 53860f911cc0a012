/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What read-only bindings forbid, and which error comes first.  Private to
   this room.

   Of a path the binding is known.  Of a descriptor only the place is: where
   several bindings show that, it is read-only if all of them are, for the
   program could write it by another name anyway.  */

#ifndef UDOCKER_LIB_GUEST_READ_ONLY_H
#define UDOCKER_LIB_GUEST_READ_ONLY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/path.h"

/* Return whether FOUND must not be changed because its binding is
   read-only.  */
bool guest_found_is_read_only (struct guest *guest,
                               const struct guest_found *found);

/* The same of the directory that FOUND is an entry of.  */
bool guest_parent_is_read_only (struct guest *guest,
                                const struct guest_found *found);

/* Return what the kernel says where FOUND, which is argument WHICH of CALL and
   read-only or in a read-only directory, is to be changed, made or removed:
   -EROFS, or what it notices before.  */
int guest_refuse_change (struct guest *guest, const struct guest_call *call,
                         int which, const struct guest_found *found);

/* The same of FOUND that is to be opened with FLAGS of open.  0 when nothing
   would be changed, if only O_CREAT is taken away; or when the kernel itself
   says what is wrong.  */
int guest_refuse_open (struct guest *guest, const struct guest_found *found,
                       uint64_t flags);

/* Return -EROFS when TASK's descriptor FD leads to what is read-only, else
   0.  */
int guest_refuse_descriptor (struct guest_task *task, int fd);

#endif
