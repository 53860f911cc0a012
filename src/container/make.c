/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make a container, whatever it is made of.

   All happens in 'containers/.ID.part', which its maker locks.  Once the tree
   is on disk (one syncfs, where an fsync per file would take minutes) a rename
   makes it a container.  A name is reserved from the beginning by a lock of
   its own, so that of many processes that want to create the same name one
   does the work and the others are told that it exists.  */

#include <config.h>

#include "src/container/make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/lock.h"
#include "src/container/container.h"
#include "src/image/store.h"
#include "src/image/tree.h"
#include "xvasprintf.h"

/* The lock on a name that is being given.  */
struct name_lock
{
  int dir;
  int fd; /* -1: none */
  char *file;
};

/* The file goes while its lock is held; who waited for it finds that it holds
   something without a name, and begins again.  */
static void
name_lock_release (struct name_lock *lock)
{
  if (lock->fd >= 0)
    (void) unlinkat (lock->dir, lock->file, 0);
  cleanup_close (&lock->fd);
  free (lock->file);
}

/* Tell whether NAME stands for something in STORE, and has to stay.  */
static bool
is_taken (struct store *store, const char *name)
{
  struct stat info;

  return fstatat (store_containers_fd (store), name, &info, AT_SYMLINK_NOFOLLOW)
             == 0
         && !container_name_leads_nowhere (store, name);
}

static int
set_taken (const char *name, struct error *err)
{
  return error_set (err, EEXIST, _ ("container name already exists: %s"), name);
}

/* Reserve NAME in STORE; fail when it is taken or invalid.  */
static int
reserve_name (struct store *store, const char *name, struct name_lock *lock,
              struct error *err)
{
  struct stat info;

  int status = container_check_name (name, err);
  if (status < 0)
    return status;

  lock->dir = store_containers_fd (store);
  lock->file = xasprintf (".%.200s.lock", name);
  AUTO_FREE char *what =
      xasprintf (_ ("another process that creates container '%s'"), name);
  for (;;)
    {
      if (is_taken (store, name))
        return set_taken (name, err);
      AUTO_CLOSE int fd = lock_take (lock->dir, lock->file, what, true, err);
      if (fd < 0)
        return error_prefix (err, "%s", store_containers_path (store));
      if (fstat (fd, &info) < 0 || info.st_nlink == 0)
        continue;
      lock->fd = TAKE_FD (fd);
      return is_taken (store, name) ? set_taken (name, err) : 0;
    }
}

/* Return a new random id.  */
static char *
make_id (void)
{
  uint8_t bytes[16];

  if (getrandom (bytes, sizeof bytes, 0) != (ssize_t) sizeof bytes)
    {
      AUTO_CLOSE int fd = open ("/dev/urandom", O_RDONLY | O_CLOEXEC);
      if (fd < 0 || read (fd, bytes, sizeof bytes) != (ssize_t) sizeof bytes)
        abort ();
    }
  bytes[6] = (uint8_t) ((bytes[6] & 0x0f) | 0x40);
  bytes[8] = (uint8_t) ((bytes[8] & 0x3f) | 0x80);
  return xasprintf ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                    "%02x%02x%02x%02x%02x%02x",
                    bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5],
                    bytes[6], bytes[7], bytes[8], bytes[9], bytes[10],
                    bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]);
}

int
container_write_new_file (int dir, const char *name, const void *text,
                          size_t size, struct error *err)
{
  AUTO_CLOSE int fd =
      openat (dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  int status = fd < 0 ? -errno : file_write_all (fd, text, size);

  if (status == 0 && close (TAKE_FD (fd)) < 0)
    status = -errno;
  return status < 0 ? error_set (err, -status, _ ("cannot write '%s': %s"),
                                 name, strerror (-status))
                    : 0;
}

int
container_make_root (int dir, struct error *err)
{
  if (mkdirat (dir, "ROOT", 0755) < 0)
    return error_set (err, errno, _ ("cannot create directory '%s': %s"),
                      "ROOT", strerror (errno));
  int root =
      openat (dir, "ROOT", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root < 0)
    return error_set (err, errno, _ ("cannot open directory '%s': %s"), "ROOT",
                      strerror (errno));
  return root;
}

/* Call ID, which is not there yet, NAME: who is killed before it is leaves a
   name that can be had again, but no container without its name.  */
static int
give_name (struct store *store, const char *name, const char *id,
           struct error *err)
{
  int dir = store_containers_fd (store);

  if (container_name_leads_nowhere (store, name))
    (void) unlinkat (dir, name, 0);
  if (symlinkat (id, dir, name) == 0)
    return 0;
  /* Only a program that knows no locks can have been quicker.  */
  return errno == EEXIST
             ? set_taken (name, err)
             : error_set (err, errno, _ ("cannot name a container '%s': %s"),
                          name, strerror (errno));
}

/* Make the container ID in STORE, as FILL does with DATA, and call it NAME
   unless that is NULL.  */
static int
make_whole (struct store *store, const char *id, const char *name,
            container_fill_function *fill, void *data, struct error *err)
{
  int containers = store_containers_fd (store);
  AUTO_FREE char *part = xasprintf (".%s.part", id);
  AUTO_CLOSE int dir = -1;
  AUTO_CLOSE int lock = store_part_make (containers, part, &dir, err);
  if (lock < 0)
    return error_prefix (err, "%s", store_containers_path (store));

  int status = fill (dir, &interrupt_signal, data, err);
  if (status == 0 && syncfs (dir) < 0)
    status = error_set (err, errno, _ ("cannot flush the container: %s"),
                        strerror (errno));
  if (status == 0 && interrupt_signal != 0)
    status = error_set (err, EINTR, _ ("interrupted"));
  if (status == 0 && name != NULL)
    status = give_name (store, name, id, err);
  if (status == 0)
    {
      (void) unlinkat (dir, STORE_PART_LOCK, 0);
      if (renameat (containers, part, containers, id) < 0)
        {
          status =
              error_set (err, errno, _ ("cannot create container '%s': %s"), id,
                         strerror (errno));
          if (name != NULL)
            (void) unlinkat (containers, name, 0);
        }
    }
  if (status < 0)
    {
      store_part_remove (containers, part);
      return status;
    }
  (void) file_sync_directory (containers);
  return 0;
}

int
container_make (struct store *store, const char *name,
                container_fill_function *fill, void *data, char **id,
                struct error *err)
{
  /* Last of all, when everything is tidied up, a signal has its effect.  */
  AUTO_INTERRUPT struct interrupt interrupt = { 0 };
  __attribute__ ((
      cleanup (name_lock_release))) struct name_lock lock = { .fd = -1 };
  AUTO_FREE char *new_id = make_id ();

  int status = name == NULL ? 0 : reserve_name (store, name, &lock, err);
  if (status < 0)
    return status;
  interrupt_catch (&interrupt);
  status = make_whole (store, new_id, name, fill, data, err);
  if (status < 0)
    return status;
  *id = TAKE (new_id);
  return 0;
}
