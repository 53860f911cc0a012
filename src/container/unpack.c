/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Unpack layers for a container on its way, which may keep their owners.  */

#include <config.h>

#include "src/container/unpack.h"

#include <string.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/owners/owner-file.h"
#include "src/image/unpack.h"

int
container_unpack_layers (int dir, int root, const struct unpack_layer *layers,
                         size_t count, bool keep,
                         const struct unpack_watch *watch,
                         const volatile sig_atomic_t *stop, struct error *err)
{
  struct owner_file owners = { .fd = -1 };
  int status = keep ? owner_file_begin (&owners, dir, root) : 0;
  if (status < 0)
    status = error_set (err, -status, _ ("cannot keep owners: %s"),
                        strerror (-status));
  else
    status = unpack_layers (root, layers, count, keep ? &owners : NULL, watch,
                            stop, err);
  owner_file_release (&owners);
  return status;
}
