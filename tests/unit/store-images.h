/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Blobs and images for tests of the store.  Header only.  */

#ifndef UDOCKER_TESTS_UNIT_STORE_IMAGES_H
#define UDOCKER_TESTS_UNIT_STORE_IMAGES_H

#include <string.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "src/image/store.h"

static struct store *store;
static struct error problem;

/* Put the blob NAME in the store.  */
static void
put_blob (const char *name)
{
  struct store_blob blob;

  if (store_blob_begin (store, name, false, &blob, &problem) == 0
      && write (blob.fd, name, strlen (name)) > 0)
    (void) store_blob_commit (&blob, &problem);
}

/* Put the image NAME:TAG of the blobs FIRST and SECOND (may be NULL).  */
static int
put_image (const char *name, const char *tag, const char *first,
           const char *second)
{
  struct store_pending *pending = NULL;

  int status = store_pending_begin (store, name, tag, &pending, &problem);
  if (status == 0)
    status = store_pending_need (pending, first, &problem);
  if (status == 0 && second != NULL)
    status = store_pending_need (pending, second, &problem);
  if (status == 0)
    status = store_pending_write (pending, "manifest", "{}", 2, &problem);
  return status == 0 ? store_pending_commit (pending, "v2", &problem) : status;
}

#endif
