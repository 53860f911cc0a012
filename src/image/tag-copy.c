/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A further name for an image.

   The new image is made as a pulled one is: a directory on its way that holds
   a link to each blob keeps them from being removed with the old name, and one
   rename makes it visible.  */

#include <config.h>

#include "src/image/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/image/store-private.h"

/* Link all that the directory SOURCE of an image links to into PENDING.  A
   link that leads nowhere, of a version that is gone, is not taken along.  */
static int
copy_links (struct store_pending *pending, int source, struct error *err)
{
  int fd = openat (source, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *stream = fd < 0 ? NULL : fdopendir (fd);
  const struct dirent *entry;

  if (stream == NULL)
    {
      int number = errno;
      if (fd >= 0)
        close (fd);
      return error_set (err, number, _ ("cannot read directory: %s"),
                        strerror (number));
    }
  while ((entry = readdir (stream)) != NULL)
    {
      AUTO_FREE char *blob = store_link_blob (fd, entry->d_name);
      if (blob == NULL || !file_exists (fd, entry->d_name))
        continue;
      int status = store_pending_link (pending, entry->d_name, blob, err);
      if (status < 0)
        return status;
    }
  return 0;
}

/* Copy the metadata in the directory SOURCE of an image to PENDING.  */
static int
copy_metadata (struct store_pending *pending, int source, struct error *err)
{
  static const char *const files[] = { "manifest", "ancestry" };

  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    {
      AUTO_FREE char *text = NULL;
      size_t size = 0;
      if (!file_exists (source, files[i]))
        continue;
      int status = file_read_own (source, files[i], &text, &size, err);
      if (status == 0)
        status = store_pending_write (pending, files[i], text, size, err);
      if (status < 0)
        return status;
    }
  return 0;
}

/* Fill PENDING with what the image SOURCE has; IS_V1 tells its flavour.  As
   long as the lock is shared nobody removes or replaces SOURCE.  */
static int
copy_image (struct store *store, const struct store_tag *source,
            struct store_pending *pending, bool *is_v1, struct error *err)
{
  AUTO_CLOSE int lock = store_lock_layers (store, false, err);
  if (lock < 0)
    return lock;
  AUTO_CLOSE int directory = store_tag_open (store, source, err);
  if (directory < 0)
    return directory;
  if (!file_exists (directory, "TAG"))
    return error_set (err, ENOENT, _ ("image not found: %s:%s"), source->name,
                      source->tag);
  *is_v1 = !file_exists (directory, "manifest");
  if (*is_v1 && !file_exists (directory, "ancestry"))
    return error_set (err, EBADMSG, _ ("image '%s:%s' has no manifest"),
                      source->name, source->tag);
  int status = copy_links (pending, directory, err);
  return status < 0 ? status : copy_metadata (pending, directory, err);
}

int
store_tag_copy (struct store *store, const struct store_tag *source,
                const char *name, const char *tag, struct error *err)
{
  struct store_pending *pending = NULL;
  bool is_v1 = false;

  int status = store_pending_begin (store, name, tag, &pending, err);
  if (status < 0)
    return status;
  status = copy_image (store, source, pending, &is_v1, err);
  if (status < 0)
    {
      store_pending_abort (pending, false);
      return status;
    }
  return store_pending_commit_new (pending, is_v1 ? "v1" : "v2", err);
}
