/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Ways 1 and 2 of a walk: the kernel proves with one openat2 where a path
   leads.  path.c tells when.  */

#include "lib/guest/walk.h"

#include "lib/guest/handlers.h"
#include "lib/guest/unlock.h"

static bool
has_dotdot (const char *path)
{
  struct guest_component component;
  for (; guest_next_component (path, &component); path = component.end)
    if (guest_walk_is_dotdot (&component))
      return true;
  return false;
}

/* Prove that the directory in which the last component of where the walk is
   is to be made exists, and that no link leads there.  */
static int
prove_parent (struct guest_walk *walk, uint64_t resolve)
{
  struct guest_found *found = walk->found;
  size_t slash = guest_walk_last_slash (walk);

  if (slash == 0)
    return guest_walk_check_anchor (walk);
  walk->text.bytes[slash] = '\0';
  int fd =
      guest_open_plainly (walk->guest, found->anchor, guest_found_path (found),
                          K_O_PATH | K_O_DIRECTORY, resolve);
  bool is_there = fd != -K_ENOENT || !found->absolute
                  || guest_view_below (walk->guest->view, 0, walk->text.bytes,
                                       slash, NULL, NULL)
                         == 0;
  walk->text.bytes[slash] = '/';
  host_close (walk->guest, fd);
  if (fd >= 0)
    guest_walk_learn (walk, true);
  if (!is_there)
    return -K_EROFS;
  return fd < 0 ? fd : 0;
}

/* Follow the link that the last component of where the walk is turned out
   to be, if all before it is free of links; *IS_FREE tells whether it may
   be.  */
static int
follow_last (struct guest_walk *walk, uint64_t resolve, bool *is_free)
{
  struct guest_found *found = walk->found;
  char target[GUEST_PATH_SIZE];
  int fd =
      host_openat2 (walk->guest, found->anchor, guest_found_path (found),
                    K_O_PATH | K_O_NOFOLLOW, K_RESOLVE_NO_SYMLINKS | resolve);
  *is_free = fd != -K_ELOOP;
  if (fd < 0)
    return WALK_UNFIT;
  guest_walk_learn (walk, true);
  int length = host_readlinkat (walk->guest, fd, "", target, sizeof target);
  host_close (walk->guest, fd);
  if (length < 0)
    return WALK_UNFIT;

  size_t end = walk->text.length;
  while (end > 0 && walk->text.bytes[end - 1] != '/')
    end--;
  guest_text_cut (&walk->text, end > 0 ? end - 1 : 0);
  return guest_walk_splice (walk, target, (size_t) length,
                            found->last == GUEST_LAST_DOT ? "." : "",
                            found->directory);
}

/* Prove by one openat2 that where the walk is (located, LEFT to be walked
   being part of it already) is right.  RAW is what to give to the kernel.  */
static int
prove (struct guest_walk *walk, const char *raw, uint64_t resolve, bool dotdot)
{
  struct guest_found *found = walk->found;
  bool nofollow = (walk->final & GUEST_FINAL_NOFOLLOW) && !found->directory;
  bool is_free;

  /* It was seen to be one, or there is one on the way.  */
  if ((walk->final & GUEST_FINAL_IS_LINK) && walk->links == 0 && !nofollow
      && !dotdot && guest_walk_path_in_proc (walk) == NULL)
    {
      int status = follow_last (walk, resolve, &is_free);
      if (status != WALK_UNFIT || !is_free)
        return status;
    }
  int fd = host_openat2 (walk->guest, found->anchor, raw,
                         K_O_PATH | (nofollow ? K_O_NOFOLLOW : 0)
                             | (found->directory ? K_O_DIRECTORY : 0),
                         K_RESOLVE_NO_SYMLINKS | resolve);
  if (!dotdot && (fd >= 0 || fd == -K_ENOENT))
    guest_walk_learn (walk, fd >= 0);
  if (!dotdot && fd >= 0 && !nofollow)
    guest_walk_learn_link (walk);
  if (fd >= 0)
    {
      if (walk->final & GUEST_FINAL_OBJECT)
        found->object = fd;
      else
        host_close (walk->guest, fd);
      return 0;
    }
  switch (fd)
    {
    case -K_ENOENT:
      if (dotdot)
        return WALK_UNFIT;
      if (guest_walk_is_virtual (walk))
        {
          found->virtual = true;
          return 0;
        }
      found->missing = true;
      return walk->final & (GUEST_FINAL_MISSING | GUEST_WALK_LENIENT) ? 0 : fd;
    case -K_ELOOP:
      if (nofollow || dotdot || guest_walk_path_in_proc (walk) != NULL)
        return WALK_UNFIT;
      return follow_last (walk, resolve, &is_free);
    case -K_EXDEV:
    case -K_EAGAIN:
    case -K_ENOSYS:
    case -K_EMFILE:
    case -K_ENFILE:
      return WALK_UNFIT;
    default:
      return fd;
    }
}

/* Where the walk came to (located) by a link that came last needs no proof
   where who asked tries that himself.  */
static bool
may_stay_unproved (const struct guest_walk *walk, bool dotdot)
{
  return (walk->final & GUEST_FINAL_TRY_ALL) && walk->links > 0 && !walk->learns
         && !dotdot && !walk->found->directory && !guest_walk_is_virtual (walk)
         && guest_walk_path_in_proc (walk) == NULL
         && !guest_may_unlock (walk->task);
}

int
guest_walk_at_once (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  const struct guest_view *view = walk->guest->view;
  size_t start = walk->text.length;
  bool dotdot = has_dotdot (walk->rest);
  struct guest_component component;

  if ((walk->guest->missing & GUEST_LACKS_OPENAT2) || !found->absolute
      || walk->attempts++ > 4)
    return WALK_UNFIT;
  /* Only a path that starts at the real root and never leaves its tree.  */
  if (dotdot
      && (walk->root_length > 0 || start > 0
          || (walk->final & (GUEST_FINAL_BENEATH | GUEST_FINAL_NO_XDEV))))
    return WALK_UNFIT;

  found->directory = false;
  found->last = GUEST_LAST_ROOT;
  for (const char *at = walk->rest; guest_next_component (at, &component);
       at = component.end)
    {
      found->last = GUEST_LAST_NORMAL;
      if (guest_walk_is_dot (&component))
        found->last = GUEST_LAST_DOT;
      else if (guest_walk_is_dotdot (&component))
        {
          found->last = GUEST_LAST_DOTDOT;
          found->up_from = 0;
          guest_walk_pop (walk);
        }
      else
        guest_walk_append (walk, component.name, component.length);
      found->directory = component.slash || found->last != GUEST_LAST_NORMAL;
      if (dotdot
          && guest_view_cover (view, walk->text.bytes, walk->text.length) > 0)
        goto unfit;
    }
  if (found->last == GUEST_LAST_ROOT)
    found->directory = true;
  if (walk->text.overflows)
    return -K_ENAMETOOLONG;

  if (guest_walk_has_crossed (walk))
    return -K_EXDEV;
  guest_walk_locate (walk);
  if (found->mount)
    {
      if (dotdot)
        goto unfit;
      bool file = view->binding[found->binding].flags & GUEST_BINDING_FILE;
      return file && found->directory ? -K_ENOTDIR : 0;
    }

  int status;
  if ((walk->final & GUEST_FINAL_CREATE) && found->last == GUEST_LAST_NORMAL
      && !dotdot)
    {
      status = prove_parent (walk, K_RESOLVE_IN_ROOT);
      if (status == -K_ELOOP || status == -K_EAGAIN || status == -K_EXDEV
          || host_lacks_numbers (status))
        status = WALK_UNFIT;
    }
  else if ((walk->final & GUEST_FINAL_CREATE)
           && found->last == GUEST_LAST_NORMAL)
    status = WALK_UNFIT;
  else if (may_stay_unproved (walk, dotdot))
    {
      found->unproved = true;
      return 0;
    }
  else
    status = prove (walk, dotdot ? walk->rest : guest_found_path (found),
                    K_RESOLVE_IN_ROOT, dotdot);
  if (status == WALK_UNFIT)
    {
    unfit:
      guest_text_cut (&walk->text, start);
      return WALK_UNFIT;
    }
  return status;
}

int
guest_walk_relative (struct guest_walk *walk, int base, const char *path)
{
  struct guest_found *found = walk->found;
  struct guest_component component;
  unsigned int count = 0;

  guest_text_init (&walk->text, found->text, sizeof found->text);
  found->absolute = false;
  found->anchor = base;
  found->directory = false;
  found->last = GUEST_LAST_DOT;
  for (; guest_next_component (path, &component); path = component.end)
    {
      if (guest_walk_is_dotdot (&component)
          || guest_view_mentions (walk->guest->view, component.name,
                                  component.length))
        return WALK_UNFIT;
      found->last =
          guest_walk_is_dot (&component) ? GUEST_LAST_DOT : GUEST_LAST_NORMAL;
      found->directory = component.slash || guest_walk_is_dot (&component);
      if (!guest_walk_is_dot (&component))
        {
          guest_walk_append (walk, component.name, component.length);
          count++;
        }
    }
  guest_walk_locate (walk);
  found->untouched = true;
  if (count == 0)
    {
      /* Where the task is may have been closed to it.  */
      if (!(walk->final & GUEST_FINAL_OBJECT))
        return 0;
      found->object =
          host_openat (walk->guest, base, ".", K_O_PATH | K_O_DIRECTORY);
      return found->object < 0 && !host_lacks_numbers (found->object)
                 ? found->object
                 : 0;
    }
  bool tries = walk->final & (GUEST_FINAL_TRY_ALL | GUEST_FINAL_TRY_LAST);
  bool follows = !(walk->final & (GUEST_FINAL_NOFOLLOW | GUEST_FINAL_CREATE));
  bool is_enough = tries || (!follows && !(walk->final & GUEST_FINAL_MISSING))
                   || (walk->final & GUEST_FINAL_CREATE);
  if (!found->directory && !(walk->final & GUEST_FINAL_IS_LINK))
    {
      bool is_known = count == 1 && (tries || !follows);
      bool tries_all = walk->final & GUEST_FINAL_TRY_ALL;
      if (count > 1 && is_enough && base == GUEST_AT_CWD && !tries_all)
        is_known = guest_walk_known_relative (walk);
      if (is_known || tries_all)
        {
          found->unproved = follows || !is_known;
          return 0;
        }
    }

  int status;
  if ((walk->final & GUEST_FINAL_CREATE) && found->last == GUEST_LAST_NORMAL)
    status = prove_parent (walk, K_RESOLVE_BENEATH);
  else
    {
      /* A final link is not followed here: way 2 does that.  */
      bool nofollow = (walk->final & GUEST_FINAL_NOFOLLOW) && !found->directory;
      status = guest_open_plainly (walk->guest, base, guest_found_path (found),
                                   K_O_PATH | (nofollow ? K_O_NOFOLLOW : 0)
                                       | (found->directory ? K_O_DIRECTORY : 0),
                                   K_RESOLVE_BENEATH);
      if (status == -K_ENOENT
          && (walk->final & (GUEST_FINAL_MISSING | GUEST_WALK_LENIENT)))
        {
          found->missing = true;
          status = 0;
        }
      else if (status >= 0 && (walk->final & GUEST_FINAL_OBJECT))
        {
          found->object = status;
          status = 0;
        }
      else if (status >= 0)
        {
          host_close (walk->guest, status);
          status = 0;
        }
    }
  if (status == 0)
    guest_walk_learn_relative (walk);
  walk->learns = false;
  if (status == -K_ELOOP || status == -K_EXDEV || status == -K_EAGAIN
      || host_lacks_numbers (status))
    {
      found->untouched = false;
      return WALK_UNFIT;
    }
  return status;
}
