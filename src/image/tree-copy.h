/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Copy a directory tree.  */

#ifndef UDOCKER_IMAGE_TREE_COPY_H
#define UDOCKER_IMAGE_TREE_COPY_H

#include <signal.h>
#include <stdbool.h>

struct error;
struct progress_line;

/* Copy what is in the directory SOURCE into the directory TARGET, both
   descriptors; directly below SOURCE only what WANTS (NULL: everything)
   answers to.  TARGET itself keeps its attributes.  Neither tree is left,
   whatever is in them, and whoever changes SOURCE meanwhile.

   The copy has the hard links, holes, times, permissions and user attributes
   of the original, and shares its blocks where the file system can.  What
   belongs to others becomes the caller's, without set-id bits.  FIFOs and
   sockets are copied, as names; devices are left out where they cannot be
   made, and so is what other file systems have mounted.  Nothing is flushed.

   LINE, which may be NULL, is told how many bytes are done.  When *STOP
   becomes other than zero fail soon with -EINTR.  Return 0, or a negative
   errno with ERR set; TARGET then holds a part.  Not to be called while other
   threads run: it changes the umask.  */
int tree_copy (int source, int target, bool (*wants) (const char *name),
               struct progress_line *line, const volatile sig_atomic_t *stop,
               struct error *err);

#endif
