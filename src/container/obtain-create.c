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
#include "lib/base/log.h"
#include "src/container/container.h"
#include "src/image/image.h"
#include "src/image/platform-choice.h"
#include "src/image/pull.h"
#include "src/image/store.h"
#include "src/registry/reference.h"

/* Find out whether the image FOUND, of STORE, suits REQUEST, which may want a
   platform; what does not say its own suits all.  Return 0 or 1 for that, or a
   negative errno with ERR set.  When it does not, *OFFERED is its platform in
   words, which the caller frees.  */
static int
suits (struct store *store, const struct obtain_request *request,
       const struct store_tag *found, char **offered, struct error *err)
{
  struct platform wanted = { 0 };
  struct platform its = { 0 };
  struct image image = { 0 };
  AUTO_ERROR struct error ignored = { 0 };
  bool good = true;
  if (request->platform == NULL)
    return 1;
  int status = platform_parse (&wanted, request->platform, err);
  if (status == 0 && image_open_structure (store, found, &image, &ignored) == 0
      && image_read_config (store, &image, &ignored) == 0)
    {
      *offered = image_platform (image.config, image.config_size);
      good = platform_parse (&its, *offered, &ignored) < 0
             || strcmp (its.architecture, "unknown") == 0
             || platform_suits (&wanted, &its) > 0;
    }
  image_release (&image);
  platform_release (&wanted);
  platform_release (&its);
  return status < 0 ? status : good;
}

/* Find the image that REF means in STORE, if there is one that REQUEST may
   take. Return 0, -ENOENT when there is none, or -EXDEV when it is for another
   platform; or another negative errno; ERR is set on failure.  */
static int
find_here (struct store *store, const struct obtain_request *request,
           const struct reference *ref, struct store_tag *found,
           struct error *err)
{
  AUTO_FREE char *offered = NULL;
  int status =
      store_tag_find (store, ref->name, reference_local_tag (ref), found, err);
  if (status == 0)
    status = suits (store, request, found, &offered, err);
  if (status != 0)
    return status < 0 ? status : 0;
  store_tag_release (found);
  *found = (struct store_tag){ 0 };
  return error_set (err, EXDEV, _ ("the image here is for %s, not for %s"),
                    offered, request->platform);
}

/* Find the image that REF means in STORE, or pull it first as REQUEST says. One
   of that name for another platform gives way, as with Docker.  */
static int
get_image (struct store *store, const struct config *config,
           const struct obtain_request *request, const struct reference *ref,
           struct store_tag *found, struct error *err)
{
  AUTO_ERROR struct error missing = { 0 };
  int status = request->pull == OBTAIN_ALWAYS
                   ? 1
                   : find_here (store, request, ref, found, &missing);
  if (status == 0)
    return 0;
  if (request->pull == OBTAIN_NEVER
      || (status < 0 && status != -ENOENT && status != -EXDEV))
    return error_move (err, &missing);
  if (status == -EXDEV)
    log_info ("%s", missing.text);

  struct pull_options options = { 0 };
  pull_options_from_config (&options, config);
  options.platform = request->platform;
  if (request->registry != NULL)
    options.registry.registry = request->registry;
  if (request->proxy != NULL)
    options.registry.proxy = request->proxy;
  if (status == -ENOENT)
    return image_find_or_pull (store, ref, &options, found, err);
  status = image_pull (store, ref, &options, err);
  if (status < 0)
    return status;
  return store_tag_find (store, ref->name, reference_local_tag (ref), found,
                         err);
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
