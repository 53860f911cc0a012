/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Whole files: reading, and replacing so that a crash leaves old or new.  */

#ifndef UDOCKER_LIB_BASE_FILE_H
#define UDOCKER_LIB_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

/* Most that file_read takes: metadata, never layers.  */
enum
{
  FILE_READ_MAXIMUM = 64 * 1024 * 1024
};

/* Read all that is left in FD into TEXT, which the caller frees, with a NUL
   behind it that SIZE (may be NULL) does not count.  NAME is for messages.
   Fails with EFBIG beyond FILE_READ_MAXIMUM.  Return 0 or a negative errno
   with ERR set.  */
int file_read_fd (int fd, const char *name, char **text, size_t *size,
                  struct error *err);

/* Open the regular file PATH below the directory DIR (AT_FDCWD allowed) for
   reading.  A FIFO or a device is refused with EINVAL and never waited for;
   with O_NOFOLLOW in FLAGS a symbolic link is refused with ELOOP, without
   followed.  Return a descriptor, which the caller closes, or a negative errno
   with ERR set.  */
int file_open_regular (int dir, const char *path, int flags, struct error *err);

/* Read the regular file PATH below the directory DIR (AT_FDCWD allowed), as
   file_read_fd does.  A symbolic link is followed; a FIFO or a device is
   refused with EINVAL and never waited for.  */
int file_read (int dir, const char *path, char **text, size_t *size,
               struct error *err);

/* The same of a file that is ours alone, never a symbolic link: ELOOP.  */
int file_read_own (int dir, const char *path, char **text, size_t *size,
                   struct error *err);

/* Write all SIZE bytes of DATA to FD.  Return 0 or a negative errno.  */
int file_write_all (int fd, const void *data, size_t size);

/* Make the SIZE bytes of DATA the contents of PATH below DIR, with MODE
   less the umask: written to a temporary name beside it, fsync'ed, renamed, and
   the directory fsync'ed, so that after a crash there is the old file or the
   new one. Return 0 or a negative errno with ERR set and nothing left behind.
 */
int file_replace (int dir, const char *path, const void *data, size_t size,
                  mode_t mode, struct error *err);

/* Make the directory PATH below DIR and its missing parents, with MODE.  What
   exists is fine.  Return 0 or a negative errno with ERR set; -ENOENT when
   somebody else removes directories at the same time: try again.  */
int file_make_directories (int dir, const char *path, mode_t mode,
                           struct error *err);

/* Return whether PATH below DIR exists (links followed).  */
bool file_exists (int dir, const char *path);

/* Return the target of the symbolic link PATH below DIR, which the caller
   frees, or NULL with errno set.  */
char *file_read_link (int dir, const char *path);

/* Flush the directory DIR itself, so that names in it are on disk.  File
   systems that cannot are not an error.  Return 0 or a negative errno.  */
int file_sync_directory (int dir);

/* Tell whether the errno NUMBER means that there is no room left, be it for a
   full disk or for a quota.  */
bool file_is_no_room (int number);

#endif
