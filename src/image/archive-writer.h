/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   An archive of images being written.  */

#ifndef UDOCKER_IMAGE_ARCHIVE_WRITER_H
#define UDOCKER_IMAGE_ARCHIVE_WRITER_H

#include <stdint.h>
#include <stddef.h>

struct archive_writer;
struct error;
struct progress_line;

/* Begin a tar archive on FD, which stays open.  It depends on nothing but what
   is put into it: no time, no owner.  LINE, unless NULL, shows how many bytes
   of blobs are in it.  Return 0 with *WRITER set, or a negative errno with ERR
   set.  */
int archive_writer_new (int fd, struct progress_line *line,
                        struct archive_writer **writer, struct error *err);

/* Add the directory NAME.  Return 0, or a negative errno with ERR set, as all
   of these.  */
int archive_writer_directory (struct archive_writer *writer, const char *name,
                              struct error *err);

/* Add the file NAME with SIZE bytes of TEXT.  */
int archive_writer_text (struct archive_writer *writer, const char *name,
                         const void *text, size_t size, struct error *err);

/* Add the file NAME, another name of the file TO that was added before.  */
int archive_writer_link (struct archive_writer *writer, const char *name,
                         const char *to, struct error *err);

/* Add the file NAME with the SIZE bytes in FD, from its beginning, which must
   have the digest DIGEST: -EBADMSG if not.  */
int archive_writer_blob (struct archive_writer *writer, const char *name,
                         int fd, int64_t size, const char *digest,
                         struct error *err);

/* End the archive.  */
int archive_writer_finish (struct archive_writer *writer, struct error *err);

/* Free WRITER, which may be NULL.  */
void archive_writer_free (struct archive_writer *writer);

#endif
