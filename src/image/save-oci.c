/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Images laid out as the OCI image specification says.

   An image keeps the manifest that it came with, and so the digest by which
   registries call it, unless that is one of Docker's: other tools do not look
   at these in a layout.  */

#include <config.h>

#include "src/image/save-private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "src/image/archive-writer.h"
#include "src/image/file-hash.h"
#include "src/image/manifest-write.h"
#include "src/image/manifest.h"
#include "src/image/store.h"
#include "src/registry/reference.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* A manifest of an image, about to be written.  */
struct document
{
  char *text;
  size_t size;
  char *digest;
};

static void
document_release (struct document *document)
{
  free (document->text);
  free (document->digest);
}

/* Take the manifest that IMAGE came with into DOCUMENT, if that has a place in
   a layout: otherwise its text stays NULL.  */
static void
read_own_manifest (const struct save_image *image, struct document *document)
{
  __attribute__ ((cleanup (manifest_release))) struct manifest manifest = { 0 };
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_JSON struct json_object *object = NULL;
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  if (!image->is_verbatim
      || file_read_own (image->image.directory, "manifest", &text, &size,
                        &ignored)
             < 0
      || manifest_parse (&manifest, text, size, NULL, &ignored) < 0
      || manifest.kind != MANIFEST_IMAGE
      || json_parse (text, size, "", &object, &ignored) < 0)
    return;
  const char *type = json_string (object, "mediaType");
  if (type != NULL
      && strcmp (type, "application/vnd.oci.image.manifest.v1+json") != 0)
    return;
  document->text = TAKE (text);
  document->size = size;
}

/* Make the manifest of IMAGE.  */
static int
make_manifest (const struct save *save, const struct save_image *image,
               struct document *document, struct error *err)
{
  read_own_manifest (image, document);
  if (document->text == NULL)
    {
      AUTO_JSON struct json_object *manifest =
          manifest_new (image->id, (int64_t) image->config_size);
      for (size_t i = 0; i < image->image.layer_count; i++)
        {
          const struct save_blob *blob = &save->blobs[image->layers[i]];
          manifest_add_layer (manifest, blob->digest, blob->size,
                              blob->compression);
        }
      document->text = manifest_text (manifest);
      document->size = strlen (document->text);
    }
  return file_hash_text ("sha256", document->text, document->size,
                         &document->digest, err);
}

/* Return the name of TAG spelt out, as containerd wants it, which the caller
   frees.  */
static char *
spell_out (const struct store_tag *tag)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct reference ref = { 0 };
  const char *separator = strchr (tag->tag, ':') == NULL ? ":" : "@";
  char *name = NULL;

  if (reference_parse (&ref, tag->name, &ignored) == 0 && ref.host == NULL)
    {
      AUTO_FREE char *remote = reference_remote_name (&ref, true);
      name = xasprintf ("docker.io/%s%s%s", remote, separator, tag->tag);
    }
  else
    name = xasprintf ("%s%s%s", tag->name, separator, tag->tag);
  reference_release (&ref);
  return name;
}

/* Add the entries of IMAGE, whose manifest is DOCUMENT, to MANIFESTS.  */
static void
add_entries (const struct save_image *image, const struct document *document,
             struct json_object *manifests)
{
  for (size_t i = 0; i < image->tag_count; i++)
    {
      const struct store_tag *tag = image->tags[i];
      AUTO_FREE char *name =
          xasprintf ("%s%s%s", tag->name,
                     strchr (tag->tag, ':') == NULL ? ":" : "@", tag->tag);
      AUTO_FREE char *whole = spell_out (tag);
      struct json_object *annotations = json_object_new_object ();
      json_object_object_add (annotations, "io.containerd.image.name",
                              json_object_new_string (whole));
      json_object_object_add (annotations, "org.opencontainers.image.ref.name",
                              json_object_new_string (name));
      struct json_object *entry = manifest_describe (
          "manifest.v1+json", document->digest, (int64_t) document->size);
      json_object_object_add (entry, "annotations", annotations);
      json_object_array_add (manifests, entry);
    }
}

/* Return the name of the member that is the blob DIGEST, which the caller
   frees.  */
static char *
blob_name (const char *digest)
{
  char *name = xasprintf ("blobs/%s", digest);

  *strchr (name, ':') = '/';
  return name;
}

/* Write TEXT as the blob DIGEST, unless WRITTEN has it.  */
static int
write_text (struct archive_writer *writer, const char *digest, const char *text,
            size_t size, struct json_object *written, struct error *err)
{
  AUTO_FREE char *name = blob_name (digest);

  if (json_member (written, digest, json_type_boolean) != NULL)
    return 0;
  json_object_object_add (written, digest, json_object_new_boolean (true));
  return archive_writer_text (writer, name, text, size, err);
}

/* Write what leads to the images of SAVE, with their manifests DOCUMENTS.  */
static int
write_index (const struct save *save, const struct document *documents,
             struct archive_writer *writer, struct error *err)
{
  static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
  AUTO_JSON struct json_object *index = json_object_new_object ();
  struct json_object *manifests = json_object_new_array ();

  json_object_object_add (index, "schemaVersion", json_object_new_int (2));
  json_object_object_add (
      index, "mediaType",
      json_object_new_string ("application/vnd.oci.image.index.v1+json"));
  json_object_object_add (index, "manifests", manifests);
  for (size_t i = 0; i < save->count; i++)
    add_entries (&save->images[i], &documents[i], manifests);
  AUTO_FREE char *text = manifest_text (index);

  int status =
      archive_writer_text (writer, "oci-layout", layout, strlen (layout), err);
  if (status == 0)
    status =
        archive_writer_text (writer, "index.json", text, strlen (text), err);
  if (status == 0)
    status = archive_writer_directory (writer, "blobs/", err);
  if (status == 0)
    status = archive_writer_directory (writer, "blobs/sha256/", err);
  return status;
}

/* Write the blobs of SAVE and their manifests DOCUMENTS.  */
static int
write_blobs (struct save *save, const struct document *documents,
             struct archive_writer *writer, struct error *err)
{
  AUTO_JSON struct json_object *written = json_object_new_object ();
  int status = 0;

  for (size_t i = 0; i < save->count && status == 0; i++)
    {
      const struct save_image *image = &save->images[i];
      if (image->tag_count > 0)
        status = write_text (writer, documents[i].digest, documents[i].text,
                             documents[i].size, written, err);
      if (status == 0 && image->tag_count > 0)
        status = write_text (writer, image->id, image->config,
                             image->config_size, written, err);
    }
  for (size_t i = 0; i < save->blob_count && status == 0; i++)
    {
      struct save_blob *blob = &save->blobs[i];
      AUTO_FREE char *name = blob_name (blob->digest);
      /* Two files of the store may have the same content.  */
      if (json_member (written, blob->digest, json_type_boolean) == NULL)
        status = save_write_blob (save, blob, name, writer, err);
      json_object_object_add (written, blob->digest,
                              json_object_new_boolean (true));
    }
  return status;
}

int
save_oci (struct save *save, struct archive_writer *writer, struct error *err)
{
  AUTO_FREE struct document *documents =
      XCALLOC (save->count + 1, struct document);
  int status = 0;

  for (size_t i = 0; i < save->count && status == 0; i++)
    status = make_manifest (save, &save->images[i], &documents[i], err);
  if (status == 0)
    status = write_index (save, documents, writer, err);
  if (status == 0)
    status = write_blobs (save, documents, writer, err);
  for (size_t i = 0; i < save->count; i++)
    document_release (&documents[i]);
  return status;
}
