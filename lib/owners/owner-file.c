/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Owners that outlive a run.

   Locks are those of open descriptions, which NFS knows too.  Whoever uses the
   file holds a shared one on its first byte, so that who gets an exclusive one
   there is alone and may replace it; who appends holds the second byte.  Where
   such locks are not to be had (before Linux 3.15) the kernel's own care for
   appended writes has to do.  */

#include "lib/owners/owner-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/guest/attributes.h"
#include "lib/guest/owner-log.h"

#define SLOTS_SIZE (OWNER_FILE_SLOTS * sizeof (uint64_t))

#define PAGE OWNER_LOG_HEAD

/* Shorter logs are not worth being written anew.  */
#define LONG_LOG ((uint64_t) 1 << 20)

/* Locks.  */

/* Lock BYTE of FD with TYPE (F_RDLCK, F_WRLCK, F_UNLCK), waiting for it with
   WAITS.  Return 0 also where there are no such locks, or a negative errno.  */
static int
lock (int fd, off_t byte, short type, bool waits)
{
  struct flock where = {
    .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
  };
#ifdef F_OFD_SETLK
  while (fcntl (fd, waits ? F_OFD_SETLKW : F_OFD_SETLK, &where) < 0)
    {
      if (errno == EINTR)
        continue;
      return errno == EINVAL || errno == ENOLCK || errno == ENOSYS ? 0 : -errno;
    }
#endif
  return 0;
}

/* Appending.  */

/* Write SIZE bytes at BYTES at the end of FD at OFFSET.  What a full disk let
   through in part is taken back.  */
static int
write_at (int fd, const void *bytes, size_t size, uint64_t offset)
{
  size_t done = 0;
  while (done < size)
    {
      ssize_t wrote = pwrite (fd, (const char *) bytes + done, size - done,
                              (off_t) (offset + done));
      if (wrote < 0 && errno == EINTR)
        continue;
      if (wrote <= 0)
        {
          int error = wrote < 0 ? errno : EIO;
          (void) ftruncate (fd, (off_t) offset);
          return -error;
        }
      done += (size_t) wrote;
    }
  return 0;
}

/* Append ENTRY, of SIZE bytes, to FILE.  */
static int
append (struct owner_file *file, const union owner_log_entry *entry,
        size_t size)
{
  struct stat status;
  int result = lock (file->fd, OWNER_LOG_LOCK_APPEND, F_WRLCK, true);
  if (result == 0 && fstat (file->fd, &status) < 0)
    result = -errno;
  if (result < 0)
    return result;
  /* What was cut short is no record: the next one begins where it did.  */
  uint64_t end =
      (uint64_t) status.st_size / sizeof entry->record * sizeof entry->record;
  result = write_at (file->fd, entry->bytes, size, end);
  if (result == 0 && file->shared != NULL)
    *file->shared = end + size;
  /* What others have appended before is still to be read.  */
  if (result == 0 && file->taken == end)
    file->taken = end + size;
  (void) lock (file->fd, OWNER_LOG_LOCK_APPEND, F_UNLCK, false);
  return result;
}

static struct owner_file *
file_of (struct guest_owners_keeper *keeper)
{
  return (struct owner_file *) ((char *) keeper
                                - offsetof (struct owner_file, keeper));
}

static int
keep (struct guest_owners_keeper *keeper,
      const struct guest_owner_record *record, const char *name,
      const void *value, size_t size)
{
  struct owner_file *file = file_of (keeper);
  union owner_log_entry entry;
  if (record->key.device != file->device)
    return 0;
  size = owner_log_fill_change (&entry, record, name, value, size);
  return append (file, &entry, size);
}

static void
drop (struct guest_owners_keeper *keeper, const struct guest_file_key *key)
{
  struct owner_file *file = file_of (keeper);
  union owner_log_entry entry;
  if (key->device != file->device)
    return;
  size_t size = owner_log_fill_nothing (&entry, key);
  (void) append (file, &entry, size); /* the file is about to go anyway */
}

/* Reading.  */

/* Read what has been appended to FILE since it was read last.  */
static int
take_new (struct owner_file *file)
{
  size_t room = 256 * 1024;
  unsigned char *bytes = malloc (room);
  int result = bytes == NULL ? -ENOMEM : 0;
  struct guest_owners_keeper *keeper = file->table.keeper;

  file->table.keeper = NULL; /* what is read is not to be kept again */
  while (result == 0)
    {
      ssize_t got = pread (file->fd, bytes, room, (off_t) file->taken);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        result = -errno;
      if (got <= 0)
        break;
      size_t done =
          owner_log_take (&file->table, file->device, bytes, (size_t) got);
      if (done == 0)
        break;
      file->taken += done;
    }
  file->table.keeper = keeper;
  free (bytes);
  return result;
}

static void
look (struct guest_owners_keeper *keeper)
{
  struct owner_file *file = file_of (keeper);
  struct stat status;
  uint64_t size = file->taken;
  if (file->shared != NULL)
    size = *file->shared;
  else if (fstat (file->fd, &status) == 0)
    size = (uint64_t) status.st_size;
  if (size > file->taken)
    (void) take_new (file); /* what cannot be read now can be later */
}

/* Opening.  */

static int
write_head (int fd)
{
  char page[PAGE] = "";
  struct owner_log_head head = { .magic = OWNER_LOG_MAGIC,
                                 .version = OWNER_LOG_VERSION,
                                 .record_size =
                                     sizeof (struct owner_log_record),
                                 .size = PAGE };
  memcpy (page, &head, sizeof head);
  return write_at (fd, page, sizeof page, 0);
}

static int
check_head (int fd)
{
  struct owner_log_head head;
  if (pread (fd, &head, sizeof head, 0) != (ssize_t) sizeof head
      || memcmp (head.magic, OWNER_LOG_MAGIC, sizeof head.magic) != 0
      || head.version != OWNER_LOG_VERSION
      || head.record_size != sizeof (struct owner_log_record))
    return -EINVAL;
  return 0;
}

/* Open NAME below DIR in MODE, locked: alone when *ALONE is set.  */
static int
open_locked (int dir, const char *name, enum owner_file_mode mode, bool *alone)
{
  bool writes = mode == OWNER_FILE_WRITE;
  for (;;)
    {
      struct stat here, there;
      int fd = openat (dir, name,
                       (writes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC
                           | O_NOFOLLOW,
                       0600);
      if (fd < 0)
        return -errno;
      *alone = writes && lock (fd, OWNER_LOG_LOCK_USE, F_WRLCK, false) == 0;
      int result = *alone ? 0 : lock (fd, OWNER_LOG_LOCK_USE, F_RDLCK, true);
      if (result == 0 && fstat (fd, &here) < 0)
        result = -errno;
      /* It may have been replaced before we had the lock.  */
      bool same = fstatat (dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0
                  && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
      if (result == 0 && same && here.st_size < PAGE)
        result = *alone ? write_head (fd) : -EINVAL;
      if (result == 0 && same)
        return fd;
      (void) close (fd);
      if (result < 0)
        return result;
    }
}

/* Append everything in FILE's table to FD, whose end is *END.  */
static int
write_table (const struct owner_file *file, int fd, uint64_t *end)
{
  const struct guest_owners *table = &file->table;
  union owner_log_entry entry;
  int result = 0;
  for (size_t i = 0; i < table->slot_count && result == 0; i++)
    {
      struct guest_owner_record record;
      if (!guest_owners_at (table, i, &record))
        continue;
      size_t size = owner_log_fill_change (&entry, &record, NULL, NULL, 0);
      const struct guest_attribute *attribute =
          guest_attribute_first (table, &record);
      for (;;)
        {
          result = write_at (fd, entry.bytes, size, *end);
          *end += size;
          if (result < 0 || attribute == NULL)
            break;
          size = owner_log_fill_change (
              &entry, &record, guest_attribute_name (attribute),
              guest_attribute_value (attribute), attribute->size);
          attribute = guest_attribute_next (table, attribute);
        }
    }
  return result;
}

/* Write FILE, called NAME in DIR, anew: what it says, without what was
   replaced.  The caller is alone.  */
static int
shorten (struct owner_file *file, int dir, const char *name)
{
  char other[64];
  uint64_t end = PAGE;
  if (snprintf (other, sizeof other, "%s.new", name) >= (int) sizeof other)
    return -ENAMETOOLONG;
  int fd = openat (dir, other, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return -errno;
  int result = lock (fd, OWNER_LOG_LOCK_USE, F_WRLCK, false);
  if (result == 0)
    result = write_head (fd);
  if (result == 0)
    result = write_table (file, fd, &end);
  if (result == 0
      && (pwrite (fd, &end, sizeof end, offsetof (struct owner_log_head, size))
              != (ssize_t) sizeof end
          || fsync (fd) < 0 || renameat (dir, other, dir, name) < 0))
    result = -EIO;
  if (result < 0)
    {
      (void) unlinkat (dir, other, 0);
      (void) close (fd);
      return result;
    }
  (void) close (file->fd);
  file->fd = fd;
  file->taken = end;
  return 0;
}

static uint64_t
length_of_table (const struct owner_file *file)
{
  return file->table.room_used; /* records have about one size here and there */
}

int
owner_file_init (struct owner_file *file)
{
  *file = (struct owner_file){ .fd = -1 };
  file->memory =
      mmap (NULL, SLOTS_SIZE + OWNER_FILE_ROOM, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (file->memory == MAP_FAILED)
    {
      file->memory = NULL;
      guest_owners_init (&file->table, NULL, 0, NULL, 0);
      return -ENOMEM;
    }
  guest_owners_init (&file->table, file->memory, OWNER_FILE_SLOTS,
                     (char *) file->memory + SLOTS_SIZE, OWNER_FILE_ROOM);
  return 0;
}

int
owner_file_open (struct owner_file *file, int dir, const char *name,
                 uint64_t device, enum owner_file_mode mode)
{
  bool alone = false;
  if (file->memory == NULL)
    return -ENOMEM;
  file->fd = open_locked (dir, name, mode, &alone);
  if (file->fd < 0)
    return file->fd;
  file->device = device;
  file->taken = PAGE;
  int result = check_head (file->fd);
  if (result == 0)
    result = take_new (file);
  if (result == 0 && alone)
    {
      /* A log that cannot be shortened serves as it is.  */
      if (file->taken > LONG_LOG && file->taken / 4 > length_of_table (file))
        (void) shorten (file, dir, name);
      result = lock (file->fd, OWNER_LOG_LOCK_USE, F_RDLCK, true);
    }
  if (result < 0)
    {
      (void) close (file->fd);
      file->fd = -1;
      return result;
    }
  if (mode == OWNER_FILE_READ)
    return 0;

  void *page =
      mmap (NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
  if (page != MAP_FAILED)
    file->shared =
        (volatile uint64_t *) (void *) ((char *) page
                                        + offsetof (struct owner_log_head,
                                                    size));
  file->keeper =
      (struct guest_owners_keeper){ .keep = keep, .drop = drop, .look = look };
  file->table.keeper = &file->keeper;
  return 0;
}

void
owner_file_release (struct owner_file *file)
{
  if (file->shared != NULL)
    (void) munmap ((char *) (uintptr_t) file->shared
                       - offsetof (struct owner_log_head, size),
                   PAGE);
  if (file->fd >= 0)
    (void) close (file->fd);
  if (file->memory != NULL)
    (void) munmap (file->memory, SLOTS_SIZE + OWNER_FILE_ROOM);
  *file = (struct owner_file){ .fd = -1 };
}

int
owner_file_key (int dir, const char *name, int flags,
                struct guest_file_key *key)
{
  struct stat status;
  if (fstatat (dir, name, &status, flags | AT_SYMLINK_NOFOLLOW) < 0)
    return -errno;
  *key = (struct guest_file_key){ .device = status.st_dev,
                                  .inode = status.st_ino };
#if defined SYS_statx && defined STATX_BTIME
  struct statx times;
  if (syscall (SYS_statx, dir, name, flags | AT_SYMLINK_NOFOLLOW, STATX_BTIME,
               &times)
          == 0
      && (times.stx_mask & STATX_BTIME) != 0)
    key->birth = (uint64_t) times.stx_btime.tv_sec * 1000000000u
                 + times.stx_btime.tv_nsec;
#endif
  return 0;
}

bool
owner_file_find (struct owner_file *file, int dir, const char *name, int flags,
                 const struct stat *status, struct guest_owner_record *record)
{
  struct guest_file_key key;
  return guest_owners_find (&file->table, status->st_dev, status->st_ino,
                            record)
         && owner_file_key (dir, name, flags, &key) == 0
         && key.birth == record->key.birth;
}

int
owner_file_set_attribute (struct owner_file *file,
                          const struct guest_file_key *key, const char *name,
                          const void *value, size_t size)
{
  return guest_attribute_set (&file->table, key, name, value, size);
}

int
owner_file_begin (struct owner_file *file, int dir, int root)
{
  struct stat status;
  int result = owner_file_init (file);
  if (result == 0 && fstat (root, &status) < 0)
    result = -errno;
  return result < 0 ? result
                    : owner_file_open (file, dir, OWNER_FILE_NAME,
                                       status.st_dev, OWNER_FILE_WRITE);
}
