/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   From a registry into the store.  */

#ifndef UDOCKER_IMAGE_PULL_H
#define UDOCKER_IMAGE_PULL_H

#include "src/registry/registry.h"

struct config;
struct error;
struct reference;
struct store;
struct store_tag;

/* How to pull.  Texts are borrowed; a zeroed structure is a good default.  */
struct pull_options
{
  const char *platform; /* OS/ARCHITECTURE[/VARIANT]; NULL: the host's */
  struct registry_options registry;
};

/* Fill OPTIONS with what CONFIG says, from which it borrows.  */
void pull_options_from_config (struct pull_options *options,
                               const struct config *config);

/* Make the image that REF names be in STORE as its registry has it now:
   manifest, configuration and layers, for one platform.  Blobs that are there
   are not asked for again; those that another process fetches are waited for.
   Progress goes to stderr.  Return 0, or a negative errno with ERR set; then
   the image is what it was before.  Blobs, whole or in part, that another try
   can use stay behind when the network was the trouble.  */
int image_pull (struct store *store, const struct reference *ref,
                const struct pull_options *options, struct error *err);

/* Find the image that REF means in STORE, or pull it as image_pull does.  Of
   several processes that want the same at once one pulls; the others say that
   they wait for it, and get what it got, or its error.  When it is killed one
   of them pulls.  Return 0 with FOUND filled (store_tag_release), or a negative
   errno with ERR set.  */
int image_find_or_pull (struct store *store, const struct reference *ref,
                        const struct pull_options *options,
                        struct store_tag *found, struct error *err);

#endif
