/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What devices of the Container Device Interface want done to a container.  */

#include <config.h>

#include "src/platform/cdi-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/path.h"
#include "src/platform/edits.h"
#include "src/platform/library.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* More than any device has: what has more was made to keep us busy.  */
enum
{
  LIST_MAXIMUM = 4096,
  MOUNTS_MAXIMUM = 4096
};

struct json_object *
cdi_list_of (struct json_object *object, const char *key, size_t *count)
{
  struct json_object *list = json_member (object, key, json_type_array);
  *count = list == NULL ? 0 : json_object_array_length (list);
  if (*count > LIST_MAXIMUM)
    {
      log_warning (
          _ ("of %zu members %s in a specification of devices the first"
             " %d are heeded"),
          *count, key, LIST_MAXIMUM);
      *count = LIST_MAXIMUM;
    }
  return list;
}

/* Say in the debug log that MEMBER of CONTEXT is not heeded, if ITEM has it. */
static void
tell_unheeded (struct json_object *item, const char *member,
               const char *context)
{
  if (json_object_object_get_ex (item, member, NULL))
    log_debug ("CDI: %s of '%s' is not heeded", member, context);
}

/* Add the file or device HOST, which must be there, at GUEST; NODE: it must be
   a device.  */
static int
add_mount (struct device_edits *edits, const char *host, const char *guest,
           bool read_only, bool node, struct error *err)
{
  struct stat st;
  if (host == NULL || guest == NULL || host[0] != '/' || guest[0] != '/')
    return error_set (err, EBADMSG,
                      _ ("a specification of devices has a mount without "
                         "absolute paths"));
  if (stat (host, &st) < 0)
    return error_set (err, errno, _ ("the host has no '%s': %s"), host,
                      strerror (errno));
  if (node && !S_ISCHR (st.st_mode) && !S_ISBLK (st.st_mode)
      && !S_ISFIFO (st.st_mode))
    return error_set (err, ENOTBLK, _ ("not a device: %s"), host);
  if (edits->mount_count >= MOUNTS_MAXIMUM)
    return error_set (err, E2BIG,
                      _ ("a specification of devices has more than %d mounts"),
                      MOUNTS_MAXIMUM);
  AUTO_FREE char *place = path_normalize (guest, PATH_PARENTS_TAKEN);
  if (strcmp (place, "/") == 0)
    return error_set (err, EBADMSG,
                      _ ("a specification of devices has a mount at the"
                         " container's root directory"));
  edits_add_mount (edits, host, place, read_only);
  return 0;
}

/* Set *READ_ONLY after the options of the mount ITEM at GUEST.  */
static void
read_options (struct json_object *item, const char *guest, bool *read_only)
{
  /* What a binding is anyhow, or cannot be in a container that has nobody's
     privileges but the user's.  */
  static const char *const usual[] = { "bind",     "rbind",   "nosuid",
                                       "nodev",    "private", "slave",
                                       "rprivate", "rslave",  "relatime" };
  size_t count = 0;
  struct json_object *options = cdi_list_of (item, "options", &count);

  *read_only = false;
  for (size_t i = 0; i < count; i++)
    {
      const char *option =
          json_object_get_string (json_object_array_get_idx (options, i));
      bool known = option == NULL;
      if (option != NULL
          && (strcmp (option, "ro") == 0 || strcmp (option, "rw") == 0))
        {
          *read_only = option[1] == 'o';
          known = true;
        }
      for (size_t j = 0; !known && j < sizeof usual / sizeof *usual; j++)
        known = strcmp (option, usual[j]) == 0;
      if (!known)
        log_debug ("CDI: option %s of '%s' is not heeded", option, guest);
    }
}

static int
add_mounts (struct json_object *from, struct device_edits *edits,
            struct error *err)
{
  size_t count = 0;
  struct json_object *list = cdi_list_of (from, "mounts", &count);
  int status = 0;

  for (size_t i = 0; i < count && status == 0; i++)
    {
      struct json_object *item = json_object_array_get_idx (list, i);
      const char *guest = json_string (item, "containerPath");
      const char *type = json_string (item, "type");
      bool read_only = false;
      if (type != NULL && type[0] != '\0' && strcmp (type, "bind") != 0
          && strcmp (type, "none") != 0)
        {
          log_warning (_ ("a device wants a file system of type %s at '%s', and"
                          " goes without"),
                       type, guest != NULL ? guest : "?");
          continue;
        }
      read_options (item, guest != NULL ? guest : "?", &read_only);
      status = add_mount (edits, json_string (item, "hostPath"), guest,
                          read_only, false, err);
    }
  return status;
}

/* Compare what ITEM says about the node HOST with what it is: the host's is
   what can be shown.  */
static int
check_node (struct json_object *item, const char *host, const char *permissions,
            struct error *err)
{
  static const struct
  {
    const char *type;
    mode_t mode;
  } types[] = {
    { "b", S_IFBLK }, { "c", S_IFCHR }, { "u", S_IFCHR }, { "p", S_IFIFO }
  };
  const char *type = json_string (item, "type");
  struct stat st;

  if (stat (host, &st) < 0)
    return error_set (err, errno, _ ("the host has no '%s': %s"), host,
                      strerror (errno));
  bool good = type == NULL || type[0] == '\0';
  for (size_t i = 0; !good && i < sizeof types / sizeof *types; i++)
    good = strcmp (type, types[i].type) == 0
           && (st.st_mode & S_IFMT) == types[i].mode;
  if (!good)
    return error_set (err, ENOTBLK, _ ("'%s' is no device of type '%s'"), host,
                      type);
  if (permissions[strspn (permissions, "rwm")] != '\0')
    return error_set (err, EBADMSG,
                      _ ("a device has permissions '%s', which are not some of"
                         " rwm"),
                      permissions);
  if (json_integer (item, "major", major (st.st_rdev)) != major (st.st_rdev)
      || json_integer (item, "minor", minor (st.st_rdev)) != minor (st.st_rdev))
    log_debug ("CDI: the host's '%s' is %u:%u, and shown", host,
               major (st.st_rdev), minor (st.st_rdev));
  /* Without privileges nothing but the node's own mode keeps anybody off.  */
  if (permissions[0] != '\0'
      && (strchr (permissions, 'r') == NULL
          || strchr (permissions, 'w') == NULL))
    log_debug ("CDI: permissions %s of '%s' are not heeded", permissions, host);
  tell_unheeded (item, "fileMode", host);
  tell_unheeded (item, "uid", host);
  tell_unheeded (item, "gid", host);
  return 0;
}

static int
add_nodes (struct json_object *from, struct device_edits *edits,
           struct error *err)
{
  size_t count = 0;
  struct json_object *list = cdi_list_of (from, "deviceNodes", &count);
  int status = 0;

  for (size_t i = 0; i < count && status == 0; i++)
    {
      struct json_object *item = json_object_array_get_idx (list, i);
      const char *guest = json_string (item, "path");
      const char *host = json_string (item, "hostPath");
      const char *permissions = json_string (item, "permissions");
      if (host == NULL || host[0] == '\0')
        host = guest;
      if (permissions == NULL)
        permissions = "";
      status = add_mount (edits, host, guest, false, true, err);
      if (status == 0)
        status = check_node (item, host, permissions, err);
    }
  return status;
}

/* Add the variables and groups of FROM.  */
static void
add_settings (struct json_object *from, struct device_edits *edits)
{
  size_t count = 0;
  struct json_object *list = cdi_list_of (from, "env", &count);
  for (size_t i = 0; i < count; i++)
    {
      const char *text =
          json_object_get_string (json_object_array_get_idx (list, i));
      if (text != NULL && strchr (text, '=') != NULL && text[0] != '=')
        edits_add_variable (edits, text);
      else
        log_debug ("CDI: no variable: '%s'", text != NULL ? text : "null");
    }
  list = cdi_list_of (from, "additionalGids", &count);
  for (size_t i = 0; i < count; i++)
    {
      int64_t group =
          json_object_get_int64 (json_object_array_get_idx (list, i));
      if (group > 0 && group < UINT32_MAX)
        edits_add_group (edits, (gid_t) group);
    }
}

int
cdi_add_edits (struct json_object *from, struct device_edits *edits,
               struct error *err)
{
  size_t count = 0;
  add_settings (from, edits);
  (void) cdi_list_of (from, "netDevices", &count);
  if (count > 0)
    log_warning (_ ("a device wants network interfaces moved into the"
                    " container, and goes without"));
  tell_unheeded (from, "intelRdt", "containerEdits");
  int status = add_nodes (from, edits, err);
  return status < 0 ? status : add_mounts (from, edits, err);
}

/* --- hooks ---------------------------------------------------------------- */

/* Add a link at LINK to TARGET, which leads somewhere among the mounts of
   EDITS, by mounting what that shows.  Return whether it does.  */
static bool
add_link (struct device_edits *edits, const char *target, const char *link)
{
  AUTO_FREE char *whole =
      target[0] == '/'
          ? xstrdup (target)
          : xasprintf ("%.*s/%s", (int) (strrchr (link, '/') - link), link,
                       target);
  AUTO_FREE char *place = path_normalize (whole, PATH_PARENTS_TAKEN);
  AUTO_FREE char *at = path_normalize (link, PATH_PARENTS_TAKEN);
  const struct edit_mount *mount = edits_find (edits, place);
  if (mount == NULL || edits->mount_count >= MOUNTS_MAXIMUM)
    return false;
  AUTO_FREE char *host = xstrdup (mount->host);
  edits_add_mount (edits, host, at, mount->read_only);
  return true;
}

/* Add the links, each "TARGET::LINK", of which the COUNT texts at LINKS are
   some: one may lead to another that comes later.  */
static void
add_links (struct device_edits *edits, const char **links, size_t count)
{
  for (bool more = true; more;)
    {
      more = false;
      for (size_t i = 0; i < count; i++)
        {
          const char *colons =
              links[i] == NULL ? NULL : strstr (links[i], "::");
          if (colons == NULL || colons[2] != '/')
            continue;
          AUTO_FREE char *target =
              xstrndup (links[i], (size_t) (colons - links[i]));
          if (add_link (edits, target, colons + 2))
            {
              links[i] = NULL;
              more = true;
            }
        }
    }
  for (size_t i = 0; i < count; i++)
    if (links[i] != NULL)
      log_debug ("no target for the link %s of a device", links[i]);
}

/* Add the names by which the libraries of EDITS in FOLDER are needed: links
   that ldconfig makes when a hook runs it, and of which specifications that are
   generated say nothing.  */
static void
add_library_names (struct device_edits *edits, const char *folder)
{
  AUTO_FREE char *place = path_normalize (folder, PATH_PARENTS_TAKEN);
  size_t length = strlen (place);

  for (size_t i = 0, count = edits->mount_count; i < count; i++)
    {
      const struct edit_mount *mount = &edits->mounts[i];
      struct library library;
      if (strncmp (mount->guest, place, length) != 0
          || mount->guest[length] != '/'
          || strchr (mount->guest + length + 1, '/') != NULL
          || strstr (mount->guest + length, ".so") == NULL)
        continue;
      if (library_read (mount->host, &library) && library.name != NULL
          && edits->mount_count < MOUNTS_MAXIMUM
          && strchr (library.name, '/') == NULL)
        {
          AUTO_FREE char *host = xstrdup (mount->host);
          AUTO_FREE char *guest = xasprintf ("%s/%s", place, library.name);
          edits_add_mount (edits, host, guest, mount->read_only);
        }
      library_release (&library);
    }
}

/* Return the value of option NAME where word I of LIST is it, as "--NAME=VALUE"
   or "--NAME" "VALUE"; else NULL.  */
static const char *
option_value (struct json_object *list, size_t i, const char *name)
{
  const char *word =
      json_object_get_string (json_object_array_get_idx (list, i));
  size_t length = strlen (name);

  if (word == NULL || strncmp (word, name, length) != 0)
    return NULL;
  if (word[length] == '=')
    return word + length + 1;
  return word[length] == '\0'
             ? json_object_get_string (json_object_array_get_idx (list, i + 1))
             : NULL;
}

void
cdi_add_folders (struct json_object *from, struct device_edits *edits)
{
  size_t count = 0;
  struct json_object *list = cdi_list_of (from, "hooks", &count);

  for (size_t i = 0; i < count; i++)
    {
      size_t words = 0;
      struct json_object *arguments =
          cdi_list_of (json_object_array_get_idx (list, i), "args", &words);
      for (size_t j = 0; j < words; j++)
        {
          const char *folder = option_value (arguments, j, "--folder");
          if (folder == NULL || folder[0] != '/')
            continue;
          edits_add_folder (edits, folder);
          add_library_names (edits, folder);
        }
    }
}

/* Tell that HOOK, of which nothing was done, is not run; in the debug log when
   it is one of those that a container of ours does not miss.  */
static void
tell_hook (struct json_object *hook)
{
  static const char *const harmless[] = { "chmod",
                                          "enable-cuda-compat",
                                          "disable-device-node-modification",
                                          "create-symlinks",
                                          "create-soname-symlinks",
                                          "update-ldcache" };
  const char *path = json_string (hook, "path");
  size_t count = 0;
  struct json_object *list = cdi_list_of (hook, "args", &count);

  for (size_t i = 0; i < count; i++)
    {
      const char *word =
          json_object_get_string (json_object_array_get_idx (list, i));
      for (size_t j = 0; word != NULL && j < sizeof harmless / sizeof *harmless;
           j++)
        if (strcmp (word, harmless[j]) == 0)
          {
            log_debug ("CDI: the hook %s is not run", word);
            return;
          }
    }
  if (path != NULL)
    log_warning (_ ("a device wants a hook '%s' run, and goes without"), path);
}

void
cdi_add_hooks (struct json_object *from, struct device_edits *edits)
{
  size_t count = 0;
  struct json_object *list = cdi_list_of (from, "hooks", &count);

  for (size_t i = 0; i < count; i++)
    {
      struct json_object *hook = json_object_array_get_idx (list, i);
      size_t words = 0;
      struct json_object *arguments = cdi_list_of (hook, "args", &words);
      AUTO_FREE const char **links = xcalloc (words + 1, sizeof *links);
      size_t link_count = 0;
      bool understood = hook == NULL;
      for (size_t j = 0; j < words; j++)
        {
          const char *folder = option_value (arguments, j, "--folder");
          const char *link = option_value (arguments, j, "--link");
          understood = understood || folder != NULL || link != NULL;
          if (link != NULL)
            links[link_count++] = link;
        }
      add_links (edits, links, link_count);
      if (!understood)
        tell_hook (hook);
    }
}
