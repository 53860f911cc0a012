/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   An archive of images being written.  */

#include <config.h>

#include "src/image/archive-writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/progress.h"
#include "src/image/file-hash.h"
#include "xalloc.h"
#include "xstrndup.h"

enum
{
  COPY_SIZE = 256 << 10
};

struct archive_writer
{
  struct archive *archive;
  struct archive_entry *entry;
  unsigned char *bytes;
  int fd;
  int number; /* errno of a failed write */
  int64_t done;
  struct progress_line *line;
};

/* libarchive's way to write.  */
static la_ssize_t
write_output (struct archive *archive, void *data, const void *bytes,
              size_t size)
{
  struct archive_writer *writer = data;

  int status = file_write_all (writer->fd, bytes, size);
  if (status == 0)
    return (la_ssize_t) size;
  writer->number = -status;
  archive_set_error (archive, -status, "%s", strerror (-status));
  return -1;
}

static int
set_write_error (struct archive_writer *writer, struct error *err)
{
  const char *why = archive_error_string (writer->archive);
  int number = writer->number != 0 ? writer->number : EIO;

  return error_set (err, number, _ ("cannot write the archive: %s"),
                    why == NULL ? strerror (number) : why);
}

int
archive_writer_new (int fd, struct progress_line *line,
                    struct archive_writer **writer, struct error *err)
{
  struct archive_writer *new = xzalloc (sizeof *new);

  new->fd = fd;
  new->line = line;
  new->bytes = xmalloc (COPY_SIZE);
  new->archive = archive_write_new ();
  new->entry = archive_entry_new ();
  if (new->archive == NULL || new->entry == NULL)
    xalloc_die ();
  /* Like ustar, and beyond 8 GiB with what every reader knows.  */
  (void) archive_write_set_format_pax_restricted (new->archive);
  (void) archive_write_set_bytes_per_block (new->archive, 0);
  if (archive_write_open (new->archive, new, NULL, write_output, NULL)
      != ARCHIVE_OK)
    {
      int status = set_write_error (new, err);
      archive_writer_free (new);
      return status;
    }
  *writer = new;
  return 0;
}

/* Begin the member NAME of TYPE with SIZE bytes, or a link TO.  */
static int
begin_member (struct archive_writer *writer, const char *name,
              unsigned int type, int64_t size, const char *to,
              struct error *err)
{
  struct archive_entry *entry = archive_entry_clear (writer->entry);

  archive_entry_set_pathname (entry, name);
  archive_entry_set_filetype (entry, type);
  archive_entry_set_perm (entry, type == AE_IFDIR ? 0755 : 0644);
  archive_entry_set_mtime (entry, 0, 0);
  if (to != NULL)
    archive_entry_set_hardlink (entry, to);
  else
    archive_entry_set_size (entry, size);
  return archive_write_header (writer->archive, entry) < ARCHIVE_WARN
             ? set_write_error (writer, err)
             : 0;
}

static int
add_bytes (struct archive_writer *writer, const void *bytes, size_t size,
           struct error *err)
{
  return archive_write_data (writer->archive, bytes, size) < (la_ssize_t) size
             ? set_write_error (writer, err)
             : 0;
}

int
archive_writer_directory (struct archive_writer *writer, const char *name,
                          struct error *err)
{
  return begin_member (writer, name, AE_IFDIR, 0, NULL, err);
}

int
archive_writer_text (struct archive_writer *writer, const char *name,
                     const void *text, size_t size, struct error *err)
{
  int status = begin_member (writer, name, AE_IFREG, (int64_t) size, NULL, err);

  return status == 0 && size > 0 ? add_bytes (writer, text, size, err) : status;
}

int
archive_writer_link (struct archive_writer *writer, const char *name,
                     const char *to, struct error *err)
{
  return begin_member (writer, name, AE_IFREG, 0, to, err);
}

/* Copy SIZE bytes of the blob FD, called NAME, to WRITER and to HASH.  */
static int
copy_blob (struct archive_writer *writer, const char *name, int fd,
           int64_t size, struct file_hash *hash, struct error *err)
{
  (void) lseek (fd, 0, SEEK_SET);
  (void) posix_fadvise (fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  for (int64_t left = size; left > 0;)
    {
      ssize_t got = read (fd, writer->bytes,
                          left < COPY_SIZE ? (size_t) left : COPY_SIZE);
      if (interrupt_signal != 0)
        return error_set (err, EINTR, _ ("interrupted"));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return error_set (err, got < 0 ? errno : EBADMSG,
                          _ ("cannot read '%s': %s"), name,
                          got < 0 ? strerror (errno) : _ ("it is too short"));
      file_hash_add (hash, writer->bytes, (size_t) got);
      int status = add_bytes (writer, writer->bytes, (size_t) got, err);
      if (status < 0)
        return status;
      left -= got;
      writer->done += got;
      if (writer->line != NULL)
        progress_update (writer->line, writer->done);
    }
  return 0;
}

int
archive_writer_blob (struct archive_writer *writer, const char *name, int fd,
                     int64_t size, const char *digest, struct error *err)
{
  AUTO_FREE char *algorithm = xstrndup (digest, strcspn (digest, ":"));
  AUTO_FREE char *found = NULL;
  struct file_hash *hash = NULL;

  int status = begin_member (writer, name, AE_IFREG, size, NULL, err);
  if (status == 0)
    status = file_hash_new (fd, algorithm, &hash, err);
  if (status == 0)
    status = copy_blob (writer, digest, fd, size, hash, err);
  if (status == 0)
    status = file_hash_finish (TAKE (hash), digest, &found, err);
  file_hash_free (hash);
  if (status == 0 && strcmp (found, digest) != 0)
    status = error_set (err, EBADMSG,
                        _ ("blob '%s' is damaged: its content has the digest"
                           " %s"),
                        digest, found);
  return status;
}

int
archive_writer_finish (struct archive_writer *writer, struct error *err)
{
  return archive_write_close (writer->archive) == ARCHIVE_OK
             ? 0
             : set_write_error (writer, err);
}

void
archive_writer_free (struct archive_writer *writer)
{
  if (writer == NULL)
    return;
  /* Otherwise what is half written would be ended as if it were whole.  */
  (void) archive_write_fail (writer->archive);
  (void) archive_write_free (writer->archive); /* only memory is left */
  archive_entry_free (writer->entry);
  free (writer->bytes);
  free (writer);
}
