/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Layers, decompressed and verified ahead of their use by a thread.

   One thread decompresses all layers in their order into a ring of chunks,
   while the caller writes files: each has a processor of its own, and layer
   N + 1 is being decompressed while the last files of layer N are written.
   The ring bounds the memory, whatever the size of a layer.  The digest of
   the decompressed bytes is computed where they pass, still in the cache.

   gzip, by far the most frequent, goes through ISA-L where there is one; all
   the rest through libarchive's filters.  No filter that would start a
   program is allowed.  */

#include <config.h>

#include "src/image/layer-stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if HAVE_LIBISAL
#  include <isa-l/igzip_lib.h>
#endif

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "src/image/filters.h"
#include "src/image/unpack.h"
#include "xalloc.h"

enum
{
  CHUNK_SIZE = 256 * 1024,
  CHUNK_COUNT = 16,
  INPUT_SIZE = 128 * 1024,
  STALL_MILLISECONDS = 100 /* after which a signal is looked for */
};

/* A piece of a layer on its way through the ring.  */
struct chunk
{
  unsigned char *data;
  size_t size;        /* 0: the layer ends here, well or with an error */
  struct error error; /* of a layer that ends badly */
};

struct layer_stream
{
  const struct unpack_layer *layers;
  size_t count;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  struct chunk chunks[CHUNK_COUNT];
  size_t written; /* chunks that the thread has filled, ever */
  size_t taken;   /* chunks that the caller is done with, ever */
  bool holds;     /* the caller looks at chunk TAKEN */
  bool stop;      /* the caller wants no more */
};

/* What one layer needs while it is decompressed.  */
struct source
{
  struct layer_stream *stream;
  const struct unpack_layer *layer;
  EVP_MD_CTX *digest; /* NULL when there is nothing to compare with */
  unsigned char *input;
  size_t input_size; /* bytes in INPUT from reading ahead */
  bool may_stall;    /* a pipe or the like */
};

/* Wait for a free chunk.  Return it, or NULL when the caller wants no
   more.  */
static struct chunk *
claim_chunk (struct layer_stream *stream)
{
  struct chunk *chunk = NULL;

  pthread_mutex_lock (&stream->mutex);
  while (!stream->stop && stream->written - stream->taken == CHUNK_COUNT)
    pthread_cond_wait (&stream->changed, &stream->mutex);
  if (!stream->stop)
    chunk = &stream->chunks[stream->written % CHUNK_COUNT];
  pthread_mutex_unlock (&stream->mutex);
  return chunk;
}

/* Hand over the chunk that claim_chunk returned.  */
static void
publish_chunk (struct layer_stream *stream)
{
  pthread_mutex_lock (&stream->mutex);
  /* Wake the reader only when it may be waiting.  */
  if (stream->written++ == stream->taken + (stream->holds ? 1 : 0))
    pthread_cond_signal (&stream->changed);
  pthread_mutex_unlock (&stream->mutex);
}

/* Pass on SIZE bytes that lie in CHUNK.  */
static void
emit (struct source *source, struct chunk *chunk, size_t size)
{
  if (size == 0)
    return;
  if (source->digest != NULL)
    (void) EVP_DigestUpdate (source->digest, chunk->data, size);
  chunk->size = size;
  publish_chunk (source->stream);
}

/* Wait until there is something to read.  A signal is handled in another
   thread, which cannot end while this one reads.  */
static int
wait_for_input (const struct source *source)
{
  struct pollfd input = { .fd = source->layer->fd, .events = POLLIN };

  while (interrupt_signal == 0)
    if (poll (&input, 1, STALL_MILLISECONDS) != 0)
      return 0; /* read tells what is wrong */
  return -EINTR;
}

/* Read at most INPUT_SIZE bytes of the layer to SOURCE's input.  Return their
   number, 0 at the end, or a negative errno with ERR set.  */
static ptrdiff_t
read_input (struct source *source, struct error *err)
{
  for (;;)
    {
      if (source->may_stall && wait_for_input (source) < 0)
        return error_set (err, EINTR, _ ("interrupted"));
      ssize_t got = read (source->layer->fd, source->input, INPUT_SIZE);
      if (got >= 0)
        return got;
      if (errno != EINTR)
        return error_set (err, errno,
                          source->layer->is_archive
                              ? _ ("cannot read '%s': %s")
                              : _ ("cannot read layer '%s': %s"),
                          source->layer->name, strerror (errno));
    }
}

int
layer_set_damaged (const struct unpack_layer *layer, const char *why,
                   struct error *err)
{
  return error_set (err, EBADMSG,
                    layer->is_archive
                        ? _ ("'%s' is no archive of a file system, or damaged:"
                             " %s")
                        : _ ("layer '%s' is damaged: %s"),
                    layer->name, why);
}

#if HAVE_LIBISAL
/* Decompress a gzip file, of one or several members; what follows the last
   one is ignored, as gzip does.  */
static int
inflate_gzip (struct source *source, struct error *err)
{
  AUTO_FREE struct inflate_state *state = xmalloc (sizeof *state);
  bool is_between = false; /* a member is complete */

  isal_inflate_init (state);
  state->crc_flag = ISAL_GZIP;
  state->next_in = source->input;
  state->avail_in = (uint32_t) source->input_size;
  for (;;)
    {
      struct chunk *chunk = claim_chunk (source->stream);
      if (chunk == NULL)
        return 0;
      state->next_out = chunk->data;
      state->avail_out = CHUNK_SIZE;
      while (state->avail_out > 0)
        {
          if (state->avail_in == 0)
            {
              ptrdiff_t got = read_input (source, err);
              if (got < 0)
                return (int) got;
              state->next_in = source->input;
              state->avail_in = (uint32_t) got;
            }
          if (is_between)
            {
              if (state->avail_in == 0 || state->next_in[0] != 0x1f)
                {
                  emit (source, chunk, CHUNK_SIZE - state->avail_out);
                  return 0;
                }
              isal_inflate_reset (state);
              state->crc_flag = ISAL_GZIP;
              is_between = false;
            }

          uint32_t in_before = state->avail_in;
          uint32_t out_before = state->avail_out;
          int result = isal_inflate (state);
          if (result != ISAL_DECOMP_OK && result != ISAL_END_INPUT
              && result != ISAL_OUT_OVERFLOW)
            return layer_set_damaged (source->layer,
                                      _ ("invalid compressed data"), err);
          is_between = state->block_state == ISAL_BLOCK_FINISH;
          if (!is_between && in_before == 0 && state->avail_out == out_before)
            return layer_set_damaged (source->layer, _ ("it ends too early"),
                                      err);
        }
      emit (source, chunk, CHUNK_SIZE);
    }
}
#endif

/* libarchive's way to get at the compressed bytes.  */
static la_ssize_t
read_callback (struct archive *archive, void *data, const void **buffer)
{
  struct source *source = data;
  AUTO_ERROR struct error problem = { 0 };
  ptrdiff_t size = (ptrdiff_t) source->input_size;

  source->input_size = 0;
  if (size == 0)
    size = read_input (source, &problem);
  if (size < 0)
    {
      archive_set_error (archive, problem.number, "%s", problem.text);
      return ARCHIVE_FATAL;
    }
  *buffer = source->input;
  return size;
}

/* Decompress whatever libarchive knows.  */
static int
inflate_other (struct source *source, struct error *err)
{
  __attribute__ ((cleanup (filters_close))) struct archive *archive =
      archive_read_new ();
  struct archive_entry *entry = NULL;

  if (archive == NULL)
    xalloc_die ();
  filters_allow (archive);
  (void) archive_read_support_format_raw (archive);
  (void) archive_read_support_format_empty (archive);

  int result = archive_read_open (archive, source, NULL, read_callback, NULL);
  if (result == ARCHIVE_OK)
    result = archive_read_next_header (archive, &entry);
  if (result == ARCHIVE_EOF)
    return 0;
  while (result >= ARCHIVE_WARN)
    {
      struct chunk *chunk = claim_chunk (source->stream);
      if (chunk == NULL)
        return 0;
      la_ssize_t got = archive_read_data (archive, chunk->data, CHUNK_SIZE);
      if (got == 0)
        return 0;
      if (got < 0)
        break;
      emit (source, chunk, (size_t) got);
    }
  return layer_set_damaged (source->layer, archive_error_string (archive), err);
}

/* Compare the digest of what was read with what the layer should have, or
   give it to who asked for it.  */
static int
finish_digest (struct source *source, struct error *err)
{
  const struct unpack_layer *layer = source->layer;
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  AUTO_BUFFER (text);

  if (EVP_DigestFinal_ex (source->digest, value, &size) != 1)
    return error_set (err, EIO, _ ("cannot compute a digest"));
  if (layer->diff_id == NULL)
    buffer_add_string (&text, "sha256");
  else
    buffer_add (&text, layer->diff_id, strcspn (layer->diff_id, ":"));
  buffer_add_char (&text, ':');
  for (unsigned i = 0; i < size; i++)
    buffer_add_format (&text, "%02x", value[i]);
  if (layer->diff_id != NULL && strcmp (text.data, layer->diff_id) != 0)
    return error_set (err, EBADMSG,
                      _ ("layer '%s' is damaged: its content has the digest "
                         "%s, not %s"),
                      layer->name, text.data, layer->diff_id);
  if (layer->digest != NULL)
    *layer->digest = buffer_take (&text);
  return 0;
}

/* Decompress SOURCE's layer to the ring.  */
static int
read_layer (struct source *source, struct error *err)
{
  const char *diff_id = source->layer->diff_id;
  const EVP_MD *method = NULL;

  if (diff_id == NULL ? source->layer->digest != NULL
                      : strncmp (diff_id, "sha256:", 7) == 0)
    method = EVP_sha256 ();
  else if (diff_id != NULL && strncmp (diff_id, "sha512:", 7) == 0)
    method = EVP_sha512 ();
  if (method != NULL)
    {
      source->digest = EVP_MD_CTX_new ();
      if (source->digest == NULL
          || EVP_DigestInit_ex (source->digest, method, NULL) != 1)
        return error_set (err, EIO, _ ("cannot compute a digest"));
    }

  ptrdiff_t got = read_input (source, err);
  if (got < 0)
    return (int) got;
  source->input_size = (size_t) got;

  int status = 0;
#if HAVE_LIBISAL
  if (got > 2 && source->input[0] == 0x1f && source->input[1] == 0x8b)
    status = inflate_gzip (source, err);
  else
#endif
    status = inflate_other (source, err);
  if (status == 0 && source->digest != NULL)
    status = finish_digest (source, err);
  return status;
}

/* The thread.  */
static void *
run_stream (void *data)
{
  struct layer_stream *stream = data;
  AUTO_FREE unsigned char *input = xmalloc (INPUT_SIZE);
  int status = 0;

  for (size_t i = 0; i < stream->count && status == 0; i++)
    {
      struct error problem = { 0 };
      struct source source = { .stream = stream,
                               .layer = &stream->layers[i],
                               .input = input };
      struct stat info;
      source.may_stall =
          fstat (source.layer->fd, &info) < 0 || !S_ISREG (info.st_mode);
      (void) posix_fadvise (source.layer->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
      status = read_layer (&source, &problem);
      EVP_MD_CTX_free (source.digest);

      struct chunk *chunk = claim_chunk (stream);
      if (chunk == NULL)
        {
          error_release (&problem);
          break;
        }
      chunk->size = 0;
      chunk->error = problem;
      publish_chunk (stream);
    }
  return NULL;
}

int
layer_stream_new (const struct unpack_layer *layers, size_t count,
                  struct layer_stream **stream, struct error *err)
{
  struct layer_stream *new = xzalloc (sizeof *new);
  sigset_t all;
  sigset_t before;

  new->layers = layers;
  new->count = count;
  for (size_t i = 0; i < CHUNK_COUNT; i++)
    new->chunks[i].data = xmalloc (CHUNK_SIZE);
  (void) pthread_mutex_init (&new->mutex, NULL);
  (void) pthread_cond_init (&new->changed, NULL);

  /* Signals are the main thread's business.  */
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  int number = pthread_create (&new->thread, NULL, run_stream, new);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (number != 0)
    {
      for (size_t i = 0; i < CHUNK_COUNT; i++)
        free (new->chunks[i].data);
      free (new);
      return error_set (err, number, _ ("cannot start a thread: %s"),
                        strerror (number));
    }
  *stream = new;
  return 0;
}

ptrdiff_t
layer_stream_read (struct layer_stream *stream, const void **data,
                   struct error *err)
{
  pthread_mutex_lock (&stream->mutex);
  if (stream->holds)
    {
      /* Wake the thread only once half of the ring is free: it then has
         something to do for a while.  */
      stream->taken++;
      stream->holds = false;
      if (stream->written - stream->taken == CHUNK_COUNT / 2)
        pthread_cond_signal (&stream->changed);
    }
  while (stream->written == stream->taken)
    pthread_cond_wait (&stream->changed, &stream->mutex);
  stream->holds = true;
  pthread_mutex_unlock (&stream->mutex);

  struct chunk *chunk = &stream->chunks[stream->taken % CHUNK_COUNT];
  if (chunk->size == 0 && chunk->error.number != 0)
    return error_move (err, &chunk->error);
  *data = chunk->data;
  return (ptrdiff_t) chunk->size;
}

void
layer_stream_free (struct layer_stream *stream)
{
  if (stream == NULL)
    return;
  pthread_mutex_lock (&stream->mutex);
  stream->stop = true;
  pthread_cond_signal (&stream->changed);
  pthread_mutex_unlock (&stream->mutex);
  pthread_join (stream->thread, NULL);
  for (size_t i = 0; i < CHUNK_COUNT; i++)
    {
      error_release (&stream->chunks[i].error);
      free (stream->chunks[i].data);
    }
  (void) pthread_mutex_destroy (&stream->mutex);
  (void) pthread_cond_destroy (&stream->changed);
  free (stream);
}
