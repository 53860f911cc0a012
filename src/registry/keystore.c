/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker's own file of credentials: a JSON object of the Python tool's form,
   {"https://HOST": {"auth": BASE64 (USER:PASSWORD), "email": ""}}.  */

#include <config.h>

#include "src/registry/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/lock.h"
#include "lib/base/log.h"
#include "src/registry/reference.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

#define HUB_KEY "https://registry-1.docker.io"

/* Return the directory that PATH is in; the caller frees it.  */
static char *
directory_of (const char *path)
{
  const char *slash = strrchr (path, '/');

  if (slash == NULL)
    return xstrdup (".");
  return slash == path ? xstrdup ("/")
                       : xstrndup (path, (size_t) (slash - path));
}

char *
keystore_key (const char *registry)
{
  const char *separator = strstr (registry, "://");
  const char *host = separator == NULL ? registry : separator + 3;
  size_t length = strlen (host);

  while (length > 0 && host[length - 1] == '/')
    length--;

  AUTO_FREE char *name = xmemdup (host, length + 1);
  name[length] = '\0';
  /* "https://index.docker.io/v1/" is what others call it.  */
  AUTO_FREE char *bare = xstrndup (host, strcspn (host, "/"));
  if (reference_host_is_docker_hub (bare))
    return xstrdup (HUB_KEY);
  if (separator == NULL)
    return xasprintf ("https://%s", name);
  return xasprintf ("%.*s://%s", (int) (separator - registry), registry, name);
}

/* Take a lock beside PATH, so that two programs at once do not lose what the
   other one added.  Return its descriptor, or -1 where locks do not work; that
   is no reason to fail.  */
static int
lock (const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *name = xasprintf ("%s.lock", path);

  int fd = lock_take (AT_FDCWD, name, path, true, &ignored);
  if (fd < 0)
    log_debug ("%s", ignored.text);
  return fd < 0 ? -1 : fd;
}

/* Refuse to change the keystore PATH when it, or the directory that it is in,
   is not the caller's alone.  Return 0, also when there is none, or a negative
   errno with ERR set.  */
static int
check_owner (const char *path, struct error *err)
{
  AUTO_FREE char *directory = directory_of (path);
  struct stat info;

  if (stat (directory, &info) == 0 && info.st_uid != geteuid ())
    return error_set (err, EPERM, _ ("directory '%s' belongs to another user"),
                      directory);
  if (stat (path, &info) < 0)
    return errno == ENOENT ? 0
                           : error_set (err, errno, _ ("cannot open '%s': %s"),
                                        path, strerror (errno));
  if (info.st_uid != geteuid ())
    return error_set (err, EPERM, _ ("'%s' belongs to another user"), path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return error_set (err, EPERM,
                      _ ("'%s' is open to others; 'chmod 600 %s' closes it"),
                      path, path);
  return 0;
}

/* Read the file PATH into OBJECT, NULL when there is none.  */
static int
read_keystore (const char *path, struct json_object **object, struct error *err)
{
  struct stat info;

  int result = check_owner (path, err);
  if (result < 0 || stat (path, &info) < 0 || info.st_size == 0)
    return result;
  result = json_read_file (AT_FDCWD, path, object, err);
  if (result == 0 && !json_object_is_type (*object, json_type_object))
    return error_set (err, EBADMSG, _ ("'%s' is no keystore"), path);
  return result;
}

static int
write_keystore (const char *path, struct json_object *object, struct error *err)
{
  const char *text = json_object_to_json_string_ext (
      object, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

  return file_replace (AT_FDCWD, path, text, strlen (text), 0600, err);
}

int
keystore_store (const char *path, const char *registry, const char *username,
                const char *password, struct error *err)
{
  AUTO_JSON struct json_object *object = NULL;
  AUTO_FREE char *key = keystore_key (registry);

  AUTO_FREE char *directory = directory_of (path);
  int made = file_make_directories (AT_FDCWD, directory, 0700, err);
  if (made < 0)
    return made;

  AUTO_CLOSE int held = lock (path);
  int status = read_keystore (path, &object, err);
  if (status < 0)
    return status;
  if (object == NULL)
    object = json_object_new_object ();

  AUTO_FREE char *plain = xasprintf ("%s:%s", username, password);
  AUTO_FREE char *encoded = NULL;
  if (base64_encode_alloc (plain, (idx_t) strlen (plain), &encoded) == 0
      || encoded == NULL)
    xalloc_die ();
  explicit_bzero (plain, strlen (plain));

  struct json_object *entry = json_object_new_object ();
  json_object_object_add (entry, "auth", json_object_new_string (encoded));
  json_object_object_add (entry, "email", json_object_new_string (""));
  json_object_object_add (object, key, entry);
  explicit_bzero (encoded, strlen (encoded));
  return write_keystore (path, object, err);
}

int
keystore_remove (const char *path, const char *registry, struct error *err)
{
  AUTO_JSON struct json_object *object = NULL;

  if (access (path, F_OK) < 0)
    return error_set (err, errno, _ ("no credentials are kept in '%s'"), path);
  AUTO_CLOSE int held = lock (path);
  if (registry == NULL)
    {
      int allowed = check_owner (path, err);
      if (allowed < 0)
        return allowed;
      if (unlink (path) < 0)
        return error_set (err, errno, _ ("cannot remove '%s': %s"), path,
                          strerror (errno));
      return 0;
    }

  int status = read_keystore (path, &object, err);
  if (status < 0)
    return status;
  AUTO_FREE char *key = keystore_key (registry);
  if (object == NULL || !json_object_object_get_ex (object, key, NULL))
    return error_set (err, ENOENT, _ ("no credentials for '%s' are kept"), key);
  json_object_object_del (object, key);
  return write_keystore (path, object, err);
}
