/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   What the files of the registry client share.  */

#ifndef UDOCKER_REGISTRY_REGISTRY_PRIVATE_H
#define UDOCKER_REGISTRY_REGISTRY_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "lib/base/buffer.h"
#include "src/registry/credentials.h"
#include "src/registry/registry.h"

struct exchange;

/* A registry, seen from one repository in it.  */
struct registry
{
  const struct registry_options *options;
  const struct reference *ref; /* NULL: it is asked about no image; then
                                  REPOSITORY is NULL too */
  CURLM *multi;
  char *url;  /* SCHEME://HOST[:PORT] */
  char *host; /* HOST[:PORT] */
  char *repository;
  char *other_repository; /* to be asked for where REPOSITORY is not found: the
                             name with "library/"; or NULL */
  bool hub;
  bool is_mirror;     /* asked in the place of the one that was named */
  bool may_fall_back; /* plain HTTP may be tried when TLS is not spoken */
  bool is_reached;    /* has answered before */
  bool is_busy;       /* its multi handle has transfers under way */
  bool unverified;    /* its certificate is not verified */
  bool is_refusing;   /* has said that we are not welcome */
  bool has_credentials;
  bool looked_for_credentials;
  struct credentials credentials;
  char *authorization;     /* value of the Authorization header, or NULL */
  unsigned int generation; /* counts changes of AUTHORIZATION */
  char *ca_file;
  char *ca_directory;
  char *host_ca;   /* certificates for this host alone: whom to trust, */
  char *host_cert; /* who we are, and its key; or NULL */
  char *host_key;
  char *proxy; /* NULL: libcurl's choice */
  bool no_proxy;
  char *user_agent;
  unsigned int connect_timeout;
  unsigned int stall_timeout;
  unsigned int retries;
  unsigned int connections;
};

enum
{
  REDIRECTS_MAX = 10,
  FEW_RETRIES = 2,
  ERROR_BODY_MAX = 64 * 1024,
};

/* Where the body of a good answer goes.  Return false to stop the transfer;
   whoever does has noted why.  */
typedef bool exchange_sink (void *data, const struct exchange *exchange,
                            const char *bytes, size_t size);

/* One request and its answer, redirects included.  Start it with
   exchange_init; it can be used for many requests, one after the other.  */
struct exchange
{
  struct registry *registry;
  CURL *easy;
  char *url;
  const char *accept;        /* value of the Accept header, or NULL */
  const char *authorization; /* value for the registry itself, borrowed */
  const char *form;          /* body of a POST, borrowed, or NULL */
  bool is_head;              /* only the headers are wanted */
  char range[32];            /* "START-" or "" */
  exchange_sink *sink;       /* NULL: collect in BODY, up to BODY_MAX */
  void *sink_data;
  size_t body_max;

  struct curl_slist *headers;
  char curl_text[CURL_ERROR_SIZE];
  unsigned int redirects;
  bool is_elsewhere; /* redirected to another origin */

  /* The answer.  */
  CURLcode result;
  long status;
  char *media_type;
  char *location;
  char *digest_header;
  char *link;
  struct buffer challenges; /* WWW-Authenticate headers, joined by commas */
  char *rate_limit;         /* what may be asked for, */
  char *rate_left;          /* how much of it is left, */
  char *rate_source;        /* and who is counted; or NULL */
  long retry_after;         /* seconds, or -1 */
  int64_t range_start;      /* of a 206; -1 when it does not say */
  int64_t range_total;      /* whole size that a 206 tells, or -1 */
  int64_t content_length;   /* or -1 */
  bool is_too_big;
  struct buffer body;
};

/* Make EXCHANGE ready for use with REGISTRY.  */
void exchange_init (struct exchange *exchange, struct registry *registry);

/* Free what EXCHANGE holds.  It must not be in the multi handle.  */
void exchange_release (struct exchange *exchange);

/* Begin a request for URL, of which the exchange's inputs say more.  */
void exchange_begin (struct exchange *exchange, const char *url);

/* Look at the answer that EXCHANGE got: when it is a redirect, set up the
   next request (still to be added to the multi handle) and return 1.  Return
   0 when the answer is final, or a negative errno with ERR set when the
   redirect cannot be followed.  */
int exchange_redirect (struct exchange *exchange, struct error *err);

/* Return path and query of the URL that TARGET names in the answer EXCHANGE,
   whatever its host, in memory that the caller frees; NULL when it is no
   URL.  */
char *exchange_path_of (const struct exchange *exchange, const char *target);

/* Begin a request for URL and see it through, with redirects but no repeats.
   Return 0 when there is an answer or a CURLcode in EXCHANGE, or a negative
   errno with ERR set.  */
int exchange_run (struct exchange *exchange, const char *url,
                  struct error *err);

/* Return whether what EXCHANGE met may pass when the request is repeated.  */
bool exchange_may_pass (const struct exchange *exchange);

/* Return how often a request is to be repeated that met what EXCHANGE met.  */
unsigned int exchange_retries (const struct exchange *exchange);

/* Return in words what went wrong with EXCHANGE, in memory that the caller
   frees: an HTTP status with the registry's own message, or a network
   trouble.  */
char *exchange_trouble (const struct exchange *exchange);

/* Return the errno that says best what EXCHANGE met.  */
int exchange_number (const struct exchange *exchange);

/* Return how many seconds to wait before attempt number ATTEMPT (1 is the
   first repeat) of what EXCHANGE tried; what the server asked for comes
   first.  */
unsigned int exchange_delay (const struct exchange *exchange,
                             unsigned int attempt);

/* Wait SECONDS.  */
void registry_sleep (unsigned int seconds);

/* Return whether REGISTRY is a mirror, behind which the next one or what it
   mirrors can be asked.  */
bool registry_is_mirror (const struct registry *registry);

/* Decide where REGISTRY is and how it is spoken to.  Return 0, or a negative
   errno with ERR set.  */
int registry_choose_place (struct registry *registry, struct error *err);

/* Take URL for the place of REGISTRY, as it is.  Return 0, or -EINVAL with ERR
   set.  */
int registry_take_place (struct registry *registry, const char *url,
                         struct error *err);

/* Take the variables that curl and Docker know and libcurl does not.  */
void registry_read_environment (struct registry *registry);

/* Look for certificates where Docker and its relatives have them, in a
   directory for each registry.  */
void registry_find_certificates (struct registry *registry);

/* Go over to the other repository that REGISTRY may mean, for good.  Return
   whether there is one.  */
bool registry_use_other_repository (struct registry *registry);

/* Run EXCHANGE for URL, again where what it met may pass.  Return 0 with an
   answer in it, whatever its status, or a negative errno with ERR set.  */
int registry_run (struct registry *registry, struct exchange *exchange,
                  const char *url, struct error *err);

/* Ask REGISTRY for PATH ("/v2/...") with EXCHANGE, with authentication as
   demanded, and without TLS where that is allowed and TLS is not spoken.
   Return 0 when there is an answer or a CURLcode in EXCHANGE, or a negative
   errno with ERR set.  */
int registry_ask (struct registry *registry, struct exchange *exchange,
                  const char *path, struct error *err);

/* Find out whether REGISTRY speaks TLS, where it need not and nothing has been
   asked of it yet.  */
void registry_settle_scheme (struct registry *registry);

/* Say in ERR that REGISTRY could not be reached, as EXCHANGE found.  Return
   the negative errno.  */
int registry_unreachable (const struct registry *registry,
                          const struct exchange *exchange, struct error *err);

/* EXCHANGE was answered 401: get what its challenges ask for, put it into
   REGISTRY's authorization.  Return 0, or a negative errno with ERR set.
   EXPIRED tells that an authorization was sent and refused.  */
int registry_authenticate (struct registry *registry,
                           const struct exchange *exchange, bool expired,
                           struct error *err);

/* Return whether HOST[:PORT] is this machine itself.  */
bool host_is_loopback (const char *host);

#endif
