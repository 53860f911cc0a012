/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Write a directory tree as a tar archive.

   tree-walk reads the tree, libarchive knows the format.  Its pax format writes
   an extended header only for what an ordinary one cannot say: a long or
   non-ASCII name, a fraction of a second, holes, attributes.  Times of access
   and change are not in the archive: they would make one for every file.  */

#include <config.h>

#include "src/image/tree-archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/guest/attributes.h"
#include "lib/owners/owner-file.h"
#include "src/image/archive-locale.h"
#include "src/image/tree-walk.h"
#include "xalloc.h"

enum
{
  BLOCK_SIZE = 64 * 1024,    /* bytes written at once */
  LAST_BLOCK_SIZE = 20 * 512 /* the archive is a multiple of this, as tar's */
};

/* An archive being written.  */
struct writer
{
  const struct tree_selection *selection;
  size_t root_length; /* of what paths begin with that are wanted */
  int out;
  int number; /* errno of a failed write */
  struct archive *archive;
  struct archive_entry *entry;
  struct archive_entry_linkresolver *links;
  struct buffer name;
  char *data; /* BLOCK_SIZE bytes */
  uid_t uid;
  struct progress_line *line;
  int64_t done;
  const volatile sig_atomic_t *stop;
  bool no_attributes;
};

static void
writer_release (struct writer *writer)
{
  if (writer->archive != NULL)
    {
      /* Not closed by now: no end is to be written.  */
      (void) archive_write_fail (writer->archive);
      (void) archive_write_free (writer->archive);
    }
  if (writer->links != NULL)
    archive_entry_linkresolver_free (writer->links);
  archive_entry_free (writer->entry);
  buffer_release (&writer->name);
  free (writer->data);
}

static la_ssize_t
write_callback (struct archive *archive, void *data, const void *bytes,
                size_t size)
{
  struct writer *writer = data;
  const char *place = bytes;

  for (size_t left = size; left > 0;)
    {
      ssize_t written = write (writer->out, place, left);
      if (written < 0 && errno == EINTR && *writer->stop == 0)
        continue;
      if (written < 0)
        {
          writer->number = errno;
          archive_set_error (archive, errno, "%s", strerror (errno));
          return -1;
        }
      place += written;
      left -= (size_t) written;
    }
  return (la_ssize_t) size;
}

/* Fill ERR with the reason why the archive could not be written, or NAME not
   put into it.  */
static int
set_archive_error (const struct writer *writer, const char *name,
                   struct error *err)
{
  const char *text = archive_error_string (writer->archive);

  if (*writer->stop != 0)
    return error_set (err, EINTR, _ ("interrupted"));
  if (writer->number != 0)
    return error_set (err, writer->number, _ ("cannot write the archive: %s"),
                      strerror (writer->number));
  return error_set (err, EIO, _ ("cannot put '%s' into the archive: %s"), name,
                    text == NULL ? strerror (EIO) : text);
}

/* Describing.  */

/* Put the attributes of the file FD that belong to users into the entry.  */
static void
add_attributes (struct writer *writer, int fd)
{
  char names[4096];

  if (writer->no_attributes)
    return;
  ssize_t size = flistxattr (fd, names, sizeof names);
  if (size < 0 && errno == ENOTSUP)
    writer->no_attributes = true;
  for (const char *name = names; size > 0 && name < names + size;
       name += strlen (name) + 1)
    {
      if (strncmp (name, "user.", 5) != 0)
        continue;
      ssize_t length = fgetxattr (fd, name, writer->data, BLOCK_SIZE);
      if (length >= 0)
        archive_entry_xattr_add_entry (writer->entry, name, writer->data,
                                       (size_t) length);
    }
}

/* Tell the entry where the file FD of SIZE bytes has data.  Return 0 or a
   negative errno.  */
static int
add_map (struct writer *writer, int fd, off_t size)
{
  off_t start = 0;
  bool is_empty = true;

  while (start < size)
    {
      start = lseek (fd, start, SEEK_DATA);
      if (start < 0 && errno == ENXIO)
        break;
      off_t end = start < 0 ? -1 : lseek (fd, start, SEEK_HOLE);
      if (end < 0)
        return -errno;
      if (end > size)
        end = size; /* it grows */
      if (start < end)
        archive_entry_sparse_add_entry (writer->entry, start, end - start);
      is_empty = false;
      start = end;
    }
  if (is_empty)
    archive_entry_sparse_add_entry (writer->entry, 0, 0);
  return lseek (fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* Put what the container's root said of ENTRY into the archive's entry.  Return
   whether it is a device.  */
static bool
put_owner (struct writer *writer, const struct tree_entry *entry)
{
  struct owner_file *owners = writer->selection->owners;
  struct archive_entry *to = writer->entry;
  struct guest_owner_record record;

  if (!owner_file_find (owners, entry->dir >= 0 ? entry->dir : entry->fd,
                        entry->name, entry->dir >= 0 ? 0 : AT_EMPTY_PATH,
                        entry->info, &record))
    return false;
  const struct guest_owner *owner = &record.owner;
  if (owner->known & GUEST_OWNER_UID)
    archive_entry_set_uid (to, owner->uid);
  if (owner->known & GUEST_OWNER_GID)
    archive_entry_set_gid (to, owner->gid);
  if (owner->known & GUEST_OWNER_MODE)
    archive_entry_set_perm (to, owner->mode & 07777);
  if (owner->known & GUEST_OWNER_TYPE)
    {
      archive_entry_set_filetype (to, owner->mode & S_IFMT);
      archive_entry_set_rdev (to, owner->rdev);
    }
  for (const struct guest_attribute *attribute =
           guest_attribute_first (&owners->table, &record);
       attribute != NULL;
       attribute = guest_attribute_next (&owners->table, attribute))
    archive_entry_xattr_add_entry (to, guest_attribute_name (attribute),
                                   guest_attribute_value (attribute),
                                   attribute->size);
  return (owner->known & GUEST_OWNER_TYPE) != 0;
}

/* Describe ENTRY, called NAME in the archive.  Return 0 or a negative
   errno.  */
static int
describe (struct writer *writer, const struct tree_entry *entry,
          const char *name)
{
  const struct stat *info = entry->info;
  struct archive_entry *to = archive_entry_clear (writer->entry);

  archive_entry_copy_stat (to, info);
  archive_entry_unset_atime (to);
  archive_entry_unset_ctime (to);
  archive_entry_unset_birthtime (to);
  archive_entry_copy_pathname (to, name);
  if (writer->uid != 0 && info->st_uid == writer->uid)
    {
      archive_entry_set_uid (to, 0);
      archive_entry_set_gid (to, 0);
    }
  bool is_device =
      writer->selection->owners != NULL && put_owner (writer, entry);
  if (S_ISLNK (info->st_mode))
    {
      AUTO_FREE char *target = file_read_link (entry->dir, entry->name);
      if (target == NULL)
        return -errno;
      archive_entry_copy_symlink (to, target);
    }
  if (entry->fd >= 0)
    add_attributes (writer, entry->fd);
  if (S_ISREG (info->st_mode) && !is_device
      && info->st_blocks < info->st_size / 512)
    return add_map (writer, entry->fd, info->st_size);
  return 0;
}

/* Writing.  */

/* Write SIZE bytes at the data of the writer.  */
static int
put_data (struct writer *writer, size_t size, const char *name,
          struct error *err)
{
  if (*writer->stop != 0
      || archive_write_data (writer->archive, writer->data, size) < 0)
    return set_archive_error (writer, name, err);
  writer->done += (int64_t) size;
  if (writer->line != NULL)
    progress_update (writer->line, writer->done);
  return 0;
}

/* Write the bytes of FD from START to END; what it does not have any more is
   zeros.  */
static int
put_range (struct writer *writer, int fd, off_t start, off_t end,
           const char *name, struct error *err)
{
  while (start < end)
    {
      size_t size = end - start < BLOCK_SIZE ? (size_t) (end - start)
                                             : (size_t) BLOCK_SIZE;
      ssize_t got = fd < 0 ? (ssize_t) size : read (fd, writer->data, size);
      if (got < 0 && errno == EINTR && *writer->stop == 0)
        continue;
      if (got < 0)
        return error_set (err, errno, _ ("cannot read '%s': %s"), name,
                          strerror (errno));
      if (got == 0)
        return 0;
      int status = put_data (writer, (size_t) got, name, err);
      if (status < 0)
        return status;
      start += got;
    }
  return 0;
}

/* Write the content of ENTRY, called NAME in the archive.  libarchive wants
   to be given the holes, too, but does not look at them.  */
static int
put_content (struct writer *writer, const struct tree_entry *entry,
             const char *name, struct error *err)
{
  off_t size = entry->info->st_size;
  off_t place = 0;
  la_int64_t start = 0;
  la_int64_t length = 0;

  if (archive_entry_sparse_reset (writer->entry) == 0)
    return put_range (writer, entry->fd, 0, size, name, err);
  while (archive_entry_sparse_next (writer->entry, &start, &length)
         == ARCHIVE_OK)
    {
      int status = put_range (writer, -1, place, start, name, err);
      if (status == 0 && lseek (entry->fd, start, SEEK_SET) < 0)
        status = error_set (err, errno, _ ("cannot read '%s': %s"), name,
                            strerror (errno));
      if (status == 0)
        status =
            put_range (writer, entry->fd, start, start + length, name, err);
      if (status < 0)
        return status;
      place = start + length;
    }
  return put_range (writer, -1, place, size, name, err);
}

/* Return what ENTRY is called in the archive, or NULL when it is not to be
   there.  */
static const char *
find_name (struct writer *writer, const struct tree_entry *entry)
{
  const char *path = entry->path;

  if (writer->root_length > 0)
    {
      if (*path == '\0')
        return NULL;
      path += writer->root_length;
      path += *path == '/';
    }
  buffer_clear (&writer->name);
  buffer_add (&writer->name, "./", 2);
  buffer_add_string (&writer->name, path);
  if (S_ISDIR (entry->info->st_mode) && *path != '\0')
    buffer_add_char (&writer->name, '/');
  return writer->name.data;
}

static int
put_entry (void *data, const struct tree_entry *entry, struct error *err)
{
  struct writer *writer = data;
  struct archive_entry *spare = NULL;
  const char *name = find_name (writer, entry);

  if (name == NULL)
    return 0;
  if (S_ISSOCK (entry->info->st_mode))
    {
      log_debug ("'%s' is a socket and left out", name);
      return 0;
    }
  int status = describe (writer, entry, name);
  if (status == -ENOENT || status == -EINVAL)
    return 0; /* it is gone */
  if (status < 0)
    return error_set (err, -status, _ ("cannot read '%s': %s"), name,
                      strerror (-status));
  if (entry->info->st_nlink > 1 && !S_ISDIR (entry->info->st_mode))
    archive_entry_linkify (writer->links, &writer->entry, &spare);
  /* A warning tells that a name is no UTF-8.  */
  if (archive_write_header (writer->archive, writer->entry) < ARCHIVE_WARN)
    return set_archive_error (writer, name, err);
  if (archive_entry_filetype (writer->entry) == AE_IFREG
      && archive_entry_hardlink (writer->entry) == NULL)
    return put_content (writer, entry, name, err);
  return 0;
}

/* Prepare the archive that WRITER writes.  */
static int
open_archive (struct writer *writer, struct error *err)
{
  struct archive *archive = writer->archive;

  if (archive == NULL || writer->entry == NULL || writer->links == NULL)
    xalloc_die ();
  archive_entry_linkresolver_set_strategy (writer->links,
                                           ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
  if (archive_write_set_format_pax (archive) != ARCHIVE_OK
      || archive_write_set_format_option (archive, "pax", "xattrheader",
                                          "SCHILY")
             != ARCHIVE_OK
      || archive_write_set_bytes_per_block (archive, BLOCK_SIZE) != ARCHIVE_OK
      || archive_write_set_bytes_in_last_block (archive, LAST_BLOCK_SIZE)
             != ARCHIVE_OK
      || archive_write_open (archive, writer, NULL, write_callback, NULL)
             != ARCHIVE_OK)
    return set_archive_error (writer, ".", err);
  return 0;
}

int
tree_archive (const struct tree_selection *selection, int out,
              struct progress_line *line, const volatile sig_atomic_t *stop,
              struct error *err)
{
  const struct tree_visitor visitor = {
    .wants = selection->wants,
    .enter = put_entry,
    .visit = put_entry,
  };
  __attribute__ ((cleanup (writer_release))) struct writer writer = {
    .selection = selection,
    .root_length = selection->root == NULL ? 0 : strlen (selection->root),
    .out = out,
    .archive = archive_write_new (),
    .entry = archive_entry_new (),
    .links = archive_entry_linkresolver_new (),
    .data = xmalloc (BLOCK_SIZE),
    .uid = geteuid (),
    .line = line,
    .stop = stop,
  };
  struct archive_locale locale = { 0 };

  archive_locale_enter (&locale);
  int status = open_archive (&writer, err);
  if (status == 0)
    status = tree_walk (selection->top, &visitor, &writer, stop, err);
  if (status == 0)
    {
      if (archive_write_close (writer.archive) != ARCHIVE_OK)
        status = set_archive_error (&writer, ".", err);
      else
        (void) archive_write_free (TAKE (writer.archive));
    }
  archive_locale_leave (&locale);
  return status;
}
