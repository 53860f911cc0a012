/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The members of an archive of images, read once and hashed.  */

#ifndef UDOCKER_IMAGE_ARCHIVE_MEMBERS_H
#define UDOCKER_IMAGE_ARCHIVE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/image/store.h"

struct error;
struct members;
struct progress_line;

/* A member: a file, or a link to another one.  Fields are for reading only. */
struct member
{
  char *name; /* as archive_member_name makes it */
  char *link; /* the name of the member that it leads to, or NULL */

  /* Of a file: */
  const char *algorithm;    /* of its digest */
  char *digest;             /* "ALGORITHM:HEX" */
  size_t size;              /* bytes */
  char *text;               /* they, and a NUL, when they are few */
  struct store_stage stage; /* else they lie here */
  char *diff_id;            /* what its content was found to unpack to */
  bool is_stored;           /* it is a blob now; nothing can be read any more */
};

/* Begin an empty table of members whose content will lie in STORE.  Never
   NULL.  */
struct members *members_new (struct store *store);

/* Free MEMBERS, which may be NULL, and what was staged for them.  */
void members_free (struct members *members);

/* Read the archive FD, a tar archive, compressed or not, to its end; it need
   not be seekable.  NAME is for messages; LINE, unless NULL, shows how far it
   got.  Names of members are never used as names of files.  Return 0, or a
   negative errno with ERR set.  */
int members_read (struct members *members, int fd, const char *name,
                  struct progress_line *line, struct error *err);

/* Take for members the files below the directory FD (kept open by the caller),
   each when it is asked for.  */
void members_use_directory (struct members *members, int fd);

/* Find the file that PATH names, through links, in MEMBERS.  Return 0 with
 *MEMBER set, or a negative errno with ERR set (-ENOENT: there is none).  */
int members_find (struct members *members, const char *path,
                  struct member **member, struct error *err);

/* Read the content of MEMBER, metadata of at most MAXIMUM bytes, into *TEXT,
   which the caller frees, with a NUL behind it.  Return 0, or a negative errno
   with ERR set.  */
int member_read (const struct member *member, size_t maximum, char **text,
                 struct error *err);

/* Return what the first bytes of MEMBER say about its compression: "gzip",
   "zstd", "xz", "bzip2", or NULL for none.  */
const char *member_compression (const struct member *member);

/* Check that MEMBER, a layer, is DIFF_ID or unpacks to it.  Return 0, or a
   negative errno with ERR set (-EBADMSG: it does not).  */
int member_verify (struct members *members, struct member *member,
                   const char *diff_id, struct error *err);

/* Make MEMBER a blob of the store, called by its digest; see
   store_stage_commit for REPLACE and what must have been done before.  Repeats
   are harmless.  Return 0, or a negative errno with ERR set.  */
int member_store (struct members *members, struct member *member, bool replace,
                  struct error *err);

#endif
