/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make an image of the archive of a file system.  */

#ifndef UDOCKER_IMAGE_IMPORT_H
#define UDOCKER_IMAGE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* What to import and how.  Texts are borrowed.  */
struct import_options
{
  const char *input; /* a file; "-": standard input */
  const char *name;  /* of the image, with its tag */
  const char *tag;
  const char *platform; /* as typed, or NULL: this machine's */
  bool move;            /* remove the file once the image is there */
};

/* Return what messages call INPUT.  */
const char *import_shown_input (const char *input);

/* Open INPUT, a file or "-" for the standard input, which must be no terminal.
   Return the descriptor, which the caller closes, or a negative errno with ERR
   set.  */
int import_open (const char *input, struct error *err);

/* Make the image of OPTIONS in STORE: its one layer is the archive, as it is
   where images may have its compression (none, gzip, zstd), else uncompressed.
   With OPTIONS->move nothing is copied where that can be avoided.  Return 0,
   -EEXIST when there is an image of this name, -EBADMSG when the file is no
   archive, or another negative errno; ERR is set on failure and nothing is
   left behind.  */
int image_import (struct store *store, const struct import_options *options,
                  struct error *err);

/* Make a configuration for what came without one: for PLATFORM (as typed, or
   NULL: this machine's), with the layer whose uncompressed archive has the
   digest DIFF_ID and takes SIZE bytes (NULL: there is none).  Return 0 with
   *TEXT set, which the caller frees, or -EINVAL with ERR set.  */
int import_configuration (const char *platform, const char *diff_id,
                          int64_t size, char **text, struct error *err);

#endif
