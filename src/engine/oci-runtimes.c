/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The OCI runtimes of the host, and what is known of each.  */

#include <config.h>

#include "src/engine/oci-runtimes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/elf/find.h"
#include "src/config/config.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

#define CGROUP2_MAGIC 0x63677270

/* They have control groups to limit what is used: nobody without privileges
   may.  */
static const char *const crun_options[] = { "--cgroup-manager=disabled", NULL };
static const char *const runc_options[] = { "--rootless=true", NULL };
static const char *const no_options[] = { NULL };

/* gVisor is to show what is on disk, whoever changes it, and to write through
   to it; sockets and pipes of volumes lead where they lead.  */
static const char *const runsc_options[] = {
  "--rootless",           "--network=host",
  "--ignore-cgroups",     "--overlay2=none",
  "--file-access=shared", "--host-uds=open",
  "--host-fifo=open",     NULL
};

/* In the order in which they are tried: the quicker first.  */
static const struct oci_kind kinds[] = {
  { "crun", crun_options, true, false },
  { "runc", runc_options, false, false },
  { "youki", no_options, false, false },
  { "runsc", runsc_options, false, true },
};

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

const struct oci_kind *
oci_kind_of (const char *path)
{
  const char *slash = strrchr (path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  for (size_t i = 0; i < COUNT (kinds); i++)
    if (strstr (name, kinds[i].name) != NULL)
      return &kinds[i];
  return &kinds[1]; /* the one that the others imitate */
}

/* Append the program PATH, which is taken over, to RUNTIMES.  */
static void
add (struct oci_runtimes *runtimes, char *path, const struct oci_kind *kind)
{
  runtimes->list = xreallocarray (runtimes->list, runtimes->count + 1,
                                  sizeof *runtimes->list);
  runtimes->list[runtimes->count++] = (struct oci_runtime){ kind, path };
}

/* Append the program that the setting VALUE names, if it names one.  */
static int
add_named (struct oci_runtimes *runtimes, const char *value, struct error *err)
{
  if (value[0] == '\0')
    return 0;
  char *path = elf_find_program (value);
  if (path == NULL)
    return error_set (err, ENOENT,
                      _ ("there is no runtime '%s', which the settings name;"
                         " mode P1 needs none"),
                      value);
  add (runtimes, path, oci_kind_of (value));
  return 0;
}

/* Return the path, which the caller frees, of the program NAME, or NULL.  Where
   administrators' programs are is not in the PATH of everybody.  */
static char *
find_program (const struct config *config, const char *name)
{
  static const char *const places[] = { "/usr/local/sbin", "/usr/sbin", "/sbin",
                                        "/usr/libexec",
                                        "/usr/lib/cri-o-runc/sbin" };
  char *path = elf_find_program (name);
  for (size_t i = 0; i < COUNT (places) && path == NULL; i++)
    {
      AUTO_FREE char *candidate = xasprintf ("%s/%s", places[i], name);
      path = elf_find_program (candidate);
    }
  if (path != NULL || config == NULL)
    return path;
  /* The Python tool installs some beside the repository.  */
  AUTO_FREE char *own =
      xasprintf ("%s/%s-%s", config->bindir, name, platform_host ()->machine);
  AUTO_FREE char *plain = xasprintf ("%s/%s", config->bindir, name);
  path = elf_find_program (own);
  return path != NULL ? path : elf_find_program (plain);
}

int
oci_runtimes_find (const struct config *config, struct oci_runtimes *runtimes,
                   struct error *err)
{
  *runtimes = (struct oci_runtimes){ 0 };
  int status = 0;
  if (config != NULL)
    status = add_named (runtimes, config->use_crun_executable, err);
  if (config != NULL && status == 0)
    status = add_named (runtimes, config->use_runc_executable, err);
  if (status < 0)
    oci_runtimes_release (runtimes);
  if (status < 0 || runtimes->count > 0)
    return status;
  for (size_t i = 0; i < COUNT (kinds); i++)
    {
      char *path = find_program (config, kinds[i].name);
      if (path != NULL)
        add (runtimes, path, &kinds[i]);
    }
  if (runtimes->count > 0)
    return 0;
  return error_set (err, ENOENT,
                    _ ("no OCI runtime is installed: neither crun, runc, youki "
                       "nor runsc is in PATH; install one, name one with "
                       "UDOCKER_USE_RUNC_EXECUTABLE, or use mode P1"));
}

void
oci_runtimes_release (struct oci_runtimes *runtimes)
{
  for (size_t i = 0; i < runtimes->count; i++)
    free (runtimes->list[i].path);
  free (runtimes->list);
  *runtimes = (struct oci_runtimes){ 0 };
}

/* Return whether the file system at PATH is of control groups, version 2.  */
static bool
is_cgroup2 (const char *path)
{
  struct statfs st;
  return statfs (path, &st) == 0 && st.f_type == CGROUP2_MAGIC;
}

bool
oci_cgroups_are_mixed (void)
{
  return !is_cgroup2 ("/sys/fs/cgroup")
         && is_cgroup2 ("/sys/fs/cgroup/unified");
}

/* Return the last line of TEXT that says anything, without the time and the
   level that Go programs write in front, which the caller frees.  */
static char *
last_line (const char *text)
{
  size_t end = strlen (text);
  while (end > 0 && strchr ("\n\r ", text[end - 1]) != NULL)
    end--;
  size_t start = end;
  while (start > 0 && text[start - 1] != '\n')
    start--;
  AUTO_FREE char *line = xstrndup (text + start, end - start);
  char *message = strstr (line, "msg=\"");
  if (message == NULL)
    return TAKE (line);
  message += strlen ("msg=\"");
  /* Up to the quote that ends it, with those in it freed of their '\\'.  */
  char *to = message;
  for (const char *from = message; *from != '\0' && *from != '"'; from++)
    {
      if (*from == '\\' && from[1] != '\0')
        from++;
      *to++ = *from;
    }
  *to = '\0';
  return xstrdup (message);
}

char *
oci_explain (const struct oci_runtime *runtime, const char *text)
{
  static const struct
  {
    const char *said, *means;
  } known[] = {
    { "hybrid mode", N_ ("it refuses control groups of both versions, mixed, "
                         "as this host has them") },
    { "fs/cgroup: no such file", N_ ("it wants '/sys', which is not mounted "
                                     "here") },
    { "fs/cgroup': No such file", N_ ("it wants '/sys', which is not mounted "
                                      "here") },
    { "newuidmap", N_ ("it wants newuidmap and an entry in /etc/subuid") },
    { "setgroups", N_ ("it may not change groups: /etc/subgid has no entry") },
    { "mount `proc`", N_ ("it cannot mount /proc: this is a container whose "
                          "/proc is not whole") },
    { "mounting \"proc\"", N_ ("it cannot mount /proc: this is a container "
                               "whose /proc is not whole") },
    { "error mounting \\\"proc\\\"",
      N_ ("it cannot mount /proc: this is a container whose /proc is not "
          "whole") },
  };
  AUTO_FREE char *line = last_line (text);
  for (size_t i = 0; i < COUNT (known); i++)
    if (strstr (text, known[i].said) != NULL)
      return xasprintf ("'%s': %s", runtime->path, _ (known[i].means));
  return xasprintf ("'%s': %s", runtime->path,
                    line[0] != '\0' ? line : _ ("it does not say why"));
}
