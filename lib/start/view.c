/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a container shows at which place.  */

#include "lib/start/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/guest/call.h"
#include "lib/guest/path.h"
#include "lib/guest/view.h"
#include "lib/plan/plan-write.h"
#include "lib/start/emulator.h"
#include "lib/start/parents.h"
#include "lib/start/message.h"
#include "lib/start/temporary.h"

/* A place of the view while it is made.  */
struct place
{
  char *host;
  char *guest;
  uint32_t flags;
  int fd;
};

struct places
{
  struct place *place;
  size_t count;
  int lowest;  /* descriptors get numbers from this on */
  bool inside; /* the engine is in each process, and has them there */
};

/* Build GUEST's view from PLACES, whose guest paths are canonical.  The
   view lives as long as the process; one from before is dropped.  Return 0 or
   a negative errno.  */
static int
build_view (struct guest *guest, const struct places *places)
{
  struct guest_mount *mounts = calloc (places->count, sizeof *mounts);
  int *anchors = calloc (places->count, sizeof *anchors);
  struct guest_view *view = NULL;
  int error = -ENOMEM;
  if (mounts != NULL && anchors != NULL)
    {
      for (size_t i = 0; i < places->count; i++)
        mounts[i] =
            (struct guest_mount){ places->place[i].host, places->place[i].guest,
                                  places->place[i].flags };
      size_t size = guest_view_size (mounts, places->count);
      view = malloc (size);
      if (view != NULL)
        error = guest_view_build (view, size, mounts, places->count);
    }
  free (mounts);
  if (error < 0)
    {
      free (view);
      free (anchors);
      return error;
    }
  for (uint32_t i = 0; i < view->binding_count; i++)
    anchors[i] = places->place[view->binding[i].mount].fd;
  free ((void *) (uintptr_t) guest->view);
  free ((void *) (uintptr_t) guest->anchors);
  guest->view = view;
  guest->anchors = anchors;
  return 0;
}

/* Return FD, or a copy in its place that has a number as PLACES want it, or a
   negative errno, when it is closed.  */
static int
move_up (const struct places *places, int fd)
{
  if (fd < 0 || fd >= places->lowest)
    return fd;
  int moved = fcntl (fd, F_DUPFD_CLOEXEC, places->lowest);
  int error = -errno;
  (void) close (fd);
  return moved < 0 ? error : moved;
}

/* Append the place FD, seen on the host as HOST, at the guest path GUEST
   (copied both).  Return 0 or -ENOMEM.  */
static int
add_place (struct places *places, const char *host, const char *guest,
           uint32_t flags, int fd)
{
  static const char start[] = "/proc/self/fd/";
  char own[48];
  /* Of a container around, which has it by another number.  */
  if (places->inside && strncmp (host, start, sizeof start - 1) == 0)
    {
      (void) snprintf (own, sizeof own, "%s%d", start, fd);
      host = own;
    }
  struct place *bigger =
      realloc (places->place, (places->count + 1) * sizeof *bigger);
  if (bigger == NULL)
    return -ENOMEM;
  places->place = bigger;
  struct place *place = &bigger[places->count];
  *place = (struct place){ strdup (host), strdup (guest), flags, fd };
  if (place->host == NULL || place->guest == NULL)
    return -ENOMEM;
  places->count++;
  return 0;
}

/* Write the host path of what FD is open on to the PATH_MAX bytes at PATH:
   realpath in one system call.  Return whether that was possible.  */
static bool
path_of (int fd, char *path)
{
  char name[32];
  (void) snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink (name, path, PATH_MAX);
  if (length <= 0 || length >= PATH_MAX || path[0] != '/')
    return false;
  path[length] = '\0';
  return true;
}

/* Return whether PATH names what FD is open on.  */
static bool
is_path_of (int fd, const char *path)
{
  struct stat one, other;
  return syscall (SYS_fstat, fd, &one) == 0 && stat (path, &other) == 0
         && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Do what view_open_host does for a path that OUTER sees.  */
static int
open_as_seen (struct guest_task *outer, const char *path, char *host,
              uint32_t *flags)
{
  struct guest_found found;
  int error =
      guest_resolve (outer, GUEST_AT_CWD, path, GUEST_FINAL_FOLLOW, &found);
  if (error < 0)
    return error;
  int fd = found.virtual ? -ENOENT
                         : guest_found_open (outer->guest, &found, O_PATH);
  /* A file that exists in memory only has no path but that of a descriptor.  */
  if (fd >= 0 && !(path_of (fd, host) && is_path_of (fd, host)))
    error = guest_found_host (outer, &found, host, PATH_MAX);
  if (fd >= 0 && error < 0)
    {
      (void) close (fd);
      fd = error;
    }
  if (fd >= 0 && found.binding != GUEST_OUTSIDE)
    *flags = outer->guest->view->binding[found.binding].flags
             & (GUEST_BINDING_READ_ONLY | GUEST_BINDING_TRUE);
  guest_found_release (outer->guest, &found);
  return fd;
}

int
view_open_host (struct guest_task *outer, const char *path, char *host,
                uint32_t *flags)
{
  *flags = 0;
  if (outer != NULL)
    return open_as_seen (outer, path, host, flags);
  int fd = open (path, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  if (path_of (fd, host) || realpath (path, host) != NULL /* no /proc */)
    return fd;
  int error = -errno;
  (void) close (fd);
  return error;
}

/* Add what OUTER sees bound somewhere below the directory PATH, which is shown
   at GUEST, at the same place below that.  Return 0 or a negative errno.  */
static int
add_inner_places (struct places *places, struct guest_task *outer,
                  const char *path, const char *guest)
{
  const struct guest_view *view = outer->guest->view;
  char canonical[GUEST_PATH_SIZE];
  char place[2 * GUEST_PATH_SIZE];
  int length = guest_canonical (outer, path, GUEST_FINAL_FOLLOW, canonical,
                                sizeof canonical);
  if (length < 0)
    return length;
  size_t skip = length > 1 ? (size_t) length : 0;
  uint32_t i = 0;
  while (
      (i = guest_view_below (view, i, canonical, (size_t) length, NULL, NULL))
      > 0)
    {
      (void) snprintf (place, sizeof place, "%s%s",
                       strcmp (guest, "/") == 0 ? "" : guest,
                       guest_view_guest (view, i) + skip);
      int fd =
          fcntl (outer->guest->anchors[i], F_DUPFD_CLOEXEC, places->lowest);
      int error = fd < 0 ? -errno
                         : add_place (places, guest_view_host (view, i), place,
                                      view->binding[i].flags, fd);
      if (error < 0)
        return error;
      i++;
    }
  return 0;
}

/* Open PATH, as OUTER sees it, and add it at GUEST.  Return 0 or a negative
   errno.  */
static int
open_place (struct places *places, struct guest_task *outer, const char *path,
            const char *guest, uint32_t flags)
{
  struct stat status;
  char host[PATH_MAX];
  uint32_t more;
  int fd = move_up (places, view_open_host (outer, path, host, &more));
  if (fd < 0)
    return fd;
  /* Newer C libraries make a path call of fstat.  */
  if (syscall (SYS_fstat, fd, &status) == 0 && !S_ISDIR (status.st_mode))
    flags |= GUEST_BINDING_FILE;
  int error = add_place (places, host, guest, flags | more, fd);
  if (error == 0 && outer != NULL && (flags & GUEST_BINDING_FILE) == 0)
    error = add_inner_places (places, outer, path, guest);
  return error;
}

/* Write the canonical form of the guest path PATH to CANONICAL.  */
static int
canonical_place (struct guest_task *task, const char *path, bool follow,
                 char canonical[GUEST_PATH_SIZE])
{
  int length = guest_canonical (
      task, path, follow ? GUEST_FINAL_FOLLOW : GUEST_FINAL_NOFOLLOW, canonical,
      GUEST_PATH_SIZE);
  return length < 0 ? length : 0;
}

/* Add the binding BINDING.  Return 0, or a negative errno after a
   message.  */
static int
add_binding (struct guest *guest, struct guest_task *task,
             struct guest_task *outer, struct places *places,
             const struct plan_binding *binding)
{
  char canonical[GUEST_PATH_SIZE];
  bool follow = (binding->flags & PLAN_BINDING_NO_FOLLOW) == 0;
  int error = 0;
  if ((binding->flags & PLAN_BINDING_RESOLVED) == 0)
    {
      error = build_view (guest, places);
      if (error == 0)
        error = canonical_place (task, binding->guest, follow, canonical);
    }
  else if (strlen (binding->guest) < sizeof canonical)
    strcpy (canonical, binding->guest);
  else
    error = -ENAMETOOLONG;
  if (error < 0)
    {
      start_complain ("cannot use '%s' in the container as a mount point: %s",
                      binding->guest, strerror (-error));
      return error;
    }
  uint32_t flags = 0;
  if ((binding->flags & PLAN_BINDING_READ_ONLY) != 0)
    flags |= GUEST_BINDING_READ_ONLY;
  if ((binding->flags & PLAN_BINDING_TRUE) != 0)
    flags |= GUEST_BINDING_TRUE;
  error = open_place (places, outer, binding->host, canonical, flags);
  if (error < 0 && (binding->flags & PLAN_BINDING_OPTIONAL) != 0)
    return 0;
  if (error < 0)
    start_complain ("cannot bind '%s' to '%s': %s", binding->host,
                    binding->guest, strerror (-error));
  return error;
}

/* Free PLACES and close those of their descriptors that GUEST's view, if it has
   one, does not use: what a later place lies over.  */
static void
release_places (const struct guest *guest, struct places *places)
{
  const struct guest_view *view = guest->view;
  for (uint32_t i = 0; view != NULL && i < view->binding_count; i++)
    places->place[view->binding[i].mount].fd = -1;
  for (size_t i = 0; i < places->count; i++)
    {
      free (places->place[i].host);
      free (places->place[i].guest);
      if (places->place[i].fd >= 0)
        (void) close (places->place[i].fd);
    }
  free (places->place);
}

/* Add the file FILE, which exists in memory only.  Return 0, or a negative
   errno after a message.  */
static int
add_file (struct guest *guest, struct guest_task *task, struct places *places,
          const struct plan_file *file)
{
  char canonical[GUEST_PATH_SIZE];
  char host[48];
  const char *name = strrchr (file->guest, '/') + 1;
  bool sealable;
  int fd = move_up (places, plan_open_nameless (name, &sealable));
  int error = fd < 0 ? fd : 0;
  for (size_t done = 0; error == 0 && done < file->size;)
    {
      ssize_t wrote =
          write (fd, (const char *) file->content + done, file->size - done);
      if (wrote < 0 && errno != EINTR)
        error = -errno;
      else if (wrote > 0)
        done += (size_t) wrote;
    }
  if (error == 0)
    {
      (void) fchmod (fd, file->mode);
      if (guest->inside)
        (void) snprintf (host, sizeof host, "/proc/self/fd/%d", fd);
      else
        (void) snprintf (host, sizeof host, "/proc/%d/fd/%d", (int) getpid (),
                         fd);
      error = build_view (guest, places);
    }
  if (error == 0)
    error = canonical_place (task, file->guest, true, canonical);
  if (error == 0)
    error = add_place (places, host, canonical, GUEST_BINDING_FILE, fd);
  if (error < 0)
    start_complain ("cannot make the file '%s' of the container: %s",
                    file->guest, strerror (-error));
  return error;
}

/* Show the directory HOST at GUEST, read-only, in DATA, a struct places.  */
static int
show_parent (void *data, const char *host, const char *guest)
{
  return open_place (data, NULL, host, guest, GUEST_BINDING_READ_ONLY);
}

/* Make GUEST's view of PLACES complete.  Return 0 or a negative errno.  */
static int
complete_view (struct guest *guest, struct places *places)
{
  int error = build_view (guest, places);
  if (error < 0)
    return error;
  int added = parents_add (guest, show_parent, places);
  return added > 0 ? build_view (guest, places) : added;
}

int
view_make (struct guest *guest, struct guest_task *task,
           struct guest_task *outer, const struct plan *plan, int lowest)
{
  struct places places = { .lowest = lowest, .inside = guest->inside };
  struct plan_record record;
  const char *root = plan_text (plan, PLAN_ROOT, "/");
  uint32_t flags = plan_number (plan, PLAN_ROOT_READ_ONLY, 0) != 0
                       ? GUEST_BINDING_READ_ONLY
                       : 0;
  int error = open_place (&places, outer, root, "/", flags);
  if (error == 0 && places.count > 0
      && (places.place[0].flags & GUEST_BINDING_FILE) != 0)
    error = -ENOTDIR;
  if (error == 0)
    error = build_view (guest, &places);
  if (error == 0)
    error = guest_start (guest);
  if (error < 0)
    start_complain ("cannot use '%s' as the root of a container: %s", root,
                    strerror (-error));
  for (size_t at = 0;
       error == 0 && plan_next_tag (plan, PLAN_BINDING, &at, &record);)
    {
      struct plan_binding binding = plan_record_binding (&record);
      error = add_binding (guest, task, outer, &places, &binding);
    }
  if (error == 0 && guest->emulator != NULL && guest->emulator->has_libraries)
    {
      error = open_place (&places, outer, "/", EMULATOR_HOST_ROOT, 0);
      if (error < 0)
        start_complain ("cannot show the host to the emulator: %s",
                        strerror (-error));
    }
  for (size_t at = 0;
       error == 0 && plan_next_tag (plan, PLAN_FILE, &at, &record);)
    {
      struct plan_file file = plan_record_file (&record);
      error = add_file (guest, task, &places, &file);
    }
  if (error == 0)
    {
      error = complete_view (guest, &places);
      if (error == -E2BIG)
        start_complain ("cannot lay out the container: it has more than %d"
                        " volumes, directories above them counted",
                        GUEST_BINDING_LIMIT);
      else if (error < 0)
        start_complain ("cannot lay out the container: %s", strerror (-error));
    }
  if (error == 0)
    guest_view_changed (guest);
  release_places (guest, &places);
  return error;
}

void
view_release (struct guest *guest)
{
  for (uint32_t i = 0; guest->view != NULL && i < guest->view->binding_count;
       i++)
    (void) close (guest->anchors[i]);
  free ((void *) (uintptr_t) guest->view);
  free ((void *) (uintptr_t) guest->anchors);
  guest->view = NULL;
  guest->anchors = NULL;
}
