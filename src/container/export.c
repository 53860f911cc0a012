/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Write a container as an archive.  */

#include <config.h>

#include "src/container/container.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/owners/owner-file.h"
#include "src/container/owners.h"
#include "src/image/tree-archive.h"

static bool
is_root (const char *name)
{
  return strcmp (name, "ROOT") == 0;
}

int
container_export (const struct container *container, bool whole, int out,
                  struct progress_line *line, const volatile sig_atomic_t *stop,
                  struct error *err)
{
  struct owner_file owners;
  int status = container_read_owners (container, &owners, err);
  const struct tree_selection selection = {
    .top = container->fd,
    .wants = whole ? container_has_part : is_root,
    .root = whole ? NULL : "ROOT",
    .owners = status > 0 ? &owners : NULL,
  };

  if (status >= 0)
    status = tree_archive (&selection, out, line, stop, err);
  owner_file_release (&owners);
  if (status != -EINTR && !container_is_in_place (container))
    return error_set (err, ENOENT, _ ("container %s was removed meanwhile"),
                      container->id);
  return status;
}
