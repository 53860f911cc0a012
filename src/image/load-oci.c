/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Images in OCI layout.

   Every entry of 'index.json' is an image, or an index of one image for
   several platforms, of which one is chosen as in a pull.  Where entries of
   'index.json' itself have the same name, or none has any, and differ in
   platform, they are taken for one image too.  Manifests are kept as they are;
   whatever one names must be there and have the digest that it is called
   by.  */

#include <config.h>

#include "src/image/load-private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/image/archive-members.h"
#include "src/image/image.h"
#include "src/image/manifest.h"
#include "xalloc.h"
#include "xvasprintf.h"

#define AUTO_MANIFEST __attribute__ ((cleanup (manifest_release)))

enum
{
  INDEX_DEPTH_MAX = 4 /* indexes in indexes */
};

/* Find the blob that DESCRIPTOR describes and check that it is.  */
static int
find_blob (struct load *load, const struct manifest_descriptor *descriptor,
           struct member **member, struct error *err)
{
  const char *hex = strchr (descriptor->digest, ':') + 1;
  AUTO_FREE char *path =
      xasprintf ("blobs/%.*s/%s", (int) (hex - 1 - descriptor->digest),
                 descriptor->digest, hex);
  struct member *found = NULL;

  int status = members_find (load->members, path, &found, err);
  if (status < 0)
    return status;
  if (strcmp (found->digest, descriptor->digest) != 0)
    return error_set (err, EBADMSG,
                      _ ("'%s' is damaged: its content has the digest %s"),
                      path, found->digest);
  if (descriptor->size >= 0 && (uint64_t) descriptor->size != found->size)
    return error_set (err, EBADMSG,
                      _ ("'%s' has %zu bytes, not %jd as it should"), path,
                      found->size, (intmax_t) descriptor->size);
  *member = found;
  return 0;
}

/* Add the image of MANIFEST, which MEMBER holds as TEXT, to LOAD.  */
static int
add_image (struct load *load, const struct manifest *manifest,
           const struct member *member, const char *text, struct error *err)
{
  struct load_image *image = load_add_image (load);
  AUTO_FREE char *config_text = NULL;
  struct member *config = NULL;

  int status = find_blob (load, &manifest->config, &config, err);
  if (status == 0)
    status = member_read (config, LOAD_MAX_CONFIG, &config_text, err);
  if (status < 0)
    return status;
  load_add_member (image, config);
  for (size_t i = 0; i < manifest->layer_count; i++)
    {
      struct member *layer = NULL;
      status = find_blob (load, &manifest->layers[i], &layer, err);
      if (status < 0)
        return status;
      load_add_member (image, layer);
    }
  image->layer_count = manifest->layer_count;
  image->id = xstrdup (config->digest);
  image->platform = image_platform (config_text, config->size);
  return load_set_manifest (load, image, text, member->size, err);
}

/* Return the entry of INDEX to load.  What the archive lacks is no choice:
   tools save an index whole and of its images those that they have.  Without a
   platform asked for, the only one there is will do.  */
static const struct manifest_descriptor *
choose_entry (struct load *load, struct manifest *index, struct error *err)
{
  const struct manifest_descriptor *only = NULL;
  size_t count = 0;

  for (size_t i = 0; i < index->entry_count; i++)
    {
      struct manifest_descriptor *entry = &index->entries[i];
      AUTO_ERROR struct error problem = { 0 };
      struct member *member = NULL;
      if (!manifest_entry_is_image (entry))
        continue;
      if (find_blob (load, entry, &member, &problem) == -ENOENT)
        {
          log_debug ("%s", problem.text);
          entry->is_attestation = true;
          continue;
        }
      only = entry;
      count++;
    }
  if (count == 1 && !load->is_platform_typed)
    return only;
  return manifest_choose (index, &load->wanted, err);
}

/* Add what ENTRY leads to, through indexes, to LOAD.  */
static int
add_entry (struct load *load, const struct manifest_descriptor *entry,
           struct error *err)
{
  AUTO_MANIFEST struct manifest manifest = { 0 };
  AUTO_FREE char *text = NULL;
  struct member *member = NULL;

  for (unsigned int depth = 0; depth < INDEX_DEPTH_MAX; depth++)
    {
      int status = find_blob (load, entry, &member, err);
      if (status < 0)
        return status;
      free (TAKE (text));
      manifest_release (&manifest);
      status = member_read (member, MANIFEST_MAX_BYTES, &text, err);
      if (status == 0)
        status = manifest_parse (&manifest, text, member->size, NULL, err);
      if (status < 0)
        return status;
      if (manifest.kind == MANIFEST_IMAGE)
        return add_image (load, &manifest, member, text, err);
      if (manifest.kind != MANIFEST_INDEX)
        return error_set (err, ENOTSUP,
                          _ ("'%s' is a manifest of schema 1, which has no"
                             " place in an OCI layout"),
                          entry->digest);
      entry = choose_entry (load, &manifest, err);
      if (entry == NULL)
        return -err->number;
    }
  return error_set (err, EBADMSG, _ ("its indexes only lead to other indexes"));
}

/* Tell whether the entries A and B of 'index.json' are called the same.  */
static bool
same_name (const struct manifest_descriptor *a,
           const struct manifest_descriptor *b)
{
  return a->name == NULL || b->name == NULL ? a->name == b->name
                                            : strcmp (a->name, b->name) == 0;
}

/* Return how well ENTRY suits LOAD's platform, or -1 when it does not say what
   it is for.  */
static int
rank (const struct load *load, const struct manifest_descriptor *entry)
{
  return entry->platform.os == NULL && entry->platform.architecture == NULL
             ? -1
             : (int) platform_suits (&load->wanted, &entry->platform);
}

/* Tell whether another entry of INDEX is to be loaded in place of ENTRY.  */
static bool
is_outdone (const struct load *load, const struct manifest *index,
            const struct manifest_descriptor *entry)
{
  int own = rank (load, entry);

  for (size_t i = 0; i < index->entry_count && own >= 0; i++)
    {
      const struct manifest_descriptor *other = &index->entries[i];
      if (other != entry && same_name (entry, other)
          && manifest_entry_is_image (other) && rank (load, other) > own)
        return true;
    }
  return false;
}

int
load_oci (struct load *load, const char *text, size_t size, struct error *err)
{
  AUTO_MANIFEST struct manifest index = { 0 };

  int status = manifest_parse (&index, text, size, NULL, err);
  if (status == 0 && index.kind != MANIFEST_INDEX)
    status = error_set (err, EBADMSG, _ ("it is no index"));
  if (status < 0)
    return error_prefix (err, _ ("'%s' in the archive"), "index.json");

  for (size_t i = 0; i < index.entry_count; i++)
    {
      const struct manifest_descriptor *entry = &index.entries[i];
      if (!manifest_entry_is_image (entry) || is_outdone (load, &index, entry))
        continue;
      status = add_entry (load, entry, err);
      if (status < 0)
        return error_prefix (err, _ ("image '%.300s' in the archive"),
                             entry->name != NULL ? entry->name : entry->digest);
      load_add_name (load_merge_last (load), entry->name, !entry->is_reference);
    }
  return 0;
}
