/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Write the entries of archives into a directory that they never leave.

   Every name is walked from the root, one component at a time, by openat with
   O_NOFOLLOW: a symbolic link is never followed by the kernel but read and
   walked here, absolute targets and ".." beginning again at the root or
   stopping there.  So there is no way out, on any kernel, and no moment
   between a check and a use.  The last component is only ever given to calls
   that do not follow it.

   What makes this fast is that entries of one directory follow each other:
   the directories on the way to the last entry stay open, and the next name
   is compared with the last one.  Whatever could make this path untrue (a
   directory or a link that is removed) forgets it.

   The times of directories survive what is done in them: a directory's time
   is noted when it is entered to change it, and set again when it is left.
   Needs no memory for directories passed.

   A whiteout hides what lower layers made, wherever in its layer it stands.
   What the layer itself has made is therefore remembered, as eight bytes a
   name: a keyed hash of the directory's inode and the name.  */

#include <config.h>

#include "src/image/tree-writer.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/image/tree.h"
#include "xalloc.h"
#include "xstrndup.h"

enum
{
  LEVEL_MAXIMUM = 48, /* directories kept open */
  LINK_MAXIMUM = 40   /* symbolic links on one way, as in the kernel */
};

#define DIRECTORY_FLAGS                                                        \
  (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)

#define FILE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

/* An open directory on the way to the last entry.  */
struct level
{
  int fd;
  size_t end; /* length of its path in WRITER->path */
  ino_t inode;
  struct timespec time; /* to be restored */
  bool is_changed;
};

/* A set of 64-bit hashes, none of them zero.  */
struct hash_set
{
  uint64_t *slots;
  size_t space; /* a power of two, or 0 */
  size_t count;
};

struct tree_writer
{
  int root;
  dev_t root_device;
  ino_t root_inode;
  mode_t mask;        /* the umask */
  struct buffer path; /* of the last level, "" for the root */
  struct level levels[LEVEL_MAXIMUM + 1];
  size_t count;       /* of LEVELS, at least 1: the root */
  struct buffer name; /* the entry's name, normalised */
  struct buffer target;
  bool has_lower;   /* this is not the first layer */
  bool is_first;    /* no layer has begun */
  bool must_forget; /* the levels are perhaps not what their names say */
  struct hash_set made;
  uint64_t key[2];
};

/* What this layer has made.  */

/* Hash BYTES, SIZE of them, keyed: enough against chance, and the key against
   intent.  */
static uint64_t
hash_name (const struct tree_writer *writer, ino_t directory, const char *bytes,
           size_t size)
{
  uint64_t hash = writer->key[0] ^ ((uint64_t) directory * 0x9e3779b97f4a7c15u);

  while (size > 0)
    {
      uint64_t word = size;
      size_t part = size < sizeof word ? size : sizeof word;
      memcpy (&word, bytes, part);
      hash ^= word;
      hash *= 0xff51afd7ed558ccdu;
      hash ^= hash >> 32;
      hash += writer->key[1];
      hash *= 0xc4ceb9fe1a85ec53u;
      hash ^= hash >> 29;
      bytes += part;
      size -= part;
    }
  return hash == 0 ? 1 : hash;
}

static size_t
find_slot (const struct hash_set *set, uint64_t hash)
{
  size_t slot = (size_t) hash & (set->space - 1);

  while (set->slots[slot] != 0 && set->slots[slot] != hash)
    slot = (slot + 1) & (set->space - 1);
  return slot;
}

static void
hash_set_add (struct hash_set *set, uint64_t hash)
{
  if (set->count * 4 >= set->space * 3)
    {
      struct hash_set bigger = { .space =
                                     set->space == 0 ? 256 : set->space * 2 };
      bigger.slots = xcalloc (bigger.space, sizeof *bigger.slots);
      for (size_t i = 0; i < set->space; i++)
        if (set->slots[i] != 0)
          bigger.slots[find_slot (&bigger, set->slots[i])] = set->slots[i];
      bigger.count = set->count;
      free (set->slots);
      *set = bigger;
    }
  size_t slot = find_slot (set, hash);
  set->count += set->slots[slot] == 0;
  set->slots[slot] = hash;
}

/* Remember that this layer made NAME in the directory INODE.  */
static void
remember (struct tree_writer *writer, ino_t inode, const char *name)
{
  if (writer->has_lower)
    hash_set_add (&writer->made,
                  hash_name (writer, inode, name, strlen (name)));
}

/* Tell whether this layer made NAME in the directory INODE.  */
static bool
is_remembered (const struct tree_writer *writer, ino_t inode, const char *name)
{
  const struct hash_set *set = &writer->made;

  return set->space > 0
         && set->slots[find_slot (
                set, hash_name (writer, inode, name, strlen (name)))]
                != 0;
}

/* The open directories.  */

/* Set the time of LEVEL's directory again.  */
static void
restore_time (const struct level *level)
{
  const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, level->time };

  (void) futimens (level->fd, times); /* a nicety */
}

/* Leave the last level.  */
static void
leave (struct tree_writer *writer)
{
  struct level *level = &writer->levels[--writer->count];

  if (level->is_changed)
    restore_time (level);
  if (writer->count > 0)
    close (level->fd);
}

/* Make COUNT the number of open levels, at least 1.  */
static void
leave_down_to (struct tree_writer *writer, size_t count)
{
  while (writer->count > count)
    leave (writer);
  size_t end = writer->levels[writer->count - 1].end;
  if (writer->path.data != NULL)
    writer->path.data[end] = '\0';
  writer->path.length = end;
}

/* Forget the open directories but the root.  */
static void
forget (struct tree_writer *writer)
{
  leave_down_to (writer, 1);
}

static struct level *
last_level (struct tree_writer *writer)
{
  return &writer->levels[writer->count - 1];
}

/* Note the state of the directory FD, just opened, in LEVEL.  */
static int
level_init (struct level *level, int fd, size_t end)
{
  struct stat info;

  if (fstat (fd, &info) < 0)
    return -errno;
  *level = (struct level){
    .fd = fd,
    .end = end,
    .inode = info.st_ino,
    .time = info.st_mtim,
  };
  return 0;
}

static int walk (struct tree_writer *writer, int start, const char *path,
                 bool create, int *links);

/* Open the directory NAME of DIR, made if CREATE; a link leads where it would
   with our root.  LINKS is what is left of the number of links.  Return a
   descriptor or a negative errno.  */
static int
enter (struct tree_writer *writer, int dir, const char *name, bool create,
       int *links)
{
  int fd = openat (dir, name, DIRECTORY_FLAGS);
  if (fd >= 0)
    return fd;
  if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
    return -errno;

  if (errno != ENOENT)
    {
      AUTO_FREE char *target = file_read_link (dir, name);
      if (target != NULL)
        {
          if (--*links < 0)
            return -ELOOP;
          return walk (writer, *target == '/' ? writer->root : dir, target,
                       create, links);
        }
      if (!create)
        return -ENOTDIR;
      writer->must_forget = true;
      /* A file where the archive says directory gives way.  */
      if (unlinkat (dir, name, 0) < 0 && errno != ENOENT)
        return -errno;
    }
  if (!create)
    return -ENOENT;
  if (mkdirat (dir, name, 0755) < 0 && errno != EEXIST)
    return -errno;
  fd = openat (dir, name, DIRECTORY_FLAGS);
  return fd >= 0 ? fd : -errno;
}

/* Open the parent of the directory DIR; the root is its own.  */
static int
enter_parent (struct tree_writer *writer, int dir)
{
  struct stat info;

  if (fstat (dir, &info) < 0)
    return -errno;
  bool is_root =
      info.st_dev == writer->root_device && info.st_ino == writer->root_inode;
  int fd = openat (dir, is_root ? "." : "..", DIRECTORY_FLAGS);
  return fd >= 0 ? fd : -errno;
}

/* Walk from the directory START along PATH, the target of a link.  Return a
   descriptor of the directory there, or a negative errno.  */
static int
walk (struct tree_writer *writer, int start, const char *path, bool create,
      int *links)
{
  AUTO_CLOSE int fd = openat (start, ".", DIRECTORY_FLAGS);
  if (fd < 0)
    return -errno;

  while (*path != '\0')
    {
      char name[256];
      size_t length = strcspn (path, "/");
      if (length >= sizeof name)
        return -ENAMETOOLONG;
      memcpy (name, path, length);
      name[length] = '\0';
      path += length;
      path += strspn (path, "/");
      if (length == 0 || strcmp (name, ".") == 0)
        continue;

      struct stat info;
      if (create && fstat (fd, &info) == 0)
        remember (writer, info.st_ino, name);
      int next = strcmp (name, "..") == 0
                     ? enter_parent (writer, fd)
                     : enter (writer, fd, name, create, links);
      if (next < 0)
        return next;
      close (fd);
      fd = next;
    }
  return TAKE_FD (fd);
}

/* Write NAME, as it stands in an archive, to RESULT: no leading, doubled or
   final slash, no "." and no "..".  */
static void
normalise (const char *name, struct buffer *result)
{
  buffer_clear (result);
  buffer_add (result, "", 0);
  while (*name != '\0')
    {
      size_t length = strcspn (name, "/");
      if (length == 2 && name[0] == '.' && name[1] == '.')
        {
          const char *slash = memrchr (result->data, '/', result->length);
          result->length = slash == NULL ? 0 : (size_t) (slash - result->data);
          result->data[result->length] = '\0';
        }
      else if (length > 0 && !(length == 1 && *name == '.'))
        {
          if (result->length > 0)
            buffer_add_char (result, '/');
          buffer_add (result, name, length);
        }
      name += length;
      name += strspn (name, "/");
    }
}

/* Make the directory that holds PATH, a normalised name, the last level, and
   return 0 with *LAST pointing at the last component of PATH; "" for the root
   itself.  Where the way is too long for all levels to be open the last one
   stands for a directory deeper than its number.  Return a negative errno on
   failure.  */
static int
go_to_parent (struct tree_writer *writer, const char *path, bool create,
              const char **last)
{
  const char *slash = strrchr (path, '/');
  size_t parent_length = slash == NULL ? 0 : (size_t) (slash - path);
  size_t count = 1;

  *last = slash == NULL ? path : slash + 1;
  if (writer->must_forget)
    forget (writer);
  writer->must_forget = false;

  /* How many of the open levels lie on the way?  */
  while (count < writer->count)
    {
      size_t end = writer->levels[count].end;
      if (end > parent_length || memcmp (writer->path.data, path, end) != 0
          || (path[end] != '/' && end != parent_length))
        break;
      count++;
    }
  if (count < writer->count)
    leave_down_to (writer, count);

  size_t at = last_level (writer)->end;
  while (at < parent_length)
    {
      const char *start = path + at + (at > 0 ? 1 : 0);
      size_t length = strcspn (start, "/");
      char name[256];
      int links = LINK_MAXIMUM;

      if (length >= sizeof name)
        return -ENAMETOOLONG;
      memcpy (name, start, length);
      name[length] = '\0';

      struct level *level = last_level (writer);
      if (create)
        {
          remember (writer, level->inode, name);
          level->is_changed = true;
        }
      int fd = enter (writer, level->fd, name, create, &links);
      if (fd < 0)
        return fd;
      at = (size_t) (start - path) + length;
      if (writer->count > LEVEL_MAXIMUM)
        leave (writer); /* the last level becomes the deeper directory */
      int status = level_init (&writer->levels[writer->count], fd, at);
      if (status < 0)
        {
          close (fd);
          forget (writer);
          return status;
        }
      writer->count++;
      buffer_clear (&writer->path);
      buffer_add (&writer->path, path, at);
    }
  return 0;
}

/* Go to the parent of the entry NAME of the archive to make something there.
   Return 0 with *LAST its last component, valid until the next entry, or a
   negative errno.  */
static int
begin_entry (struct tree_writer *writer, const char *name, const char **last)
{
  normalise (name, &writer->name);
  int status = go_to_parent (writer, writer->name.data, true, last);
  if (status < 0)
    return status;
  if (**last != '\0')
    {
      struct level *level = last_level (writer);
      level->is_changed = true;
      remember (writer, level->inode, *last);
    }
  return 0;
}

static int
set_failed (struct error *err, int status, const char *name)
{
  return error_set (err, -status, _ ("cannot write '%s': %s"), name,
                    strerror (-status));
}

/* Remove what is at NAME in the last level, to make room.  */
static int
make_room (struct tree_writer *writer, const char *name, struct error *err)
{
  /* Links can make a level lie below what goes now.  */
  writer->must_forget = true;
  return tree_remove (last_level (writer)->fd, name, false, err);
}

/* The mode that a thing gets which has MODE in the archive: what its owner
   needs is added, set-id bits go, and with them what the umask keeps others
   from writing, but for directories like /tmp.  */
static mode_t
mend_mode (const struct tree_writer *writer, mode_t mode, bool is_directory)
{
  mode &= 01777;
  if (is_directory)
    {
      mode |= 0700;
      if ((mode & 01000) == 0)
        mode &= ~(writer->mask & 022);
    }
  else
    mode = ((mode & 0777) | 0600) & ~(writer->mask & 022);
  return mode;
}

static void
set_time (int dir, const char *name, struct timespec time)
{
  const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, time };

  (void) utimensat (dir, name, times, AT_SYMLINK_NOFOLLOW); /* a nicety */
}

struct tree_writer *
tree_writer_new (int root)
{
  struct tree_writer *writer = xzalloc (sizeof *writer);
  struct stat info = { 0 };

  writer->root = root;
  writer->mask = umask (077);
  (void) umask (writer->mask);
  (void) fstat (root, &info);
  writer->root_device = info.st_dev;
  writer->root_inode = info.st_ino;
  if (getrandom (writer->key, sizeof writer->key, GRND_NONBLOCK) < 0)
    writer->key[0] = (uint64_t) getpid ();
  (void) level_init (&writer->levels[0], root, 0);
  writer->count = 1;
  writer->is_first = true;
  buffer_add (&writer->path, "", 0);
  return writer;
}

void
tree_writer_free (struct tree_writer *writer)
{
  if (writer == NULL)
    return;
  while (writer->count > 0)
    leave (writer);
  buffer_release (&writer->path);
  buffer_release (&writer->name);
  buffer_release (&writer->target);
  free (writer->made.slots);
  free (writer);
}

void
tree_writer_next_layer (struct tree_writer *writer)
{
  writer->has_lower = !writer->is_first;
  writer->is_first = false;
  free (writer->made.slots);
  writer->made = (struct hash_set){ 0 };
}

int
tree_writer_directory (struct tree_writer *writer, const char *name,
                       mode_t mode, struct timespec time, struct error *err)
{
  const char *last = NULL;
  struct stat info;

  mode = mend_mode (writer, mode, true);
  int status = begin_entry (writer, name, &last);
  if (status < 0)
    return set_failed (err, status, name);

  struct level *level = last_level (writer);
  if (*last == '\0')
    {
      level->time = time;
      level->is_changed = true;
      return fchmod (writer->root, mode) < 0 ? set_failed (err, -errno, name)
                                             : 0;
    }

  if (mkdirat (level->fd, last, mode) < 0)
    {
      if (errno != EEXIST
          || fstatat (level->fd, last, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return set_failed (err, -errno, name);
      if (!S_ISDIR (info.st_mode))
        {
          status = make_room (writer, last, err);
          if (status < 0)
            return status;
          if (mkdirat (level->fd, last, mode) < 0)
            return set_failed (err, -errno, name);
          info.st_mode = 0;
        }
    }
  else
    info.st_mode = mode & ~writer->mask & 0777;
  if ((info.st_mode & 07777) != mode)
    {
      /* No call changes the mode of what is certainly no link by its name on
         all kernels.  */
      AUTO_CLOSE int fd = openat (level->fd, last, DIRECTORY_FLAGS);
      if (fd < 0 || fchmod (fd, mode) < 0)
        return set_failed (err, -errno, name);
    }
  set_time (level->fd, last, time);
  return 0;
}

int
tree_writer_parent (struct tree_writer *writer, const char *name,
                    const char **last)
{
  normalise (name, &writer->name);
  int status = go_to_parent (writer, writer->name.data, false, last);
  return status < 0 ? status : last_level (writer)->fd;
}

int
tree_writer_open_directory (struct tree_writer *writer, const char *name)
{
  const char *last = NULL;
  int dir = tree_writer_parent (writer, name, &last);

  if (dir < 0)
    return dir;
  int fd = openat (dir, *last == '\0' ? "." : last, DIRECTORY_FLAGS);
  return fd >= 0 ? fd : -errno;
}

int
tree_writer_open_file (struct tree_writer *writer, const char *name,
                       mode_t mode, struct error *err)
{
  const char *last = NULL;

  mode = mend_mode (writer, mode, false);
  int status = begin_entry (writer, name, &last);
  if (status == 0 && *last == '\0')
    status = -EISDIR;
  if (status < 0)
    return set_failed (err, status, name);

  AUTO_CLOSE int fd = openat (last_level (writer)->fd, last, FILE_FLAGS, mode);
  if (fd < 0 && errno == EEXIST)
    {
      status = make_room (writer, last, err);
      if (status < 0)
        return status;
      fd = openat (last_level (writer)->fd, last, FILE_FLAGS, mode);
    }
  if (fd < 0 || ((mode & writer->mask) != 0 && fchmod (fd, mode) < 0))
    return set_failed (err, -errno, name);
  return TAKE_FD (fd);
}

int
tree_writer_close_file (struct tree_writer *writer, int fd, const char *name,
                        struct timespec time, struct error *err)
{
  const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, time };

  (void) writer;
  (void) futimens (fd, times); /* a nicety */
  /* Network file systems tell of a full disk only here.  */
  return close (fd) < 0 && errno != EINTR ? set_failed (err, -errno, name) : 0;
}

int
tree_writer_symlink (struct tree_writer *writer, const char *name,
                     const char *target, struct timespec time,
                     struct error *err)
{
  const char *last = NULL;
  int status = begin_entry (writer, name, &last);

  if (status == 0 && *last == '\0')
    status = -EISDIR;
  if (status < 0)
    return set_failed (err, status, name);

  int dir = last_level (writer)->fd;
  if (symlinkat (target, dir, last) < 0)
    {
      if (errno != EEXIST)
        return set_failed (err, -errno, name);
      status = make_room (writer, last, err);
      if (status < 0)
        return status;
      if (symlinkat (target, dir, last) < 0)
        return set_failed (err, -errno, name);
    }
  set_time (dir, last, time);
  return 0;
}

/* Open the directory that holds PATH, a normalised name, without making
   anything; the levels stay as they are.  */
static int
find_parent (struct tree_writer *writer, const char *path, const char **last)
{
  const char *slash = strrchr (path, '/');
  int links = LINK_MAXIMUM;

  *last = slash == NULL ? path : slash + 1;
  AUTO_FREE char *parent =
      slash == NULL ? xstrdup ("") : xstrndup (path, (size_t) (slash - path));
  return walk (writer, writer->root, parent, false, &links);
}

/* Copy what SOURCE, open for reading, holds to FD, and its time.  */
static int
copy_content (int source, int fd)
{
  char data[16384];
  struct stat info;

  for (;;)
    {
      ssize_t size = read (source, data, sizeof data);
      if (size < 0 && errno != EINTR)
        return -errno;
      if (size == 0)
        break;
      int status = size < 0 ? 0 : file_write_all (fd, data, (size_t) size);
      if (status < 0)
        return status;
    }
  if (fstat (source, &info) == 0)
    {
      const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
                                         info.st_mtim };
      (void) fchmod (fd, info.st_mode & 0777); /* a nicety, like the time */
      (void) futimens (fd, times);
    }
  return 0;
}

/* Make TARGET in the directory DIR known as NAME in LEVEL too; where the file
   system has no hard links, or no more for this file, by a copy.  Return 0 or
   a negative errno.  */
static int
link_or_copy (int dir, const char *target, const struct level *level,
              const char *name)
{
  if (linkat (dir, target, level->fd, name, 0) == 0)
    return 0;
  if (errno != EPERM && errno != EACCES && errno != EMLINK && errno != EXDEV
      && errno != ENOSYS && errno != ENOTSUP)
    return -errno;

  AUTO_FREE char *link_target = file_read_link (dir, target);
  if (link_target != NULL)
    return symlinkat (link_target, level->fd, name) < 0 ? -errno : 0;
  AUTO_CLOSE int source = openat (
      dir, target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (source < 0)
    return -errno;
  AUTO_CLOSE int fd = openat (level->fd, name, FILE_FLAGS, 0600);
  return fd < 0 ? -errno : copy_content (source, fd);
}

int
tree_writer_link (struct tree_writer *writer, const char *name,
                  const char *target, struct error *err)
{
  const char *last = NULL;
  const char *target_last = NULL;
  int status = begin_entry (writer, name, &last);

  if (status == 0 && *last == '\0')
    status = -EISDIR;
  if (status < 0)
    return set_failed (err, status, name);
  normalise (target, &writer->target);

  struct level *level = last_level (writer);
  const char *slash = strrchr (writer->target.data, '/');
  size_t length = slash == NULL ? 0 : (size_t) (slash - writer->target.data);
  AUTO_CLOSE int other = -1;
  int dir = level->fd;
  target_last = slash == NULL ? writer->target.data : slash + 1;
  if (length != level->end
      || memcmp (writer->target.data, writer->path.data, length) != 0)
    dir = other = find_parent (writer, writer->target.data, &target_last);

  struct stat info;
  struct stat old;
  int number = EISDIR;
  if (dir < 0)
    number = -dir;
  else if (*target_last != '\0')
    number = fstatat (dir, target_last, &info, AT_SYMLINK_NOFOLLOW) < 0 ? errno
             : S_ISDIR (info.st_mode)                                   ? EISDIR
                                                                        : 0;
  if (number != 0)
    return error_set (err, number, _ ("cannot make '%s' a link to '%s': %s"),
                      name, target, strerror (number));
  status = link_or_copy (dir, target_last, level, last);
  if (status == 0)
    return 0;
  if (status != -EEXIST)
    return set_failed (err, status, name);
  if (fstatat (level->fd, last, &old, AT_SYMLINK_NOFOLLOW) == 0
      && old.st_dev == info.st_dev && old.st_ino == info.st_ino)
    return 0;
  status = make_room (writer, last, err);
  if (status < 0)
    return status;
  status = link_or_copy (dir, target_last, level, last);
  return status < 0 ? set_failed (err, status, name) : 0;
}

int
tree_writer_fifo (struct tree_writer *writer, const char *name, mode_t mode,
                  struct timespec time, struct error *err)
{
  const char *last = NULL;
  int status = begin_entry (writer, name, &last);

  mode = mend_mode (writer, mode, false);
  if (status == 0 && *last == '\0')
    status = -EISDIR;
  if (status < 0)
    return set_failed (err, status, name);

  int dir = last_level (writer)->fd;
  if (mkfifoat (dir, last, mode) < 0)
    {
      if (errno != EEXIST)
        return set_failed (err, -errno, name);
      status = make_room (writer, last, err);
      if (status < 0)
        return status;
      if (mkfifoat (dir, last, mode) < 0)
        return set_failed (err, -errno, name);
    }
  set_time (dir, last, time);
  return 0;
}

/* Whiteouts.  */

static int hide_entries (struct tree_writer *writer, int dir,
                         struct error *err);

/* Hide what lower layers made at NAME in the directory DIR, whose number is
   INODE: all of it, or, where this layer has made NAME too, what is in it.  */
static int
hide (struct tree_writer *writer, int dir, ino_t inode, const char *name,
      struct error *err)
{
  if (!is_remembered (writer, inode, name))
    return tree_remove (dir, name, false, err);

  struct level level = { .fd = -1 };
  AUTO_CLOSE int child = openat (dir, name, DIRECTORY_FLAGS);
  if (child < 0 || level_init (&level, child, 0) < 0)
    return 0;
  int status = hide_entries (writer, child, err);
  restore_time (&level);
  return status;
}

/* Hide what lower layers made in the directory DIR.  */
static int
hide_entries (struct tree_writer *writer, int dir, struct error *err)
{
  struct stat info;
  int copy = openat (dir, ".", DIRECTORY_FLAGS);
  AUTO_CLOSEDIR DIR *stream = copy < 0 ? NULL : fdopendir (copy);
  const struct dirent *entry;

  if (stream == NULL || fstat (dir, &info) < 0)
    {
      int number = errno;
      if (stream == NULL && copy >= 0)
        close (copy);
      return error_set (err, number, _ ("cannot read a directory: %s"),
                        strerror (number));
    }
  while ((entry = readdir (stream)) != NULL)
    {
      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      int status = hide (writer, dir, info.st_ino, entry->d_name, err);
      if (status < 0)
        return status;
    }
  return 0;
}

int
tree_writer_whiteout (struct tree_writer *writer, const char *name,
                      struct error *err)
{
  const char *last = NULL;

  if (strstr (name, ".wh.") == NULL)
    return 0;
  normalise (name, &writer->name);
  /* Names that begin with ".wh..wh." are the storage driver's own, all but
     one, and so is what is below them.  */
  const char *path = writer->name.data;
  const char *slash = strrchr (path, '/');
  last = slash == NULL ? path : slash + 1;
  bool is_opaque = strcmp (last, ".wh..wh..opq") == 0;
  bool is_whiteout = strncmp (last, ".wh.", 4) == 0;
  bool is_below =
      strncmp (path, ".wh.", 4) == 0 || strstr (path, "/.wh.") != NULL;
  if (!is_whiteout)
    return is_below;
  if (!writer->has_lower || (!is_opaque && strncmp (last, ".wh..wh.", 8) == 0))
    return 1;

  int status = go_to_parent (writer, path, false, &last);
  if (status == -ENOENT || status == -ENOTDIR)
    return 1; /* nothing to hide */
  if (status < 0)
    return set_failed (err, status, name);

  struct level *level = last_level (writer);
  const char *hidden = last + 4;
  if (!is_opaque
      && (*hidden == '\0' || strcmp (hidden, ".") == 0
          || strcmp (hidden, "..") == 0))
    return 1;
  level->is_changed = true;
  writer->must_forget = true;
  status = is_opaque ? hide_entries (writer, level->fd, err)
                     : hide (writer, level->fd, level->inode, hidden, err);
  return status < 0 ? error_prefix (err, "%s", name) : 1;
}
