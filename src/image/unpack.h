/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Unpack layers, one over the other, into a directory.  */

#ifndef UDOCKER_IMAGE_UNPACK_H
#define UDOCKER_IMAGE_UNPACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct error;
struct owner_file;

/* A layer to unpack.  */
struct unpack_layer
{
  const char *name;    /* for messages */
  int fd;              /* the archive, compressed or not; read to its end */
  const char *diff_id; /* digest its uncompressed bytes must have, or NULL */
  char **digest;       /* where to put the digest that they have, sha256 where
                          there is no DIFF_ID; the caller frees it; or NULL */
  bool is_archive;     /* the user gave this file: no bytes are no archive */
};

/* Who wants to know how far reading a layer has got: ADVANCED is called with
   DATA now and then; the position in the layer's file tells the rest.  */
struct unpack_watch
{
  void (*advanced) (void *data);
  void *data;
};

/* Unpack the COUNT archives LAYERS, the lowest first, into the directory ROOT
   (a descriptor), as the OCI image specification says: later layers replace
   and white out what earlier ones made.

   Nothing outside ROOT is ever written, removed or linked to, whatever the
   archives contain: names are taken relative to ROOT, ".." stops at ROOT and
   symbolic links are followed as a process confined to ROOT would.  All is
   owned by the caller; permissions are those of the archive without set-id
   bits and with what the owner needs to read, change and remove the tree.
   Device nodes are left out.  With OWNERS, open for files on ROOT's device,
   owners, modes, devices and the attributes that only root can set are put on
   record there as the archives say them, and a device becomes an empty file;
   NULL: they are lost.

   When *STOP (STOP may be NULL) becomes other than zero, as a signal handler
   may make it, fail soon with -EINTR.  WATCH may be NULL.  Return 0, or a
   negative errno with ERR set; ROOT then holds an undefined part of the tree.
 */
int unpack_layers (int root, const struct unpack_layer *layers, size_t count,
                   struct owner_file *owners, const struct unpack_watch *watch,
                   const volatile sig_atomic_t *stop, struct error *err);

/* Read LAYER to its end as unpack_layers would, without writing anything.
   WATCH may be NULL.  Return 0 when it can be unpacked, or a negative errno
   with ERR set.  */
int unpack_check (const struct unpack_layer *layer,
                  const struct unpack_watch *watch, struct error *err);

#endif
