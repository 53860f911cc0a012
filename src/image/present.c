/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Find in the store what a pull would fetch.  */

#include <config.h>

#include "src/image/present.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "src/image/image.h"
#include "src/image/manifest.h"
#include "src/image/platform-choice.h"
#include "src/image/store.h"
#include "src/image/verify.h"
#include "src/registry/reference.h"
#include "src/registry/registry.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Return whether STORE has the blob that DESCRIPTOR describes, in its size.  */
static bool
has_blob (struct store *store, const struct manifest_descriptor *descriptor)
{
  struct stat info;

  return fstatat (store_layers_fd (store), descriptor->digest, &info, 0) == 0
         && S_ISREG (info.st_mode)
         && (descriptor->size < 0 || info.st_size == descriptor->size);
}

static bool
has_blobs (struct store *store, const struct manifest *manifest)
{
  if (manifest->kind != MANIFEST_IMAGE || !has_blob (store, &manifest->config))
    return false;
  for (size_t i = 0; i < manifest->layer_count; i++)
    if (!has_blob (store, &manifest->layers[i]))
      return false;
  return true;
}

/* Return whether IMAGE, of STORE, is for WANTED.  */
static bool
suits (struct store *store, struct image *image, const struct platform *wanted)
{
  AUTO_ERROR struct error problem = { 0 };
  struct platform platform = { 0 };

  if (image_read_config (store, image, &problem) < 0)
    return false;
  AUTO_FREE char *name = image_platform (image->config, image->config_size);
  if (platform_parse (&platform, name, &problem) < 0)
    return false;
  bool is_good = platform_suits (wanted, &platform) > 0;
  platform_release (&platform);
  return is_good;
}

bool
present_image (struct store *store, const struct reference *ref,
               const struct platform *wanted,
               struct registry_document *document, struct manifest *manifest)
{
  AUTO_ERROR struct error problem = { 0 };
  __attribute__ ((cleanup (image_release))) struct image image = { .directory =
                                                                       -1 };
  const struct store_tag tag = { .name = ref->name, .tag = ref->digest };

  bool is_good = image_open_structure (store, &tag, &image, &problem) == 0
                 && image_has_digest (&image, ref->digest, &problem)
                 && file_read_own (image.directory, "manifest",
                                   &document->bytes, &document->size, &problem)
                        == 0
                 && manifest_parse (manifest, document->bytes, document->size,
                                    NULL, &problem)
                        == 0
                 && has_blobs (store, manifest)
                 && suits (store, &image, wanted);
  if (is_good)
    {
      document->digest =
          digest_of_bytes (NULL, document->bytes, document->size);
      return true;
    }
  if (problem.text != NULL)
    log_debug ("%s", problem.text);
  registry_document_release (document);
  manifest_release (manifest);
  return false;
}

bool
present_document (struct store *store, const char *name, const char *tag,
                  struct registry_document *document)
{
  static const char *const indexes[] = IMAGE_INDEX_FILES;
  const char *const files[] = { indexes[0], "manifest" };

  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    {
      AUTO_ERROR struct error ignored = { 0 };
      AUTO_FREE char *path = xasprintf ("%s/%s/%s", name, tag, files[i]);
      if (file_read_own (store_repos_fd (store), path, &document->bytes,
                         &document->size, &ignored)
          < 0)
        continue;
      document->media_type = xstrdup ("");
      document->digest =
          digest_of_bytes (NULL, document->bytes, document->size);
      return true;
    }
  return false;
}

bool
present_manifest (struct store *store, const char *name, const char *tag,
                  const char *digest, struct registry_document *document)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *path = xasprintf ("%s/%s/manifest", name, tag);
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  if (file_read_own (store_repos_fd (store), path, &text, &size, &ignored) < 0)
    return false;
  AUTO_FREE char *found = digest_of_bytes (digest, text, size);
  if (strcmp (found, digest) != 0)
    return false;
  document->bytes = TAKE (text);
  document->size = size;
  document->media_type = xstrdup ("");
  document->digest = TAKE (found);
  return true;
}
