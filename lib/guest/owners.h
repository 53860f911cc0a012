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

/* All that is known of one file: a copy, which stays what it is.  */
struct guest_owner_record
{
  struct guest_file_key key;
  struct guest_owner owner;
  uint32_t attributes; /* where its first one is, 0: none; see attributes.h */
  uint32_t next;       /* private to owners.c */
};

/* What keeps records beyond a run; an engine's own.  */
struct guest_owners_keeper
{
  /* Keep RECORD, which has changed, or with a NAME that attribute of its file:
     the SIZE bytes at VALUE, or with VALUE NULL that it is gone.
     Return 0, or a negative errno that the call gets.  */
  int (*keep) (struct guest_owners_keeper *keeper,
               const struct guest_owner_record *record, const char *name,
               const void *value, size_t size);

  /* Nothing is known of the file KEY any more.  */
  void (*drop) (struct guest_owners_keeper *keeper,
                const struct guest_file_key *key);

  /* Take in what other runs have kept meanwhile.  */
  void (*look) (struct guest_owners_keeper *keeper);
};

/* An open hash table in storage of the engine: sparse, zeroed memory, which
   many threads of many processes may share.  Nobody waits for another, and who
   dies in the midst of a change leaves the table sound (owners.c tells how).
   Its members are for others to read at most.  */
struct guest_owners
{
  uint64_t *slots;
  size_t slot_count; /* a power of 2 */
  size_t used;       /* slots that are not empty, or a few more */
  size_t live;       /* records, or a few more */

  /* Room for records and attributes of files, of which a part has been
     used.  */
  unsigned char *room;
  uint32_t room_size, room_used;
  uint64_t free; /* records that were replaced */

  bool inherits;  /* some directory may give its group to what is made there */
  bool has_types; /* some file may be a device, which the host does not know */

  struct guest_owners_keeper *keeper; /* NULL: all ends with the run */
};

/* Start OWNERS in SLOT_COUNT (a power of 2) zeroed SLOTS and ROOM_SIZE bytes
   at ROOM (aligned for uint64_t; NULL with 0: nothing is remembered).  A record
   takes sizeof (struct guest_owner_record) of that.  An engine maps plenty of
   both with MAP_NORESERVE: only what is used costs memory.  */
void guest_owners_init (struct guest_owners *owners, uint64_t *slots,
                        size_t slot_count, void *room, uint32_t room_size);

/* Let OWNERS know what other runs have kept; call it before others look for
   records.  */
static inline void
guest_owners_look (struct guest_owners *owners)
{
  if (owners->keeper != NULL)
    owners->keeper->look (owners->keeper);
}

/* Return whether anything is known of any file; a cheap question.  */
static inline bool
guest_owners_any (const struct guest_owners *owners)
{
  return __atomic_load_n (&owners->live, __ATOMIC_RELAXED) > 0;
}

/* Copy to RECORD what is known of the file DEVICE, INODE whatever its birth.
   Return whether anything is.  The caller compares the birth, which costs a
   call of its own, only then.  */
bool guest_owners_find (const struct guest_owners *owners, uint64_t device,
                        uint64_t inode, struct guest_owner_record *record);

/* Copy to RECORD what slot number INDEX, below SLOT_COUNT, has.  Return whether
   there is a record.  */
bool guest_owners_at (const struct guest_owners *owners, size_t index,
                      struct guest_owner_record *record);

/* Record for the file KEY what OWNER knows, keeping what is known besides;
   a record of another birth is replaced.  Return 0, -ENOSPC when the table is
   three quarters full or has no room, or what the keeper says.  */
int guest_owners_put (struct guest_owners *owners,
                      const struct guest_file_key *key,
                      const struct guest_owner *owner);

/* Let CHANGE make RECORD, what is known of the file KEY (nothing, where that is
   about another birth or not there at all), what is to be known of it.  It is
   called again with what is known by then where another thread was faster.
   Return 0, -ENOSPC, or the other result of CHANGE, with which nothing is
   done.  */
int guest_owners_change (struct guest_owners *owners,
                         const struct guest_file_key *key,
                         int (*change) (struct guest_owners *owners,
                                        struct guest_owner_record *record,
                                        void *data),
                         void *data);

/* Return where SIZE bytes of OWNERS' room are that nobody else has, aligned for
   uint64_t, or 0 when there are not so many left.  */
uint32_t guest_owners_take_room (struct guest_owners *owners, size_t size);

/* Drop the record of the file DEVICE, INODE, if there is one.  The keeper is
   told only by guest_owners_forget: another run may have replaced the record
   already.  */
void guest_owners_forget (struct guest_owners *owners, uint64_t device,
                          uint64_t inode);
void guest_owners_drop (struct guest_owners *owners, uint64_t device,
                        uint64_t inode);

#endif
