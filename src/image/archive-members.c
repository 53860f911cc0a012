/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The members of an archive of images, read once and hashed.

   What is needed of an archive is only known when all of it was read: old
   archives name their images at the end, and a pipe cannot be read twice.  So
   every file is hashed as it comes; small ones are kept in memory, big ones
   are staged in the store, where they need one rename to become blobs.  As
   hashing takes longer than copying, the next is read while the last is still
   hashed, until too many are behind.  The
   names of members are keys of a table here and nothing else.  A name that
   comes again replaces what it meant before, as it does when an archive is
   extracted.  */

#include <config.h>

#include "src/image/archive-members.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "src/image/archive-list.h"
#include "src/image/archive-locale.h"
#include "src/image/file-hash.h"
#include "src/image/filters.h"
#include "src/image/layer-stream.h"
#include "src/image/unpack.h"
#include "hash.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

enum
{
  INPUT_SIZE = 256 << 10,
  SMALL_SIZE = 128 << 10,  /* a file of so many bytes may stay in memory */
  MEMORY_SIZE = 64 << 20,  /* as long as all of them have no more */
  TRAILER_SIZE = 16 << 20, /* bytes behind the archive that are read too */
  COUNT_MAXIMUM = 1 << 17, /* members of an archive */
  COUNT_DOUBTFUL = 1000,   /* so many without a sign of an image are enough */
  LINKS_MAXIMUM = 16,      /* links that lead to links */
  BEHIND_MAXIMUM = 4       /* files that are hashed at once */
};

struct members
{
  struct store *store;
  Hash_table *table;
  int directory;  /* or -1 */
  size_t memory;  /* bytes of files in memory */
  bool has_signs; /* this looks like an archive of images */
  unsigned char *input;
  struct member *behind[BEHIND_MAXIMUM]; /* whole, but still being hashed */
  size_t behind_count;

  /* While an archive is read.  */
  int fd;
  int64_t done;
  struct progress_line *line;
};

/* A file on its way into the table.  */
struct sink
{
  struct members *members;
  struct member *member;
  struct buffer text;
  bool is_staged;
};

static size_t
hash_member (const void *entry, size_t size)
{
  const struct member *member = entry;

  return hash_string (member->name, size);
}

static bool
same_member (const void *a, const void *b)
{
  const struct member *left = a;
  const struct member *right = b;

  return strcmp (left->name, right->name) == 0;
}

static void
member_free (struct member *member)
{
  if (member == NULL)
    return;
  store_stage_abort (&member->stage);
  free (member->name);
  free (member->link);
  free (member->digest);
  free (member->text);
  free (member->diff_id);
  free (member);
}

static void
free_entry (void *entry)
{
  member_free (entry);
}

struct members *
members_new (struct store *store)
{
  struct members *members = xzalloc (sizeof *members);

  members->store = store;
  members->directory = -1;
  members->input = xmalloc (INPUT_SIZE);
  members->table =
      hash_initialize (256, NULL, hash_member, same_member, free_entry);
  if (members->table == NULL)
    xalloc_die ();
  return members;
}

void
members_free (struct members *members)
{
  if (members == NULL)
    return;
  hash_free (members->table);
  free (members->input);
  free (members);
}

/* Return a new member called NAME, which is taken over.  */
static struct member *
member_new (char *name)
{
  struct member *member = xzalloc (sizeof *member);

  member->name = name;
  member->stage.fd = -1;
  /* Layouts say by the name what a blob is to be hashed with.  */
  member->algorithm =
      strncmp (name, "blobs/sha512/", 13) == 0 ? "sha512" : "sha256";
  return member;
}

/* Take MEMBER off the list of those that are behind.  */
static void
forget_behind (struct members *members, const struct member *member)
{
  size_t left = 0;

  for (size_t i = 0; i < members->behind_count; i++)
    if (members->behind[i] != member)
      members->behind[left++] = members->behind[i];
  members->behind_count = left;
}

/* See that the digest of MEMBER, a file, is known.  */
static int
settle (struct members *members, struct member *member, struct error *err)
{
  if (member->digest != NULL)
    return 0;
  forget_behind (members, member);
  int status = store_stage_finish (&member->stage, err);
  if (status == 0)
    member->digest = xstrdup (member->stage.digest);
  return status;
}

/* Put MEMBER into the table, in place of one of its name.  */
static void
add_member (struct members *members, struct member *member)
{
  struct member *old = hash_remove (members->table, member);

  if (old != NULL && old->text != NULL)
    members->memory -= old->size;
  forget_behind (members, old);
  member_free (old);
  if (hash_insert (members->table, member) == NULL)
    xalloc_die ();
}

/* Tell whether NAME is one that archives of images have.  */
static bool
is_sign (const char *name)
{
  static const char *const signs[] = { "manifest.json", "index.json",
                                       "oci-layout", "repositories" };
  const char *slash = strrchr (name, '/');

  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (strcmp (name, signs[i]) == 0)
      return true;
  return strncmp (name, "blobs/sha", 9) == 0
         || (slash != NULL && strcmp (slash, "/layer.tar") == 0);
}

/* Files.  */

static void
sink_release (struct sink *sink)
{
  buffer_release (&sink->text);
}

/* Begin to take the SIZE bytes of MEMBER.  */
static int
sink_begin (struct sink *sink, struct members *members, struct member *member,
            int64_t size, struct error *err)
{
  *sink = (struct sink){ .members = members, .member = member };
  sink->is_staged =
      size > SMALL_SIZE || members->memory + (size_t) size > MEMORY_SIZE;
  return sink->is_staged ? store_stage_begin (members->store, member->algorithm,
                                              &member->stage, err)
                         : 0;
}

static int
sink_add (struct sink *sink, const void *data, size_t size, struct error *err)
{
  sink->member->size += size;
  if (sink->is_staged)
    return store_stage_write (&sink->member->stage, data, size, err);
  buffer_add (&sink->text, data, size);
  return 0;
}

/* All bytes are there.  */
static int
sink_end (struct sink *sink, struct error *err)
{
  struct members *members = sink->members;
  struct member *member = sink->member;

  if (sink->is_staged)
    {
      int status = members->behind_count == BEHIND_MAXIMUM
                       ? settle (members, members->behind[0], err)
                       : 0;
      if (status == 0)
        members->behind[members->behind_count++] = member;
      return status;
    }
  member->text = buffer_take (&sink->text);
  members->memory += member->size;
  return file_hash_text (member->algorithm, member->text, member->size,
                         &member->digest, err);
}

/* Archives.  */

/* libarchive's way to get at the archive.  */
static la_ssize_t
read_input (struct archive *archive, void *data, const void **buffer)
{
  struct members *members = data;

  for (;;)
    {
      if (interrupt_signal != 0)
        {
          archive_set_error (archive, EINTR, "%s", strerror (EINTR));
          return ARCHIVE_FATAL;
        }
      ssize_t got = read (members->fd, members->input, INPUT_SIZE);
      if (got >= 0)
        {
          members->done += got;
          if (members->line != NULL)
            progress_update (members->line, members->done);
          *buffer = members->input;
          return got;
        }
      if (errno != EINTR)
        {
          archive_set_error (archive, errno, "%s", strerror (errno));
          return ARCHIVE_FATAL;
        }
    }
}

static int
set_unreadable (struct archive *archive, struct error *err)
{
  const char *why = archive_error_string (archive);

  return error_set (err, EBADMSG, "%s",
                    why != NULL ? why : _ ("the archive is damaged"));
}

/* Read the content of ENTRY into MEMBER.  */
static int
read_file (struct members *members, struct archive *archive,
           struct archive_entry *entry, struct member *member,
           struct error *err)
{
  int64_t size = archive_entry_size (entry);
  __attribute__ ((cleanup (sink_release))) struct sink sink = { 0 };

  int status = sink_begin (&sink, members, member, size, err);
  while (status == 0)
    {
      const void *data = NULL;
      size_t count = 0;
      la_int64_t offset = 0;
      int result = archive_read_data_block (archive, &data, &count, &offset);
      if (result == ARCHIVE_EOF)
        break;
      if (result < ARCHIVE_WARN)
        return set_unreadable (archive, err);
      /* No tool writes holes here, and they could be without end.  */
      if (offset != (la_int64_t) member->size)
        return error_set (err, EBADMSG, _ ("'%s' is a sparse file"),
                          member->name);
      status = sink_add (&sink, data, count, err);
    }
  if (status == 0 && (int64_t) member->size != size)
    return error_set (err, EBADMSG, _ ("'%s' is not whole"), member->name);
  return status == 0 ? sink_end (&sink, err) : status;
}

/* Take the member ENTRY into the table, or pass over it.  */
static int
read_member (struct members *members, struct archive *archive,
             struct archive_entry *entry, struct error *err)
{
  const char *path = archive_entry_pathname (entry);
  const char *hard = archive_entry_hardlink (entry);
  const char *symbolic = archive_entry_symlink (entry);
  char *name = path == NULL ? NULL : archive_member_name (path, NULL);

  if (name == NULL)
    return 0; /* the top directory, or something that nobody can ask for */
  struct member *member = member_new (name);
  bool is_file = hard == NULL && archive_entry_filetype (entry) == AE_IFREG;
  int status = 0;
  if (hard != NULL)
    member->link = archive_member_name (hard, NULL);
  else if (archive_entry_filetype (entry) == AE_IFLNK && symbolic != NULL)
    member->link = archive_member_name (symbolic, name);
  else if (is_file)
    status = read_file (members, archive, entry, member, err);
  if (status < 0 || (member->link == NULL && !is_file))
    {
      member_free (member);
      return status;
    }
  members->has_signs |= is_sign (name);
  add_member (members, member);
  return 0;
}

/* Read ARCHIVE, which is open.  */
static int
read_all (struct members *members, struct archive *archive, struct error *err)
{
  struct archive_entry *entry = NULL;

  for (size_t count = 0;; count++)
    {
      int result = archive_read_next_header (archive, &entry);
      if (result == ARCHIVE_EOF)
        break;
      if (result < ARCHIVE_WARN)
        return set_unreadable (archive, err);
      if (count == COUNT_MAXIMUM
          || (count == COUNT_DOUBTFUL && !members->has_signs))
        return error_set (err, EBADMSG,
                          _ ("it is no archive of images; 'udocker import'"
                             " takes the archive of a root file system"));
      int status = read_member (members, archive, entry, err);
      if (status < 0)
        return status;
    }
  /* Who writes into a pipe is to be done before it closes.  */
  int64_t end = members->done + TRAILER_SIZE;
  const void *rest = NULL;
  while (members->done < end && read_input (archive, members, &rest) > 0)
    ;
  return 0;
}

int
members_read (struct members *members, int fd, const char *name,
              struct progress_line *line, struct error *err)
{
  __attribute__ ((cleanup (filters_close))) struct archive *archive =
      archive_read_new ();
  struct archive_locale locale = { 0 };

  if (archive == NULL)
    xalloc_die ();
  members->fd = fd;
  members->line = line;
  (void) posix_fadvise (fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  filters_allow (archive);
  (void) archive_read_support_format_tar (archive);
  (void) archive_read_support_format_empty (archive);

  int status = 0;
  archive_locale_enter (&locale);
  if (archive_read_open (archive, members, NULL, read_input, NULL)
      != ARCHIVE_OK)
    status = set_unreadable (archive, err);
  if (status == 0)
    status = read_all (members, archive, err);
  archive_locale_leave (&locale);
  return status < 0
             ? error_prefix (err, _ ("cannot read the archive '%s'"), name)
             : 0;
}

/* Directories.  */

void
members_use_directory (struct members *members, int fd)
{
  members->directory = fd;
}

/* Open NAME below DIRECTORY, without following any link: a directory may come
   from a stranger, as archives do.  Return a descriptor, or -1 with errno set;
   *LINK is then what a link on the way makes of NAME, NULL where there is none
   or it leads out of DIRECTORY (ELOOP), which the caller frees.  */
static int
open_without_links (int directory, const char *name, char **link)
{
  AUTO_CLOSE int parent = -1;

  *link = NULL;
  for (const char *part = name;;)
    {
      size_t length = strcspn (part, "/");
      AUTO_FREE char *step = xstrndup (part, length);
      const char *rest = part + length;
      int from = parent < 0 ? directory : parent;
      int flags = *rest == '\0' ? O_NONBLOCK | O_NOCTTY : O_DIRECTORY;
      AUTO_CLOSE int fd =
          openat (from, step, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);
      int number = errno;
      AUTO_FREE char *target = fd < 0 ? file_read_link (from, step) : NULL;
      if (target != NULL)
        {
          AUTO_FREE char *here = xstrndup (name, (size_t) (rest - name));
          AUTO_FREE char *path = xasprintf ("%s%s", target, rest);
          *link = archive_member_name (path, here);
          errno = ELOOP;
          return -1;
        }
      if (fd < 0 || *rest == '\0')
        {
          errno = number;
          return TAKE_FD (fd);
        }
      cleanup_close (&parent);
      parent = TAKE_FD (fd);
      part = rest + 1;
    }
}

/* Read the file NAME below the directory of MEMBERS into the table.  Return
   -ENOENT, ERR untouched, when there is none.  */
static int
read_from_directory (struct members *members, const char *name,
                     struct error *err)
{
  struct stat info;
  __attribute__ ((cleanup (sink_release))) struct sink sink = { 0 };
  char *link = NULL;

  AUTO_CLOSE int fd = open_without_links (members->directory, name, &link);
  if (link != NULL)
    {
      struct member *made = member_new (xstrdup (name));
      made->link = link;
      add_member (members, made);
      return 0;
    }
  if (fd < 0 && errno == ELOOP)
    return error_set (
        err, ELOOP, _ ("'%s' is a link that leads out of the directory"), name);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return -ENOENT;
  if (fd < 0 || fstat (fd, &info) < 0)
    return error_set (err, errno, _ ("cannot open '%s': %s"), name,
                      strerror (errno));
  if (!S_ISREG (info.st_mode))
    return -ENOENT;

  struct member *member = member_new (xstrdup (name));
  int status = sink_begin (&sink, members, member, info.st_size, err);
  while (status == 0)
    {
      ssize_t got = read (fd, members->input, INPUT_SIZE);
      if (got == 0)
        break;
      if (interrupt_signal != 0)
        status = error_set (err, EINTR, _ ("interrupted"));
      else if (got > 0)
        status = sink_add (&sink, members->input, (size_t) got, err);
      else if (errno != EINTR)
        status = error_set (err, errno, _ ("cannot read '%s': %s"), name,
                            strerror (errno));
    }
  if (status == 0)
    status = sink_end (&sink, err);
  if (status < 0)
    member_free (member);
  else
    add_member (members, member);
  return status;
}

/* The table.  */

/* Return the member called NAME, or NULL: there is none if ERR is not set.  */
static struct member *
look_up (struct members *members, char *name, struct error *err)
{
  const struct member key = { .name = name };
  struct member *member = hash_lookup (members->table, &key);

  if (member == NULL && members->directory >= 0
      && read_from_directory (members, name, err) == 0)
    member = hash_lookup (members->table, &key);
  return member;
}

int
members_find (struct members *members, const char *path, struct member **member,
              struct error *err)
{
  AUTO_FREE char *name = archive_member_name (path, NULL);
  AUTO_ERROR struct error problem = { 0 };
  struct member *found = NULL;

  for (int links = 0; name != NULL && links < LINKS_MAXIMUM; links++)
    {
      found = look_up (members, name, &problem);
      if (problem.number != 0)
        return error_move (err, &problem);
      if (found == NULL)
        break;
      if (found->link == NULL)
        {
          *member = found;
          return settle (members, found, err);
        }
      free (name);
      name = xstrdup (found->link);
    }
  return error_set (err, ENOENT,
                    found == NULL
                        ? _ ("the archive has no member '%.300s'")
                        : _ ("the member '%.300s' of the archive is a link"
                             " that leads nowhere"),
                    path);
}

int
member_read (const struct member *member, size_t maximum, char **text,
             struct error *err)
{
  if (member->size > maximum)
    return error_set (err, EBADMSG, _ ("'%s' in the archive is too big"),
                      member->name);
  AUTO_FREE char *copy = xmalloc (member->size + 1);
  if (member->text != NULL)
    memcpy (copy, member->text, member->size);
  else
    for (size_t done = 0; done < member->size;)
      {
        ssize_t got = pread (member->stage.fd, copy + done, member->size - done,
                             (off_t) done);
        if (got > 0)
          done += (size_t) got;
        else if (got == 0 || errno != EINTR)
          return error_set (err, EIO, _ ("cannot read '%s': %s"), member->name,
                            strerror (got == 0 ? EIO : errno));
      }
  copy[member->size] = '\0';
  *text = TAKE (copy);
  return 0;
}

const char *
member_compression (const struct member *member)
{
  char start[8] = { 0 };

  if (member->text != NULL)
    memcpy (start, member->text,
            member->size < sizeof start ? member->size : sizeof start);
  else if (member->stage.fd >= 0)
    (void) !pread (member->stage.fd, start, sizeof start, 0);
  return filters_name (start, sizeof start);
}

/* Have the content of MEMBER in a file.  */
static int
stage_member (struct members *members, struct member *member, struct error *err)
{
  if (member->stage.fd >= 0)
    return 0;
  int status =
      store_stage_text (members->store, member->algorithm, member->text,
                        member->size, &member->stage, err);
  if (status == 0)
    {
      members->memory -= member->size;
      free (TAKE (member->text));
    }
  return status;
}

int
member_verify (struct members *members, struct member *member,
               const char *diff_id, struct error *err)
{
  if (strcmp (member->digest, diff_id) == 0
      || (member->diff_id != NULL && strcmp (member->diff_id, diff_id) == 0))
    return 0;
  if (member->is_stored)
    return error_set (err, EBADMSG, _ ("'%s' is not what it should be"),
                      member->name);
  int status = stage_member (members, member, err);
  if (status < 0)
    return status;
  const struct unpack_layer layer = { .name = member->name,
                                      .fd = member->stage.fd,
                                      .diff_id = diff_id };
  struct layer_stream *stream = NULL;
  (void) lseek (layer.fd, 0, SEEK_SET);
  status = layer_stream_new (&layer, 1, &stream, err);
  while (status == 0)
    {
      const void *data = NULL;
      ptrdiff_t got = layer_stream_read (stream, &data, err);
      if (got == 0)
        break;
      status = got < 0 ? (int) got : 0;
    }
  layer_stream_free (stream);
  if (status == 0)
    {
      free (member->diff_id);
      member->diff_id = xstrdup (diff_id);
    }
  return status;
}

int
member_store (struct members *members, struct member *member, bool replace,
              struct error *err)
{
  if (member->is_stored)
    return 0;
  int status = stage_member (members, member, err);
  if (status == 0)
    status = store_stage_commit (&member->stage, replace, err);
  if (status == 0)
    member->is_stored = true;
  return status;
}
