/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The environment that a container's program gets.  */

#include <config.h>

#include "src/container/run-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/image/store.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

extern char **environ;

/* Return where in PLAN's environment the variable is whose name is the first
   LENGTH bytes of NAME, or the count of variables.  */
static size_t
find_variable (const struct run_plan *plan, const char *name, size_t length)
{
  size_t i = 0;
  while (i < plan->environment_count
         && (strncmp (plan->environment[i], name, length) != 0
             || plan->environment[i][length] != '='))
    i++;
  return i;
}

const char *
run_plan_environment (const struct run_plan *plan, const char *name)
{
  size_t length = strlen (name);
  size_t i = find_variable (plan, name, length);
  if (i == plan->environment_count)
    return NULL;
  return plan->environment[i] + length + 1;
}

/* Give the variable in TEXT, NAME=VALUE, its value in PLAN; an older value is
   replaced if OVERRIDE, else kept.  */
static void
put_variable (struct run_plan *plan, const char *text, bool override)
{
  size_t length = strcspn (text, "=");
  size_t i = find_variable (plan, text, length);
  if (i == plan->environment_count)
    run_list_add (&plan->environment, &plan->environment_count, xstrdup (text));
  else if (override)
    {
      free (plan->environment[i]);
      plan->environment[i] = xstrdup (text);
    }
}

/* Give variable NAME the value VALUE.  */
static void
set_variable (struct run_plan *plan, const char *name, const char *value,
              bool override)
{
  AUTO_FREE char *text = xasprintf ("%s=%s", name, value);
  put_variable (plan, text, override);
}

/* Blanks that are around names, and in files around values.  */
#define BLANKS " \t\r\n\v\f"

/* Return whether the first LENGTH bytes of TEXT are a name that a shell could
   use.  */
static bool
name_is_valid (const char *text, size_t length)
{
  return length > 0 && strcspn (text, BLANKS) >= length
         && !(text[0] >= '0' && text[0] <= '9');
}

/* Return where NAME, of LENGTH bytes, is among the names that are not to be
   set, or their count.  */
static size_t
find_unset (const struct run_plan *plan, const char *name, size_t length)
{
  size_t i = 0;
  while (i < plan->unset_count
         && (strlen (plan->unset[i]) != length
             || strncmp (plan->unset[i], name, length) != 0))
    i++;
  return i;
}

/* Let NAME, of LENGTH bytes, not be set, whoever else sets it.  */
static void
unset_variable (struct run_plan *plan, const char *name, size_t length)
{
  if (find_unset (plan, name, length) == plan->unset_count)
    run_list_add (&plan->unset, &plan->unset_count, xstrndup (name, length));
}

/* Take back that NAME, of LENGTH bytes, is not to be set.  */
static void
let_set (struct run_plan *plan, const char *name, size_t length)
{
  size_t i = find_unset (plan, name, length);
  if (i == plan->unset_count)
    return;
  free (plan->unset[i]);
  plan->unset[i] = plan->unset[--plan->unset_count];
  plan->unset[plan->unset_count] = NULL;
}

/* Take out of PLAN what is not to be set.  */
static void
drop_unset (struct run_plan *plan)
{
  size_t kept = 0;
  for (size_t i = 0; i < plan->environment_count; i++)
    {
      char *text = plan->environment[i];
      if (find_unset (plan, text, strcspn (text, "=")) == plan->unset_count)
        plan->environment[kept++] = text;
      else
        free (text);
    }
  if (plan->environment != NULL)
    plan->environment[kept] = NULL;
  plan->environment_count = kept;
}

/* Set what the word TEXT says: NAME=VALUE, NAME for the value here, or NAME-
   for none.  What has no proper name is left out with a warning.  */
static void
set_from_word (struct run_plan *plan, const char *text)
{
  const char *equals = strchr (text, '=');
  const char *start = text + strspn (text, BLANKS);
  size_t length = strcspn (start, "=");
  while (length > 0 && strchr (BLANKS, start[length - 1]) != NULL)
    length--;
  if (!name_is_valid (start, length))
    {
      log_warning (_ ("ignoring environment variable without a valid name:"
                      " '%s'"),
                   text);
      return;
    }
  if (equals == NULL && length > 1 && start[length - 1] == '-')
    {
      unset_variable (plan, start, length - 1);
      return;
    }
  let_set (plan, start, length);
  AUTO_FREE char *name = xstrndup (start, length);
  const char *value = equals != NULL ? equals + 1 : getenv (name);
  set_variable (plan, name, value != NULL ? value : "", true);
}

/* Set what LINE of a file says; blanks around name and value are not part of
   them.  */
static void
set_from_line (struct run_plan *plan, char *line)
{
  line += strspn (line, BLANKS);
  size_t length = strlen (line);
  while (length > 0 && strchr (BLANKS, line[length - 1]) != NULL)
    line[--length] = '\0';
  if (line[0] == '\0' || line[0] == '#')
    return;

  char *equals = strchr (line, '=');
  if (equals != NULL)
    {
      char *value = equals + 1;
      memmove (value, value + strspn (value, BLANKS),
               strlen (value + strspn (value, BLANKS)) + 1);
    }
  set_from_word (plan, line);
}

/* Set what the file FILE says, a word a line; lines that begin with '#' and
   empty ones say nothing.  */
static int
set_from_file (struct run_plan *plan, const char *file, struct error *err)
{
  AUTO_FREE char *text = NULL;
  size_t size = 0;
  /* A pipe will do, as shells make for <(COMMAND).  */
  AUTO_CLOSE int fd = open (file, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return error_set (err, errno, _ ("--env-file: cannot open '%s': %s"), file,
                      strerror (errno));
  int status = file_read_fd (fd, file, &text, &size, err);
  if (status < 0)
    return error_prefix (err, _ ("--env-file"));
  if (strlen (text) != size)
    return error_set (err, EINVAL, _ ("--env-file: '%s' is not a text file"),
                      file);

  /* As editors on other systems begin a file in UTF-8.  */
  static const char mark[] = "\xef\xbb\xbf";
  bool is_marked = strncmp (text, mark, strlen (mark)) == 0;
  char *rest = text + (is_marked ? strlen (mark) : 0);
  for (char *line = strsep (&rest, "\n"); line != NULL;
       line = strsep (&rest, "\n"))
    set_from_line (plan, line);
  return 0;
}

/* Return whether NAME matches PATTERN, as in a shell.  Of the many that there
   are most begin with another letter.  */
static bool
matches (const char *pattern, const char *name)
{
  return (pattern[0] == name[0] || strchr ("*?[\\", pattern[0]) != NULL)
         && fnmatch (pattern, name, 0) == 0;
}

/* Return whether NAME matches one of the patterns of LIST.  */
static bool
list_has (const struct config_list *list, const char *name)
{
  for (size_t i = 0; i < list->count; i++)
    if (matches (list->items[i], name))
      return true;
  return false;
}

/* Return whether NAME matches one of PATTERNS, which have commas between
   them.  */
static bool
patterns_have (const char *patterns, const char *name)
{
  AUTO_FREE char *copy = xstrdup (patterns);
  char *rest = copy;
  for (char *pattern = strsep (&rest, ", "); pattern != NULL;
       pattern = strsep (&rest, ", "))
    if (matches (pattern, name))
      return true;
  return false;
}

/* Add variables of our own environment: those that CONFIG lets in, and those
   that match PATTERNS (NULL for none), but for what it keeps out.  */
static void
add_host_variables (struct run_plan *plan, const char *patterns,
                    const struct config *config)
{
  for (char **variable = environ; *variable != NULL; variable++)
    {
      size_t length = strcspn (*variable, "=");
      if (length == 0 || (*variable)[length] == '\0')
        continue;
      AUTO_FREE char *name = xstrndup (*variable, length);
      bool wanted = list_has (&config->valid_host_env, name)
                    || list_has (&config->launcher_host_env, name)
                    || (patterns != NULL && patterns_have (patterns, name));
      if (wanted && !list_has (&config->invalid_host_env, name))
        put_variable (plan, *variable, false);
    }
}

/* Warn where the launcher of PLAN's process, which tells it of PMIx, will take
   it for somebody else's: it talks to nobody who shows other ids.  */
static void
warn_of_ids (const struct run_plan *plan)
{
  if (run_plan_environment (plan, "PMIX_RANK") != NULL
      && (plan->user.uid != geteuid () || plan->user.gid != getegid ()))
    log_warning (_ ("the launcher of this job (PMIx) talks to MPI programs only"
                    " if they have your ids; --user=%u:%u shows these"),
                 (unsigned) geteuid (), (unsigned) getegid ());
}

static int
compare_texts (const void *one, const void *other)
{
  return strcmp (*(char *const *) one, *(char *const *) other);
}

/* Return the aliases of CONTAINER with commas between them, which the caller
   frees.  Only links are looked at.  */
static char *
container_names (const struct container *container)
{
  AUTO_BUFFER (names);
  int fd = openat (store_containers_fd (container->store), ".",
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *directory = fd < 0 ? NULL : fdopendir (fd);
  if (directory == NULL)
    return buffer_take (&names);

  char **list = NULL;
  size_t count = 0;
  for (struct dirent *entry = readdir (directory); entry != NULL;
       entry = readdir (directory))
    {
      if (entry->d_name[0] == '.'
          || (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN))
        continue;
      AUTO_FREE char *target = file_read_link (fd, entry->d_name);
      if (target == NULL)
        continue;
      const char *slash = strrchr (target, '/');
      if (strcmp (slash == NULL ? target : slash + 1, container->id) == 0)
        run_list_add (&list, &count, xstrdup (entry->d_name));
    }
  if (count > 1)
    qsort (list, count, sizeof *list, compare_texts);
  for (size_t i = 0; i < count; i++)
    buffer_add_format (&names, "%s%s", i > 0 ? "," : "", list[i]);
  run_list_free (list);
  return buffer_take (&names);
}

/* Set NAME to VALUE unless the user asked for another one: the first
   ASKED_COUNT variables.  */
static void
set_unless_asked (struct run_plan *plan, const char *name, const char *value,
                  size_t asked_count)
{
  if (find_variable (plan, name, strlen (name)) >= asked_count)
    set_variable (plan, name, value, true);
}

/* Set what tells scripts that they are inside, and where.  */
static void
set_container_variables (struct run_plan *plan, size_t asked_count)
{
  const struct container *container = plan->container;
  AUTO_FREE char *names =
      container != NULL ? container_names (container) : xstrdup ("");
  AUTO_FREE char *user = run_own_name ();

  const struct
  {
    const char *name, *value;
  } variables[] = {
    { "container_ruser", user },
    { "container_root", plan->root },
    { "container_uuid", container != NULL ? container->id : "" },
    { "container_execmode", plan->mode },
    { "container_names", names },
  };
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
    set_unless_asked (plan, variables[i].name, variables[i].value, asked_count);
}

/* Set what a login would.  What the user asked for stays: the first
   ASKED_COUNT variables.  */
static void
set_login_variables (struct run_plan *plan, size_t asked_count)
{
  const char *id = plan->container != NULL ? plan->container->id : "";
  AUTO_FREE char *prompt =
      xasprintf ("%.8s%s", id, plan->user.uid == 0 ? "#" : "\\$");
  const struct
  {
    const char *name, *value;
  } variables[] = {
    { "USER", plan->user.name },
    { "LOGNAME", plan->user.name },
    { "USERNAME", plan->user.name },
    { "PS1", prompt },
    { "SHLVL", "0" },
  };

  set_variable (plan, "HOME", plan->user.home, false);
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
    set_unless_asked (plan, variables[i].name, variables[i].value, asked_count);
}

/* Set what REQUEST's files and words say.  */
static int
set_asked (struct run_plan *plan, const struct run_request *request,
           struct error *err)
{
  for (size_t i = 0; i < request->environment_files.count; i++)
    {
      const char *file = request->environment_files.items[i];
      int status = set_from_file (plan, file, err);
      if (status < 0)
        return status;
    }
  for (size_t i = 0; i < request->environment.count; i++)
    set_from_word (plan, request->environment.items[i]);
  for (size_t i = 0; i < request->unset.count; i++)
    unset_variable (plan, request->unset.items[i],
                    strlen (request->unset.items[i]));
  return 0;
}

/* Have the dynamic linker look where the libraries of devices are, last.  */
static void
add_folders (struct run_plan *plan)
{
  for (size_t i = 0; i < plan->device_folder_count; i++)
    {
      const char *before = run_plan_environment (plan, "LD_LIBRARY_PATH");
      AUTO_FREE char *after =
          before == NULL || before[0] == '\0'
              ? xstrdup (plan->device_folders[i])
              : xasprintf ("%s:%s", before, plan->device_folders[i]);
      set_variable (plan, "LD_LIBRARY_PATH", after, true);
    }
}

int
run_plan_add_environment (struct run_plan *plan,
                          const struct run_request *request,
                          const struct run_metadata *metadata,
                          const struct config *config, struct error *err)
{
  int status = set_asked (plan, request, err);
  if (status < 0)
    return status;
  size_t asked_count = plan->environment_count;

  for (size_t i = 0; i < plan->device_variable_count; i++)
    put_variable (plan, plan->device_variables[i], false);
  for (size_t i = 0; i < metadata->environment_count; i++)
    {
      const char *text = metadata->environment[i];
      size_t length = strcspn (text, "=");
      if (name_is_valid (text, length) && text[length] == '=')
        put_variable (plan, text, false);
    }

  set_variable (plan, "PATH",
                plan->user.uid == 0 ? config->root_path : config->user_path,
                false);
  set_login_variables (plan, asked_count);
  set_container_variables (plan, asked_count);
  add_host_variables (plan, request->host_environment, config);
  add_folders (plan);
  drop_unset (plan);
  warn_of_ids (plan);
  return 0;
}

int
run_plan_change_environment (struct run_plan *plan,
                             const struct run_request *request,
                             struct error *err)
{
  if (request->user != NULL)
    {
      set_variable (plan, "HOME", plan->user.home, true);
      set_login_variables (plan, 0);
    }
  int status = set_asked (plan, request, err);
  drop_unset (plan);
  return status;
}
