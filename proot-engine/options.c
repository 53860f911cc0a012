/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   PRoot's options.

   Their names and what they mean are PRoot's, so that whatever calls that
   program can call this one.  A value follows its option as the next argument,
   or behind a '=' where the option is a long one.  Of two roots, users, kernels
   and directories the last counts, so that whoever wraps a command line can
   change it by adding to it.  What cannot be read is an error: a container
   that runs with half of what it was asked for is worse than none.  */

#include "proot-engine/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/start/message.h"

/* An option: its spellings, whether it takes a value, and what it does.  The
   function returns 0, or a negative number after a message.  */
struct option_row
{
  const char *names[4];
  const char *value; /* how help calls it, or NULL */
  const char *help;  /* NULL: accepted, but not worth a word */
  int (*set) (struct options *options, const char *value);
};

/* What -R shows besides the root, and -S.  The first is for running programs
   of another system as part of this one; the second for installing packages,
   which must not reach the host's files.  */
static const char *const bindings_of_R[] = { "/etc/host.conf",
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
                                             "/run",
                                             "/var/run/dbus/system_bus_socket",
                                             NULL };

static const char *const bindings_of_S[] = { "/etc/host.conf",
                                             "/etc/hosts",
                                             "/etc/nsswitch.conf",
                                             "/etc/resolv.conf",
                                             "/dev",
                                             "/sys",
                                             "/proc",
                                             "/tmp",
                                             "/run/shm",
                                             NULL };

/* Return PATH as an absolute path without slashes at the end, which the caller
   frees, or NULL without memory.  */
static char *
absolute (const struct options *options, const char *path)
{
  size_t size = strlen (options->here) + strlen (path) + 2;
  char *text = malloc (size);
  if (text == NULL)
    return NULL;
  (void) snprintf (text, size, "%s%s%s", *path == '/' ? "" : options->here,
                   *path == '/' ? "" : "/", path);
  size_t length = strlen (text);
  while (length > 1 && text[length - 1] == '/')
    text[--length] = '\0';
  return text;
}

/* Return room for one more in the LIST of COUNT items of SIZE bytes each.  */
static void *
grow (void *list, size_t count, size_t size)
{
  void *bigger = realloc (list, (count + 1) * size);
  if (bigger == NULL)
    {
      start_complain ("no memory");
      exit (START_FAILURE);
    }
  return bigger;
}

static int
set_root (struct options *options, const char *value)
{
  options->root = value;
  return 0;
}

/* Show the host's HOST at GUEST (both copied).  */
static int
bind_one (struct options *options, const char *host, const char *guest,
          uint32_t flags)
{
  struct plan_binding binding = { absolute (options, host),
                                  absolute (options, guest), flags };
  if (binding.host == NULL || binding.guest == NULL)
    return -ENOMEM;
  if (strcmp (binding.guest, "/") == 0)
    return set_root (options, binding.host);
  options->bindings =
      grow (options->bindings, options->binding_count, sizeof binding);
  options->bindings[options->binding_count++] = binding;
  return 0;
}

static int
set_binding (struct options *options, const char *value)
{
  const char *colon = strchr (value, ':');
  char *host = strndup (value, colon != NULL ? (size_t) (colon - value)
                                             : strlen (value));
  char *guest = strdup (colon != NULL ? colon + 1 : host);
  uint32_t flags = 0;
  int status = -ENOMEM;
  if (host != NULL && guest != NULL)
    {
      size_t length = strlen (guest);
      if (length > 1 && guest[length - 1] == '!')
        {
          guest[length - 1] = '\0';
          flags = PLAN_BINDING_NO_FOLLOW;
        }
      if (host[0] == '\0' || guest[0] == '\0')
        {
          start_complain ("cannot bind '%s': say PATH or PATH:PLACE", value);
          status = -EINVAL;
        }
      else
        status = bind_one (options, host, guest, flags);
    }
  free (host);
  free (guest);
  return status;
}

/* Use ROOT as the root, and show what LIST says where it is there.  */
static int
set_host_like (struct options *options, const char *root,
               const char *const *list)
{
  int status = set_root (options, root);
  for (; status == 0 && *list != NULL; list++)
    status = bind_one (options, *list, *list, PLAN_BINDING_OPTIONAL);
  const char *home = getenv ("HOME");
  if (status == 0 && home != NULL && home[0] == '/' && home[1] != '\0')
    status = bind_one (options, home, home, PLAN_BINDING_OPTIONAL);
  if (status == 0 && strcmp (root, "/") != 0)
    status = bind_one (options, root, root, PLAN_BINDING_OPTIONAL);
  return status;
}

static int
set_ids (struct options *options, const char *value)
{
  char *end;
  unsigned long uid = strtoul (value, &end, 10);
  bool good = value[0] >= '0' && value[0] <= '9';
  unsigned long gid = uid;
  if (good && *end == ':')
    {
      good = end[1] >= '0' && end[1] <= '9';
      gid = strtoul (end + 1, &end, 10);
    }
  if (!good || *end != '\0' || uid >= UINT32_MAX || gid >= UINT32_MAX)
    {
      start_complain ("'%s' is no user id with a group id, as in '1000:100'",
                      value);
      return -EINVAL;
    }
  options->ids = value;
  return 0;
}

static int
set_root_ids (struct options *options, const char *value)
{
  (void) value;
  return set_ids (options, "0:0");
}

static int
set_root_and_bindings (struct options *options, const char *value)
{
  return set_host_like (options, value, bindings_of_R);
}

static int
set_system (struct options *options, const char *value)
{
  int status = set_root_ids (options, NULL);
  return status < 0 ? status : set_host_like (options, value, bindings_of_S);
}

static int
set_directory (struct options *options, const char *value)
{
  options->directory = value;
  return 0;
}

static int
set_names (struct options *options, const char *value)
{
  options->names = value;
  return 0;
}

static int
set_emulator (struct options *options, const char *value)
{
  if (value[strspn (value, " \t")] == '\0')
    {
      start_complain ("'%s' is no command that runs programs of another "
                      "machine, as in 'qemu-aarch64'",
                      value);
      return -EINVAL;
    }
  options->emulator = value;
  return 0;
}

static int
set_verbose (struct options *options, const char *value)
{
  char *end;
  errno = 0;
  options->verbose = strtol (value, &end, 10);
  if (*end == '\0' && end != value && errno == 0)
    return 0;
  start_complain ("'%s' is no number that says how much to tell", value);
  return -EINVAL;
}

static int
set_kill (struct options *options, const char *value)
{
  (void) value;
  options->kill_on_exit = true;
  return 0;
}

static int
set_any_port (struct options *options, const char *value)
{
  (void) value;
  options->any_port = true;
  return 0;
}

static int
set_links (struct options *options, const char *value)
{
  (void) value;
  options->replaces_links = true;
  return 0;
}

/* Read the number of a port at *TEXT into PORT and move *TEXT behind it.
   Return whether there is one.  */
static bool
read_port (const char **text, uint32_t *port)
{
  char *end;
  bool good = **text >= '0' && **text <= '9';
  unsigned long value = strtoul (*text, &end, 10);
  *text = end;
  *port = (uint32_t) value;
  return good && value > 0 && value <= UINT16_MAX;
}

static int
set_port (struct options *options, const char *value)
{
  struct plan_port port = { 0, 0 };
  const char *rest = value;
  if (!read_port (&rest, &port.guest) || *rest++ != ':'
      || !read_port (&rest, &port.host) || *rest != '\0')
    {
      start_complain ("'%s' is no pair of ports from 1 to 65535, as in "
                      "'80:8080'",
                      value);
      return -EINVAL;
    }
  options->ports = grow (options->ports, options->port_count, sizeof port);
  options->ports[options->port_count++] = port;
  return 0;
}

static int
ignore (struct options *options, const char *value)
{
  (void) options;
  (void) value;
  return 0;
}

static int print_help (struct options *options, const char *value);
static int print_version (struct options *options, const char *value);

static const struct option_row rows[] = {
  { { "-r", "--rootfs" },
    "PATH",
    "use PATH as the root directory (default: /)",
    set_root },
  { { "-R" },
    "PATH",
    "like -r, and show the host's accounts, network set-up,\n"
    "/dev, /proc, /sys, /run, /tmp and home directory",
    set_root_and_bindings },
  { { "-S" },
    "PATH",
    "like -0 -r, and show of the host what installing packages\n"
    "needs and cannot damage",
    set_system },
  { { "-b", "--bind", "-m", "--mount" },
    "PATH[:PLACE]",
    "show the host's PATH at PLACE of the container; a '!' at the\n"
    "end covers a symbolic link there instead of following it",
    set_binding },
  { { "-w", "--pwd", "--cwd" },
    "PATH",
    "start in the directory PATH of the container",
    set_directory },
  { { "-0", "--root-id" },
    NULL,
    "show the user as root, who may seemingly do all root may",
    set_root_ids },
  { { "-i", "--change-id" },
    "UID[:GID]",
    "show the user with these ids",
    set_ids },
  { { "-k", "--kernel-release" },
    "RELEASE",
    "show RELEASE as the kernel's; or more, as in\n"
    "'\\Linux\\NODE\\RELEASE\\VERSION\\MACHINE\\DOMAIN\\-1\\'",
    set_names },
  { { "-p", "--port" },
    "PORT:HOSTPORT",
    "make PORT of the container HOSTPORT of the host",
    set_port },
  { { "-n", "--netcoop" },
    NULL,
    "make ports below 1024 those 10000 higher of the host",
    set_any_port },
  { { "-q", "--qemu" },
    "COMMAND",
    "run programs of another machine by COMMAND: a program of\n"
    "qemu-user and options for it",
    set_emulator },
  { { "-l", "--link2symlink" },
    NULL,
    "make copies where hard links are not possible",
    set_links },
  { { "--kill-on-exit" },
    NULL,
    "kill what is left when the program has ended",
    set_kill },
  { { "-v", "--verbose" },
    "LEVEL",
    "above 0 say what is done, below 0 only what fails",
    set_verbose },
  { { "-h", "--help", "--usage" }, NULL, "print this help", print_help },
  { { "-V", "--version", "--about" },
    NULL,
    "print the version",
    print_version },

  /* What other lines of PRoot have, and what is so here anyway.  */
  { { "-H" }, NULL, NULL, ignore },
  { { "-L" }, NULL, NULL, ignore },
  { { "--sysvipc" }, NULL, NULL, ignore },
  { { "--ashmem-memfd" }, NULL, NULL, ignore },
  { { "--mixed-mode" }, "BOOLEAN", NULL, ignore },
};

enum
{
  ROW_COUNT = sizeof rows / sizeof *rows,
  NAME_COUNT = sizeof rows[0].names / sizeof *rows[0].names,
  HELP_COLUMN = 22
};

/* Print what HELP says, with every line after the first indented.  */
static void
print_indented (const char *help)
{
  while (*help != '\0')
    {
      size_t length = strcspn (help, "\n");
      (void) printf ("%*s%.*s\n", HELP_COLUMN, "", (int) length, help);
      help += length + (help[length] == '\n');
    }
}

static int
print_help (struct options *options, const char *value)
{
  (void) options;
  (void) value;
  (void) puts ("Usage: udocker-proot [OPTION]... [COMMAND [ARGUMENT]...]\n"
               "Run COMMAND (default: a login shell) in another root directory,"
               " without privileges.\n\n"
               "Options:");
  for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++)
    {
      if (row->help == NULL)
        continue;
      for (int i = 0; i < NAME_COUNT && row->names[i] != NULL; i++)
        {
          bool is_long = row->names[i][1] == '-';
          (void) printf ("%s%s%s%s", i == 0 ? "  " : ", ", row->names[i],
                         row->value == NULL ? ""
                         : is_long          ? "="
                                            : " ",
                         row->value == NULL ? "" : row->value);
        }
      (void) putchar ('\n');
      print_indented (row->help);
    }
  (void) puts ("\nThe exit status is COMMAND's; 128+N when signal N ended it; "
               "127 when there is\nno such program, 126 when it cannot be "
               "executed, 125 when something else failed.\nudocker-proot(1) "
               "tells more.");
  return 0;
}

static int
print_version (struct options *options, const char *value)
{
  (void) options;
  (void) value;
  (void) puts ("udocker-proot " ENGINE_VERSION "\n"
               "built-in accelerators: process_vm = yes, seccomp_filter = yes");
  return 0;
}

/* Find the option that WORD spells; *VALUE gets what stands behind a '=' in
   it, or NULL.  */
static const struct option_row *
find_option (const char *word, const char **value)
{
  *value = NULL;
  for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++)
    for (int i = 0; i < NAME_COUNT && row->names[i] != NULL; i++)
      {
        const char *name = row->names[i];
        size_t length = strlen (name);
        if (strncmp (word, name, length) != 0)
          continue;
        if (word[length] == '\0')
          return row;
        if (name[1] == '-' && word[length] == '=')
          {
            *value = word + length + 1;
            return row;
          }
      }
  return NULL;
}

/* Read the option ARGV[*AT], and its value where it has one, which moves *AT.
   Return -1 to go on, or what to exit with.  */
static int
read_option (struct options *options, int argc, char **argv, int *at)
{
  const char *word = argv[*at];
  const char *value;
  const struct option_row *row = find_option (word, &value);
  if (row == NULL)
    start_complain ("unknown option '%s'; '--help' lists the options", word);
  else if (row->value == NULL && value != NULL)
    start_complain ("'%s' takes no value, and '%s' gives one", row->names[0],
                    word);
  else if (row->value != NULL && value == NULL && *at + 1 >= argc)
    start_complain ("'%s' needs a value: %s", word, row->value);
  else
    {
      if (row->value != NULL && value == NULL)
        value = argv[++*at];
      if (row->value != NULL && value[0] == '\0')
        start_complain ("'%s' needs a value that is not empty: %s",
                        row->names[0], row->value);
      else if (row->set (options, value) == 0)
        return row->set == print_help || row->set == print_version ? 0 : -1;
    }
  return START_FAILURE;
}

int
options_read (struct options *options, int argc, char **argv)
{
  if (getcwd (options->here, sizeof options->here) == NULL
      || options->here[0] != '/') /* "(unreachable)" */
    options->here[0] = '\0';
  if (argc <= 1)
    {
      start_complain ("nothing to do; '%s --help' lists the options", argv[0]);
      return START_FAILURE;
    }
  int status = -1;
  int at = 1;
  while (status < 0 && at < argc && argv[at][0] == '-')
    {
      if (strcmp (argv[at], "--") == 0)
        {
          at++;
          break;
        }
      status = read_option (options, argc, argv, &at);
      at++;
    }
  options->first = at;
  return status;
}
