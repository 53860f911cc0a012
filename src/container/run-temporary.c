/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Directories that last as long as a run.  */

#include <config.h>

#include "src/container/run-temporary.h"

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
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/image/tree.h"
#include "xvasprintf.h"

/* How old, in seconds, what is not locked must be to be a leftover: who has
   just made one is about to lock it.  */
#define GRACE 60

/* What a batch system set up for the job, and cleans afterwards, is better than
   memory.  */
const char *
run_temporary_place (void)
{
  const char *const places[] = { getenv ("TMPDIR"), getenv ("SLURM_TMPDIR"),
                                 "/dev/shm" };
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
    if (places[i] != NULL && places[i][0] == '/'
        && access (places[i], W_OK | X_OK) == 0)
      return places[i];
  return "/tmp";
}

/* Return how names of this user's begin, which the caller frees.  */
static char *
own_prefix (void)
{
  return xasprintf ("udocker-%u-tmpfs.", (unsigned) geteuid ());
}

/* Remove NAME in the directory PLACE if it is this user's, and nobody's who
   lives.  */
static void
sweep_one (int place, const char *name)
{
  struct stat st;
  AUTO_CLOSE int fd =
      openat (place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &st) < 0 || st.st_uid != geteuid ()
      || st.st_mtime + GRACE > time (NULL) || flock (fd, LOCK_EX | LOCK_NB) < 0)
    return;
  AUTO_ERROR struct error ignored = { 0 };
  (void) tree_remove (place, name, true, &ignored); /* the next one tries */
}

/* Remove from PLACE what killed runs of this user's left.  */
static void
sweep (const char *place)
{
  AUTO_FREE char *prefix = own_prefix ();
  AUTO_CLOSEDIR DIR *directory = opendir (place);
  const struct dirent *entry;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    if (strncmp (entry->d_name, prefix, strlen (prefix)) == 0)
      sweep_one (dirfd (directory), entry->d_name);
}

/* Make the directory that all of TEMPORARY lies in.  */
static int
begin (struct run_temporary *temporary, struct error *err)
{
  const char *place = run_temporary_place ();
  AUTO_FREE char *prefix = own_prefix ();
  AUTO_FREE char *path = xasprintf ("%s/%sXXXXXX", place, prefix);
  sweep (place);
  if (mkdtemp (path) == NULL)
    return error_set (err, errno,
                      _ ("cannot make a temporary directory in '%s': %s"),
                      place, strerror (errno));
  temporary->lock = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (temporary->lock >= 0)
    (void) flock (temporary->lock, LOCK_EX | LOCK_NB); /* ours alone */
  temporary->path = TAKE (path);
  return 0;
}

char *
run_temporary_add (struct run_temporary *temporary, unsigned mode,
                   struct error *err)
{
  if (temporary->path == NULL && begin (temporary, err) < 0)
    return NULL;
  AUTO_FREE char *path =
      xasprintf ("%s/%u", temporary->path, temporary->count++);
  /* The umask has no say.  */
  if (mkdir (path, 0700) < 0 || chmod (path, mode != 0 ? mode : 01777) < 0)
    {
      (void) error_set (err, errno, _ ("cannot make '%s': %s"), path,
                        strerror (errno));
      return NULL;
    }
  return TAKE (path);
}

/* Remove the directories of TEMPORARY if there is nothing in them, which takes
   no descriptors.  Return whether they are gone.  */
static bool
remove_empty (const struct run_temporary *temporary)
{
  for (unsigned i = 0; i < temporary->count; i++)
    {
      AUTO_FREE char *path = xasprintf ("%s/%u", temporary->path, i);
      if (rmdir (path) < 0 && errno != ENOENT)
        return false;
    }
  return rmdir (temporary->path) == 0;
}

void
run_temporary_remove (struct run_temporary *temporary)
{
  AUTO_ERROR struct error err = { 0 };
  if (temporary->path != NULL && !remove_empty (temporary)
      && tree_remove (AT_FDCWD, temporary->path, false, &err) < 0)
    log_warning (_ ("a temporary directory stays: %s"), err.text);
  if (temporary->lock >= 0)
    (void) close (temporary->lock); /* nothing was written to it */
  free (temporary->path);
  *temporary = RUN_TEMPORARY_NONE;
}
