/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make a container, whatever it is made of.  */

#ifndef UDOCKER_CONTAINER_MAKE_H
#define UDOCKER_CONTAINER_MAKE_H

#include <signal.h>
#include <stddef.h>

struct error;
struct store;

/* Fill DIR, the directory of a container on its way, from DATA.  When *STOP
   becomes other than zero, a signal wants the process to end: fail soon with
   -EINTR.  Return 0, or a negative errno with ERR set; what is in DIR is then
   removed.  */
typedef int container_fill_function (int dir, const volatile sig_atomic_t *stop,
                                     void *data, struct error *err);

/* Make a container in STORE that FILL fills from DATA, and give it the alias
   NAME (NULL: none).  Its id, a lower-case UUID, is returned in *ID, which the
   caller frees.  The container appears only when it is whole and on disk.
   NAME is reserved while this goes on: another process that wants to create
   it too waits, and then fails.  Return 0, -EEXIST when NAME is taken, -EINVAL
   when it is not valid, or another negative errno; ERR is set on failure and
   nothing is left behind.  */
int container_make (struct store *store, const char *name,
                    container_fill_function *fill, void *data, char **id,
                    struct error *err);

/* Make the directory ROOT in DIR, that of a container on its way.  Return a
   descriptor, which the caller closes, or a negative errno with ERR set.  */
int container_make_root (int dir, struct error *err);

/* Write SIZE bytes of TEXT as the new file NAME in DIR, the directory of a
   container on its way.  Return 0, or a negative errno with ERR set.  */
int container_write_new_file (int dir, const char *name, const void *text,
                              size_t size, struct error *err);

#endif
