/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Look up paths inside a container that does not run yet.

   The engine resolves the paths of the program; this does the same for the
   few paths that must be known before: volumes' mount points, passwd and
   group, the working directory, the program.  A path is walked component by
   component on descriptors, links are read and spliced in, "/" and ".." stop
   at the root, and what a volume covers is looked up in the volume: a link
   in the image can never make us look at, let alone run, something of the
   host.  Where no volume can be met on the way one openat2 that allows no
   links does the whole walk.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/plan/plan.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* As many links as the kernel follows.  */
#define LINK_LIMIT 40

/* openat2, which old headers do not know.  */
#ifndef SYS_openat2
#  define SYS_openat2 437
#endif
struct open_how_v0
{
  uint64_t flags, mode, resolve;
};
#define WITHOUT_LINKS (4 | 8) /* RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH */

/* A walk on its way.  */
struct walk
{
  const struct run_plan *plan;
  unsigned flags;
  struct buffer guest; /* where it is, without links; empty for the root */
  char *rest;          /* what is still to be walked, owned */
  size_t position;     /* how much of REST is done */
  int fd;              /* of GUEST; owned unless it is the root's; -1 */
  bool missing;        /* GUEST does not exist */
  struct stat status;  /* of GUEST, if FD is not -1 */
  int links;
};

static void
walk_set_fd (struct walk *walk, int fd)
{
  if (walk->fd >= 0 && walk->fd != walk->plan->root_fd)
    (void) close (walk->fd); /* O_PATH: nothing to be lost */
  walk->fd = fd;
}

/* Begin again at the root with REST, which is taken over, to walk.  */
static void
walk_restart (struct walk *walk, char *rest)
{
  free (walk->rest);
  walk->rest = rest;
  walk->position = 0;
  walk->missing = false;
  buffer_clear (&walk->guest);
  walk_set_fd (walk, walk->plan->root_fd);
  walk->status.st_mode = S_IFDIR;
}

/* Return GUEST's text.  */
static const char *
walk_guest (const struct walk *walk)
{
  return walk->guest.length > 0 ? walk->guest.data : "";
}

/* Return whether GUEST lies at or above the guest path of some binding of
   PLAN that is not shorter than it.  */
static bool
binding_below (const struct run_plan *plan, const char *guest)
{
  size_t length = strlen (guest);
  for (size_t i = 0; i < plan->binding_count; i++)
    {
      const char *other = plan->bindings[i].guest;
      if (strncmp (other, guest, length) == 0 && other[length] == '/')
        return true;
    }
  return false;
}

/* Return the binding at GUEST, the last one if there are several, or NULL.  */
static const struct run_binding *
binding_at (const struct run_plan *plan, const char *guest)
{
  for (size_t i = plan->binding_count; i > 0; i--)
    if (strcmp (plan->bindings[i - 1].guest, guest) == 0)
      return &plan->bindings[i - 1];
  return NULL;
}

/* Return whether the way from the first FROM bytes of GUEST to its end meets
   a binding.  */
static bool
binding_on_way (const struct run_plan *plan, const char *guest, size_t from)
{
  for (size_t i = 0; i < plan->binding_count; i++)
    {
      const char *other = plan->bindings[i].guest;
      size_t length = strlen (other);
      if (length > from && strncmp (other, guest, length) == 0
          && (guest[length] == '/' || guest[length] == '\0'))
        return true;
    }
  return false;
}

/* Return REST with single slashes and without "." in it and slashes around
   it, which the caller frees, or NULL when there is a ".." in it.  */
static char *
plain_rest (const char *rest)
{
  AUTO_BUFFER (plain);
  while (true)
    {
      rest += strspn (rest, "/");
      size_t length = strcspn (rest, "/");
      if (length == 0)
        return buffer_take (&plain);
      if (length == 2 && rest[0] == '.' && rest[1] == '.')
        return NULL;
      if (!(length == 1 && rest[0] == '.'))
        {
          if (plain.length > 0)
            buffer_add_char (&plain, '/');
          buffer_add (&plain, rest, length);
        }
      rest += length;
    }
}

/* Fill STATUS from FD.  Newer C libraries make a path call of fstat, which is
   dearer, and this is done often.  */
static int
status_of (int fd, struct stat *status)
{
#if defined __x86_64__ || defined __aarch64__
  /* The kernel's structure is that of the C library.  */
  long result = syscall (SYS_fstat, fd, status);
#else
  long result = fstat (fd, status);
#endif
  return result < 0 ? -errno : 0;
}

/* Open the component NAME, whose guest path is in walk->guest already.
   Return a descriptor, -1 when it does not exist on disk, or a negative errno
   below -1 (EPERM, which is 1, becomes EACCES).  */
static int
walk_open (struct walk *walk, const char *name)
{
  int fd = -1;
  const struct run_binding *binding =
      binding_at (walk->plan, walk_guest (walk));
  if (binding != NULL)
    fd = open (binding->host, O_PATH | O_CLOEXEC);
  else if (walk->fd >= 0)
    fd = openat (walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  else
    return -1;

  if (fd >= 0)
    return fd;
  if (errno == ENOENT)
    return -1;
  return errno == EPERM ? -EACCES : -errno;
}

/* Follow the link that is the component NAME of the directory DIRECTORY (its
   guest path) and is open as FD.  */
static int
walk_follow (struct walk *walk, const char *directory, int fd)
{
  char target[4096];
  ssize_t length = readlinkat (fd, "", target, sizeof target - 1);
  if (length < 0)
    return -errno;
  if (length == 0)
    return -ENOENT;
  target[length] = '\0';
  if (++walk->links > LINK_LIMIT)
    return -ELOOP;

  const char *rest = walk->rest + walk->position;
  char *whole = target[0] == '/'
                    ? xasprintf ("%s/%s", target, rest)
                    : xasprintf ("%s/%s/%s", directory, target, rest);
  if (rest[0] == '\0')
    whole[strlen (whole) - 1] = '\0'; /* no slash that was not there */
  walk_restart (walk, whole);
  return 0;
}

/* Note that the whole of what was left has been walked, to TARGET.  */
static void
walk_arrive (struct walk *walk, const char *target)
{
  buffer_clear (&walk->guest);
  buffer_add_string (&walk->guest, target);
  walk->position += strlen (walk->rest + walk->position);
}

/* Return whether PATH, which is not empty, can only be a directory.  */
static bool
ends_as_directory (const char *path)
{
  size_t length = strlen (path);
  if (path[length - 1] == '.' && length > 1)
    return path[length - 2] == '/';
  return path[length - 1] == '/';
}

/* Try to walk all that is left in one system call.  Return 1 when it was done,
   0 when the walk goes on (step by step, or from the start along a link), or a
   negative errno.  */
static int
walk_leap (struct walk *walk, bool *taken)
{
  static bool unknown; /* to this kernel */
  *taken = false;
  if (unknown || walk->fd < 0)
    return 0;

  AUTO_FREE char *plain = plain_rest (walk->rest + walk->position);
  if (plain == NULL || plain[0] == '\0')
    return 0;
  AUTO_FREE char *target = xasprintf ("%s/%s", walk_guest (walk), plain);
  if (binding_on_way (walk->plan, target, walk->guest.length))
    return 0;

  struct open_how_v0 how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                             .resolve = WITHOUT_LINKS };
  AUTO_CLOSE int fd =
      (int) syscall (SYS_openat2, walk->fd, plain, &how, sizeof how);
  if (fd < 0 && errno == ENOENT && !binding_below (walk->plan, target))
    {
      *taken = true;
      walk->missing = true;
      walk_arrive (walk, target);
      walk_set_fd (walk, -1);
      return (walk->flags & RUN_LOOK_MISSING) != 0 ? 1 : -ENOENT;
    }
  if (fd < 0)
    {
      unknown = errno == ENOSYS || errno == EPERM;
      return 0; /* a link on the way, or an error that a step finds again */
    }

  struct stat status;
  const char *rest = walk->rest + walk->position;
  bool slash = ends_as_directory (rest);
  int failure = status_of (fd, &status);
  if (failure < 0)
    return failure;
  *taken = true;
  if (S_ISLNK (status.st_mode)
      && (slash || (walk->flags & RUN_LOOK_NO_FOLLOW) == 0))
    {
      *strrchr (target, '/') = '\0';
      walk->position += strlen (rest) - slash;
      return walk_follow (walk, target, fd);
    }
  walk_arrive (walk, target);
  walk_set_fd (walk, TAKE_FD (fd));
  walk->status = status;
  return slash && !S_ISDIR (status.st_mode) ? -ENOTDIR : 1;
}

/* Walk the component NAME, which is not "." or ".." or empty.  */
static int
walk_step (struct walk *walk, const char *name)
{
  AUTO_FREE char *directory = xstrdup (walk_guest (walk));
  buffer_add_char (&walk->guest, '/');
  buffer_add_string (&walk->guest, name);

  int fd = walk_open (walk, name);
  if (fd == -1)
    {
      walk->missing = !binding_below (walk->plan, walk_guest (walk));
      walk_set_fd (walk, -1);
      walk->status.st_mode = S_IFDIR;
      return walk->missing && (walk->flags & RUN_LOOK_MISSING) == 0 ? -ENOENT
                                                                    : 0;
    }
  if (fd < 0)
    return fd;

  struct stat status;
  int failure = status_of (fd, &status);
  bool last = walk->rest[walk->position] == '\0';
  if (failure == 0 && S_ISLNK (status.st_mode)
      && (!last || (walk->flags & RUN_LOOK_NO_FOLLOW) == 0))
    {
      failure = walk_follow (walk, directory, fd);
      (void) close (fd); /* O_PATH */
      return failure;
    }
  walk_set_fd (walk, fd);
  walk->status = status;
  return failure;
}

/* Walk the next component of what is left.  Return 1 at the end, 0 when there
   is more to do, or a negative errno.  */
static int
walk_next (struct walk *walk)
{
  const char *rest = walk->rest + walk->position;
  size_t slashes = strspn (rest, "/");
  size_t length = strcspn (rest + slashes, "/");
  if (slashes + length == 0)
    return 1;
  if (!S_ISDIR (walk->status.st_mode))
    return -ENOTDIR;

  AUTO_FREE char *name = xstrndup (rest + slashes, length);
  if (length > 0 && strcmp (name, ".") != 0 && strcmp (name, "..") != 0)
    {
      bool taken = false;
      int status = walk_leap (walk, &taken);
      if (status != 0 || taken)
        return status;
      walk->position += slashes + length;
      return walk_step (walk, name);
    }

  walk->position += slashes + length;
  if (strcmp (name, "..") == 0)
    {
      const char *guest = walk_guest (walk);
      const char *slash = strrchr (guest, '/');
      int parent = slash == NULL ? 0 : (int) (slash - guest);
      walk_restart (walk, xasprintf ("%.*s%s", parent, guest,
                                     walk->rest + walk->position));
    }
  return 0;
}

int
run_look (const struct run_plan *plan, const char *path, unsigned flags,
          struct run_place *place)
{
  struct walk walk = { .plan = plan, .flags = flags, .fd = -1 };
  walk_restart (&walk, xstrdup (path));

  int status = strlen (path) < 4096 ? 0 : -ENAMETOOLONG;
  while (status == 0)
    status = walk_next (&walk);
  if (status > 0)
    {
      *place = (struct run_place){
        .fd = walk.fd,
        .guest = xstrdup (walk.guest.length > 0 ? walk.guest.data : "/"),
        .virtual_directory = walk.fd < 0 && !walk.missing,
        .status = walk.status,
      };
      if (walk.fd == plan->root_fd)
        place->fd = fcntl (plan->root_fd, F_DUPFD_CLOEXEC, 3);
      walk.fd = -1;
      status = 0;
    }
  walk_set_fd (&walk, -1);
  buffer_release (&walk.guest);
  free (walk.rest);
  return status;
}

/* Make the directory NAME in the directory DIR unless it is there, and return a
   descriptor of it or a negative errno.  */
static int
enter_or_make (int dir, const char *name)
{
  if (mkdirat (dir, name, 0755) < 0 && errno != EEXIST)
    return -errno;
  int fd = openat (dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int
run_make_directory (const struct run_plan *plan, const char *path)
{
  struct run_place place = { .fd = -1 };
  int status = run_look (plan, path, RUN_LOOK_MISSING, &place);
  if (status < 0)
    return status;
  int dir = plan->root_fd;
  char *rest = place.guest + 1;
  for (const char *name = strsep (&rest, "/");
       place.fd < 0 && dir >= 0 && name != NULL; name = strsep (&rest, "/"))
    {
      int fd = enter_or_make (dir, name);
      if (dir != plan->root_fd)
        (void) close (dir); /* O_PATH */
      dir = fd;
    }
  if (dir >= 0 && dir != plan->root_fd)
    (void) close (dir); /* O_PATH */
  run_place_release (&place);
  return dir < 0 ? dir : 0;
}

void
run_place_release (struct run_place *place)
{
  if (place->fd >= 0)
    (void) close (place->fd); /* O_PATH */
  free (place->guest);
  *place = (struct run_place){ .fd = -1 };
}

int
run_place_open (const struct run_place *place)
{
  if (place->fd < 0)
    return -ENOENT;
  AUTO_FREE char *path = xasprintf ("/proc/self/fd/%d", place->fd);
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

char *
run_join (const char *directory, const char *path)
{
  if (path[0] == '/')
    return xstrdup (path);
  return xasprintf ("%s/%s", strcmp (directory, "/") == 0 ? "" : directory,
                    path);
}
