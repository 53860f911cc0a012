/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a directory is good for.  */

#include <config.h>

#include "src/platform/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* The numbers that statfs tells (statfs(2)); those that linux/magic.h lacks
   are of file systems that lie outside of the kernel, or in their own
   headers.  */
static const struct
{
  unsigned long magic;
  const char *name;
} types[] = {
  { 0x0bd00bd0, "lustre" },
  { 0x47504653, "gpfs" },
  { 0x19830326, "beegfs" },
  { 0x2fc12fc1, "zfs" },
  { 0x58465342, "xfs" },
  { 0xff534d42, "cifs" },
  { 0xfe534d42, "smb2" },
  { 0x00c36400, "ceph" },
  { 0x65735546, "fuse" },
  { AFS_SUPER_MAGIC, "afs" },
  { BTRFS_SUPER_MAGIC, "btrfs" },
  { EXT4_SUPER_MAGIC, "ext4" },
  { F2FS_SUPER_MAGIC, "f2fs" },
  { NFS_SUPER_MAGIC, "nfs" },
  { OVERLAYFS_SUPER_MAGIC, "overlay" },
  { RAMFS_MAGIC, "ramfs" },
  { SQUASHFS_MAGIC, "squashfs" },
  { TMPFS_MAGIC, "tmpfs" },
};

static char *
type_name (unsigned long magic)
{
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].magic == magic)
      return xstrdup (types[i].name);
  return xasprintf ("0x%lx", magic);
}

/* Open PATH, or the nearest directory above that is there.  Return a
   descriptor or -1.  */
static int
open_nearest (const char *path, bool *exists)
{
  AUTO_FREE char *name = xstrdup (path);

  for (;;)
    {
      int fd = open (name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      char *slash = strrchr (name, '/');
      if (fd >= 0 || errno != ENOENT || slash == NULL)
        {
          *exists = fd >= 0 && strcmp (name, path) == 0;
          return fd;
        }
      slash[slash == name] = '\0';
    }
}

/* Make a file without a name in DIRECTORY.  Return a descriptor or a negative
   errno.  */
static int
make_nameless (int directory)
{
  int fd = openat (directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    return fd;
  /* NFS and others have no such files.  */
  AUTO_FREE char *name =
      xasprintf (".udocker-%d-%lx", (int) getpid (), random ());
  fd = openat (directory, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    return -errno;
  (void) unlinkat (directory, name, 0);
  return fd;
}

/* Return whether a lock on FD keeps another descriptor of the file from one:
   NFS and Lustre may be mounted so that they take locks and forget them.  */
static bool
lock_holds (int fd)
{
  char path[32];
  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  AUTO_CLOSE int other = open (path, O_RDWR | O_CLOEXEC);
  if (flock (fd, LOCK_EX | LOCK_NB) < 0)
    return false;
  return other < 0
         || (flock (other, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
}

/* Return whether the first page of FD can be mapped as programs are.  */
static bool
can_execute (int fd)
{
  size_t size = (size_t) sysconf (_SC_PAGESIZE);
  void *page = mmap (NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  if (page == MAP_FAILED)
    return false;
  (void) munmap (page, size);
  return true;
}

void
place_look (const char *path, struct place *place)
{
  static const char page[4096];
  struct statfs about;
  struct statvfs limits;

  *place = (struct place){ .free = -1, .inodes = -1 };
  AUTO_CLOSE int directory = open_nearest (path, &place->exists);
  if (directory < 0 || fstatfs (directory, &about) < 0
      || fstatvfs (directory, &limits) < 0)
    {
      place->write_error = directory < 0 ? ENOENT : errno;
      place->file_system = xstrdup ("?");
      return;
    }
  place->file_system = type_name ((unsigned long) about.f_type);
  place->setuid = (limits.f_flag & ST_NOSUID) == 0;
  place->executes = (limits.f_flag & ST_NOEXEC) == 0;
  place->free = (intmax_t) limits.f_bavail * (intmax_t) limits.f_frsize;
  if (limits.f_files > 0)
    place->inodes = (intmax_t) limits.f_favail;

  AUTO_CLOSE int fd = make_nameless (directory);
  int status = fd < 0 ? fd : file_write_all (fd, page, sizeof page);
  /* Where quotas are kept by a server, it says so only now.  */
  if (status == 0 && fsync (fd) < 0 && errno != EINVAL)
    status = -errno;
  place->writable = status == 0;
  place->write_error = -status;
  if (!place->writable)
    return;
  place->executes = place->executes && can_execute (fd);
  place->locks = lock_holds (fd);
}

void
place_release (struct place *place)
{
  free (place->file_system);
  *place = (struct place){ 0 };
}
