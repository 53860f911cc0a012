/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   A walk along a path of the container, for those who make one: path.c begins
   it, walk-proof.c has the kernel prove where it leads, walk-step.c goes from
   component to component, walk.c moves it.  */

#ifndef UDOCKER_LIB_GUEST_WALK_H
#define UDOCKER_LIB_GUEST_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/path-private.h"
#include "lib/guest/path.h"
#include "lib/guest/text.h"

struct guest;
struct guest_task;

/* GUEST_FINAL bit of walks alone: take what is missing as written.  */
#define GUEST_WALK_LENIENT 64u

/* Room for what is still to be walked while links are replaced.  */
#define GUEST_WALK_PENDING (2 * (size_t) GUEST_PATH_SIZE)

/* A walk under way.  */
struct guest_walk
{
  struct guest_task *task;
  struct guest *guest;
  struct guest_found *found;
  unsigned int final;
  unsigned int links;
  unsigned int attempts;  /* how often way 2 was tried */
  const char *root;       /* a canonical guest path, "" for the container's: */
  size_t root_length;     /* where absolute paths start and ".." ends */
  uint32_t mount;         /* with NO_XDEV: the binding never to be left */
  bool knows_root;        /* the kernel would know the root by now; until then
                             an absolute link is EXDEV with NO_XDEV */
  bool known_directory;   /* where we are is one */
  struct guest_text text; /* where we are: in FOUND's member text */
  char *rest;             /* what is still to be walked, in PENDING */

  /* What may be remembered (prefix.h), by GENERATION: where LEARNS, the
     directory of PATH, the first PARENT of its LENGTH bytes; where LEARNS_LINK,
     PATH itself, if its last component MET_LAST was a link.  */
  bool learns, learns_link;
  bool met_last;
  const char *path;
  size_t length, parent;
  uint32_t generation;
  char *pending; /* GUEST_WALK_PENDING bytes */
};

/* What a way can say besides 0 (done) and a negative errno.  */
enum
{
  WALK_AGAIN = 1, /* a link was replaced */
  WALK_UNFIT = 2  /* this way does not lead there */
};

static inline bool
guest_walk_is_dot (const struct guest_component *component)
{
  return component->length == 1 && component->name[0] == '.';
}

static inline bool
guest_walk_is_dotdot (const struct guest_component *component)
{
  return component->length == 2 && component->name[0] == '.'
         && component->name[1] == '.';
}

/* Let FOUND be nothing yet.  */
static inline void
guest_walk_begin (struct guest_found *found)
{
  found->anchor = found->object = found->owned[0] = found->owned[1] = -1;
  found->binding = found->up_from = GUEST_OUTSIDE;
  found->through = 0;
  found->untouched = found->absolute = found->directory = false;
  found->mount = found->virtual = found->magic = found->missing = false;
  found->unproved = false;
  found->last = GUEST_LAST_NORMAL;
}

/* Moves (walk.c).  */

/* Keep FD, which WALK stands on, until what was found is released.  */
void guest_walk_set_owned (struct guest_walk *walk, int fd);

/* Go to the root as the task sees it.  */
void guest_walk_go_to_root (struct guest_walk *walk);

/* Go to the canonical guest path PATH, of LENGTH bytes.  */
void guest_walk_go_to (struct guest_walk *walk, const char *path,
                       size_t length);

/* Take FD as where the walk is: by its guest path if it has one, in the binding
   PREFERRED (0 for none) if it is there too, otherwise as an anchor of its own.
   Return 0.  */
int guest_walk_start_at (struct guest_walk *walk, int fd, uint32_t preferred);

/* Add the component NAME, of LENGTH bytes, as text.  */
void guest_walk_append (struct guest_walk *walk, const char *name,
                        size_t length);

/* Take the last component off, but stay in the root.  */
void guest_walk_pop (struct guest_walk *walk);

/* Return whether the walk is where it cannot go up.  */
bool guest_walk_is_at_root (const struct guest_walk *walk);

/* Fill what was found, anchor, binding and path, from where the walk is.  */
void guest_walk_locate (struct guest_walk *walk);

/* Return whether the walk is not to cross mounts, and did: where it is now is
   another binding than where it started.  */
bool guest_walk_has_crossed (const struct guest_walk *walk);

/* Return the path below /proc of where the walk is (located), or NULL.  */
const char *guest_walk_path_in_proc (const struct guest_walk *walk);

/* Return whether a binding is below where the walk is: then a directory is
   there whatever the disk says.  */
bool guest_walk_is_virtual (const struct guest_walk *walk);

/* Return what is wrong with the binding that the walk is in (located) as the
   directory of something to be made: 0 or -ENOTDIR.  */
int guest_walk_check_anchor (const struct guest_walk *walk);

/* Return where the slash before the last component of where the walk is
   (located) stands in its text, or 0: nothing of it lies below the anchor.  */
size_t guest_walk_last_slash (const struct guest_walk *walk);

/* Of a file to be made whose name ends in a slash the kernel says EISDIR,
   without a look; the name may be what a link says.  PATH, of LENGTH bytes, is
   all that is left to be walked.  */
void guest_walk_look_for_slash (struct guest_walk *walk, const char *path,
                                size_t length);

/* Replace the link just met, whose TARGET has LENGTH bytes: where we are is
   the directory it lies in.  REST follows it; SLASH: a slash does.  Return
   WALK_AGAIN or a negative errno.  */
int guest_walk_splice (struct guest_walk *walk, const char *target,
                       size_t length, const char *rest, bool slash);

/* There is no link on the way to where the walk is: remember that for the
   directory of the path being walked, if its last component is where the walk
   is.  IS_THERE: that directory is known to exist.  */
void guest_walk_learn (struct guest_walk *walk, bool is_there);

/* The walk is at its end, which exists, and is no link: remember that for the
   path being walked, if its last component was one.  */
void guest_walk_learn_link (struct guest_walk *walk);

/* Fill FOUND for the absolute PATH of TASK, as guest_resolve does, from what is
   remembered alone.  Return whether that was possible.  (known.c)  */
bool guest_known (struct guest_task *task, const char *path, unsigned int final,
                  struct guest_found *found);

/* The walk is at the root, with the absolute PATH of LENGTH bytes to go.  If
   the directory that it begins with is remembered go there, and see what need
   not be looked at.  Return as ways do: WALK_UNFIT when there is more to do. */
int guest_walk_known (struct guest_walk *walk, const char *path, size_t length);

/* The walk has come to a relative path of more than one component, without ".."
   and what bindings mention, from the current directory.  Return whether it is
   remembered that no link is on the way to the last one; if not, it may be
   learnt when that is known.  */
bool guest_walk_known_relative (struct guest_walk *walk);

/* That is known now.  */
void guest_walk_learn_relative (struct guest_walk *walk);

/* Ways (path.c tells of them).  They return 0, WALK_AGAIN, WALK_UNFIT or a
   negative errno.  */

/* Way 1 for PATH, relative to BASE.  */
int guest_walk_relative (struct guest_walk *walk, int base, const char *path);

/* Way 2: make all that is left normal, as text, and prove it.  */
int guest_walk_at_once (struct guest_walk *walk);

/* Way 3: walk components until a link is replaced, or to the end; there the
   walk is located and what has to be a directory is one.  */
int guest_walk_by_component (struct guest_walk *walk);

#endif
