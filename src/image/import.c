/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Make an image of the archive of a file system.

   The file is staged as it is, and hashed on its way.  Then the staged bytes
   are read as they will be when containers are made of them: that shows that
   they are an archive to the end, and gives the digest of the uncompressed
   bytes, which a configuration has to state.  Compressions that an image cannot
   have in a registry or elsewhere are undone.  */

#include <config.h>

#include "src/image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "src/image/filters.h"
#include "src/image/layer-stream.h"
#include "src/image/manifest-write.h"
#include "src/image/platform-choice.h"
#include "src/image/store.h"
#include "src/image/unpack.h"
#include "xalloc.h"
#include "xvasprintf.h"

enum
{
  DATA_SIZE = 256 * 1024 /* bytes read at once */
};

/* An import under way.  */
struct import
{
  struct store *store;
  const struct import_options *options;
  struct store_stage layer;
  struct store_stage config;
  struct store_pending *pending;
  char *diff_id;
};

static void
import_release (struct import *import)
{
  store_pending_abort (import->pending, false);
  store_stage_abort (&import->layer);
  store_stage_abort (&import->config);
  free (import->diff_id);
}

const char *
import_shown_input (const char *input)
{
  return strcmp (input, "-") == 0 ? _ ("standard input") : input;
}

int
import_open (const char *input, struct error *err)
{
  if (strcmp (input, "-") == 0)
    {
      if (isatty (STDIN_FILENO))
        return error_set (err, EINVAL,
                          _ ("an archive cannot be typed: give a file, or "
                             "redirect the standard input"));
      int copy = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
      return copy >= 0 ? copy
                       : error_set (err, errno,
                                    _ ("cannot read the standard input: %s"),
                                    strerror (errno));
    }

  struct stat info;
  AUTO_CLOSE int fd = open (input, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && errno == ENOENT)
    return error_set (err, ENOENT, _ ("tar file does not exist: %s"), input);
  if (fd < 0 || fstat (fd, &info) < 0)
    return error_set (err, errno, _ ("cannot open '%s': %s"), input,
                      strerror (errno));
  if (S_ISDIR (info.st_mode))
    return error_set (err, EISDIR, _ ("cannot import '%s': %s"), input,
                      strerror (EISDIR));
  return TAKE_FD (fd);
}

/* The configuration.  */

/* Return the part of a configuration that says how to run, which says nothing,
   in Docker's words.  */
static struct json_object *
run_configuration (void)
{
  static const char *const empty[] = { "Hostname",   "Domainname", "User",
                                       "WorkingDir", "Image",      NULL };
  static const char *const unset[] = { "Env",        "Cmd",     "Volumes",
                                       "Entrypoint", "OnBuild", NULL };
  struct json_object *config = json_object_new_object ();

  for (const char *const *key = empty; *key != NULL; key++)
    json_object_object_add (config, *key, json_object_new_string (""));
  for (const char *const *key = unset; *key != NULL; key++)
    json_object_object_add (config, *key, NULL);
  return config;
}

/* Add to CONFIG what it says of the one layer DIFF_ID, made at TIME.  */
static void
add_layer (struct json_object *config, const char *diff_id, const char *time)
{
  struct json_object *rootfs = json_object_new_object ();
  struct json_object *ids = json_object_new_array ();
  struct json_object *history = json_object_new_array ();
  struct json_object *step = json_object_new_object ();

  json_object_array_add (ids, json_object_new_string (diff_id));
  json_object_object_add (rootfs, "type", json_object_new_string ("layers"));
  json_object_object_add (rootfs, "diff_ids", ids);
  json_object_object_add (config, "rootfs", rootfs);
  json_object_object_add (step, "created", json_object_new_string (time));
  json_object_object_add (step, "comment",
                          json_object_new_string ("created by udocker"));
  json_object_array_add (history, step);
  json_object_object_add (config, "history", history);
}

int
import_configuration (const char *platform, const char *diff_id, int64_t size,
                      char **text, struct error *err)
{
  AUTO_JSON struct json_object *config = json_object_new_object ();
  struct platform parsed = { 0 };
  char created[32] = "";
  time_t now = time (NULL);
  struct tm fields;

  if (platform == NULL)
    platform_of_host (&parsed);
  else
    {
      int status = platform_parse (&parsed, platform, err);
      if (status < 0)
        return status;
    }
  if (gmtime_r (&now, &fields) != NULL)
    (void) strftime (created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", &fields);
  json_object_object_add (config, "comment",
                          json_object_new_string ("created by udocker"));
  json_object_object_add (config, "created", json_object_new_string (created));
  json_object_object_add (config, "architecture",
                          json_object_new_string (parsed.architecture));
  json_object_object_add (config, "os", json_object_new_string (parsed.os));
  if (parsed.variant != NULL)
    json_object_object_add (config, "variant",
                            json_object_new_string (parsed.variant));
  json_object_object_add (config, "config", run_configuration ());
  json_object_object_add (config, "container_config", run_configuration ());
  if (diff_id != NULL)
    {
      json_object_object_add (config, "size", json_object_new_int64 (size));
      add_layer (config, diff_id, created);
    }
  platform_release (&parsed);
  *text = xstrdup (json_object_to_json_string_ext (
      config, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
  return 0;
}

/* The layer.  */

/* Copy what FD holds to the layer of IMPORT.  */
static int
stage_bytes (struct import *import, int fd, struct progress_line *line,
             struct error *err)
{
  AUTO_FREE char *data = xmalloc (DATA_SIZE);

  int status = store_stage_begin (import->store, "sha256", &import->layer, err);
  while (status == 0)
    {
      ssize_t got = read (fd, data, DATA_SIZE);
      if (interrupt_signal != 0)
        return error_set (err, EINTR, _ ("interrupted"));
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return error_set (err, errno, _ ("cannot read '%s': %s"),
                          import_shown_input (import->options->input),
                          strerror (errno));
      if (got == 0)
        return store_stage_finish (&import->layer, err);
      status = store_stage_write (&import->layer, data, (size_t) got, err);
      progress_update (line, (int64_t) import->layer.size);
    }
  return status;
}

/* Stage the file FD of IMPORT.  */
static int
stage_file (struct import *import, int fd, struct error *err)
{
  const struct import_options *options = import->options;
  struct stat info;

  bool is_file = fstat (fd, &info) == 0 && S_ISREG (info.st_mode);
  /* Another name of the file might be used to change it.  */
  if (options->move && is_file && info.st_nlink == 1)
    {
      int status = store_stage_adopt (import->store, options->input, fd,
                                      &import->layer, err);
      if (status != -EXDEV)
        return status;
    }
  struct progress *progress = progress_open ();
  struct progress_line *line =
      progress_add (progress, import_shown_input (options->input),
                    is_file ? info.st_size : -1);
  int status = stage_bytes (import, fd, line, err);
  progress_finish (line, status == 0 ? _ ("done") : _ ("given up"));
  progress_close (progress);
  return status;
}

/* Stage the uncompressed bytes of the layer of IMPORT in its place.  */
static int
stage_uncompressed (struct import *import, struct error *err)
{
  struct store_stage compressed = import->layer;
  const struct unpack_layer source = {
    .name = import_shown_input (import->options->input), .fd = compressed.fd
  };
  struct layer_stream *stream = NULL;
  const void *data = NULL;

  import->layer = (struct store_stage){ .fd = -1 };
  int status = store_stage_begin (import->store, "sha256", &import->layer, err);
  if (status == 0 && lseek (compressed.fd, 0, SEEK_SET) < 0)
    status = error_set (err, errno, _ ("cannot read '%s': %s"), source.name,
                        strerror (errno));
  if (status == 0)
    status = layer_stream_new (&source, 1, &stream, err);
  while (status == 0)
    {
      ptrdiff_t got = layer_stream_read (stream, &data, err);
      if (got == 0)
        break;
      status =
          got < 0 ? (int) got
                  : store_stage_write (&import->layer, data, (size_t) got, err);
    }
  layer_stream_free (stream);
  store_stage_abort (&compressed);
  return status < 0 ? status : store_stage_finish (&import->layer, err);
}

/* Return the compression of the layer of IMPORT, as filters_name does.  */
static const char *
find_compression (const struct import *import)
{
  char start[8];
  ssize_t size = pread (import->layer.fd, start, sizeof start, 0);

  return filters_name (start, size < 0 ? 0 : (size_t) size);
}

/* See that the layer of IMPORT is an archive that an image can have.  */
static int
check_layer (struct import *import, struct error *err)
{
  const struct unpack_layer layer = {
    .name = import_shown_input (import->options->input),
    .fd = import->layer.fd,
    .digest = &import->diff_id,
    .is_archive = true,
  };
  const char *compression = find_compression (import);

  if (lseek (layer.fd, 0, SEEK_SET) < 0)
    return error_set (err, errno, _ ("cannot read '%s': %s"), layer.name,
                      strerror (errno));
  int status = unpack_check (&layer, NULL, err);
  if (status < 0)
    return status;
  bool may_stay = compression != NULL
                  && (strcmp (compression, "gzip") == 0
                      || strcmp (compression, "zstd") == 0);
  return may_stay || strcmp (import->diff_id, import->layer.digest) == 0
             ? 0
             : stage_uncompressed (import, err);
}

/* The image.  */

/* Fail when there is an image of the name of IMPORT.  */
static int
check_name (const struct import *import, struct error *err)
{
  const struct import_options *options = import->options;
  AUTO_FREE char *mark = xasprintf ("%s/%s/TAG", options->name, options->tag);

  return file_exists (store_repos_fd (import->store), mark)
             ? error_set (err, EEXIST, _ ("tag already exists in repo: %s:%s"),
                          options->name, options->tag)
             : 0;
}

/* Have the image of IMPORT appear, whose layer and configuration are
   staged.  */
static int
commit (struct import *import, struct error *err)
{
  const struct import_options *options = import->options;
  AUTO_JSON struct json_object *manifest =
      manifest_new (import->config.digest, (int64_t) import->config.size);

  manifest_add_layer (manifest, import->layer.digest,
                      (int64_t) import->layer.size, find_compression (import));
  AUTO_FREE char *text = manifest_text (manifest);
  AUTO_FREE char *layer = xstrdup (import->layer.digest);
  int status = store_pending_begin (import->store, options->name, options->tag,
                                    &import->pending, err);
  if (status == 0)
    status = store_pending_need (import->pending, import->layer.digest, err);
  if (status == 0)
    status = store_pending_need (import->pending, import->config.digest, err);
  if (status == 0)
    status = store_stage_commit (&import->layer, false, err);
  if (status == 0)
    status = store_stage_commit (&import->config, false, err);
  if (status == 0)
    status = store_pending_write (import->pending, "manifest", text,
                                  strlen (text), err);
  if (status == 0 && interrupt_signal != 0)
    status = error_set (err, EINTR, _ ("interrupted"));
  if (status < 0)
    return status;
  status = store_pending_commit_new (TAKE (import->pending), "v2", err);
  if (status == -EEXIST)
    return error_set (err, EEXIST, _ ("tag already exists in repo: %s:%s"),
                      options->name, options->tag);
  if (status == 0)
    log_info (_ ("added layer %s"), strchr (layer, ':') + 1);
  return status;
}

/* Give the file FD, which is a blob now and nothing else, the permissions that
   blobs have.  */
static void
open_to_others (int fd)
{
  struct stat info;
  mode_t mask = umask (0);

  (void) umask (mask);
  if (fstat (fd, &info) == 0 && info.st_nlink == 1)
    (void) fchmod (fd, 0644 & ~mask); /* where it is not ours it stays */
}

/* Remove the file that is an image now.  */
static void
remove_input (const struct import_options *options, int fd)
{
  struct stat opened;
  struct stat named;

  if (fstat (fd, &opened) < 0 || stat (options->input, &named) < 0
      || opened.st_ino != named.st_ino || opened.st_dev != named.st_dev
      || !S_ISREG (opened.st_mode))
    return;
  if (unlink (options->input) < 0)
    log_warning (_ ("cannot remove '%s': %s"), options->input,
                 strerror (errno));
  else
    open_to_others (fd);
}

int
image_import (struct store *store, const struct import_options *options,
              struct error *err)
{
  AUTO_INTERRUPT struct interrupt interrupt = { 0 };
  __attribute__ ((cleanup (import_release))) struct import import = {
    .store = store,
    .options = options,
    .layer.fd = -1,
    .config.fd = -1,
  };
  AUTO_FREE char *config = NULL;

  /* What is wrong with the names is said before a large file is read.  */
  int status = import_configuration (options->platform, NULL, 0, &config, err);
  if (status == 0)
    status = check_name (&import, err);
  if (status < 0)
    return status;
  AUTO_CLOSE int fd = import_open (options->input, err);
  if (fd < 0)
    return fd;
  interrupt_catch (&interrupt);
  status = stage_file (&import, fd, err);
  if (status == 0)
    status = check_layer (&import, err);
  if (status < 0)
    return status;
  free (TAKE (config));
  status = import_configuration (options->platform, import.diff_id,
                                 (int64_t) import.layer.size, &config, err);
  if (status == 0)
    status = store_stage_text (store, "sha256", config, strlen (config),
                               &import.config, err);
  if (status == 0)
    status = commit (&import, err);
  if (status == 0 && options->move)
    remove_input (options, fd);
  return status;
}
