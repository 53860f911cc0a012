/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The digest of a file that is being written or copied.  */

#ifndef UDOCKER_IMAGE_FILE_HASH_H
#define UDOCKER_IMAGE_FILE_HASH_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct file_hash;

/* Start to hash the file FD from its beginning, with ALGORITHM ("sha256",
   "sha512").  FD must be open for reading until the end; a thread hashes it
   while the caller copies.  -1: the caller has nothing else to do, what it adds
   is hashed at once.  Return 0 with *HASH set, or a negative errno with ERR set
   (-ENOTSUP: no such algorithm).  */
int file_hash_new (int fd, const char *algorithm, struct file_hash **hash,
                   struct error *err);

/* Hash the next SIZE bytes of the file, which are in it by now; DATA points to
   a copy of them, wanted no longer than this call lasts.  */
void file_hash_add (struct file_hash *hash, const void *data, size_t size);

/* Free HASH and give its digest, "ALGORITHM:HEX", in DIGEST, which the caller
   frees.  Return 0, or a negative errno with ERR set; NAME says there what was
   hashed.  */
int file_hash_finish (struct file_hash *hash, const char *name, char **digest,
                      struct error *err);

/* Compute the digest of SIZE bytes of TEXT with ALGORITHM, in the same way.  */
int file_hash_text (const char *algorithm, const void *text, size_t size,
                    char **digest, struct error *err);

/* Free HASH, which may be NULL, without asking for the digest.  */
void file_hash_free (struct file_hash *hash);

#endif
