/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Talk to one registry: open, ask, close.  */

#include <config.h>

#include "src/registry/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/registry/reference.h"
#include "src/registry/registry-private.h"

enum
{
  /* A longer wait than this is for the user to decide on.  */
  PATIENCE = 180,
};

/* Make REGISTRY, whose place is known, ready to be asked.  */
static int
make_ready (struct registry *registry, struct error *err)
{
  const struct registry_options *options = registry->options;

  registry_read_environment (registry);
  registry_find_certificates (registry);
  registry->user_agent =
      xstrdup (options->user_agent != NULL && *options->user_agent != '\0'
                   ? options->user_agent
                   : "udocker/" PACKAGE_VERSION);
#define OR(value, fallback) ((value) != 0 ? (value) : (fallback))
  registry->connect_timeout = OR (options->connect_timeout, 10);
  registry->stall_timeout = OR (options->timeout, 60);
  registry->retries = OR (options->retries, 5);
  registry->connections = OR (options->connections, 4);
#undef OR

  if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return error_set (err, ENOMEM, _ ("cannot start libcurl"));
  registry->multi = curl_multi_init ();
  if (registry->multi == NULL)
    xalloc_die ();
  curl_multi_setopt (registry->multi, CURLMOPT_PIPELINING,
                     (long) CURLPIPE_MULTIPLEX);
  return 0;
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
  status = registry_choose_place (made, err);
  if (status == 0)
    {
      made->repository = reference_remote_name (ref, made->hub);
      if (!made->hub && ref->host == NULL
          && strchr (ref->repository, '/') == NULL)
        made->other_repository = reference_remote_name (ref, true);
      status = make_ready (made, err);
    }
  if (status < 0)
    registry_close (made);
  else
    *registry = made;
  return status;
}

int
registry_open_at (struct registry **registry, const char *url,
                  const struct registry_options *options, struct error *err)
{
  struct registry *made = XZALLOC (struct registry);

  made->options = options;
  int status = registry_take_place (made, url, err);
  if (status == 0)
    status = make_ready (made, err);
  if (status < 0)
    registry_close (made);
  else
    *registry = made;
  return status;
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

bool
registry_is_mirror (const struct registry *registry)
{
  return registry->is_mirror;
}

bool
registry_use_other_repository (struct registry *registry)
{
  if (registry->other_repository == NULL)
    return false;
  free (registry->repository);
  registry->repository = TAKE (registry->other_repository);
  free (TAKE (registry->authorization));
  return true;
}

int
registry_run (struct registry *registry, struct exchange *exchange,
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

int
registry_unreachable (const struct registry *registry,
                      const struct exchange *exchange, struct error *err)
{
  AUTO_FREE char *trouble = exchange_trouble (exchange);

  (void) error_set (err, exchange_number (exchange),
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

/* Take REGISTRY to plain HTTP after EXCHANGE found no TLS there, where that
   is allowed.  Return whether it was.  */
static bool
fall_back (struct registry *registry, const struct exchange *exchange)
{
  long answer = 0;

  if (!registry->may_fall_back || registry->is_reached)
    return false;
  /* A proxy that does not know us is no reason to speak in clear text.  */
  if (curl_easy_getinfo (exchange->easy, CURLINFO_HTTP_CONNECTCODE, &answer)
          == CURLE_OK
      && (answer == 401 || answer == 407))
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

int
registry_ask (struct registry *registry, struct exchange *exchange,
              const char *path, struct error *err)
{
  for (unsigned int refusals = 0;;)
    {
      AUTO_FREE char *url = xasprintf ("%s%s", registry->url, path);
      exchange->authorization = registry->authorization;
      int status = registry_run (registry, exchange, url, err);
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

void
registry_settle_scheme (struct registry *registry)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct exchange exchange;

  if (!registry->may_fall_back || registry->is_reached)
    return;
  exchange_init (&exchange, registry);
  (void) registry_ask (registry, &exchange, "/v2/", &ignored);
  exchange_release (&exchange);
}
