/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Content on its way into the store whose digest is not known beforehand.

   It is written to 'layers/.RANDOM.stage' under a lock on that file, and
   hashed meanwhile; once it is whole it gets its digest for a name.  Nobody
   but its maker can use what a killed process left, so that it is swept as
   soon as its lock is free.

   What is longer than a few reads is hashed by a thread, which reads what was
   written from the file again, out of the kernel's memory: so reading and
   writing on one side and hashing on the other go on at once, without a buffer
   that both would have to agree upon, and the digest is that of the file.  */

#include <config.h>

#include "src/image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/lock.h"
#include "src/image/store-private.h"
#include "xalloc.h"
#include "xvasprintf.h"

enum
{
  THREAD_MINIMUM = 1 << 20, /* bytes from which on a thread is worth it */
  READ_SIZE = 256 << 10,
  LAG_MAXIMUM = 64 << 20, /* so far the thread may be behind */
  FLUSH_SIZE = 8 << 20    /* bytes that the disk is given at a time */
};

/* The digest of a stage while it grows.  */
struct store_stage_hash
{
  EVP_MD_CTX *context;
  int fd;
  off_t flushed; /* the kernel was told to write so much */
  bool has_thread;
  pthread_t thread;
  pthread_mutex_t mutex; /* for all that follows */
  pthread_cond_t changed;
  off_t written; /* bytes in the file */
  off_t hashed;
  bool is_over;
  int number; /* errno of the thread's failure; it stops then */
};

/* Hash what comes into the file until there will be no more.  */
static void *
hash_file (void *data)
{
  struct store_stage_hash *hash = data;
  AUTO_FREE unsigned char *bytes = xmalloc (READ_SIZE);

  pthread_mutex_lock (&hash->mutex);
  for (;;)
    {
      while (hash->hashed == hash->written && !hash->is_over)
        pthread_cond_wait (&hash->changed, &hash->mutex);
      off_t start = hash->hashed;
      off_t more = hash->written - start;
      if (more == 0 || hash->number != 0)
        break;
      pthread_mutex_unlock (&hash->mutex);

      ssize_t got = pread (hash->fd, bytes,
                           more < READ_SIZE ? (size_t) more : READ_SIZE, start);
      int number = got > 0 ? 0 : got == 0 ? EIO : errno;
      if (got > 0)
        (void) EVP_DigestUpdate (hash->context, bytes, (size_t) got);

      pthread_mutex_lock (&hash->mutex);
      if (number == 0)
        hash->hashed += got;
      else if (number != EINTR)
        hash->number = number;
      pthread_cond_signal (&hash->changed);
    }
  pthread_mutex_unlock (&hash->mutex);
  return NULL;
}

/* Have a thread hash what follows.  Without one all goes on as before.  */
static void
start_thread (struct store_stage_hash *hash)
{
  sigset_t all;
  sigset_t before;

  /* Signals are the main thread's business.  */
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  hash->has_thread = pthread_create (&hash->thread, NULL, hash_file, hash) == 0;
  pthread_sigmask (SIG_SETMASK, &before, NULL);
}

/* End the thread of HASH, when there is one, after it did all its work.  */
static void
end_thread (struct store_stage_hash *hash)
{
  if (!hash->has_thread)
    return;
  pthread_mutex_lock (&hash->mutex);
  hash->is_over = true;
  pthread_cond_signal (&hash->changed);
  pthread_mutex_unlock (&hash->mutex);
  pthread_join (hash->thread, NULL);
  hash->has_thread = false;
}

static void
hash_free (struct store_stage_hash *hash)
{
  if (hash == NULL)
    return;
  pthread_mutex_lock (&hash->mutex);
  hash->number = ECANCELED; /* what it did not get to, it need not */
  pthread_mutex_unlock (&hash->mutex);
  end_thread (hash);
  (void) pthread_mutex_destroy (&hash->mutex);
  (void) pthread_cond_destroy (&hash->changed);
  EVP_MD_CTX_free (hash->context);
  free (hash);
}

/* Free what STAGE holds, its file excepted.  */
static void
stage_release (struct store_stage *stage)
{
  hash_free (stage->hash);
  cleanup_close (&stage->fd);
  free (stage->part);
  free (stage->digest);
  *stage = (struct store_stage){ .fd = -1 };
}

/* Make the file of STAGE and take its lock.  */
static int
make_file (struct store_stage *stage, struct error *err)
{
  const struct store *store = stage->store;

  for (;;)
    {
      uint64_t random = 0;
      if (getrandom (&random, sizeof random, GRND_NONBLOCK) < 0)
        random = (uint64_t) getpid ();
      AUTO_FREE char *part =
          xasprintf (".%016" PRIx64 STORE_STAGE_SUFFIX, random);
      AUTO_ERROR struct error problem = { 0 };
      AUTO_CLOSE int fd =
          lock_take (store->layers_fd, part, part, false, &problem);
      /* Somebody who sweeps may be faster with the lock.  */
      if (fd == -EWOULDBLOCK)
        continue;
      if (fd < 0)
        return error_prefix (&problem, "%s", store->layers),
               error_move (err, &problem);
      if (!store_is_same_file (fd, store->layers_fd, part))
        continue;
      stage->part = TAKE (part);
      stage->fd = TAKE_FD (fd);
      return 0;
    }
}

int
store_stage_begin (struct store *store, struct store_stage *stage,
                   struct error *err)
{
  struct store_stage new = { .store = store, .fd = -1 };

  int status = make_file (&new, err);
  if (status < 0)
    return status;
  new.hash = xzalloc (sizeof *new.hash);
  new.hash->fd = new.fd;
  (void) pthread_mutex_init (&new.hash->mutex, NULL);
  (void) pthread_cond_init (&new.hash->changed, NULL);
  new.hash->context = EVP_MD_CTX_new ();
  if (new.hash->context == NULL
      || EVP_DigestInit_ex (new.hash->context, EVP_sha256 (), NULL) != 1)
    {
      store_stage_abort (&new);
      return error_set (err, EIO, _ ("cannot compute a digest"));
    }
  *stage = new;
  return 0;
}

/* Tell HASH that SIZE bytes from DATA were written.  */
static void
add_written (struct store_stage_hash *hash, const void *data, size_t size)
{
  if (!hash->has_thread)
    {
      (void) EVP_DigestUpdate (hash->context, data, size);
      hash->written += (off_t) size;
      hash->hashed = hash->written;
      if (hash->written >= THREAD_MINIMUM)
        start_thread (hash);
      return;
    }
  pthread_mutex_lock (&hash->mutex);
  if (hash->hashed == hash->written)
    pthread_cond_signal (&hash->changed);
  hash->written += (off_t) size;
  while (hash->written - hash->hashed > LAG_MAXIMUM && hash->number == 0)
    pthread_cond_wait (&hash->changed, &hash->mutex);
  pthread_mutex_unlock (&hash->mutex);
}

int
store_stage_write (struct store_stage *stage, const void *data, size_t size,
                   struct error *err)
{
  struct store_stage_hash *hash = stage->hash;

  int status = file_write_all (stage->fd, data, size);
  if (status < 0)
    return error_set (err, -status, _ ("cannot write in '%s': %s"),
                      stage->store->layers, strerror (-status));
  add_written (hash, data, size);
  stage->size += (off_t) size;
  /* The disk works meanwhile: the fsync of the end has little left to do.  */
  if (stage->size - hash->flushed >= FLUSH_SIZE)
    {
      (void) sync_file_range (stage->fd, hash->flushed,
                              stage->size - hash->flushed,
                              SYNC_FILE_RANGE_WRITE);
      hash->flushed = stage->size;
    }
  return 0;
}

int
store_stage_finish (struct store_stage *stage, struct error *err)
{
  struct store_stage_hash *hash = stage->hash;
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  AUTO_BUFFER (text);

  end_thread (hash);
  if (hash->number != 0)
    return error_set (err, hash->number, _ ("cannot read in '%s': %s"),
                      stage->store->layers, strerror (hash->number));
  if (EVP_DigestFinal_ex (hash->context, value, &size) != 1)
    return error_set (err, EIO, _ ("cannot compute a digest"));
  buffer_add_string (&text, "sha256:");
  for (unsigned i = 0; i < size; i++)
    buffer_add_format (&text, "%02x", value[i]);
  stage->digest = buffer_take (&text);
  hash_free (TAKE (stage->hash));
  return 0;
}

int
store_stage_text (struct store *store, const void *text, size_t size,
                  struct store_stage *stage, struct error *err)
{
  struct store_stage new;

  int status = store_stage_begin (store, &new, err);
  if (status < 0)
    return status;
  status = store_stage_write (&new, text, size, err);
  if (status == 0)
    status = store_stage_finish (&new, err);
  if (status < 0)
    store_stage_abort (&new);
  else
    *stage = new;
  return status;
}

int
store_stage_commit (struct store_stage *stage, struct error *err)
{
  struct stat info;
  int dir = stage->store->layers_fd;

  /* Another size: the Python tool was interrupted while it wrote there.  */
  if (fstatat (dir, stage->digest, &info, 0) == 0 && S_ISREG (info.st_mode)
      && info.st_size == stage->size)
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
