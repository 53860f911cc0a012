/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers as they lie on disk: make, find, list, name, remove.  */

#ifndef UDOCKER_CONTAINER_CONTAINER_H
#define UDOCKER_CONTAINER_CONTAINER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct error;
struct progress_line;
struct store;
struct store_tag;

/* An open container.  Fields are for reading only.  */
struct container
{
  struct store *store;
  char *id;   /* its directory below containers/ */
  char *path; /* absolute path of that directory */
  char *root; /* absolute path of its file system, PATH/ROOT */
  int fd;     /* the directory */
};

/* What container_open accepts.  */
enum container_by
{
  CONTAINER_BY_NAME,  /* an alias, else a whole id */
  CONTAINER_BY_PREFIX /* also the beginning of exactly one id, of at least
                         four characters */
};

/* Find NAME in STORE.  Return 0 with *CONTAINER set (close it with
   container_close), -ENOENT when there is none, -EEXIST when a prefix fits
   several, or another negative errno; ERR is set on failure.  */
int container_open (struct store *store, const char *name, enum container_by by,
                    struct container **container, struct error *err);

/* Close CONTAINER, which may be NULL.  */
void container_close (struct container *container);

/* Read the description of CONTAINER, container.json, into *TEXT, which the
   caller frees, and its length into *SIZE.  Return 0, or a negative errno
   with ERR set.  */
int container_read_metadata (const struct container *container, char **text,
                             size_t *size, struct error *err);

/* Read the small file FILE ("imagerepo.name", "execmode", ...) of CONTAINER
   into *TEXT, which the caller frees, without the white space around it.
   Return 0, -ENOENT when it is missing, or another negative errno; ERR is set
   on failure.  */
int container_read_file (const struct container *container, const char *file,
                         char **text, struct error *err);

/* Write SIZE bytes of TEXT as FILE of CONTAINER, at once (a reader sees the
   old or the new content).  Return 0, or a negative errno with ERR set.  */
int container_write_file (const struct container *container, const char *file,
                          const void *text, size_t size, struct error *err);

/* Tell whether CONTAINER is to be given the NVIDIA driver of the host whenever
   it runs, and have that so if WANTED.  The mark is the Python tool's.  The
   latter returns 0, or a negative errno with ERR set.  */
bool container_wants_nvidia (const struct container *container);
int container_want_nvidia (const struct container *container, bool wanted,
                           struct error *err);

/* Where the Python tool keeps files that it takes out of a container's tree in
   modes R.  */
#define CONTAINER_ORIGINALS ".bind_orig_files"

/* Where, in the tree, the links lead that it leaves in their place.  */
#define CONTAINER_HOST_FILES ".bind_host_files"

/* Tell whether CONTAINER has traces of what the Python tool changes in it for
   modes F and R (restore.h); and remove those that lie beside the tree.  */
bool container_is_altered (const struct container *container);
void container_forget_alterations (const struct container *container);

/* Tell whether CONTAINER is marked as protected.  */
bool container_is_protected (const struct container *container);

/* Tell whether CONTAINER still is where it was when it was opened: otherwise
   it was removed meanwhile, and with it perhaps what was just read.  */
bool container_is_in_place (const struct container *container);

/* Tell what NAME is in STORE: an alias of a container that is not there, which
   a kill may leave.  */
bool container_name_leads_nowhere (struct store *store, const char *name);

/* See that NAME can be an alias: not empty, none of '/', '.', ' ', '[', ']'
   and no control character in it, no '-' at its beginning, which would make it
   an option, at most 2048 bytes (and what the file system takes).  Older ones
   may be otherwise.  Return 0, or -EINVAL with ERR set.  */
int container_check_name (const char *name, struct error *err);

/* Make a container of the image TAG in STORE and give it the alias NAME
   (NULL: none).  Its id, a lower-case UUID, is returned in *ID, which the
   caller frees.  The container appears only when it is whole.  NAME is
   reserved while this goes on: another process that wants to create it too
   waits, and then fails.  Return 0, -EEXIST when NAME is taken, -EINVAL when
   it is not valid, or another negative errno; ERR is set on failure and
   nothing is left behind.  With KEEP_OWNERS the container keeps the owners that
   the image says.

   Only the full program has it.  */
int container_create (struct store *store, const struct store_tag *tag,
                      const char *name, bool keep_owners, char **id,
                      struct error *err);

/* Tell whether what is called NAME directly in the directory of a container is
   part of it, so that a copy of the container has it too: the tree, and the
   files that describe it; not a mark of protection, and nothing that only
   means something where the container lies.  */
bool container_has_part (const char *name);

/* Make a container that is a whole copy of CONTAINER, but for its protection,
   and give it the alias NAME (NULL: none).  The rest is as with
   container_create.  To be called while container_hold says that CONTAINER is
   in use: if it is removed all the same, fail with -ENOENT.  LINE, which may
   be NULL, is told how many bytes are copied.  */
int container_clone (const struct container *container, const char *name,
                     struct progress_line *line, char **id, struct error *err);

/* Write the file system of CONTAINER, or, if WHOLE, all parts of CONTAINER (the
   tree is then below ROOT/), as a tar archive to the descriptor OUT.  To be
   called while container_hold says that CONTAINER is in use: if it is removed
   all the same, fail with -ENOENT.  LINE and STOP are as for tree_archive.
   Return 0, or a negative errno with ERR set.

   Only the full program has it.  */
int container_export (const struct container *container, bool whole, int out,
                      struct progress_line *line,
                      const volatile sig_atomic_t *stop, struct error *err);

/* What to make a container of.  Texts are borrowed.  */
struct container_source
{
  const char *input;    /* name of the archive, for messages */
  int fd;               /* it, compressed or not */
  const char *image;    /* the image name that the container is to show */
  const char *platform; /* as typed, or NULL: this machine's */
  bool whole; /* an archive as container_export makes them of all parts; one of
                 a file system alone is taken all the same */
  bool keep_owners; /* the container keeps those that the archive says */
};

/* Make a container in STORE of the archive SOURCE, by the rules of
   unpack_layers, and give it the alias NAME (NULL: none).  The rest is as with
   container_create.

   Only the full program has it.  */
int container_import (struct store *store,
                      const struct container_source *source, const char *name,
                      char **id, struct error *err);

/* Give CONTAINER the further alias NAME.  Return 0, -EEXIST when it is taken,
   -EINVAL when it is not valid, or another negative errno; ERR is set on
   failure.  */
int container_add_name (const struct container *container, const char *name,
                        struct error *err);

/* Remove the alias NAME from STORE.  Return 0, -ENOENT when there is none,
   -EINVAL when NAME is an id, or another negative errno; ERR is set on
   failure.  */
int container_remove_name (struct store *store, const char *name,
                           struct error *err);

/* Replace the alias OLD in STORE by NEW.  Return 0, -ENOENT when there is no
   OLD, -EEXIST when NEW is taken, -EINVAL when NEW is not valid or OLD is an
   id, or another negative errno; ERR is set on failure and OLD is still
   there.  */
int container_rename (struct store *store, const char *old_name,
                      const char *new_name, struct error *err);

/* Remove CONTAINER with its aliases: first it disappears, then its files are
   removed, without following links and whatever permissions they have.
   -EPERM when it is protected.  With FORCE go on where a file cannot be
   removed.  CONTAINER stays open, of no use but to be closed.  Return 0, or a
   negative errno with ERR set.  */
int container_remove (struct container *container, bool force,
                      struct error *err);

/* One container in a listing.  */
struct container_entry
{
  char *id;
  char **names; /* its aliases, sorted */
  size_t name_count;
};

/* List the containers of STORE, sorted by id, into *ENTRIES, an array of
   *COUNT which the caller frees with container_entries_free.  Return 0, or a
   negative errno with ERR set.  */
int container_list (struct store *store, struct container_entry **entries,
                    size_t *count, struct error *err);

/* Free the array ENTRIES of COUNT and what it holds.  ENTRIES may be NULL.  */
void container_entries_free (struct container_entry *entries, size_t count);

#endif
