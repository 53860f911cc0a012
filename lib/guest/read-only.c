/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What read-only bindings forbid.

   The order of errors is that of fs/namei.c and fs/open.c: the kernel looks
   whether a mount may be written only after it found what is to be changed,
   and of what is to be made tells first that it is there already.  */

#include "lib/guest/read-only.h"

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"

static bool
is_read_only (const struct guest *guest, uint32_t binding)
{
  return binding != GUEST_OUTSIDE
         && (guest->view->binding[binding].flags & GUEST_BINDING_READ_ONLY);
}

bool
guest_found_is_read_only (struct guest *guest, const struct guest_found *found)
{
  if (!guest->view->read_only)
    return false;
  if (found->magic)
    {
      /* Not the link counts, but what it leads to.  */
      int fd = host_openat (guest, found->anchor, guest_found_path (found),
                            K_O_PATH);
      bool result = fd >= 0 && guest_place_is_read_only (guest, fd, 0);
      host_close (guest, fd);
      return result;
    }
  if (found->binding != GUEST_OUTSIDE)
    return is_read_only (guest, found->binding);
  return guest_place_is_read_only (guest, found->anchor, found->through);
}

bool
guest_parent_is_read_only (struct guest *guest, const struct guest_found *found)
{
  size_t length = found->length;

  if (!guest->view->read_only)
    return false;
  if (!found->mount || !found->absolute || found->last != GUEST_LAST_NORMAL)
    return guest_found_is_read_only (guest, found);
  while (length > 1 && found->text[length - 1] != '/')
    length--;
  return is_read_only (guest, guest_view_cover (guest->view, found->text,
                                                length > 1 ? length - 1 : 0));
}

int
guest_refuse_change (struct guest *guest, const struct guest_call *call,
                     int which, const struct guest_found *found)
{
  bool makes = call->rule->path[which].kind == GUEST_PATH_CREATE;
  int x86_64 = call->rule->number[GUEST_X86_64];
  bool is_mkdir = x86_64 == 83 || x86_64 == 258;
  struct k_stat status;

  if (makes && found->last != GUEST_LAST_NORMAL)
    return -K_EEXIST;
  int result = found->virtual ? 0 : guest_found_stat (guest, found, &status);
  if (makes)
    return result == 0                     ? -K_EEXIST
           : result != -K_ENOENT           ? result
           : found->directory && !is_mkdir ? -K_ENOENT
                                           : -K_EROFS;
  if (result < 0)
    return result;
  /* truncate, truncate64 */
  if (guest_text_is (call->rule->name, 8, "truncate") && !found->virtual)
    {
      uint32_t type = status.st_mode & K_S_IFMT;
      if (type != K_S_IFREG)
        return type == K_S_IFDIR ? -K_EISDIR : -K_EINVAL;
    }
  return -K_EROFS;
}

int
guest_refuse_open (struct guest *guest, const struct guest_found *found,
                   uint64_t flags)
{
  bool creates = (flags & K_O_CREAT) && !(flags & K_O_PATH);
  bool is_nameless = (flags & (uint64_t) K_O_TMPFILE) == (uint64_t) K_O_TMPFILE;
  struct k_stat status;

  if (creates && (flags & K_O_EXCL) && found->last != GUEST_LAST_NORMAL)
    return -K_EEXIST;
  int result = guest_found_stat (guest, found, &status);
  if (result < 0)
    return result != -K_ENOENT                ? result
           : creates && found->directory      ? -K_EISDIR
           : creates && found->mount == false ? -K_EROFS
                                              : -K_ENOENT;
  if (creates && (flags & K_O_EXCL))
    return -K_EEXIST;
  switch (status.st_mode & K_S_IFMT)
    {
    case K_S_IFDIR:
      return is_nameless ? -K_EROFS : creates ? -K_EISDIR : 0;
    case K_S_IFREG:
      if (flags & K_O_DIRECTORY)
        return -K_ENOTDIR;
      return (flags & K_O_ACCMODE) != 0 || (flags & K_O_TRUNC) ? -K_EROFS : 0;
    default:
      /* What devices and FIFOs take lies elsewhere; a link is an error.  */
      return 0;
    }
}

int
guest_refuse_descriptor (struct guest_task *task, int fd)
{
  struct guest *guest = task->guest;
  bool owned = false;

  if (!guest->view->read_only)
    return 0;
  int own = guest_descriptor (task, fd, &owned);
  if (own < 0)
    return 0; /* the kernel says what is wrong with it */
  bool result = guest_place_is_read_only (guest, own, 0);
  if (owned)
    host_close (guest, own);
  return result ? -K_EROFS : 0;
}
