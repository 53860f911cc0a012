/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Find the container that run is to use.  */

#include <config.h>

#include "src/container/obtain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/container/container.h"
#include "src/container/running.h"
#include "src/image/store.h"

int
obtain_read_pull (const char *text, enum obtain_pull *pull, struct error *err)
{
  static const struct
  {
    const char *text;
    enum obtain_pull pull;
  } words[] = {
    { "missing", OBTAIN_MISSING }, { "never", OBTAIN_NEVER },
    { "always", OBTAIN_ALWAYS },   { "reuse", OBTAIN_REUSE },
    { "", OBTAIN_MISSING },
  };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp (words[i].text, text) == 0)
      {
        *pull = words[i].pull;
        return 0;
      }
  return error_set (err, EINVAL,
                    _ ("invalid --pull value '%s': it must be one of missing,"
                       " never, always and reuse"),
                    text);
}

/* Open the container NAME.  Return 0, 1 when there is none, or another
   negative errno with ERR set.  */
static int
open_existing (struct store *store, const char *name, enum container_by by,
               struct container **container, struct error *err)
{
  AUTO_ERROR struct error failure = { 0 };
  int status = container_open (store, name, by, container, &failure);
  if (status == 0)
    return 0;
  if (status == -ENOENT || status == -EINVAL)
    return 1;
  return error_move (err, &failure);
}

/* Return whether IMAGE is here.  */
static bool
has_image (struct store *store, const char *image)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;
  struct store_tag found = { 0 };
  if (store_split_name (image, &name, &tag, &ignored) < 0
      || store_tag_find (store, name, tag, &found, &ignored) < 0)
    return false;
  store_tag_release (&found);
  return true;
}

/* Find an existing container for REQUEST, in the order that obtain_container
   promises.  Return as open_existing.  */
static int
find_existing (struct store *store, const struct obtain_request *request,
               struct container **container, struct error *err)
{
  int status = 1;
  if (request->pull == OBTAIN_REUSE && request->name != NULL)
    status =
        open_existing (store, request->name, CONTAINER_BY_NAME, container, err);
  if (status == 1)
    status = open_existing (store, request->target, CONTAINER_BY_NAME,
                            container, err);
  /* An image whose name looks like the beginning of an id comes first.  */
  if (status == 1 && !has_image (store, request->target))
    status = open_existing (store, request->target, CONTAINER_BY_PREFIX,
                            container, err);
  return status;
}

/* Give the existing CONTAINER the name that REQUEST wants, unless it has
   it.  */
static int
name_existing (struct store *store, const struct obtain_request *request,
               struct container *container, struct error *err)
{
  AUTO_ERROR struct error failure = { 0 };
  if (request->name == NULL)
    return 0;
  int status = container_add_name (container, request->name, &failure);
  if (status != -EEXIST)
    return status < 0 ? error_move (err, &failure) : 0;

  struct container *named = NULL;
  status = open_existing (store, request->name, CONTAINER_BY_NAME, &named, err);
  if (status < 0)
    return status;
  bool same = status == 0 && strcmp (named->id, container->id) == 0;
  if (status == 0)
    container_close (named);
  return same ? 0 : error_move (err, &failure);
}

/* Say that the name of REQUEST, which wants a new container, is taken.  */
static int
set_taken (const struct obtain_request *request, struct error *err)
{
  return error_set (err, EEXIST,
                    _ ("container name already exists: %s; --pull=reuse runs"
                       " in that container"),
                    request->name);
}

/* Make sure that the name which REQUEST wants for a new container can be
   had, before anything is fetched for it.  */
static int
check_name (struct store *store, const struct obtain_request *request,
            struct error *err)
{
  if (request->name == NULL)
    return 0;
  int status = container_check_name (request->name, err);
  if (status < 0)
    return status;
  struct container *taken = NULL;
  status = open_existing (store, request->name, CONTAINER_BY_NAME, &taken, err);
  if (status < 0)
    return status;
  if (status == 1)
    return 0;
  container_close (taken);
  return set_taken (request, err);
}

/* Make the container that REQUEST wants, and open it.  Return as
   obtain_once.  */
static int
make_new (struct store *store, const struct config *config,
          const struct obtain_request *request, struct obtained *obtained,
          struct error *err)
{
  if (request->pull == OBTAIN_NEVER && !has_image (store, request->target))
    return error_set (err, ENOENT,
                      _ ("container id or name not found: %s; nor is there"
                         " an image of that name here"),
                      request->target);
  int status = check_name (store, request, err);
  if (status < 0)
    return status;

  AUTO_FREE char *id = NULL;
  status = obtain_create (store, config, request, &id, err);
  if (status == -EEXIST)
    return set_taken (request, err);
  if (status != 0)
    return status;
  obtained->made = true;
  return container_open (store, id, CONTAINER_BY_NAME, &obtained->container,
                         err);
}

/* As obtain_container, but return OBTAIN_AGAIN with ERR set when another
   process made or removed what is wanted, and OBTAIN_REUSE does not mind.  */
static int
obtain_once (struct store *store, const struct config *config,
             const struct obtain_request *request, struct obtained *obtained,
             struct error *err)
{
  const bool reuse = request->pull == OBTAIN_REUSE;
  *obtained = (struct obtained){ .hold = -1 };
  int status = find_existing (store, request, &obtained->container, err);
  if (status < 0)
    return status;
  if (status == 0)
    status = name_existing (store, request, obtained->container, err);
  else
    status = make_new (store, config, request, obtained, err);
  if (status == 0)
    {
      obtained->hold = container_hold (obtained->container, reuse, err);
      if (obtained->hold < -1)
        status =
            reuse && obtained->hold == -ENOENT ? OBTAIN_AGAIN : obtained->hold;
    }
  if (status != 0)
    container_close (obtained->container);
  return status;
}

int
obtain_container (struct store *store, const struct config *config,
                  const struct obtain_request *request,
                  struct obtained *obtained, struct error *err)
{
  enum
  {
    MOST_ATTEMPTS = 1000 /* many: each is some other process's success */
  };
  AUTO_ERROR struct error failure = { 0 };
  int status = OBTAIN_AGAIN;
  for (int i = 0; i < MOST_ATTEMPTS && status == OBTAIN_AGAIN; i++)
    {
      error_release (&failure);
      status = obtain_once (store, config, request, obtained, &failure);
    }
  if (status == OBTAIN_AGAIN || status < 0)
    return error_move (err, &failure);
  return status;
}
