/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Walk a directory tree to copy it or to put it into an archive.  */

#ifndef UDOCKER_IMAGE_TREE_WALK_H
#define UDOCKER_IMAGE_TREE_WALK_H

#include <signal.h>
#include <stdbool.h>

struct error;
struct stat;

/* Something in a tree.  All is borrowed and valid during the call.  */
struct tree_entry
{
  int dir;          /* the directory that it lies in; -1 for the top */
  const char *name; /* its name there; "" for the top */
  const char *path; /* from the top; "" for the top */
  int fd;           /* of a directory or regular file: open for reading */
  const struct stat *info;
};

/* What a walk calls.  The functions return 0, or a negative errno with ERR
   set, which ends the walk.  */
struct tree_visitor
{
  /* Whether what is called NAME directly below the top belongs to the walk;
     NULL: everything.  */
  bool (*wants) (const char *name);

  /* A directory, before what is in it, and after (NULL: nothing is to be done
     then).  What LEAVE gets as INFO is what ENTER got, but for DIR and FD,
     which are -1.  */
  int (*enter) (void *data, const struct tree_entry *entry, struct error *err);
  int (*leave) (void *data, const struct tree_entry *entry, struct error *err);

  /* Everything else.  */
  int (*visit) (void *data, const struct tree_entry *entry, struct error *err);
};

/* Walk the tree whose top is the directory TOP, a descriptor, with the
   functions of VISITOR, which get DATA; names in the order of their bytes.

   No link is followed, no other file system is entered (what is mounted is
   visited as an empty directory), no depth is too deep.  What vanishes
   meanwhile is passed over.  A directory or file of the caller's that denies
   itself to its owner has read permission while it is being read.  When *STOP
   (STOP may be NULL) becomes other than zero fail with -EINTR.  Return 0, or a
   negative errno with ERR set.  */
int tree_walk (int top, const struct tree_visitor *visitor, void *data,
               const volatile sig_atomic_t *stop, struct error *err);

#endif
