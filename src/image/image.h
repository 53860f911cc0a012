/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   An image in the store as its metadata describe it.  */

#ifndef UDOCKER_IMAGE_IMAGE_H
#define UDOCKER_IMAGE_IMAGE_H

#include <stddef.h>

struct error;
struct store;
struct store_tag;

/* The files in the directory of an image that was pulled by the digest of an
   index: that index, and those that lead from it to the manifest.  */
#define IMAGE_INDEX_FILES                                                      \
  {                                                                            \
    "index", "index.1", "index.2", "index.3"                                   \
  }
enum
{
  IMAGE_INDEX_COUNT = 4
};

/* One layer of an image.  */
struct image_layer
{
  char *blob;    /* its file below layers/: "sha256:HEX" or "HEX.layer" */
  char *diff_id; /* "sha256:HEX" of the uncompressed archive, or NULL; of an
                    image of the v1 flavour NULL, unless image_read_config
                    read it: then of the archive or of the blob */
};

/* An image.  */
struct image
{
  char *name;
  char *tag;
  int directory;      /* the open directory of the image */
  char *config_blob;  /* what the configuration is in: a blob, or the link
                         "container.json"; NULL when it is in the manifest */
  char *config;       /* the configuration, a JSON object, verbatim where the
                         image has one of its own */
  size_t config_size; /* its bytes, without the NUL that follows them */
  struct image_layer *layers; /* the lowest first */
  size_t layer_count;
};

/* Read the metadata of the image TAG in STORE, whatever flavour it has
   (registry manifest of schema 2 or OCI, schema 1, ancestry of v1), into
   IMAGE, which the caller releases.  Every blob it names exists.  Return 0,
   or a negative errno with ERR set.  */
int image_open (struct store *store, const struct store_tag *tag,
                struct image *image, struct error *err);

/* Read only the text of the configuration of the image TAG: as image_open, but
   it need be no JSON, and the layers are not looked for.  */
int image_open_config (struct store *store, const struct store_tag *tag,
                       struct image *image, struct error *err);

/* Read only which blobs the image TAG consists of: as image_open, but CONFIG is
   NULL unless it is in the manifest, and nothing need exist but the manifest
   or what is in its place.  */
int image_open_structure (struct store *store, const struct store_tag *tag,
                          struct image *image, struct error *err);

/* Read CONFIG of IMAGE, of STORE, which image_open_structure has opened, and
   the diff_ids of its layers where it says what these are.  Return 0, or a
   negative errno with ERR set.  */
int image_read_config (struct store *store, struct image *image,
                       struct error *err);

/* Open the blob BLOB that IMAGE, of STORE, names.  Return the descriptor, which
   the caller closes, or a negative errno with ERR set.  */
int image_open_blob (struct store *store, const struct image *image,
                     const char *blob, struct error *err);

/* Free what IMAGE holds and leave it empty.  */
void image_release (struct image *image);

/* Return the platform that the configuration CONFIG of SIZE bytes names, as
   "os/architecture" or "os/architecture/variant"; "unknown/unknown" where it
   says nothing.  The caller frees it.  */
char *image_platform (const char *config, size_t size);

#endif
