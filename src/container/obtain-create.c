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
#include "src/image/pull.h"
#include "src/image/store.h"
#include "src/registry/reference.h"

/* Find the image that REF means in STORE, or pull it first as REQUEST says.  */
static int
get_image (struct store *store, const struct config *config,
           const struct obtain_request *request, const struct reference *ref,
           struct store_tag *found, struct error *err)
{
  const char *tag = reference_local_tag (ref);
  if (request->pull == OBTAIN_NEVER)
    return store_tag_find (store, ref->name, tag, found, err);

  struct pull_options options = { 0 };
  pull_options_from_config (&options, config);
  options.platform = request->platform;
  if (request->registry != NULL)
    options.registry.registry = request->registry;
  if (request->proxy != NULL)
    options.registry.proxy = request->proxy;
  if (request->pull != OBTAIN_ALWAYS)
    return image_find_or_pull (store, ref, &options, found, err);
  int status = image_pull (store, ref, &options, err);
  if (status < 0)
    return status;
  return store_tag_find (store, ref->name, tag, found, err);
}

int
obtain_create (struct store *store, const struct config *config,
               const struct obtain_request *request, char **id,
               struct error *err)
{
  struct reference ref = { 0 };
  struct store_tag tag = { 0 };
  int status = reference_parse (&ref, request->target, err);
  if (status == 0)
    status = get_image (store, config, request, &ref, &tag, err);
  if (status < 0)
    status = error_prefix (err, _ ("image or container not available: %s"),
                           request->target);
  else
    {
      status = container_create (store, &tag, request->name,
                                 request->keep_owners, id, err);
      if (status == -EEXIST && request->pull == OBTAIN_REUSE)
        status = OBTAIN_AGAIN;
    }
  store_tag_release (&tag);
  reference_release (&ref);
  return status;
}
