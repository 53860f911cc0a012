/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   File-system state that tasks share by CLONE_FS: directory and root.  */

#include "lib/guest/fs.h"

#include "lib/guest/host.h"

void
guest_fs_init (struct guest_fs *fs)
{
  fs->references = 1;
  fs->cwd = -1;
  fs->diverged = false;
  fs->masks_owner = false;
  fs->own_mounts = false;
  fs->cwd_binding = 0;
  fs->cwd_changes = 0;
  fs->root_length = 0;
  fs->root[0] = '\0';
}

void
guest_fs_copy (struct guest_fs *copy, const struct guest_fs *fs)
{
  copy->references = 1;
  copy->cwd = -1;
  copy->diverged = fs->diverged;
  copy->masks_owner = fs->masks_owner;
  copy->own_mounts = fs->own_mounts;
  copy->cwd_binding = fs->cwd_binding;
  copy->cwd_changes = fs->cwd_changes;
  copy->root_length = fs->root_length;
  for (uint32_t i = 0; i <= fs->root_length; i++)
    copy->root[i] = fs->root[i];
}

uint32_t
guest_fs_release (struct guest *guest, struct guest_fs *fs)
{
  uint32_t left = __atomic_sub_fetch (&fs->references, 1, __ATOMIC_ACQ_REL);
  if (left == 0)
    guest_fs_forget (guest, fs);
  return left;
}

void
guest_fs_forget (struct guest *guest, struct guest_fs *fs)
{
  host_close (guest, fs->cwd);
  fs->cwd = -1;
}
