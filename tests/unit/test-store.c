/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The store: blobs and images, and who may remove them when.  */

#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "src/image/store-private.h"
#include "src/image/store.h"
#include "src/image/tree.h"
#include "tests/unit/store-images.h"
#include "tests/unit/tap.h"

#define ONE "sha256:1"
#define TWO "sha256:2"
#define THREE "sha256:3"

static int
remove_image (const char *name, const char *tag)
{
  char name_copy[64];
  char tag_copy[64];

  snprintf (name_copy, sizeof name_copy, "%s", name);
  snprintf (tag_copy, sizeof tag_copy, "%s", tag);
  struct store_tag image = { .name = name_copy, .tag = tag_copy };
  return store_tag_remove (store, &image, false, &problem);
}

static void
test_names (void)
{
  static const struct
  {
    const char *typed, *name, *tag;
  } cases[] = {
    { "a", "a", "latest" },
    { "a:b", "a", "b" },
    { "a/b:c", "a/b", "c" },
    { "localhost:5000/a", "localhost:5000/a", "latest" },
    { "localhost:5000/a:b", "localhost:5000/a", "b" },
    { "a@sha256:12", "a", "sha256:12" },
    { "h:1/a:b@sha256:12", "h:1/a", "sha256:12" },
    { "http://h:1/a:b", "h:1/a", "b" },
    { "", NULL, NULL },
    { ":", NULL, NULL },
    { "a:", NULL, NULL },
    { "/a", NULL, NULL },
    { "a/../b", NULL, NULL },
    { "../b", NULL, NULL },
    { "a/.b", NULL, NULL },
    { "a:..", NULL, NULL },
    { "a@", NULL, NULL },
    { "a//b", NULL, NULL },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      AUTO_FREE char *name = NULL;
      AUTO_FREE char *tag = NULL;
      AUTO_ERROR struct error error = { 0 };
      int status = store_split_name (cases[i].typed, &name, &tag, &error);
      bool good = cases[i].name == NULL
                      ? status == -EINVAL
                      : status == 0 && strcmp (name, cases[i].name) == 0
                            && strcmp (tag, cases[i].tag) == 0;
      tap_ok (good, "split '%s'", cases[i].typed);
    }

  static const struct
  {
    const char *path, *from, *result;
  } paths[] = {
    { "/t/layers/x", "/t/repos/a/b", "../../../layers/x" },
    { "/t/layers/x", "/u/repos/a", "../../../t/layers/x" },
    { "/t/a", "/t/ab", "../a" },
    { "/t/a/x", "/t/a", "x" },
    { "/x", "/a", "../x" },
  };
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    {
      AUTO_FREE char *result =
          store_relative_path (paths[i].path, paths[i].from);
      tap_is_string (result, paths[i].result, "a relative path");
    }
}

static void
test_blobs (void)
{
  struct store_blob blob;
  struct store_blob other;
  AUTO_ERROR struct error error = { 0 };

  tap_ok (!store_blob_exists (store, ONE), "no blob at first");
  tap_is_number (store_blob_begin (store, ONE, false, &blob, &error), 0,
                 "begin");
  tap_is_number (blob.have, 0, "nothing to resume");
  tap_is_number (store_blob_begin (store, ONE, false, &other, &error),
                 -EWOULDBLOCK, "nobody else can");
  tap_is_number (error.number, 0, "  which is no error");
  (void) !write (blob.fd, "abc", 3);
  tap_ok (!store_blob_exists (store, ONE), "not seen while it is written");
  store_blob_abort (&blob, true);
  tap_is_number (store_blob_begin (store, ONE, true, &blob, &error), 0,
                 "begin again");
  tap_is_number (blob.have, 3, "resumes");
  store_blob_abort (&blob, false);
  tap_is_number (store_blob_begin (store, ONE, true, &blob, &error), 0,
                 "and again");
  tap_is_number (blob.have, 0, "after bad bytes from nothing");
  tap_is_number (store_blob_commit (&blob, &error), 0, "commit");
  tap_ok (store_blob_exists (store, ONE), "there it is");
  tap_is_number (store_blob_begin (store, ONE, false, &blob, &error), 1,
                 "begin tells that it is there");
  tap_is_number (store_blob_begin (store, "../x", false, &blob, &error),
                 -EINVAL, "no name that leads out");
  error_release (&error);
  (void) unlinkat (store_layers_fd (store), ONE, 0);
}

/* A process that waits for a blob gets to know what became of it.  */
static void
test_waiting (bool commit)
{
  struct store_blob blob;
  struct store_blob mine;
  int status = 0;
  int ready[2];

  if (store_blob_begin (store, TWO, false, &blob, &problem) != 0
      || pipe (ready) < 0)
    tap_bail ("cannot begin a blob");
  pid_t child = fork ();
  if (child == 0)
    {
      log_set_level (LOG_ERROR);
      close (blob.fd); /* the lock belongs to the descriptor's copies too */
      (void) !write (ready[1], "", 1);
      int result = store_blob_begin (store, TWO, true, &mine, &problem);
      _exit (result < 0 ? 100 : result);
    }
  char byte;
  (void) !read (ready[0], &byte, 1);
  (void) usleep (50000);
  if (commit)
    (void) store_blob_commit (&blob, &problem);
  else
    store_blob_abort (&blob, false);
  (void) waitpid (child, &status, 0);
  tap_is_number (WEXITSTATUS (status), commit ? 1 : 0,
                 commit ? "who waited finds the blob"
                        : "who waited takes over");
  close (ready[0]);
  close (ready[1]);
  (void) unlinkat (store_layers_fd (store), TWO, 0);
}

/* The digests of "abc" and of four MiB of zeros.  */
#define ABC                                                                    \
  "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ZEROS                                                                  \
  "sha256:bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8"

/* Count the files of layers/ that are staged.  */
static int
count_stages (void)
{
  int count = 0;
  DIR *stream = fdopendir (dup (store_layers_fd (store)));
  const struct dirent *entry;

  if (stream == NULL)
    return -1;
  rewinddir (stream);
  while ((entry = readdir (stream)) != NULL)
    count += store_name_ends_in (entry->d_name, STORE_STAGE_SUFFIX);
  closedir (stream);
  return count;
}

/* Stage SIZE bytes of zeros in pieces of PIECE.  */
static void
stage_zeros (struct store_stage *stage, size_t size, size_t piece)
{
  AUTO_FREE char *zeros = calloc (1, piece);

  if (zeros == NULL || store_stage_begin (store, "sha256", stage, &problem) < 0)
    tap_bail ("cannot begin a stage");
  for (size_t done = 0; done < size; done += piece)
    (void) store_stage_write (
        stage, zeros, size - done < piece ? size - done : piece, &problem);
  (void) store_stage_finish (stage, &problem);
}

static void
test_stages (void)
{
  struct store_stage stage;
  struct store_stage other;
  struct stat first;
  struct stat second;
  AUTO_ERROR struct error error = { 0 };
  int layers = store_layers_fd (store);

  tap_is_number (store_stage_begin (store, "sha256", &stage, &error), 0,
                 "begin");
  tap_is_number (store_stage_write (&stage, "a", 1, &error), 0, "write");
  tap_is_number (store_stage_write (&stage, "bc", 2, &error), 0, "write more");
  tap_is_number (store_stage_finish (&stage, &error), 0, "finish");
  tap_is_string (stage.digest, ABC, "the digest of all");
  tap_ok (!store_blob_exists (store, ABC), "not seen yet");
  store_sweep (store);
  tap_is_number (store_stage_commit (&stage, false, &error), 0,
                 "commit, a sweep takes nothing");
  tap_ok (store_blob_exists (store, ABC), "there it is");
  tap_is_number (fstatat (layers, ABC, &first, 0), 0, "a file");

  tap_is_number (store_stage_text (store, "sha256", "abc", 3, &stage, &error),
                 0, "the same at once");
  tap_is_number (store_stage_commit (&stage, false, &error), 0, "commit");
  (void) fstatat (layers, ABC, &second, 0);
  tap_ok (first.st_ino == second.st_ino, "the one that was there stays");
  (void) file_replace (layers, ABC, "ab", 2, 0644, &error);
  (void) store_stage_text (store, "sha256", "abc", 3, &stage, &error);
  (void) store_stage_commit (&stage, false, &error);
  (void) fstatat (layers, ABC, &second, 0);
  tap_is_number (second.st_size, 3, "unless it was not whole");
  (void) file_replace (layers, ABC, "abd", 3, 0644, &error);
  (void) store_stage_text (store, "sha256", "abc", 3, &stage, &error);
  tap_is_number (store_stage_commit (&stage, true, &error), 0, "replace");
  AUTO_FREE char *text = NULL;
  (void) file_read_own (layers, ABC, &text, NULL, &error);
  tap_is_string (text, "abc", "one that is damaged");

  stage_zeros (&stage, 4 << 20, 1000);
  tap_is_string (stage.digest, ZEROS, "many small writes");
  stage_zeros (&other, 4 << 20, 3 << 20);
  tap_is_string (other.digest, ZEROS, "few big writes");
  store_stage_abort (&stage);
  store_stage_abort (&other);
  tap_ok (!store_blob_exists (store, ZEROS) && count_stages () == 0,
          "what is given up is gone");
  (void) store_stage_begin (store, "sha256", &stage, &error);
  store_stage_abort (&stage);
  store_stage_abort (&stage);
  tap_is_number (count_stages (), 0, "also half way, and twice");

  pid_t child = fork ();
  if (child == 0)
    {
      stage_zeros (&stage, 4 << 20, 1 << 20);
      _exit (0);
    }
  (void) waitpid (child, NULL, 0);
  (void) store_stage_begin (store, "sha256", &other, &error);
  tap_is_number (count_stages (), 2, "a killed process leaves its file");
  store_sweep (store);
  tap_is_number (count_stages (), 1, "which is swept, that of the living not");
  store_stage_abort (&other);
  (void) unlinkat (layers, ABC, 0);
}

static void
test_images (void)
{
  struct store_tag *tags = NULL;
  struct store_tag found = { 0 };
  struct store_pending *pending = NULL;
  AUTO_ERROR struct error error = { 0 };
  size_t count = 0;

  tap_is_number (put_image ("a/b", "1", ONE, NULL), -ENOENT,
                 "no image without its blobs");
  error_release (&problem);
  tap_ok (!file_exists (store_repos_fd (store), "a"), "and nothing of it");

  put_blob (ONE);
  put_blob (TWO);
  tap_is_number (put_image ("a/b", "1", ONE, TWO), 0, "an image");
  tap_is_number (put_image ("a/b", "1", ONE, TWO), 0, "once more");
  tap_is_number (put_image ("a", "x", ONE, NULL), 0, "another");
  tap_is_number (store_tag_list (store, &tags, &count, &error), 0, "list");
  tap_is_number ((long long) count, 2, "two images");
  tap_is_string (count > 0 ? tags[0].name : NULL, "a", "sorted");
  store_tags_free (tags, count);
  AUTO_FREE char *link = file_read_link (store_repos_fd (store), "a/b/1/" ONE);
  tap_is_string (link, "../../../../layers/" ONE, "links as the old tool's");
  tap_ok (file_exists (store_repos_fd (store), "a/b/1/v2")
              && !file_exists (store_repos_fd (store), "a/b/1/lock"),
          "the right files");

  tap_is_number (put_image ("a/b", "1", ONE, NULL), 0, "a new version");
  tap_ok (!store_blob_exists (store, TWO), "the old version's blob is gone");

  /* What a pull under way needs stays.  */
  put_blob (TWO);
  (void) store_pending_begin (store, "c", "1", &pending, &error);
  tap_is_number (store_pending_need (pending, TWO, &error), 0, "need");
  (void) put_image ("d", "1", TWO, NULL);
  tap_is_number (remove_image ("d", "1"), 0, "remove another that has it");
  tap_ok (store_blob_exists (store, TWO), "it stays");
  store_sweep (store);
  tap_ok (store_blob_exists (store, TWO), "a sweep does not take it");
  tap_is_number (store_pending_commit (pending, "v2", &error), 0, "commit");
  tap_is_number (store_tag_find (store, "c", "1", &found, &error), 0, "found");
  store_tag_release (&found);

  /* A pull that is given up.  */
  put_blob (THREE);
  (void) store_pending_begin (store, "e/f", "1", &pending, &error);
  (void) store_pending_need (pending, THREE, &error);
  store_pending_abort (pending, false);
  tap_ok (!store_blob_exists (store, THREE), "an abort removes its blob");
  tap_ok (!file_exists (store_repos_fd (store), "e"), "and its directories");

  /* A pull that is killed, and comes again.  */
  put_blob (THREE);
  pid_t child = fork ();
  if (child == 0)
    {
      (void) store_pending_begin (store, "g", "1", &pending, &error);
      (void) store_pending_need (pending, THREE, &error);
      _exit (0);
    }
  (void) waitpid (child, NULL, 0);
  store_sweep (store);
  tap_ok (store_blob_exists (store, THREE),
          "what a killed pull got waits for the next");
  tap_is_number (store_tag_find (store, "g", "1", &found, &error), -ENOENT,
                 "but is no image");
  error_release (&error);
  tap_is_number (put_image ("g", "1", THREE, NULL), 0, "the next");
  tap_is_number (remove_image ("g", "1"), 0, "is removed");
  tap_ok (!file_exists (store_repos_fd (store), "g"), "with all remains");
  tap_ok (!store_blob_exists (store, THREE), "and its blob");

  /* A protected image.  */
  (void) file_replace (store_repos_fd (store), "c/1/PROTECT", "", 0, 0644,
                       &error);
  tap_is_number (remove_image ("c", "1"), -EPERM, "a protected image stays");
  error_release (&problem);
  (void) put_image ("c", "1", ONE, NULL);
  tap_ok (file_exists (store_repos_fd (store), "c/1/PROTECT"),
          "and stays protected");
  tap_is_number (store_pending_begin (store, "../x", "1", &pending, &error),
                 -EINVAL, "no name that leads out");
}

int
main (void)
{
  char directory[] = "/tmp/udocker-store.XXXXXX";
  AUTO_ERROR struct error error = { 0 };

  if (mkdtemp (directory) == NULL)
    tap_bail ("no temporary directory");
  AUTO_FREE char *top = NULL;
  if (asprintf (&top, "%s/deep/er/", directory) < 0)
    tap_bail ("memory");
  const struct store_paths paths = { .top = top };
  const char *created = NULL;

  tap_is_number (store_open (&paths, false, NULL, &store, &error), -ENOENT,
                 "no repository");
  tap_is_number (store_open (&paths, true, &created, &store, &error), 0,
                 "is made");
  tap_is_string (created, store_top_path (store), "and told");
  if (store == NULL)
    tap_bail ("no store");
  test_names ();
  test_blobs ();
  test_waiting (true);
  test_waiting (false);
  test_stages ();
  test_images ();
  store_close (store);
  tap_is_number (tree_remove (AT_FDCWD, directory, false, &error), 0,
                 "remove all");
  error_release (&problem);
  return tap_done ();
}
