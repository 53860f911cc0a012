/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What is remembered of a file that a path or descriptor names.  */

#include "lib/guest/record.h"

#include "lib/guest/host.h"

struct guest_place
guest_place_of (const struct guest_found *found)
{
  if (found->object >= 0)
    return guest_place_of_fd (found->object);
  if (found->length == found->path)
    return guest_place_of_fd (found->anchor);
  return (struct guest_place){ found->anchor, guest_found_path (found),
                               found->magic ? 0 : K_AT_SYMLINK_NOFOLLOW };
}

struct guest_place
guest_place_of_fd (int fd)
{
  return (struct guest_place){ fd, "", K_AT_EMPTY_PATH };
}

int
guest_place_statx (struct guest *guest, const struct guest_place *place,
                   struct k_statx *status, uint32_t mask, int flags)
{
  if (guest->missing & GUEST_LACKS_STATX)
    return -K_ENOSYS;
  return (int) guest->ops->system_call (
      guest, K_NR_statx, host_fd (place->dir), host_pointer (place->path),
      (uint64_t) (place->flags | flags), mask, host_pointer (status), 0);
}

static int
stat_place (struct guest *guest, const struct guest_place *place,
            struct k_stat *status)
{
  return host_fstatat (guest, place->dir, place->path, status, place->flags);
}

int
guest_place_type (struct guest *guest, const struct guest_place *place)
{
  struct k_statx status;
  struct k_stat other;
  int result = guest_place_statx (guest, place, &status, K_STATX_TYPE, 0);

  if (result == 0)
    return status.stx_mode & K_S_IFMT;
  if (result != -K_ENOSYS)
    return result;
  result = stat_place (guest, place, &other);
  return result < 0 ? result : (int) (other.st_mode & K_S_IFMT);
}

int
guest_place_look (struct guest *guest, const struct guest_place *place,
                  struct k_stat *status)
{
  struct k_statx found;
  /* Type, mode, links, user, group, inode.  */
  int result = guest_place_statx (guest, place, &found, 0x11f, 0);

  if (result == -K_ENOSYS)
    return stat_place (guest, place, status);
  if (result < 0)
    return result;
  *status = (struct k_stat){
    .st_dev = guest_device (found.stx_dev_major, found.stx_dev_minor),
    .st_ino = found.stx_ino,
    .st_nlink = found.stx_nlink,
    .st_mode = found.stx_mode,
    .st_uid = found.stx_uid,
    .st_gid = found.stx_gid,
    .st_rdev = guest_device (found.stx_rdev_major, found.stx_rdev_minor),
  };
  return 0;
}

uint64_t
guest_place_birth (struct guest *guest, const struct guest_place *place)
{
  struct k_statx status;
  if (guest_place_statx (guest, place, &status, K_STATX_BTIME, 0) < 0
      || !(status.stx_mask & K_STATX_BTIME))
    return 0;
  return (uint64_t) status.stx_btime.seconds * 1000000000u
         + status.stx_btime.nanoseconds;
}

bool
guest_record_find (struct guest *guest, const struct guest_place *place,
                   uint64_t device, uint64_t inode,
                   struct guest_owner_record *record)
{
  if (guest->owners == NULL)
    return false;
  guest_owners_look (guest->owners);
  if (!guest_owners_find (guest->owners, device, inode, record))
    return false;
  if (record->key.birth == guest_place_birth (guest, place))
    return true;
  guest_owners_drop (guest->owners, device, inode);
  return false;
}

void
guest_show_owner (struct guest *guest, const struct guest_place *place,
                  uint64_t device, uint64_t inode, struct guest_shown *shown)
{
  const struct guest_identity *identity = &guest->identity;

  if (!identity->emulated)
    return;
  if (shown->uid == identity->host_uid)
    shown->uid = identity->uid;
  if (shown->gid == identity->host_gid)
    shown->gid = identity->gid;

  struct guest_owner_record record;
  if (!guest_record_find (guest, place, device, inode, &record))
    return;
  const struct guest_owner *owner = &record.owner;
  if (owner->known & GUEST_OWNER_UID)
    shown->uid = owner->uid;
  if (owner->known & GUEST_OWNER_GID)
    shown->gid = owner->gid;
  if (owner->known & GUEST_OWNER_MODE)
    shown->mode = (shown->mode & K_S_IFMT) | (owner->mode & 07777);
  if (owner->known & GUEST_OWNER_TYPE)
    {
      shown->mode = (shown->mode & 07777) | (owner->mode & K_S_IFMT);
      shown->rdev = owner->rdev;
    }
}
