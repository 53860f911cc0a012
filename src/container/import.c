/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make a container of an archive.

   An archive of a whole container is unpacked beside the container's place in
   its directory and then looked at: what is in it decides what it is, and only
   the known parts of a container are taken from it, each only if it is what it
   should be (ROOT a directory and no link, files copied, so that none is
   another name of something in the tree).  */

#include <config.h>

#include "src/container/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/progress.h"
#include "src/container/make.h"
#include "src/container/unpack.h"
#include "src/image/import.h"
#include "src/image/tree.h"
#include "src/image/unpack.h"

/* Where the archive of a whole container is unpacked meanwhile.  */
#define TREE "tree"

/* What the display of an unpacking needs.  */
struct shown
{
  int fd;
  struct progress_line *line;
};

static void
show (void *data)
{
  const struct shown *shown = data;
  off_t position = lseek (shown->fd, 0, SEEK_CUR);

  /* Of a pipe nobody knows.  */
  if (position >= 0)
    progress_update (shown->line, position);
}

/* Unpack SOURCE into the directory ROOT of the container in DIR.  */
static int
unpack (const struct container_source *source, int dir, int root,
        const volatile sig_atomic_t *stop, struct error *err)
{
  const struct unpack_layer layer = {
    .name = import_shown_input (source->input),
    .fd = source->fd,
    .is_archive = true,
  };

  struct stat info;
  bool has_size = fstat (source->fd, &info) == 0 && S_ISREG (info.st_mode);
  struct progress *progress = progress_open ();
  struct shown shown = {
    .fd = source->fd,
    .line = progress_add (progress, layer.name, has_size ? info.st_size : -1),
  };
  const struct unpack_watch watch = { show, &shown };

  int status = container_unpack_layers (dir, root, &layer, 1,
                                        source->keep_owners, &watch, stop, err);
  progress_finish (shown.line, status == 0 ? _ ("done") : _ ("given up"));
  progress_close (progress);
  return status;
}

/* Tell whether NAME below DIR is of the type TYPE, S_IFDIR or S_IFREG.  */
static bool
has_type (int dir, const char *name, mode_t type)
{
  struct stat info;

  return fstatat (dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0
         && (info.st_mode & S_IFMT) == type;
}

/* Move the part NAME of a container from the directory TREE to DIR.  What is
   neither a file nor a directory is passed over.  */
static int
move_part (int tree, int dir, const char *name, struct error *err)
{
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  if (has_type (tree, name, S_IFDIR))
    return renameat (tree, name, dir, name) < 0 ? error_set (
               err, errno, _ ("cannot move '%s': %s"), name, strerror (errno))
                                                : 0;
  if (!has_type (tree, name, S_IFREG) || strcmp (name, "ROOT") == 0)
    return 0;
  int status = file_read (tree, name, &text, &size, err);
  return status < 0 ? status
                    : container_write_new_file (dir, name, text, size, err);
}

/* Move the parts of a container from the directory TREE to DIR.  */
static int
move_parts (int tree, int dir, struct error *err)
{
  int copy = openat (tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *stream = copy < 0 ? NULL : fdopendir (copy);
  const struct dirent *entry;
  int status = 0;

  if (stream == NULL)
    {
      int number = errno;
      if (copy >= 0)
        close (copy);
      return error_set (err, number, _ ("cannot read a directory: %s"),
                        strerror (number));
    }
  while (status == 0 && (entry = readdir (stream)) != NULL)
    if (container_has_part (entry->d_name))
      status = move_part (tree, dir, entry->d_name, err);
  return status;
}

/* Unpack SOURCE, which may be a whole container, into DIR.  */
static int
unpack_whole (const struct container_source *source, int dir,
              const volatile sig_atomic_t *stop, struct error *err)
{
  if (mkdirat (dir, TREE, 0755) < 0)
    return error_set (err, errno, _ ("cannot create directory '%s': %s"), TREE,
                      strerror (errno));
  AUTO_CLOSE int tree =
      openat (dir, TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (tree < 0)
    return error_set (err, errno, _ ("cannot open directory '%s': %s"), TREE,
                      strerror (errno));
  int status = unpack (source, dir, tree, stop, err);
  if (status < 0)
    return status;
  if (has_type (tree, "ROOT", S_IFDIR)
      && (has_type (tree, "container.json", S_IFREG)
          || has_type (tree, "imagerepo.name", S_IFREG)))
    {
      status = move_parts (tree, dir, err);
      return status < 0 ? status : tree_remove (dir, TREE, false, err);
    }
  if (renameat (dir, TREE, dir, "ROOT") < 0)
    return error_set (err, errno, _ ("cannot move '%s': %s"), TREE,
                      strerror (errno));
  return 0;
}

/* Unpack SOURCE, a file system, into DIR.  */
static int
unpack_root (const struct container_source *source, int dir,
             const volatile sig_atomic_t *stop, struct error *err)
{
  AUTO_CLOSE int root = container_make_root (dir, err);

  return root < 0 ? root : unpack (source, dir, root, stop, err);
}

/* Give the container in DIR the description that it lacks, and check the one
   that it has.  */
static int
describe (const struct container_source *source, int dir, struct error *err)
{
  AUTO_JSON struct json_object *config = NULL;
  AUTO_FREE char *text = NULL;
  int status = 0;

  if (!file_exists (dir, "imagerepo.name"))
    status = container_write_new_file (dir, "imagerepo.name", source->image,
                                       strlen (source->image), err);
  if (status < 0)
    return status;
  if (file_exists (dir, "container.json"))
    {
      status = json_read_file (dir, "container.json", &config, err);
      return status < 0
                 ? error_prefix (err, _ ("invalid container json metadata"))
                 : 0;
    }
  status = import_configuration (source->platform, NULL, 0, &text, err);
  return status < 0 ? status
                    : container_write_new_file (dir, "container.json", text,
                                                strlen (text), err);
}

/* Fill DIR, the directory of a container on its way, from an archive.  */
static int
fill (int dir, const volatile sig_atomic_t *stop, void *data, struct error *err)
{
  const struct container_source *source = data;

  int status = source->whole ? unpack_whole (source, dir, stop, err)
                             : unpack_root (source, dir, stop, err);
  return status < 0 ? status : describe (source, dir, err);
}

int
container_import (struct store *store, const struct container_source *source,
                  const char *name, char **id, struct error *err)
{
  struct container_source copy = *source;

  return container_make (store, name, fill, &copy, id, err);
}
