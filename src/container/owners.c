/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Owners that a container keeps.

   The file names files by inode and birth, so that a copy of a tree needs
   another: every file of the original that has a record is looked up by its
   path in the copy.  */

#include <config.h>

#include "src/container/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/guest/attributes.h"
#include "lib/owners/owner-file.h"
#include "src/container/container.h"
#include "src/image/tree-walk.h"

static int
set_owners_error (int number, struct error *err)
{
  return error_set (err, number,
                    _ ("cannot read the owners that the "
                       "container keeps: %s"),
                    number == EINVAL ? _ ("'" OWNER_FILE_NAME "' is no record "
                                          "of owners")
                                     : strerror (number));
}

int
container_read_owners (const struct container *container,
                       struct owner_file *file, struct error *err)
{
  struct stat root;
  int status = owner_file_init (file);
  if (status == 0 && fstatat (container->fd, "ROOT", &root, 0) < 0)
    status = -errno;
  if (status == 0)
    status = owner_file_open (file, container->fd, OWNER_FILE_NAME, root.st_dev,
                              OWNER_FILE_READ);
  if (status == -ENOENT)
    return 0;
  return status < 0 ? set_owners_error (-status, err) : 1;
}

/* Owners on their way to a copy.  */
struct copy
{
  struct owner_file from;
  struct owner_file to;
  int root; /* of the copy */
};

/* Give what ENTRY became in the copy the RECORD.  */
static int
copy_record (struct copy *copy, const struct tree_entry *entry,
             const struct guest_owner_record *record)
{
  struct guest_file_key key;
  const char *path = entry->path;
  int status = owner_file_key (copy->root, path,
                               *path == '\0' ? AT_EMPTY_PATH : 0, &key);
  /* What was removed meanwhile, or has a name too long to be looked up.  */
  if (status == -ENOENT || status == -ENAMETOOLONG)
    return 0;
  if (status == 0)
    status = guest_owners_put (&copy->to.table, &key, &record->owner);
  const struct guest_attribute *attribute =
      guest_attribute_first (&copy->from.table, record);
  for (; status == 0 && attribute != NULL;
       attribute = guest_attribute_next (&copy->from.table, attribute))
    status = owner_file_set_attribute (
        &copy->to, &key, guest_attribute_name (attribute),
        guest_attribute_value (attribute), attribute->size);
  return status;
}

static int
visit (void *data, const struct tree_entry *entry, struct error *err)
{
  struct copy *copy = data;
  struct guest_owner_record record;
  bool is_known = entry->dir < 0
                      ? owner_file_find (&copy->from, entry->fd, "",
                                         AT_EMPTY_PATH, entry->info, &record)
                      : owner_file_find (&copy->from, entry->dir, entry->name,
                                         0, entry->info, &record);
  int status = is_known ? copy_record (copy, entry, &record) : 0;
  if (status < 0)
    return error_set (err, -status, _ ("cannot keep the owner of '%s': %s"),
                      entry->path, strerror (-status));
  return 0;
}

/* Copy to DIR what COPY has read of CONTAINER.  */
static int
copy_owners (struct copy *copy, const struct container *container, int dir,
             const volatile sig_atomic_t *stop, struct error *err)
{
  static const struct tree_visitor visitor = { .enter = visit, .visit = visit };
  AUTO_CLOSE int from =
      openat (container->fd, "ROOT", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSE int to = openat (dir, "ROOT", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int status = from < 0 || to < 0 ? -errno : 0;
  copy->root = to;
  if (status == 0)
    status = owner_file_begin (&copy->to, dir, to);
  if (status < 0)
    status = error_set (err, -status, _ ("cannot keep owners: %s"),
                        strerror (-status));
  else
    status = tree_walk (from, &visitor, copy, stop, err);
  owner_file_release (&copy->to);
  return status;
}

int
container_copy_owners (const struct container *container, int dir,
                       const volatile sig_atomic_t *stop, struct error *err)
{
  struct copy copy = { .to = { .fd = -1 } };
  int status = container_read_owners (container, &copy.from, err);
  if (status > 0)
    status = copy_owners (&copy, container, dir, stop, err);
  owner_file_release (&copy.from);
  return status;
}
