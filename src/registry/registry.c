/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Talk to one registry: where it is, who we are, manifests.  */

#include <config.h>

#include "src/registry/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/registry/challenge.h"
#include "src/registry/reference.h"
#include "src/registry/registry-private.h"

static const char docker_hub_url[] = "https://registry-1.docker.io";

/* What is asked for where a manifest is wanted.  */
static const char manifest_types[] =
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.5, "
    "application/vnd.docker.distribution.manifest.v1+json;q=0.5, "
    "application/json;q=0.2";

enum
{
  MANIFEST_BYTES_MAX = 8 << 20,
  TOKEN_BYTES_MAX = 1 << 20,
  /* A longer wait than this is for the user to decide on.  */
  PATIENCE = 180,
};

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

char *
digest_of_bytes (const char *like, const void *bytes, size_t size)
{
  bool is_512 = like != NULL && strncmp (like, "sha512:", 7) == 0;
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int count = 0;

  if (EVP_Digest (bytes, size, value, &count,
                  is_512 ? EVP_sha512 () : EVP_sha256 (), NULL)
      != 1)
    xalloc_die ();
  AUTO_BUFFER (text);
  buffer_add_string (&text, is_512 ? "sha512:" : "sha256:");
  for (unsigned int i = 0; i < count; i++)
    buffer_add_format (&text, "%02x", value[i]);
  return buffer_take (&text);
}

void
registry_document_release (struct registry_document *document)
{
  free (document->bytes);
  free (document->media_type);
  free (document->digest);
  *document = (struct registry_document){ 0 };
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

/* Return the URL that MIRRORS (HOST=URL, may be NULL) give for HOST, or NULL.
   Docker Hub is found by any of its names.  */
static const char *
find_mirror (const char *const *mirrors, const char *host)
{
  for (; mirrors != NULL && *mirrors != NULL; mirrors++)
    {
      const char *equals = strchr (*mirrors, '=');
      if (equals == NULL || equals[1] == '\0')
        continue;
      AUTO_FREE char *name =
          xasprintf ("%.*s", (int) (equals - *mirrors), *mirrors);
      if (reference_host_is_docker_hub (host)
              ? reference_host_is_docker_hub (name)
              : strcasecmp (name, host) == 0)
        return equals + 1;
    }
  return NULL;
}

/* Decide where REGISTRY is and how it is spoken to.  */
static int
choose_place (struct registry *registry, struct error *err)
{
  const struct registry_options *options = registry->options;
  const struct reference *ref = registry->ref;
  AUTO_FREE char *scheme = NULL;
  AUTO_FREE char *host = NULL;
  bool is_mirror = false;

  const char *place =
      ref->scheme == NULL ? find_mirror (options->mirrors, ref->host) : NULL;
  if (ref->host == NULL && options->registry != NULL
      && *options->registry != '\0')
    place = options->registry;
  else if (place != NULL)
    is_mirror = reference_host_is_docker_hub (ref->host);
  else if (ref->host != NULL && !reference_host_is_docker_hub (ref->host))
    {
      host = xstrdup (ref->host);
      scheme = ref->scheme == NULL ? NULL : xstrdup (ref->scheme);
    }
  else
    {
      place = options->hub != NULL && *options->hub != '\0' ? options->hub
                                                            : docker_hub_url;
      is_mirror = true;
    }
  if (place != NULL)
    {
      int status = split_url (place, &scheme, &host, err);
      if (status < 0)
        return status;
    }

  registry->hub = is_mirror || reference_host_is_docker_hub (host);
  if (reference_host_is_docker_hub (host))
    {
      free (host);
      host = xstrdup (docker_hub_url + strlen ("https://"));
    }
  registry->host = TAKE (host);
  bool is_loopback = host_is_loopback (registry->host);
  bool is_insecure = is_listed (options->insecure_hosts, registry->host);
  registry->may_fall_back = scheme == NULL && (is_loopback || is_insecure);
  registry->unverified = options->insecure || is_insecure;
  registry->no_proxy = is_loopback;
  registry->url =
      xasprintf ("%s://%s", scheme == NULL ? "https" : scheme, registry->host);
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

/* Take the variables that curl and Docker know and libcurl does not.  */
static void
read_environment (struct registry *registry)
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

/* Look for certificates where Docker and its relatives have them, in a
   directory for each registry.  */
static void
find_certificates (struct registry *registry)
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

int
registry_open (struct registry **registry, const struct reference *ref,
               const struct registry_options *options, struct error *err)
{
  int status = reference_check_remote (ref, err);
  if (status < 0)
    return status;

  struct registry *made = XZALLOC (struct registry);
  made->options = options;
  made->ref = ref;
  status = choose_place (made, err);
  if (status < 0)
    {
      registry_close (made);
      return status;
    }
  made->repository = reference_remote_name (ref, made->hub);
  if (!made->hub && ref->host == NULL && strchr (ref->repository, '/') == NULL)
    made->other_repository = reference_remote_name (ref, true);
  read_environment (made);
  find_certificates (made);
  made->user_agent =
      xstrdup (options->user_agent != NULL && *options->user_agent != '\0'
                   ? options->user_agent
                   : "udocker/" PACKAGE_VERSION);
#define OR(value, fallback) ((value) != 0 ? (value) : (fallback))
  made->connect_timeout = OR (options->connect_timeout, 10);
  made->stall_timeout = OR (options->timeout, 60);
  made->retries = OR (options->retries, 5);
  made->connections = OR (options->connections, 4);
#undef OR

  if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK)
    {
      registry_close (made);
      return error_set (err, ENOMEM, _ ("cannot start libcurl"));
    }
  made->multi = curl_multi_init ();
  if (made->multi == NULL)
    xalloc_die ();
  curl_multi_setopt (made->multi, CURLMOPT_PIPELINING,
                     (long) CURLPIPE_MULTIPLEX);
  *registry = made;
  return 0;
}

void
registry_close (struct registry *registry)
{
  if (registry == NULL)
    return;
  if (registry->multi != NULL)
    {
      curl_multi_cleanup (registry->multi);
      curl_global_cleanup ();
    }
  credentials_release (&registry->credentials);
  if (registry->authorization != NULL)
    explicit_bzero (registry->authorization, strlen (registry->authorization));
  free (registry->authorization);
  free (registry->url);
  free (registry->host);
  free (registry->repository);
  free (registry->other_repository);
  free (registry->ca_file);
  free (registry->ca_directory);
  free (registry->host_ca);
  free (registry->host_cert);
  free (registry->host_key);
  free (registry->proxy);
  free (registry->user_agent);
  free (registry);
}

const char *
registry_url (const struct registry *registry)
{
  return registry->url;
}

/* Run EXCHANGE for URL, again where what it met may pass.  Return 0 with an
   answer in it, whatever its status, or a negative errno with ERR set.  */
static int
run_patiently (struct registry *registry, struct exchange *exchange,
               const char *url, struct error *err)
{
  const char *form = exchange->form;

  for (unsigned int attempt = 1;; attempt++)
    {
      exchange->form = form;
      int status = exchange_run (exchange, url, err);
      if (status < 0)
        return status;
      if (exchange->result == CURLE_OK)
        registry->is_reached = true;
      if (!exchange_may_pass (exchange)
          || attempt > exchange_retries (exchange))
        break;
      /* It may just not speak TLS, which the caller tries next.  */
      if (exchange->result != CURLE_OK && registry->may_fall_back
          && !registry->is_reached)
        break;
      unsigned int seconds = exchange_delay (exchange, attempt);
      if (seconds > PATIENCE)
        break;
      AUTO_FREE char *trouble = exchange_trouble (exchange);
      if (seconds > 0)
        log_info (_ ("registry '%s': %s; trying again in %u s"), registry->url,
                  trouble, seconds);
      registry_sleep (seconds);
    }
  return 0;
}

/* Return the errno that says best what EXCHANGE met.  */
static int
number_of_trouble (const struct exchange *exchange)
{
  switch (exchange->result)
    {
    case CURLE_OK:
      break;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return EHOSTUNREACH;
    case CURLE_COULDNT_CONNECT:
      return ECONNREFUSED;
    case CURLE_OPERATION_TIMEDOUT:
      return ETIMEDOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
      return EACCES;
    default:
      return EIO;
    }
  switch (exchange->status)
    {
    case 401:
    case 403:
      return EACCES;
    case 404:
      return ENOENT;
    case 429:
      return EBUSY;
    default:
      return EIO;
    }
}

/* Say in ERR that REGISTRY could not be reached, as EXCHANGE found.  */
static int
unreachable (const struct registry *registry, const struct exchange *exchange,
             struct error *err)
{
  AUTO_FREE char *trouble = exchange_trouble (exchange);

  (void) error_set (err, number_of_trouble (exchange),
                    _ ("cannot reach registry '%s': %s"), registry->url,
                    trouble);
  if (exchange->result == CURLE_PEER_FAILED_VERIFICATION)
    return error_hint (err, _ ("'--insecure' goes on without verification"));
  if (exchange->result == CURLE_SSL_CONNECT_ERROR
      && strstr (trouble, "wrong version number") != NULL)
    return error_hint (err, _ ("write 'http://%s/...' if it has no TLS"),
                       registry->host);
  return -err->number;
}

/* Find the credentials for REGISTRY, once.  */
static void
look_for_credentials (struct registry *registry)
{
  if (registry->looked_for_credentials)
    return;
  registry->looked_for_credentials = true;
  registry->has_credentials =
      credentials_find (&registry->credentials, registry->host,
                        reference_host_is_docker_hub (registry->host),
                        registry->repository, registry->options->keystore);
  if (registry->has_credentials)
    log_debug ("credentials from %s", registry->credentials.source);
}

static void
set_authorization (struct registry *registry, const char *scheme,
                   const char *value)
{
  if (registry->authorization != NULL)
    explicit_bzero (registry->authorization, strlen (registry->authorization));
  free (registry->authorization);
  registry->authorization = xasprintf ("%s %s", scheme, value);
  registry->generation++;
}

/* Append NAME=VALUE, escaped, to QUERY.  */
static void
add_parameter (struct buffer *query, char separator, const char *name,
               const char *value)
{
  char *escaped = curl_easy_escape (NULL, value, 0);
  if (escaped == NULL)
    xalloc_die ();
  buffer_add_format (query, "%c%s=%s", separator, name, escaped);
  curl_free (escaped);
}

/* Take the token out of ANSWER, the text of a token service's.  */
static int
take_token (struct registry *registry, const struct exchange *exchange,
            const char *realm, struct error *err)
{
  AUTO_JSON struct json_object *object = NULL;
  AUTO_ERROR struct error inner = { 0 };

  if (exchange->body.length == 0
      || json_parse (exchange->body.data, exchange->body.length, realm, &object,
                     &inner)
             < 0)
    return error_set (err, EBADMSG,
                      _ ("registry '%s': the token service '%s' did not"
                         " answer with JSON"),
                      registry->url, realm);
  const char *token = json_string (object, "token");
  if (token == NULL || *token == '\0')
    token = json_string (object, "access_token");
  if (token == NULL || *token == '\0' || strpbrk (token, "\r\n") != NULL)
    return error_set (err, EBADMSG,
                      _ ("registry '%s': the token service '%s' gave no"
                         " token"),
                      registry->url, realm);
  set_authorization (registry, "Bearer", token);
  return 0;
}

/* Refuse to carry credentials of REGISTRY to REALM in clear text, when the
   registry itself is spoken to with TLS.  */
static int
check_realm (const struct registry *registry, const char *realm,
             struct error *err)
{
  if (strncasecmp (realm, "https://", 8) == 0)
    return 0;
  if (strncasecmp (realm, "http://", 7) != 0)
    return error_set (err, EBADMSG,
                      _ ("registry '%s' names a token service '%s' that is no"
                         " URL"),
                      registry->url, realm);
  if (strncmp (registry->url, "https:", 6) == 0 && !registry->unverified
      && !host_is_loopback (realm + 7))
    return error_set (err, EACCES,
                      _ ("registry '%s' names a token service '%s' without"
                         " TLS"),
                      registry->url, realm);
  return 0;
}

/* Say in ERR that the token service REALM did not give a token.  */
static int
no_token (const struct registry *registry, const struct exchange *exchange,
          const char *realm, struct error *err)
{
  AUTO_FREE char *trouble = exchange_trouble (exchange);

  if (exchange->result == CURLE_OK
      && (exchange->status == 401 || exchange->status == 403))
    {
      if (registry->has_credentials)
        return error_set (err, EACCES,
                          _ ("image not found or not authorized: '%s': the"
                             " credentials in '%s' are refused by '%s': %s"),
                          registry->ref->typed, registry->credentials.source,
                          realm, trouble);
      return error_set (err, EACCES,
                        _ ("image not found or not authorized: '%s': no"
                           " credentials for '%s': %s"),
                        registry->ref->typed, registry->host, trouble);
    }
  return error_set (err, number_of_trouble (exchange),
                    _ ("registry '%s': no token from '%s': %s"), registry->url,
                    realm, trouble);
}

/* Get a token as CHALLENGE asks.  */
static int
fetch_token (struct registry *registry, const struct challenge *challenge,
             struct error *err)
{
  const char *realm = challenge->realm;
  int status = check_realm (registry, realm, err);
  if (status < 0)
    return status;

  AUTO_FREE char *scope =
      challenge->scope != NULL && *challenge->scope != '\0'
          ? xstrdup (challenge->scope)
          : xasprintf ("repository:%s:pull", registry->repository);
  AUTO_BUFFER (url);
  AUTO_BUFFER (form);
  AUTO_FREE char *basic = NULL;
  struct exchange exchange;
  exchange_init (&exchange, registry);
  exchange.body_max = TOKEN_BYTES_MAX;
  exchange.accept = "application/json";

  buffer_add_string (&url, realm);
  if (registry->has_credentials && registry->credentials.identity_token != NULL)
    {
      /* OAuth2, as the distribution project's "oauth2" page has it.  */
      buffer_add_string (&form, "grant_type=refresh_token");
      add_parameter (&form, '&', "refresh_token",
                     registry->credentials.identity_token);
      add_parameter (&form, '&', "client_id", "udocker");
      add_parameter (&form, '&', "scope", scope);
      if (challenge->service != NULL)
        add_parameter (&form, '&', "service", challenge->service);
      exchange.form = form.data;
    }
  else
    {
      char separator = strchr (realm, '?') == NULL ? '?' : '&';
      if (challenge->service != NULL)
        {
          add_parameter (&url, separator, "service", challenge->service);
          separator = '&';
        }
      add_parameter (&url, separator, "scope", scope);
      if (registry->has_credentials && registry->credentials.user != NULL)
        {
          add_parameter (&url, '&', "account", registry->credentials.user);
          AUTO_FREE char *pair = credentials_basic (&registry->credentials);
          basic = xasprintf ("Basic %s", pair);
          exchange.authorization = basic;
        }
    }

  status = run_patiently (registry, &exchange, url.data, err);
  if (status == 0 && (exchange.result != CURLE_OK || exchange.status != 200))
    status = no_token (registry, &exchange, realm, err);
  if (status == 0)
    status = take_token (registry, &exchange, realm, err);
  exchange_release (&exchange);
  if (basic != NULL)
    explicit_bzero (basic, strlen (basic));
  return status;
}

/* Say in ERR that REGISTRY does not let us, as the answer EXCHANGE shows.  */
static int
not_authorized (const struct registry *registry,
                const struct exchange *exchange, struct error *err)
{
  AUTO_FREE char *trouble = exchange_trouble (exchange);

  if (registry->has_credentials)
    return error_set (err, EACCES,
                      _ ("manifest not found or not authorized: '%s': registry"
                         " '%s' does not accept the credentials in '%s': %s"),
                      registry->ref->typed, registry->url,
                      registry->credentials.source, trouble);
  return error_set (err, EACCES,
                    _ ("manifest not found or not authorized: '%s': registry"
                       " '%s' wants credentials: %s"),
                    registry->ref->typed, registry->url, trouble);
}

int
registry_authenticate (struct registry *registry,
                       const struct exchange *exchange, bool expired,
                       struct error *err)
{
  struct challenge challenge = { 0 };
  bool offers_basic = false;
  const char *rest =
      exchange->challenges.data == NULL ? "" : exchange->challenges.data;

  look_for_credentials (registry);
  while (challenge_next (&rest, &challenge) > 0)
    {
      if (strcmp (challenge.scheme, "basic") == 0)
        offers_basic = true;
      else if (strcmp (challenge.scheme, "bearer") == 0
               && registry->has_credentials && !expired
               && registry->credentials.registry_token != NULL)
        {
          set_authorization (registry, "Bearer",
                             registry->credentials.registry_token);
          challenge_release (&challenge);
          return 0;
        }
      else if (strcmp (challenge.scheme, "bearer") == 0
               && challenge.realm != NULL)
        {
          bool is_refused =
              expired && challenge.error != NULL
              && strcmp (challenge.error, "insufficient_scope") == 0;
          int status = is_refused ? not_authorized (registry, exchange, err)
                                  : fetch_token (registry, &challenge, err);
          challenge_release (&challenge);
          return status;
        }
    }
  challenge_release (&challenge);
  if (offers_basic && !expired && registry->has_credentials
      && registry->credentials.user != NULL)
    {
      AUTO_FREE char *pair = credentials_basic (&registry->credentials);
      set_authorization (registry, "Basic", pair);
      explicit_bzero (pair, strlen (pair));
      return 0;
    }
  return not_authorized (registry, exchange, err);
}

/* Take REGISTRY to plain HTTP after EXCHANGE found no TLS there, where that
   is allowed.  Return whether it was.  */
static bool
fall_back (struct registry *registry, const struct exchange *exchange)
{
  if (!registry->may_fall_back || registry->is_reached)
    return false;
  switch (exchange->result)
    {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
      break;
    default:
      return false;
    }
  registry->may_fall_back = false;
  if (exchange->result == CURLE_COULDNT_CONNECT
      && strrchr (registry->host, ':') != NULL)
    return false;
  free (registry->url);
  registry->url = xasprintf ("http://%s", registry->host);
  log_debug ("no TLS at %s", registry->host);
  return true;
}

/* Say in ERR why there is no manifest REFERENCE in EXCHANGE's answer.  */
static int
no_manifest (const struct registry *registry, const struct exchange *exchange,
             const char *reference, struct error *err)
{
  AUTO_FREE char *trouble = exchange_trouble (exchange);
  const char *joint = strchr (reference, ':') == NULL ? ":" : "@";

  if (exchange->is_too_big)
    return error_set (err, EFBIG,
                      _ ("pulling manifest: what registry '%s' sends for"
                         " '%s%s%s' is too big for a manifest"),
                      registry->url, registry->repository, joint, reference);
  if (exchange->result != CURLE_OK)
    return unreachable (registry, exchange, err);
  switch (exchange->status)
    {
    case 401:
    case 403:
      return error_set (err, EACCES,
                        _ ("manifest not found or not authorized: '%s%s%s' at"
                           " registry '%s': %s"),
                        registry->repository, joint, reference, registry->url,
                        trouble);
    case 404:
      return error_set (err, ENOENT,
                        _ ("pulling manifest: registry '%s' has no image"
                           " '%s%s%s': %s"),
                        registry->url, registry->repository, joint, reference,
                        trouble);
    default:
      return error_set (err, number_of_trouble (exchange),
                        _ ("pulling manifest: registry '%s' does not give"
                           " '%s%s%s': %s"),
                        registry->url, registry->repository, joint, reference,
                        trouble);
    }
}

/* Take the good answer EXCHANGE for the manifest REFERENCE into DOCUMENT.  */
static int
take_manifest (const struct registry *registry, struct exchange *exchange,
               const char *reference, struct registry_document *document,
               struct error *err)
{
  const char *type = exchange->media_type == NULL ? "" : exchange->media_type;
  const char *joint = strchr (reference, ':') == NULL ? ":" : "@";

  if (strcmp (type, "text/html") == 0)
    return error_set (err, EBADMSG,
                      _ ("pulling manifest: '%s' answers with a web page for"
                         " '%s%s%s': it is no registry"),
                      registry->url, registry->repository, joint, reference);
  bool is_by_digest = digest_is_valid (reference);
  AUTO_FREE char *digest =
      digest_of_bytes (is_by_digest ? reference : NULL,
                       exchange->body.data == NULL ? "" : exchange->body.data,
                       exchange->body.length);
  if (is_by_digest && strcmp (digest, reference) != 0)
    return error_set (err, EBADMSG,
                      _ ("pulling manifest: registry '%s' sends for '%s@%s'"
                         " something else, with the digest %s"),
                      registry->url, registry->repository, reference, digest);
  document->media_type = xstrdup (type);
  document->digest = TAKE (digest);
  document->size = exchange->body.length;
  document->bytes = buffer_take (&exchange->body);
  return 0;
}

/* Ask for the manifest REFERENCE of REGISTRY's repository with EXCHANGE, with
   authentication as demanded.  Return 0 when there is an answer.  */
static int
ask_for_manifest (struct registry *registry, struct exchange *exchange,
                  const char *reference, struct error *err)
{
  for (unsigned int refusals = 0;;)
    {
      AUTO_FREE char *url = xasprintf ("%s/v2/%s/manifests/%s", registry->url,
                                       registry->repository, reference);
      exchange->authorization = registry->authorization;
      int status = run_patiently (registry, exchange, url, err);
      if (status < 0)
        return status;
      if (exchange->result != CURLE_OK && fall_back (registry, exchange))
        continue;
      if (exchange->result != CURLE_OK || exchange->status != 401
          || exchange->is_elsewhere || refusals >= 2)
        return 0;
      /* The first refusal is the question who we are; a second one may mean
         that a token expired since.  */
      bool is_expired = exchange->authorization != NULL;
      status = registry_authenticate (registry, exchange, is_expired, err);
      if (status < 0)
        return status;
      refusals += is_expired ? 2 : 1;
    }
}

int
registry_fetch_manifest (struct registry *registry, const char *reference,
                         struct registry_document *document, struct error *err)
{
  struct exchange exchange;
  exchange_init (&exchange, registry);
  exchange.accept = manifest_types;
  exchange.body_max = MANIFEST_BYTES_MAX;

  int status = ask_for_manifest (registry, &exchange, reference, err);
  bool is_missing =
      status == 0 ? exchange.result == CURLE_OK
                        && (exchange.status == 404 || exchange.status == 401
                            || exchange.status == 403)
                  : status == -EACCES;
  if (is_missing && registry->other_repository != NULL)
    {
      /* A one-word name at a registry of the user's choice: some are copies
         of Docker Hub, where it is below library/.  */
      AUTO_ERROR struct error other = { 0 };
      char *first = registry->repository;
      registry->repository = registry->other_repository;
      registry->other_repository = NULL;
      free (TAKE (registry->authorization));
      struct exchange second;
      exchange_init (&second, registry);
      second.accept = manifest_types;
      second.body_max = MANIFEST_BYTES_MAX;
      if (ask_for_manifest (registry, &second, reference, &other) == 0
          && second.result == CURLE_OK && second.status == 200)
        {
          error_release (err);
          status = 0;
          exchange_release (&exchange);
          exchange = second;
          free (first);
        }
      else
        {
          exchange_release (&second);
          free (registry->repository);
          registry->repository = first;
        }
    }
  if (status == 0 && (exchange.result != CURLE_OK || exchange.status != 200))
    status = no_manifest (registry, &exchange, reference, err);
  if (status == 0)
    status = take_manifest (registry, &exchange, reference, document, err);
  exchange_release (&exchange);
  return status;
}
