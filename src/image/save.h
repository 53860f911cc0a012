/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Save images of the store in an archive.  */

#ifndef UDOCKER_IMAGE_SAVE_H
#define UDOCKER_IMAGE_SAVE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct store;
struct store_tag;

enum save_format
{
  SAVE_DOCKER, /* as docker save before 25, and all that read its archives */
  SAVE_OCI,    /* an OCI layout */
};

/* Write the COUNT images TAGS of STORE to FD as an archive of FORMAT.  All of
   their layers are as they are in the store, verified, each once; the
   configurations too, byte by byte, unless an image of an old registry has none
   that an archive could have.  The same images give the same bytes.  Return 0,
   or a negative errno with ERR set; what was written is of no use then.  */
int image_save (struct store *store, const struct store_tag *tags, size_t count,
                enum save_format format, int fd, struct error *err);

#endif
