/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a run mounts where, for engines that really mount: the mount points.

   Who shows a directory by tracing system calls needs no mount point; the
   kernel does.  It is made in the container, empty, and removed after the run,
   unless another run is there (run-mount-points.c): each has a shared lock on
   the root directory, and who gets an exclusive one is the last.  */

#include <config.h>

#include "src/container/run-mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan.h"
#include "src/container/container.h"
#include "src/container/run-mount-points.h"
#include "src/container/run-private.h"
#include "src/container/running.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* Return whether GUEST is below ABOVE.  */
static bool
is_below (const char *guest, const char *above)
{
  size_t length = strlen (above);
  return strncmp (guest, above, length) == 0 && guest[length] == '/';
}

const struct run_mount *
run_mounts_above (const struct run_mounts *mounts, const char *guest)
{
  const struct run_mount *found = NULL;
  for (size_t i = 0; i < mounts->count; i++)
    if (is_below (guest, mounts->list[i].guest)
        && (found == NULL
            || strlen (mounts->list[i].guest) >= strlen (found->guest)))
      found = &mounts->list[i];
  return found;
}

/* Return the container as run_look sees it with what is settled in MOUNTS.
   Nothing of it is to be released.  */
static struct run_plan
view_of (const struct run_mounts *mounts)
{
  return (struct run_plan){
    .root = mounts->root,
    .root_fd = mounts->root_fd >= 0 ? mounts->root_fd : mounts->plan->root_fd,
    .bindings = mounts->bindings,
    .binding_count = mounts->binding_count,
  };
}

/* Take away from what is settled in MOUNTS what lies at GUEST, if anything
   does.  */
static void
forget (struct run_mounts *mounts, const char *guest)
{
  size_t i = 0;
  while (i < mounts->count && strcmp (mounts->list[i].guest, guest) != 0)
    i++;
  if (i == mounts->count)
    return;
  for (size_t j = 0; j < mounts->binding_count; j++)
    if (mounts->bindings[j].guest == mounts->list[i].guest)
      {
        mounts->binding_count--;
        memmove (&mounts->bindings[j], &mounts->bindings[j + 1],
                 (mounts->binding_count - j) * sizeof *mounts->bindings);
        break;
      }
  free (mounts->list[i].guest);
  free (mounts->list[i].host);
  mounts->count--;
  memmove (&mounts->list[i], &mounts->list[i + 1],
           (mounts->count - i) * sizeof *mounts->list);
}

/* Append MOUNT, which is taken over, to those that are settled, in the place of
   another one there.  */
static void
append (struct run_mounts *mounts, struct run_mount *mount)
{
  forget (mounts, mount->guest);
  mounts->list =
      xreallocarray (mounts->list, mounts->count + 1, sizeof *mounts->list);
  mounts->list[mounts->count++] = *mount;
  if (mount->host == NULL)
    return;
  mounts->bindings = xreallocarray (mounts->bindings, mounts->binding_count + 1,
                                    sizeof *mounts->bindings);
  mounts->bindings[mounts->binding_count++] = (struct run_binding){
    .host = mount->host,
    .guest = mount->guest,
  };
}

/* Return whether something is settled to lie at GUEST.  */
static bool
has_mount (const struct run_mounts *mounts, const char *guest)
{
  for (size_t i = 0; i < mounts->count; i++)
    if (strcmp (mounts->list[i].guest, guest) == 0)
      return true;
  return false;
}

/* Make PATH on the host, in a directory of this run.  */
static int
make_in_ours (const char *path, bool directory, struct error *err)
{
  if (directory)
    return file_make_directories (AT_FDCWD, path, 0755, err);
  AUTO_FREE char *parent =
      xstrndup (path, (size_t) (strrchr (path, '/') - path));
  int status = file_make_directories (AT_FDCWD, parent, 0755, err);
  if (status < 0)
    return status;
  AUTO_CLOSE int fd =
      open (path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
  return fd < 0 ? error_set (err, errno, _ ("cannot make '%s': %s"), path,
                             strerror (errno))
                : 0;
}

/* Have in the directory SHADOW, at HOST, a place for the entry NAME of the
   directory DIR, and append to MOUNTS what shows it there: what is PATH/NAME on
   the host and GUEST/NAME in the container.  */
static int
shadow_entry (struct run_mounts *mounts, int shadow, int dir, const char *path,
              const char *guest, const char *name, struct error *err)
{
  struct stat st;
  int status = 0;
  if (fstatat (dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return 0; /* it has just gone */
  if (S_ISLNK (st.st_mode))
    {
      AUTO_FREE char *target = file_read_link (dir, name);
      if (target == NULL || symlinkat (target, shadow, name) < 0)
        status = -errno;
    }
  else
    {
      AUTO_CLOSE int fd = -1;
      if (S_ISDIR (st.st_mode))
        status = mkdirat (shadow, name, 0755) < 0 ? -errno : 0;
      else if ((fd =
                    openat (shadow, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644))
               < 0)
        status = -errno;
      struct run_mount mount = {
        .guest = xasprintf ("%s/%s", guest, name),
        .host = xasprintf ("%s/%s", path, name),
      };
      if (has_mount (mounts, mount.guest))
        {
          free (mount.guest);
          free (mount.host);
        }
      else
        append (mounts, &mount);
    }
  return status < 0
             ? error_set (err, -status, _ ("cannot stand in for '%s/%s': %s"),
                          path, name, strerror (-status))
             : 0;
}

/* Have a directory of this run stand for GUEST ("" for the root), which is in
   the container and cannot be written: with all that is there, and room for
   more.  What is there is shown by its path on the host, which nothing may
   cover: so there is another root first.  */
static int
shadow_directory (struct run_mounts *mounts, const char *guest,
                  struct error *err)
{
  if (guest[0] != '\0' && mounts->root_fd < 0
      && shadow_directory (mounts, "", err) < 0)
    return -err->number;
  AUTO_FREE char *host = run_temporary_add (mounts->temporary, 0755, err);
  if (host == NULL)
    return -err->number;
  AUTO_FREE char *path = xasprintf ("%s%s", mounts->plan->root, guest);
  AUTO_CLOSE int shadow = open (host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *directory = opendir (path);
  if (shadow < 0 || directory == NULL)
    return error_set (err, errno, _ ("cannot stand in for '%s': %s"), path,
                      strerror (errno));
  if (guest[0] != '\0')
    {
      struct run_mount mount = {
        .guest = xstrdup (guest),
        .host = xstrdup (host),
        .flags = PLAN_BINDING_READ_ONLY, /* as what it stands for */
        .ours = true,
      };
      append (mounts, &mount);
    }
  const struct dirent *entry;
  int status = 0;
  while (status == 0 && (entry = readdir (directory)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      status = shadow_entry (mounts, shadow, dirfd (directory), path, guest,
                             entry->d_name, err);
  if (status == 0 && guest[0] == '\0')
    {
      free (mounts->root);
      mounts->root = TAKE (host);
      mounts->root_fd = TAKE_FD (shadow);
    }
  return status;
}

/* Return whether MOUNT shows what is in the container of MOUNTS anyway, since a
   directory that stands in for one above covers it.  */
static bool
is_itself (const struct run_mounts *mounts, const struct run_mount *mount)
{
  AUTO_FREE char *path = xasprintf ("%s%s", mounts->plan->root, mount->guest);
  return mount->host != NULL && strcmp (mount->host, path) == 0;
}

/* Make the mount point GUEST, a directory or, if not DIRECTORY, a file, where
   something of MOUNTS is to be seen.  */
static int
make_point (struct run_mounts *mounts, const char *guest, bool directory,
            struct error *err)
{
  const struct run_mount *above = run_mounts_above (mounts, guest);
  if (above != NULL ? above->ours : mounts->root_fd >= 0)
    {
      AUTO_FREE char *path =
          above != NULL
              ? xasprintf ("%s%s", above->host, guest + strlen (above->guest))
              : xasprintf ("%s%s", mounts->root, guest);
      return make_in_ours (path, directory, err);
    }
  if (above != NULL && !is_itself (mounts, above))
    return error_set (err, ENOENT,
                      _ ("cannot show anything at '%s' in mode %s: there is no"
                         " such %s in '%s', which is shown at '%s'; make one,"
                         " or use mode P1"),
                      guest, mounts->plan->mode,
                      directory ? _ ("directory") : _ ("file"), above->host,
                      above->guest);

  int status = run_mount_point_make (mounts, guest, directory);
  if (status == 0)
    return 0;
  if (status == -EROFS || status == -EACCES || status == -EPERM
      || file_is_no_room (-status))
    {
      AUTO_FREE char *part = run_mount_point_existing (mounts, guest);
      status = shadow_directory (mounts, part, err);
      return status < 0 ? status : make_point (mounts, guest, directory, err);
    }
  return error_set (err, -status,
                    _ ("cannot make the mount point '%s' in the container: %s;"
                       " mode P1 needs none"),
                    guest, strerror (-status));
}

/* See that MOUNT, a directory if that is said, can lie below ABOVE, which the
   engine mounts by itself, and then sees to the mount point.  In /dev it can
   make one; for the rest the kernel alone says what there is.  */
static int
check_own (const struct run_mounts *mounts, const struct run_mount *mount,
           const struct run_mount *above, bool directory, struct error *err)
{
  struct stat st;
  if (strcmp (above->guest, "/dev") == 0)
    return 0;
  bool fits = lstat (mount->guest, &st) == 0
              && (S_ISDIR (st.st_mode) != 0) == directory
              && (!directory || strcmp (above->guest, "/proc") != 0);
  return fits ? 0
              : error_set (err, EINVAL,
                           _ ("cannot show anything at '%s' in mode %s, where "
                              "'%s' is the kernel's; mode P1 can"),
                           mount->guest, mounts->plan->mode, above->guest);
}

/* Find out where MOUNT is to be mounted, which is a directory if that is said,
   and see that it can be.  */
static int
settle_place (struct run_mounts *mounts, struct run_mount *mount,
              bool directory, struct error *err)
{
  const struct run_mount *above = run_mounts_above (mounts, mount->guest);
  if (above != NULL && above->host == NULL)
    return check_own (mounts, mount, above, directory, err);

  const struct run_plan view = view_of (mounts);
  struct run_place place = { .fd = -1 };
  int status = run_look (&view, mount->guest,
                         RUN_LOOK_NO_FOLLOW | RUN_LOOK_MISSING, &place);
  if (status == 0 && place.fd >= 0 && S_ISLNK (place.status.st_mode))
    {
      run_place_release (&place);
      if ((mount->flags & PLAN_BINDING_NO_FOLLOW) != 0 || mount->host == NULL)
        return error_set (err, EINVAL,
                          _ ("cannot cover the symbolic link '%s' in mode %s;"
                             " mode P1 can"),
                          mount->guest, mounts->plan->mode);
      status = run_look (&view, mount->guest, RUN_LOOK_MISSING, &place);
    }
  if (status < 0)
    return error_set (err, -status, _ ("invalid container volume path: %s: %s"),
                      mount->guest, strerror (-status));

  free (mount->guest);
  mount->guest = TAKE (place.guest);
  bool missing = place.fd < 0;
  bool fits = missing || directory == (S_ISDIR (place.status.st_mode) != 0);
  run_place_release (&place);
  if (!fits)
    return error_set (err, directory ? ENOTDIR : EISDIR,
                      directory
                          ? _ ("cannot show a directory at '%s', which is none,"
                               " in mode %s; mode P1 can")
                          : _ ("cannot show a file at '%s', which is a"
                               " directory, in mode %s; mode P1 can"),
                      mount->guest, mounts->plan->mode);
  return missing ? make_point (mounts, mount->guest, directory, err) : 0;
}

/* Settle MOUNT, which is taken over.  */
static int
settle (struct run_mounts *mounts, struct run_mount *mount, struct error *err)
{
  struct stat st;
  int status = 0;
  bool directory = true;
  if (mount->host != NULL)
    {
      if (stat (mount->host, &st) == 0)
        directory = S_ISDIR (st.st_mode);
      else
        status = error_set (err, errno, _ ("invalid host volume path: %s: %s"),
                            mount->host, strerror (errno));
    }
  if (status == 0)
    status = settle_place (mounts, mount, directory, err);
  if (status < 0 && mount->optional)
    {
      log_warning ("%s", err->text);
      error_release (err);
      free (mount->guest);
      free (mount->host);
      return 0;
    }
  /* What --tmpfs asks for lies there.  */
  mount->ours = mount->ours
                || (mount->host != NULL && mounts->plan->temporary.path != NULL
                    && is_below (mount->host, mounts->plan->temporary.path));
  append (mounts, mount); /* in any case: it is released with them */
  return status;
}

/* Return whether PATH is one of the list OWN, ended by NULL.  */
static bool
is_own (const char *const *own, const char *path)
{
  size_t i = 0;
  while (own[i] != NULL && strcmp (own[i], path) != 0)
    i++;
  return own[i] != NULL;
}

/* Write the file FILE to the run's directory.  Return its path, which the
   caller frees, or NULL with ERR set.  */
static char *
write_file (struct run_mounts *mounts, const struct run_file *file,
            struct error *err)
{
  AUTO_FREE char *directory = run_temporary_add (mounts->temporary, 0700, err);
  if (directory == NULL)
    return NULL;
  AUTO_FREE char *path = xasprintf ("%s/file", directory);
  AUTO_CLOSE int fd =
      open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  int status = fd < 0 ? -errno : file_write_all (fd, file->content, file->size);
  if (status == 0 && fchmod (fd, file->mode) < 0)
    status = -errno;
  if (status < 0)
    {
      (void) error_set (err, -status, _ ("cannot write '%s': %s"), path,
                        strerror (-status));
      return NULL;
    }
  return TAKE (path);
}

/* How deep PATH lies.  */
static size_t
depth_of (const char *path)
{
  size_t depth = 0;
  for (; *path != '\0'; path++)
    depth += *path == '/';
  return depth;
}

/* A mount that is wanted, and when that was said.  */
struct wish
{
  struct run_mount mount;
  size_t order;
};

static int
compare_wishes (const void *one, const void *other)
{
  const struct wish *a = one, *b = other;
  size_t a_depth = depth_of (a->mount.guest);
  size_t b_depth = depth_of (b->mount.guest);
  if (a_depth != b_depth)
    return a_depth < b_depth ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

/* All of them.  */
struct wishes
{
  struct wish *list;
  size_t count;
};

/* Append HOST, taken over, at GUEST to WISHES, in the place of what was wanted
   there before.  */
static void
wish (struct wishes *wishes, char *host, const char *guest, uint32_t flags,
      bool optional)
{
  size_t i = 0;
  while (i < wishes->count && strcmp (wishes->list[i].mount.guest, guest) != 0)
    i++;
  if (i == wishes->count)
    {
      wishes->list =
          xreallocarray (wishes->list, wishes->count + 1, sizeof *wishes->list);
      wishes->list[wishes->count++] =
          (struct wish){ .mount = { .guest = xstrdup (guest) }, .order = i };
    }
  free (wishes->list[i].mount.host);
  wishes->list[i].mount.host = host;
  wishes->list[i].mount.flags = flags;
  wishes->list[i].mount.optional = optional;
}

/* See that BINDING, which was asked for, may take the place of one of OWN:
   where no program runs without.  */
static int
check_replaced (const struct run_mounts *mounts, const char *const *own,
                const struct run_binding *binding, struct error *err)
{
  AUTO_FREE char *null = xasprintf ("%s/null", binding->host);
  if (!is_own (own, binding->guest) || strcmp (binding->guest, "/sys") == 0
      || (strcmp (binding->guest, "/dev") == 0 && access (null, F_OK) == 0))
    return 0;
  return error_set (err, EINVAL,
                    _ ("cannot show '%s' at '%s' in mode %s, whose containers "
                       "have one of their own; mode P1 can"),
                    binding->host, binding->guest, mounts->plan->mode);
}

/* Collect in WISHES all that the plan of MOUNTS wants, and of OWN what is not
   replaced.  */
static int
collect (struct run_mounts *mounts, const char *const *own,
         struct wishes *wishes, struct error *err)
{
  const struct run_plan *plan = mounts->plan;
  for (size_t i = 0; own[i] != NULL; i++)
    wish (wishes, NULL, own[i], 0, false);
  for (size_t i = 0; i < plan->binding_count; i++)
    {
      const struct run_binding *binding = &plan->bindings[i];
      if (i < plan->volume_count
          && check_replaced (mounts, own, binding, err) < 0)
        return -err->number;
      /* Where mount points are made, directories above them are, too.  */
      if (!binding->stands_in
          && (i < plan->volume_count
              || !(is_own (own, binding->guest)
                   || is_own (own, binding->host))))
        wish (wishes, xstrdup (binding->host), binding->guest, binding->flags,
              binding->optional);
    }
  for (size_t i = 0; i < plan->file_count; i++)
    {
      char *path = write_file (mounts, &plan->files[i], err);
      if (path == NULL)
        return -err->number;
      wish (wishes, path, plan->files[i].guest, 0, true);
    }
  if (wishes->count > 1)
    qsort (wishes->list, wishes->count, sizeof *wishes->list, compare_wishes);
  return 0;
}

/* Bring MOUNTS in order: what stands in for a directory came after what lies in
   it.  */
static void
sort_mounts (struct run_mounts *mounts)
{
  for (size_t i = 1; i < mounts->count; i++)
    {
      struct run_mount mount = mounts->list[i];
      size_t depth = depth_of (mount.guest);
      size_t at = i;
      for (; at > 0 && depth_of (mounts->list[at - 1].guest) > depth; at--)
        mounts->list[at] = mounts->list[at - 1];
      mounts->list[at] = mount;
    }
}

int
run_mounts_make (struct run_mounts *mounts, const struct run_plan *plan,
                 const char *const *own, struct run_temporary *temporary,
                 struct error *err)
{
  *mounts = (struct run_mounts){
    .plan = plan,
    .temporary = temporary,
    .root = xstrdup (plan->root),
    .root_fd = -1,
    .lock = open (plan->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
  };
  /* Who has the other kind is quick.  Where there are no locks nobody removes
     anything.  */
  while (mounts->lock >= 0 && flock (mounts->lock, LOCK_SH) < 0
         && errno == EINTR)
    continue;

  struct wishes wishes = { 0 };
  int status = collect (mounts, own, &wishes, err);
  /* No process can leave the root for the same one.  */
  if (status == 0 && strcmp (plan->root, "/") == 0)
    status = shadow_directory (mounts, "", err);
  for (size_t i = 0; i < wishes.count; i++)
    {
      struct run_mount *mount = &wishes.list[i].mount;
      if (status == 0)
        status = settle (mounts, mount, err);
      else
        {
          free (mount->guest);
          free (mount->host);
        }
    }
  free (wishes.list);
  sort_mounts (mounts);
  return status;
}

void
run_mounts_release (struct run_mounts *mounts)
{
  const struct run_plan *plan = mounts->plan;
  AUTO_FREE char *machine = plan != NULL && plan->container != NULL
                                ? container_machine (plan->container)
                                : NULL;
  if (plan != NULL && machine == NULL && mounts->lock >= 0
      && flock (mounts->lock, LOCK_EX | LOCK_NB) == 0)
    run_mount_points_remove (mounts);
  if (mounts->lock >= 0)
    (void) close (mounts->lock); /* nothing was written to it */
  if (mounts->root_fd >= 0)
    (void) close (mounts->root_fd); /* likewise */
  for (size_t i = 0; i < mounts->count; i++)
    {
      free (mounts->list[i].guest);
      free (mounts->list[i].host);
    }
  free (mounts->list);
  free (mounts->bindings);
  free (mounts->root);
  run_list_free (mounts->made);
  *mounts = (struct run_mounts){ .root_fd = -1, .lock = -1 };
}
