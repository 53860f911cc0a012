/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Settings: one typed table, read from defaults, files, environment and
   command line.

   Configuration files are those of the Python tool: INI, section [DEFAULT]
   (its header may be missing, other sections are skipped), "key = value" or
   "key: value", lines that begin with a blank go on with the value before,
   comments begin with "#" or ";", %% is a percent sign and %(key)s the value
   of another key.  Here every key has a type, so "False" is false.

   Which file may name the top directory matters, because the top directory
   holds a configuration file itself: --repo and UDOCKER_DIR are looked at
   before that file is read, and the file cannot move the directory that it
   was found in.  */

#include <config.h>

#include "src/config/config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/config/literal.h"
#include "src/config/setting.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

#define SYSTEM_FILE "/etc/udocker.conf"
#define FILE_NAME "udocker.conf"

static const char blanks[] = " \t\r\n";

/* Where a value came from, for messages.  */
struct origin
{
  const char *name;     /* file, variable or option */
  unsigned line;        /* 0 where there are no lines */
  bool may_be_relative; /* relative directories start at the current one */
};

static int
origin_error (const struct origin *origin, struct error *err)
{
  if (origin->line > 0)
    return error_prefix (err, "%s:%u", origin->name, origin->line);
  return error_prefix (err, "%s", origin->name);
}

static void *
member_of (struct config *config, const struct setting *setting)
{
  return (char *) config + setting->offset;
}

static void
replace_text (char **place, char *text)
{
  free (*place);
  *place = text;
}

/* Return TEXT as an absolute path, which the caller frees, or NULL when it is
   relative and may not be.  */
static char *
absolute_path (const char *text, bool may_be_relative)
{
  if (*text == '/' || *text == '\0')
    return xstrdup (text);
  if (text[0] == '~' && (text[1] == '/' || text[1] == '\0'))
    {
      const char *home = platform_home ();
      return home == NULL ? NULL : xasprintf ("%s%s", home, text + 1);
    }
  if (!may_be_relative)
    return NULL;

  AUTO_FREE char *here = getcwd (NULL, 0);
  if (here == NULL)
    return NULL;
  while (text[0] == '.' && text[1] == '/')
    text += 2;
  if (strcmp (text, ".") == 0)
    return TAKE (here);
  return xasprintf ("%s/%s", strcmp (here, "/") == 0 ? "" : here, text);
}

/* Set SETTING in CONFIG to what TEXT says.  */
static int
assign (struct config *config, const struct setting *setting, const char *text,
        const struct origin *origin, struct error *err)
{
  void *place = member_of (config, setting);
  AUTO_FREE char *plain = literal_read_text (text);
  bool truth = false;

  switch (setting->type)
    {
    case SETTING_TEXT:
      replace_text (place, TAKE (plain));
      return 0;

    case SETTING_PATH:
      {
        char *path = absolute_path (plain, origin->may_be_relative);
        if (path == NULL)
          {
            error_set (err, EINVAL, _ ("%s must be an absolute path, not '%s'"),
                       setting->name, plain);
            return origin_error (origin, err);
          }
        replace_text (place, path);
        return 0;
      }

    case SETTING_INTEGER:
      if (literal_read_integer (text, place))
        return 0;
      error_set (err, EINVAL, _ ("%s must be a whole number, not '%s'"),
                 setting->name, text);
      return origin_error (origin, err);

    case SETTING_TRUTH:
      if (setting_read_truth (plain, &truth))
        {
          memcpy (place, &truth, sizeof truth);
          return 0;
        }
      error_set (err, EINVAL, _ ("%s must be True or False, not '%s'"),
                 setting->name, text);
      return origin_error (origin, err);

    case SETTING_CHOICE:
      if (*plain == '\0' || setting_read_truth (plain, &truth))
        {
          enum config_choice choice = *plain == '\0' ? CONFIG_UNSET
                                      : truth        ? CONFIG_YES
                                                     : CONFIG_NO;
          memcpy (place, &choice, sizeof choice);
          return 0;
        }
      error_set (err, EINVAL, _ ("%s must be True, False or None, not '%s'"),
                 setting->name, text);
      return origin_error (origin, err);

    case SETTING_LIST:
      if (literal_read_list (text, place))
        return 0;
      error_set (err, EINVAL, _ ("%s must be a list, not '%s'"), setting->name,
                 text);
      return origin_error (origin, err);
    }
  assert (!(bool) "a type of setting that does not exist");
  return -EINVAL;
}

/* Append the value of KEY in CONFIG to OUT as text.  Return whether there is
   such a key.  */
static bool
append_value (struct config *config, const char *key, struct buffer *out)
{
  const struct setting *setting = setting_find (key);

  if (setting == NULL)
    return false;
  void *place = member_of (config, setting);
  switch (setting->type)
    {
    case SETTING_TEXT:
    case SETTING_PATH:
      {
        const char *text = *(char *const *) place;
        buffer_add_string (out, text == NULL ? "" : text);
        return true;
      }
    case SETTING_INTEGER:
      buffer_add_format (out, "%d", *(const int *) place);
      return true;
    case SETTING_TRUTH:
      buffer_add_string (out, *(const bool *) place ? "True" : "False");
      return true;
    case SETTING_CHOICE:
      {
        enum config_choice choice = *(const enum config_choice *) place;
        buffer_add_string (out, choice == CONFIG_UNSET ? "None"
                                : choice == CONFIG_YES ? "True"
                                                       : "False");
        return true;
      }
    case SETTING_LIST:
      literal_print_list (out, place);
      return true;
    }
  return false;
}

/* Return TEXT with %% and %(key)s replaced, which the caller frees, or NULL
   with ERR set.  */
static char *
interpolate (struct config *config, const char *text, struct error *err)
{
  AUTO_BUFFER (out);

  while (*text != '\0')
    {
      if (text[0] == '%' && text[1] == '%')
        {
          buffer_add_char (&out, '%');
          text += 2;
        }
      else if (text[0] == '%' && text[1] == '(' && strstr (text, ")s") != NULL)
        {
          const char *end = strstr (text, ")s");
          AUTO_FREE char *key = xstrndup (text + 2, (size_t) (end - text) - 2);
          if (!append_value (config, key, &out))
            {
              error_set (err, EINVAL, _ ("'%%(%s)s' names no setting"), key);
              return NULL;
            }
          text = end + 2;
        }
      else
        buffer_add_char (&out, *text++);
    }
  return buffer_take (&out);
}

/* Say that SETTING, which ORIGIN sets, has no effect if it has none.  */
static void
note_effect (const struct setting *setting, const struct origin *origin)
{
  if (setting->help == NULL)
    log_debug (_ ("%s: the setting '%s' has no effect"), origin->name,
               setting->name);
}

/* Set what KEY names to VALUE, both from a file.  */
static int
assign_key (struct config *config, const char *key, const char *value,
            const struct origin *origin, struct error *err)
{
  const struct setting *setting = setting_find (key);

  if (setting == NULL)
    {
      log_warning (_ ("%s:%u: unknown setting '%s'"), origin->name,
                   origin->line, key);
      return 0;
    }
  note_effect (setting, origin);
  AUTO_FREE char *text = interpolate (config, value, err);
  if (text == NULL)
    return origin_error (origin, err);
  return assign (config, setting, text, origin, err);
}

/* A setting that is being read: its value may go on in the next line.  */
struct entry
{
  char *key; /* NULL when there is none */
  struct buffer value;
  struct origin origin;
};

/* Set what ENTRY says, and forget it.  */
static int
finish_entry (struct config *config, struct entry *entry, struct error *err)
{
  int status = 0;

  if (entry->key != NULL)
    status = assign_key (config, entry->key,
                         entry->value.data == NULL ? "" : entry->value.data,
                         &entry->origin, err);
  free (entry->key);
  entry->key = NULL;
  buffer_release (&entry->value);
  return status;
}

/* Begin ENTRY from LINE ("key = value").  */
static int
begin_entry (struct entry *entry, const char *line, const char *name,
             unsigned number, struct error *err)
{
  const char *separator = line + strcspn (line, "=:");

  entry->origin = (struct origin){ .name = name, .line = number };
  if (*separator == '\0')
    {
      error_set (err, EINVAL, _ ("'%s' is no 'key = value'"), line);
      return origin_error (&entry->origin, err);
    }

  size_t length = (size_t) (separator - line);
  while (length > 0 && strchr (blanks, line[length - 1]) != NULL)
    length--;
  entry->key = xstrndup (line, length);
  for (char *c = entry->key; *c != '\0'; c++)
    *c = (char) tolower ((unsigned char) *c);
  buffer_add_string (&entry->value,
                     separator + 1 + strspn (separator + 1, blanks));
  return 0;
}

int
config_read_text (struct config *config, const char *text, const char *name,
                  struct error *err)
{
  struct entry entry = { 0 };
  bool skipping = false; /* in a section that is not ours */
  unsigned number = 0;
  int status = 0;

  /* Some editors put this mark in front of UTF-8.  */
  if (strncmp (text, "\xef\xbb\xbf", 3) == 0)
    text += 3;

  while (*text != '\0' && status == 0)
    {
      size_t length = strcspn (text, "\n");
      const char *start = text + strspn (text, " \t\r");
      const char *end = text + length;
      bool indented = start > text;

      while (end > start && strchr (blanks, end[-1]) != NULL)
        end--;
      AUTO_FREE char *line =
          start < end ? xstrndup (start, (size_t) (end - start)) : xstrdup ("");
      text += length + (text[length] == '\n');
      number++;

      if (line[0] == '#' || line[0] == ';')
        continue;
      if (indented && line[0] != '\0' && entry.key != NULL)
        {
          buffer_add_char (&entry.value, '\n');
          buffer_add_string (&entry.value, line);
          continue;
        }
      status = finish_entry (config, &entry, err);
      if (status < 0 || line[0] == '\0')
        continue;
      if (line[0] == '[')
        skipping = strcmp (line, "[DEFAULT]") != 0;
      else if (!skipping)
        status = begin_entry (&entry, line, name, number, err);
    }
  if (status == 0)
    return finish_entry (config, &entry, err);
  free (entry.key);
  buffer_release (&entry.value);
  return status;
}

/* Read the configuration file PATH over CONFIG; unless REQUIRED it may be
   missing, or closed to us.  */
static int
read_file (struct config *config, const char *path, bool required,
           struct error *err)
{
  AUTO_FREE char *text = NULL;
  AUTO_ERROR struct error failure = { 0 };

  int status = file_read (AT_FDCWD, path, &text, NULL, &failure);
  if (status < 0)
    {
      if (required)
        return error_move (err, &failure);
      if (status != -ENOENT && status != -ENOTDIR)
        log_warning (_ ("configuration file: %s"), failure.text);
      return 0;
    }
  log_debug (_ ("using config file: %s"), path);
  return config_read_text (config, text, path, err);
}

/* Set what the environment says over CONFIG.  */
static int
read_environment (struct config *config, struct error *err)
{
  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    {
      const char *value =
          setting->variable == NULL ? NULL : getenv (setting->variable);
      /* Empty is not set, but for programs, where it says "search PATH".  */
      if (value == NULL
          || (*value == '\0' && strncmp (setting->name, "use_", 4) != 0))
        continue;
      struct origin origin = { .name = setting->variable,
                               .may_be_relative = true };
      note_effect (setting, &origin);
      int status = assign (config, setting, value, &origin, err);
      if (status < 0)
        return status;
    }
  return 0;
}

static int
set_defaults (struct config *config, struct error *err)
{
  struct origin origin = { .name = "built-in default" };

  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    {
      int status =
          assign (config, setting, setting->default_text, &origin, err);
      if (status < 0)
        return status;
    }

  const char *home = platform_home ();
  if (home != NULL)
    replace_text (
        &config->homedir,
        xasprintf ("%s/.udocker", strcmp (home, "/") == 0 ? "" : home));
  const char *temporary = getenv ("TMPDIR");
  if (temporary != NULL && *temporary == '/')
    replace_text (&config->tmpdir, xstrdup (temporary));
  return 0;
}

/* Return the top directory as the command line, the environment or the files
   read so far have it; the caller frees it.  NULL with ERR set when there is
   none.  */
static char *
find_top (const struct config *config,
          const struct config_command_line *command_line, struct error *err)
{
  const char *variable = getenv ("UDOCKER_DIR");
  const char *top = config->topdir;

  if (command_line->repository != NULL)
    top = command_line->repository;
  else if (variable != NULL && *variable != '\0')
    top = variable;
  else if (*top == '\0')
    top = config->homedir;

  if (*top == '\0')
    {
      if (command_line->repository != NULL)
        error_set (err, EINVAL, _ ("invalid udocker repository: ''"));
      else
        error_set (err, ENOENT,
                   _ ("no home directory; set HOME, UDOCKER_DIR or --repo"));
      return NULL;
    }
  AUTO_FREE char *path = absolute_path (top, true);
  if (path == NULL)
    {
      error_set (err, ENOENT, _ ("cannot tell where '%s' is: %s"), top,
                 strerror (errno));
      return NULL;
    }
  size_t length = strlen (path);
  while (length > 1 && path[length - 1] == '/')
    path[--length] = '\0';
  return TAKE (path);
}

/* Fill the directories that were not set with what they are then.  */
static void
derive (struct config *config)
{
  const struct
  {
    char **place;
    const char *name;
  } parts[] = {
    { &config->bindir, "bin" },       { &config->libdir, "lib" },
    { &config->docdir, "doc" },       { &config->reposdir, "repos" },
    { &config->layersdir, "layers" }, { &config->containersdir, "containers" },
  };
  const char *slash = strcmp (config->topdir, "/") == 0 ? "" : "/";

  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    if (**parts[i].place == '\0')
      replace_text (parts[i].place,
                    xasprintf ("%s%s%s", config->topdir, slash, parts[i].name));
  if (*config->homedir == '\0')
    replace_text (&config->homedir, xstrdup (config->topdir));
  if (*config->keystore != '/')
    replace_text (
        &config->keystore,
        xasprintf ("%s/%s", config->homedir,
                   *config->keystore == '\0' ? "keystore" : config->keystore));
  if (*config->tmpdir == '\0')
    replace_text (&config->tmpdir, xstrdup ("/tmp"));
}

/* Read the three files that may exist, and set the top directory.  */
static int
read_files (struct config *config,
            const struct config_command_line *command_line, struct error *err)
{
  const char *off = getenv ("UDOCKER_NOSYSCONF");
  bool truth = true;
  int status = 0;

  if (off == NULL || *off == '\0'
      || (setting_read_truth (off, &truth) && !truth))
    status = read_file (config, SYSTEM_FILE, false, err);

  AUTO_FREE char *home = xstrdup (config->homedir);
  if (status == 0 && *home != '\0')
    {
      AUTO_FREE char *path = xasprintf ("%s/%s", home, FILE_NAME);
      status = read_file (config, path, false, err);
    }
  if (status < 0)
    return status;

  AUTO_FREE char *top = find_top (config, command_line, err);
  if (top == NULL)
    return -err->number;
  if (strcmp (top, home) != 0)
    {
      AUTO_FREE char *path = xasprintf ("%s/%s", top, FILE_NAME);
      status = read_file (config, path, false, err);
    }
  replace_text (&config->topdir, TAKE (top));
  return status;
}

int
config_load (struct config *config,
             const struct config_command_line *command_line, struct error *err)
{
  int status = set_defaults (config, err);

  if (status == 0)
    status = read_files (config, command_line, err);
  if (status == 0 && command_line->file != NULL)
    {
      status = read_file (config, command_line->file, true, err);
      if (status < 0)
        return error_prefix (err, "--config");
    }
  if (status == 0)
    status = read_environment (config, err);
  if (status < 0)
    return status;

  /* --config may name the top directory too; --repo and UDOCKER_DIR win.  */
  char *top = find_top (config, command_line, err);
  if (top == NULL)
    return -err->number;
  replace_text (&config->topdir, top);
  derive (config);

  if (command_line->quiet)
    config->verbose_level = LOG_RESULT;
  if (command_line->debug)
    config->verbose_level = LOG_DEBUG;
  config->http_insecure |= command_line->insecure;
  config->allow_root = command_line->allow_root;
  config->repository_given = command_line->repository != NULL;
  return 0;
}

void
config_release (struct config *config)
{
  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    if (setting->type == SETTING_LIST)
      literal_release_list (member_of (config, setting));
    else if (setting->type == SETTING_TEXT || setting->type == SETTING_PATH)
      replace_text (member_of (config, setting), NULL);
  *config = (struct config){ 0 };
}

void
config_print (const struct config *config, struct buffer *out)
{
  /* append_value only reads.  */
  union
  {
    const struct config *constant;
    struct config *changeable;
  } cast = { .constant = config };

  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    {
      buffer_add_format (out, "%s = ", setting->name);
      append_value (cast.changeable, setting->name, out);
      buffer_add_char (out, '\n');
    }
}

/* Return the value at PLACE, of SETTING, as JSON.  */
static struct json_object *
value_to_json (const struct setting *setting, const void *place)
{
  switch (setting->type)
    {
    case SETTING_TEXT:
    case SETTING_PATH:
      return json_object_new_string (*(char *const *) place);
    case SETTING_INTEGER:
      return json_object_new_int (*(const int *) place);
    case SETTING_TRUTH:
      return json_object_new_boolean (*(const bool *) place);
    case SETTING_CHOICE:
      {
        enum config_choice choice = *(const enum config_choice *) place;
        return choice == CONFIG_UNSET
                   ? NULL
                   : json_object_new_boolean (choice == CONFIG_YES);
      }
    case SETTING_LIST:
      {
        const struct config_list *list = place;
        struct json_object *array = json_object_new_array ();
        for (size_t i = 0; i < list->count; i++)
          json_object_array_add (array,
                                 json_object_new_string (list->items[i]));
        return array;
      }
    }
  return NULL;
}

struct json_object *
config_to_json (const struct config *config)
{
  struct json_object *object = json_object_new_object ();

  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    json_object_object_add (
        object, setting->name,
        value_to_json (setting, (const char *) config + setting->offset));
  return object;
}
