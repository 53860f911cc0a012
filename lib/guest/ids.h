/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   User, groups and capabilities as one task of the container sees them.  */

#ifndef UDOCKER_LIB_GUEST_IDS_H
#define UDOCKER_LIB_GUEST_IDS_H

#include <stdbool.h>
#include <stdint.h>

/* More supplementary groups than these are refused with EINVAL.  */
#define GUEST_GROUPS_MAX 64

/* What Linux 6 has: CAP_CHOWN (0) to CAP_CHECKPOINT_RESTORE (40).  */
#define GUEST_CAPABILITIES_ALL 0x1ffffffffffULL

enum guest_capability
{
  GUEST_CAP_CHOWN = 0,
  GUEST_CAP_DAC_OVERRIDE = 1,
  GUEST_CAP_FOWNER = 3,
  GUEST_CAP_FSETID = 4,
  GUEST_CAP_SETGID = 6,
  GUEST_CAP_SETUID = 7,
  GUEST_CAP_SETPCAP = 8,
  GUEST_CAP_SYS_CHROOT = 18,
  GUEST_CAP_SYS_ADMIN = 21,
  GUEST_CAP_MKNOD = 27,
  GUEST_CAP_SETFCAP = 31
};

/* Copied on clone, kept over exec but for what guest_ids_exec says.  No
   pointer inside: copy it by assignment.  */
struct guest_ids
{
  uint32_t uid, euid, suid, fsuid;
  uint32_t gid, egid, sgid, fsgid;
  uint32_t group_count;
  uint32_t group[GUEST_GROUPS_MAX];
  uint64_t permitted, effective, inheritable, bounding, ambient;
  uint32_t securebits;
  bool keep_capabilities;
  bool no_new_privileges; /* as the guest set it; really always on */
  uint8_t filters;        /* of system calls, that the guest installed */
  bool undumpable;        /* as the guest set it; never done for real */
};

/* Start IDS: UID and GID everywhere, the COUNT GROUPS (cut at
   GUEST_GROUPS_MAX), all capabilities when UID is 0, none otherwise.  */
void guest_ids_init (struct guest_ids *ids, uint32_t uid, uint32_t gid,
                     const uint32_t *groups, uint32_t count);

/* Change IDS as execve does.  MODE, UID and GID are the program's file mode
   and owner as the container sees them: set-id bits take effect unless
   no_new_privileges.  Return whether AT_SECURE is due.  */
bool guest_ids_exec (struct guest_ids *ids, uint32_t mode, uint32_t uid,
                     uint32_t gid);

/* Return whether IDS has CAPABILITY in its effective set.  */
bool guest_ids_can (const struct guest_ids *ids,
                    enum guest_capability capability);

/* Return whether GID is the file-system group or a supplementary group.  */
bool guest_ids_in_group (const struct guest_ids *ids, uint32_t gid);

#endif
