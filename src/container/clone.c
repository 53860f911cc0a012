/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make a container that is a copy of another.  */

#include <config.h>

#include "src/container/container.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/container/make.h"
#include "src/container/owners.h"
#include "src/image/store.h"
#include "src/image/tree-copy.h"

/* What a copy has too.  What is not here is a cache (osenv.json, config.json,
   ld.lib.dirs), or about this container only (PROTECT, locks).  */
static const char *const parts[] = {
  "ROOT",
  "container.json",
  "imagerepo.name",
  "execmode",
  "nvidia",
  ".mountpoints",
  ".bind_orig_files",
  /* For the F modes: root.path and patch.path tell where the tree was when
     its links and programs were changed to begin there.  */
  "root.path",
  "ld.so.path",
  "ld.so.orig",
  "libfakechroot.so",
  "patch.path",
  "patch.time",
};

bool
container_has_part (const char *name)
{
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strcmp (name, parts[i]) == 0)
      return true;
  return false;
}

/* What is to be copied.  */
struct original
{
  const struct container *container;
  struct progress_line *line;
};

/* Fill DIR, the directory of a container on its way, from another.  */
static int
fill (int dir, const volatile sig_atomic_t *stop, void *data, struct error *err)
{
  const struct original *original = data;
  const struct container *container = original->container;

  int status = tree_copy (container->fd, dir, container_has_part,
                          original->line, stop, err);
  if (status == 0)
    status = container_copy_owners (container, dir, stop, err);
  if (status == -EINTR)
    return status;
  if (!container_is_in_place (container))
    return error_set (err, ENOENT, _ ("container %s was removed meanwhile"),
                      container->id);
  return status;
}

int
container_clone (const struct container *container, const char *name,
                 struct progress_line *line, char **id, struct error *err)
{
  struct original original = { .container = container, .line = line };

  return container_make (container->store, name, fill, &original, id, err);
}
