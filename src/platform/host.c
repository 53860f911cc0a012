/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Facts about the machine and the user, each found out once.  */

#include <config.h>

#include "src/platform/host.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fcntl.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Where our own parts lie below a prefix, wherever it was copied to.  */
#define PARTS "libexec/udocker"

const char *
platform_docker_architecture (const char *machine, const char **variant)
{
  static const struct
  {
    const char *machine;
    const char *architecture;
    const char *variant;
  } known[] = {
    { "x86_64", "amd64", NULL },
    { "aarch64", "arm64", NULL },
    { "arm64", "arm64", NULL },
    { "i386", "386", NULL },
    { "i486", "386", NULL },
    { "i586", "386", NULL },
    { "i686", "386", NULL },
    { "armv8l", "arm", "v8" },
    { "armv7l", "arm", "v7" },
    { "armv7hl", "arm", "v7" },
    { "armhf", "arm", "v7" },
    { "armv6l", "arm", "v6" },
    { "armv5tel", "arm", "v5" },
    { "armv5tejl", "arm", "v5" },
    { "loongarch64", "loong64", NULL },
    { "ppc64le", "ppc64le", NULL },
    { "riscv64", "riscv64", NULL },
    { "s390x", "s390x", NULL },
  };

  if (variant != NULL)
    *variant = NULL;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp (known[i].machine, machine) == 0)
      {
        if (variant != NULL)
          *variant = known[i].variant;
        return known[i].architecture;
      }
  return machine;
}

const struct host *
platform_host (void)
{
  static struct host host;
  static struct utsname names;

  if (host.release != NULL)
    return &host;

  /* It cannot fail with a good address.  */
  (void) uname (&names);
  host.release = names.release;
  host.machine = names.machine;
  host.architecture =
      platform_docker_architecture (names.machine, &host.variant);

  const char *cursor = names.release;
  for (size_t i = 0; i < 3 && isdigit ((unsigned char) *cursor); i++)
    {
      char *end = NULL;
      host.kernel[i] = (unsigned) strtoul (cursor, &end, 10);
      cursor = end + (*end == '.');
    }
  return &host;
}

bool
platform_kernel_at_least (unsigned major, unsigned minor)
{
  const struct host *host = platform_host ();

  return host->kernel[0] > major
         || (host->kernel[0] == major && host->kernel[1] >= minor);
}

/* What the password data base says about the user with the real user id; a
   member that it does not say is NULL.  */
struct account
{
  char *name;
  char *home;
};

static const struct account *
own_account (void)
{
  static struct account account;
  static bool asked;

  if (asked)
    return &account;
  asked = true;

  /* Most users are in this file, and reading it costs a tenth of what the name
     service costs, which may also ask over the network.  */
  uid_t uid = getuid ();
  const struct passwd *entry = NULL;
  AUTO_FCLOSE FILE *file = fopen ("/etc/passwd", "re");
  if (file != NULL)
    do
      entry = fgetpwent (file);
    while (entry != NULL && entry->pw_uid != uid);
  if (entry == NULL)
    entry = getpwuid (uid);
  if (entry == NULL)
    return &account;
  if (entry->pw_name != NULL)
    account.name = xstrdup (entry->pw_name);
  if (entry->pw_dir != NULL && *entry->pw_dir == '/')
    account.home = xstrdup (entry->pw_dir);
  return &account;
}

const char *
platform_home (void)
{
  static char *home;
  static bool asked;

  if (asked)
    return home;
  asked = true;

  const char *variable = getenv ("HOME");
  if (variable == NULL || *variable != '/')
    variable = own_account ()->home;
  if (variable == NULL)
    return NULL;
  home = xstrdup (variable);
  for (size_t length = strlen (home); length > 1 && home[length - 1] == '/';)
    home[--length] = '\0';
  return home;
}

const char *
platform_user_name (void)
{
  return own_account ()->name;
}

const char *
platform_program_path (void)
{
  static char *path;
  static bool asked;

  if (!asked)
    path = file_read_link (AT_FDCWD, "/proc/self/exe");
  if (!asked && path == NULL)
    {
      /* Without /proc there is still the name that we were executed by.  */
      const char *name = (const char *) getauxval (AT_EXECFN);
      path = name == NULL ? NULL : realpath (name, NULL);
    }
  asked = true;
  return path;
}

/* Return the directory part of PATH without the last COMPONENTS names, which
   the caller frees, or NULL when it has not so many.  */
static char *
directory_above (const char *path, unsigned components)
{
  AUTO_FREE char *directory = xstrdup (path);

  for (; components > 0; components--)
    {
      char *slash = strrchr (directory, '/');
      if (slash == NULL)
        return NULL;
      *slash = '\0';
    }
  return TAKE (directory);
}

char *
platform_prefix (void)
{
  const char *program = platform_program_path ();

  if (program == NULL || *program != '/')
    return NULL;

  AUTO_FREE char *directory = directory_above (program, 1);
  size_t length = strlen (directory);
  size_t tail = strlen ("/" PARTS);
  bool is_part =
      length >= tail && strcmp (directory + length - tail, "/" PARTS) == 0;
  return directory_above (program, is_part ? 3 : 2);
}

/* Return the directory with our own parts below the prefix that the running
   program is in; the caller frees it.  NULL when there is none.  */
static char *
parts_near_program (void)
{
  AUTO_FREE char *prefix = platform_prefix ();

  return prefix == NULL ? NULL : xasprintf ("%s/%s", prefix, PARTS);
}

char *
platform_find_part (const char *name, struct error *err)
{
  const char *variable = getenv ("UDOCKER_LIBEXECDIR");

  if (variable != NULL && *variable != '\0')
    {
      AUTO_FREE char *path = xasprintf ("%s/%s", variable, name);
      if (access (path, X_OK) == 0)
        return TAKE (path);
    }

  AUTO_FREE char *near = parts_near_program ();
  if (near != NULL)
    {
      AUTO_FREE char *path = xasprintf ("%s/%s", near, name);
      if (access (path, X_OK) == 0)
        return TAKE (path);
    }

  AUTO_FREE char *path = xasprintf ("%s/%s", PKGLIBEXECDIR, name);
  if (access (path, X_OK) == 0)
    return TAKE (path);

  error_set (err, ENOENT,
             _ ("this installation of udocker is not complete: no program "
                "'%s' in '%s'"),
             name, near != NULL ? near : PKGLIBEXECDIR);
  return NULL;
}

int
platform_exec_part (const char *name, char *const *argv, struct error *err)
{
  AUTO_FREE char *path = platform_find_part (name, err);

  if (path == NULL)
    return -err->number;
  (void) fflush (stdout); /* main says so when the stream fails */
  execv (path, argv);
  return error_set (err, errno, _ ("cannot execute '%s': %s"), path,
                    strerror (errno));
}
