/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Answer a registry that asks who is there.  */

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

enum
{
  TOKEN_BYTES_MAX = 1 << 20,
};

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

/* Say in ERR that REALM, the registry itself or its token service, refuses us
   because of TROUBLE.  */
static int
refused (struct registry *registry, const char *realm, const char *trouble,
         struct error *err)
{
  registry->is_refusing = true;
  if (!registry->has_credentials)
    return error_set (err, EACCES, _ ("'%s' wants credentials: %s"), realm,
                      trouble);
  if (registry->credentials.source == NULL)
    return error_set (err, EACCES, _ ("'%s' refuses them: %s"), realm, trouble);
  return error_set (err, EACCES,
                    _ ("'%s' does not accept the credentials in '%s': %s"),
                    realm, registry->credentials.source, trouble);
}

/* Say in ERR that the token service REALM did not give a token.  */
static int
no_token (struct registry *registry, const struct exchange *exchange,
          const char *realm, struct error *err)
{
  AUTO_FREE char *trouble = exchange_trouble (exchange);

  if (exchange->result != CURLE_OK
      || (exchange->status != 401 && exchange->status != 403))
    return error_set (err, exchange_number (exchange),
                      _ ("registry '%s': no token from '%s': %s"),
                      registry->url, realm, trouble);
  int status = refused (registry, realm, trouble, err);
  if (registry->ref == NULL)
    return status;
  return error_prefix (err, _ ("image not found or not authorized: '%s'"),
                       registry->ref->typed);
}

/* Return the scope that a token must have, or NULL for none in particular; the
   caller frees it.  */
static char *
wanted_scope (const struct registry *registry,
              const struct challenge *challenge)
{
  if (challenge->scope != NULL && *challenge->scope != '\0')
    return xstrdup (challenge->scope);
  return registry->repository == NULL
             ? NULL
             : xasprintf ("repository:%s:pull", registry->repository);
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

  AUTO_FREE char *scope = wanted_scope (registry, challenge);
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
      if (scope != NULL)
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
      if (scope != NULL)
        {
          add_parameter (&url, separator, "scope", scope);
          separator = '&';
        }
      if (registry->has_credentials && registry->credentials.user != NULL)
        {
          add_parameter (&url, separator, "account",
                         registry->credentials.user);
          AUTO_FREE char *pair = credentials_basic (&registry->credentials);
          basic = xasprintf ("Basic %s", pair);
          exchange.authorization = basic;
        }
    }

  status = registry_run (registry, &exchange, url.data, err);
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
not_authorized (struct registry *registry, const struct exchange *exchange,
                struct error *err)
{
  AUTO_FREE char *trouble = exchange_trouble (exchange);

  int status = refused (registry, registry->url, trouble, err);
  if (registry->ref == NULL)
    return status;
  return error_prefix (err, _ ("manifest not found or not authorized: '%s'"),
                       registry->ref->typed);
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
