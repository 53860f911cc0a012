/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What a path of the contained program names.

   The answer is {anchor, path below it without links}.  The walk keeps the
   canonical guest path of where it is; which binding covers that is a matter
   of text, because a canonical path has no links and bindings' own places
   are canonical and fixed.  Three ways lead to the answer, cheapest first.

   1. A relative path that has no "..", and no component that occurs in the
      guest path of any binding, means the same to the kernel as to the
      container as long as it meets no link.  One openat2 with
      RESOLVE_NO_SYMLINKS proves that; the call may then even run with the
      program's own arguments.  Where only the last component is there and is
      not followed, nothing has to be proved.

   2. Any other path is made normal as text, and one openat2 with
      RESOLVE_NO_SYMLINKS below the covering binding proves that this was
      allowed.  Its error is the error of the call, since up to it no link
      was met; but ELOOP means that there is one.  When only the last
      component is a link, a second openat2 finds it, and all starts again
      with its target.  A path with ".." can be proved so only while it stays
      in the root's own tree, where RESOLVE_IN_ROOT does what chroot does.

   3. Otherwise, and where there is no openat2, components are looked at one
      by one with readlinkat until a link is replaced; then 2 is tried again.

   Between the proof and the use another process of the container can put a
   link somewhere.  It could leave the container's tree by that; but it runs
   under our own user and could by many other means: this is not a security
   boundary, and a real call has the descriptor of the object wherever it is
   carried out here.

   Links of /proc that lead to something the kernel knows and the container
   sees otherwise (self, exe, cwd, root) are replaced by what the engine
   knows.  Those that lead to an open file (fd/N and the like) are left to
   the kernel where they come last: the file may have no name.  */

#include "lib/guest/path.h"

#include "lib/guest/handlers.h"
#include "lib/guest/unlock.h"
#include "lib/guest/walk.h"

/* Walk what is left, absolute or from where the walk is.  */
static int
walk_all (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  int status;

  do
    {
      status = guest_walk_at_once (walk);
      if (status == WALK_UNFIT)
        status = guest_walk_by_component (walk);
    }
  while (status == WALK_AGAIN);
  if (status < 0)
    return status;
  if (walk->text.overflows)
    return -K_ENAMETOOLONG;
  if (found->absolute && walk->text.length == 0)
    {
      guest_text_add_char (&walk->text, '/');
      found->path = 1;
    }
  return 0;
}

/* A directory is being walked from (START_AT): where it has a name in the
   container make that the root of a walk that must not leave it; SCOPE gets a
   copy.  Return 0, or WALK_UNFIT: bindings are no matter there, the kernel
   knows best.  */
static int
enclose (struct guest_walk *walk, char scope[GUEST_PATH_SIZE])
{
  if (!(walk->final & (GUEST_FINAL_BENEATH | GUEST_FINAL_IN_ROOT)))
    return 0;
  if (!walk->found->absolute || walk->text.length >= GUEST_PATH_SIZE)
    return WALK_UNFIT;
  for (size_t i = 0; i < walk->text.length; i++)
    scope[i] = walk->text.bytes[i];
  scope[walk->text.length] = '\0';
  walk->root = scope;
  walk->root_length = walk->text.length;
  return 0;
}

/* Resolve PATH relative to DIR.  */
static int
resolve_relative (struct guest_walk *walk, int dir, const char *path)
{
  char scope[GUEST_PATH_SIZE];
  struct guest_found *found = walk->found;
  int base = guest_get_base (walk->task, dir, &found->owned[0]);
  if (base < 0 && base != GUEST_AT_CWD)
    return base;
  if (dir == GUEST_AT_CWD)
    found->through = walk->task->fs->cwd_binding;

  if (path[0] == '\0')
    {
      guest_text_init (&walk->text, found->text, sizeof found->text);
      found->absolute = false;
      found->anchor = base;
      found->last = GUEST_LAST_DOT;
      found->untouched = true;
      guest_walk_locate (walk);
      return 0;
    }

  int status = guest_walk_relative (walk, base, path);
  if (status != WALK_UNFIT)
    return status;
  found->untouched = false;
  status = guest_walk_start_at (
      walk, base, dir == GUEST_AT_CWD ? walk->task->fs->cwd_binding : 0);
  if (status < 0)
    return status;
  if (enclose (walk, scope) == WALK_UNFIT)
    {
      found->untouched = true;
      return 0;
    }
  walk->mount = found->absolute ? guest_view_cover (
                    walk->guest->view, walk->text.bytes, walk->text.length)
                                : 0;
  return walk_all (walk);
}

/* What was found may be one of the engine's own descriptors in /proc.  */
static int
check_hidden (struct guest_walk *walk)
{
  const char *proc = walk->guest->own.end_fd > 0 && walk->found->absolute
                         ? guest_walk_path_in_proc (walk)
                         : NULL;
  return proc != NULL && guest_proc_hides (walk->task, proc) ? -K_ENOENT : 0;
}

/* What was found must not lie on another mount of the host's either: see
   whether it does.  */
static int
check_mounts (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;

  if (!(walk->final & GUEST_FINAL_NO_XDEV) || found->virtual || found->untouched
      || !found->absolute)
    return 0;
  int fd = host_openat2 (
      walk->guest, found->anchor,
      found->path < walk->text.length ? guest_found_path (found) : ".",
      K_O_PATH | (found->magic ? 0 : K_O_NOFOLLOW), K_RESOLVE_NO_XDEV);
  host_close (walk->guest, fd);
  return fd == -K_EXDEV ? fd : 0;
}

int
guest_resolve_closed (struct guest_task *task, int dir, const char *path,
                      unsigned int final, struct guest_found *found)
{
  char pending[GUEST_WALK_PENDING];
  struct guest_walk walk = { .task = task,
                             .guest = task->guest,
                             .found = found,
                             .final = final,
                             .root = task->fs->root,
                             .root_length = task->fs->root_length,
                             .pending = pending };

  if (path[0] == '/' && task->prefixes != NULL
      && guest_known (task, path, final, found))
    return 0;
  size_t length = guest_text_length (path, GUEST_PATH_SIZE);
  if (length >= GUEST_PATH_SIZE)
    return -K_ENAMETOOLONG;
  if (length == 0 && !(final & GUEST_FINAL_EMPTY))
    return -K_ENOENT;

  guest_walk_begin (found);

  guest_walk_look_for_slash (&walk, path, length);

  walk.rest = walk.pending + GUEST_WALK_PENDING - length - 1;
  for (size_t i = 0; i <= length; i++)
    walk.rest[i] = path[i];

  int status = 0;
  walk.knows_root =
      path[0] == '/' || (final & (GUEST_FINAL_BENEATH | GUEST_FINAL_IN_ROOT));
  if (path[0] == '/' && (final & GUEST_FINAL_BENEATH))
    return -K_EXDEV;
  if (path[0] == '/' && (final & GUEST_FINAL_IN_ROOT))
    {
      while (*path == '/')
        path++;
      while (*walk.rest == '/')
        walk.rest++;
      status = resolve_relative (&walk, dir, *path == '\0' ? "." : path);
    }
  else if (path[0] == '/')
    {
      guest_walk_go_to_root (&walk);
      walk.mount = guest_view_cover (walk.guest->view, walk.text.bytes,
                                     walk.text.length);
      status = guest_walk_known (&walk, path, length);
      if (status == WALK_UNFIT || status == WALK_AGAIN)
        status = walk_all (&walk);
    }
  else
    status = resolve_relative (&walk, dir, path);
  if (status == 0)
    status = check_mounts (&walk);
  if (status == 0)
    status = check_hidden (&walk);
  /* What is to be made may be there already, although the disk lacks it.  */
  if (status == 0 && (final & GUEST_FINAL_CREATE) && !found->mount
      && found->last == GUEST_LAST_NORMAL && guest_walk_is_virtual (&walk))
    found->virtual = true;
  if (status < 0)
    {
      guest_found_release (walk.guest, found);
      return status;
    }
  found->length = (uint32_t) walk.text.length;
  return 0;
}

int
guest_resolve (struct guest_task *task, int dir, const char *path,
               unsigned int final, struct guest_found *found)
{
  int status = guest_resolve_closed (task, dir, path, final, found);

  if (!guest_may_unlock (task) || (final & GUEST_WALK_LENIENT))
    return status;
  while (status == -K_EACCES && guest_unlock_way (task, dir, path))
    status = guest_resolve_closed (task, dir, path, final, found);
  if (status == 0 && (final & (GUEST_FINAL_CREATE | GUEST_FINAL_MISSING)))
    guest_unlock_parent (task, found);
  return status;
}

int
guest_resolve_at (struct guest_task *task, int dir, uint64_t address,
                  unsigned int final, struct guest_found *found)
{
  char path[GUEST_PATH_SIZE];
  int length = task->guest->ops->read_string (task, address, path, sizeof path);
  if (length < 0)
    return length;
  return guest_resolve (task, dir, path, final, found);
}

int
guest_canonical (struct guest_task *task, const char *path, unsigned int final,
                 char *canonical, size_t size)
{
  struct guest_found found;
  int status = guest_resolve (task, GUEST_AT_CWD, path,
                              (final & GUEST_FINAL_NOFOLLOW)
                                  | GUEST_FINAL_MISSING | GUEST_WALK_LENIENT,
                              &found);
  if (status < 0)
    return status;
  status = guest_found_guest (task, &found, canonical, size);
  guest_found_release (task->guest, &found);
  return status;
}
