/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Pull an image into the store.  */

/* Many pulls of one image, or of images that share layers, may run at once
   and every blob is to be fetched once.  So each takes a blob's lock only when
   it is about to fetch it, and passes over blobs that are locked; it comes
   back to these in the end, when it holds no lock at all, and waits for each
   until it is there or has been given up.  Nobody waits while holding
   something, so there is no deadlock, and pulls share the work.  */

#include <config.h>

#include "src/image/pull.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "src/image/image.h"
#include "src/image/manifest.h"
#include "src/image/platform-choice.h"
#include "src/image/present.h"
#include "src/image/remote-manifest.h"
#include "src/image/store.h"
#include "src/registry/reference.h"

enum
{
  SHORT_DIGEST = 19, /* "sha256:" and twelve digits */
};

/* A whole blob costs an fsync before it may be seen, during which the network
   must not stand still; so one thread makes blobs visible while the others
   are fetched.  It touches nothing but what is in here.  */
struct committer
{
  pthread_t thread;
  bool is_running;
  pthread_mutex_t mutex;
  pthread_cond_t change;
  struct store_blob *queue; /* blobs [next, count) are waiting */
  size_t next;
  size_t count;
  size_t space;
  bool is_over;
  int status;
  struct error err;
};

/* What is known of a blob while it is fetched; registry_blob.data.  */
struct item
{
  struct store_blob blob;
  bool is_begun; /* BLOB is ours */
  bool is_busy;  /* another process fetches it */
  char *label;
  struct progress_line *line;
};

/* One pull.  */
struct pull
{
  struct store *store;
  struct registry *registry;
  struct progress *progress;
  struct committer committer;
  struct registry_blob *blobs; /* each digest once */
  struct item *items;          /* parallel to BLOBS */
  size_t count;
  bool drop; /* what was fetched is of no use to another try */
};

/* Make blobs visible until there will be no more, or one fails.  */
static void *
commit_blobs (void *data)
{
  struct committer *committer = data;

  pthread_mutex_lock (&committer->mutex);
  for (;;)
    {
      while (committer->next == committer->count && !committer->is_over)
        pthread_cond_wait (&committer->change, &committer->mutex);
      if (committer->next == committer->count)
        break;
      struct store_blob blob = committer->queue[committer->next++];
      pthread_mutex_unlock (&committer->mutex);
      AUTO_ERROR struct error err = { 0 };
      int status = store_blob_commit (&blob, &err);
      pthread_mutex_lock (&committer->mutex);
      if (status < 0 && committer->status == 0)
        {
          committer->status = status;
          (void) error_move (&committer->err, &err);
        }
    }
  pthread_mutex_unlock (&committer->mutex);
  return NULL;
}

static void
committer_start (struct committer *committer)
{
  pthread_mutex_init (&committer->mutex, NULL);
  pthread_cond_init (&committer->change, NULL);
  committer->is_running =
      pthread_create (&committer->thread, NULL, commit_blobs, committer) == 0;
}

/* Give BLOB to COMMITTER.  Return 0, or a negative errno with ERR set when an
   earlier one could not be made visible (or this one, without a thread).  */
static int
committer_add (struct committer *committer, struct store_blob *blob,
               struct error *err)
{
  if (!committer->is_running)
    return store_blob_commit (blob, err);
  pthread_mutex_lock (&committer->mutex);
  if (committer->count == committer->space)
    committer->queue = x2nrealloc (committer->queue, &committer->space,
                                   sizeof *committer->queue);
  committer->queue[committer->count++] = *blob;
  int status = committer->status;
  pthread_cond_signal (&committer->change);
  pthread_mutex_unlock (&committer->mutex);
  if (status < 0)
    return error_set (err, committer->err.number, "%s", committer->err.text);
  return 0;
}

/* Wait until COMMITTER is through, and end it.  Return 0, or a negative errno
   with ERR set when a blob could not be made visible.  */
static int
committer_finish (struct committer *committer, struct error *err)
{
  if (committer->is_running)
    {
      pthread_mutex_lock (&committer->mutex);
      committer->is_over = true;
      pthread_cond_signal (&committer->change);
      pthread_mutex_unlock (&committer->mutex);
      pthread_join (committer->thread, NULL);
    }
  pthread_cond_destroy (&committer->change);
  pthread_mutex_destroy (&committer->mutex);
  free (committer->queue);
  int status = committer->status;
  if (status < 0)
    (void) error_move (err, &committer->err);
  *committer = (struct committer){ 0 };
  return status;
}

void
pull_options_from_config (struct pull_options *options,
                          const struct config *config)
{
  *options = (struct pull_options){ 0 };
  registry_options_from_config (&options->registry, config);
}

/* Return whether an error of NUMBER leaves what was fetched so far worth to be
   kept for another try.  */
static bool
may_be_resumed (int number)
{
  switch (number)
    {
    case EIO:
    case EACCES:
    case EBUSY:
    case EINTR:
    case ECANCELED:
    case ETIMEDOUT:
    case ECONNREFUSED:
    case EHOSTUNREACH:
      return true;
    default:
      return false;
    }
}

static int
begin_blob (void *data, const struct registry_blob *blob, int *fd,
            struct error *err)
{
  struct pull *pull = data;
  struct item *item = blob->data;

  item->is_busy = false;
  if (!item->is_begun)
    {
      int status =
          store_blob_begin (pull->store, blob->digest, false, &item->blob, err);
      if (status == -EWOULDBLOCK)
        {
          item->is_busy = true;
          return 1;
        }
      if (status != 0)
        return status;
      item->is_begun = true;
    }
  if (progress_is_drawn (pull->progress))
    item->line = progress_add (pull->progress, item->label, blob->size);
  else
    log_info (_ ("downloading layer %s"), blob->digest);
  *fd = item->blob.fd;
  return 0;
}

static int
end_blob (void *data, const struct registry_blob *blob, int status,
          struct error *err)
{
  struct pull *pull = data;
  struct item *item = blob->data;

  item->is_begun = false;
  if (status == 0)
    status = committer_add (&pull->committer, &item->blob, err);
  else
    {
      if (!may_be_resumed (-status))
        pull->drop = true;
      store_blob_abort (&item->blob, !pull->drop);
    }
  if (item->line != NULL)
    progress_finish (TAKE (item->line),
                     status == 0 ? _ ("done") : _ ("stopped"));
  return status;
}

static void
show_progress (void *data, const struct registry_blob *blob, int64_t done,
               int64_t total)
{
  struct item *item = blob->data;

  (void) data;
  (void) total;
  if (item->line != NULL)
    progress_update (item->line, done);
}

static void
show_delay (void *data, const struct registry_blob *blob, const char *reason,
            unsigned int seconds)
{
  struct item *item = blob->data;

  (void) data;
  AUTO_FREE char *text =
      xasprintf (_ ("%s; trying again in %u s"), reason, seconds);
  if (item->line != NULL)
    progress_note (item->line, text);
  else
    log_info ("%s: %s", blob->digest, text);
}

/* Return whether BLOB is in PULL's store, whole.  */
static bool
is_there (struct pull *pull, const struct registry_blob *blob)
{
  struct stat info;

  if (!store_blob_exists (pull->store, blob->digest))
    return false;
  if (blob->size < 0)
    return true;
  /* The Python tool wrote blobs under their final name, so one that was
     interrupted may lie there, too short.  */
  int dir = store_layers_fd (pull->store);
  if (fstatat (dir, blob->digest, &info, 0) == 0 && S_ISREG (info.st_mode)
      && info.st_size != blob->size)
    {
      log_warning (_ ("blob %s in the repository is not whole and is fetched"
                      " again"),
                   blob->digest);
      return unlinkat (dir, blob->digest, 0) < 0;
    }
  return true;
}

/* Show that BLOB need not be fetched.  */
static void
show_present (struct pull *pull, const struct registry_blob *blob)
{
  const struct item *item = blob->data;
  struct progress_line *line =
      progress_add (pull->progress, item->label, blob->size);

  if (blob->size >= 0)
    progress_update (line, blob->size);
  progress_finish (line, _ ("is here already"));
}

/* Fetch the COUNT BLOBS of PULL that nobody else fetches.  */
static int
fetch (struct pull *pull, const struct registry_blob *blobs, size_t count,
       struct error *err)
{
  const struct registry_watch watch = {
    .data = pull,
    .begin = begin_blob,
    .end = end_blob,
    .progress = show_progress,
    .delayed = show_delay,
  };

  committer_start (&pull->committer);
  int status = registry_fetch_blobs (pull->registry, blobs, count, &watch, err);
  AUTO_ERROR struct error late = { 0 };
  int late_status = committer_finish (&pull->committer, &late);
  if (status == 0 && late_status < 0)
    status = error_move (err, &late);
  return status;
}

/* Get all blobs of PULL into its store.  */
static int
fetch_all (struct pull *pull, struct error *err)
{
  AUTO_FREE struct registry_blob *wanted =
      XCALLOC (pull->count + 1, struct registry_blob);
  size_t count = 0;

  for (size_t i = 0; i < pull->count; i++)
    {
      const struct registry_blob *blob = &pull->blobs[i];
      if (!is_there (pull, blob))
        wanted[count++] = *blob;
      else if (progress_is_drawn (pull->progress))
        show_present (pull, blob);
    }
  if (count == 0)
    return 0;
  int status = fetch (pull, wanted, count, err);
  for (size_t i = 0; i < count && status == 0; i++)
    {
      struct item *item = wanted[i].data;
      if (!item->is_busy)
        continue;
      status = store_blob_begin (pull->store, wanted[i].digest, true,
                                 &item->blob, err);
      if (status == 0)
        {
          item->is_begun = true;
          status = fetch (pull, &wanted[i], 1, err);
          if (item->is_begun)
            store_blob_abort (&item->blob, true);
        }
      else if (status > 0)
        status = 0;
    }
  return status;
}

/* Add the blob that DESCRIPTOR describes to PULL, unless it is in.  Its line
   is called LABEL, or by the beginning of its digest when that is NULL.  */
static void
add_blob (struct pull *pull, const struct manifest_descriptor *descriptor,
          const char *label)
{
  for (size_t i = 0; i < pull->count; i++)
    if (strcmp (pull->blobs[i].digest, descriptor->digest) == 0)
      return;
  struct item *item = &pull->items[pull->count];
  pull->blobs[pull->count++] = (struct registry_blob){
    .digest = descriptor->digest,
    .size = descriptor->size,
    .media_type = descriptor->media_type,
    .data = item,
  };
  item->label = label != NULL
                    ? xstrdup (label)
                    : xasprintf ("%.*s", SHORT_DIGEST, descriptor->digest);
}

/* Collect the blobs of MANIFEST in PULL.  */
static void
collect_blobs (struct pull *pull, const struct manifest *manifest)
{
  pull->blobs = XCALLOC (manifest->layer_count + 1, struct registry_blob);
  pull->items = XCALLOC (manifest->layer_count + 1, struct item);
  if (manifest->config.digest != NULL)
    add_blob (pull, &manifest->config, _ ("configuration"));
  for (size_t i = 0; i < manifest->layer_count; i++)
    add_blob (pull, &manifest->layers[i], NULL);
}

/* Warn when MANIFEST's image, all of which is in PULL's store, is not for the
   platform WANTED.  */
static void
check_platform (struct pull *pull, const struct manifest *manifest,
                const struct platform *wanted)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  if (manifest->config.digest == NULL)
    return;
  AUTO_CLOSE int fd =
      store_blob_open (pull->store, manifest->config.digest, &ignored);
  if (fd < 0
      || file_read_fd (fd, manifest->config.digest, &text, &size, &ignored) < 0)
    return;
  struct platform platform = { 0 };
  AUTO_FREE char *name = image_platform (text, size);
  if (strncmp (name, "unknown", 7) == 0
      || platform_parse (&platform, name, &ignored) < 0)
    return;
  if (platform_suits (wanted, &platform) == 0)
    {
      AUTO_FREE char *want = platform_text (wanted);
      log_warning (_ ("this image is for %s, not for %s"), name, want);
    }
  platform_release (&platform);
}

/* Keep the indexes that led to the manifest FOUND in PENDING: without them
   nobody could tell that this is the image of the digest that was asked for, or
   that a tag did not move.  */
static int
keep_indexes (const struct remote_manifest *found,
              struct store_pending *pending, struct error *err)
{
  static const char *const names[] = IMAGE_INDEX_FILES;
  int status = 0;

  for (size_t i = 0; i < found->index_count && status == 0; i++)
    status = store_pending_write (pending, names[i], found->indexes[i].bytes,
                                  found->indexes[i].size, err);
  return status;
}

/* Begin the image NAME:TAG of what was FOUND, with all blobs that PULL
   has collected.  */
static int
begin_image (struct pull *pull, const char *name, const char *tag,
             const struct remote_manifest *found,
             struct store_pending **pending, struct error *err)
{
  int status = store_pending_begin (pull->store, name, tag, pending, err);
  if (status == 0)
    status = store_pending_write (*pending, "manifest", found->document.bytes,
                                  found->document.size, err);
  if (status == 0)
    status = keep_indexes (found, *pending, err);
  for (size_t i = 0; i < pull->count && status == 0; i++)
    status = store_pending_need (*pending, pull->blobs[i].digest, err);
  return status;
}

/* Fetch what PULL has collected for the image REF of what was FOUND, and store
   it.  */
static int
store_image (struct pull *pull, const struct reference *ref,
             const struct platform *wanted, const struct remote_manifest *found,
             struct error *err)
{
  struct store_pending *pending = NULL;

  int status = begin_image (pull, ref->name, reference_local_tag (ref), found,
                            &pending, err);
  if (status == 0)
    status = fetch_all (pull, err);
  if (status == 0)
    {
      check_platform (pull, &found->manifest, wanted);
      status = store_pending_commit (TAKE (pending), "v2", err);
      store_sweep (pull->store);
    }
  if (pending != NULL)
    store_pending_abort (pending, may_be_resumed (-status) && !pull->drop);
  return status;
}

/* Give the image that was FOUND for REF, and is in the store by its digest, the
   tag that was typed too.  */
static int
store_tag (struct pull *pull, const struct reference *ref,
           const struct remote_manifest *found, struct error *err)
{
  struct store_pending *pending = NULL;
  struct registry_document old = { 0 };

  if (present_manifest (pull->store, ref->name, ref->tag,
                        found->document.digest, &old))
    {
      registry_document_release (&old);
      return 0;
    }
  int status = begin_image (pull, ref->name, ref->tag, found, &pending, err);
  if (status == 0)
    return store_pending_commit (pending, "v2", err);
  store_pending_abort (pending, true);
  return status;
}

/* What remote_manifest_fetch asks first: the image that is there already.  */
struct known_image
{
  struct store *store;
  const struct reference *ref;
};

static bool
find_known (void *data, const char *digest, struct registry_document *document)
{
  const struct known_image *known = data;

  return digest_is_valid (digest)
         && present_manifest (known->store, known->ref->name,
                              reference_local_tag (known->ref), digest,
                              document);
}

static bool
recall_known (void *data, struct registry_document *document)
{
  const struct known_image *known = data;

  return present_document (known->store, known->ref->name,
                           reference_local_tag (known->ref), document);
}

/* Pull REF for WANTED, with the registry of PULL open.  What is here by its
   digest is asked for no more, since that cannot change.  */
static int
run_pull (struct pull *pull, const struct reference *ref,
          const struct platform *wanted, struct error *err)
{
  struct remote_manifest found = { 0 };
  struct known_image known = { .store = pull->store, .ref = ref };
  const struct remote_manifest_cache cache = { &known, find_known,
                                               recall_known };

  bool is_here = ref->digest != NULL
                 && present_image (pull->store, ref, wanted, &found.document,
                                   &found.manifest);
  int status = is_here ? 0
                       : remote_manifest_fetch (pull->registry, ref, wanted,
                                                &cache, &found, err);
  if (status == 0)
    collect_blobs (pull, &found.manifest);
  if (status == 0 && is_here)
    log_info (_ ("'%s' is here already"), ref->typed);
  else if (status == 0)
    status = store_image (pull, ref, wanted, &found, err);
  if (status == 0 && ref->digest != NULL && ref->is_tag_typed)
    status = store_tag (pull, ref, &found, err);
  remote_manifest_release (&found);
  return status;
}

/* What is to be pulled where.  */
struct order
{
  struct store *store;
  const struct reference *ref;
  struct platform wanted;
};

/* Carry out the order DATA with REGISTRY.  */
static int
pull_from (struct registry *registry, void *data, struct error *err)
{
  const struct order *order = data;
  struct pull pull = { .store = order->store, .registry = registry };

  pull.progress = progress_open ();
  int status = run_pull (&pull, order->ref, &order->wanted, err);
  progress_close (pull.progress);
  for (size_t i = 0; i < pull.count; i++)
    free (pull.items[i].label);
  free (pull.blobs);
  free (pull.items);
  return status;
}

int
image_pull (struct store *store, const struct reference *ref,
            const struct pull_options *options, struct error *err)
{
  struct order order = { .store = store, .ref = ref };

  if (options->platform == NULL || *options->platform == '\0')
    platform_of_host (&order.wanted);
  else
    {
      int status = platform_parse (&order.wanted, options->platform, err);
      if (status < 0)
        return status;
    }
  int status =
      registry_ask_around (ref, &options->registry, pull_from, &order, err);
  platform_release (&order.wanted);
  return status < 0 ? status : 0;
}
