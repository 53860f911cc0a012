/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the files that load images share among themselves.  */

#ifndef UDOCKER_IMAGE_LOAD_PRIVATE_H
#define UDOCKER_IMAGE_LOAD_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/image/platform-choice.h"

struct error;
struct member;
struct members;
struct store;
struct store_pending;

enum
{
  /* Bytes of a configuration, which is read as a whole.  */
  LOAD_MAX_CONFIG = 16 << 20,
  /* Bytes of all manifests, which are kept until the end.  */
  LOAD_MAX_MANIFESTS = 64 << 20
};

/* A name that an image of the archive has there, and here.  */
struct load_name
{
  char *given;     /* or NULL */
  bool may_be_tag; /* GIVEN may be a tag alone */
  char *name;
  char *tag;
  bool is_present;  /* the same image is here under this name already */
  bool is_new;      /* nothing was here under this name */
  bool is_repeated; /* the image has this name twice */
  struct store_pending *pending;
};

/* An image of the archive, verified.  */
struct load_image
{
  char *manifest; /* what the store will have as its manifest */
  size_t manifest_size;
  char *id;                /* digest of the configuration */
  char *platform;          /* that the configuration says */
  struct member **members; /* its blobs, each once, the configuration first */
  size_t member_count;
  size_t layer_count;      /* counted as often as they are applied */
  struct load_name *names; /* at least one in the end */
  size_t name_count;
  bool is_listed; /* the names are those of 'manifest.json' */
};

struct load
{
  struct store *store;
  struct members *members;
  struct platform wanted;
  bool is_platform_typed;
  struct load_image *images;
  size_t count;
  size_t manifest_size; /* bytes of all manifests */
};

/* Append an empty image to LOAD and return it; it is borrowed until the next
   one comes.  */
struct load_image *load_add_image (struct load *load);

/* Forget the last image of LOAD if an earlier one is the same.  Return that
   one, or else the last.  */
struct load_image *load_merge_last (struct load *load);

/* Make TEXT, of SIZE bytes, the manifest of IMAGE, the last of LOAD.  Return 0,
   or -EBADMSG with ERR set: it is too big, or all of them are.  */
int load_set_manifest (struct load *load, struct load_image *image,
                       const char *text, size_t size, struct error *err);

/* Give IMAGE the name GIVEN of the archive; NULL is ignored.  */
void load_add_name (struct load_image *image, const char *given,
                    bool may_be_tag);

/* Take the names of IMAGE from it.  */
void load_forget_names (struct load_image *image);

/* Give IMAGE the blob MEMBER, unless it has it.  */
void load_add_member (struct load_image *image, struct member *member);

/* Add the images that TEXT, the 'manifest.json' of SIZE bytes, lists, all of
   them verified, to LOAD.  Those that LOAD has already get their names from
   there.  Return 0, or a negative errno with ERR set.  */
int load_docker (struct load *load, const char *text, size_t size,
                 struct error *err);

/* The same for a 'repositories' where there is nothing else.  */
int load_old_docker (struct load *load, const char *text, size_t size,
                     struct error *err);

/* The same for TEXT, the 'index.json' of an OCI layout.  */
int load_oci (struct load *load, const char *text, size_t size,
              struct error *err);

#endif
