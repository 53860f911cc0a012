/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What is remembered of a file that a path or descriptor names.  Private to
   this room.

   What a file's status says of its owner passes through guest_show_owner: a
   record wins, otherwise the engine's own ids become the container's.  A
   record is trusted only if the file's time of birth is still the same, which
   costs a call more, but only for files that have a record.  */

#ifndef UDOCKER_LIB_GUEST_RECORD_H
#define UDOCKER_LIB_GUEST_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/kernel.h"
#include "lib/guest/path.h"

/* Return the number of the device MAJOR, MINOR as struct stat has it.  */
static inline uint64_t
guest_device (uint64_t major, uint64_t minor)
{
  return (minor & 0xff) | (major & 0xfff) << 8
         | (minor & ~(uint64_t) 0xff) << 12 | (major & ~(uint64_t) 0xfff) << 32;
}

/* A file that the engine can name: PATH below DIR with the FLAGS of *at
   calls.  */
struct guest_place
{
  int dir;
  const char *path;
  int flags;
};

/* Ids and mode of a file, on their way to the container.  */
struct guest_shown
{
  uint32_t uid, gid, mode;
  uint64_t rdev;
};

/* Return the place of FOUND, which it borrows from.  */
struct guest_place guest_place_of (const struct guest_found *found);

/* Return the place of our descriptor FD.  */
struct guest_place guest_place_of_fd (int fd);

/* Fill STATUS with the members of MASK for what is at PLACE, with FLAGS more
   for the call.  Return 0 or a negative errno, -ENOSYS where there is no
   statx.  */
int guest_place_statx (struct guest *guest, const struct guest_place *place,
                       struct k_statx *status, uint32_t mask, int flags);

/* Return the S_IFMT bits of what is at PLACE, or a negative errno.  Asks for
   nothing else: who has asked for the times of a file makes its next change
   more expensive (Linux 6.13).  */
int guest_place_type (struct guest *guest, const struct guest_place *place);

/* Fill STATUS, but for times, sizes and what nobody needs, for what is at
   PLACE, in the same way.  Return 0 or a negative errno.  */
int guest_place_look (struct guest *guest, const struct guest_place *place,
                      struct k_stat *status);

/* Return the time of birth of what is at PLACE in nanoseconds, 0 when it has
   none.  */
uint64_t guest_place_birth (struct guest *guest,
                            const struct guest_place *place);

/* Copy what is known of the file at PLACE, which is DEVICE and INODE, to
   RECORD. Return whether anything is.  A record of an earlier file with that
   number is dropped.  */
bool guest_record_find (struct guest *guest, const struct guest_place *place,
                        uint64_t device, uint64_t inode,
                        struct guest_owner_record *record);

/* Replace in SHOWN, which the host says of the file at PLACE, what the
   container is to see.  */
void guest_show_owner (struct guest *guest, const struct guest_place *place,
                       uint64_t device, uint64_t inode,
                       struct guest_shown *shown);

#endif
