/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker's own file of credentials.  */

#ifndef UDOCKER_REGISTRY_KEYSTORE_H
#define UDOCKER_REGISTRY_KEYSTORE_H

struct error;

/* Return the key under which credentials for REGISTRY are kept, in memory
   that the caller frees: a URL without slashes at its end, "https://" in front
   where no scheme is spelt, and one key for all names of Docker Hub.  */
char *keystore_key (const char *registry);

/* Keep USERNAME and PASSWORD for REGISTRY in the file PATH, which is made if
   missing, readable by its owner only.  Others that it holds stay.  Return 0,
   or a negative errno with ERR set and the file as it was: -EPERM when it, or
   its directory, belongs to somebody else or it is open to others.  */
int keystore_store (const char *path, const char *registry,
                    const char *username, const char *password,
                    struct error *err);

/* Remove the credentials for REGISTRY from the file PATH; all of them when
   REGISTRY is NULL.  Return 0, or a negative errno with ERR set: -ENOENT when
   there are none.  */
int keystore_remove (const char *path, const char *registry, struct error *err);

#endif
