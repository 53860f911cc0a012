/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Find out whether an image in the store is whole.

   A layer is read twice, once as the file that it is and once as the archive
   that it contains: the two digests can be compared with what its name and the
   configuration say, and where both are right nothing can be wrong.  The
   texts of the errors are those that users of the Python tool know.  */

#include <config.h>

#include "src/image/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/progress.h"
#include "src/image/file-hash.h"
#include "src/image/image.h"
#include "src/image/manifest.h"
#include "src/image/store.h"
#include "src/image/unpack.h"
#include "src/registry/reference.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

enum
{
  READ_SIZE = 256 * 1024,
  SHORT_NAME = 19 /* "sha256:" and twelve digits */
};

/* An image being verified.  */
struct verification
{
  struct store *store;
  struct image image;
  const struct verify_watch *watch;
  int bad; /* how often it was called */
};

/* A layer being read.  */
struct reading
{
  int fd;
  off_t done;                 /* bytes that were read before the current pass */
  struct progress_line *line; /* NULL when nothing is drawn */
};

static void
advance (void *data)
{
  struct reading *reading = data;

  if (reading->line != NULL)
    progress_update (reading->line,
                     reading->done + lseek (reading->fd, 0, SEEK_CUR));
}

/* Report that BLOB is bad, as ERR tells.  */
static void
report (struct verification *verification, const char *blob, struct error *err)
{
  verification->bad++;
  verification->watch->bad (verification->watch->data, blob, err);
}

/* Compute the digest of FD, called NAME, with ALGORITHM.  */
static int
compute_digest (struct reading *reading, const char *algorithm,
                const char *name, char **digest, struct error *err)
{
  struct file_hash *hash = NULL;
  AUTO_FREE char *bytes = xmalloc (READ_SIZE);

  int status = file_hash_new (-1, algorithm, &hash, err);
  if (status < 0)
    return status;
  for (;;)
    {
      ssize_t got = read (reading->fd, bytes, READ_SIZE);
      if (got == 0)
        return file_hash_finish (hash, name, digest, err);
      if (got < 0 && errno != EINTR)
        {
          int number = errno;
          file_hash_free (hash);
          return error_set (err, number, _ ("cannot read '%s': %s"), name,
                            strerror (number));
        }
      if (got > 0)
        file_hash_add (hash, bytes, (size_t) got);
      advance (reading);
    }
}

/* See that what READING reads is what its name BLOB says, where that is a
   digest; *DIGEST is its digest in any case, which the caller frees.  */
static int
check_digest (struct reading *reading, const char *blob, char **digest,
              struct error *err)
{
  bool is_digest = digest_is_valid (blob);
  AUTO_FREE char *algorithm =
      is_digest ? xstrndup (blob, strcspn (blob, ":")) : xstrdup ("sha256");

  int status = compute_digest (reading, algorithm, blob, digest, err);
  if (status == 0 && is_digest && strcmp (*digest, blob) != 0)
    status = error_set (err, EBADMSG,
                        _ ("layer file chksum failed: %s: its digest is %s"),
                        blob, *digest);
  return status;
}

/* See that the archive in READING, the layer LAYER whose file has the digest
   DIGEST, can be read and has its own digest.  */
static int
check_archive (struct reading *reading, const struct image_layer *layer,
               const char *digest, struct error *err)
{
  const struct unpack_watch watch = { .advanced = advance, .data = reading };
  struct unpack_layer archive = {
    .name = layer->blob,
    .fd = reading->fd,
    .diff_id = layer->diff_id,
  };

  /* The Python tool gives for an image that it imported the digest of the
     file, compressed as it is.  */
  if (layer->diff_id != NULL && strcmp (layer->diff_id, digest) == 0)
    archive.diff_id = NULL;
  reading->done = lseek (reading->fd, 0, SEEK_CUR);
  if (lseek (reading->fd, 0, SEEK_SET) < 0)
    return error_set (err, errno, _ ("cannot read '%s': %s"), layer->blob,
                      strerror (errno));
  int status = unpack_check (&archive, &watch, err);
  return status < 0 ? error_prefix (err, _ ("layer tar verify failed: %s"),
                                    layer->blob)
                    : 0;
}

/* Open the blob BLOB of VERIFICATION's image by the image's own link.  Return
   the descriptor, or a negative errno with ERR set.  */
static int
open_blob (struct verification *verification, const char *blob,
           struct error *err)
{
  int directory = verification->image.directory;
  struct stat info;

  if (strchr (blob, '/') != NULL || blob[0] == '.')
    return error_set (err, EINVAL, _ ("'%s' is not the name of a blob"), blob);
  if (fstatat (directory, blob, &info, AT_SYMLINK_NOFOLLOW) < 0)
    return store_blob_exists (verification->store, blob)
               ? error_set (err, ENOENT,
                            _ ("layer data file symbolic link not found: %s"),
                            blob)
               : error_set (err, ENOENT,
                            _ ("layer in manifest does not exist in repo: %s"),
                            blob);
  int fd =
      openat (directory, blob, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return error_set (err, errno, _ ("layer data file not found: %s: %s"), blob,
                      strerror (errno));
  return fd;
}

/* Read the layer LAYER.  */
static int
check_layer (struct verification *verification, const struct image_layer *layer,
             struct error *err)
{
  struct progress *progress = verification->watch->progress;
  AUTO_FREE char *label = xasprintf ("%.*s", SHORT_NAME, layer->blob);
  AUTO_FREE char *digest = NULL;
  struct stat info = { 0 };

  AUTO_CLOSE int fd = open_blob (verification, layer->blob, err);
  if (fd < 0)
    return fd;
  (void) fstat (fd, &info); /* only for the display */
  struct reading reading = { .fd = fd };
  if (progress_is_drawn (progress))
    reading.line = progress_add (progress, label, 2 * (int64_t) info.st_size);
  int status = check_digest (&reading, layer->blob, &digest, err);
  if (status == 0)
    status = check_archive (&reading, layer, digest, err);
  if (reading.line != NULL)
    progress_finish (reading.line, status == 0 ? _ ("ok") : _ ("bad"));
  return status;
}

/* Tell whether LAYER is in one of the COUNT LAYERS: the same file.  */
static bool
was_checked (const struct image_layer *layers, size_t count,
             const struct image_layer *layer)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp (layers[i].blob, layer->blob) == 0)
      return true;
  return false;
}

/* Read all layers.  */
static void
check_layers (struct verification *verification)
{
  const struct image *image = &verification->image;
  AUTO_ERROR struct error problem = { 0 };

  if (image->layer_count == 0)
    {
      (void) error_set (&problem, EBADMSG, _ ("the image has no layers"));
      report (verification, "manifest", &problem);
    }
  for (size_t i = 0; i < image->layer_count; i++)
    {
      const struct image_layer *layer = &image->layers[i];
      if (was_checked (image->layers, i, layer))
        continue;
      error_release (&problem);
      if (check_layer (verification, layer, &problem) < 0)
        report (verification, layer->blob, &problem);
      else
        verification->watch->good (verification->watch->data, layer->blob);
    }
}

/* Read the configuration: its digest, then what it says.  */
static void
check_config (struct verification *verification)
{
  struct image *image = &verification->image;
  const char *blob = image->config_blob;
  AUTO_ERROR struct error problem = { 0 };
  AUTO_FREE char *digest = NULL;
  int status = 0;

  if (blob != NULL)
    {
      AUTO_CLOSE int fd = open_blob (verification, blob, &problem);
      struct reading reading = { .fd = fd };
      status = fd < 0 ? fd : check_digest (&reading, blob, &digest, &problem);
    }
  if (status == 0)
    status = image_read_config (verification->store, image, &problem);
  if (status < 0)
    report (verification, blob == NULL ? "manifest" : blob, &problem);
}

/* Compute the digest of FILE in the directory of IMAGE, with the algorithm of
   WANTED; the caller frees it.  NULL with ERR set when it cannot be read.  */
static char *
digest_of_file (const struct image *image, const char *file, const char *wanted,
                struct error *err)
{
  AUTO_FREE char *algorithm = xstrndup (wanted, strcspn (wanted, ":"));
  struct reading reading = { 0 };
  char *digest = NULL;

  AUTO_CLOSE int fd =
      file_open_regular (image->directory, file, O_NOFOLLOW, err);
  reading.fd = fd;
  if (fd < 0 || compute_digest (&reading, algorithm, file, &digest, err) < 0)
    return NULL;
  return digest;
}

/* Tell whether DIGEST is in the index FILE of IMAGE.  */
static bool
is_in_index (const struct image *image, const char *file, const char *digest)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct manifest index = { 0 };
  AUTO_FREE char *text = NULL;
  size_t size = 0;
  bool found = false;

  if (file_read_own (image->directory, file, &text, &size, &ignored) < 0
      || manifest_parse (&index, text, size, NULL, &ignored) < 0)
    return false;
  for (size_t i = 0; i < index.entry_count && !found; i++)
    found = strcmp (index.entries[i].digest, digest) == 0;
  manifest_release (&index);
  return found;
}

/* Tell whether the image's manifest, which has the digest DIGEST, is what the
   image's indexes lead to from the digest WANTED.  */
static bool
is_led_to (const struct image *image, const char *digest, const char *wanted,
           struct error *err)
{
  static const char *const files[] = IMAGE_INDEX_FILES;

  for (size_t i = 0; i < IMAGE_INDEX_COUNT; i++)
    {
      if (!file_exists (image->directory, files[i]))
        return false;
      AUTO_FREE char *index = digest_of_file (image, files[i], wanted, err);
      if (index == NULL || (i == 0 && strcmp (index, wanted) != 0)
          || (i > 0 && !is_in_index (image, files[i - 1], index)))
        return false;
      if (is_in_index (image, files[i], digest))
        return true;
    }
  return false;
}

bool
image_has_digest (const struct image *image, const char *wanted,
                  struct error *err)
{
  AUTO_FREE char *digest = digest_of_file (image, "manifest", wanted, err);

  if (digest == NULL)
    return false;
  if (strcmp (digest, wanted) == 0 || is_led_to (image, digest, wanted, err))
    return true;
  if (err->number == 0)
    (void) error_set (err, EBADMSG,
                      _ ("manifest chksum failed: its digest is %s, not %s"),
                      digest, wanted);
  return false;
}

/* See that an image by digest is what its name says.  */
static void
check_manifest (struct verification *verification)
{
  const struct image *image = &verification->image;
  AUTO_ERROR struct error problem = { 0 };

  if (!digest_is_valid (image->tag))
    return;
  if (!image_has_digest (image, image->tag, &problem))
    report (verification, "manifest", &problem);
}

int
image_verify (struct store *store, const struct store_tag *tag,
              const struct verify_watch *watch, struct error *err)
{
  struct verification verification = { .store = store, .watch = watch };

  int status = image_open_structure (store, tag, &verification.image, err);
  if (status < 0)
    return status;
  check_manifest (&verification);
  check_config (&verification);
  check_layers (&verification);
  image_release (&verification.image);
  return verification.bad;
}
