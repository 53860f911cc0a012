/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Write the entries of archives into a directory that they never leave.  */

#ifndef UDOCKER_IMAGE_TREE_WRITER_H
#define UDOCKER_IMAGE_TREE_WRITER_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct error;
struct tree_writer;

/* Begin to write into the directory ROOT, a descriptor that must stay open.
   Not to be called while other threads run: it looks at the umask.  Return
   the writer, to be ended with tree_writer_free.  */
struct tree_writer *tree_writer_new (int root);

/* Finish with WRITER, which may be NULL: put the times of directories right
   and free it.  */
void tree_writer_free (struct tree_writer *writer);

/* A layer begins: whiteouts that follow hide what was there before, not what
   this layer makes.  */
void tree_writer_next_layer (struct tree_writer *writer);

/* All functions below take the name of an entry as it stands in the archive:
   leading slashes, empty and "." components are dropped, ".." takes away the
   component before it and stops at the root.  Directories on the way that are
   missing are made; symbolic links on the way are followed as if ROOT were
   the root of all.  What is in the place of an entry is replaced, but for a
   directory by a directory.  TIME is the entry's time of modification.  They
   return 0, or a negative errno with ERR set, unless they say more.  */

/* Make the directory NAME with the permissions MODE.  */
int tree_writer_directory (struct tree_writer *writer, const char *name,
                           mode_t mode, struct timespec time,
                           struct error *err);

/* Find the directory that NAME is in, which WRITER has made.  Return a
   descriptor of it, WRITER's own until its next call, with *LAST the name
   there ("" when NAME is the root); or a negative errno.  */
int tree_writer_parent (struct tree_writer *writer, const char *name,
                        const char **last);

/* Open the directory NAME, for its attributes.  Return a descriptor, which the
   caller closes, or a negative errno.  */
int tree_writer_open_directory (struct tree_writer *writer, const char *name);

/* Make the regular file NAME with the permissions MODE, and return a
   descriptor to write it, which the caller gives back with
   tree_writer_close_file.  */
int tree_writer_open_file (struct tree_writer *writer, const char *name,
                           mode_t mode, struct error *err);

/* Set the time of the file FD, made as NAME, and close it.  */
int tree_writer_close_file (struct tree_writer *writer, int fd,
                            const char *name, struct timespec time,
                            struct error *err);

/* Make the symbolic link NAME to TARGET, which is taken as it is.  */
int tree_writer_symlink (struct tree_writer *writer, const char *name,
                         const char *target, struct timespec time,
                         struct error *err);

/* Make NAME another name of the file TARGET, a name in the archive as NAME.
   -ENOENT when there is no TARGET.  */
int tree_writer_link (struct tree_writer *writer, const char *name,
                      const char *target, struct error *err);

/* Make the FIFO NAME with the permissions MODE.  */
int tree_writer_fifo (struct tree_writer *writer, const char *name, mode_t mode,
                      struct timespec time, struct error *err);

/* If NAME is that of a whiteout remove what it hides and return 1; return 0
   when it is not.  */
int tree_writer_whiteout (struct tree_writer *writer, const char *name,
                          struct error *err);

#endif
