/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make the container that run is to use, of an image that is pulled first if
   need be.  Only udocker-full has this.  */

#include <config.h>

#include "src/container/obtain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/container/container.h"
#include "src/image/store.h"
#include "xalloc.h"

/* Find the image IMAGE in STORE.  */
static int
find_image (struct store *store, const char *image, struct store_tag *found,
            struct error *err)
{
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;
  int status = store_split_name (image, &name, &tag, err);
  if (status < 0)
    return status;
  return store_tag_find (store, name, tag, found, err);
}

int
obtain_create (struct store *store, const struct config *config,
               const struct obtain_request *request, char **id,
               struct error *err)
{
  (void) config;
  struct store_tag image = { 0 };
  int status = find_image (store, request->target, &image, err);
  if (status < 0)
    return error_prefix (err, _ ("image or container not available"));

  AUTO_ERROR struct error failure = { 0 };
  status = container_create (store, &image, request->name, id, &failure);
  store_tag_release (&image);
  if (status != -EEXIST || request->pull != OBTAIN_REUSE)
    return status < 0 ? error_move (err, &failure) : 0;

  /* Somebody else made it while we were about to.  */
  struct container *made = NULL;
  status = container_open (store, request->name, CONTAINER_BY_NAME, &made,
                           err);
  if (status < 0)
    return status;
  *id = xstrdup (made->id);
  container_close (made);
  return 0;
}
