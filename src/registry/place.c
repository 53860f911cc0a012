/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Where a registry is, and how it is reached.  */

#include <config.h>

#include "src/registry/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/registry/reference.h"
#include "src/registry/registry-private.h"

static const char docker_hub_url[] = "https://registry-1.docker.io";

bool
host_is_loopback (const char *host)
{
  size_t size = host[0] == '[' ? strcspn (host, "]") + 1 : strcspn (host, ":");
  AUTO_FREE char *name = xasprintf ("%.*s", (int) size, host);

  return strcasecmp (name, "localhost") == 0
         || (size > 10 && strcasecmp (name + size - 10, ".localhost") == 0)
         || strcmp (name, "[::1]") == 0
         || (strncmp (name, "127.", 4) == 0
             && strspn (name, "0123456789.") == size);
}

static bool
is_listed (const char *const *list, const char *host)
{
  for (; list != NULL && *list != NULL; list++)
    {
      const char *scheme = strstr (*list, "://");
      const char *entry = scheme == NULL ? *list : scheme + 3;
      size_t size = strcspn (entry, "/");
      if (strlen (host) == size && strncasecmp (host, entry, size) == 0)
        return true;
      /* An entry without a port is good for every port.  */
      if (size > 0 && memchr (entry, ':', size) == NULL
          && strncasecmp (host, entry, size) == 0 && host[size] == ':')
        return true;
    }
  return false;
}

/* Take URL, [SCHEME://]HOST[:PORT][/...], apart.  SCHEME is NULL where it is
   not spelt.  The caller frees both.  */
static int
split_url (const char *url, char **scheme, char **host, struct error *err)
{
  const char *start = url;
  const char *colon = strstr (url, "://");
  AUTO_FREE char *spelt = NULL;

  if (colon != NULL)
    {
      spelt = xasprintf ("%.*s", (int) (colon - url), url);
      start = colon + 3;
      if (strcasecmp (spelt, "http") != 0 && strcasecmp (spelt, "https") != 0)
        return error_set (err, EINVAL,
                          _ ("registry '%s': a registry is reached by http or"
                             " https"),
                          url);
      for (char *p = spelt; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
          *p = (char) (*p - 'A' + 'a');
    }
  size_t size = strcspn (start, "/?#");
  const char *rest = start + size;
  rest += strspn (rest, "/");
  if ((rest[0] == 'v' && (rest[1] == '1' || rest[1] == '2')))
    rest += 2 + strspn (rest + 2, "/");
  if (size == 0 || memchr (start, '@', size) != NULL
      || memchr (start, ' ', size) != NULL || *rest != '\0')
    return error_set (err, EINVAL,
                      _ ("registry '%s' is not of the form"
                         " [http[s]://]HOST[:PORT]"),
                      url);
  *scheme = TAKE (spelt);
  *host = xasprintf ("%.*s", (int) size, start);
  return 0;
}

/* Return the URL that MIRRORS (HOST=URL, may be NULL) give for HOST, the one
   behind the SKIPPED first, or NULL.  Docker Hub is found by any of its
   names.  */
static const char *
find_mirror (const char *const *mirrors, unsigned int skipped, const char *host)
{
  for (; mirrors != NULL && *mirrors != NULL; mirrors++)
    {
      const char *equals = strchr (*mirrors, '=');
      if (equals == NULL || equals[1] == '\0')
        continue;
      AUTO_FREE char *name =
          xasprintf ("%.*s", (int) (equals - *mirrors), *mirrors);
      bool is_ours = reference_host_is_docker_hub (host)
                         ? reference_host_is_docker_hub (name)
                         : strcasecmp (name, host) == 0;
      if (is_ours && skipped-- == 0)
        return equals + 1;
    }
  return NULL;
}

/* Take SCHEME, NULL where none was spelt, and HOST, which is taken, for
   REGISTRY.  */
static void
settle (struct registry *registry, const char *scheme, char *host)
{
  const struct registry_options *options = registry->options;

  registry->host = host;
  bool is_loopback = host_is_loopback (host);
  bool is_insecure = is_listed (options->insecure_hosts, host);
  registry->may_fall_back = scheme == NULL && (is_loopback || is_insecure);
  registry->unverified = options->insecure || is_insecure;
  registry->no_proxy = is_loopback;
  registry->url =
      xasprintf ("%s://%s", scheme == NULL ? "https" : scheme, host);
}

int
registry_take_place (struct registry *registry, const char *url,
                     struct error *err)
{
  AUTO_FREE char *scheme = NULL;
  char *host = NULL;

  int status = split_url (url, &scheme, &host, err);
  if (status < 0)
    return status;
  registry->hub = reference_host_is_docker_hub (host);
  settle (registry, scheme, host);
  return 0;
}

int
registry_choose_place (struct registry *registry, struct error *err)
{
  const struct registry_options *options = registry->options;
  const struct reference *ref = registry->ref;
  AUTO_FREE char *scheme = NULL;
  AUTO_FREE char *host = NULL;
  bool is_hub = false;

  const char *place =
      ref->scheme != NULL
          ? NULL
          : find_mirror (options->mirrors, options->skipped_mirrors, ref->host);
  if (ref->host == NULL && options->registry != NULL
      && *options->registry != '\0')
    place = options->registry;
  else if (place != NULL)
    {
      registry->is_mirror = true;
      is_hub = reference_host_is_docker_hub (ref->host);
    }
  else if (ref->host != NULL && !reference_host_is_docker_hub (ref->host))
    {
      host = xstrdup (ref->host);
      scheme = ref->scheme == NULL ? NULL : xstrdup (ref->scheme);
    }
  else
    {
      place = options->hub != NULL && *options->hub != '\0' ? options->hub
                                                            : docker_hub_url;
      is_hub = true;
    }
  if (place != NULL)
    {
      int status = split_url (place, &scheme, &host, err);
      if (status < 0)
        return status;
    }

  registry->hub = is_hub || reference_host_is_docker_hub (host);
  if (reference_host_is_docker_hub (host))
    {
      free (host);
      host = xstrdup (docker_hub_url + strlen ("https://"));
    }
  settle (registry, scheme, TAKE (host));
  return 0;
}

/* Return a copy of the first of the variables NAMES that is set.  */
static char *
first_setting (const char *const *names)
{
  for (; *names != NULL; names++)
    {
      const char *value = getenv (*names);
      if (value != NULL && *value != '\0')
        return xstrdup (value);
    }
  return NULL;
}

void
registry_read_environment (struct registry *registry)
{
  static const char *const ca_files[] = { "CURL_CA_BUNDLE", "SSL_CERT_FILE",
                                          NULL };
  static const char *const ca_directories[] = { "SSL_CERT_DIR", NULL };

  registry->ca_file = first_setting (ca_files);
  registry->ca_directory = first_setting (ca_directories);
  if (registry->options->proxy != NULL && *registry->options->proxy != '\0')
    registry->proxy = xstrdup (registry->options->proxy);
  else if (!registry->no_proxy && getenv ("http_proxy") == NULL
           && strncmp (registry->url, "http:", 5) == 0
           && getenv ("REQUEST_METHOD") == NULL)
    {
      static const char *const proxies[] = { "HTTP_PROXY", NULL };
      registry->proxy = first_setting (proxies);
    }
}

/* Take the first file in the directory PATH whose name ends with ENDING into
   FOUND, unless there is one.  */
static void
take_file (const char *path, const char *ending, char **found)
{
  AUTO_CLOSEDIR DIR *directory = *found == NULL ? opendir (path) : NULL;
  size_t size = strlen (ending);

  if (directory == NULL)
    return;
  AUTO_FREE char *best = NULL;
  for (struct dirent *entry = readdir (directory); entry != NULL;
       entry = readdir (directory))
    {
      size_t length = strlen (entry->d_name);
      if (length > size && strcmp (entry->d_name + length - size, ending) == 0
          && (best == NULL || strcmp (entry->d_name, best) < 0))
        {
          free (best);
          best = xstrdup (entry->d_name);
        }
    }
  if (best != NULL)
    *found = xasprintf ("%s/%s", path, best);
}

void
registry_find_certificates (struct registry *registry)
{
  static const char *const places[] = {
    "/etc/containers/certs.d",
    "/etc/docker/certs.d",
  };
  const char *home = getenv ("HOME");
  const char *settings = getenv ("XDG_CONFIG_HOME");

  if (home != NULL || settings != NULL)
    {
      AUTO_FREE char *base =
          settings != NULL && *settings == '/'
              ? xstrdup (settings)
              : xasprintf ("%s/.config", home == NULL ? "" : home);
      static const char *const kinds[] = { "containers", "docker" };
      for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        {
          AUTO_FREE char *path =
              xasprintf ("%s/%s/certs.d/%s", base, kinds[i], registry->host);
          take_file (path, ".crt", &registry->host_ca);
          take_file (path, ".cert", &registry->host_cert);
          take_file (path, ".key", &registry->host_key);
        }
    }
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    {
      AUTO_FREE char *path = xasprintf ("%s/%s", places[i], registry->host);
      take_file (path, ".crt", &registry->host_ca);
      take_file (path, ".cert", &registry->host_cert);
      take_file (path, ".key", &registry->host_key);
    }
}
