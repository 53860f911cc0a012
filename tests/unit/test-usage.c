/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which blobs are needed, what nobody needs, and what goes when it is asked
   for.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "src/image/tree.h"
#include "src/image/usage.h"
#include "tests/unit/store-images.h"
#include "tests/unit/tap.h"

/* Names of blobs, as no others are taken for garbage.  */
#define BLOB(digit)                                                            \
  "sha256:" digit "000000000000000000000000000000000000000000000000000000000"  \
  "000000"
#define ONE BLOB ("1")
#define TWO BLOB ("2")
#define THREE BLOB ("3")

#define AUTO_USES __attribute__ ((cleanup (store_uses_release)))
#define AUTO_GARBAGE __attribute__ ((cleanup (store_garbage_release)))

/* Give PATH below DIR and its content, if it is a directory without others,
   times of an hour ago: what is young is nobody's garbage.  */
static void
age (int dir, const char *path)
{
  struct stat info;
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };

  if (fstatat (dir, path, &info, AT_SYMLINK_NOFOLLOW) < 0)
    tap_bail (path);
  times[1].tv_sec = info.st_mtime - 3600;
  (void) utimensat (dir, path, times, AT_SYMLINK_NOFOLLOW);
}

static void
put_file (int dir, const char *path, size_t size)
{
  AUTO_FREE char *text = calloc (1, size + 1);

  if (text == NULL || file_replace (dir, path, text, size, 0644, &problem) < 0)
    tap_bail (path);
}

static void
put_directory (int dir, const char *path)
{
  if (file_make_directories (dir, path, 0755, &problem) < 0)
    tap_bail (path);
}

static void
put_link (const char *blob, const char *path)
{
  AUTO_FREE char *target = NULL;

  if (asprintf (&target, "../../../layers/%s", blob) < 0
      || symlinkat (target, store_repos_fd (store), path) < 0)
    tap_bail (path);
}

static void
test_uses (void)
{
  AUTO_USES struct store_uses uses = { 0 };
  intmax_t size = -1, shared = -1;
  char name[] = "an/image", tag[] = "b";
  const struct store_tag image = { .name = name, .tag = tag };

  tap_is_number (store_uses_read (store, &uses, &problem), 0, "read uses");
  tap_is_number ((long long) uses.count, 3, "of all blobs");
  struct store_use *use = store_uses_find (&uses, ONE);
  tap_ok (use != NULL && use->images == 2 && use->pending == 0,
          "two images need the first");
  use = store_uses_find (&uses, TWO);
  tap_ok (use != NULL && use->images == 1, "one the second");
  use = store_uses_find (&uses, THREE);
  tap_ok (use != NULL && use->images == 0, "none the third");
  tap_ok (store_uses_find (&uses, "other") == NULL, "and no other is known");
  tap_is_number (
      store_tag_usage (store, &image, &uses, &size, &shared, &problem), 0,
      "what an image takes");
  const struct store_use *first = store_uses_find (&uses, ONE);
  const struct store_use *second = store_uses_find (&uses, TWO);
  tap_is_number (size, first->size + second->size, "  all its blobs");
  tap_is_number (shared, first->size, "  and what it shares");
}

/* Return the item of GARBAGE of KIND called NAME.  */
static const struct store_garbage *
look_for (const struct store_garbage_list *garbage, enum garbage_kind kind,
          const char *name)
{
  for (size_t i = 0; i < garbage->count; i++)
    if (garbage->list[i].kind == kind
        && strcmp (garbage->list[i].name, name) == 0)
      return &garbage->list[i];
  return NULL;
}

static void
test_no_garbage (void)
{
  AUTO_GARBAGE struct store_garbage_list garbage = { 0 };

  tap_is_number (store_garbage_find (store, &garbage, &problem), 0, "find");
  tap_is_number ((long long) garbage.count, 0,
                 "a blob that is young is no garbage");
  age (store_layers_fd (store), THREE);
  (void) store_garbage_find (store, &garbage, &problem);
  tap_is_number ((long long) garbage.count, 1, "an old one is");
  tap_ok (look_for (&garbage, GARBAGE_LAYER, THREE) != NULL, "  as a layer");
}

/* What killed processes left, one in another: each byte counts once, and what
   was told is what comes back.  */
static void
test_nested (void)
{
  AUTO_GARBAGE struct store_garbage_list garbage = { 0 };
  int repos = store_repos_fd (store);
  intmax_t freed = -1;
  intmax_t sum = 0;

  /* A half removed image, in whose directory another name begins that has one
     as well, and in it something on its way that holds more of the kind.  */
  put_directory (repos, "half/v1/.x.0123456789abcde0.gone.part/inner/deep");
  put_file (repos, "half/v1/.x.0123456789abcde0.gone.part/inner/file", 50000);
  put_directory (repos, "half/v1/.x.0123456789abcde0.gone.part/.y.gone.part");
  put_file (repos, "half/v1/.x.0123456789abcde0.gone.part/.y.gone.part/file",
            70000);
  put_file (repos, "half/v1/manifest", 3000);
  put_link (TWO, "half/v1/" TWO);
  age (repos, "half/v1");

  (void) store_garbage_find (store, &garbage, &problem);
  tap_is_number ((long long) garbage.count, 3, "three things are found");
  const struct store_garbage *image =
      look_for (&garbage, GARBAGE_IMAGE, "half/v1");
  const struct store_garbage *part = look_for (
      &garbage, GARBAGE_IMAGE, "half/v1/.x.0123456789abcde0.gone.part");
  tap_ok (image != NULL && part != NULL, "the image and what is in it");
  tap_is_number (part == NULL ? 0 : part->size,
                 tree_size (repos, "half/v1/.x.0123456789abcde0.gone.part"),
                 "the inner one counts all it holds");
  tap_ok (image != NULL && part != NULL && image->size < part->size,
          "the outer one without it");
  for (size_t i = 0; i < garbage.count; i++)
    sum += garbage.list[i].size;
  tap_is_number (
      store_garbage_remove (store, &garbage, false, &freed, &problem), 0,
      "remove all");
  tap_is_number (freed, sum, "what was told came back");
  tap_ok (!file_exists (repos, "half"), "nothing is left of them");
  tap_ok (!store_blob_exists (store, THREE), "nor of the blob");
  tap_ok (store_blob_exists (store, ONE) && store_blob_exists (store, TWO),
          "what images need stays");
}

/* What somebody began to need since it was found stays.  */
static void
test_needed_again (void)
{
  AUTO_GARBAGE struct store_garbage_list garbage = { 0 };
  intmax_t freed = -1;

  put_blob (THREE);
  age (store_layers_fd (store), THREE);
  (void) store_garbage_find (store, &garbage, &problem);
  tap_is_number ((long long) garbage.count, 1, "an old blob is found");
  tap_is_number (put_image ("late", "x", THREE, NULL), 0,
                 "an image comes that needs it");
  tap_is_number (
      store_garbage_remove (store, &garbage, false, &freed, &problem), 0,
      "remove");
  tap_is_number (freed, 0, "nothing comes back");
  tap_ok (store_blob_exists (store, THREE), "the blob stays");
}

int
main (void)
{
  char directory[] = "/tmp/udocker-usage.XXXXXX";

  if (mkdtemp (directory) == NULL)
    tap_bail ("no temporary directory");
  const struct store_paths paths = { .top = directory };
  if (store_open (&paths, true, NULL, &store, &problem) < 0)
    tap_bail (problem.text);
  put_blob (ONE);
  put_blob (TWO);
  put_blob (THREE);
  if (put_image ("an/image", "a", ONE, NULL) < 0
      || put_image ("an/image", "b", ONE, TWO) < 0)
    tap_bail (problem.text);
  test_uses ();
  test_no_garbage ();
  test_nested ();
  test_needed_again ();
  store_close (store);
  tap_is_number (tree_remove (AT_FDCWD, directory, false, &problem), 0,
                 "remove the repository");
  error_release (&problem);
  return tap_done ();
}
