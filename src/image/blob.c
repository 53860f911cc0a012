/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Blobs of the store: looked up, opened, and written.

   A blob is written to 'layers/.DIGEST.part' by the one who holds that file's
   lock, and renamed to its digest when it is whole and verified.  The lock is
   on the file itself: who waited for it compares what it got with what the
   name leads to, because meanwhile the file may have become the blob, or may
   have been removed.  No lock files are left over, and what a killed process
   wrote stays for the next one to resume.  */

#include <config.h>

#include "src/image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/lock.h"
#include "src/image/store-private.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Check that NAME is a plain, visible file name.  */
static bool
name_is_safe (const char *name)
{
  return strchr (name, '/') == NULL && store_path_is_safe (name);
}

bool
store_blob_exists (struct store *store, const char *digest)
{
  return name_is_safe (digest) && file_exists (store->layers_fd, digest);
}

int
store_blob_open (struct store *store, const char *digest, struct error *err)
{
  if (!name_is_safe (digest))
    return error_set (err, EINVAL, _ ("'%s' is not the name of a blob"),
                      digest);

  int fd = file_open_regular (store->layers_fd, digest, 0, err);
  return fd < 0 ? error_prefix (err, "%s", store->layers) : fd;
}

bool
store_is_same_file (int fd, int dir, const char *name)
{
  struct stat open_file;
  struct stat named;

  return fstat (fd, &open_file) == 0
         && fstatat (dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0
         && open_file.st_dev == named.st_dev
         && open_file.st_ino == named.st_ino;
}

int
store_blob_begin (struct store *store, const char *digest, bool wait,
                  struct store_blob *blob, struct error *err)
{
  if (!name_is_safe (digest))
    return error_set (err, EINVAL, _ ("'%s' is not the name of a blob"),
                      digest);

  AUTO_FREE char *part = xasprintf (".%s.part", digest);
  AUTO_FREE char *what =
      xasprintf (_ ("another process that fetches %s"), digest);
  for (;;)
    {
      if (file_exists (store->layers_fd, digest))
        return 1;

      AUTO_ERROR struct error problem = { 0 };
      AUTO_CLOSE int fd =
          lock_take (store->layers_fd, part, what, wait, &problem);
      if (fd == -EWOULDBLOCK && !wait)
        return -EWOULDBLOCK;
      if (fd < 0)
        return error_prefix (&problem, "%s", store->layers),
               error_move (err, &problem);
      if (!store_is_same_file (fd, store->layers_fd, part))
        {
          struct stat named;
          if (fstatat (store->layers_fd, part, &named, AT_SYMLINK_NOFOLLOW) == 0
              && !S_ISREG (named.st_mode))
            return error_set (err, EINVAL, _ ("'%s/%s' is no regular file"),
                              store->layers, part);
          continue;
        }

      off_t size = lseek (fd, 0, SEEK_END);
      *blob = (struct store_blob){
        .store = store,
        .digest = xstrdup (digest),
        .part = TAKE (part),
        .fd = TAKE_FD (fd),
        .have = size < 0 ? 0 : size,
      };
      return 0;
    }
}

static void
blob_release (struct store_blob *blob)
{
  cleanup_close (&blob->fd);
  free (blob->digest);
  free (blob->part);
  *blob = (struct store_blob){ .fd = -1 };
}

int
store_blob_commit (struct store_blob *blob, struct error *err)
{
  const struct store *store = blob->store;
  struct stat info;
  int number = 0;

  /* What the umask denies others stays so, and nobody else ever writes.  */
  if (fstat (blob->fd, &info) < 0 || fchmod (blob->fd, info.st_mode & 0644) < 0
      || fsync (blob->fd) < 0
      || renameat (store->layers_fd, blob->part, store->layers_fd, blob->digest)
             < 0)
    number = errno;
  if (number != 0)
    (void) error_set (err, number, _ ("cannot store '%s/%s': %s"),
                      store->layers, blob->digest, strerror (number));
  blob_release (blob);
  return -number;
}

void
store_blob_abort (struct store_blob *blob, bool keep)
{
  struct stat info;

  if (blob->fd < 0)
    return;
  if (!keep || (fstat (blob->fd, &info) == 0 && info.st_size == 0))
    (void) unlinkat (blob->store->layers_fd, blob->part, 0);
  blob_release (blob);
}
