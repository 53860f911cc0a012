/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   User, groups and capabilities as one task of the container sees them.  */

#include "lib/guest/ids.h"

#include "lib/guest/kernel.h"

void
guest_ids_init (struct guest_ids *ids, uint32_t uid, uint32_t gid,
                const uint32_t *groups, uint32_t count)
{
  uint64_t all = uid == 0 ? GUEST_CAPABILITIES_ALL : 0;

  *ids = (struct guest_ids){
    .uid = uid,
    .euid = uid,
    .suid = uid,
    .fsuid = uid,
    .gid = gid,
    .egid = gid,
    .sgid = gid,
    .fsgid = gid,
    .permitted = all,
    .effective = all,
    .bounding = GUEST_CAPABILITIES_ALL,
  };
  if (count > GUEST_GROUPS_MAX)
    count = GUEST_GROUPS_MAX;
  ids->group_count = count;
  for (uint32_t i = 0; i < count; i++)
    ids->group[i] = groups[i];
}

bool
guest_ids_exec (struct guest_ids *ids, uint32_t mode, uint32_t uid,
                uint32_t gid)
{
  bool was_changed = ids->uid != ids->euid || ids->gid != ids->egid;
  uint32_t old_euid = ids->euid;
  uint32_t old_egid = ids->egid;

  if ((mode & K_S_ISUID) && !ids->no_new_privileges)
    ids->euid = uid;
  if ((mode & K_S_ISGID) && (mode & 010) && !ids->no_new_privileges)
    ids->egid = gid;
  ids->suid = ids->fsuid = ids->euid;
  ids->sgid = ids->fsgid = ids->egid;
  ids->keep_capabilities = false;

  bool gains = ids->euid != old_euid || ids->egid != old_egid;
  if (gains)
    ids->ambient = 0;
  uint64_t permitted = ids->ambient;
  uint64_t effective = ids->ambient;
  if (!(ids->securebits & 1)) /* SECBIT_NOROOT */
    {
      if (ids->uid == 0 || ids->euid == 0)
        permitted = ids->bounding | ids->inheritable;
      if (ids->euid == 0)
        effective = permitted;
    }
  ids->permitted = permitted;
  ids->effective = effective;
  return gains || was_changed;
}

bool
guest_ids_can (const struct guest_ids *ids, enum guest_capability capability)
{
  return ids->effective >> capability & 1;
}

bool
guest_ids_in_group (const struct guest_ids *ids, uint32_t gid)
{
  if (ids->fsgid == gid)
    return true;
  for (uint32_t i = 0; i < ids->group_count; i++)
    if (ids->group[i] == gid)
      return true;
  return false;
}
