/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the files of the store share among themselves.  */

#ifndef UDOCKER_IMAGE_STORE_PRIVATE_H
#define UDOCKER_IMAGE_STORE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct store
{
  char *top; /* absolute paths */
  char *repos;
  char *layers;
  char *containers;
  int repos_fd;
  int layers_fd;
  int containers_fd;
};

/* What the name of staged content ends with.  */
#define STORE_STAGE_SUFFIX ".stage"

/* The lock below layers/ that orders "need a blob" and "remove blobs".  */
#define STORE_LOCK_NAME ".lock"

/* An entry of a directory.  */
struct store_walk_entry
{
  char *name;
  unsigned char type; /* DT_DIR, DT_REG, DT_LNK, or another of these; never
                         DT_UNKNOWN */
};

/* The entries of a directory; starts as { 0 }.  */
struct store_entries
{
  struct store_walk_entry *list;
  size_t count;
  size_t space;
};

/* Read the directory DIR, called PATH in messages, into ENTRIES.  Return 0, or
   a negative errno with ERR set.  */
int store_entries_read (int dir, const char *path,
                        struct store_entries *entries, struct error *err);

/* Free what ENTRIES holds.  */
void store_entries_release (struct store_entries *entries);
#define AUTO_STORE_ENTRIES __attribute__ ((cleanup (store_entries_release)))

/* Call FUNCTION with DATA for every directory below repos/ of STORE, the
   deepest last: PATH is relative to repos/ ("" for itself).  ENTRIES are its
   COUNT entries but "." and "..".  Return 0, the first non-zero value that
   FUNCTION returned (the walk then ends), or a negative errno with ERR
   set.  */
typedef int store_walk_function (int directory, const char *path,
                                 const struct store_walk_entry *entries,
                                 size_t count, void *data, struct error *err);
int store_walk (struct store *store, store_walk_function *function, void *data,
                struct error *err);

/* Take the lock of the file NAME below DIR, which lasts as long as who works at
   it lives.  Return its descriptor, which the caller closes after removing the
   file, or -1 when somebody holds it or there is no such file.  */
int store_file_seize (int dir, const char *name);

/* Tell whether FD is the file that NAME below DIR leads to.  */
bool store_is_same_file (int fd, int dir, const char *name);

/* Tell whether NAME begins with a dot and ends in SUFFIX.  */
bool store_name_ends_in (const char *name, const char *suffix);

/* What follows the name of a directory on its way that has no lock yet.  */
#define STORE_NEW_SUFFIX ".new"

/* Tell whether NAME below DIR is a directory on its way whose maker was killed
   before it had a lock.  */
bool store_part_is_stillborn (int dir, const char *name);

/* Tell whether the directory NAME below DIR is on its way or being removed, and
   belongs to nobody any more.  NAME may be a path.  */
bool store_part_is_dead (int dir, const char *name);

/* Tell whether NAME below DIR was not touched for ten minutes: whoever made it
   has done by now what it wanted to do with it.  */
bool store_is_settled (int dir, const char *name);

/* Tell whether NAME is that of a directory being removed.  */
bool store_name_is_gone (const char *name);

/* Tell whether PATH is relative, without empty, "." or ".." components and
   without one that begins with a dot: safe below repos/.  */
bool store_path_is_safe (const char *path);

/* Return PATH relative to the directory FROM, both absolute and taken as they
   are written.  The caller frees it.  */
char *store_relative_path (const char *path, const char *from);

/* A list of blob names; starts as { 0 }.  */
struct store_names
{
  char **list;
  size_t count;
  size_t space;
};

/* Add NAME to NAMES unless it is there.  */
void store_names_add (struct store_names *names, const char *name);

/* Free what NAMES holds.  */
void store_names_release (struct store_names *names);

/* Add the names of the links in the directory DIR of an image to NAMES.  What
   cannot be read is not added.  */
void store_names_add_links (struct store_names *names, int dir);

/* Tell whether the directory PATH below repos/ of STORE, in which are COUNT
   ENTRIES, is what a process that is dead left of an image: it is on its way
   or being removed and belongs to nobody, or it has links and is no image, and
   was not touched for ten minutes.  */
bool store_image_is_dead (struct store *store, const char *path,
                          const struct store_walk_entry *entries, size_t count);

/* Return the name of the blob that the link NAME below DIR leads to, which the
   caller frees, or NULL when it is no link.  */
char *store_link_blob (int dir, const char *name);

/* Tell whether there are directories in the directory DIR.  */
bool store_has_directories (int dir);

/* Take the lock of layers/, exclusive or shared, and return its descriptor,
   which the caller closes, or a negative errno with ERR set.  */
int store_lock_layers (struct store *store, bool exclusive, struct error *err);

/* Remove from layers/ those BLOBS that no image of STORE and no image on its
   way needs.  The caller holds the lock of layers/ exclusively.  With FORCE
   go on after a failure.  Return 0, or a negative errno with ERR set.  */
int store_remove_unneeded (struct store *store, const struct store_names *blobs,
                           bool force, struct error *err);

/* Remove the directory PATH below repos/ of STORE and its parents, as long as
   they are empty.  */
void store_remove_empty (struct store *store, const char *path);

/* Remove what killed processes left of the image TAG below DIR, the directory
   of its name; TAG NULL: of all images there, but then only what is old or
   was being removed.  The caller holds the lock of layers/ exclusively.  Add
   to BLOBS what perhaps nobody needs any more.  */
void store_remove_dead (int dir, const char *tag, struct store_names *blobs);

#endif
