/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the files that save images share among themselves.  */

#ifndef UDOCKER_IMAGE_SAVE_PRIVATE_H
#define UDOCKER_IMAGE_SAVE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/image/image.h"

struct archive_writer;
struct error;
struct store;
struct store_tag;

/* A layer, however many images have it.  */
struct save_blob
{
  char *file;   /* its name in the store */
  char *digest; /* "ALGORITHM:HEX" of the file */
  int64_t size;
  const char *compression;   /* as filters_name says */
  const struct image *image; /* one that has it */
  char *member;              /* its name in the archive, once it has one */
  bool is_written;
};

/* An image, however many names it is saved by.  */
struct save_image
{
  struct image image;
  char *config; /* what the archive gets as its configuration */
  size_t config_size;
  char *id; /* the digest of that */
  bool is_verbatim;
  size_t *layers;                /* indexes of blobs, the lowest first */
  const struct store_tag **tags; /* TAG_COUNT names */
  size_t tag_count;
};

struct save
{
  struct store *store;
  struct save_image *images;
  size_t count;
  struct save_blob *blobs;
  size_t blob_count;
};

/* Write the layer BLOB as the member NAME.  Return 0, or a negative errno with
   ERR set.  */
int save_write_blob (struct save *save, struct save_blob *blob,
                     const char *name, struct archive_writer *writer,
                     struct error *err);

/* Write the images of SAVE as Docker does.  Return 0, or a negative errno with
   ERR set.  */
int save_docker (struct save *save, struct archive_writer *writer,
                 struct error *err);

/* The same as an OCI layout.  */
int save_oci (struct save *save, struct archive_writer *writer,
              struct error *err);

#endif
