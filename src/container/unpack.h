/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Unpack layers for a container on its way.  */

#ifndef UDOCKER_CONTAINER_UNPACK_H
#define UDOCKER_CONTAINER_UNPACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct error;
struct unpack_layer;
struct unpack_watch;

/* Unpack the COUNT LAYERS into the directory ROOT (a descriptor) as
   unpack_layers does; with KEEP, let DIR, the directory of a container on its
   way, keep the owners that they say; WATCH, which may be NULL, is told how far
   it got.  Return 0, or a negative errno with ERR
   set.  */
int container_unpack_layers (int dir, int root,
                             const struct unpack_layer *layers, size_t count,
                             bool keep, const struct unpack_watch *watch,
                             const volatile sig_atomic_t *stop,
                             struct error *err);

#endif
