/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The digest of a file that is being written or copied.

   What is longer than a few reads is hashed by a thread, which reads it from
   the file again, out of the kernel's memory: so reading and writing on one
   side and hashing on the other go on at once, without a buffer that both
   would have to agree upon, and the digest is that of the file.  */

#include <config.h>

#include "src/image/file-hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "xalloc.h"

enum
{
  THREAD_MINIMUM = 1 << 20, /* bytes from which on a thread is worth it */
  READ_SIZE = 256 << 10,
  WAKE_SIZE = 4 << 20,   /* bytes that the thread is woken up for */
  LAG_MAXIMUM = 64 << 20 /* so far the thread may be behind */
};

struct file_hash
{
  EVP_MD_CTX *context;
  const char *algorithm;
  int fd;
  bool has_thread;
  pthread_t thread;
  pthread_mutex_t mutex; /* for all that follows */
  pthread_cond_t changed;
  off_t known; /* bytes in the file */
  off_t hashed;
  bool is_over;
  bool is_asleep;     /* the thread has done all, and waits */
  bool is_waited_for; /* its maker waits for it to catch up */
  int number;         /* errno of the thread's failure; it stops then */
};

/* Hash what comes into the file until there will be no more.  */
static void *
hash_file (void *data)
{
  struct file_hash *hash = data;
  AUTO_FREE unsigned char *bytes = xmalloc (READ_SIZE);

  pthread_mutex_lock (&hash->mutex);
  for (;;)
    {
      while (hash->hashed == hash->known && !hash->is_over)
        {
          hash->is_asleep = true;
          while (hash->is_asleep && !hash->is_over)
            pthread_cond_wait (&hash->changed, &hash->mutex);
        }
      off_t start = hash->hashed;
      off_t more = hash->known - start;
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
      if (hash->is_waited_for)
        pthread_cond_signal (&hash->changed);
    }
  pthread_mutex_unlock (&hash->mutex);
  return NULL;
}

/* Have a thread hash what follows.  Without one all goes on as before.  */
static void
start_thread (struct file_hash *hash)
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
end_thread (struct file_hash *hash)
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

void
file_hash_free (struct file_hash *hash)
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

int
file_hash_new (int fd, const char *algorithm, struct file_hash **hash,
               struct error *err)
{
  static const struct
  {
    const char *name;
    const EVP_MD *(*method) (void);
  } methods[] = { { "sha256", EVP_sha256 }, { "sha512", EVP_sha512 } };
  struct file_hash *new = xzalloc (sizeof *new);

  new->fd = fd;
  (void) pthread_mutex_init (&new->mutex, NULL);
  (void) pthread_cond_init (&new->changed, NULL);
  new->context = EVP_MD_CTX_new ();
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp (methods[i].name, algorithm) == 0 && new->context != NULL
        && EVP_DigestInit_ex (new->context, methods[i].method (), NULL) == 1)
      new->algorithm = methods[i].name;
  if (new->algorithm == NULL)
    {
      file_hash_free (new);
      return error_set (err, ENOTSUP, _ ("cannot compute a digest '%s'"),
                        algorithm);
    }
  *hash = new;
  return 0;
}

void
file_hash_add (struct file_hash *hash, const void *data, size_t size)
{
  if (!hash->has_thread)
    {
      (void) EVP_DigestUpdate (hash->context, data, size);
      hash->known += (off_t) size;
      hash->hashed = hash->known;
      if (hash->known >= THREAD_MINIMUM && hash->fd >= 0)
        start_thread (hash);
      return;
    }
  pthread_mutex_lock (&hash->mutex);
  hash->known += (off_t) size;
  if (hash->is_asleep && hash->known - hash->hashed >= WAKE_SIZE)
    {
      hash->is_asleep = false;
      pthread_cond_signal (&hash->changed);
    }
  hash->is_waited_for = true;
  while (hash->known - hash->hashed > LAG_MAXIMUM && hash->number == 0)
    pthread_cond_wait (&hash->changed, &hash->mutex);
  hash->is_waited_for = false;
  pthread_mutex_unlock (&hash->mutex);
}

int
file_hash_finish (struct file_hash *hash, const char *name, char **digest,
                  struct error *err)
{
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  int status = 0;
  AUTO_BUFFER (text);

  end_thread (hash);
  if (hash->number != 0)
    status = error_set (err, hash->number, _ ("cannot read '%s': %s"), name,
                        strerror (hash->number));
  else if (EVP_DigestFinal_ex (hash->context, value, &size) != 1)
    status = error_set (err, EIO, _ ("cannot compute a digest '%s'"),
                        hash->algorithm);
  else
    {
      buffer_add_format (&text, "%s:", hash->algorithm);
      for (unsigned i = 0; i < size; i++)
        buffer_add_format (&text, "%02x", value[i]);
      *digest = buffer_take (&text);
    }
  file_hash_free (hash);
  return status;
}

int
file_hash_text (const char *algorithm, const void *text, size_t size,
                char **digest, struct error *err)
{
  struct file_hash *hash = NULL;

  int status = file_hash_new (-1, algorithm, &hash, err);
  if (status < 0)
    return status;
  file_hash_add (hash, text, size);
  return file_hash_finish (hash, "", digest, err);
}
