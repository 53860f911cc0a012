/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Locks that say which containers are in use.  */

#include <config.h>

#include "src/container/running.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/container/container.h"
#include "src/image/store.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Return this machine's name as it can stand in a path; the caller frees
   it.  */
static char *
machine_name (void)
{
  char name[256] = "";
  if (gethostname (name, sizeof name - 1) < 0 || name[0] == '\0'
      || name[0] == '.' || strchr (name, '/') != NULL)
    return xstrdup ("localhost");
  return xstrdup (name);
}

/* Return the directory where the locks of STORE's containers are when the
   store cannot be written, which the caller frees, or NULL.  */
static char *
runtime_directory (const struct store *store)
{
  const char *runtime = getenv ("XDG_RUNTIME_DIR");
  if (runtime == NULL || runtime[0] != '/')
    return NULL;
  return xasprintf (
      "%s/udocker/%016llx", runtime,
      (unsigned long long) hash_text (store_containers_path (store)));
}

/* Open the lock file of CONTAINER below DIRECTORY, made if missing.  Return a
   descriptor or a negative errno.  */
static int
open_lock (const char *directory, const struct container *container)
{
  AUTO_FREE char *path = xasprintf ("%s/%s", directory, container->id);
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  int fd = open (path, flags, 0600);
  if (fd < 0 && errno == ENOENT)
    {
      AUTO_ERROR struct error ignored = { 0 };
      (void) file_make_directories (AT_FDCWD, directory, 0700,
                                    &ignored); /* open tells it as well */
      fd = open (path, flags, 0600);
    }
  return fd < 0 ? -errno : fd;
}

/* Open the lock file that says here that CONTAINER is in use.  */
static int
open_own_lock (const struct container *container)
{
  AUTO_FREE char *machine = machine_name ();
  AUTO_FREE char *directory =
      xasprintf ("%s/run/%s", store_top_path (container->store), machine);
  int fd = open_lock (directory, container);
  if (fd >= 0)
    return fd;

  AUTO_FREE char *runtime = runtime_directory (container->store);
  return runtime == NULL ? fd : open_lock (runtime, container);
}

/* Take the lock of FD as OPERATION says, without waiting for whoever means to
   keep it, in so many TRIES: who looks whether somebody has a lock (is_held),
   or finds that he may not remove a container, has it for a moment.  Return 0
   or a negative errno; -EWOULDBLOCK at once when CONTAINER is gone.  */
static int
lock_soon (int fd, int operation, int tries, const struct container *container)
{
  static const struct timespec pause = { .tv_nsec = 5000000 };
  int status = 0;
  for (int i = 0; i < tries; i++)
    {
      status = flock (fd, operation | LOCK_NB) < 0 ? -errno : 0;
      if (status != -EWOULDBLOCK || !container_is_in_place (container))
        break;
      (void) nanosleep (&pause, NULL); /* a signal may end it */
    }
  return status;
}

int
container_hold (const struct container *container, bool wait, struct error *err)
{
  AUTO_CLOSE int fd = open_own_lock (container);
  if (fd < 0)
    {
      log_debug ("cannot say that container %s is in use: %s", container->id,
                 strerror (-fd));
      return -1;
    }
  int status = lock_soon (fd, LOCK_SH, 10, container);
  if (status == -EWOULDBLOCK && wait)
    {
      log_info (_ ("waiting for another process that removes container %s"),
                container->id);
      do
        status = flock (fd, LOCK_SH) < 0 ? -errno : 0;
      while (status == -EINTR);
    }
  if (status == -EWOULDBLOCK)
    return error_set (err, EBUSY, _ ("container %s is being removed"),
                      container->id);
  if (status < 0)
    {
      log_debug ("cannot lock for container %s: %s", container->id,
                 strerror (-status));
      return -1;
    }

  /* Who removed it before we had the lock has removed the lock file too, or
     at least the container.  */
  struct stat st;
  if (fstat (fd, &st) < 0 || st.st_nlink == 0 || fstat (container->fd, &st) < 0
      || st.st_nlink == 0)
    return error_set (err, ENOENT, _ ("container %s was removed just now"),
                      container->id);
  return TAKE_FD (fd);
}

/* Tell whether somebody holds the lock of CONTAINER below DIRECTORY.  */
static bool
is_held (const char *directory, const struct container *container)
{
  AUTO_FREE char *path = xasprintf ("%s/%s", directory, container->id);
  AUTO_CLOSE int fd = open (path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  return fd >= 0 && lock_soon (fd, LOCK_EX, 3, container) == -EWOULDBLOCK;
}

/* Call WORK for each directory below run/ that another machine has for its
   locks, until it returns true.  Return the name of the machine for which it
   did, which the caller frees, or NULL.  */
static char *
find_other_machine (const struct container *container,
                    bool (*work) (const char *directory,
                                  const struct container *container))
{
  AUTO_FREE char *machine = machine_name ();
  AUTO_FREE char *top = xasprintf ("%s/run", store_top_path (container->store));
  AUTO_CLOSEDIR DIR *directory = opendir (top);
  if (directory == NULL)
    return NULL;
  for (struct dirent *entry = readdir (directory); entry != NULL;
       entry = readdir (directory))
    {
      if (entry->d_name[0] == '.' || strcmp (entry->d_name, machine) == 0)
        continue;
      AUTO_FREE char *other = xasprintf ("%s/%s", top, entry->d_name);
      if (work (other, container))
        return xstrdup (entry->d_name);
    }
  return NULL;
}

char *
container_machine (const struct container *container)
{
  return find_other_machine (container, is_held);
}

/* Remove the lock file of CONTAINER below DIRECTORY.  */
static bool
forget_lock (const char *directory, const struct container *container)
{
  AUTO_FREE char *path = xasprintf ("%s/%s", directory, container->id);
  (void) unlink (path); /* at worst an empty file stays */
  return false;
}

int
container_claim (const struct container *container, int hold, int *claim,
                 struct error *err)
{
  AUTO_CLOSE int fd =
      hold >= 0 ? fcntl (hold, F_DUPFD_CLOEXEC, 3) : open_own_lock (container);
  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
    return error_set (err, EBUSY, _ ("container %s is running or being copied"),
                      container->id);
  AUTO_FREE char *machine = container_machine (container);
  if (machine != NULL)
    return error_set (err, EBUSY, _ ("container %s is running on machine %s"),
                      container->id, machine);
  *claim = fd >= 0 ? TAKE_FD (fd) : -1;
  return 0;
}

void
container_unclaim (const struct container *container, int claim, bool removed)
{
  if (claim < 0)
    return;
  if (removed)
    {
      /* While the lock is held, so that nobody takes it for a live one.  */
      AUTO_FREE char *machine = machine_name ();
      AUTO_FREE char *own =
          xasprintf ("%s/run/%s", store_top_path (container->store), machine);
      (void) forget_lock (own, container);
      free (find_other_machine (container, forget_lock)); /* none says so */
      AUTO_FREE char *runtime = runtime_directory (container->store);
      if (runtime != NULL)
        (void) forget_lock (runtime, container);
    }
  (void) close (claim); /* nothing was written to it */
}

int
container_remove_after_run (struct container *container, int hold,
                            struct error *err)
{
  if (container_is_protected (container))
    return 0;
  int claim = -1;
  int status = container_claim (container, hold, &claim, err);
  if (status == 0)
    status = container_remove (container, false, err);
  container_unclaim (container, claim, status == 0);
  return status;
}

/* Remove the lock files in the directory PATH whose containers are not in STORE
   and that nobody holds.  */
static void
sweep_records (struct store *store, const char *path)
{
  AUTO_CLOSEDIR DIR *directory = opendir (path);
  const struct dirent *entry;

  while (directory != NULL && (entry = readdir (directory)) != NULL)
    {
      if (entry->d_name[0] == '.'
          || file_exists (store_containers_fd (store), entry->d_name))
        continue;
      AUTO_CLOSE int fd = openat (dirfd (directory), entry->d_name,
                                  O_RDWR | O_CLOEXEC | O_NOFOLLOW);
      if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
        (void) unlinkat (dirfd (directory), entry->d_name, 0); /* or stays */
    }
}

void
container_sweep_records (struct store *store)
{
  AUTO_FREE char *top = xasprintf ("%s/run", store_top_path (store));
  AUTO_CLOSEDIR DIR *directory = opendir (top);
  const struct dirent *entry;

  while (directory != NULL && (entry = readdir (directory)) != NULL)
    {
      if (entry->d_name[0] == '.')
        continue;
      AUTO_FREE char *machine = xasprintf ("%s/%s", top, entry->d_name);
      sweep_records (store, machine);
    }
}
