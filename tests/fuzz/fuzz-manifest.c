/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz the parsing of manifests: every digest that comes out is a safe file
   name, every size makes sense, and an entry that is chosen is one of the
   index.
   Built with: src/image/manifest.c src/image/platform-choice.c lib/base/json.c
   Built with: src/image/libimage.a src/registry/libregistry.a
   Built with: lib/base/libbase.a lib/gnulib/libgnu.a -lcrypto -ljson-c
 */

#include <config.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/error.h"
#include "src/image/manifest.h"
#include "src/registry/reference.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check (const struct manifest_descriptor *descriptor)
{
  assert (digest_is_valid (descriptor->digest));
  assert (descriptor->size >= -1);
  assert (descriptor->media_type != NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  struct manifest manifest = { 0 };
  struct platform wanted = { 0 };
  struct error err = { 0 };

  if (manifest_parse (&manifest, (const char *) data, size, NULL, &err) < 0)
    {
      assert (err.text != NULL && manifest.kind == MANIFEST_NONE);
      error_release (&err);
      return 0;
    }
  for (size_t i = 0; i < manifest.layer_count; i++)
    check (&manifest.layers[i]);
  for (size_t i = 0; i < manifest.entry_count; i++)
    check (&manifest.entries[i]);
  if (manifest.config.digest != NULL)
    check (&manifest.config);
  if (manifest.kind == MANIFEST_INDEX
      && platform_parse (&wanted, "linux/arm/v7", &err) == 0)
    {
      const struct manifest_descriptor *chosen =
          manifest_choose (&manifest, &wanted, &err);
      assert ((chosen == NULL) == (err.text != NULL));
      assert (chosen == NULL
              || (chosen >= manifest.entries
                  && chosen < manifest.entries + manifest.entry_count));
    }
  platform_release (&wanted);
  manifest_release (&manifest);
  error_release (&err);
  return 0;
}
