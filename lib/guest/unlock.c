/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Files whose permission bits lock the host's user out.  */

#include "lib/guest/unlock.h"

#include "lib/guest/handlers.h"
#include "lib/guest/host.h"
#include "lib/guest/owners.h"
#include "lib/guest/path-private.h"
#include "lib/guest/read-only.h"
#include "lib/guest/record.h"

/* Links on a way that are looked at: each takes room on the stack.  */
#define LINKS_MAX 4u

bool
guest_may_unlock (const struct guest_task *task)
{
  return task->guest->identity.unlocks
         && guest_ids_can (&task->ids, GUEST_CAP_DAC_OVERRIDE);
}

/* Return whether the file of STATUS is the host's user's and lacks some of the
   permission bits NEEDED.  */
static bool
is_locked (const struct guest *guest, const struct k_stat *status,
           uint32_t needed)
{
  uint32_t type = status->st_mode & K_S_IFMT;
  return (type == K_S_IFDIR || type == K_S_IFREG)
         && status->st_uid == guest->identity.host_uid
         && (status->st_mode & needed) != needed;
}

/* Unlock what our descriptor FD names, if it lacks some of the bits NEEDED.
   Return whether that was done.  */
static bool
unlock (struct guest *guest, int fd, uint32_t needed)
{
  struct guest_place place = guest_place_of_fd (fd);
  struct k_stat status;

  if (host_fstatat (guest, fd, "", &status, K_AT_EMPTY_PATH) < 0
      || !is_locked (guest, &status, needed)
      || guest_place_is_read_only (guest, fd, 0))
    return false;
  guest->ops->restore_mode (guest, fd, status.st_mode & 07777);
  guest_mode_changed (guest, &place);
  return host_fstatat (guest, fd, "", &status, K_AT_EMPTY_PATH) == 0
         && !is_locked (guest, &status, needed);
}

static bool open_way (struct guest_task *task, int dir, const char *path,
                      unsigned int links);

/* The same for where the link leads that the first LENGTH bytes of PATH may
   name.  */
static bool
open_link (struct guest_task *task, int dir, const char *path, size_t length,
           unsigned int links)
{
  struct guest_found found;
  struct guest_text text;
  char name[GUEST_PATH_SIZE];
  char target[GUEST_PATH_SIZE];

  guest_text_init (&text, name, sizeof name);
  guest_text_add_bytes (&text, path, length);
  if (links >= LINKS_MAX || text.overflows
      || guest_resolve_closed (task, dir, name, GUEST_FINAL_NOFOLLOW, &found)
             < 0)
    return false;
  int size = guest_found_readlink (task, &found, target, sizeof target);
  guest_found_release (task->guest, &found);
  if (size <= 0)
    return false;
  while (length > 0 && path[length - 1] != '/')
    length--;
  guest_text_cut (&text, target[0] == '/' ? 0 : length);
  guest_text_add_bytes (&text, target, (size_t) size);
  return !text.overflows && open_way (task, dir, name, links + 1);
}

/* Unlock the directories that PATH, from TASK's descriptor DIR on, goes
   through, to which LINKS have led.  Return whether one was.  */
static bool
open_way (struct guest_task *task, int dir, const char *path,
          unsigned int links)
{
  struct guest *guest = task->guest;
  struct guest_component component;
  bool any = false;

  for (const char *at = path; guest_next_component (at, &component);
       at = component.end)
    {
      char way[GUEST_PATH_SIZE];
      struct guest_found found;
      size_t length = (size_t) (component.name + component.length - path);
      if (!component.slash)
        return open_link (task, dir, path, length, links) || any;
      for (size_t i = 0; i < length; i++)
        way[i] = path[i];
      way[length] = '\0';
      int status =
          guest_resolve_closed (task, dir, way, GUEST_FINAL_OBJECT, &found);
      if (status == -K_EACCES && open_link (task, dir, path, length, links))
        {
          any = true;
          status =
              guest_resolve_closed (task, dir, way, GUEST_FINAL_OBJECT, &found);
        }
      if (status < 0)
        break;
      int fd = found.object >= 0 ? found.object
                                 : guest_found_open (guest, &found, K_O_PATH);
      if (fd >= 0)
        any |= unlock (guest, fd, 0100);
      if (fd != found.object)
        host_close (guest, fd);
      guest_found_release (guest, &found);
    }
  return any;
}

bool
guest_unlock_way (struct guest_task *task, int dir, const char *path)
{
  struct guest *guest = task->guest;
  bool owned = false;
  bool any = false;
  int fd = -1;

  if (path[0] != '/' && dir == GUEST_AT_CWD && guest->inside)
    {
      fd = host_openat (guest, dir, ".", K_O_PATH | K_O_DIRECTORY);
      owned = fd >= 0;
    }
  else if (path[0] != '/' && (dir >= 0 || dir == GUEST_AT_CWD))
    fd = guest->ops->descriptor (task, dir, &owned);
  if (fd >= 0)
    any = unlock (guest, fd, 0100);
  if (owned)
    host_close (guest, fd);
  return open_way (task, dir, path, 0) || any;
}

void
guest_unlock_found (struct guest_task *task, const struct guest_found *found,
                    uint32_t needed)
{
  struct guest *guest = task->guest;
  struct k_stat status;

  if (found->virtual || found->magic || found->missing
      || guest_found_stat (guest, found, &status) < 0
      || !is_locked (guest, &status, needed))
    return;
  int fd = guest_found_open (guest, found, K_O_PATH);
  if (fd < 0)
    return;
  (void) unlock (guest, fd, needed);
  host_close (guest, fd);
}

void
guest_unlock_parent (struct guest_task *task, const struct guest_found *found)
{
  struct guest *guest = task->guest;
  const char *path = guest_found_path (found);
  size_t length = found->length - found->path;
  char parent[GUEST_PATH_SIZE];

  while (length > 0 && path[length - 1] != '/')
    length--;
  if (found->virtual || found->length == found->path || length >= sizeof parent)
    return;
  for (size_t i = 0; i < length; i++)
    parent[i] = path[i];
  parent[length > 0 ? length : 1] = '\0';
  if (length == 0)
    parent[0] = '.';
  int fd = host_openat (guest, found->anchor, parent,
                        K_O_PATH | K_O_DIRECTORY | K_O_NOFOLLOW);
  if (fd < 0)
    return;
  (void) unlock (guest, fd, 0300);
  host_close (guest, fd);
}
