/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What can be done with what a path was found to name.  */

#include "lib/guest/path.h"

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"

void
guest_found_release (struct guest *guest, struct guest_found *found)
{
  host_close (guest, found->object);
  host_close (guest, found->owned[0]);
  host_close (guest, found->owned[1]);
  found->object = found->owned[0] = found->owned[1] = -1;
}

int
guest_found_host (struct guest_task *task, const struct guest_found *found,
                  char *host, size_t size)
{
  struct guest *guest = task->guest;
  const char *path = guest_found_path (found);
  size_t length = found->length - found->path;
  struct guest_text text;
  bool by_number = false;

  if (found->virtual)
    return -K_ENOENT;
  for (;;)
    {
      guest_text_init (&text, host, size);
      if (by_number)
        guest_add_shown_fd (guest, &text, found->anchor);
      else if (found->binding != GUEST_OUTSIDE)
        guest_text_add (&text, guest_view_host (guest->view, found->binding));
      else
        {
          int place = guest_host_place (guest, found->anchor, host, size);
          if (place > 0)
            text.length = (size_t) place;
          else if (guest_shows_fd (guest))
            guest_add_shown_fd (guest, &text, found->anchor);
          else
            return place;
        }
      if (length > 0 && !(text.length == 1 && host[0] == '/'))
        guest_text_add_char (&text, '/');
      guest_text_add_bytes (&text, path, length);
      if (found->directory && host[text.length - 1] != '/')
        guest_text_add (&text, found->last == GUEST_LAST_NORMAL ? "/" : "/.");
      if (!text.overflows && text.length < GUEST_PATH_SIZE)
        return (int) text.length;
      if (by_number || !guest_shows_fd (guest))
        return -K_ENAMETOOLONG;
      by_number = true;
    }
}

int
guest_found_guest (struct guest_task *task, const struct guest_found *found,
                   char *path, size_t size)
{
  if (found->absolute)
    return guest_take_off_root (task, found->text, found->length, path, size);

  char host[2 * GUEST_PATH_SIZE];
  int length =
      guest_host_place (task->guest, found->anchor, host, GUEST_PATH_SIZE);
  if (length < 0)
    return length;
  struct guest_text text = { .bytes = host,
                             .size = sizeof host,
                             .length = (size_t) length };
  if (found->length > 0)
    {
      guest_text_add_char (&text, '/');
      guest_text_add_bytes (&text, found->text, found->length);
    }
  return guest_reverse (task, host, text.length, path, size);
}

int
guest_found_open (struct guest *guest, const struct guest_found *found,
                  int flags)
{
  const char *path = guest_found_path (found);

  if (found->virtual)
    return -K_ENOENT;
  if (found->object >= 0 || found->length == found->path)
    {
      char self[40];
      struct guest_text text;
      int fd = found->object >= 0 ? found->object : found->anchor;
      if (fd == GUEST_AT_CWD)
        return host_openat (guest, GUEST_AT_CWD, ".", flags);
      guest_text_init (&text, self, sizeof self);
      guest_add_fd (guest, &text, fd);
      return host_openat (guest, K_AT_FDCWD, self, flags);
    }
  return host_openat (guest, found->anchor, path,
                      flags | (found->magic ? 0 : K_O_NOFOLLOW));
}

int
guest_found_stat (struct guest *guest, const struct guest_found *found,
                  void *status)
{
  if (found->object >= 0)
    return host_fstatat (guest, found->object, "", status, K_AT_EMPTY_PATH);
  if (found->virtual)
    return host_fstatat (guest, guest->anchors[0], "", status, K_AT_EMPTY_PATH);
  if (found->length == found->path)
    return host_fstatat (guest, found->anchor, "", status, K_AT_EMPTY_PATH);
  return host_fstatat (guest, found->anchor, guest_found_path (found), status,
                       K_AT_NO_AUTOMOUNT
                           | (found->magic ? 0 : K_AT_SYMLINK_NOFOLLOW));
}

int
guest_found_readlink (struct guest_task *task, const struct guest_found *found,
                      char *target, size_t size)
{
  struct guest *guest = task->guest;
  const char *path = guest_found_path (found);
  int length;

  if (found->virtual)
    return -K_EINVAL;
  if (found->object >= 0 || path[0] == '\0')
    {
      /* Of what a descriptor names and is no link the kernel says ENOENT.  */
      int fd = found->object >= 0 ? found->object : found->anchor;
      length = host_readlinkat (guest, fd, "", target, size);
      if (length == -K_ENOENT)
        length = -K_EINVAL;
    }
  else
    length = host_readlinkat (guest, found->anchor, path, target, size);
  if (length <= 0 || !guest_proc_may_mend (target))
    return length;

  if (found->binding != GUEST_OUTSIDE)
    {
      const char *proc = guest_proc_below (guest->view, found->binding, path,
                                           found->length - found->path);
      return proc != NULL ? guest_proc_mend (task, proc, target, length, size)
                          : length;
    }

  /* Relative to a directory: is that in /proc?  */
  char host[GUEST_PATH_SIZE + GUEST_NAME_MAX];
  int place = guest_host_place (guest, found->anchor, host, GUEST_PATH_SIZE);
  if (place < 5 || !guest_text_is_below (host, (size_t) place, "/proc", 5))
    return length;
  struct guest_text text = { .bytes = host,
                             .size = sizeof host,
                             .length = (size_t) place };
  if (found->length > 0)
    {
      guest_text_add_char (&text, '/');
      guest_text_add (&text, path);
    }
  if (text.overflows || text.length < 6)
    return length;
  return guest_proc_mend (task, host + 6, target, length, size);
}

int
guest_found_proc (struct guest *guest, const struct guest_found *found,
                  char *proc, size_t size)
{
  const char *path = guest_found_path (found);
  size_t length = found->length - found->path;
  char host[GUEST_PATH_SIZE];
  struct guest_text text;

  if (size == 0)
    return -K_ENOENT;
  guest_text_init (&text, proc, size);
  if (found->binding != GUEST_OUTSIDE)
    {
      const char *below =
          guest_proc_below (guest->view, found->binding, path, length);
      if (below == NULL)
        return -K_ENOENT;
      guest_text_add (&text, below);
    }
  else
    {
      if (!guest_proc_is_rewritten (path, length))
        return -K_ENOENT;
      int place = guest_host_place (guest, found->anchor, host, sizeof host);
      if (place < 5 || !guest_text_is_below (host, (size_t) place, "/proc", 5))
        return -K_ENOENT;
      if (place > 6)
        {
          guest_text_add (&text, host + 6);
          guest_text_add_char (&text, '/');
        }
      guest_text_add (&text, path);
    }
  return text.overflows ? -K_ENOENT : (int) text.length;
}

uint32_t
guest_found_binding (struct guest *guest, const struct guest_found *found)
{
  return found->binding != GUEST_OUTSIDE
             ? found->binding
             : guest_place_binding (guest, found->anchor, found->through);
}
