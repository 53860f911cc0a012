/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Credentials for a registry, from wherever users keep them.  */

#ifndef UDOCKER_REGISTRY_CREDENTIALS_H
#define UDOCKER_REGISTRY_CREDENTIALS_H

#include <stdbool.h>

/* What convinces a registry or its token service.  Strings are owned by the
   structure and may be NULL; start it as { 0 }.  */
struct credentials
{
  char *user;
  char *password;
  char *identity_token; /* OAuth2 refresh token, instead of a password */
  char *registry_token; /* bearer token to be used as it is */
  char *source;         /* where it comes from, for messages */
};

/* Find credentials for the registry at HOST (with port where there is one);
   HUB tells that it is Docker Hub.  Looked at, in this order: KEYSTORE
   (udocker's own file, may be NULL), $REGISTRY_AUTH_FILE, Docker's
   config.json (auths, credHelpers, credsStore; $DOCKER_CONFIG honoured),
   the auth.json of containers(5) tools, and netrc ($NETRC honoured).
   REPOSITORY (may be NULL) chooses among entries that name a part of a
   registry.  What cannot be read is warned about and passed over.  Return
   whether FOUND, which the caller releases, was filled.  */
bool credentials_find (struct credentials *found, const char *host, bool hub,
                       const char *repository, const char *keystore);

/* Overwrite and free what CREDENTIALS hold and make them { 0 }.  */
void credentials_release (struct credentials *credentials);

/* Return base64 of "USER:PASSWORD", in memory that the caller frees.  */
char *credentials_basic (const struct credentials *credentials);

#endif
