/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Write a directory tree as a tar archive.  */

#ifndef UDOCKER_IMAGE_TREE_ARCHIVE_H
#define UDOCKER_IMAGE_TREE_ARCHIVE_H

#include <signal.h>
#include <stdbool.h>

struct error;
struct owner_file;
struct progress_line;

/* What goes into an archive.  */
struct tree_selection
{
  int top; /* the directory, a descriptor */

  /* What directly below it is meant; NULL: everything.  */
  bool (*wants) (const char *name);

  /* The directory directly below TOP that becomes the root of the archive,
     and nothing else than it is in the archive; NULL: TOP.  */
  const char *root;

  /* Owners, modes, devices and attributes that count instead of what the files
     have themselves, or NULL.  */
  struct owner_file *owners;
};

/* Write what SELECTION says to OUT, a descriptor, as a tar archive in pax
   format that begins with "./", names in the order of their bytes.  It has
   hard links, holes, times, permissions and the attributes of users; extended
   headers only where something needs them.  What belongs to the caller
   belongs to root in it, unless he is root or SELECTION has another owner.
   Sockets are left out.  The bytes of names are those of the tree, whatever the
   locale.

   LINE, which may be NULL, is told how many bytes of files are done.  When
   *STOP becomes other than zero fail soon with -EINTR.  Return 0, or a
   negative errno with ERR set: what was written then has no end.  */
int tree_archive (const struct tree_selection *selection, int out,
                  struct progress_line *line, const volatile sig_atomic_t *stop,
                  struct error *err);

#endif
