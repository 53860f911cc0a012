/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Save images of the store in an archive.

   Everything that an archive says about its images is known before the first
   layer is written, so that it comes first and who reads a pipe need not wait.
   An image that came from a registry of schema 1, or that the Python tool
   imported, may have a configuration without the digests of its unpacked
   layers, or with those of the packed ones; every reader would refuse it, and
   it gets the right ones.  */

#include <config.h>

#include "src/image/save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/json.h"
#include "lib/base/progress.h"
#include "src/image/archive-list.h"
#include "src/image/archive-writer.h"
#include "src/image/file-hash.h"
#include "src/image/filters.h"
#include "src/image/layer-stream.h"
#include "src/image/manifest-write.h"
#include "src/image/save-private.h"
#include "src/image/store.h"
#include "src/image/unpack.h"
#include "src/registry/reference.h"
#include "xalloc.h"

enum
{
  READ_SIZE = 256 << 10
};

static void
save_release (struct save *save)
{
  for (size_t i = 0; i < save->count; i++)
    {
      image_release (&save->images[i].image);
      free (save->images[i].config);
      free (save->images[i].id);
      free (save->images[i].layers);
      free (save->images[i].tags);
    }
  free (save->images);
  for (size_t i = 0; i < save->blob_count; i++)
    {
      free (save->blobs[i].file);
      free (save->blobs[i].digest);
      free (save->blobs[i].member);
    }
  free (save->blobs);
}

/* Compute the digest of FD, the layer NAME: that of the file, or with UNPACKED
   that of the archive in it.  */
static int
compute_digest (int fd, const char *name, bool unpacked, char **digest,
                struct error *err)
{
  const struct unpack_layer layer = { .name = name, .fd = fd };
  struct layer_stream *stream = NULL;
  struct file_hash *hash = NULL;
  AUTO_FREE unsigned char *bytes = xmalloc (READ_SIZE);
  const void *data = bytes;

  (void) lseek (fd, 0, SEEK_SET);
  int status = file_hash_new (-1, "sha256", &hash, err);
  if (status == 0 && unpacked)
    status = layer_stream_new (&layer, 1, &stream, err);
  while (status == 0)
    {
      ptrdiff_t got = stream != NULL ? layer_stream_read (stream, &data, err)
                                     : read (fd, bytes, READ_SIZE);
      if (got == 0)
        break;
      if (got > 0)
        file_hash_add (hash, data, (size_t) got);
      else if (stream != NULL)
        status = (int) got;
      else if (errno != EINTR)
        status = error_set (err, errno, _ ("cannot read '%s': %s"), name,
                            strerror (errno));
      if (interrupt_signal != 0)
        status = error_set (err, EINTR, _ ("interrupted"));
    }
  layer_stream_free (stream);
  if (status == 0)
    return file_hash_finish (hash, name, digest, err);
  file_hash_free (hash);
  return status;
}

/* Find the layer FILE of IMAGE among the blobs of SAVE, or add it.  */
static int
add_blob (struct save *save, const struct image *image, const char *file,
          size_t *index, struct error *err)
{
  for (size_t i = 0; i < save->blob_count; i++)
    if (strcmp (save->blobs[i].file, file) == 0)
      {
        *index = i;
        return 0;
      }

  char start[8] = { 0 };
  struct stat info;
  AUTO_CLOSE int fd = image_open_blob (save->store, image, file, err);
  if (fd < 0)
    return fd;
  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    return error_set (err, EINVAL, _ ("layer '%s' is no regular file"), file);
  (void) !pread (fd, start, sizeof start, 0);

  struct save_blob blob = {
    .size = info.st_size,
    .compression = filters_name (start, sizeof start),
    .image = image,
  };
  if (digest_is_valid (file))
    blob.digest = xstrdup (file);
  else
    {
      int status = compute_digest (fd, file, false, &blob.digest, err);
      if (status < 0)
        return status;
    }
  blob.file = xstrdup (file);
  save->blobs =
      xreallocarray (save->blobs, save->blob_count + 1, sizeof *save->blobs);
  save->blobs[save->blob_count] = blob;
  *index = save->blob_count++;
  return 0;
}

/* Make the configuration of IMAGE name IDS, the digests of its unpacked
   layers, unless it does.  IDS is given away.  */
static int
complete_config (struct save_image *image, struct json_object *ids,
                 struct error *err)
{
  AUTO_JSON struct json_object *own = ids;
  AUTO_JSON struct json_object *config = NULL;

  int status = json_parse (image->image.config, image->image.config_size,
                           _ ("the configuration"), &config, err);
  if (status < 0)
    return status;
  struct json_object *old = archive_diff_ids (config);
  if (old != NULL && json_object_equal (old, ids))
    return 0;
  struct json_object *rootfs = json_object_new_object ();
  json_object_object_add (rootfs, "type", json_object_new_string ("layers"));
  json_object_object_add (rootfs, "diff_ids", TAKE (own));
  json_object_object_add (config, "rootfs", rootfs);
  image->config = manifest_text (config);
  image->config_size = strlen (image->config);
  return 0;
}

/* Decide what the archive gets as the configuration of IMAGE.  */
static int
prepare_config (struct save *save, struct save_image *image,
                enum save_format format, struct error *err)
{
  const struct image *stored = &image->image;
  AUTO_JSON struct json_object *ids = json_object_new_array ();
  bool is_complete = stored->layer_count > 0;
  int status = 0;

  for (size_t i = 0; i < stored->layer_count; i++)
    is_complete &= stored->layers[i].diff_id != NULL;
  for (size_t i = 0; i < stored->layer_count && !is_complete; i++)
    {
      const char *file = stored->layers[i].blob;
      AUTO_FREE char *id = NULL;
      AUTO_CLOSE int fd = image_open_blob (save->store, stored, file, err);
      status = fd < 0 ? fd : compute_digest (fd, file, true, &id, err);
      if (status < 0)
        return status;
      json_object_array_add (ids, json_object_new_string (id));
    }
  if (!is_complete)
    status = complete_config (image, TAKE (ids), err);
  image->is_verbatim = image->config == NULL;
  if (status == 0 && image->is_verbatim)
    {
      image->config = xmemdup (stored->config, stored->config_size + 1);
      image->config_size = stored->config_size;
    }
  /* In a layout it is called as its manifest calls it.  */
  bool is_512 = format == SAVE_OCI && image->is_verbatim
                && stored->config_blob != NULL
                && strncmp (stored->config_blob, "sha512:", 7) == 0;
  return status < 0
             ? status
             : file_hash_text (is_512 ? "sha512" : "sha256", image->config,
                               image->config_size, &image->id, err);
}

/* Tell whether A and B are the same image for an archive of FORMAT: Docker
   knows no manifests, so that it does not matter how layers are packed.  */
static bool
is_same (const struct save_image *a, const struct save_image *b,
         enum save_format format)
{
  if (strcmp (a->id, b->id) != 0
      || a->image.layer_count != b->image.layer_count)
    return false;
  return format == SAVE_DOCKER
         || memcmp (a->layers, b->layers,
                    a->image.layer_count * sizeof *a->layers)
                == 0;
}

/* If one of SAVE's other images is the last, give that one its name.  */
static void
merge_last (struct save *save, enum save_format format)
{
  struct save_image *last = &save->images[save->count - 1];

  for (struct save_image *image = save->images; image < last; image++)
    {
      if (!is_same (image, last, format))
        continue;
      bool is_repeated = false;
      for (size_t i = 0; i < image->tag_count; i++)
        is_repeated |= strcmp (image->tags[i]->name, last->tags[0]->name) == 0
                       && strcmp (image->tags[i]->tag, last->tags[0]->tag) == 0;
      if (!is_repeated)
        {
          image->tags = xreallocarray (image->tags, image->tag_count + 1,
                                       sizeof *image->tags);
          image->tags[image->tag_count++] = last->tags[0];
        }
      /* Its directory may be the one that a blob is opened by.  */
      last->tag_count = 0;
      return;
    }
}

/* Add the image TAG to SAVE.  */
static int
add_image (struct save *save, const struct store_tag *tag,
           enum save_format format, struct error *err)
{
  struct save_image *image = &save->images[save->count];

  image->image.directory = -1;
  int status = image_open (save->store, tag, &image->image, err);
  if (status < 0)
    return status;
  save->count++;
  image->tags = XCALLOC (1, const struct store_tag *);
  image->tags[image->tag_count++] = tag;
  image->layers = XCALLOC (image->image.layer_count + 1, size_t);
  for (size_t i = 0; i < image->image.layer_count && status == 0; i++)
    status = add_blob (save, &image->image, image->image.layers[i].blob,
                       &image->layers[i], err);
  if (status == 0)
    status = prepare_config (save, image, format, err);
  if (status < 0)
    return error_prefix (err, _ ("image '%s:%s'"), tag->name, tag->tag);
  merge_last (save, format);
  return 0;
}

int
save_write_blob (struct save *save, struct save_blob *blob, const char *name,
                 struct archive_writer *writer, struct error *err)
{
  AUTO_CLOSE int fd =
      image_open_blob (save->store, blob->image, blob->file, err);
  if (fd < 0)
    return fd;
  blob->is_written = true;
  return archive_writer_blob (writer, name, fd, blob->size, blob->digest, err);
}

/* Write the archive of SAVE to FD.  */
static int
write_archive (struct save *save, enum save_format format, int fd,
               struct error *err)
{
  struct archive_writer *writer = NULL;
  struct progress *progress = progress_open ();
  int64_t total = 0;

  for (size_t i = 0; i < save->blob_count; i++)
    total += save->blobs[i].size;
  struct progress_line *line = progress_add (progress, _ ("archive"), total);
  int status = archive_writer_new (fd, line, &writer, err);
  if (status == 0)
    status = format == SAVE_OCI ? save_oci (save, writer, err)
                                : save_docker (save, writer, err);
  if (status == 0)
    status = archive_writer_finish (writer, err);
  archive_writer_free (writer);
  progress_finish (line, status == 0 ? _ ("done") : _ ("stopped"));
  progress_close (progress);
  return status;
}

int
image_save (struct store *store, const struct store_tag *tags, size_t count,
            enum save_format format, int fd, struct error *err)
{
  __attribute__ ((cleanup (save_release))) struct save save = {
    .store = store, .images = XCALLOC (count + 1, struct save_image)
  };
  int status = 0;

  for (size_t i = 0; i < count && status == 0; i++)
    status = add_image (&save, &tags[i], format, err);
  return status < 0 ? status : write_archive (&save, format, fd, err);
}
