/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer by hand: PRoot's command line, turned into a run plan.  */

#include "proot-engine/command-line.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "proot-engine/start.h"

extern char **environ;

/* What has been read so far.  */
struct reading
{
  struct plan_writer writer;
  const char *root;
  const char *directory;
  const char *user; /* UID:GID */
  const char *release;
  char here[PATH_MAX]; /* the directory this was started in */
  bool covers_here;    /* a binding covers it */
  bool shows_here;     /* and it is there */
  unsigned int verbose;
  bool kill_on_exit;
  bool any_port;
  int status; /* -1 to go on, or what to exit with */
};

/* An option: its spellings, whether it takes a value, and what it does.  */
struct option_row
{
  const char *names[3];
  const char *value; /* how help calls it, or NULL */
  const char *help;
  void (*set) (struct reading *reading, const char *value);
};

static const char *const usual_bindings[] = { "/etc/host.conf",
                                              "/etc/hosts",
                                              "/etc/hosts.equiv",
                                              "/etc/mtab",
                                              "/etc/netgroup",
                                              "/etc/networks",
                                              "/etc/passwd",
                                              "/etc/group",
                                              "/etc/nsswitch.conf",
                                              "/etc/resolv.conf",
                                              "/etc/localtime",
                                              "/dev",
                                              "/sys",
                                              "/proc",
                                              "/tmp",
                                              "/run" };

static void
bind_one (struct reading *reading, const char *host, const char *guest,
          uint32_t flags)
{
  char from[2 * PATH_MAX], to[2 * PATH_MAX];
  (void) snprintf (from, sizeof from, "%s%s%s",
                   *host == '/' ? "" : reading->here, *host == '/' ? "" : "/",
                   host);
  (void) snprintf (to, sizeof to, "%s%s%s", *guest == '/' ? "" : reading->here,
                   *guest == '/' ? "" : "/", guest);
  size_t length = strlen (to);
  while (length > 1 && to[length - 1] == '/')
    to[--length] = '\0';
  if ((flags & PLAN_BINDING_OPTIONAL) == 0 && access (from, F_OK) != 0)
    {
      start_complain ("cannot bind '%s', going on without: %s", from,
                      strerror (errno));
      return;
    }
  if (strncmp (reading->here, to, length) == 0
      && (reading->here[length] == '\0' || reading->here[length] == '/'))
    {
      char there[3 * PATH_MAX];
      (void) snprintf (there, sizeof there, "%s%s", from,
                       reading->here + length);
      reading->covers_here = true;
      reading->shows_here = access (there, F_OK) == 0;
    }
  struct plan_binding binding = { from, to, flags };
  if (strcmp (to, "/") == 0)
    reading->root = strdup (from);
  else
    plan_write_binding (&reading->writer, &binding);
}

static void
set_binding (struct reading *reading, const char *value)
{
  char *host = strdup (value);
  if (host == NULL)
    return;
  char *guest = strchr (host, ':');
  uint32_t flags = 0;
  if (guest != NULL)
    *guest++ = '\0';
  else
    guest = host;
  size_t length = strlen (guest);
  if (length > 1 && guest[length - 1] == '!')
    {
      guest[length - 1] = '\0';
      flags = PLAN_BINDING_NO_FOLLOW;
    }
  if (getenv ("PROOT_IGNORE_MISSING_BINDINGS") != NULL)
    flags |= PLAN_BINDING_OPTIONAL;
  bind_one (reading, host, guest, flags);
  free (host);
}

static void
set_root (struct reading *reading, const char *value)
{
  reading->root = value;
}

static void
set_root_and_bindings (struct reading *reading, const char *value)
{
  reading->root = value;
  for (size_t i = 0; i < sizeof usual_bindings / sizeof *usual_bindings; i++)
    bind_one (reading, usual_bindings[i], usual_bindings[i],
              PLAN_BINDING_OPTIONAL);
  const char *home = getenv ("HOME");
  if (home != NULL && home[0] == '/' && home[1] != '\0')
    bind_one (reading, home, home, PLAN_BINDING_OPTIONAL);
}

static void
set_directory (struct reading *reading, const char *value)
{
  reading->directory = value;
}

static void
set_root_user (struct reading *reading, const char *value)
{
  (void) value;
  reading->user = "0:0";
}

static void
set_system (struct reading *reading, const char *value)
{
  set_root_user (reading, NULL);
  set_root_and_bindings (reading, value);
}

static void
set_user (struct reading *reading, const char *value)
{
  reading->user = value;
}

static void
set_release (struct reading *reading, const char *value)
{
  reading->release = value;
}

static void
set_verbose (struct reading *reading, const char *value)
{
  reading->verbose = (unsigned int) strtoul (value, NULL, 10);
}

static void
set_kill (struct reading *reading, const char *value)
{
  (void) value;
  reading->kill_on_exit = true;
}

static void
set_any_port (struct reading *reading, const char *value)
{
  (void) value;
  reading->any_port = true;
}

static void
set_port (struct reading *reading, const char *value)
{
  struct plan_port port;
  char *end;
  port.guest = (uint32_t) strtoul (value, &end, 10);
  port.host = *end == ':' ? (uint32_t) strtoul (end + 1, &end, 10) : 0;
  if (*end != '\0' || port.host - 1 >= 65535 || port.guest - 1 >= 65535)
    {
      start_complain ("'%s' is no pair of ports", value);
      reading->status = START_FAILURE;
      return;
    }
  plan_write_port (&reading->writer, &port);
}

static void
refuse_emulator (struct reading *reading, const char *value)
{
  (void) value;
  start_complain ("programs of other machines are not supported yet (-q)");
  reading->status = START_FAILURE;
}

static void
ignore (struct reading *reading, const char *value)
{
  (void) reading;
  (void) value;
}

static void print_help (struct reading *reading, const char *value);

static void
print_version (struct reading *reading, const char *value)
{
  (void) value;
  (void) puts ("udocker-proot 2.0.0");
  reading->status = 0;
}

static const struct option_row options[] = {
  { { "-r", "--rootfs" }, "PATH", "use PATH as the root", set_root },
  { { "-b", "--bind", "-m" },
    "PATH[:PLACE]",
    "show the host's PATH, at PLACE",
    set_binding },
  { { "-w", "--pwd", "--cwd" },
    "PATH",
    "start in the directory PATH",
    set_directory },
  { { "-0", "--root-id" }, NULL, "show the user as root", set_root_user },
  { { "-i", "--change-id" },
    "UID:GID",
    "show the user with these ids",
    set_user },
  { { "-k", "--kernel-release" },
    "TEXT",
    "show TEXT as kernel release",
    set_release },
  { { "-p", "--port" }, "GUEST:HOST", "move a port", set_port },
  { { "-n", "--netcoop" }, NULL, "let any port be bound", set_any_port },
  { { "-q", "--qemu" },
    "COMMAND",
    "run programs of another machine by COMMAND",
    refuse_emulator },
  { { "--kill-on-exit" },
    NULL,
    "kill what is left when the program ends",
    set_kill },
  { { "-l", "--link2symlink" }, NULL, "ignored", ignore },
  { { "-R" },
    "PATH",
    "like -r, and show the usual files of the host",
    set_root_and_bindings },
  { { "-S" }, "PATH", "like -0 -R", set_system },
  { { "-v", "--verbose" }, "LEVEL", "say more", set_verbose },
  { { "-h", "--help", "--usage" }, NULL, "print this help", print_help },
  { { "-V", "--version" }, NULL, "print the version", print_version },
};

enum
{
  OPTION_COUNT = sizeof options / sizeof *options
};

static void
print_help (struct reading *reading, const char *value)
{
  (void) value;
  (void) puts ("Usage: udocker-proot [OPTION]... [COMMAND [ARGUMENT]...]\n"
               "Run COMMAND (default: /bin/sh) in another root "
               "directory.\n");
  for (int i = 0; i < OPTION_COUNT; i++)
    {
      char names[80] = "";
      for (int j = 0; j < 3 && options[i].names[j] != NULL; j++)
        {
          size_t used = strlen (names);
          (void) snprintf (names + used, sizeof names - used, "%s%s",
                           j > 0 ? ", " : "", options[i].names[j]);
        }
      size_t used = strlen (names);
      if (options[i].value != NULL)
        (void) snprintf (names + used, sizeof names - used, " %s",
                         options[i].value);
      (void) printf ("  %-32s %s\n", names, options[i].help);
    }
  reading->status = 0;
}

/* Find the option that WORD spells; *VALUE gets what follows a '=' in it, or
   is attached to a one-letter option.  */
static const struct option_row *
find_option (const char *word, const char **value)
{
  *value = NULL;
  for (int i = 0; i < OPTION_COUNT; i++)
    for (int j = 0; j < 3 && options[i].names[j] != NULL; j++)
      {
        const char *name = options[i].names[j];
        size_t length = strlen (name);
        if (strncmp (word, name, length) != 0)
          continue;
        if (word[length] == '\0')
          return &options[i];
        if (options[i].value == NULL)
          continue;
        if (name[1] == '-' && word[length] == '=')
          {
            *value = word + length + 1;
            return &options[i];
          }
      }
  return NULL;
}

/* Read the options.  Return the number of the first argument that is
   none.  */
static int
read_options (struct reading *reading, int argc, char **argv)
{
  int i = 1;
  while (i < argc && argv[i][0] == '-' && reading->status < 0)
    {
      const char *value;
      const struct option_row *option = find_option (argv[i], &value);
      if (strcmp (argv[i], "--") == 0)
        return i + 1;
      if (option == NULL)
        {
          start_complain ("unknown option '%s'", argv[i]);
          reading->status = START_FAILURE;
          return i;
        }
      if (option->value != NULL && value == NULL)
        {
          if (i + 1 >= argc)
            {
              start_complain ("option '%s' needs a value", argv[i]);
              reading->status = START_FAILURE;
              return i;
            }
          value = argv[++i];
        }
      option->set (reading, value);
      i++;
    }
  return i;
}

/* Write what uname is to show: a release, or fields behind backslashes of
   which the second is the node and the third the release.  */
static void
write_names (struct reading *reading)
{
  struct plan_writer *writer = &reading->writer;
  if (reading->release == NULL)
    return;
  if (reading->release[0] != '\\')
    {
      plan_write_text (writer, PLAN_KERNEL, reading->release);
      return;
    }
  char *fields = strdup (reading->release + 1);
  char *rest = fields;
  for (int i = 0; fields != NULL && rest != NULL && i < 3; i++)
    {
      const char *field = strsep (&rest, "\\");
      if (i > 0 && field[0] != '\0')
        plan_write_text (writer, i == 1 ? PLAN_HOST_NAME : PLAN_KERNEL, field);
    }
  free (fields);
}

/* Return whether the directory this was started in is there in the container
   whose root is ROOT.  */
static bool
is_here (const struct reading *reading, const char *root)
{
  char path[3 * PATH_MAX];
  if (reading->here[0] == '\0')
    return false;
  if (reading->covers_here)
    return reading->shows_here;
  (void) snprintf (path, sizeof path, "%s%s", root, reading->here);
  return access (path, F_OK) == 0;
}

/* Write the ids of READING's user.  */
static void
write_ids (struct reading *reading)
{
  struct plan_writer *writer = &reading->writer;
  if (reading->user == NULL)
    return;
  char *end;
  unsigned long uid = strtoul (reading->user, &end, 10);
  unsigned long gid = *end == ':' ? strtoul (end + 1, &end, 10) : uid;
  if (*end != '\0')
    {
      start_complain ("'%s' is no pair of ids", reading->user);
      reading->status = START_FAILURE;
      return;
    }
  plan_write_number (writer, PLAN_UID, uid);
  plan_write_number (writer, PLAN_GID, gid);
}

int
command_line_run (int argc, char **argv)
{
  struct reading reading = { .root = "/", .status = -1 };
  struct plan_writer *writer = &reading.writer;
  struct plan plan;
  plan_writer_init (writer);
  if (getcwd (reading.here, sizeof reading.here) == NULL)
    reading.here[0] = '\0';

  int first = read_options (&reading, argc, argv);
  if (reading.status < 0)
    write_ids (&reading);
  if (reading.status >= 0)
    return reading.status;

  char *root = realpath (reading.root, NULL);
  if (root == NULL)
    {
      int number = errno;
      start_complain ("cannot use '%s' as the root: %s", reading.root,
                      strerror (number));
      return START_FAILURE;
    }
  char directory[3 * PATH_MAX] = "/";
  if (reading.directory == NULL && is_here (&reading, root))
    (void) snprintf (directory, sizeof directory, "%s", reading.here);
  else if (reading.directory != NULL)
    (void) snprintf (directory, sizeof directory, "%s%s%s",
                     reading.directory[0] == '/' ? "" : reading.here,
                     reading.directory[0] == '/' ? "" : "/", reading.directory);
  plan_write_text (writer, PLAN_ROOT, root);
  plan_write_text (writer, PLAN_DIRECTORY, directory);
  plan_write_text (writer, PLAN_MODE,
                   getenv ("PROOT_NO_SECCOMP") != NULL ? "P2" : "P1");
  plan_write_number (writer, PLAN_KILL_ON_EXIT, reading.kill_on_exit);
  plan_write_number (writer, PLAN_VERBOSE, reading.verbose);
  if (reading.any_port)
    plan_write_number (writer, PLAN_PORT_ANY, 1);
  write_names (&reading);
  if (first >= argc)
    plan_write_text (writer, PLAN_ARGUMENT, "/bin/sh");
  for (int i = first; i < argc; i++)
    plan_write_text (writer, PLAN_ARGUMENT, argv[i]);
  for (char **entry = environ; *entry != NULL; entry++)
    plan_write_text (writer, PLAN_ENVIRONMENT, *entry);
  int error = plan_writer_finish (writer, &plan);
  if (error < 0)
    {
      start_complain ("cannot make a run plan: %s", strerror (-error));
      return START_FAILURE;
    }
  return start_container (&plan);
}
