/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Content on its way into the store whose digest is not known beforehand.

   It is written to 'layers/.RANDOM.stage' under a lock on that file, and
   hashed meanwhile; once it is whole it gets its digest for a name.  Nobody
   but its maker can use what a killed process left, so that it is swept as
   soon as its lock is free.  */

#include <config.h>

#include "src/image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/lock.h"
#include "src/image/file-hash.h"
#include "src/image/store-private.h"
#include "xalloc.h"
#include "xvasprintf.h"

enum
{
  FLUSH_SIZE = 8 << 20,   /* bytes that the disk is given at a time */
  ADOPT_SIZE = 256 * 1024 /* and read from a file that is adopted */
};

/* Free what STAGE holds, its file excepted.  */
static void
stage_release (struct store_stage *stage)
{
  file_hash_free (stage->hash);
  cleanup_close (&stage->fd);
  free (stage->part);
  free (stage->digest);
  *stage = (struct store_stage){ .fd = -1 };
}

/* Return a name for something staged, which the caller frees.  */
static char *
random_name (void)
{
  uint64_t random = 0;

  if (getrandom (&random, sizeof random, GRND_NONBLOCK) < 0)
    random = (uint64_t) getpid ();
  return xasprintf (".%016" PRIx64 STORE_STAGE_SUFFIX, random);
}

/* Make the file of STAGE and take its lock.  */
static int
make_file (struct store_stage *stage, struct error *err)
{
  const struct store *store = stage->store;

  for (;;)
    {
      AUTO_FREE char *part = random_name ();
      AUTO_ERROR struct error problem = { 0 };
      AUTO_CLOSE int fd =
          lock_take (store->layers_fd, part, part, false, &problem);
      /* Somebody who sweeps may be faster with the lock.  */
      if (fd == -EWOULDBLOCK)
        continue;
      if (fd < 0)
        return error_set (err, -fd, _ ("cannot write in '%s': %s"),
                          store->layers, strerror (-fd));
      if (!store_is_same_file (fd, store->layers_fd, part))
        continue;
      stage->part = TAKE (part);
      stage->fd = TAKE_FD (fd);
      return 0;
    }
}

int
store_stage_begin (struct store *store, const char *algorithm,
                   struct store_stage *stage, struct error *err)
{
  struct store_stage new = { .store = store, .fd = -1 };

  int status = make_file (&new, err);
  if (status < 0)
    return status;
  status = file_hash_new (new.fd, algorithm, &new.hash, err);
  if (status < 0)
    {
      store_stage_abort (&new);
      return status;
    }
  *stage = new;
  return 0;
}

int
store_stage_write (struct store_stage *stage, const void *data, size_t size,
                   struct error *err)
{
  int status = file_write_all (stage->fd, data, size);
  if (status < 0)
    return error_set (err, -status, _ ("cannot write in '%s': %s"),
                      stage->store->layers, strerror (-status));
  file_hash_add (stage->hash, data, size);
  stage->size += (off_t) size;
  /* The disk works meanwhile: the fsync of the end has little left to do.  */
  if (stage->size - stage->flushed >= FLUSH_SIZE)
    {
      (void) sync_file_range (stage->fd, stage->flushed,
                              stage->size - stage->flushed,
                              SYNC_FILE_RANGE_WRITE);
      stage->flushed = stage->size;
    }
  return 0;
}

int
store_stage_finish (struct store_stage *stage, struct error *err)
{
  return file_hash_finish (TAKE (stage->hash), stage->store->layers,
                           &stage->digest, err);
}

/* Finish NEW, whose content is there if STATUS is 0, and give it to STAGE; or
   give it up.  Return 0 or a negative errno with ERR set.  */
static int
hand_over (struct store_stage *new, struct store_stage *stage, int status,
           struct error *err)
{
  if (status == 0)
    status = store_stage_finish (new, err);
  if (status < 0)
    store_stage_abort (new);
  else
    *stage = *new;
  return status;
}

/* Give the file PATH, which is the file FD, a name in layers/ and take its
   lock.  Return 0, -EXDEV when it cannot have one, or another negative errno
   with ERR set.  */
static int
link_file (struct store_stage *stage, const char *path, int fd,
           struct error *err)
{
  const struct store *store = stage->store;
  AUTO_FREE char *part = random_name ();
  struct stat info;

  if (linkat (AT_FDCWD, path, store->layers_fd, part, 0) < 0)
    return -EXDEV;
  /* A link would lead the lock elsewhere.  */
  bool is_file =
      fstatat (store->layers_fd, part, &info, AT_SYMLINK_NOFOLLOW) == 0
      && S_ISREG (info.st_mode)
      && store_is_same_file (fd, store->layers_fd, part);
  AUTO_CLOSE int lock =
      is_file ? lock_take (store->layers_fd, part, part, false, err) : -1;
  if (lock >= 0 && store_is_same_file (lock, store->layers_fd, part))
    {
      stage->part = TAKE (part);
      stage->fd = TAKE_FD (lock);
      return 0;
    }
  (void) unlinkat (store->layers_fd, part, 0); /* only a name */
  error_release (err);
  return -EXDEV;
}

int
store_stage_adopt (struct store *store, const char *path, int fd,
                   struct store_stage *stage, struct error *err)
{
  struct store_stage new = { .store = store, .fd = -1 };
  AUTO_FREE char *data = xmalloc (ADOPT_SIZE);
  ssize_t got = 0;

  int status = link_file (&new, path, fd, err);
  if (status == 0)
    status = file_hash_new (-1, "sha256", &new.hash, err);
  while (status == 0)
    {
      got = pread (new.fd, data, ADOPT_SIZE, new.size);
      if (got <= 0)
        break;
      file_hash_add (new.hash, data, (size_t) got);
      new.size += got;
      if (interrupt_signal != 0)
        status = error_set (err, EINTR, _ ("interrupted"));
    }
  if (status == 0 && got < 0)
    status = error_set (err, errno, _ ("cannot read '%s': %s"), path,
                        strerror (errno));
  return hand_over (&new, stage, status, err);
}

int
store_stage_text (struct store *store, const char *algorithm, const void *text,
                  size_t size, struct store_stage *stage, struct error *err)
{
  struct store_stage new = { .fd = -1 };

  int status = store_stage_begin (store, algorithm, &new, err);
  if (status == 0)
    status = store_stage_write (&new, text, size, err);
  return hand_over (&new, stage, status, err);
}

int
store_stage_commit (struct store_stage *stage, bool replace, struct error *err)
{
  struct stat info;
  int dir = stage->store->layers_fd;

  /* Another size: the Python tool was interrupted while it wrote there.  */
  if (!replace && fstatat (dir, stage->digest, &info, 0) == 0
      && S_ISREG (info.st_mode) && info.st_size == stage->size)
    {
      store_stage_abort (stage);
      return 0;
    }
  struct store_blob blob = {
    .store = stage->store,
    .digest = TAKE (stage->digest),
    .part = TAKE (stage->part),
    .fd = TAKE_FD (stage->fd),
  };
  AUTO_FREE char *part = xstrdup (blob.part);
  int status = store_blob_commit (&blob, err);
  if (status < 0)
    (void) unlinkat (dir, part, 0);
  stage_release (stage);
  return status;
}

void
store_stage_abort (struct store_stage *stage)
{
  if (stage->fd < 0)
    return;
  (void) unlinkat (stage->store->layers_fd, stage->part, 0);
  stage_release (stage);
}
