/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How volumes are written: -v, --mount and --tmpfs.  */

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/path.h"
#include "lib/plan/plan.h"
#include "src/container/run-private.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

void
run_volume_release (struct run_volume *volume)
{
  free (volume->host);
  free (volume->guest);
  *volume = (struct run_volume){ 0 };
}

/* Return whether PATH says itself that it is seen from the current directory.
   Other words without a slash in front are names of volumes to Docker.  */
static bool
is_from_here (const char *path)
{
  size_t dots = strspn (path, ".");
  return (dots == 1 || dots == 2) && (path[dots] == '\0' || path[dots] == '/');
}

/* Set VOLUME's host path to what TYPED means.  */
static int
set_host (struct run_volume *volume, const char *typed, struct error *err)
{
  AUTO_FREE char *here = is_from_here (typed) ? getcwd (NULL, 0) : NULL;
  AUTO_FREE char *whole =
      here != NULL ? xasprintf ("%s/%s", here, typed) : NULL;
  free (volume->host);
  volume->host =
      path_normalize (whole != NULL ? whole : typed, PATH_PARENTS_KEPT);
  if (volume->host == NULL)
    return error_set (err, EINVAL,
                      _ ("invalid host volume path: %s: it does not begin"
                         " with '/' or './'"),
                      typed);
  return 0;
}

/* Likewise its path in the container.  */
static int
set_guest (struct run_volume *volume, const char *typed, struct error *err)
{
  free (volume->guest);
  volume->guest = path_normalize (typed, PATH_PARENTS_REFUSED);
  if (volume->guest == NULL || strcmp (volume->guest, "/") == 0)
    return error_set (err, EINVAL,
                      _ ("invalid container volume path: %s: it must be"
                         " absolute, without '..', and not '/'"),
                      typed);
  return 0;
}

/* Read the OPTIONS of the volume VOLUME into FLAGS.  */
static int
read_options (const char *options, const char *volume, uint32_t *flags,
              struct error *err)
{
  static const struct
  {
    const char *name;
    uint32_t flag;
  } known[] = {
    { "ro", PLAN_BINDING_READ_ONLY },
    { "rw", 0 },
    { "nofollow", PLAN_BINDING_NO_FOLLOW },
    /* What Docker's users write and what changes nothing here.  */
    { "z", 0 },
    { "Z", 0 },
    { "rprivate", 0 },
    { "private", 0 },
    { "rslave", 0 },
    { "slave", 0 },
    { "rshared", 0 },
    { "shared", 0 },
    { "rbind", 0 },
    { "bind", 0 },
    { "nocopy", 0 },
    { "cached", 0 },
    { "delegated", 0 },
    { "consistent", 0 },
  };
  const size_t count = sizeof known / sizeof known[0];

  while (true)
    {
      size_t length = strcspn (options, ",");
      size_t i = 0;
      while (i < count
             && (strlen (known[i].name) != length
                 || strncmp (known[i].name, options, length) != 0))
        i++;
      if (i == count)
        return error_set (err, EINVAL,
                          _ ("invalid volume '%s': option '%.*s' is not one"
                             " of ro, rw and nofollow"),
                          volume, (int) length, options);
      *flags |= known[i].flag;
      if (options[length] == '\0')
        return 0;
      options += length + 1;
    }
}

/* Return the part of *WORD up to the next ':', which the caller frees, and move
 *WORD behind that.  A colon behind a backslash is part of it.  */
static char *
take_part (const char **word)
{
  AUTO_BUFFER (part);
  const char *c = *word;
  for (; *c != '\0' && *c != ':'; c++)
    {
      c += c[0] == '\\' && c[1] == ':';
      buffer_add_char (&part, *c);
    }
  *word = c + (*c == ':');
  return part.length > 0 ? buffer_take (&part) : xstrdup ("");
}

int
run_volume_read (const char *word, struct run_volume *volume, struct error *err)
{
  *volume = (struct run_volume){ 0 };
  const char *rest = word;
  AUTO_FREE char *host = take_part (&rest);
  AUTO_FREE char *guest = take_part (&rest);
  int status = set_host (volume, host, err);
  if (status == 0)
    status = set_guest (volume, guest[0] != '\0' ? guest : host, err);
  if (status == 0 && *rest != '\0')
    status = read_options (rest, word, &volume->flags, err);
  if (status < 0)
    run_volume_release (volume);
  return status;
}

/* Read OPTION, which mount(8) knows for tmpfs, of the temporary volume that
   WORD means.  */
static int
read_temporary_option (const char *option, const char *word,
                       struct run_volume *volume, struct error *err)
{
  /* What changes nothing: it is a directory of the host's.  */
  static const char *const known[] = {
    "rw",   "exec",  "noexec", "suid",    "nosuid",  "dev",      "nodev",
    "sync", "async", "atime",  "noatime", "private", "rprivate", NULL
  };
  if (strcmp (option, "ro") == 0)
    {
      volume->flags |= PLAN_BINDING_READ_ONLY;
      return 0;
    }
  if (strncmp (option, "mode=", 5) == 0)
    {
      char *end = NULL;
      unsigned long mode = strtoul (option + 5, &end, 8);
      volume->mode = (unsigned) mode;
      if (option[5] >= '0' && option[5] <= '7' && *end == '\0' && mode <= 07777)
        return 0;
    }
  else if (strncmp (option, "size=", 5) == 0)
    {
      log_warning (_ ("'%s': the size of a temporary directory is not "
                      "limited"),
                   word);
      return 0;
    }
  for (size_t i = 0; known[i] != NULL; i++)
    if (strcmp (known[i], option) == 0)
      return 0;
  return error_set (err, EINVAL,
                    _ ("invalid temporary directory '%s': '%s' is not one of "
                       "size=, mode=, ro and the like"),
                    word, option);
}

/* What --mount is given, one by one.  */
struct mount_words
{
  char *type, *source, *target;
  char *size, *mode; /* of what is temporary */
  uint32_t flags;
};

/* Return the next field of *LIST, which the caller frees, and move *LIST
   behind it: fields have commas between them, and one in double quotes may have
   commas in it, and double quotes twice (RFC 4180).  NULL at the end.  */
static char *
take_field (const char **list)
{
  const char *c = *list;
  if (*c == '\0')
    return NULL;
  AUTO_BUFFER (field);
  bool quoted = *c == '"';
  for (c += quoted; *c != '\0'; c++)
    {
      if (quoted && *c == '"')
        {
          if (c[1] != '"')
            break;
          c++;
        }
      else if (!quoted && *c == ',')
        break;
      buffer_add_char (&field, *c);
    }
  c += quoted && *c == '"';
  *list = c + (*c == ',');
  return field.length > 0 ? buffer_take (&field) : xstrdup ("");
}

static int
bad_mount (const char *word, const char *field, struct error *err)
{
  return error_set (err, EINVAL,
                    _ ("invalid --mount '%s': '%s' is not one of type=bind, "
                       "type=tmpfs, source=, target= and readonly"),
                    word, field);
}

/* Read one FIELD, "KEY=VALUE" or "KEY", of the --mount WORD.  */
static int
read_field (struct mount_words *words, const char *word, const char *field,
            struct error *err)
{
  static const struct
  {
    const char *key;
    size_t text;   /* the member that its value goes to, with OWN */
    bool own;      /* else it is a switch */
    uint32_t flag; /* 0: it changes nothing here */
  } keys[] = {
    { "type", offsetof (struct mount_words, type), true, 0 },
    { "source", offsetof (struct mount_words, source), true, 0 },
    { "src", offsetof (struct mount_words, source), true, 0 },
    { "target", offsetof (struct mount_words, target), true, 0 },
    { "destination", offsetof (struct mount_words, target), true, 0 },
    { "dst", offsetof (struct mount_words, target), true, 0 },
    { "readonly", 0, false, PLAN_BINDING_READ_ONLY },
    { "ro", 0, false, PLAN_BINDING_READ_ONLY },
    { "bind-propagation", 0, false, 0 },
    { "bind-recursive", 0, false, 0 },
    { "bind-nonrecursive", 0, false, 0 },
    { "consistency", 0, false, 0 },
    { "tmpfs-size", offsetof (struct mount_words, size), true, 0 },
    { "tmpfs-mode", offsetof (struct mount_words, mode), true, 0 },
  };
  const size_t count = sizeof keys / sizeof keys[0];
  size_t length = strcspn (field, "=");
  const char *value = field[length] == '=' ? field + length + 1 : NULL;
  size_t i = 0;
  while (i < count
         && (strlen (keys[i].key) != length
             || strncmp (keys[i].key, field, length) != 0))
    i++;
  if (i == count || (keys[i].own && value == NULL))
    return bad_mount (word, field, err);
  if (keys[i].own)
    {
      char **text = (char **) (void *) ((char *) words + keys[i].text);
      free (*text);
      *text = xstrdup (value);
    }
  else if (value == NULL || strcmp (value, "true") == 0
           || strcmp (value, "1") == 0)
    words->flags |= keys[i].flag;
  else if (keys[i].flag != 0 && strcmp (value, "false") != 0
           && strcmp (value, "0") != 0)
    return bad_mount (word, field, err);
  return 0;
}

/* Make VOLUME of WORDS, the fields of the --mount WORD.  */
static int
use_words (const struct mount_words *words, const char *word,
           struct run_volume *volume, struct error *err)
{
  const char *type = words->type != NULL ? words->type : "volume";
  volume->temporary = strcmp (type, "tmpfs") == 0;
  volume->flags = words->flags;
  if (!volume->temporary && strcmp (type, "bind") != 0)
    return error_set (err, EINVAL,
                      _ ("invalid --mount '%s': there are no mounts of type "
                         "'%s', only of type=bind and type=tmpfs"),
                      word, type);
  if (words->target == NULL)
    return error_set (err, EINVAL, _ ("invalid --mount '%s': no target="),
                      word);
  if (volume->temporary != (words->source == NULL))
    return error_set (err, EINVAL,
                      volume->temporary
                          ? _ ("invalid --mount '%s': what is temporary has no "
                               "source=")
                          : _ ("invalid --mount '%s': no source="),
                      word);
  int status = set_guest (volume, words->target, err);
  if (status == 0 && !volume->temporary)
    status = set_host (volume, words->source, err);
  if (status == 0 && words->size != NULL)
    status = read_temporary_option ("size=", word, volume, err);
  if (status == 0 && words->mode != NULL)
    {
      AUTO_FREE char *mode = xasprintf ("mode=%s", words->mode);
      status = read_temporary_option (mode, word, volume, err);
    }
  return status;
}

int
run_mount_read (const char *word, struct run_volume *volume, struct error *err)
{
  *volume = (struct run_volume){ 0 };
  struct mount_words words = { 0 };
  const char *rest = word;
  int status = 0;
  while (status == 0)
    {
      AUTO_FREE char *field = take_field (&rest);
      if (field == NULL)
        break;
      status = read_field (&words, word, field, err);
    }
  if (status == 0)
    status = use_words (&words, word, volume, err);
  if (status < 0)
    run_volume_release (volume);
  free (words.type);
  free (words.source);
  free (words.target);
  free (words.size);
  free (words.mode);
  return status;
}

int
run_tmpfs_read (const char *word, struct run_volume *volume, struct error *err)
{
  *volume = (struct run_volume){ .temporary = true };
  size_t length = strcspn (word, ":");
  AUTO_FREE char *guest = xstrndup (word, length);
  int status = set_guest (volume, guest, err);
  const char *rest = word + length + (word[length] == ':');
  while (status == 0 && *rest != '\0')
    {
      AUTO_FREE char *option = take_field (&rest);
      status = read_temporary_option (option, word, volume, err);
    }
  if (status < 0)
    run_volume_release (volume);
  return status;
}
