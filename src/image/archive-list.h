/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the metadata in an archive of images say; pure functions.  */

#ifndef UDOCKER_IMAGE_ARCHIVE_LIST_H
#define UDOCKER_IMAGE_ARCHIVE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_object;

/* An image as 'manifest.json' or 'repositories' list it.  */
struct archive_image
{
  char **names; /* as they stand there: not to be trusted */
  size_t name_count;
  char *config;  /* the member that is its configuration; NULL when it is in
                    'repositories' */
  char **layers; /* members, the lowest first; in 'repositories' only the id
                    of the highest layer */
  size_t layer_count;
};

/* The images of an archive; starts as { 0 }.  */
struct archive_list
{
  struct archive_image *images;
  size_t count;
};

/* Limits: bytes of a list, images in an archive, names of one image, bytes of
   the name of a member.  */
enum
{
  ARCHIVE_MAX_LIST_BYTES = 8 << 20,
  ARCHIVE_MAX_IMAGES = 4096,
  ARCHIVE_MAX_NAMES = 4096,
  ARCHIVE_MAX_MEMBER_NAME = 4096,
};

/* Parse the SIZE bytes of TEXT, a 'manifest.json' of docker save, into LIST,
   which the caller releases.  Return 0, or -EBADMSG with ERR set.  */
int archive_list_parse (struct archive_list *list, const char *text,
                        size_t size, struct error *err);

/* The same for a 'repositories', all that docker before 1.10 wrote.  */
int archive_list_parse_repositories (struct archive_list *list,
                                     const char *text, size_t size,
                                     struct error *err);

/* Free what LIST holds and make it { 0 }.  */
void archive_list_release (struct archive_list *list);

/* Return the name of a member that PATH means, in memory that the caller
   frees: without "./", empty parts and "..", which are resolved.  A PATH in
   the link LINK starts in the directory of that member (NULL: at the top).
   NULL when it leads out or is no name at all.  */
char *archive_member_name (const char *path, const char *link);

/* Decide how an image of an archive is called here.  GIVEN is its name there,
   or NULL, or something that is no name; with MAY_BE_TAG it is a tag alone when
   it has neither slash nor colon.  REPOSITORY (NULL for none) replaces the
   name, not the tag.  Without any name it is "localhost/" and twelve digits of
   DIGEST, that of the configuration: the same archive always gives the same
   name, and no registry is meant.  The caller frees *NAME and *TAG.  Return
   false when GIVEN is no name that an image can have, so that the names are
   made as if it were NULL.  */
bool archive_image_name (const char *given, bool may_be_tag,
                         const char *repository, const char *digest,
                         char **name, char **tag);

/* Return the digests of CONFIG's uncompressed layers, an array of strings in
   its 'rootfs', which belongs to CONFIG, or NULL when it has none.  */
struct json_object *archive_diff_ids (struct json_object *config);

#endif
