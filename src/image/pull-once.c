/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Find an image, or pull it once for all who want it at the same time.

   The tasks of one job start together and want the same image.  A pull shares
   blobs with others already (pull.c), but each asks the registry for the
   manifest, which registries count.  So whoever needs an image takes its lock,
   'layers/.HASH.lock', and then looks again.  Who has the lock removes the file
   before it lets go; others, who waited for a file without a name then, find
   the image, or in the file why there is none: a registry that is down is not
   to be asked by a thousand tasks in turn.  Where its holder was killed the
   file keeps its name, and the next one pulls.  The hash is one of all that
   makes a difference to the pull, so that nobody gets another one's error.  */

#include <config.h>

#include "src/image/pull.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/i18n.h"
#include "lib/base/lock.h"
#include "src/image/store.h"
#include "src/image/store-private.h"
#include "src/registry/reference.h"
#include "xvasprintf.h"

/* The turn of one process to pull.  */
struct turn
{
  struct store *store;
  const struct reference *ref;
  char *file; /* of the lock, below layers/ */
  int fd;     /* -1: not ours */
};

/* Append to TEXT a line for each of LIST, ended by NULL, or NULL.  */
static void
add_lines (struct buffer *text, const char *const *list)
{
  for (; list != NULL && *list != NULL; list++)
    buffer_add_format (text, "\n%s", *list);
}

/* Return the name of the lock for REF pulled as OPTIONS say, which the caller
   frees.  */
static char *
lock_name (const struct reference *ref, const struct pull_options *options)
{
  const char *const parts[] = {
    ref->name,
    reference_local_tag (ref),
    options->platform,
    options->registry.registry,
    options->registry.hub,
    options->registry.proxy,
    options->registry.keystore,
  };
  AUTO_BUFFER (text);

  buffer_add_format (&text, "%u %d", (unsigned) geteuid (),
                     options->registry.insecure);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    buffer_add_format (&text, "\n%s", parts[i] != NULL ? parts[i] : "");
  add_lines (&text, options->registry.insecure_hosts);
  add_lines (&text, options->registry.mirrors);
  return xasprintf (".%016" PRIx64 ".lock", hash_text (text.data));
}

static int
find_image (const struct turn *turn, struct store_tag *found, struct error *err)
{
  return store_tag_find (turn->store, turn->ref->name,
                         reference_local_tag (turn->ref), found, err);
}

/* Learn from FD, the lock of a process that is through, why there is no image.
   Return 0 when it does not say, or a negative errno with ERR set.  */
static int
read_failure (int fd, struct error *err)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  char *end = NULL;

  if (lseek (fd, 0, SEEK_SET) < 0
      || file_read_fd (fd, "lock", &text, NULL, &ignored) < 0)
    return 0;
  long number = strtol (text, &end, 10);
  if (number <= 0 || number > 4095 || *end != ' ')
    return 0;
  (void) error_set (err, (int) number, "%s", end + 1);
  return error_hint (err, _ ("another process was told so just now"));
}

/* Leave for those who wait that the pull ended with FAILURE, unless that is a
   matter of this process alone.  */
static void
write_failure (int fd, const struct error *failure)
{
  if (failure->number == EINTR || failure->number == ENOMEM)
    return;
  AUTO_BUFFER (text);
  buffer_add_format (&text, "%d %s", failure->number, failure->text);
  /* Who cannot read it asks the registry.  */
  (void) file_write_all (fd, text.data, text.length);
}

/* Take TURN.  Return 1 when it is had; 0 with FOUND filled when the image is
   here meanwhile; or a negative errno with ERR set, which may be what another
   process failed with.  */
static int
turn_take (struct turn *turn, struct store_tag *found, struct error *err)
{
  const int dir = store_layers_fd (turn->store);
  AUTO_FREE char *what =
      xasprintf (_ ("another process that pulls '%s'"), turn->ref->typed);
  for (;;)
    {
      AUTO_ERROR struct error missing = { 0 };
      AUTO_CLOSE int fd = lock_take (dir, turn->file, what, true, err);
      if (fd < 0)
        return error_prefix (err, "%s", turn->store->layers);
      bool is_ours = store_is_same_file (fd, dir, turn->file);
      if (is_ours)
        {
          /* What a killed process had begun to write is not for us.  */
          (void) ftruncate (fd, 0);
          turn->fd = TAKE_FD (fd);
        }
      int status = find_image (turn, found, &missing);
      if (status != -ENOENT)
        return status < 0 ? error_move (err, &missing) : 0;
      if (is_ours)
        return 1;
      status = read_failure (fd, err);
      if (status < 0)
        return status;
    }
}

/* End TURN.  The file goes while its lock is held.  */
static void
turn_end (struct turn *turn)
{
  if (turn->fd >= 0)
    (void) unlinkat (store_layers_fd (turn->store), turn->file, 0);
  cleanup_close (&turn->fd);
  free (turn->file);
}

int
image_find_or_pull (struct store *store, const struct reference *ref,
                    const struct pull_options *options, struct store_tag *found,
                    struct error *err)
{
  AUTO_ERROR struct error missing = { 0 };
  struct turn turn = { .store = store, .ref = ref, .fd = -1 };

  int status = find_image (&turn, found, &missing);
  if (status != -ENOENT)
    return status < 0 ? error_move (err, &missing) : 0;
  turn.file = lock_name (ref, options);
  status = turn_take (&turn, found, err);
  if (status == 1)
    {
      status = image_pull (store, ref, options, err);
      if (status == 0)
        status = find_image (&turn, found, err);
      if (status < 0)
        write_failure (turn.fd, err);
    }
  turn_end (&turn);
  return status;
}
