/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Load images from an archive into the store.

   First everything is read, hashed and verified, names are decided, and what
   is in the way is looked for; nobody can see anything of it yet.  Then every
   image says what it needs, the staged files become blobs, and the images
   appear.  When that fails half way what it did is undone.  */

#include <config.h>

#include "src/image/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/interrupt.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "src/image/archive-list.h"
#include "src/image/archive-members.h"
#include "src/image/image.h"
#include "src/image/load-private.h"
#include "src/image/manifest.h"
#include "src/image/store.h"
#include "src/registry/reference.h"
#include "src/registry/registry.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* The images of a load.  */

struct load_image *
load_add_image (struct load *load)
{
  load->images =
      xreallocarray (load->images, load->count + 1, sizeof *load->images);
  struct load_image *image = &load->images[load->count++];
  *image = (struct load_image){ 0 };
  return image;
}

int
load_set_manifest (struct load *load, struct load_image *image,
                   const char *text, size_t size, struct error *err)
{
  load->manifest_size += size;
  if (size > MANIFEST_MAX_BYTES || load->manifest_size > LOAD_MAX_MANIFESTS)
    return error_set (err, EBADMSG, _ ("its manifest is too big"));
  image->manifest = xmemdup (text, size);
  image->manifest_size = size;
  return 0;
}

void
load_add_name (struct load_image *image, const char *given, bool may_be_tag)
{
  if (given == NULL)
    return;
  image->names =
      xreallocarray (image->names, image->name_count + 1, sizeof *image->names);
  image->names[image->name_count++] =
      (struct load_name){ .given = xstrdup (given), .may_be_tag = may_be_tag };
}

void
load_add_member (struct load_image *image, struct member *member)
{
  for (size_t i = 0; i < image->member_count; i++)
    if (strcmp (image->members[i]->digest, member->digest) == 0)
      return;
  image->members = xreallocarray (image->members, image->member_count + 1,
                                  sizeof *image->members);
  image->members[image->member_count++] = member;
}

void
load_forget_names (struct load_image *image)
{
  for (size_t i = 0; i < image->name_count; i++)
    {
      store_pending_abort (image->names[i].pending, false);
      free (image->names[i].given);
      free (image->names[i].name);
      free (image->names[i].tag);
    }
  free (image->names);
  image->names = NULL;
  image->name_count = 0;
}

static void
image_free (struct load_image *image)
{
  load_forget_names (image);
  free (image->members);
  free (image->manifest);
  free (image->id);
  free (image->platform);
}

struct load_image *
load_merge_last (struct load *load)
{
  struct load_image *last = &load->images[load->count - 1];

  for (struct load_image *image = load->images; image < last; image++)
    if (image->manifest_size == last->manifest_size
        && memcmp (image->manifest, last->manifest, last->manifest_size) == 0)
      {
        image_free (last);
        load->count--;
        return image;
      }
  return last;
}

static void
load_release (struct load *load)
{
  for (size_t i = 0; i < load->count; i++)
    image_free (&load->images[i]);
  free (load->images);
  members_free (load->members);
  platform_release (&load->wanted);
}

/* Reading.  */

/* Have as many descriptors as can be had: each big layer needs one until the
   end.  */
static void
raise_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max)
    {
      limit.rlim_cur = limit.rlim_max;
      (void) setrlimit (RLIMIT_NOFILE, &limit);
    }
}

/* Return what messages call INPUT.  */
static const char *
shown_input (const char *input)
{
  return input == NULL || strcmp (input, "-") == 0 ? _ ("standard input")
                                                   : input;
}

/* Open the INPUT of LOAD into FD, and read it, unless it is a directory.  */
static int
read_input (struct load *load, const char *input, int *fd, struct error *err)
{
  struct stat info;
  bool is_stdin = input == NULL || strcmp (input, "-") == 0;

  *fd = is_stdin ? fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                 : open (input, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (*fd < 0 && errno == ENOENT)
    return error_set (err, ENOENT, _ ("image file does not exist: %s"), input);
  if (*fd < 0 || fstat (*fd, &info) < 0)
    return error_set (err, errno, _ ("cannot open '%s': %s"),
                      shown_input (input), strerror (errno));
  if (is_stdin && isatty (*fd))
    return error_set (err, EINVAL,
                      _ ("an archive cannot be typed: give a file with -i, or"
                         " redirect the standard input"));
  if (S_ISDIR (info.st_mode))
    {
      members_use_directory (load->members, *fd);
      return 0;
    }
  struct progress *progress = progress_open ();
  struct progress_line *line =
      progress_add (progress, shown_input (input),
                    S_ISREG (info.st_mode) ? info.st_size : -1);
  int status =
      members_read (load->members, *fd, shown_input (input), line, err);
  progress_finish (line, status == 0 ? _ ("done") : _ ("stopped"));
  progress_close (progress);
  return status;
}

typedef int list_function (struct load *load, const char *text, size_t size,
                           struct error *err);

/* If LOAD has the member NAME, have FUNCTION read it.  Return 1 then, 0 when
   there is none, or a negative errno with ERR set.  */
static int
read_list (struct load *load, const char *name, list_function *function,
           struct error *err)
{
  AUTO_ERROR struct error problem = { 0 };
  AUTO_FREE char *text = NULL;
  struct member *member = NULL;

  int status = members_find (load->members, name, &member, &problem);
  if (status == -ENOENT)
    return 0;
  if (status < 0)
    return error_move (err, &problem);
  status = member_read (member, ARCHIVE_MAX_LIST_BYTES, &text, err);
  if (status == 0)
    status = function (load, text, member->size, err);
  return status < 0 ? status : 1;
}

/* Find out what images the input, called INPUT, has.  */
static int
collect_images (struct load *load, const char *input, struct error *err)
{
  int has_index = read_list (load, "index.json", load_oci, err);
  if (has_index < 0)
    return has_index;
  int has_list = read_list (load, "manifest.json", load_docker, err);
  if (has_list == 0 && has_index == 0)
    has_list = read_list (load, "repositories", load_old_docker, err);
  if (has_list < 0)
    return has_list;
  if (has_index == 0 && has_list == 0)
    return error_set (err, EBADMSG,
                      _ ("'%s' is no archive of images: it has neither"
                         " 'manifest.json' nor 'index.json'"),
                      shown_input (input));
  if (load->count == 0)
    return error_set (err, EBADMSG, _ ("'%s' has no image in it"),
                      shown_input (input));
  return 0;
}

/* Names.  */

/* Tell whether IMAGE may be called by DIGEST: who asks for one gets nothing
   else.  */
static bool
may_have_digest (const struct load_image *image, const char *digest)
{
  AUTO_FREE char *own =
      digest_of_bytes (digest, image->manifest, image->manifest_size);

  return strcmp (own, digest) == 0;
}

/* Decide the name NAME of IMAGE.  COUNT images have none.  */
static void
decide_name (const struct load_image *image, struct load_name *name,
             const char *repository, size_t count)
{
  const char *hex = strchr (image->id, ':') + 1;

  if (!archive_image_name (name->given, name->may_be_tag, repository, image->id,
                           &name->name, &name->tag))
    log_warning (_ ("an image in the archive is called '%.300s', which is no"
                    " name for an image"),
                 name->given);
  if (digest_is_valid (name->tag) && !may_have_digest (image, name->tag))
    {
      log_warning (_ ("an image in the archive is called '%.300s', which is not"
                      " its digest"),
                   name->given);
      free (name->name);
      free (name->tag);
      (void) archive_image_name (NULL, false, repository, image->id,
                                 &name->name, &name->tag);
    }
  if (name->given == NULL && repository != NULL && count > 1)
    {
      free (name->tag);
      name->tag = xasprintf ("%.12s", hex);
    }
}

/* Check that no two images of LOAD get the name of IMAGE's NAME.  */
static int
check_unique (struct load *load, const struct load_image *image,
              struct load_name *name, struct error *err)
{
  for (size_t i = 0; i < load->count; i++)
    for (size_t j = 0; j < load->images[i].name_count; j++)
      {
        const struct load_name *other = &load->images[i].names[j];
        if (other == name)
          return 0;
        if (strcmp (other->name, name->name) != 0
            || strcmp (other->tag, name->tag) != 0)
          continue;
        if (&load->images[i] != image)
          return error_set (err, EEXIST,
                            _ ("two images in the archive would both be called"
                               " '%s:%s'"),
                            name->name, name->tag);
        name->is_repeated = true;
      }
  return 0;
}

/* Tell whether the image that STORE has as TAG is IMAGE.  */
static bool
is_same (struct store *store, const struct store_tag *tag,
         const struct load_image *image)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct image other = { .directory = -1 };

  if (image_open (store, tag, &other, &ignored) < 0)
    return false;
  AUTO_FREE char *id =
      digest_of_bytes (image->id, other.config, other.config_size);
  bool same =
      strcmp (id, image->id) == 0 && other.layer_count == image->layer_count;
  image_release (&other);
  return same;
}

/* Look for what is here already under NAME of IMAGE.  */
static int
check_present (struct load *load, const struct load_image *image,
               struct load_name *name, bool replace, struct error *err)
{
  AUTO_FREE char *mark = xasprintf ("%s/%s/TAG", name->name, name->tag);
  struct store_tag tag = { .name = name->name, .tag = name->tag };

  name->is_new = !file_exists (store_repos_fd (load->store), mark);
  if (name->is_new || name->is_repeated)
    return 0;
  name->is_present = !replace && is_same (load->store, &tag, image);
  if (!name->is_present && !replace)
    return error_set (err, EEXIST,
                      _ ("repository and tag already exist: %s:%s; use --force"
                         " to replace the image"),
                      name->name, name->tag);
  return 0;
}

/* Give each image of LOAD its names, and check them.  */
static int
decide_names (struct load *load, const struct load_options *options,
              struct error *err)
{
  size_t nameless = 0;
  size_t count = 0;
  int status = 0;

  for (size_t i = 0; i < load->count; i++)
    if (load->images[i].name_count == 0)
      {
        load->images[i].names = XCALLOC (1, struct load_name);
        load->images[i].name_count = 1;
        nameless++;
      }
  for (size_t i = 0; i < load->count; i++)
    count += load->images[i].name_count;
  if (count > ARCHIVE_MAX_NAMES)
    return error_set (err, EBADMSG, _ ("the archive has too many names"));
  for (size_t i = 0; i < load->count; i++)
    for (size_t j = 0; j < load->images[i].name_count; j++)
      decide_name (&load->images[i], &load->images[i].names[j],
                   options->repository, nameless);
  for (size_t i = 0; i < load->count; i++)
    for (size_t j = 0; j < load->images[i].name_count && status == 0; j++)
      {
        struct load_image *image = &load->images[i];
        status = check_unique (load, image, &image->names[j], err);
        if (status == 0)
          status = check_present (load, image, &image->names[j],
                                  options->replace, err);
      }
  return status;
}

/* Storing.  */

/* Begin the image NAME of IMAGE in the store.  */
static int
begin_image (struct load *load, const struct load_image *image,
             struct load_name *name, struct error *err)
{
  int status = store_pending_begin (load->store, name->name, name->tag,
                                    &name->pending, err);
  for (size_t i = 0; i < image->member_count && status == 0; i++)
    status = store_pending_need (name->pending, image->members[i]->digest, err);
  if (status == 0)
    status = store_pending_write (name->pending, "manifest", image->manifest,
                                  image->manifest_size, err);
  return status;
}

/* Tell whether NAME is one to be stored.  */
static bool
is_wanted (const struct load_name *name)
{
  return !name->is_present && !name->is_repeated;
}

/* Begin all images of LOAD, and make blobs of what they need, with REPLACE also
   in the place of those that are here.  */
static int
prepare_images (struct load *load, bool replace, struct error *err)
{
  int status = 0;

  for (size_t i = 0; i < load->count; i++)
    for (size_t j = 0; j < load->images[i].name_count && status == 0; j++)
      if (is_wanted (&load->images[i].names[j]))
        status = begin_image (load, &load->images[i], &load->images[i].names[j],
                              err);
  for (size_t i = 0; i < load->count; i++)
    {
      const struct load_image *image = &load->images[i];
      bool is_needed = false;
      for (size_t j = 0; j < image->name_count; j++)
        is_needed |= is_wanted (&image->names[j]);
      for (size_t j = 0; j < image->member_count && status == 0 && is_needed;
           j++)
        {
          if (!image->members[j]->is_stored && j > 0)
            log_info (_ ("adding layer: %s"), image->members[j]->digest);
          status =
              member_store (load->members, image->members[j], replace, err);
        }
    }
  return status;
}

/* Remove the images of LOAD that have appeared where there was none.  */
static void
undo (struct load *load)
{
  for (size_t i = 0; i < load->count; i++)
    for (size_t j = 0; j < load->images[i].name_count; j++)
      {
        const struct load_name *name = &load->images[i].names[j];
        const struct store_tag tag = { .name = name->name, .tag = name->tag };
        AUTO_ERROR struct error ignored = { 0 };
        if (is_wanted (name) && name->is_new && name->pending == NULL)
          (void) store_tag_remove (load->store, &tag, true, &ignored);
      }
}

/* Have all images of LOAD appear; REPLACE as above.  */
static int
store_images (struct load *load, bool replace, struct error *err)
{
  int status = prepare_images (load, replace, err);

  if (status < 0)
    return status;
  for (size_t i = 0; i < load->count; i++)
    for (size_t j = 0; j < load->images[i].name_count && status == 0; j++)
      {
        const struct load_image *image = &load->images[i];
        struct load_name *name = &image->names[j];
        if (!is_wanted (name))
          continue;
        const char *flavour = "v2";
        status = store_pending_commit (TAKE (name->pending), flavour, err);
        if (status < 0)
          name->is_new = false;
      }
  if (status < 0)
    undo (load);
  return status;
}

/* Warn when IMAGE is not for the platform that LOAD wants.  */
static void
check_platform (const struct load *load, const struct load_image *image)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct platform platform = { 0 };

  if (strncmp (image->platform, "unknown", 7) == 0
      || platform_parse (&platform, image->platform, &ignored) < 0)
    return;
  if (platform_suits (&load->wanted, &platform) == 0)
    {
      AUTO_FREE char *want = platform_text (&load->wanted);
      log_warning (_ ("this image is for %s, not for %s"), image->platform,
                   want);
    }
  platform_release (&platform);
}

/* Make the list of what LOAD has loaded.  */
static void
list_images (const struct load *load, struct loaded_image **images,
             size_t *count)
{
  size_t space = 0;

  *images = NULL;
  *count = 0;
  for (size_t i = 0; i < load->count; i++)
    {
      const struct load_image *image = &load->images[i];
      check_platform (load, image);
      for (size_t j = 0; j < image->name_count; j++)
        {
          if (image->names[j].is_repeated)
            continue;
          if (image->names[j].is_present)
            log_info (_ ("image is here already: %s:%s"), image->names[j].name,
                      image->names[j].tag);
          if (*count == space)
            *images = x2nrealloc (*images, &space, sizeof **images);
          (*images)[(*count)++] = (struct loaded_image){
            .name = xstrdup (image->names[j].name),
            .tag = xstrdup (image->names[j].tag),
            .id = xstrdup (image->id),
          };
        }
    }
}

int
image_load (struct store *store, const struct load_options *options,
            struct loaded_image **images, size_t *count, struct error *err)
{
  AUTO_INTERRUPT struct interrupt before = { 0 };
  __attribute__ ((cleanup (load_release))) struct load load = {
    .store = store, .is_platform_typed = options->platform != NULL
  };
  AUTO_CLOSE int fd = -1;
  int status = 0;

  if (options->platform == NULL)
    platform_of_host (&load.wanted);
  else
    status = platform_parse (&load.wanted, options->platform, err);
  if (status < 0)
    return status;
  /* What a killed load left may be as big as what is to come.  */
  store_sweep (store);
  raise_descriptors ();
  interrupt_catch (&before);
  load.members = members_new (store);
  status = read_input (&load, options->input, &fd, err);
  if (status == 0)
    status = collect_images (&load, options->input, err);
  if (status == 0)
    status = decide_names (&load, options, err);
  if (status == 0 && interrupt_signal != 0)
    status = error_set (err, EINTR, _ ("interrupted"));
  if (status == 0)
    status = store_images (&load, options->replace, err);
  if (status == 0)
    list_images (&load, images, count);
  return status;
}

void
loaded_images_free (struct loaded_image *images, size_t count)
{
  for (size_t i = 0; i < count; i++)
    {
      free (images[i].name);
      free (images[i].tag);
      free (images[i].id);
    }
  free (images);
}
