/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Mounts, and name spaces that may have their own.

   Nothing can be mounted.  But root's programs that put what they start into
   a name space of its own, as rpm does with the scripts of packages since
   4.20, take it for an error when they may not.  What such a name space
   protects others from is not needed here, so they are let believe that they
   have one: of mounts and of the network, but of nothing that would show in
   what programs see.  A file system in memory that they then mount over a
   directory is believed too: they find the directory as it was.  Elsewhere a
   mount that is not made is refused.  */

#include "lib/guest/handlers.h"

#define CLONE_NEWNS 0x00020000u
#define CLONE_NEWNET 0x40000000u

enum
{
  MS_REMOUNT = 0x20,
  MS_BIND = 0x1000,
  MS_MOVE = 0x2000,
  /* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED */
  MS_PROPAGATION = 0x1e0000
};

static bool
is_administrator (const struct guest_task *task)
{
  return task->guest->identity.root
         && guest_ids_can (&task->ids, GUEST_CAP_SYS_ADMIN);
}

enum guest_verdict
guest_enter_unshare (struct guest_task *task, struct guest_call *call)
{
  uint64_t refused = call->arg[0] & (CLONE_REFUSED | CLONE_NEWTIME);

  if (refused & ~(uint64_t) (CLONE_NEWNS | CLONE_NEWNET)
      || (refused != 0 && !is_administrator (task)))
    return guest_answer (call, -K_EPERM);
  call->kept[0] = refused & CLONE_NEWNS;
  if (refused & CLONE_NEWNS)
    call->arg[0] |= CLONE_FS;
  call->arg[0] &= ~refused;
  if (call->arg[0] & CLONE_FS)
    return GUEST_RUN_EXIT;
  return refused != 0 ? GUEST_RUN : GUEST_PASS;
}

void
guest_leave_unshare (struct guest_task *task, struct guest_call *call)
{
  if (call->result != 0)
    return;
  if (call->kept[0] != 0)
    task->fs->own_mounts = true;
  if (task->fs->references == 1)
    return;
  guest_fs_forget (task->guest, task->fs);
  task->fs->diverged = true;
}

/* Return what becomes of mounting a file system in memory on the path at
   ADDRESS.  */
static int
mount_memory (struct guest_task *task, uint64_t address)
{
  struct guest_found found;
  struct k_stat status;
  int result = guest_resolve_at (task, GUEST_AT_CWD, address,
                                 GUEST_FINAL_FOLLOW, &found);
  if (result < 0)
    return result;
  if (!found.virtual)
    {
      result = guest_found_stat (task->guest, &found, &status);
      if (result == 0 && (status.st_mode & K_S_IFMT) != K_S_IFDIR)
        result = -K_ENOTDIR;
    }
  guest_found_release (task->guest, &found);
  return result;
}

enum guest_verdict
guest_enter_mount (struct guest_task *task, struct guest_call *call)
{
  uint64_t flags = call->arg[3];
  char type[8];

  if (!is_administrator (task) || !task->fs->own_mounts)
    return guest_answer (call, -K_EPERM);
  if (flags & MS_PROPAGATION)
    return guest_answer (call, 0);
  if (flags & (MS_REMOUNT | MS_BIND | MS_MOVE)
      || task->guest->ops->read_string (task, call->arg[2], type, sizeof type)
             < 0
      || !guest_text_equal (type, "tmpfs"))
    return guest_answer (call, -K_EPERM);
  return guest_answer (call, mount_memory (task, call->arg[1]));
}
