/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a directory is good for.  */

#include <config.h>

#include "src/platform/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* Cut the last name off PATH, unless it is "/".  Return whether something was
   cut off.  */
static bool
go_up (char *path)
{
  char *slash = strrchr (path, '/');
  if (slash == NULL || path[1] == '\0')
    return false;
  slash[slash == path] = '\0';
  return true;
}

/* Open for PLACE what is at PATH, or the nearest directory above that is there.
   Return a descriptor, O_PATH, or a negative errno.  */
static int
open_nearest (const char *path, struct place *place)
{
  const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  struct stat st;
  place->nearest = xstrdup (path);

  int fd = open (place->nearest, flags);
  place->exists = fd >= 0;
  while (fd < 0 && errno == ENOENT && go_up (place->nearest))
    fd = open (place->nearest, flags);
  if (fd >= 0)
    return fd;
  int number = errno;
  /* Something is in the way, or a directory above lets nobody pass.  */
  while (lstat (place->nearest, &st) < 0 && go_up (place->nearest))
    continue;
  place->owner = st.st_uid;
  place->mode = st.st_mode & 07777;
  return -number;
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

/* Return how many bytes of FD, a file without any, a quota leaves: less than
   that, at least; or -1 when it leaves all that is worth asking for.  File
   systems tell what is free for all, and most have no other way to ask for a
   quota.  */
static intmax_t
find_allowance (int fd, const struct place *place)
{
  static const char *const keepers[] = { "btrfs", "ext4", "xfs" };
  intmax_t most = (intmax_t) 1 << 30;
  bool keeps = false;
  for (size_t i = 0; i < sizeof keepers / sizeof *keepers; i++)
    keeps = keeps || strcmp (place->file_system, keepers[i]) == 0;
  /* Nobody else is to miss it for a moment.  */
  while (most > place->free / 2)
    most /= 2;
  if (!keeps || most == 0 || (place->largest >= 0 && place->largest < most))
    return -1;
  intmax_t size = most;
  while (size > 4096 && fallocate (fd, 0, 0, (off_t) size) < 0)
    {
      if (errno != EDQUOT && errno != ENOSPC)
        return -1;
      size /= 2;
    }
  (void) ftruncate (fd, 0); /* it goes soon in any case */
  return size == most ? -1 : 2 * size;
}

/* Find out for PLACE what can be done in DIRECTORY.  */
static void
try_to_write (struct place *place, int directory)
{
  static const char page[4096];
  AUTO_CLOSE int fd = make_nameless (directory);
  if (fd >= 0)
    place->allowed = find_allowance (fd, place);
  int status = fd < 0 ? fd : file_write_all (fd, page, sizeof page);
  /* Where quotas are kept by a server, it says so only now; sandboxes may have
     something against waiting.  */
  if (status == 0 && fsync (fd) < 0 && errno != EINVAL && errno != EPERM
      && errno != ENOSYS)
    status = -errno;
  place->writable = status == 0;
  place->write_error = -status;
  if (!place->writable)
    return;
  place->executes = place->executes && can_execute (fd);
  place->locks = lock_holds (fd);
}

/* Tell PLACE what is known of DIRECTORY without trying.  */
static void
look_at (struct place *place, int directory)
{
  struct statfs about;
  struct statvfs limits;
  struct rlimit size;
  struct stat st;

  place->file_system = fstatfs (directory, &about) < 0
                           ? xstrdup ("?")
                           : type_name ((unsigned long) about.f_type);
  place->executes = place->setuid = true;
  if (fstatvfs (directory, &limits) == 0)
    {
      place->setuid = (limits.f_flag & ST_NOSUID) == 0;
      place->executes = (limits.f_flag & ST_NOEXEC) == 0;
      place->free = (intmax_t) limits.f_bavail * (intmax_t) limits.f_frsize;
      if (limits.f_files > 0)
        place->inodes = (intmax_t) limits.f_favail;
    }
  if (fstat (directory, &st) == 0)
    {
      place->owner = st.st_uid;
      place->mode = st.st_mode & 07777;
    }
  place->enters = faccessat (directory, ".", X_OK, AT_EACCESS) == 0;
  if (getrlimit (RLIMIT_FSIZE, &size) == 0 && size.rlim_cur != RLIM_INFINITY)
    place->largest = (intmax_t) size.rlim_cur;
}

void
place_look (const char *path, struct place *place)
{
  const struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction before;

  *place =
      (struct place){ .free = -1, .allowed = -1, .largest = -1, .inodes = -1 };
  AUTO_CLOSE int directory = open_nearest (path, place);
  if (directory < 0)
    {
      place->write_error = -directory;
      place->executes = true; /* nothing is known against it */
      place->file_system = xstrdup ("?");
      return;
    }
  look_at (place, directory);
  (void) sigaction (SIGXFSZ, &ignore, &before); /* cannot fail */
  try_to_write (place, directory);
  (void) sigaction (SIGXFSZ, &before, NULL);
}

void
place_release (struct place *place)
{
  free (place->file_system);
  free (place->nearest);
  *place = (struct place){ 0 };
}
