/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Advisory locks on files, that hold between machines where NFS allows.  */

#ifndef UDOCKER_LIB_BASE_LOCK_H
#define UDOCKER_LIB_BASE_LOCK_H

#include <stdbool.h>

struct error;

/* A lock is a file that somebody holds; it ends with the process that took
   it, however that ends.  The file stays: removing it would let two holders
   in.  Uses flock(2), which Linux carries over NFS as a byte-range lock of the
   whole file, and which threads and forks of one process share by
   descriptor.  */

/* Take the exclusive lock PATH below DIR, made if missing with mode 0666 (less
   the umask). When somebody else holds it, say once "waiting for WHAT" as
   information, then wait, unless WAIT is false: then fail with EWOULDBLOCK.  On
   a file system that knows no locks (some clusters mount theirs so) warn, once,
   and go on as if it were taken.  Return a descriptor that owns the lock until
   it is closed, or a negative errno with ERR set.  */
int lock_take (int dir, const char *path, const char *what, bool wait,
               struct error *err);

/* The same as lock_take but shared: many may hold it, none while somebody
   holds it exclusively.  */
int lock_share (int dir, const char *path, const char *what, bool wait,
                struct error *err);

#endif
