/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Load images from an archive into the store.  */

#ifndef UDOCKER_IMAGE_LOAD_H
#define UDOCKER_IMAGE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct store;

/* What to load and how.  */
struct load_options
{
  const char *input;      /* a file, a directory; NULL or "-": standard input */
  const char *repository; /* instead of that of every image, or NULL */
  const char *platform;   /* which image of an index, or NULL */
  bool replace;           /* other images of the same name */
};

/* An image that is in the store now.  */
struct loaded_image
{
  char *name;
  char *tag;
  char *id; /* digest of its configuration */
};

/* Load all images of the archive that OPTIONS name, of docker save or in OCI
   layout, into STORE.  Return 0 with *IMAGES, an array of *COUNT, one for each
   name, which the caller frees with loaded_images_free, or a negative errno
   with ERR set and nothing loaded (-EEXIST: there is another image of a name,
   and not OPTIONS->replace).  */
int image_load (struct store *store, const struct load_options *options,
                struct loaded_image **images, size_t *count, struct error *err);

/* Free the array IMAGES of COUNT and what it holds.  IMAGES may be NULL.  */
void loaded_images_free (struct loaded_image *images, size_t count);

#endif
