/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Manifests and indexes from a registry.  */

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/registry/reference.h"
#include "src/registry/registry-private.h"

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
};

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
    return registry_unreachable (registry, exchange, err);
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
      return error_set (err, exchange_number (exchange),
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

/* Ask for the manifest REFERENCE of REGISTRY's repository with EXCHANGE.
   Return 0 when there is an answer.  */
static int
ask_for_manifest (struct registry *registry, struct exchange *exchange,
                  const char *reference, struct error *err)
{
  AUTO_FREE char *path =
      xasprintf ("/v2/%s/manifests/%s", registry->repository, reference);

  exchange->accept = manifest_types;
  exchange->body_max = MANIFEST_BYTES_MAX;
  return registry_ask (registry, exchange, path, err);
}

/* Return whether the answer in EXCHANGE, or the STATUS of getting none, leaves
   it open that another name is the right one.  */
static bool
is_missing (const struct exchange *exchange, int status)
{
  if (status < 0)
    return status == -EACCES;
  return exchange->result == CURLE_OK
         && (exchange->status == 404 || exchange->status == 401
             || exchange->status == 403);
}

/* A one-word name at a registry of the user's choice, which REGISTRY does not
   know: some are copies of Docker Hub, where it is below library/.  Ask for
   that.  Return whether it is there; EXCHANGE then holds it.  Otherwise
   REGISTRY and EXCHANGE are what they were.  */
static bool
ask_below_library (struct registry *registry, struct exchange *exchange,
                   const char *reference)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct exchange second;

  char *first = xstrdup (registry->repository);
  if (!registry_use_other_repository (registry))
    {
      free (first);
      return false;
    }
  exchange_init (&second, registry);
  bool is_there = ask_for_manifest (registry, &second, reference, &ignored) == 0
                  && second.result == CURLE_OK && second.status == 200;
  if (is_there)
    {
      exchange_release (exchange);
      *exchange = second;
      free (first);
      return true;
    }
  exchange_release (&second);
  free (registry->repository);
  registry->repository = first;
  return false;
}

bool
registry_still_has (struct registry *registry, const char *tag,
                    const char *digest)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct exchange exchange;

  exchange_init (&exchange, registry);
  exchange.is_head = true;
  bool result = ask_for_manifest (registry, &exchange, tag, &ignored) == 0
                && exchange.result == CURLE_OK && exchange.status == 200
                && exchange.digest_header != NULL
                && strcmp (exchange.digest_header, digest) == 0;
  exchange_release (&exchange);
  return result;
}

int
registry_fetch_manifest (struct registry *registry, const char *reference,
                         struct registry_document *document, struct error *err)
{
  AUTO_ERROR struct error problem = { 0 };
  struct exchange exchange;

  exchange_init (&exchange, registry);
  int status = ask_for_manifest (registry, &exchange, reference, &problem);
  if (is_missing (&exchange, status)
      && ask_below_library (registry, &exchange, reference))
    status = 0;
  else if (status < 0)
    (void) error_move (err, &problem);
  if (status == 0 && (exchange.result != CURLE_OK || exchange.status != 200))
    status = no_manifest (registry, &exchange, reference, err);
  if (status == 0)
    status = take_manifest (registry, &exchange, reference, document, err);
  exchange_release (&exchange);
  return status;
}
