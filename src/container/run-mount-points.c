/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Mount points in a container's directory.

   The links in .mountpoints beside the root say what to remove, as the Python
   tool has them: "#x#y -> #x" means that /x was there, and y was made.  */

#include <config.h>

#include "src/container/run-mount-points.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "src/container/container.h"
#include "src/container/run-mounts.h"
#include "src/container/run-private.h"
#include "src/container/running.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

#define NOTES ".mountpoints"

/* Return the container of MOUNTS as run_look sees it with nothing but what is
   on disk.  Nothing of it is to be released.  */
static struct run_plan
disk_of (const struct run_mounts *mounts)
{
  return (struct run_plan){
    .root = mounts->plan->root,
    .root_fd = mounts->plan->root_fd,
  };
}

char *
run_mount_point_existing (const struct run_mounts *mounts, const char *guest)
{
  const struct run_plan disk = disk_of (mounts);
  struct run_place place = { .fd = -1 };
  char *part = xstrdup (guest);
  do
    *strrchr (part, '/') = '\0';
  while (part[0] != '\0' && run_look (&disk, part, 0, &place) < 0);
  run_place_release (&place);
  return part;
}

/* Return PATH as a name in .mountpoints, which the caller frees, or NULL when
   that could be another one's.  */
static char *
note_of (const char *path)
{
  if (strchr (path, '#') != NULL || strlen (path) > NAME_MAX)
    return NULL;
  char *note = xstrdup (path);
  for (char *c = note; *c != '\0'; c++)
    if (*c == '/')
      *c = '#';
  return note;
}

/* Note beside the container, where that can be written, that GUEST is made in
   ABOVE, which is there.  */
static void
note_beside (const struct run_mounts *mounts, const char *guest,
             const char *above)
{
  AUTO_FREE char *name = note_of (guest);
  AUTO_FREE char *target = note_of (above);
  if (mounts->plan->container == NULL || name == NULL || target == NULL)
    return;
  AUTO_FREE char *path = xasprintf (NOTES "/%s", name);
  int dir = mounts->plan->container->fd;
  (void) mkdirat (dir, NOTES, 0755); /* or the link cannot be made */
  (void) symlinkat (target[0] != '\0' ? target : "#", dir, path); /* likewise */
}

/* Note that of GUEST what is below ABOVE is about to be made: each directory by
   itself, since others make some of the same.  */
static void
note (struct run_mounts *mounts, const char *guest, const char *above)
{
  size_t length = strlen (above);
  while (guest[length] != '\0')
    {
      AUTO_FREE char *parent = xstrndup (guest, length);
      length += 1 + strcspn (guest + length + 1, "/");
      AUTO_FREE char *path = xstrndup (guest, length);
      note_beside (mounts, path, parent);
      run_list_add (&mounts->made, &mounts->made_count, TAKE (path));
    }
}

/* Make the empty file GUEST, in a directory that is there, in the root of
   VIEW.  Return 0 or a negative errno.  */
static int
make_file (const struct run_plan *view, const char *guest)
{
  const char *slash = strrchr (guest, '/');
  AUTO_FREE char *above = slash == guest
                              ? xstrdup ("/")
                              : xstrndup (guest, (size_t) (slash - guest));
  struct run_place place = { .fd = -1 };
  int status = run_look (view, above, 0, &place);
  if (status < 0)
    return status;
  AUTO_CLOSE int fd =
      openat (place.fd, slash + 1,
              O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
  status = fd < 0 ? -errno : 0;
  run_place_release (&place);
  return status;
}

int
run_mount_point_make (struct run_mounts *mounts, const char *guest,
                      bool directory)
{
  const struct run_plan disk = disk_of (mounts);
  AUTO_FREE char *existing = run_mount_point_existing (mounts, guest);
  AUTO_FREE char *above =
      xstrndup (guest, (size_t) (strrchr (guest, '/') - guest));
  int status = 0;
  note (mounts, guest, existing);
  if (directory)
    status = run_make_directory (&disk, guest);
  else if (above[0] != '\0')
    status = run_make_directory (&disk, above);
  if (status == 0 && !directory)
    status = make_file (&disk, guest);
  return status;
}

/* Remove GUEST, an empty file or directory, from the root ROOT_FD.  What is not
   empty is in use.  */
static void
remove_point (int root_fd, const char *guest)
{
  const struct run_plan view = { .root_fd = root_fd };
  const char *name = strrchr (guest, '/') + 1;
  AUTO_FREE char *above = xstrndup (guest, (size_t) (name - guest));
  struct run_place place = { .fd = -1 };
  struct stat st;
  if (run_look (&view, above, 0, &place) < 0)
    return;
  if (fstatat (place.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    {
      if (S_ISDIR (st.st_mode))
        (void) unlinkat (place.fd, name, AT_REMOVEDIR);
      else if (S_ISREG (st.st_mode) && st.st_size == 0)
        (void) unlinkat (place.fd, name, 0);
    }
  run_place_release (&place);
}

/* Remove what NAME in .mountpoints, a link to TARGET, says was made.  */
static void
remove_noted (int root_fd, const char *name, const char *target)
{
  AUTO_FREE char *path = xstrdup (name);
  size_t stays = strcmp (target, "#") == 0 ? 0 : strlen (target);
  if (path[0] != '#' || strncmp (target, name, stays) != 0
      || (stays > 0 && name[stays] != '#'))
    return;
  for (char *c = path; *c != '\0'; c++)
    if (*c == '#')
      *c = '/';
  while (strlen (path) > stays && strrchr (path, '/') != NULL
         && strcmp (path, "/") != 0 && path[0] != '\0')
    {
      remove_point (root_fd, path);
      *strrchr (path, '/') = '\0';
    }
}

static int
compare_backwards (const void *one, const void *other)
{
  return strcmp (*(char *const *) other, *(char *const *) one);
}

/* Remove from the root ROOT_FD what is noted in the directory CONTAINER_FD, and
   the notes: those of what lies in a directory that was made before that of the
   directory.  */
static void
remove_all_noted (int container_fd, int root_fd)
{
  int fd = openat (container_fd, NOTES,
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *directory = fd < 0 ? NULL : fdopendir (fd);
  const struct dirent *entry;
  char **names = NULL;
  size_t count = 0;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    if (entry->d_name[0] == '#')
      run_list_add (&names, &count, xstrdup (entry->d_name));
  if (count > 1)
    qsort (names, count, sizeof *names, compare_backwards);
  for (size_t i = 0; i < count; i++)
    {
      AUTO_FREE char *target = file_read_link (dirfd (directory), names[i]);
      if (target == NULL)
        continue;
      remove_noted (root_fd, names[i], target);
      (void) unlinkat (dirfd (directory), names[i], 0); /* or next time */
    }
  /* The Python tool has one without anything in it, which stays.  */
  if (count > 0)
    (void) unlinkat (container_fd, NOTES, AT_REMOVEDIR);
  run_list_free (names);
}

void
run_mount_points_remove (const struct run_mounts *mounts)
{
  const struct run_plan *plan = mounts->plan;
  for (size_t i = mounts->made_count; i > 0; i--)
    remove_point (plan->root_fd, mounts->made[i - 1]);
  if (plan->container != NULL)
    remove_all_noted (plan->container->fd, plan->root_fd);
}

bool
run_mount_points_sweep (const struct container *container)
{
  AUTO_CLOSE int root =
      open (container->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_FREE char *machine = container_machine (container);
  if (machine != NULL || root < 0 || flock (root, LOCK_EX | LOCK_NB) < 0)
    return false;
  remove_all_noted (container->fd, root);
  return true;
}
