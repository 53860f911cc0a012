/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Unpack layers, one over the other, into a directory.

   libarchive understands the archive, layer-stream feeds it, tree-writer
   makes the files.  libarchive's own writer is not used: it follows links of
   earlier layers out of the tree.  */

#include <config.h>

#include "src/image/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/log.h"
#include "lib/guest/attributes.h"
#include "lib/owners/owner-file.h"
#include "src/image/archive-locale.h"
#include "src/image/filters.h"
#include "src/image/layer-stream.h"
#include "src/image/tree-writer.h"
#include "xalloc.h"

/* What is at work on a set of layers.  */
struct unpacker
{
  struct tree_writer *writer;       /* NULL: only read */
  const struct unpack_watch *watch; /* may be NULL */
  struct layer_stream *stream;
  const struct unpack_layer *layer; /* the current one */
  const volatile sig_atomic_t *stop;
  size_t skipped; /* entries left out: what an ordinary user cannot make */
  struct error stream_error; /* the better reason when libarchive fails */
  bool stream_ended;
  size_t partial;            /* bytes read of the block that the stream is in */
  struct owner_file *owners; /* where owners go on record, or NULL */
};

#define TAR_BLOCK 512u

static void
unpacker_release (struct unpacker *unpacker)
{
  layer_stream_free (unpacker->stream);
  tree_writer_free (unpacker->writer);
  error_release (&unpacker->stream_error);
}

static la_ssize_t
read_callback (struct archive *archive, void *data, const void **buffer)
{
  struct unpacker *unpacker = data;

  *buffer = NULL;
  if (unpacker->stream_ended)
    return 0;
  ptrdiff_t size =
      layer_stream_read (unpacker->stream, buffer, &unpacker->stream_error);
  if (unpacker->watch != NULL)
    unpacker->watch->advanced (unpacker->watch->data);
  if (size > 0)
    {
      unpacker->partial = (unpacker->partial + (size_t) size) % TAR_BLOCK;
      return size;
    }
  unpacker->stream_ended = true;
  if (size == 0 && unpacker->partial > 0)
    {
      /* umoci ends a layer with the last file's content: Go's reader, which
         Docker uses, does not miss what fills the block.  Nor is anything
         hidden by it, since layers are verified by their digests.  */
      static const char filling[TAR_BLOCK];
      *buffer = filling;
      return (la_ssize_t) (TAR_BLOCK - unpacker->partial);
    }
  if (size == 0)
    return 0;
  archive_set_error (archive, unpacker->stream_error.number, "%s",
                     unpacker->stream_error.text);
  return ARCHIVE_FATAL;
}

/* Fail when the caller wants to stop.  */
static int
check_stop (const struct unpacker *unpacker, struct error *err)
{
  return (unpacker->stop == NULL || *unpacker->stop == 0)
                 && interrupt_signal == 0
             ? 0
             : error_set (err, EINTR, _ ("interrupted"));
}

/* Fill ERR with the reason why reading ARCHIVE failed.  */
static int
set_archive_error (struct unpacker *unpacker, struct archive *archive,
                   struct error *err)
{
  const char *text = archive_error_string (archive);

  if (unpacker->stream_error.number != 0)
    return error_move (err, &unpacker->stream_error);
  return layer_set_damaged (unpacker->layer,
                            text == NULL ? _ ("it is no archive") : text, err);
}

/* Set the attributes of ENTRY that belong to its user on the file FD, as far
   as the file system takes them.  */
static void
set_attributes (struct archive_entry *entry, int fd)
{
  const char *name = NULL;
  const void *value = NULL;
  size_t size = 0;

  if (archive_entry_xattr_reset (entry) == 0)
    return;
  while (archive_entry_xattr_next (entry, &name, &value, &size) == ARCHIVE_OK)
    if (name != NULL && strncmp (name, "user.", 5) == 0)
      (void) fsetxattr (fd, name, value, size, 0); /* a nicety */
}

static int
set_write_error (int status, const char *name, struct error *err)
{
  return error_set (err, -status, _ ("cannot write '%s': %s"), name,
                    strerror (-status));
}

/* Write SIZE bytes of DATA to FD at OFFSET.  Return 0 or a negative errno.  */
static int
write_at (int fd, const char *data, size_t size, off_t offset)
{
  while (size > 0)
    {
      ssize_t written = pwrite (fd, data, size, offset);
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return -errno;
      data += written;
      offset += written;
      size -= (size_t) written;
    }
  return 0;
}

/* Write the content of the current entry of ARCHIVE, NAME, to FD, with
   holes where it has holes.  */
static int
write_content (struct unpacker *unpacker, struct archive *archive, int fd,
               const char *name, int64_t size, struct error *err)
{
  int64_t end = 0;

  for (;;)
    {
      const void *data = NULL;
      size_t length = 0;
      la_int64_t offset = 0;
      int result = archive_read_data_block (archive, &data, &length, &offset);
      if (result == ARCHIVE_EOF)
        break;
      if (result < ARCHIVE_WARN)
        return set_archive_error (unpacker, archive, err);
      int status = write_at (fd, data, length, offset);
      if (status < 0)
        return set_write_error (status, name, err);
      status = check_stop (unpacker, err);
      if (status < 0)
        return status;
      end = offset + (int64_t) length;
    }
  if (end < size && ftruncate (fd, size) < 0)
    return set_write_error (-errno, name, err);
  return 0;
}

/* Put on record what ENTRY, which was unpacked as NAME, says of its owner, mode
   and attributes, as far as the host's file does not say it.  */
static int
keep_owner (struct unpacker *unpacker, struct archive_entry *entry,
            const char *name, struct error *err)
{
  struct owner_file *owners = unpacker->owners;
  struct guest_file_key key;
  struct stat status;
  const char *last = NULL;
  int dir = tree_writer_parent (unpacker->writer, name, &last);
  int flags = dir >= 0 && *last == '\0' ? AT_EMPTY_PATH : 0;
  int result = dir < 0 ? dir : owner_file_key (dir, last, flags, &key);

  if (result == 0
      && fstatat (dir, last, &status, flags | AT_SYMLINK_NOFOLLOW) < 0)
    result = -errno;
  if (result < 0)
    return set_write_error (result, name, err);

  mode_t type = archive_entry_filetype (entry);
  struct guest_owner owner = {
    .uid = (uint32_t) archive_entry_uid (entry),
    .gid = (uint32_t) archive_entry_gid (entry),
    .mode = archive_entry_perm (entry),
  };
  bool is_device = type == AE_IFCHR || type == AE_IFBLK;
  bool is_plain =
      owner.uid == 0 && owner.gid == 0 && !is_device
      && (S_ISLNK (status.st_mode) || (status.st_mode & 07777) == owner.mode);
  /* A directory may have one from a lower layer.  */
  struct guest_owner_record record;
  if (!is_plain
      || guest_owners_find (&owners->table, key.device, key.inode, &record))
    {
      owner.known = GUEST_OWNER_UID | GUEST_OWNER_GID;
      if (!S_ISLNK (status.st_mode))
        owner.known |= GUEST_OWNER_MODE;
      if (is_device)
        {
          owner.known |= GUEST_OWNER_TYPE;
          owner.mode |= type;
          owner.rdev = archive_entry_rdev (entry);
        }
      result = guest_owners_put (&owners->table, &key, &owner);
    }

  const char *attribute = NULL;
  const void *value = NULL;
  size_t size = 0;
  if (archive_entry_xattr_reset (entry) > 0)
    while (result == 0
           && archive_entry_xattr_next (entry, &attribute, &value, &size)
                  == ARCHIVE_OK)
      if (attribute != NULL && value != NULL
          && guest_attribute_is_privileged (attribute))
        result =
            owner_file_set_attribute (owners, &key, attribute, value, size);
  return result < 0 ? set_write_error (result, name, err) : 0;
}

static int
unpack_file (struct unpacker *unpacker, struct archive *archive,
             struct archive_entry *entry, const char *name,
             struct timespec time, struct error *err)
{
  AUTO_CLOSE int fd = tree_writer_open_file (unpacker->writer, name,
                                             archive_entry_perm (entry), err);
  int status = fd;

  if (status >= 0 && archive_entry_filetype (entry) == AE_IFREG
      && archive_entry_size (entry) > 0)
    status = write_content (unpacker, archive, fd, name,
                            archive_entry_size (entry), err);
  if (status < 0)
    return status;
  set_attributes (entry, fd);
  return tree_writer_close_file (unpacker->writer, TAKE_FD (fd), name, time,
                                 err);
}

static int
unpack_directory (struct unpacker *unpacker, struct archive_entry *entry,
                  const char *name, struct timespec time, struct error *err)
{
  struct tree_writer *writer = unpacker->writer;

  int status = tree_writer_directory (writer, name, archive_entry_perm (entry),
                                      time, err);
  if (status == 0 && archive_entry_xattr_count (entry) > 0)
    {
      AUTO_CLOSE int fd = tree_writer_open_directory (writer, name);
      if (fd >= 0)
        set_attributes (entry, fd);
    }
  return status;
}

static int
unpack_link (struct unpacker *unpacker, const char *name, const char *target,
             struct error *err)
{
  AUTO_ERROR struct error problem = { 0 };
  int status = tree_writer_link (unpacker->writer, name, target, &problem);

  /* Another name of what was left out is left out.  */
  if (status == -ENOENT && unpacker->skipped > 0)
    {
      log_debug ("'%s' is left out, as what it is a link to", name);
      return 0;
    }
  return status < 0 ? error_move (err, &problem) : 0;
}

/* Unpack ENTRY, called NAME and no other name of a file, which ARCHIVE stands
   at.  */
static int
unpack_new (struct unpacker *unpacker, struct archive *archive,
            struct archive_entry *entry, const char *name, struct error *err)
{
  struct tree_writer *writer = unpacker->writer;
  const char *target = archive_entry_symlink (entry);
  mode_t mode = archive_entry_perm (entry);
  struct timespec time = { .tv_sec = archive_entry_mtime (entry),
                           .tv_nsec = archive_entry_mtime_nsec (entry) };

  if (!archive_entry_mtime_is_set (entry))
    time.tv_nsec = UTIME_OMIT;

  switch (archive_entry_filetype (entry))
    {
    case AE_IFDIR:
      return unpack_directory (unpacker, entry, name, time, err);
    case AE_IFREG:
      return unpack_file (unpacker, archive, entry, name, time, err);
    case AE_IFLNK:
      if (target == NULL || *target == '\0')
        return error_set (err, EBADMSG,
                          _ ("layer '%s' is damaged: link '%s' leads nowhere"),
                          unpacker->layer->name, name);
      return tree_writer_symlink (writer, name, target, time, err);
    case AE_IFIFO:
      return tree_writer_fifo (writer, name, mode, time, err);
    default:
      if (unpacker->owners != NULL)
        return unpack_file (unpacker, archive, entry, name, time, err);
      log_debug ("'%s' is a device and left out", name);
      unpacker->skipped++;
      return 0;
    }
}

/* Unpack ENTRY, which ARCHIVE stands at.  */
static int
unpack_entry (struct unpacker *unpacker, struct archive *archive,
              struct archive_entry *entry, struct error *err)
{
  const char *name = archive_entry_pathname (entry);
  const char *hard_link = archive_entry_hardlink (entry);

  if (name == NULL)
    return layer_set_damaged (unpacker->layer, _ ("an entry has no name"), err);
  int status = tree_writer_whiteout (unpacker->writer, name, err);
  if (status != 0)
    return status < 0 ? status : 0;
  if (hard_link != NULL)
    return unpack_link (unpacker, name, hard_link, err);
  status = unpack_new (unpacker, archive, entry, name, err);
  if (status == 0 && unpacker->owners != NULL)
    status = keep_owner (unpacker, entry, name, err);
  return status;
}

/* Read what is left of the current layer behind the end of its archive, so
   that all of it is verified.  */
static int
drain (struct unpacker *unpacker, struct error *err)
{
  const void *data = NULL;

  while (!unpacker->stream_ended)
    {
      ptrdiff_t size = layer_stream_read (unpacker->stream, &data, err);
      if (size < 0)
        return (int) size;
      unpacker->stream_ended = size == 0;
    }
  /* libarchive may have met the error, and found the archive complete.  */
  return unpacker->stream_error.number != 0
             ? error_move (err, &unpacker->stream_error)
             : 0;
}

/* Unpack the layer that the stream stands at.  */
static int
unpack_layer (struct unpacker *unpacker, struct error *err)
{
  __attribute__ ((cleanup (filters_close))) struct archive *archive =
      archive_read_new ();
  struct archive_entry *entry = NULL;

  if (archive == NULL)
    xalloc_die ();
  (void) archive_read_support_format_tar (archive);
  if (!unpacker->layer->is_archive)
    (void) archive_read_support_format_empty (archive);
  unpacker->stream_ended = false;
  unpacker->partial = 0;
  if (unpacker->writer != NULL)
    tree_writer_next_layer (unpacker->writer);

  if (archive_read_open (archive, unpacker, NULL, read_callback, NULL)
      != ARCHIVE_OK)
    return set_archive_error (unpacker, archive, err);
  for (;;)
    {
      int result = archive_read_next_header (archive, &entry);
      if (result == ARCHIVE_EOF)
        return drain (unpacker, err);
      /* A warning tells that a name is not in the character set of the
         locale, or of an attribute that cannot be read.  */
      if (result < ARCHIVE_WARN)
        return set_archive_error (unpacker, archive, err);
      int status = check_stop (unpacker, err);
      if (status == 0 && unpacker->writer != NULL)
        status = unpack_entry (unpacker, archive, entry, err);
      if (status < 0)
        return status;
    }
}

/* Read the COUNT LAYERS with UNPACKER.  */
static int
read_layers (struct unpacker *unpacker, const struct unpack_layer *layers,
             size_t count, struct error *err)
{
  int status = layer_stream_new (layers, count, &unpacker->stream, err);
  if (status < 0)
    return status;

  struct archive_locale locale = { 0 };
  archive_locale_enter (&locale);
  for (size_t i = 0; i < count && status == 0; i++)
    {
      unpacker->layer = &layers[i];
      status = unpack_layer (unpacker, err);
    }
  archive_locale_leave (&locale);
  return status;
}

int
unpack_layers (int root, const struct unpack_layer *layers, size_t count,
               struct owner_file *owners, const struct unpack_watch *watch,
               const volatile sig_atomic_t *stop, struct error *err)
{
  __attribute__ ((cleanup (unpacker_release))) struct unpacker unpacker = {
    .owners = owners,
    .watch = watch,
    .stop = stop,
  };

  if (count == 0)
    return 0;
  unpacker.writer = tree_writer_new (root);
  int status = read_layers (&unpacker, layers, count, err);
  if (status == 0 && unpacker.skipped > 0)
    log_debug ("%zu devices were left out", unpacker.skipped);
  return status;
}

int
unpack_check (const struct unpack_layer *layer,
              const struct unpack_watch *watch, struct error *err)
{
  __attribute__ ((cleanup (
      unpacker_release))) struct unpacker unpacker = { .watch = watch };

  return read_layers (&unpacker, layer, 1, err);
}
