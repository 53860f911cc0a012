/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Paths of which something is remembered (prefix.h): what need not be walked.
 */

#include "lib/guest/handlers.h"
#include "lib/guest/prefix.h"
#include "lib/guest/walk.h"

/* Bits of enum guest_final that say more than what is remembered.  */
#define FINAL_STRICT                                                           \
  (GUEST_FINAL_NO_LINKS | GUEST_FINAL_NO_MAGIC | GUEST_FINAL_BENEATH           \
   | GUEST_FINAL_IN_ROOT | GUEST_FINAL_NO_XDEV | GUEST_WALK_LENIENT)

#define FINAL_TRIES (GUEST_FINAL_TRY_LAST | GUEST_FINAL_TRY_ALL)

static bool
follows (unsigned int final)
{
  return !(final & (GUEST_FINAL_NOFOLLOW | GUEST_FINAL_CREATE));
}

/* Return whether who asks with FINAL is content with a path up to the last
   component of which no link is.  */
static bool
is_enough (unsigned int final)
{
  return (final & (FINAL_TRIES | GUEST_FINAL_CREATE))
         || ((final & GUEST_FINAL_NOFOLLOW) && !(final & GUEST_FINAL_MISSING));
}

/* Return whether NAME, the end of a path, is a name, and no way back.  */
static bool
is_name (const char *name)
{
  return name[0] != '\0' && !guest_text_equal (name, ".")
         && !guest_text_equal (name, "..");
}

/* Let FOUND be the canonical guest path in its TEXT, in BINDING.  */
static void
fill (const struct guest *guest, struct guest_found *found, size_t length,
      uint32_t binding)
{
  uint32_t skip = binding == 0 ? 0 : guest->view->binding[binding].guest_length;

  guest_walk_begin (found);
  found->absolute = true;
  found->binding = binding;
  found->anchor = guest->anchors[binding];
  found->length = (uint32_t) length;
  found->path = skip + 1;
}

/* Append the LENGTH bytes at FROM to the *END bytes of TEXT, with a NUL.  */
static void
append (char *text, size_t *end, const char *from, size_t length)
{
  guest_text_copy (text + *end, from, length);
  text[*end + length] = '\0';
  *end += length;
}

/* The same as guest_known for the link PATH, of LENGTH bytes.  */
static bool
find_whole (struct guest_task *task, const char *path, size_t length,
            struct guest_found *found)
{
  const struct guest_prefix *entry =
      guest_prefix_find_link (task, path, length);
  size_t end = 0;

  /* A directory that is remembered as such may be where something is bound.  */
  if (entry == NULL || entry->found_length == 0
      || (entry->binding > 0
          && entry->found_length
                 <= task->guest->view->binding[entry->binding].guest_length))
    return false;
  append (found->text, &end, guest_prefix_path (entry), entry->found_length);
  fill (task->guest, found, end, entry->binding);
  return true;
}

bool
guest_known (struct guest_task *task, const char *path, unsigned int final,
             struct guest_found *found)
{
  const struct guest *guest = task->guest;
  size_t length = 0;
  size_t slash = 0;
  size_t end = 0;

  if ((final & (FINAL_STRICT | GUEST_FINAL_IS_LINK))
      || task->fs->root_length > 0 || guest_may_unlock (task))
    return false;
  for (; path[length] != '\0'; length++)
    if (path[length] == '/')
      slash = length;
  if (length >= GUEST_PATH_SIZE || !is_name (path + slash + 1))
    return false;
  if (follows (final)
      && ((final & FINAL_TRIES) || !(final & GUEST_FINAL_MISSING))
      && find_whole (task, path, length, found))
    return true;
  if (!is_enough (final))
    return false;

  uint32_t binding = 0;
  bool holds_mounts = true;
  if (slash > 0)
    {
      const struct guest_prefix *entry = guest_prefix_find (task, path, slash);
      if (entry == NULL)
        return false;
      append (found->text, &end, guest_prefix_path (entry),
              entry->found_length);
      binding = entry->binding;
      holds_mounts = entry->holds_mounts;
    }
  append (found->text, &end, path + slash, length - slash);
  if (holds_mounts
      && (guest_view_cover (guest->view, found->text, end) != binding
          || guest_view_below (guest->view, 0, found->text, end, NULL, NULL)
                 > 0))
    return false;
  fill (guest, found, end, binding);
  if (slash == 0
      && guest_proc_below (guest->view, binding, found->text + found->path,
                           end - found->path)
             != NULL)
    return false;
  found->unproved = follows (final);
  return true;
}

/* Return how long the directory of PATH, of LENGTH bytes, is, or LENGTH where
   that, or PATH, is not to be remembered: what comes last is no name, or it
   goes up on the way.  */
static size_t
find_parent (const char *path, size_t length)
{
  size_t slash = length - 1;

  while (path[slash] != '/')
    slash--;
  if (!is_name (path + slash + 1))
    return length;
  for (size_t i = 0; i + 3 <= slash; i++)
    if (path[i] == '/' && path[i + 1] == '.' && path[i + 2] == '.'
        && path[i + 3] == '/')
      return length;
  return slash;
}

/* The walk has come, as text, to what the path names.  Return whether it is
   nothing but what the disk has there.  */
static bool
is_plain (struct guest_walk *walk)
{
  const struct guest_found *found = walk->found;

  guest_walk_locate (walk);
  return !walk->text.overflows && !found->mount && !guest_walk_is_virtual (walk)
         && guest_walk_path_in_proc (walk) == NULL;
}

/* Go on with the components of REST, as text.  */
static void
append_all (struct guest_walk *walk, const char *rest)
{
  struct guest_component component;

  for (; guest_next_component (rest, &component); rest = component.end)
    if (!guest_walk_is_dot (&component))
      guest_walk_append (walk, component.name, component.length);
}

/* The walk, whose way so far has no links, comes to NAME, which was seen to be
   one: follow it.  Return WALK_AGAIN, WALK_UNFIT when it is none, or a negative
   errno.  */
static int
follow_name (struct guest_walk *walk, const char *name)
{
  struct guest_found *found = walk->found;
  char target[GUEST_PATH_SIZE];
  const size_t start = walk->text.length;
  int length = -K_EINVAL;

  append_all (walk, name);
  if (is_plain (walk))
    length = host_readlinkat (walk->guest, found->anchor,
                              guest_found_path (found), target, sizeof target);
  guest_text_cut (&walk->text, start);
  return length < 0
             ? WALK_UNFIT
             : guest_walk_splice (walk, target, (size_t) length, "", false);
}

int
guest_walk_known (struct guest_walk *walk, const char *path, size_t length)
{
  struct guest_task *task = walk->task;
  unsigned int tries = walk->final & GUEST_FINAL_TRY_ALL;
  size_t slash = length;

  if ((walk->final & FINAL_STRICT) || walk->root_length > 0)
    return WALK_UNFIT;
  if (task->prefixes != NULL || tries)
    slash = find_parent (path, length);
  if (slash == length)
    return WALK_UNFIT;

  const size_t start = walk->text.length;
  const struct guest_prefix *entry = NULL;
  if (task->prefixes != NULL)
    {
      walk->learns_link = guest_prefix_begin (task, &walk->generation);
      walk->learns = walk->learns_link && slash > 0;
      walk->path = path;
      walk->length = length;
      walk->parent = slash;
      entry = slash > 0 ? guest_prefix_find (task, path, slash) : NULL;
    }
  if (entry != NULL)
    {
      guest_text_add_bytes (&walk->text, guest_prefix_path (entry),
                            entry->found_length);
      walk->learns = false;
    }
  if (entry != NULL || slash == 0)
    {
      walk->known_directory = true;
      walk->rest += slash;
      return (walk->final & GUEST_FINAL_IS_LINK)
                 ? follow_name (walk, path + slash)
                 : WALK_UNFIT;
    }
  if (!tries || (walk->final & GUEST_FINAL_IS_LINK) || guest_may_unlock (task))
    return WALK_UNFIT;

  append_all (walk, path);
  if (is_plain (walk))
    {
      walk->found->unproved = true;
      return 0;
    }
  guest_text_cut (&walk->text, start);
  return WALK_UNFIT;
}

/* Return how long the text of the walk is up to the slash before its last
   component.  */
static size_t
length_of_parent (const struct guest_walk *walk)
{
  size_t length = walk->text.length;

  while (length > 0 && walk->text.bytes[length - 1] != '/')
    length--;
  return length > 0 ? length - 1 : 0;
}

/* Return whether the directory of LENGTH bytes in the walk's text may be there
   only because of bindings.  */
static bool
is_doubtful (const struct guest_walk *walk, size_t length)
{
  return guest_view_below (walk->guest->view, 0, walk->text.bytes, length, NULL,
                           NULL)
         > 0;
}

/* Return whether what is remembered is about where the walk is.  */
static bool
is_of_disk (const struct guest_walk *walk)
{
  const struct guest_found *found = walk->found;

  return found->absolute && found->binding != GUEST_OUTSIDE && !found->mount
         && guest_walk_path_in_proc (walk) == NULL;
}

void
guest_walk_learn (struct guest_walk *walk, bool is_there)
{
  if (!walk->learns)
    return;
  walk->learns = false;
  size_t parent = length_of_parent (walk);
  if (is_of_disk (walk)
      && guest_text_equal (walk->text.bytes + parent + 1,
                           walk->path + walk->parent + 1)
      && (is_there || !is_doubtful (walk, parent)))
    guest_prefix_keep (walk->task, walk->generation, walk->path, walk->parent,
                       walk->text.bytes, parent, walk->found->binding, false);
}

void
guest_walk_learn_link (struct guest_walk *walk)
{
  /* A path that ends in a name says nothing of a directory; the link may.  */
  if (walk->learns_link && walk->met_last && !walk->found->directory
      && is_of_disk (walk))
    guest_prefix_keep (walk->task, walk->generation, walk->path, walk->length,
                       walk->text.bytes, walk->text.length,
                       walk->found->binding, true);
}

/* Write the guest path of the walk's text, from the current directory, up to
   its last slash into the SIZE bytes at PATH.  Return its length, or 0.  */
static size_t
write_parent (struct guest_walk *walk, char *path, size_t size)
{
  size_t parent = length_of_parent (walk);
  size_t length = 0;
  size_t end = 0;
  const char *directory = guest_prefix_directory (walk->task, &length);

  if (directory == NULL || length + 1 + parent >= size)
    return 0;
  append (path, &end, directory, length);
  append (path, &end, "/", 1);
  append (path, &end, walk->text.bytes, parent);
  return end;
}

bool
guest_walk_known_relative (struct guest_walk *walk)
{
  char path[UINT8_MAX];

  if (walk->task->prefixes == NULL || (walk->final & FINAL_STRICT)
      || guest_may_unlock (walk->task))
    return false;
  size_t length = write_parent (walk, path, sizeof path);
  const struct guest_prefix *entry =
      length > 0 ? guest_prefix_find (walk->task, path, length) : NULL;
  if (entry != NULL)
    return entry->same;
  walk->learns =
      length > 0 && guest_prefix_begin (walk->task, &walk->generation);
  return false;
}

void
guest_walk_learn_relative (struct guest_walk *walk)
{
  char path[UINT8_MAX];

  if (!walk->learns)
    return;
  walk->learns = false;
  size_t length = write_parent (walk, path, sizeof path);
  if (length == 0
      || guest_proc_below (walk->guest->view, 0, path, length) != NULL)
    return;
  uint32_t binding = guest_view_cover (walk->guest->view, path, length);
  if (!guest_text_equal (guest_view_host (walk->guest->view, binding), "/proc"))
    guest_prefix_keep (walk->task, walk->generation, path, length, path, length,
                       binding, false);
}
