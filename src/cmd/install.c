/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker install: put the engine into the repository, too.

   Nothing needs it there but those who call it by hand, and programs that look
   for it where the Python tool has it.  The repository's bin may also be that
   of this package, or of whatever else the user installs, so that only files
   are replaced or removed of which a manifest says that they are ours: by name
   and digest.  A file is entered before it is written, beside what it replaces,
   so that whenever the process is killed the manifest knows what is there.

   lib/VERSION is never written: it would make the Python tool believe that its
   own tools are installed.  */

#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/lock.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/config/config.h"
#include "src/image/file-hash.h"
#include "src/platform/host.h"
#include "xvasprintf.h"

extern const struct command command_install;

#define MANIFEST ".udocker-install.json"
#define LOCK ".udocker-install.lock"

struct install_options
{
  bool force;
  bool purge;
};

static const struct option_row install_rows[] = {
  {
      .name = "force",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("replace a file of that name whoever put it there"),
      .target = OPTION_TARGET (struct install_options, force),
  },
  {
      .name = "purge",
      .kind = OPTION_FLAG,
      .help = N_ ("first remove what an earlier install put there"),
      .target = OPTION_TARGET (struct install_options, purge),
  },
  { .name = NULL },
};

/* An installation at work.  */
struct installation
{
  const char *path; /* of the directory */
  int dir;
  struct json_object *files; /* the manifest: name -> list of digests */
  bool force;
};

/* Return the name of this machine's architecture as the Python tool has it in
   names of files.  */
static const char *
tool_architecture (void)
{
  const char *name = platform_host ()->architecture;

  return strcmp (name, "amd64") == 0 ? "x86_64"
         : strcmp (name, "386") == 0 ? "x86"
                                     : name;
}

/* Compute the digest of SIZE bytes of DATA, which the caller frees.  */
static int
compute_digest (const char *data, size_t size, const char *name, char **digest,
                struct error *err)
{
  struct file_hash *hash = NULL;

  int status = file_hash_new (-1, "sha256", &hash, err);
  if (status < 0)
    return status;
  file_hash_add (hash, data, size);
  return file_hash_finish (hash, name, digest, err);
}

/* Tell whether the manifest has NAME with DIGEST.  */
static bool
is_ours (const struct installation *installation, const char *name,
         const char *digest)
{
  struct json_object *digests =
      json_member (installation->files, name, json_type_array);

  for (size_t i = 0; digests != NULL && i < json_object_array_length (digests);
       i++)
    {
      const char *text =
          json_object_get_string (json_object_array_get_idx (digests, i));
      if (text != NULL && strcmp (text, digest) == 0)
        return true;
    }
  return false;
}

/* Compute the digest of the file NAME that is there, which the caller frees.
   Return 0, 1 when there is none, or a negative errno with ERR set.  */
static int
read_digest (const struct installation *installation, const char *name,
             char **digest, struct error *err)
{
  AUTO_FREE char *data = NULL;
  size_t size = 0;

  AUTO_CLOSE int fd = openat (installation->dir, name,
                              O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT)
    return 1;
  int status = fd < 0 ? error_set (err, errno, _ ("cannot open '%s/%s': %s"),
                                   installation->path, name, strerror (errno))
                      : file_read_fd (fd, name, &data, &size, err);
  return status < 0 ? status : compute_digest (data, size, name, digest, err);
}

/* Write the manifest.  */
static int
write_manifest (const struct installation *installation, struct error *err)
{
  AUTO_FREE char *text = json_pretty (installation->files);

  return file_replace (installation->dir, MANIFEST, text, strlen (text), 0644,
                       err);
}

/* Read the manifest; one that cannot be understood knows nothing.  */
static void
read_manifest (struct installation *installation)
{
  AUTO_ERROR struct error problem = { 0 };

  if (json_read_file (installation->dir, MANIFEST, &installation->files,
                      &problem)
          == 0
      && json_object_is_type (installation->files, json_type_object))
    return;
  if (problem.number != 0 && problem.number != ENOENT)
    log_warning ("%s", problem.text);
  json_release (&installation->files);
  installation->files = json_object_new_object ();
}

/* Remove the files of the manifest that are as it says.  */
static int
purge (struct installation *installation, struct error *err)
{
  struct json_object *files = installation->files;

  json_object_object_foreach (files, name, digests)
  {
    (void) digests;
    AUTO_ERROR struct error ignored = { 0 };
    AUTO_FREE char *digest = NULL;
    if (strchr (name, '/') != NULL
        || read_digest (installation, name, &digest, &ignored) != 0)
      continue;
    if (!is_ours (installation, name, digest))
      log_warning (_ ("'%s/%s' was changed since it was installed and stays"),
                   installation->path, name);
    else if (unlinkat (installation->dir, name, 0) < 0)
      return error_set (err, errno, _ ("cannot remove '%s/%s': %s"),
                        installation->path, name, strerror (errno));
    else
      log_info (_ ("removed: %s/%s"), installation->path, name);
  }
  json_release (&installation->files);
  installation->files = json_object_new_object ();
  return write_manifest (installation, err);
}

/* Enter NAME with DIGEST in the manifest, alone or beside what is there.  */
static int
enter (struct installation *installation, const char *name, const char *digest,
       bool alone, struct error *err)
{
  struct json_object *digests =
      json_member (installation->files, name, json_type_array);

  if (digests == NULL || alone)
    {
      digests = json_object_new_array ();
      json_object_object_add (installation->files, name, digests);
    }
  if (!is_ours (installation, name, digest))
    json_object_array_add (digests, json_object_new_string (digest));
  return write_manifest (installation, err);
}

/* Remove what an installation of NAME that was killed was writing.  */
static void
sweep (const struct installation *installation, const char *name)
{
  size_t length = strlen (name);
  int fd = openat (installation->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *stream = fd < 0 ? NULL : fdopendir (fd);
  const struct dirent *entry;

  while (stream != NULL && (entry = readdir (stream)) != NULL)
    {
      /* ".NAME.", 16 digits, ".tmp", as file_replace calls them.  */
      const char *rest = entry->d_name + length + 2;
      if (strlen (entry->d_name) == length + 22 && entry->d_name[0] == '.'
          && strncmp (entry->d_name + 1, name, length) == 0 && rest[-1] == '.'
          && strspn (rest, "0123456789abcdef") == 16
          && strcmp (rest + 16, ".tmp") == 0)
        (void) unlinkat (installation->dir, entry->d_name, 0); /* or it stays */
    }
}

/* Install SIZE bytes of DATA as the program NAME.  */
static int
install_data (struct installation *installation, const char *name,
              const char *data, size_t size, struct error *err)
{
  AUTO_ERROR struct error problem = { 0 };
  AUTO_FREE char *digest = NULL;
  AUTO_FREE char *there = NULL;

  sweep (installation, name);
  int status = compute_digest (data, size, name, &digest, err);
  if (status < 0)
    return status;
  int found = read_digest (installation, name, &there, &problem);
  bool is_same = found == 0 && strcmp (there, digest) == 0;
  bool is_foreign =
      found < 0
      || (found == 0 && !is_same && !is_ours (installation, name, there));
  if (is_foreign && !installation->force)
    return error_set (
        err, EEXIST,
        _ ("'%s/%s' was not put there by udocker, or was changed; "
           "--force replaces it"),
        installation->path, name);
  status = enter (installation, name, digest, false, err);
  if (status == 0 && (!is_same || installation->force))
    status = file_replace (installation->dir, name, data, size, 0755, err);
  if (status == 0)
    status = enter (installation, name, digest, true, err);
  if (status < 0)
    return error_prefix (err, "%s", installation->path);
  log_info (is_same ? _ ("is there already: %s/%s") : _ ("installed: %s/%s"),
            installation->path, name);
  return 0;
}

/* Install our part PART as NAME.  */
static int
install_part (struct installation *installation, const char *part,
              const char *name, struct error *err)
{
  AUTO_FREE char *path = platform_find_part (part, err);
  AUTO_FREE char *data = NULL;
  size_t size = 0;

  if (path == NULL)
    return -err->number;
  int status = file_read (AT_FDCWD, path, &data, &size, err);
  return status < 0 ? status
                    : install_data (installation, name, data, size, err);
}

/* Do what the options say in INSTALLATION, whose directory is locked.  */
static int
install (struct installation *installation, bool purges, struct error *err)
{
  AUTO_FREE char *name = xasprintf ("proot-%s", tool_architecture ());
  AUTO_FREE char *loader = xasprintf ("loader-%s", platform_host ()->machine);
  int status = 0;

  read_manifest (installation);
  sweep (installation, MANIFEST);
  if (purges)
    status = purge (installation, err);
  /* The engine looks for these beside itself.  */
  if (status == 0)
    status = install_part (installation, loader, loader, err);
#ifdef HAVE_LOADER_I386
  if (status == 0)
    status = install_part (installation, "loader-i386", "loader-i386", err);
#endif
  if (status == 0)
    status = install_part (installation, "udocker-proot", name, err);
  json_release (&installation->files);
  return status;
}

static int
run_install (struct invocation *invocation, struct error *err)
{
  const struct install_options *options = invocation->options;
  const char *path = invocation->config->bindir;

  int status = file_make_directories (AT_FDCWD, path, 0777, err);
  if (status < 0)
    return status;
  AUTO_CLOSE int dir = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return error_set (err, errno, _ ("cannot open directory '%s': %s"), path,
                      strerror (errno));
  AUTO_CLOSE int lock = lock_take (
      dir, LOCK, _ ("another process that installs the engine"), true, err);
  if (lock < 0)
    return error_prefix (err, "%s", path);
  struct installation installation = {
    .path = path,
    .dir = dir,
    .force = options->force,
  };
  return install (&installation, options->purge, err);
}

const struct command command_install = {
  .name = "install",
  .summary = N_ ("put the engine of P modes into the repository"),
  .description = N_ (
      "There is no need to: everything is part of udocker, and nothing is "
      "ever downloaded. The program is copied to the directory bin of the "
      "repository as proot-x86_64, or the like, with what it needs, for those "
      "who call it by hand with the options of PRoot. A file of that name that "
      "udocker did not put there is not replaced, nor removed by --purge."),
  .options = install_rows,
  .options_size = sizeof (struct install_options),
  .needs = NEEDS_REPOSITORY,
  .run = run_install,
};
