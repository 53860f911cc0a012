/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The local repository: where images, layers and containers live.  */

#ifndef UDOCKER_IMAGE_STORE_H
#define UDOCKER_IMAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct config;
struct error;
struct file_hash;
struct store;

/* Layout (that of the Python tool, which may open the same directory):

     layers/DIGEST               a blob, whole and verified
     layers/.DIGEST.part         a blob on its way, locked by who fetches it
     layers/.RANDOM.stage        content on its way whose digest is not known
                                 yet, locked by who writes it
     layers/.lock                serialises "record what a pull needs" with
                                 "remove what nobody needs"
     repos/NAME/TAG/             an image; it is one when it holds a file TAG;
                                 one that was pulled by the digest of an index
                                 keeps that as 'index' (image.h)
     repos/NAME/.TAG.ID.part/    an image on its way, with links to all that
                                 it will need; its file 'lock' is locked by
                                 who pulls it.  When nobody holds the lock it
                                 is what a cut pull left, and keeps its blobs
     containers/ID/              a container
     containers/.ID.part/        a container on its way, or being removed
     containers/ALIAS -> ID      a name of a container

   Names that begin with a dot belong to somebody at work, or to a process
   that was killed; the latter are recognised by their free lock and swept.
   Readers take no lock: everything appears and disappears by one rename.  */

/* Where the parts of a repository are.  TOP is needed, the others may be NULL
   (then they are the directory of that name below TOP).  */
struct store_paths
{
  const char *top;
  const char *repos;
  const char *layers;
  const char *containers;
  const char *bin;
  const char *lib;
  const char *doc;
};

/* Return the paths that CONFIG says, which they belong to.  */
struct store_paths store_paths_of (const struct config *config);

/* Open the repository at PATHS.  When CREATE and it does not exist, make it
   first; *CREATED (if not NULL) then is the path of what was made, which
   belongs to STORE: its top, or the only part that was missing and is
   elsewhere; otherwise NULL.  A repository that cannot be
   written opens too; what changes it fails later.  Return 0 with *STORE set
   (free it with store_close), -ENOENT when there is none and it was not to be
   made, or another negative errno; ERR is set on failure.  */
int store_open (const struct store_paths *paths, bool create,
                const char **created, struct store **store, struct error *err);

/* Close STORE, which may be NULL.  */
void store_close (struct store *store);

/* The absolute path and the open descriptor of a part of STORE.  Both belong
   to STORE.  A descriptor is for use as the DIR of *at calls.  */
const char *store_top_path (const struct store *store);
const char *store_repos_path (const struct store *store);
const char *store_layers_path (const struct store *store);
const char *store_containers_path (const struct store *store);
int store_repos_fd (const struct store *store);
int store_layers_fd (const struct store *store);
int store_containers_fd (const struct store *store);

/* Remove what killed processes left in STORE: images and containers half
   made, content that was staged, and blobs half fetched that nobody touched
   for a week (younger ones are kept: a pull resumes them).  What a living
   process holds is untouched.  Never fails: what cannot be removed stays.  */
void store_sweep (struct store *store);

/* Tell whether all parts of STORE can be written by this process.  */
bool store_is_writable (const struct store *store);

/* Blobs.  */

/* A blob being written.  Fields are for reading only.  */
struct store_blob
{
  struct store *store;
  char *digest; /* "sha256:HEX", its future name */
  char *part;   /* its name meanwhile, below layers/ */
  int fd;       /* for reading and writing; holds the lock */
  off_t have;   /* bytes an earlier attempt left, not verified by anybody */
};

/* Tell whether DIGEST ("sha256:HEX", "HEX.layer", ...) names a blob in STORE,
   whole.  */
bool store_blob_exists (struct store *store, const char *digest);

/* Open the blob DIGEST of STORE for reading.  Return the descriptor, which
   the caller closes, or a negative errno with ERR set.  */
int store_blob_open (struct store *store, const char *digest,
                     struct error *err);

/* Start or take up again the writing of blob DIGEST ("ALGORITHM:HEX") in
   STORE.

   Return 0 with BLOB filled: the caller now writes the missing bytes to
   BLOB->fd (BLOB->have bytes are there from an earlier attempt: hash them
   first, or ftruncate) and ends with store_blob_commit or store_blob_abort.
   Return 1 when the blob exists already, whole (BLOB undefined).
   Return -EWOULDBLOCK, ERR untouched, when another process is writing it and
   not WAIT; with WAIT say so on stderr and wait until it is done, then return
   1, or 0 if it gave up.  Other negative errno with ERR set.

   To be free of deadlocks a pull calls this first for all its blobs without
   WAIT, fetches what it got, commits, and only then, holding nothing, calls
   it with WAIT for one of the rest at a time.  */
int store_blob_begin (struct store *store, const char *digest, bool wait,
                      struct store_blob *blob, struct error *err);

/* Make BLOB, whose content the caller has verified, appear under its digest:
   fsync, rename.  BLOB is released whatever happens.  Return 0, or a negative
   errno with ERR set; the part is then kept for another try.  */
int store_blob_commit (struct store_blob *blob, struct error *err);

/* Give BLOB up and release it.  Keep the bytes for another try if KEEP (the
   transfer was cut), otherwise remove them (they were wrong).  */
void store_blob_abort (struct store_blob *blob, bool keep);

/* Content whose digest is not known beforehand.  */

/* Content being staged.  Fields are for reading only.  Nothing is staged where
   FD is negative.  */
struct store_stage
{
  struct store *store;
  char *part;   /* its name meanwhile, below layers/ */
  int fd;       /* for reading (pread) too; holds the lock */
  off_t size;   /* bytes written */
  char *digest; /* "ALGORITHM:HEX" once it is finished, NULL before */
  struct file_hash *hash;
  off_t flushed; /* bytes that the kernel was told to write to the disk */
};

/* Begin to write content of unknown digest, to be computed with ALGORITHM
   ("sha256", "sha512"), into STORE.  Return 0 with STAGE
   filled, to be ended with store_stage_commit or store_stage_abort, or a
   negative errno with ERR set.  Nothing is left when the process is killed
   that store_sweep would not remove.  */
int store_stage_begin (struct store *store, const char *algorithm,
                       struct store_stage *stage, struct error *err);

/* Append SIZE bytes of DATA to STAGE.  Return 0, or a negative errno with ERR
   set; the caller then gives STAGE up.  */
int store_stage_write (struct store_stage *stage, const void *data, size_t size,
                       struct error *err);

/* End the writing: STAGE->digest is known from now on.  Return 0, or a
   negative errno with ERR set; the caller then gives STAGE up.  */
int store_stage_finish (struct store_stage *stage, struct error *err);

/* Begin, write SIZE bytes of TEXT, and finish, at once.  */
int store_stage_text (struct store *store, const char *algorithm,
                      const void *text, size_t size, struct store_stage *stage,
                      struct error *err);

/* Begin with the content of the regular file PATH, open as FD for reading and
   writing, without copying it, and finish: the file gets a further name.
   Return 0, -EXDEV, ERR untouched, when it cannot (it is on another file
   system), or another negative errno with ERR set.  */
int store_stage_adopt (struct store *store, const char *path, int fd,
                       struct store_stage *stage, struct error *err);

/* Make STAGE, which is finished, the blob STAGE->digest: fsync, rename.  When
   there is one of the same size already that one is kept and this one goes,
   or with REPLACE the other way round: it may be damaged.  Every image on its
   way that relies on the blob must have said so before (store_pending_need
   with STAGE->digest), for what nobody needs may be removed.  STAGE is released
   whatever happens.  Return 0, or a negative errno with ERR set and nothing
   left.  */
int store_stage_commit (struct store_stage *stage, bool replace,
                        struct error *err);

/* Give STAGE up, remove what was written and release it.  */
void store_stage_abort (struct store_stage *stage);

/* Images on their way.  */

/* An image being pulled, loaded or imported; opaque.  */
struct store_pending;

/* Begin to make the image NAME:TAG in STORE: NAME is the directory below
   repos/ as the user typed it, TAG a tag or "sha256:HEX".  Nothing of it is
   visible until store_pending_commit.  Return 0 with *PENDING set, or a
   negative errno with ERR set (-EINVAL for a NAME or TAG that would leave
   repos/).  */
int store_pending_begin (struct store *store, const char *name, const char *tag,
                         struct store_pending **pending, struct error *err);

/* Record that PENDING needs the blob BLOB ("sha256:HEX", "HEX.layer",
   "HEX.json").  Call it for every blob, before asking whether the blob
   exists: from then on nobody removes it.  Repeats are harmless.  Return 0,
   or a negative errno with ERR set.  */
int store_pending_need (struct store_pending *pending, const char *blob,
                        struct error *err);

/* The same with a link that is called NAME ("container.json") instead of as
   the blob.  */
int store_pending_link (struct store_pending *pending, const char *name,
                        const char *blob, struct error *err);

/* Write file FILE ("manifest", "ancestry", ...) with SIZE bytes of TEXT into
   PENDING.  Return 0, or a negative errno with ERR set.  */
int store_pending_write (struct store_pending *pending, const char *file,
                         const void *text, size_t size, struct error *err);

/* Make PENDING appear in place of any image of its name, at once.  FLAVOUR is
   "v2" or "v1".  Every blob that it needs must exist.  A protected image
   stays protected.  PENDING is freed whatever happens.  Return 0, or a
   negative errno with ERR set (-ENOENT: a blob is missing) and nothing
   changed.  */
int store_pending_commit (struct store_pending *pending, const char *flavour,
                          struct error *err);

/* The same where there is no image of its name yet: -EEXIST when there is.  */
int store_pending_commit_new (struct store_pending *pending,
                              const char *flavour, struct error *err);

/* Give PENDING up; it may be NULL.  With KEEP_BLOBS (the transfer was cut) the
   blobs that were fetched for it stay for a week, so that the next attempt
   will not ask for them again; otherwise those that nobody else needs go.  */
void store_pending_abort (struct store_pending *pending, bool keep_blobs);

/* Images.  */

/* The name of an image in a store, and what a listing shows of it.  */
struct store_tag
{
  char *name; /* directory below repos/, as it was typed at pull time */
  char *tag;
  bool is_protected;
};

/* Free what TAG holds and leave it empty.  */
void store_tag_release (struct store_tag *tag);

/* Find the image that NAME:TAG means in STORE: the one of exactly this name,
   else one whose name means the same ('ubuntu', 'library/ubuntu',
   'docker.io/library/ubuntu', ...).  Return 0 with FOUND filled (release it),
   or -ENOENT or another negative errno with ERR set.  */
int store_tag_find (struct store *store, const char *name, const char *tag,
                    struct store_tag *found, struct error *err);

/* Split IMAGE, as a user types the name of an image that is in the store
   ("a/b:tag", "localhost:5000/a/b", "a@sha256:HEX"), into *NAME and *TAG
   ("latest" if none is given), which the caller frees.  A colon before the
   last slash belongs to a port.  Return 0, or -EINVAL with ERR set.  */
int store_split_name (const char *image, char **name, char **tag,
                      struct error *err);

/* List the images of STORE, sorted by name and tag, into *TAGS, an array of
   *COUNT which the caller frees with store_tags_free.  Return 0, or a
   negative errno with ERR set.  */
int store_tag_list (struct store *store, struct store_tag **tags, size_t *count,
                    struct error *err);

/* Free the array TAGS of COUNT and what it holds.  TAGS may be NULL.  */
void store_tags_free (struct store_tag *tags, size_t count);

/* Open the directory of TAG in STORE.  Return the descriptor, which the
   caller closes, or a negative errno with ERR set.  */
int store_tag_open (struct store *store, const struct store_tag *tag,
                    struct error *err);

/* Give the image SOURCE of STORE the further name NAME:TAG, which no image
   must have.  Its blobs are shared, its protection is not.  Return 0, -EEXIST
   when the name is taken, -ENOENT when SOURCE or one of its blobs is not
   there (any more), or another negative errno; ERR is set on failure and
   nothing is left behind.  */
int store_tag_copy (struct store *store, const struct store_tag *source,
                    const char *name, const char *tag, struct error *err);

/* Remove TAG from STORE, then those of its blobs that no other image and no
   image on its way needs, then the directories that this leaves empty.
   -EPERM when it is protected.  With FORCE go on where something cannot be
   removed.  Return 0, or a negative errno with ERR set.  */
int store_tag_remove (struct store *store, const struct store_tag *tag,
                      bool force, struct error *err);

/* Directories on their way, of images and of containers: made under a name
   that begins with a dot and ends in ".part", filled, renamed.  */

/* The lock inside of such a directory, to be removed before the rename.  */
#define STORE_PART_LOCK "lock"

/* What the name of a directory that is being removed ends with: nobody holds
   it, everybody may finish the job.  */
#define STORE_GONE_SUFFIX ".gone.part"

/* Tell whether NAME is that of something on its way.  */
bool store_name_is_part (const char *name);

/* Make the directory NAME, which holds a lock that is taken, below DIR.
   Return the descriptor of the lock with *DIRECTORY set to that of the
   directory; the caller closes both.  Or return a negative errno with ERR
   set.  */
int store_part_make (int dir, const char *name, int *directory,
                     struct error *err);

/* Tell whether the directory NAME on its way below DIR belongs to nobody any
   more: then return the descriptor of its lock, which the caller closes after
   removing the directory.  Otherwise return -1.  */
int store_part_seize (int dir, const char *name);

/* Remove the directory NAME below DIR, which is on its way or being removed:
   whatever moment the process is killed at, somebody can finish the job.
   Never fails: what cannot be removed stays, to be swept.  */
void store_part_remove (int dir, const char *name);

/* Remove the directories below DIR, called PATH in messages, that are on
   their way and belong to nobody any more, or are being removed.  Never fails:
   what cannot be removed stays.  */
void store_sweep_parts (int dir, const char *path);

#endif
