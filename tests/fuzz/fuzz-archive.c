/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz what reads the metadata of archives of images: lists stay within their
   limits, names of members never lead out, and whatever an archive calls an
   image becomes a name that is safe below repos/.
   Built with: src/image/archive-list.c src/image/manifest.c lib/base/json.c
   Built with: src/image/libimage.a src/registry/libregistry.a
   Built with: lib/base/libbase.a lib/gnulib/libgnu.a -lcrypto -ljson-c
 */

#include <config.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/error.h"
#include "src/image/archive-list.h"
#include "src/image/manifest.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Check that PATH is relative, and has no empty, "." or ".." part.  */
static void
check_path (const char *path)
{
  for (;;)
    {
      size_t length = strcspn (path, "/");
      assert (length > 0);
      assert (length != 1 || path[0] != '.');
      assert (length != 2 || strncmp (path, "..", 2) != 0);
      path += length;
      if (*path == '\0')
        return;
      path++;
    }
}

/* Name an image after GIVEN, and take GIVEN for the name of a member.  */
static void
check_names (const char *given)
{
  static const char digest[] =
      "sha256:"
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

  for (int may_be_tag = 0; may_be_tag < 2; may_be_tag++)
    {
      char *name = NULL;
      char *tag = NULL;
      (void) archive_image_name (given, may_be_tag, NULL, digest, &name, &tag);
      check_path (name);
      check_path (tag);
      assert (name[0] != '.' && tag[0] != '.' && strchr (tag, '/') == NULL);
      free (name);
      free (tag);
    }
  char *member = archive_member_name (given, NULL);
  char *target = archive_member_name (given, "a/b/c");
  if (member != NULL)
    check_path (member);
  if (target != NULL)
    check_path (target);
  free (member);
  free (target);
}

/* Check and release LIST.  */
static void
check_list (struct archive_list *list)
{
  assert (list->count <= ARCHIVE_MAX_IMAGES);
  for (size_t i = 0; i < list->count; i++)
    {
      const struct archive_image *image = &list->images[i];
      assert (image->layer_count <= MANIFEST_MAX_LAYERS);
      assert (image->name_count <= ARCHIVE_MAX_NAMES);
      for (size_t j = 0; j < image->name_count; j++)
        check_names (image->names[j]);
      for (size_t j = 0; j < image->layer_count; j++)
        assert (image->layers[j] != NULL);
    }
  archive_list_release (list);
  assert (list->images == NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  struct archive_list list = { 0 };
  struct manifest index = { 0 };
  struct error err = { 0 };
  char *text = malloc (size + 1);

  if (text == NULL)
    abort ();
  memcpy (text, data, size);
  text[size] = '\0';
  check_names (text);
  if (archive_list_parse (&list, text, size, &err) == 0)
    check_list (&list);
  if (archive_list_parse_repositories (&list, text, size, &err) == 0)
    check_list (&list);
  if (manifest_parse (&index, text, size, NULL, &err) == 0)
    for (size_t i = 0; i < index.entry_count; i++)
      if (index.entries[i].name != NULL)
        check_names (index.entries[i].name);
  manifest_release (&index);
  error_release (&err);
  free (text);
  return 0;
}
