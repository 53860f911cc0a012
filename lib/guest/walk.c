/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Where a walk along a path of the container is, and how it moves.  */

#include "lib/guest/walk.h"

#include "lib/guest/handlers.h"

void
guest_walk_set_owned (struct guest_walk *walk, int fd)
{
  struct guest_found *found = walk->found;
  int *place = found->owned[0] < 0 ? &found->owned[0] : &found->owned[1];
  host_close (walk->guest, *place);
  *place = fd;
}

void
guest_walk_go_to_root (struct guest_walk *walk)
{
  guest_text_init (&walk->text, walk->found->text, sizeof walk->found->text);
  guest_text_add_bytes (&walk->text, walk->root, walk->root_length);
  walk->found->absolute = true;
  walk->known_directory = true;
}

void
guest_walk_go_to (struct guest_walk *walk, const char *path, size_t length)
{
  guest_text_init (&walk->text, walk->found->text, sizeof walk->found->text);
  if (length > 1)
    guest_text_add_bytes (&walk->text, path, length);
  walk->found->absolute = true;
  walk->known_directory = false;
}

void
guest_walk_append (struct guest_walk *walk, const char *name, size_t length)
{
  if (walk->found->absolute || walk->text.length > 0)
    guest_text_add_char (&walk->text, '/');
  guest_text_add_bytes (&walk->text, name, length);
}

bool
guest_walk_is_at_root (const struct guest_walk *walk)
{
  return walk->text.length == walk->root_length
         && guest_text_is (walk->text.bytes, walk->root_length, walk->root);
}

void
guest_walk_pop (struct guest_walk *walk)
{
  size_t length = walk->text.length;

  if (guest_walk_is_at_root (walk))
    return;
  while (length > 0 && walk->text.bytes[length - 1] != '/')
    length--;
  guest_text_cut (&walk->text, length > 0 ? length - 1 : 0);
}

void
guest_walk_locate (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  const struct guest_view *view = walk->guest->view;
  size_t length = walk->text.length;

  if (!found->absolute)
    {
      found->binding = GUEST_OUTSIDE;
      found->path = 0;
      found->mount = false;
      return;
    }
  found->binding = guest_view_cover (view, walk->text.bytes, length);
  found->anchor = walk->guest->anchors[found->binding];

  uint32_t skip = view->binding[found->binding].guest_length;
  if (found->binding == 0)
    skip = 0;
  found->mount = length == skip;
  found->path = found->mount ? skip : skip + 1;
}

bool
guest_walk_has_crossed (const struct guest_walk *walk)
{
  return (walk->final & GUEST_FINAL_NO_XDEV) && walk->found->absolute
         && guest_view_cover (walk->guest->view, walk->text.bytes,
                              walk->text.length)
                != walk->mount;
}

const char *
guest_walk_path_in_proc (const struct guest_walk *walk)
{
  const struct guest_found *found = walk->found;
  return guest_proc_below (walk->guest->view, found->binding,
                           guest_found_path (found),
                           walk->text.length - found->path);
}

void
guest_walk_look_for_slash (struct guest_walk *walk, const char *path,
                           size_t length)
{
  if ((walk->final & GUEST_FINAL_MISSING) && !(walk->final & GUEST_WALK_LENIENT)
      && length > 0 && path[length - 1] == '/')
    walk->final = (walk->final & ~(unsigned int) GUEST_FINAL_MISSING)
                  | GUEST_FINAL_CREATE;
}

/* Return whether TARGET, of LENGTH bytes, goes up from somewhere that it went
   down to.  */
static bool
goes_back (const char *target, size_t length)
{
  bool is_down = target[0] == '/';

  for (size_t i = 0; i < length;)
    {
      size_t start = i;
      while (i < length && target[i] != '/')
        i++;
      if (i - start == 2 && target[start] == '.' && target[start + 1] == '.')
        {
          if (is_down)
            return true;
        }
      else if (i > start && !(i - start == 1 && target[start] == '.'))
        is_down = true;
      i++;
    }
  return false;
}

int
guest_walk_splice (struct guest_walk *walk, const char *target, size_t length,
                   const char *rest, bool slash)
{
  if (walk->links++ >= K_LINKS_MAX || (walk->final & GUEST_FINAL_NO_LINKS))
    return -K_ELOOP;
  if (length == 0)
    return -K_ENOENT;

  size_t rest_length = guest_text_length (rest, GUEST_WALK_PENDING);
  char *end = walk->pending + GUEST_WALK_PENDING;
  size_t whole = length + slash + rest_length + 1;
  /* Names that grow so much do so by links that lead to themselves.  */
  if (whole > GUEST_WALK_PENDING)
    return -K_ELOOP;

  /* REST may lie in PENDING: move it first, from its end.  */
  *--end = '\0';
  for (size_t i = rest_length; i > 0; i--)
    *--end = rest[i - 1];
  if (slash)
    *--end = '/';
  for (size_t i = length; i > 0; i--)
    *--end = target[i - 1];
  walk->rest = end;
  /* What this says of a last component is not what the path says; and what is
     gone through only to come back may go unnoticed.  */
  if (rest_length == 0)
    {
      walk->learns = false;
      walk->met_last = true;
    }
  if (goes_back (target, length))
    walk->learns = walk->learns_link = false;
  guest_walk_look_for_slash (walk, end, whole - 1);
  if (target[0] == '/'
      && ((walk->final & GUEST_FINAL_BENEATH)
          || ((walk->final & GUEST_FINAL_NO_XDEV) && !walk->knows_root)))
    return -K_EXDEV;
  if (target[0] == '/')
    guest_walk_go_to_root (walk);
  else
    walk->known_directory = true;
  return WALK_AGAIN;
}

bool
guest_walk_is_virtual (const struct guest_walk *walk)
{
  return walk->found->absolute
         && guest_view_below (walk->guest->view, 0, walk->text.bytes,
                              walk->text.length, NULL, NULL)
                > 0;
}

int
guest_walk_check_anchor (const struct guest_walk *walk)
{
  const struct guest_found *found = walk->found;
  const struct guest_view *view = walk->guest->view;
  return found->binding != GUEST_OUTSIDE
                 && (view->binding[found->binding].flags & GUEST_BINDING_FILE)
             ? -K_ENOTDIR
             : 0;
}

size_t
guest_walk_last_slash (const struct guest_walk *walk)
{
  size_t end = walk->text.length;

  while (end > walk->found->path && walk->text.bytes[end - 1] != '/')
    end--;
  return end > walk->found->path ? end - 1 : 0;
}

int
guest_walk_start_at (struct guest_walk *walk, int fd, uint32_t preferred)
{
  char host[GUEST_PATH_SIZE];
  struct guest_found *found = walk->found;
  int length = guest_host_place (walk->guest, fd, host, sizeof host);

  if (length > 0)
    {
      struct guest_component first;
      if (preferred == 0 && guest_next_component (walk->rest, &first)
          && guest_walk_is_dotdot (&first))
        preferred = guest_view_outer (walk->guest->view, host, (size_t) length);
      guest_text_init (&walk->text, found->text, sizeof found->text);
      int inside =
          guest_view_reverse (walk->guest->view, host, (size_t) length,
                              preferred, found->text, sizeof found->text);
      if (inside > 0)
        {
          walk->text.length = inside > 1 ? (size_t) inside : 0;
          found->text[walk->text.length] = '\0';
          found->absolute = true;
          walk->known_directory = false;
          return 0;
        }
    }
  guest_text_init (&walk->text, found->text, sizeof found->text);
  found->anchor = fd;
  found->absolute = false;
  walk->known_directory = false;
  return 0;
}
