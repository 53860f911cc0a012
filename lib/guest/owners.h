/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Who the container thinks owns a file: records of one run.  */

#ifndef UDOCKER_LIB_GUEST_OWNERS_H
#define UDOCKER_LIB_GUEST_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names one file for as long as it exists.  BIRTH is its time of birth in
   nanoseconds, 0 where the file system knows none: with it a reused inode
   never inherits.  */
struct guest_file_key
{
  uint64_t device;
  uint64_t inode;
  uint64_t birth;
};

enum guest_owner_known
{
  GUEST_OWNER_UID = 1,
  GUEST_OWNER_GID = 2,
  GUEST_OWNER_MODE = 4, /* permission bits only */
  GUEST_OWNER_TYPE = 8  /* a device: S_IFMT bits and RDEV */
};

struct guest_owner
{
  uint32_t known; /* enum guest_owner_known */
  uint32_t uid, gid;
  uint32_t mode; /* permission bits, and S_IFMT bits if TYPE is known */
  uint64_t rdev;
};

struct guest_owner_slot
{
  struct guest_file_key key;
  struct guest_owner owner;
  uint32_t attributes; /* where its first one is, 0: none; see attributes.h */
};

/* What keeps records beyond a run; an engine's own.  */
struct guest_owners_keeper
{
  /* Keep SLOT's record, which has changed, or with a NAME that attribute of
     its file: the SIZE bytes at VALUE, or with VALUE NULL that it is gone.
     Return 0, or a negative errno that the call gets.  */
  int (*keep) (struct guest_owners_keeper *keeper,
               const struct guest_owner_slot *slot, const char *name,
               const void *value, size_t size);

  /* Nothing is known of the file KEY any more.  */
  void (*drop) (struct guest_owners_keeper *keeper,
                const struct guest_file_key *key);

  /* Take in what other runs have kept meanwhile.  Slots stay where they
     are.  */
  void (*look) (struct guest_owners_keeper *keeper);
};

/* An open hash table in storage of the engine: sparse, zeroed memory.  */
struct guest_owners
{
  struct guest_owner_slot *slots;
  size_t slot_count; /* a power of 2 */
  size_t used;       /* records, and places where one was dropped */
  size_t live;       /* records */

  /* Room for attributes of files, of which a part has been used; none where
     there is no room.  */
  unsigned char *room;
  uint32_t room_size, room_used;

  bool inherits;  /* some directory may give its group to what is made there */
  bool has_types; /* some file may be a device, which the host does not know */

  struct guest_owners_keeper *keeper; /* NULL: all ends with the run */
};

/* Start OWNERS in SLOT_COUNT (a power of 2) zeroed SLOTS and ROOM_SIZE bytes
   at ROOM (aligned for uint64_t; NULL with 0: attributes are not remembered).
   An engine maps plenty of both with MAP_NORESERVE: only what is used costs
   memory.  */
void guest_owners_init (struct guest_owners *owners,
                        struct guest_owner_slot *slots, size_t slot_count,
                        void *room, uint32_t room_size);

/* Let OWNERS know what other runs have kept; call it before others look for
   records.  */
static inline void
guest_owners_look (struct guest_owners *owners)
{
  if (owners->keeper != NULL)
    owners->keeper->look (owners->keeper);
}

/* Return the record of the file DEVICE, INODE whatever its birth, or NULL.
   The caller compares the birth, which costs a call of its own, only when
   there is a record.  */
struct guest_owner_slot *guest_owners_find (const struct guest_owners *owners,
                                            uint64_t device, uint64_t inode);

/* Record for the file KEY what OWNER knows, keeping what is known besides;
   a record of another birth is replaced.  Return 0, -ENOSPC when the table is
   three quarters full, or what the keeper says.  */
int guest_owners_put (struct guest_owners *owners,
                      const struct guest_file_key *key,
                      const struct guest_owner *owner);

/* Drop the record of the file DEVICE, INODE, if there is one.  The keeper is
   told only by guest_owners_forget: another run may have replaced the record
   already.  */
void guest_owners_forget (struct guest_owners *owners, uint64_t device,
                          uint64_t inode);
void guest_owners_drop (struct guest_owners *owners, uint64_t device,
                        uint64_t inode);

#endif
