/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Who the container thinks owns a file: records of one run.

   Open addressing with linear steps.  A free slot has no inode and no
   device; a dropped one has device 0 and inode 1, which no file has, and is
   taken again by the next record that comes by.  */

#include "lib/guest/owners.h"

#include "lib/guest/kernel.h"

#define DROPPED_INODE 1

static size_t
hash (uint64_t device, uint64_t inode)
{
  uint64_t value =
      (inode ^ (device << 32 | device >> 32)) * 0x9e3779b97f4a7c15ULL;
  return (size_t) (value ^ value >> 29);
}

void
guest_owners_init (struct guest_owners *owners, struct guest_owner_slot *slots,
                   size_t slot_count, void *room, uint32_t room_size)
{
  owners->slots = slots;
  owners->slot_count = slot_count;
  owners->used = 0;
  owners->live = 0;
  owners->room = room;
  owners->room_size = room_size;
  owners->room_used = 8; /* no attribute is at 0 */
  owners->inherits = false;
  owners->has_types = false;
  owners->keeper = NULL;
}

/* Return the slot of DEVICE and INODE, or, when there is none, the one where
   its record would go.  *IS_THERE tells which.  */
static struct guest_owner_slot *
look_up (const struct guest_owners *owners, uint64_t device, uint64_t inode,
         bool *is_there)
{
  struct guest_owner_slot *vacant = NULL;
  size_t mask = owners->slot_count - 1;

  *is_there = false;
  for (size_t at = hash (device, inode) & mask;; at = (at + 1) & mask)
    {
      struct guest_owner_slot *slot = &owners->slots[at];
      if (slot->key.device == device && slot->key.inode == inode)
        {
          *is_there = true;
          return slot;
        }
      if (slot->key.device != 0)
        continue;
      if (slot->key.inode != DROPPED_INODE)
        return vacant != NULL ? vacant : slot;
      if (vacant == NULL)
        vacant = slot;
    }
}

struct guest_owner_slot *
guest_owners_find (const struct guest_owners *owners, uint64_t device,
                   uint64_t inode)
{
  bool is_there;

  if (owners->live == 0)
    return NULL;
  struct guest_owner_slot *slot = look_up (owners, device, inode, &is_there);
  return is_there ? slot : NULL;
}

int
guest_owners_put (struct guest_owners *owners, const struct guest_file_key *key,
                  const struct guest_owner *owner)
{
  bool is_there;

  if (owners->slot_count == 0 || key->device == 0)
    return -K_ENOSPC;
  struct guest_owner_slot *slot =
      look_up (owners, key->device, key->inode, &is_there);
  if (!is_there)
    {
      bool fresh = slot->key.inode != DROPPED_INODE;
      if (fresh && owners->used >= owners->slot_count / 4 * 3)
        return -K_ENOSPC;
      owners->used += fresh;
      owners->live++;
    }
  if (!is_there || slot->key.birth != key->birth)
    *slot = (struct guest_owner_slot){ .key = *key };

  struct guest_owner *known = &slot->owner;
  known->known |= owner->known;
  if (owner->known & GUEST_OWNER_UID)
    known->uid = owner->uid;
  if (owner->known & GUEST_OWNER_GID)
    known->gid = owner->gid;
  if (owner->known & GUEST_OWNER_MODE)
    known->mode = (known->mode & K_S_IFMT) | (owner->mode & 07777);
  if (owner->known & GUEST_OWNER_TYPE)
    {
      owners->has_types = true;
      known->mode = (known->mode & 07777) | (owner->mode & K_S_IFMT);
      known->rdev = owner->rdev;
    }
  return owners->keeper != NULL
             ? owners->keeper->keep (owners->keeper, slot, NULL, NULL, 0)
             : 0;
}

void
guest_owners_forget (struct guest_owners *owners, uint64_t device,
                     uint64_t inode)
{
  const struct guest_owner_slot *slot =
      guest_owners_find (owners, device, inode);
  if (slot != NULL && owners->keeper != NULL)
    owners->keeper->drop (owners->keeper, &slot->key);
  guest_owners_drop (owners, device, inode);
}

void
guest_owners_drop (struct guest_owners *owners, uint64_t device, uint64_t inode)
{
  bool is_there;

  if (owners->live == 0)
    return;
  struct guest_owner_slot *slot = look_up (owners, device, inode, &is_there);
  if (!is_there)
    return;
  slot->key = (struct guest_file_key){ .inode = DROPPED_INODE };
  owners->live--;
}
