/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The immutable view: which host tree lies where in the container.

   It is asked in nearly every call, so that no question goes through all
   bindings, of which there may be thousands.  Paths are sorted so that what
   lies below a directory follows it directly; the binding that covers a path
   is then the last one not behind it, or an ancestor of that.  The same is
   done for the host's paths.  Components are in a hash table.  */

#include "lib/guest/view.h"

#include "lib/guest/kernel.h"
#include "lib/guest/text.h"

static const char *
text_at (const struct guest_view *view, uint32_t offset)
{
  return (const char *) view + offset;
}

static struct guest_view_name *
names_of (const struct guest_view *view)
{
  return (struct guest_view_name *) (uintptr_t) text_at (view, view->names);
}

const char *
guest_view_host (const struct guest_view *view, uint32_t index)
{
  return text_at (view, view->binding[index].host);
}

const char *
guest_view_guest (const struct guest_view *view, uint32_t index)
{
  return text_at (view, view->binding[index].guest);
}

/* Order paths, the second of LENGTH bytes, so that what lies below a directory
   follows it directly.  */
static int
compare_paths (const char *one, const char *other, size_t length)
{
  size_t i = 0;
  while (i < length && one[i] != '\0' && one[i] == other[i])
    i++;

  int a = one[i] == '/' ? 1 : one[i] == '\0' ? 0 : 1 + (unsigned char) one[i];
  int b = i == length ? 0 : other[i] == '/' ? 1 : 1 + (unsigned char) other[i];
  return a - b;
}

/* Return how many of the first COUNT bindings of VIEW have guest paths that
   are not behind PATH, of LENGTH bytes.  */
static uint32_t
count_up_to (const struct guest_view *view, uint32_t count, const char *path,
             size_t length)
{
  uint32_t low = 0;
  while (low < count)
    {
      uint32_t middle = low + (count - low) / 2;
      if (compare_paths (guest_view_guest (view, middle), path, length) <= 0)
        low = middle + 1;
      else
        count = middle;
    }
  return low;
}

/* The same for the host paths of the first COUNT places.  */
static uint32_t
count_up_to_host (const struct guest_view *view, uint32_t count,
                  const char *path, size_t length)
{
  uint32_t low = 0;
  while (low < count)
    {
      uint32_t middle = low + (count - low) / 2;
      const char *host = guest_view_host (view, view->binding[middle].by_host);
      if (compare_paths (host, path, length) <= 0)
        low = middle + 1;
      else
        count = middle;
    }
  return low;
}

/* Return whether PATH is absolute, without "//", "." and "..", and does not
   end with a slash but for "/".  */
static bool
is_normal (const char *path)
{
  if (path[0] != '/')
    return false;
  if (path[1] == '\0')
    return true;
  for (size_t i = 0; path[i] != '\0';)
    {
      size_t start = ++i;
      while (path[i] != '\0' && path[i] != '/')
        i++;
      if (i == start || guest_text_is (path + start, i - start, ".")
          || guest_text_is (path + start, i - start, ".."))
        return false;
    }
  return true;
}

/* Return how many components the paths of COUNT MOUNTS have at most.  */
static size_t
count_names (const struct guest_mount *mounts, size_t count)
{
  size_t names = 0;
  for (size_t i = 0; i < count; i++)
    for (const char *at = mounts[i].guest; *at != '\0'; at++)
      names += *at == '/';
  return names;
}

/* Return the size of a hash table for NAMES names: it stays half empty.  */
static size_t
table_size (size_t names)
{
  size_t size = 4;
  while (size < 2 * names)
    size *= 2;
  return size;
}

size_t
guest_view_size (const struct guest_mount *mounts, size_t count)
{
  size_t size = sizeof (struct guest_view)
                + table_size (count_names (mounts, count))
                      * sizeof (struct guest_view_name);
  for (size_t i = 0; i < count; i++)
    size += sizeof (struct guest_binding)
            + guest_text_length (mounts[i].host, GUEST_PATH_SIZE)
            + guest_text_length (mounts[i].guest, GUEST_PATH_SIZE) + 2;
  return (size + 7) & ~(size_t) 7;
}

/* Append TEXT to VIEW, whose text ends at *END.  Return its offset.  */
static uint32_t
add_text (struct guest_view *view, uint32_t *end, const char *text,
          uint32_t *length)
{
  uint32_t start = *end;
  char *to = (char *) view + start;
  uint32_t i = 0;

  for (; text[i] != '\0'; i++)
    to[i] = text[i];
  to[i] = '\0';
  *length = i;
  *end = start + i + 1;
  return start;
}

/* Put MOUNT, number NUMBER, into VIEW, in order among the bindings that are
   there, or in the place of one of the same guest path.  */
static void
insert (struct guest_view *view, uint32_t *end, const struct guest_mount *mount,
        uint32_t number)
{
  size_t length = guest_text_length (mount->guest, GUEST_PATH_SIZE);
  uint32_t at = count_up_to (view, view->binding_count, mount->guest, length);

  if (at > 0
      && guest_text_equal (guest_view_guest (view, at - 1), mount->guest))
    at--;
  else
    {
      for (uint32_t i = view->binding_count++; i > at; i--)
        view->binding[i] = view->binding[i - 1];
      view->binding[at].guest =
          add_text (view, end, mount->guest, &view->binding[at].guest_length);
    }
  struct guest_binding *binding = &view->binding[at];
  binding->host = add_text (view, end, mount->host, &binding->host_length);
  binding->flags = mount->flags;
  binding->parent = 0;
  binding->mount = number;
}

/* Tell each binding of VIEW which one its mount point lies in.  */
static void
set_parents (struct guest_view *view)
{
  for (uint32_t i = 1; i < view->binding_count; i++)
    {
      /* An ancestor of the one before, or that itself.  */
      uint32_t parent = i - 1;
      while (parent > 0
             && !guest_text_is_below (guest_view_guest (view, i),
                                      view->binding[i].guest_length,
                                      guest_view_guest (view, parent),
                                      view->binding[parent].guest_length))
        parent = view->binding[parent].parent;
      view->binding[i].parent = parent;
    }
}

/* Sort the bindings of VIEW by host path, those of the same in their own
   order from behind, and tell each which one's covers its own.  */
static void
sort_by_host (struct guest_view *view)
{
  for (uint32_t i = view->binding_count; i-- > 0;)
    {
      const struct guest_binding *binding = &view->binding[i];
      uint32_t count = view->binding_count - 1 - i;
      uint32_t at = count_up_to_host (view, count, guest_view_host (view, i),
                                      binding->host_length);
      for (uint32_t j = count; j > at; j--)
        view->binding[j].by_host = view->binding[j - 1].by_host;
      view->binding[at].by_host = i;
    }
  for (uint32_t i = 0; i < view->binding_count; i++)
    {
      const struct guest_binding *own =
          &view->binding[view->binding[i].by_host];
      uint32_t at = i;
      while (at > 0)
        {
          at = at == i ? i - 1 : view->binding[at].host_parent;
          const struct guest_binding *other =
              &view->binding[view->binding[at].by_host];
          if (guest_text_is_below (text_at (view, own->host), own->host_length,
                                   text_at (view, other->host),
                                   other->host_length))
            break;
          if (view->binding[at].host_parent == at)
            {
              at = i;
              break;
            }
        }
      view->binding[i].host_parent = at;
    }
}

/* Return the place in VIEW's table where NAME of LENGTH bytes is, or would
   be.  */
static struct guest_view_name *
find_name (struct guest_view_name *table, const struct guest_view *view,
           const char *name, size_t length)
{
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char) name[i]) * 16777619u;
  for (uint32_t at = hash;; at++)
    {
      struct guest_view_name *place = &table[at & view->name_mask];
      if (place->length == 0
          || (place->length == length
              && guest_text_same (text_at (view, place->text), name, length)))
        return place;
    }
}

/* Put all components of guest paths into VIEW's table.  */
static void
add_names (struct guest_view *view)
{
  struct guest_view_name *table = names_of (view);

  for (uint32_t i = 0; i <= view->name_mask; i++)
    table[i].length = 0;
  for (uint32_t i = 1; i < view->binding_count; i++)
    {
      const char *guest = guest_view_guest (view, i);
      for (uint32_t at = 0; guest[at] != '\0';)
        {
          uint32_t start = ++at;
          while (guest[at] != '\0' && guest[at] != '/')
            at++;
          *find_name (table, view, guest + start, at - start) =
              (struct guest_view_name){ view->binding[i].guest + start,
                                        at - start };
        }
    }
}

int
guest_view_build (void *memory, size_t size, const struct guest_mount *mounts,
                  size_t count)
{
  struct guest_view *view = memory;

  if (count > GUEST_BINDING_LIMIT)
    return -K_E2BIG;
  for (size_t i = 0; i < count; i++)
    if (!is_normal (mounts[i].host) || !is_normal (mounts[i].guest)
        || guest_text_length (mounts[i].host, GUEST_PATH_SIZE)
               >= GUEST_PATH_SIZE
        || guest_text_length (mounts[i].guest, GUEST_PATH_SIZE)
               >= GUEST_PATH_SIZE)
      return -K_EINVAL;
  if (size < guest_view_size (mounts, count))
    return -K_ENOSPC;

  size_t table = table_size (count_names (mounts, count));
  view->magic = GUEST_VIEW_MAGIC;
  view->binding_count = 0;
  view->read_only = 0;
  view->name_mask = (uint32_t) table - 1;
  view->names = (uint32_t) (sizeof *view + count * sizeof view->binding[0]);
  uint32_t end =
      view->names + (uint32_t) (table * sizeof (struct guest_view_name));
  for (uint32_t i = 0; i < count; i++)
    insert (view, &end, &mounts[i], i);
  view->size = (end + 7) & ~7u;
  if (view->binding_count == 0 || view->binding[0].guest_length != 1)
    return -K_EINVAL;
  for (uint32_t i = 0; i < view->binding_count; i++)
    if (view->binding[i].flags & GUEST_BINDING_READ_ONLY)
      view->read_only = 1;
  set_parents (view);
  sort_by_host (view);
  add_names (view);
  return 0;
}

/* Return whether the text of LENGTH bytes at OFFSET lies in VIEW, behind its
   bindings, and ends with a NUL.  */
static bool
text_is_sound (const struct guest_view *view, uint32_t offset, uint32_t length)
{
  return offset < view->size && length < view->size - offset && length > 0
         && text_at (view, offset)[0] == '/'
         && text_at (view, offset)[length] == '\0';
}

/* Return whether the table of VIEW's names lies in it, has room left, and says
   nothing of what lies outside.  */
static bool
names_are_sound (const struct guest_view *view)
{
  uint64_t count = (uint64_t) view->name_mask + 1;
  uint32_t empty = 0;

  if (view->names % sizeof (uint32_t) != 0 || view->names >= view->size
      || (count & view->name_mask) != 0
      || count * sizeof (struct guest_view_name) > view->size - view->names)
    return false;
  const struct guest_view_name *table = names_of (view);
  for (uint64_t i = 0; i < count; i++)
    if (table[i].length == 0)
      empty++;
    else if (table[i].text >= view->size
             || table[i].length >= view->size - table[i].text)
      return false;
  return empty > 0;
}

bool
guest_view_is_sound (const void *memory, size_t size)
{
  const struct guest_view *view = memory;

  if (size < sizeof *view || view->magic != GUEST_VIEW_MAGIC
      || view->size > size || view->binding_count == 0
      || view->binding_count > GUEST_BINDING_LIMIT
      || view->size
             < sizeof *view + view->binding_count * sizeof view->binding[0]
      || !names_are_sound (view))
    return false;
  for (uint32_t i = 0; i < view->binding_count; i++)
    {
      const struct guest_binding *binding = &view->binding[i];
      if (!text_is_sound (view, binding->host, binding->host_length)
          || !text_is_sound (view, binding->guest, binding->guest_length)
          || binding->parent > i || binding->by_host >= view->binding_count
          || binding->host_parent > i)
        return false;
    }
  return view->binding[0].guest_length == 1;
}

uint32_t
guest_view_cover (const struct guest_view *view, const char *path,
                  size_t length)
{
  uint32_t at = count_up_to (view, view->binding_count, path, length);

  if (at == 0)
    return 0;
  at--;
  while (at > 0
         && !guest_text_is_below (path, length, guest_view_guest (view, at),
                                  view->binding[at].guest_length))
    at = view->binding[at].parent;
  return at;
}

uint32_t
guest_view_below (const struct guest_view *view, uint32_t from,
                  const char *path, size_t length, const char **name,
                  size_t *name_length)
{
  size_t skip = length == 1 && path[0] == '/' ? 0 : length;
  uint32_t at =
      skip == 0 ? 1 : count_up_to (view, view->binding_count, path, length);

  if (at < from)
    at = from;
  if (at >= view->binding_count)
    return 0;
  const char *guest = guest_view_guest (view, at);
  if (skip > 0
      && !guest_text_is_below (guest, view->binding[at].guest_length, path,
                               length))
    return 0;
  if (name != NULL)
    {
      *name = guest + skip + 1;
      *name_length = 0;
      while ((*name)[*name_length] != '\0' && (*name)[*name_length] != '/')
        ++*name_length;
    }
  return at;
}

bool
guest_view_mentions (const struct guest_view *view, const char *name,
                     size_t length)
{
  return find_name (names_of (view), view, name, length)->length > 0;
}

/* Write the guest name that binding INDEX gives to the host PATH, when PATH
   lies in its source and no other binding covers the place.  Return its
   length, -ENOENT or -ENAMETOOLONG.  */
static int
reverse_by (const struct guest_view *view, uint32_t index, const char *path,
            size_t length, char *guest, size_t size)
{
  const struct guest_binding *binding = &view->binding[index];
  const char *host = guest_view_host (view, index);
  struct guest_text text;

  if (!guest_text_is_below (path, length, host, binding->host_length))
    return -K_ENOENT;

  guest_text_init (&text, guest, size);
  if (binding->guest_length > 1)
    guest_text_add_bytes (&text, guest_view_guest (view, index),
                          binding->guest_length);
  size_t skip = binding->host_length == 1 ? 0 : binding->host_length;
  if (length > skip && !(length == 1 && skip == 0))
    guest_text_add_bytes (&text, path + skip, length - skip);
  if (text.length == 0)
    guest_text_add_char (&text, '/');
  if (text.overflows)
    return -K_ENAMETOOLONG;
  if (guest_view_cover (view, guest, text.length) != index)
    return -K_ENOENT;
  return (int) text.length;
}

int
guest_view_reverse (const struct guest_view *view, const char *path,
                    size_t length, uint32_t preferred, char *guest, size_t size)
{
  if (size == 0)
    return -K_ENAMETOOLONG;
  if (preferred > 0 && preferred < view->binding_count)
    {
      int status = reverse_by (view, preferred, path, length, guest, size);
      if (status != -K_ENOENT)
        return status;
    }

  /* The root, then the bindings by falling length of their host path.  */
  int status = reverse_by (view, 0, path, length, guest, size);
  if (status != -K_ENOENT)
    return status;
  uint32_t at = count_up_to_host (view, view->binding_count, path, length);
  if (at == 0)
    return -K_ENOENT;
  for (at--;; at = view->binding[at].host_parent)
    {
      status = reverse_by (view, view->binding[at].by_host, path, length, guest,
                           size);
      if (status != -K_ENOENT || view->binding[at].host_parent == at)
        return status;
    }
}

/* What binding INDEX says of the host PATH that guest_view_is_read_only is
   asked about.  */
enum seen
{
  SEEN_NOT,
  SEEN_READ_ONLY,
  SEEN_WRITABLE
};

static enum seen
look_through (const struct guest_view *view, uint32_t index, const char *path,
              size_t length)
{
  char guest[GUEST_PATH_SIZE];

  return reverse_by (view, index, path, length, guest, sizeof guest)
                 == -K_ENOENT
             ? SEEN_NOT
         : view->binding[index].flags & GUEST_BINDING_READ_ONLY ? SEEN_READ_ONLY
                                                                : SEEN_WRITABLE;
}

bool
guest_view_is_read_only (const struct guest_view *view, const char *path,
                         size_t length, uint32_t preferred)
{
  enum seen seen = SEEN_NOT;
  enum seen best;

  if (preferred > 0 && preferred < view->binding_count)
    seen = look_through (view, preferred, path, length);
  if (seen != SEEN_NOT)
    return seen == SEEN_READ_ONLY;

  best = look_through (view, 0, path, length);
  uint32_t at = count_up_to_host (view, view->binding_count, path, length);
  if (at == 0)
    return best == SEEN_READ_ONLY;
  for (at--; best != SEEN_WRITABLE; at = view->binding[at].host_parent)
    {
      seen = look_through (view, view->binding[at].by_host, path, length);
      if (seen > best)
        best = seen;
      if (view->binding[at].host_parent == at)
        break;
    }
  return best == SEEN_READ_ONLY;
}

uint32_t
guest_view_outer (const struct guest_view *view, const char *path,
                  size_t length)
{
  char guest[GUEST_PATH_SIZE];
  uint32_t outer = 0;
  uint32_t at = count_up_to_host (view, view->binding_count, path, length);

  if (at-- == 0
      || view->binding[view->binding[at].by_host].host_length != length
      || !guest_text_is_below (
          path, length, guest_view_host (view, view->binding[at].by_host),
          (uint32_t) length))
    return 0;
  for (; view->binding[at].host_parent != at;
       at = view->binding[at].host_parent)
    {
      uint32_t parent = view->binding[view->binding[at].host_parent].by_host;
      /* The whole host, shown somewhere, is not what is being walked.  */
      if (view->binding[parent].host_length > 1
          && view->binding[parent].host_length < length
          && reverse_by (view, parent, path, length, guest, sizeof guest)
                 != -K_ENOENT)
        outer = parent;
    }
  return outer;
}
