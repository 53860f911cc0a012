/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Who the container thinks owns a file: records of one run.

   Many threads of many processes use one table at once; any of them may be
   stopped or killed at any point, and none may wait for it.  So there is no
   lock.  A slot is one word that says where in the room its record is; a record
   is never changed while a slot leads to it.  Who wants another one writes that
   elsewhere, and puts it into the slot if the word is still what it was, else
   begins again with what is there now.

   Open addressing with linear steps.  A slot that has had the record of a file
   is that file's for ever, dropped or not: so no two slots ever get the same
   file, whoever puts it there at the same time.

   Half of the word is a number that grows with each change.  A record that was
   replaced is written again later, for another file: who has copied it looks at
   the word again, and by that number knows whether it was what it should be.
   What a thread that was killed has taken is lost: some bytes of room.  */

#include "lib/guest/owners.h"

#include "lib/guest/kernel.h"

/* Set in a slot's word whose record was dropped: places are multiples of 8.  */
#define DROPPED 1u

static size_t
hash (uint64_t device, uint64_t inode)
{
  uint64_t value =
      (inode ^ (device << 32 | device >> 32)) * 0x9e3779b97f4a7c15ULL;
  return (size_t) (value ^ value >> 29);
}

void
guest_owners_init (struct guest_owners *owners, uint64_t *slots,
                   size_t slot_count, void *room, uint32_t room_size)
{
  owners->slots = slots;
  owners->slot_count = slot_count;
  owners->used = 0;
  owners->live = 0;
  owners->room = room;
  owners->room_size = room_size;
  owners->room_used = 8; /* nothing is at 0 */
  owners->free = 0;
  owners->inherits = false;
  owners->has_types = false;
  owners->keeper = NULL;
}

static struct guest_owner_record *
record_at (const struct guest_owners *owners, uint64_t word)
{
  return (struct guest_owner_record *) (owners->room
                                        + ((uint32_t) word & ~DROPPED));
}

/* Return WORD's successor, of a slot or of the list of free records, that leads
   to PLACE.  */
static uint64_t
successor (uint64_t word, uint32_t place)
{
  return ((word >> 32) + 1) << 32 | place;
}

/* Room.  */

uint32_t
guest_owners_take_room (struct guest_owners *owners, size_t size)
{
  uint32_t used = __atomic_load_n (&owners->room_used, __ATOMIC_RELAXED);

  size = (size + 7) & ~(size_t) 7;
  do
    if (used > owners->room_size || size > owners->room_size - used)
      return 0;
  while (!__atomic_compare_exchange_n (&owners->room_used, &used,
                                       used + (uint32_t) size, true,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return used;
}

/* Let the record at PLACE, which no slot leads to any more, be used again.  */
static void
give_back (struct guest_owners *owners, uint32_t place)
{
  uint64_t head = __atomic_load_n (&owners->free, __ATOMIC_RELAXED);

  do
    __atomic_store_n (&record_at (owners, place)->next, (uint32_t) head,
                      __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n (&owners->free, &head,
                                       successor (head, place), true,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

/* Return where a record is that nobody else has, or 0.  */
static uint32_t
take_record (struct guest_owners *owners)
{
  uint64_t head = __atomic_load_n (&owners->free, __ATOMIC_ACQUIRE);

  /* The number in HEAD tells when another took the first one and gave it
     back.  */
  while ((uint32_t) head != 0)
    {
      uint32_t next =
          __atomic_load_n (&record_at (owners, head)->next, __ATOMIC_RELAXED);
      if (__atomic_compare_exchange_n (&owners->free, &head,
                                       successor (head, next), true,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return (uint32_t) head;
    }
  return guest_owners_take_room (owners, sizeof (struct guest_owner_record));
}

/* Slots.  */

/* Copy the record of SLOT to RECORD.  Return the slot's word, 0 when it is
   empty.  */
static uint64_t
read_slot (const struct guest_owners *owners, const uint64_t *slot,
           struct guest_owner_record *record)
{
  uint64_t word = __atomic_load_n (slot, __ATOMIC_ACQUIRE);

  for (;;)
    {
      if (word == 0)
        return 0;
      *record = *record_at (owners, word);
      __atomic_thread_fence (__ATOMIC_ACQUIRE);
      uint64_t now = __atomic_load_n (slot, __ATOMIC_ACQUIRE);
      if (now == word)
        return word;
      word = now;
    }
}

/* Return the slot of DEVICE and INODE, or the one that it would get, and put
   what that has into RECORD and its word, 0 when it is empty, into *WORD.  NULL
   when there is neither.  */
static uint64_t *
look_up (const struct guest_owners *owners, uint64_t device, uint64_t inode,
         struct guest_owner_record *record, uint64_t *word)
{
  size_t mask = owners->slot_count - 1;
  size_t at = hash (device, inode) & mask;

  for (size_t i = 0; i < owners->slot_count; i++, at = (at + 1) & mask)
    {
      *word = read_slot (owners, &owners->slots[at], record);
      if (*word == 0
          || (record->key.device == device && record->key.inode == inode))
        return &owners->slots[at];
    }
  return NULL;
}

bool
guest_owners_find (const struct guest_owners *owners, uint64_t device,
                   uint64_t inode, struct guest_owner_record *record)
{
  uint64_t word;

  return guest_owners_any (owners)
         && look_up (owners, device, inode, record, &word) != NULL && word != 0
         && !(word & DROPPED);
}

bool
guest_owners_at (const struct guest_owners *owners, size_t index,
                 struct guest_owner_record *record)
{
  uint64_t word = read_slot (owners, &owners->slots[index], record);
  return word != 0 && !(word & DROPPED);
}

/* Put the record at PLACE into SLOT, whose word was WORD.  Return whether that
   was done: another thread may have been faster.  */
static bool
put_record (struct guest_owners *owners, uint64_t *slot, uint64_t word,
            uint32_t place)
{
  bool lives = word != 0 && !(word & DROPPED);

  /* Count first: who is killed in between has counted one too many, and none
     that is there goes unseen.  */
  if (word == 0)
    (void) __atomic_add_fetch (&owners->used, 1, __ATOMIC_RELAXED);
  if (!lives)
    (void) __atomic_add_fetch (&owners->live, 1, __ATOMIC_SEQ_CST);
  if (__atomic_compare_exchange_n (slot, &word, successor (word, place), false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    return true;
  if (!lives)
    (void) __atomic_sub_fetch (&owners->live, 1, __ATOMIC_SEQ_CST);
  return false;
}

int
guest_owners_change (struct guest_owners *owners,
                     const struct guest_file_key *key,
                     int (*change) (struct guest_owners *owners,
                                    struct guest_owner_record *record,
                                    void *data),
                     void *data)
{
  struct guest_owner_record record;
  uint32_t place = 0;
  int status = -K_ENOSPC;

  if (owners->slot_count == 0 || key->device == 0)
    return -K_ENOSPC;
  for (;;)
    {
      uint64_t word;
      uint64_t *slot =
          look_up (owners, key->device, key->inode, &record, &word);
      if (slot == NULL
          || (word == 0
              && __atomic_load_n (&owners->used, __ATOMIC_RELAXED)
                     >= owners->slot_count / 4 * 3))
        break;
      if (word == 0 || (word & DROPPED) || record.key.birth != key->birth)
        record = (struct guest_owner_record){ .key = *key };
      status = change (owners, &record, data);
      if (status != 0)
        break;
      if (place == 0)
        place = take_record (owners);
      status = -K_ENOSPC;
      if (place == 0)
        break;
      /* Whoever is still copying what was here before learns of it.  */
      __atomic_thread_fence (__ATOMIC_RELEASE);
      *record_at (owners, place) = record;
      if (put_record (owners, slot, word, place))
        {
          if (word != 0)
            give_back (owners, (uint32_t) word & ~DROPPED);
          return 0;
        }
      if (word == 0)
        (void) __atomic_sub_fetch (&owners->used, 1, __ATOMIC_RELAXED);
    }
  if (place != 0)
    give_back (owners, place);
  return status;
}

/* What guest_owners_put wants: to learn, and the record that came of it.  */
struct lesson
{
  const struct guest_owner *owner;
  struct guest_owner_record record;
};

static int
learn (struct guest_owners *owners, struct guest_owner_record *record,
       void *data)
{
  struct lesson *lesson = data;
  const struct guest_owner *owner = lesson->owner;
  struct guest_owner *known = &record->owner;

  known->known |= owner->known;
  if (owner->known & GUEST_OWNER_UID)
    known->uid = owner->uid;
  if (owner->known & GUEST_OWNER_GID)
    known->gid = owner->gid;
  if (owner->known & GUEST_OWNER_MODE)
    known->mode = (known->mode & K_S_IFMT) | (owner->mode & 07777);
  if (owner->known & GUEST_OWNER_TYPE)
    {
      __atomic_store_n (&owners->has_types, true, __ATOMIC_RELAXED);
      known->mode = (known->mode & 07777) | (owner->mode & K_S_IFMT);
      known->rdev = owner->rdev;
    }
  lesson->record = *record;
  return 0;
}

int
guest_owners_put (struct guest_owners *owners, const struct guest_file_key *key,
                  const struct guest_owner *owner)
{
  struct lesson lesson = { .owner = owner };
  int status = guest_owners_change (owners, key, learn, &lesson);

  if (status < 0 || owners->keeper == NULL)
    return status;
  return owners->keeper->keep (owners->keeper, &lesson.record, NULL, NULL, 0);
}

void
guest_owners_forget (struct guest_owners *owners, uint64_t device,
                     uint64_t inode)
{
  struct guest_owner_record record;

  if (owners->keeper != NULL
      && guest_owners_find (owners, device, inode, &record))
    owners->keeper->drop (owners->keeper, &record.key);
  guest_owners_drop (owners, device, inode);
}

void
guest_owners_drop (struct guest_owners *owners, uint64_t device, uint64_t inode)
{
  struct guest_owner_record record;
  uint64_t word;

  if (!guest_owners_any (owners))
    return;
  uint64_t *slot = look_up (owners, device, inode, &record, &word);
  while (slot != NULL && word != 0 && !(word & DROPPED))
    if (__atomic_compare_exchange_n (
            slot, &word, successor (word, (uint32_t) word | DROPPED), false,
            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      {
        (void) __atomic_sub_fetch (&owners->live, 1, __ATOMIC_SEQ_CST);
        return;
      }
}
