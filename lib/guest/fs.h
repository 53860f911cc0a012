/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   File-system state that tasks share by CLONE_FS: directory and root.  */

#ifndef UDOCKER_LIB_GUEST_FS_H
#define UDOCKER_LIB_GUEST_FS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/guest/text.h"

struct guest;

/* The current directory is the kernel's own (a real chdir is made in the
   task); kept here is only what the kernel cannot tell.  */
struct guest_fs
{
  /* How many tasks share it.  */
  uint32_t references;

  /* An O_PATH descriptor, in the engine's process, of the current directory;
     negative when it is not at hand: then it is asked of the engine.  */
  int cwd;

  /* A task left the group by unshare: its directory is its own now, so that
     the descriptor is no longer kept.  */
  bool diverged;

  /* The group believes that it has a name space of mounts of its own.  */
  bool own_mounts;

  /* A umask in this group has taken rights from owners, or may have: what is
     made is looked at.  */
  bool masks_owner;

  /* How often the current directory has changed, as far as we know.  */
  uint32_t cwd_changes;

  /* The binding through which the current directory was entered: where
     several show one host directory, it decides the directory's name.  */
  uint32_t cwd_binding;

  /* Where chroot went: a canonical guest path, empty for the container's
     own root.  */
  uint32_t root_length;
  char root[GUEST_PATH_SIZE];
};

/* Start FS: the container's root, an unknown directory, one reference.  */
void guest_fs_init (struct guest_fs *fs);

/* Make COPY equal to FS, with one reference and no descriptor of its own:
   what clone without CLONE_FS and unshare (CLONE_FS) do.  */
void guest_fs_copy (struct guest_fs *copy, const struct guest_fs *fs);

/* Drop one reference; with the last, close the descriptor.  Return how many
   are left: the engine frees its storage at 0.  */
uint32_t guest_fs_release (struct guest *guest, struct guest_fs *fs);

/* Forget the descriptor of the current directory, because it changed.  */
void guest_fs_forget (struct guest *guest, struct guest_fs *fs);

#endif
