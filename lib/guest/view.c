/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The immutable view: which host tree lies where in the container.

   A view has a few dozen bindings, seldom more, so that a scan costs less
   than anything clever; what is asked most often (which binding covers a
   path) scans from the back, where the deepest bindings come first.  */

#include "lib/guest/view.h"

#include "lib/guest/kernel.h"
#include "lib/guest/text.h"

static const char *
text_at (const struct guest_view *view, uint32_t offset)
{
  return (const char *) view + offset;
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

/* Order paths so that what lies below a directory follows it directly.  */
static int
compare_paths (const char *one, const char *other)
{
  size_t i = 0;
  while (one[i] != '\0' && one[i] == other[i])
    i++;

  int a = one[i] == '/' ? 1 : one[i] == '\0' ? 0 : 1 + (unsigned char) one[i];
  int b = other[i] == '/'    ? 1
          : other[i] == '\0' ? 0
                             : 1 + (unsigned char) other[i];
  return a - b;
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

/* Return whether a later one of the COUNT MOUNTS takes the place of the one
   with number INDEX.  */
static bool
is_replaced (const struct guest_mount *mounts, size_t count, size_t index)
{
  for (size_t i = index + 1; i < count; i++)
    if (guest_text_equal (mounts[i].guest, mounts[index].guest))
      return true;
  return false;
}

size_t
guest_view_size (const struct guest_mount *mounts, size_t count)
{
  size_t size = sizeof (struct guest_view);
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

/* Put MOUNT into VIEW, in order among the bindings that are there.  */
static void
insert (struct guest_view *view, uint32_t *end, const struct guest_mount *mount)
{
  uint32_t at = view->binding_count++;
  while (at > 0
         && compare_paths (guest_view_guest (view, at - 1), mount->guest) > 0)
    {
      view->binding[at] = view->binding[at - 1];
      at--;
    }

  struct guest_binding *binding = &view->binding[at];
  binding->host = add_text (view, end, mount->host, &binding->host_length);
  binding->guest = add_text (view, end, mount->guest, &binding->guest_length);
  binding->flags = mount->flags;
  binding->parent = 0;
  if (mount->flags & GUEST_BINDING_READ_ONLY)
    view->read_only = 1;
}

/* Tell each binding of VIEW which one its mount point lies in.  */
static void
set_parents (struct guest_view *view)
{
  for (uint32_t i = 1; i < view->binding_count; i++)
    {
      uint32_t parent = i - 1;
      while (parent > 0
             && !guest_text_is_below (guest_view_guest (view, i),
                                      view->binding[i].guest_length,
                                      guest_view_guest (view, parent),
                                      view->binding[parent].guest_length))
        parent--;
      view->binding[i].parent = parent;
    }
}

int
guest_view_build (void *memory, size_t size, const struct guest_mount *mounts,
                  size_t count)
{
  struct guest_view *view = memory;
  uint32_t kept = 0;

  if (count > GUEST_BINDING_LIMIT)
    return -K_E2BIG;
  for (size_t i = 0; i < count; i++)
    {
      if (!is_normal (mounts[i].host) || !is_normal (mounts[i].guest)
          || guest_text_length (mounts[i].host, GUEST_PATH_SIZE)
                 >= GUEST_PATH_SIZE
          || guest_text_length (mounts[i].guest, GUEST_PATH_SIZE)
                 >= GUEST_PATH_SIZE)
        return -K_EINVAL;
      if (!is_replaced (mounts, count, i))
        kept++;
    }
  if (size < guest_view_size (mounts, count))
    return -K_ENOSPC;

  uint32_t end = (uint32_t) (sizeof *view + kept * sizeof view->binding[0]);
  view->magic = GUEST_VIEW_MAGIC;
  view->binding_count = 0;
  view->read_only = 0;
  for (size_t i = 0; i < count; i++)
    if (!is_replaced (mounts, count, i))
      insert (view, &end, &mounts[i]);
  view->size = (end + 7) & ~7u;
  if (kept == 0 || view->binding[0].guest_length != 1)
    return -K_EINVAL;
  set_parents (view);
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

bool
guest_view_is_sound (const void *memory, size_t size)
{
  const struct guest_view *view = memory;

  if (size < sizeof *view || view->magic != GUEST_VIEW_MAGIC
      || view->size > size || view->binding_count == 0
      || view->binding_count > GUEST_BINDING_LIMIT
      || view->size
             < sizeof *view + view->binding_count * sizeof view->binding[0])
    return false;
  for (uint32_t i = 0; i < view->binding_count; i++)
    {
      const struct guest_binding *binding = &view->binding[i];
      if (!text_is_sound (view, binding->host, binding->host_length)
          || !text_is_sound (view, binding->guest, binding->guest_length)
          || binding->parent > i)
        return false;
    }
  return view->binding[0].guest_length == 1;
}

uint32_t
guest_view_cover (const struct guest_view *view, const char *path,
                  size_t length)
{
  uint32_t best = 0;
  uint32_t best_length = 0;

  for (uint32_t i = view->binding_count - 1; i > 0; i--)
    {
      const struct guest_binding *binding = &view->binding[i];
      if (binding->guest_length > best_length
          && guest_text_is_below (path, length, guest_view_guest (view, i),
                                  binding->guest_length))
        {
          best = i;
          best_length = binding->guest_length;
        }
    }
  return best;
}

uint32_t
guest_view_below (const struct guest_view *view, uint32_t from,
                  const char *path, size_t length, const char **name,
                  size_t *name_length)
{
  size_t skip = length == 1 && path[0] == '/' ? 0 : length;

  for (uint32_t i = from > 0 ? from : 1; i < view->binding_count; i++)
    {
      const char *guest = guest_view_guest (view, i);
      if (view->binding[i].guest_length <= skip + 1
          || !guest_text_is_below (guest, view->binding[i].guest_length, path,
                                   length))
        continue;
      if (name != NULL)
        {
          *name = guest + skip + 1;
          *name_length = 0;
          while ((*name)[*name_length] != '\0' && (*name)[*name_length] != '/')
            ++*name_length;
        }
      return i;
    }
  return 0;
}

bool
guest_view_mentions (const struct guest_view *view, const char *name,
                     size_t length)
{
  for (uint32_t i = 1; i < view->binding_count; i++)
    {
      const char *guest = guest_view_guest (view, i);
      for (size_t at = 0; guest[at] != '\0';)
        {
          size_t start = ++at;
          while (guest[at] != '\0' && guest[at] != '/')
            at++;
          if (at - start == length && guest[start] == name[0])
            {
              size_t same = 1;
              while (same < length && guest[start + same] == name[same])
                same++;
              if (same == length)
                return true;
            }
        }
    }
  return false;
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
  uint32_t limit = UINT32_MAX;
  for (uint32_t index = 0; index != UINT32_MAX;)
    {
      int status = reverse_by (view, index, path, length, guest, size);
      if (status != -K_ENOENT)
        return status;

      uint32_t longest = 0;
      uint32_t next = UINT32_MAX;
      bool after = index != 0 && view->binding[index].host_length == limit;
      for (uint32_t i = 1; i < view->binding_count; i++)
        {
          uint32_t host = view->binding[i].host_length;
          if (after ? host > limit || (host == limit && i <= index)
                    : host > limit)
            continue;
          if (host > longest)
            {
              longest = host;
              next = i;
            }
        }
      if (next == UINT32_MAX)
        break;
      limit = longest;
      index = next;
    }
  return -K_ENOENT;
}
