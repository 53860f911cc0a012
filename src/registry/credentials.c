/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Look for credentials in keystore, config.json, helpers and netrc.  */

#include <config.h>

#include "src/registry/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/registry/reference.h"

extern char **environ;

/* For whom credentials are wanted.  */
struct wanted
{
  const char *host;
  bool hub;
  const char *repository;
};

/* The name under which Docker keeps what belongs to Docker Hub.  */
static const char docker_hub_key[] = "https://index.docker.io/v1/";

static void
forget (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  free (secret);
}

void
credentials_release (struct credentials *credentials)
{
  free (credentials->user);
  forget (credentials->password);
  forget (credentials->identity_token);
  forget (credentials->registry_token);
  free (credentials->source);
  *credentials = (struct credentials){ 0 };
}

char *
credentials_basic (const struct credentials *credentials)
{
  AUTO_FREE char *plain =
      xasprintf ("%s:%s", credentials->user == NULL ? "" : credentials->user,
                 credentials->password == NULL ? "" : credentials->password);
  size_t size = strlen (plain);
  char *text = xmalloc (4 * (size / 3 + 1) + 1);

  EVP_EncodeBlock ((unsigned char *) text, (const unsigned char *) plain,
                   (int) size);
  explicit_bzero (plain, size);
  return text;
}

/* Take base64 of "USER:PASSWORD", TEXT, apart into FOUND.  Return whether it
   was that.  */
static bool
decode_basic (const char *text, struct credentials *found)
{
  size_t size = strlen (text);
  if (size == 0 || size % 4 != 0 || size > 65536)
    return false;
  AUTO_FREE char *plain = xmalloc (size + 1);
  int count = EVP_DecodeBlock ((unsigned char *) plain,
                               (const unsigned char *) text, (int) size);
  if (count < 0)
    return false;
  for (size_t i = size; count > 0 && i > 0 && text[i - 1] == '='; i--)
    count--;
  plain[count] = '\0';
  char *colon = strchr (plain, ':');
  if (colon == NULL || strlen (plain) != (size_t) count)
    return false;
  found->user = xasprintf ("%.*s", (int) (colon - plain), plain);
  /* Old versions of Docker padded the text with NULs; those are gone.  */
  found->password = xstrdup (colon + 1);
  explicit_bzero (plain, (size_t) count);
  return true;
}

/* Return how well the key of an entry, KEY, suits WANTED: 0 not at all, else
   more for a longer part of the repository's name.  Keys are hosts, or URLs,
   perhaps with the path of an API version or of a part of the registry.  */
static size_t
key_suits (const char *key, const struct wanted *wanted)
{
  const char *scheme = strstr (key, "://");
  const char *host = scheme == NULL ? key : scheme + 3;
  size_t host_size = strcspn (host, "/");
  const char *path = host + host_size;
  AUTO_FREE char *name = xasprintf ("%.*s", (int) host_size, host);

  if (wanted->hub ? !reference_host_is_docker_hub (name)
                  : strcasecmp (name, wanted->host) != 0)
    return 0;
  path += strspn (path, "/");
  size_t size = strlen (path);
  while (size > 0 && path[size - 1] == '/')
    size--;
  if (size == 0
      || (size == 2 && path[0] == 'v' && (path[1] == '1' || path[1] == '2')))
    return 1;
  if (wanted->repository != NULL
      && strncmp (path, wanted->repository, size) == 0
      && (wanted->repository[size] == '/' || wanted->repository[size] == '\0'))
    return 1 + size;
  return 0;
}

/* Fill FOUND from ENTRY, the value of an "auths" member.  */
static bool
read_entry (struct json_object *entry, struct credentials *found)
{
  const char *auth = json_string (entry, "auth");
  const char *user = json_string (entry, "username");
  const char *password = json_string (entry, "password");
  const char *identity = json_string (entry, "identitytoken");
  const char *token = json_string (entry, "registrytoken");

  if (auth != NULL && *auth != '\0')
    (void) decode_basic (auth, found);
  if (found->user == NULL && user != NULL && password != NULL)
    {
      found->user = xstrdup (user);
      found->password = xstrdup (password);
    }
  if (identity != NULL && *identity != '\0')
    found->identity_token = xstrdup (identity);
  if (token != NULL && *token != '\0')
    found->registry_token = xstrdup (token);
  return found->user != NULL || found->identity_token != NULL
         || found->registry_token != NULL;
}

/* Look in the object AUTHS, keyed by registry, for WANTED.  */
static bool
search_auths (struct json_object *auths, const struct wanted *wanted,
              struct credentials *found)
{
  struct json_object *best = NULL;
  size_t best_score = 0;

  if (auths == NULL || !json_object_is_type (auths, json_type_object))
    return false;
  json_object_object_foreach (auths, key, value)
  {
    size_t score = key_suits (key, wanted);
    if (score > best_score && json_object_is_type (value, json_type_object))
      {
        best = value;
        best_score = score;
      }
  }
  return best != NULL && read_entry (best, found);
}

/* Read the JSON file PATH, if it exists, into OBJECT, warning when it cannot
   be read.  */
static bool
read_json (const char *path, struct json_object **object)
{
  AUTO_ERROR struct error err = { 0 };

  int status = json_read_file (AT_FDCWD, path, object, &err);
  if (status == 0)
    return true;
  if (status != -ENOENT && status != -ENOTDIR)
    log_warning (_ ("credentials not used: %s"), err.text);
  return false;
}

/* Run the credential helper PROGRAM with the word "get", write KEY to it and
   read its answer.  Return its exit status, or a negative errno.  */
static int
ask_helper (const char *program, const char *key, struct buffer *answer)
{
  int ends[2];
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return -errno;
  AUTO_CLOSE int ours = ends[0];
  AUTO_CLOSE int its = ends[1];

  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init (&actions) != 0)
    return -ENOMEM;
  posix_spawn_file_actions_adddup2 (&actions, its, STDIN_FILENO);
  posix_spawn_file_actions_adddup2 (&actions, its, STDOUT_FILENO);
  char get[] = "get";
  AUTO_FREE char *name = xstrdup (program);
  char *const arguments[] = { name, get, NULL };
  pid_t pid = 0;
  int status = posix_spawnp (&pid, program, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy (&actions);
  close (TAKE_FD (its));
  if (status != 0)
    return -status;

  /* A helper that died must not take this process with it by SIGPIPE.  */
  (void) send (ours, key, strlen (key), MSG_NOSIGNAL);
  shutdown (ours, SHUT_WR);
  for (;;)
    {
      char bytes[4096];
      ssize_t count = read (ours, bytes, sizeof bytes);
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0 || answer->length > 1 << 20)
        break;
      buffer_add (answer, bytes, (size_t) count);
    }
  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      return -errno;
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128;
}

/* Ask the credential helper HELPER (without "docker-credential-") for KEY.  */
static bool
use_helper (const char *helper, const char *key, struct credentials *found)
{
  AUTO_BUFFER (answer);
  AUTO_JSON struct json_object *object = NULL;
  AUTO_ERROR struct error err = { 0 };
  AUTO_FREE char *program = xasprintf ("docker-credential-%s", helper);

  int status = ask_helper (program, key, &answer);
  if (status < 0)
    {
      log_warning (_ ("credential helper '%s' not used: %s"), program,
                   strerror (-status));
      return false;
    }
  if (status != 0 || answer.length == 0)
    {
      if (answer.data == NULL
          || strstr (answer.data, "credentials not found") == NULL)
        log_warning (_ ("credential helper '%s' has no credentials for '%s'"
                        " (exit status %d)"),
                     program, key, status);
      return false;
    }
  if (json_parse (answer.data, answer.length, program, &object, &err) < 0)
    {
      log_warning (_ ("credentials not used: %s"), err.text);
      return false;
    }
  const char *user = json_string (object, "Username");
  const char *secret = json_string (object, "Secret");
  if (user == NULL || secret == NULL || *secret == '\0')
    return false;
  if (strcmp (user, "<token>") == 0)
    found->identity_token = xstrdup (secret);
  else
    {
      found->user = xstrdup (user);
      found->password = xstrdup (secret);
    }
  explicit_bzero (answer.data, answer.length);
  return true;
}

/* Look for WANTED in the file PATH in the form of Docker's config.json.  */
static bool
search_docker_config (const char *path, const struct wanted *wanted,
                      struct credentials *found)
{
  AUTO_JSON struct json_object *config = NULL;

  if (!read_json (path, &config))
    return false;
  const char *key = wanted->hub ? docker_hub_key : wanted->host;
  struct json_object *helpers =
      json_member (config, "credHelpers", json_type_object);
  if (helpers != NULL)
    {
      json_object_object_foreach (helpers, name, value)
      {
        if (key_suits (name, wanted) > 0
            && json_object_is_type (value, json_type_string)
            && use_helper (json_object_get_string (value), name, found))
          return true;
      }
    }
  if (search_auths (json_member (config, "auths", json_type_object), wanted,
                    found))
    return true;
  const char *store = json_string (config, "credsStore");
  return store != NULL && *store != '\0' && use_helper (store, key, found);
}

/* Return the next word at *TEXT, which netrc separates by white space and may
   quote, or NULL; the caller frees it.  */
static char *
netrc_word (const char **text)
{
  const char *p = *text + strspn (*text, " \t\r\n");
  struct buffer word = { 0 };

  if (*p == '\0')
    return NULL;
  if (*p == '"')
    {
      for (p++; *p != '\0' && *p != '"'; p++)
        {
          if (*p == '\\' && p[1] != '\0')
            p++;
          buffer_add_char (&word, *p);
        }
      p += *p == '"';
    }
  else
    {
      size_t size = strcspn (p, " \t\r\n");
      buffer_add (&word, p, size);
      p += size;
    }
  *text = p;
  return buffer_take (&word);
}

/* Look for WANTED in the netrc text TEXT.  */
static bool
search_netrc_text (const char *text, const struct wanted *wanted,
                   struct credentials *found)
{
  size_t host_size = strcspn (wanted->host, ":");
  bool ours = false;

  for (;;)
    {
      AUTO_FREE char *word = netrc_word (&text);
      bool is_machine = word != NULL && strcmp (word, "machine") == 0;
      bool is_default = word != NULL && strcmp (word, "default") == 0;
      if (word == NULL || is_machine || is_default)
        {
          if (ours && found->user != NULL && found->password != NULL)
            return true;
          if (word == NULL)
            return false;
          credentials_release (found);
          AUTO_FREE char *machine = is_machine ? netrc_word (&text) : NULL;
          ours = is_default
                 || (machine != NULL && strlen (machine) == host_size
                     && strncasecmp (machine, wanted->host, host_size) == 0);
        }
      else if (word[0] == '#')
        text += strcspn (text, "\n");
      else if (strcmp (word, "macdef") == 0)
        {
          /* A macro goes on to an empty line.  */
          const char *end = strstr (text, "\n\n");
          text = end == NULL ? text + strlen (text) : end;
        }
      else
        {
          AUTO_FREE char *value = netrc_word (&text);
          if (ours && value != NULL && strcmp (word, "login") == 0)
            {
              free (found->user);
              found->user = TAKE (value);
            }
          else if (ours && value != NULL && strcmp (word, "password") == 0)
            {
              forget (found->password);
              found->password = TAKE (value);
            }
        }
    }
}

static bool
search_netrc (const char *path, const struct wanted *wanted,
              struct credentials *found)
{
  AUTO_FREE char *text = NULL;
  AUTO_ERROR struct error err = { 0 };

  if (file_read (AT_FDCWD, path, &text, NULL, &err) < 0)
    return false;
  bool is_there = search_netrc_text (text, wanted, found);
  if (!is_there)
    credentials_release (found);
  explicit_bzero (text, strlen (text));
  return is_there;
}

/* Return a copy of environment variable NAME, NULL when unset or empty.  */
static char *
setting (const char *name)
{
  const char *value = getenv (name);
  return value == NULL || *value == '\0' ? NULL : xstrdup (value);
}

/* Return "DIRECTORY/TAIL", or NULL when DIRECTORY is; DIRECTORY is freed.  */
static char *
below (char *directory, const char *tail)
{
  AUTO_FREE char *owned = directory;
  return owned == NULL ? NULL : xasprintf ("%s/%s", owned, tail);
}

bool
credentials_find (struct credentials *found, const char *host, bool hub,
                  const char *repository, const char *keystore)
{
  struct wanted wanted = { .host = host, .hub = hub, .repository = repository };

  if (keystore != NULL)
    {
      AUTO_JSON struct json_object *object = NULL;
      if (read_json (keystore, &object)
          && search_auths (object, &wanted, found))
        {
          found->source = xstrdup (keystore);
          return true;
        }
    }

  AUTO_FREE char *given = setting ("REGISTRY_AUTH_FILE");
  AUTO_FREE char *docker = below (setting ("DOCKER_CONFIG"), "config.json");
  if (docker == NULL)
    docker = below (setting ("HOME"), ".docker/config.json");
  AUTO_FREE char *run =
      below (setting ("XDG_RUNTIME_DIR"), "containers/auth.json");
  const char *const configs[] = { given, docker, run };
  for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
    if (configs[i] != NULL && search_docker_config (configs[i], &wanted, found))
      {
        found->source = xstrdup (configs[i]);
        return true;
      }

  AUTO_FREE char *netrc = setting ("NETRC");
  if (netrc == NULL)
    netrc = below (setting ("HOME"), ".netrc");
  if (netrc == NULL || !search_netrc (netrc, &wanted, found))
    return false;
  found->source = xstrdup (netrc);
  return true;
}
