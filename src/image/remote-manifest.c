/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Find the manifest for a platform at a registry.  */

#include <config.h>

#include "src/image/remote-manifest.h"

#include <errno.h>
#include <stdlib.h>

#include "xalloc.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/image/manifest.h"
#include "src/image/platform-choice.h"
#include "src/registry/reference.h"
#include "src/registry/registry.h"

/* Get what NAME, a tag or a digest, leads to at REGISTRY, or is known to, into
   DOCUMENT.  */
static int
get_document (struct registry *registry, const char *name,
              const struct remote_manifest_cache *cache,
              struct registry_document *document, struct error *err)
{
  if (cache != NULL && cache->find (cache->data, name, document))
    return 0;
  if (cache != NULL && !digest_is_valid (name)
      && cache->recall (cache->data, document))
    {
      if (registry_still_has (registry, name, document->digest))
        return 0;
      registry_document_release (document);
    }
  return registry_fetch_manifest (registry, name, document, err);
}

int
remote_manifest_fetch (struct registry *registry, const struct reference *ref,
                       const struct platform *wanted,
                       const struct remote_manifest_cache *cache,
                       struct remote_manifest *found, struct error *err)
{
  struct registry_document *document = &found->document;
  struct manifest *manifest = &found->manifest;
  AUTO_FREE char *name = xstrdup (reference_remote_tag (ref));

  while (found->index_count < IMAGE_INDEX_COUNT)
    {
      int status = get_document (registry, name, cache, document, err);
      if (status < 0)
        return status;
      manifest_release (manifest);
      status = manifest_parse (manifest, document->bytes, document->size,
                               document->media_type, err);
      if (status < 0)
        return error_prefix (err, _ ("image '%s' at registry '%s'"), ref->typed,
                             registry_url (registry));
      if (manifest->kind != MANIFEST_INDEX)
        return 0;
      const struct manifest_descriptor *entry =
          manifest_choose (manifest, wanted, err);
      if (entry == NULL)
        return error_prefix (err, "'%s'", ref->typed);
      found->indexes[found->index_count++] = *document;
      *document = (struct registry_document){ 0 };
      free (name);
      name = xstrdup (entry->digest);
    }
  return error_set (err, EBADMSG,
                    _ ("image '%s' at registry '%s': its indexes only lead to"
                       " other indexes"),
                    ref->typed, registry_url (registry));
}

void
remote_manifest_release (struct remote_manifest *found)
{
  registry_document_release (&found->document);
  manifest_release (&found->manifest);
  for (size_t i = 0; i < found->index_count; i++)
    registry_document_release (&found->indexes[i]);
  *found = (struct remote_manifest){ 0 };
}
