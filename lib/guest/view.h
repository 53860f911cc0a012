/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The immutable view: which host tree lies where in the container.  */

#ifndef UDOCKER_LIB_GUEST_VIEW_H
#define UDOCKER_LIB_GUEST_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum guest_binding_flag
{
  GUEST_BINDING_READ_ONLY = 1, /* changes below it give EROFS */
  GUEST_BINDING_FILE = 2,      /* the source is not a directory */
  GUEST_BINDING_TRUE = 4       /* owners and modes of what belongs to others
                                  are not changed for the container either */
};

/* What the engine gives: HOST, an absolute canonical path, is seen at GUEST,
   an absolute path in the container that is normal and free of links (see
   guest_canonical in path.h).  */
struct guest_mount
{
  const char *host;
  const char *guest;
  uint32_t flags; /* enum guest_binding_flag */
};

/* The same in a view: offsets into the view instead of pointers, both texts
   end with a NUL.  */
struct guest_binding
{
  uint32_t host, host_length;
  uint32_t guest, guest_length;
  uint32_t flags;
  uint32_t parent; /* the binding that its mount point lies in; 0 of 0 */
  uint32_t mount;  /* number of the guest_mount that it was built from */

  /* Where this is not binding I but place I in the order of host paths: which
     binding is there, and the place of the next shorter host path that covers
     its own, or I itself.  */
  uint32_t by_host, host_parent;
};

/* A component of guest paths.  */
struct guest_view_name
{
  uint32_t text, length; /* 0: none */
};

/* Bindings sorted by guest path, number 0 is the root.  Holds no pointer:
   the SIZE bytes from here can be written to a file and mapped anywhere.
   The engine keeps, beside it, an array with one O_PATH descriptor for each
   binding, in the view's order (struct guest, member anchors).  */
struct guest_view
{
  uint32_t magic;
  uint32_t size;
  uint32_t binding_count;
  uint32_t read_only; /* some binding is READ_ONLY */
  uint32_t names;     /* offset of a hash table of guest_view_name */
  uint32_t name_mask; /* its size, a power of two, and 1 less */
  struct guest_binding binding[];
};

#define GUEST_VIEW_MAGIC 0x32656976u
#define GUEST_BINDING_LIMIT 16384

/* Return how many bytes a view of the COUNT MOUNTS takes at most.  */
size_t guest_view_size (const struct guest_mount *mounts, size_t count);

/* Build the view of the COUNT MOUNTS, in any order, in the SIZE bytes at
   MEMORY (aligned for uint64_t).  One of them must be on "/".  Of several
   with the same guest path the last wins.  Return 0, -EINVAL when there is
   no root or a path is not absolute and normal, -E2BIG when there are too
   many, -ENOSPC when SIZE is too small.  */
int guest_view_build (void *memory, size_t size,
                      const struct guest_mount *mounts, size_t count);

/* Return whether the SIZE bytes at MEMORY are a view whose every offset lies
   inside: for a view that came from elsewhere.  */
bool guest_view_is_sound (const void *memory, size_t size);

/* Return the host or guest path of binding INDEX.  */
const char *guest_view_host (const struct guest_view *view, uint32_t index);
const char *guest_view_guest (const struct guest_view *view, uint32_t index);

/* Return the number of the binding that covers the guest PATH of LENGTH
   bytes, absolute and normal: the deepest whose guest path is PATH or above
   it.  There is always one, the root.  */
uint32_t guest_view_cover (const struct guest_view *view, const char *path,
                           size_t length);

/* Return the number of the first binding, from number FROM on, whose guest
   path lies strictly below the directory PATH, or 0 when there is none.
   NAME, when not NULL, gets the component of it that is an entry of PATH,
   and NAME_LENGTH its length: such an entry exists in the container even
   where it is missing on disk.  */
uint32_t guest_view_below (const struct guest_view *view, uint32_t from,
                           const char *path, size_t length, const char **name,
                           size_t *name_length);

/* Return whether NAME is a component of the guest path of some binding.  A
   relative path free of links and ".." without such a component crosses no
   mount point and names nothing virtual, wherever it starts.  */
bool guest_view_mentions (const struct guest_view *view, const char *name,
                          size_t length);

/* Turn the absolute canonical host PATH of LENGTH bytes into the guest's
   name for it: the binding with the longest matching host path, the root
   preferred when PATH lies in it, except that binding PREFERRED is taken
   where it matches (several may show one host directory; 0 for no wish).
   Write it into the SIZE bytes at GUEST with a NUL.  Return its length,
   -ENOENT when PATH lies in no binding or another binding covers the place,
   or -ENAMETOOLONG.  */
int guest_view_reverse (const struct guest_view *view, const char *path,
                        size_t length, uint32_t preferred, char *guest,
                        size_t size);

/* Return whether the absolute canonical host PATH of LENGTH bytes is seen by
   the container through binding PREFERRED (0 for none) and that is read-only;
   or if not through that one, whether it is seen and all bindings through which
   it is are.  */
bool guest_view_is_read_only (const struct guest_view *view, const char *path,
                              size_t length, uint32_t preferred);

/* Return the binding through which the absolute canonical host PATH of LENGTH
   bytes is to be seen by who goes up from it: where PATH is the source of a
   binding and also lies in another's, the latter.  Who walks a tree comes back
   that way, and nobody goes above the top of one without its name.  0 when
   there is no choice.  */
uint32_t guest_view_outer (const struct guest_view *view, const char *path,
                           size_t length);

#endif
