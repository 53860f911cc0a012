/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker login, logout: credentials for registries.  */

#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/config/config.h"
#include "src/registry/keystore.h"
#include "src/registry/reference.h"
#include "src/registry/registry.h"
#include "xalloc.h"

extern const struct command command_login;
extern const struct command command_logout;

struct login_options
{
  const char *username;
  const char *password;
  bool password_stdin;
  const char *registry;
  const char *proxy;
  bool all;
};

#define TARGET(member) OPTION_TARGET (struct login_options, member)

static const struct option_row login_rows[] = {
  { .name = "username",
    .letter = 'u',
    .kind = OPTION_VALUE,
    .argument = N_ ("NAME"),
    .help = N_ ("the user"),
    .target = TARGET (username) },
  { .name = "password",
    .letter = 'p',
    .kind = OPTION_VALUE,
    .argument = N_ ("PASSWORD"),
    .help = N_ ("the password; other users of this machine can see it in the "
                "list of processes"),
    .target = TARGET (password) },
  { .name = "password-stdin",
    .kind = OPTION_FLAG,
    .help = N_ ("read the password from standard input, one line"),
    .target = TARGET (password_stdin) },
  { .name = "registry",
    .kind = OPTION_VALUE,
    .argument = N_ ("URL"),
    .help = N_ ("the registry, instead of Docker Hub"),
    .target = TARGET (registry) },
  { .name = "httpproxy",
    .kind = OPTION_VALUE,
    .argument = N_ ("PROXY"),
    .help = N_ ("try them through this proxy"),
    .target = TARGET (proxy) },
  { 0 },
};

static const struct option_row logout_rows[] = {
  { .name = "all",
    .letter = 'a',
    .kind = OPTION_FLAG,
    .help = N_ ("remove all credentials"),
    .target = TARGET (all) },
  { .name = "registry",
    .kind = OPTION_VALUE,
    .argument = N_ ("URL"),
    .help = N_ ("the registry, instead of Docker Hub"),
    .target = TARGET (registry) },
  { 0 },
};

/* The signal that came while a password was being typed.  */
static volatile sig_atomic_t caught;

static void
catch_signal (int number)
{
  caught = number;
}

/* Read a line from FD, without its end, byte by byte so that nothing behind it
   is taken.  Return it (the caller frees it), or NULL at the end of input or
   after a signal.  */
static char *
read_line (int fd)
{
  AUTO_FREE char *line = xcalloc (1, 1);
  size_t length = 0;
  size_t space = 1;

  for (;;)
    {
      char character = '\0';
      ssize_t count = read (fd, &character, 1);
      if (count < 0 && errno == EINTR && caught == 0)
        continue;
      if (count < 0 || (count == 0 && length == 0))
        return NULL;
      if (count == 0 || character == '\n')
        break;
      if (length + 1 >= space)
        line = x2realloc (line, &space);
      line[length++] = character;
    }
  if (length > 0 && line[length - 1] == '\r')
    length--;
  line[length] = '\0';
  return TAKE (line);
}

/* Ask for a password on the terminal TTY without showing it.  The terminal is
   put right again whatever happens, also when the user presses Ctrl-C.  */
static char *
ask_password (int tty)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP };
  enum
  {
    COUNT = sizeof numbers / sizeof numbers[0]
  };
  struct sigaction action = { .sa_handler = catch_signal };
  struct sigaction saved[COUNT];
  struct termios shown;

  if (tcgetattr (tty, &shown) < 0)
    return read_line (tty);
  struct termios hidden = shown;
  hidden.c_lflag &= ~(tcflag_t) ECHO;

  caught = 0;
  for (size_t i = 0; i < COUNT; i++)
    sigaction (numbers[i], &action, &saved[i]);
  (void) tcsetattr (tty, TCSAFLUSH, &hidden);
  char *line = read_line (tty);
  (void) tcsetattr (tty, TCSAFLUSH, &shown);
  (void) file_write_all (tty, "\n", 1);
  for (size_t i = 0; i < COUNT; i++)
    sigaction (numbers[i], &saved[i], NULL);
  if (caught != 0)
    raise (caught);
  return line;
}

/* Get the user name where none was given.  */
static char *
get_username (const struct login_options *options)
{
  if (options->username != NULL)
    return xstrdup (options->username);
  if (options->password_stdin)
    return NULL;
  if (isatty (STDIN_FILENO))
    (void) file_write_all (STDERR_FILENO, "username: ", 10);
  return read_line (STDIN_FILENO);
}

/* Get the password where none was given.  */
static char *
get_password (const struct login_options *options)
{
  if (options->password != NULL)
    return xstrdup (options->password);
  if (options->password_stdin || !isatty (STDIN_FILENO))
    return read_line (STDIN_FILENO);

  AUTO_CLOSE int tty = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  (void) file_write_all (tty >= 0 ? tty : STDERR_FILENO, "password: ", 10);
  return ask_password (tty >= 0 ? tty : STDIN_FILENO);
}

static bool
is_upper_case (const char *text)
{
  for (; *text != '\0'; text++)
    if (islower ((unsigned char) *text))
      return false;
  return true;
}

/* Return the registry that OPTIONS name, or Docker Hub as CONFIG has it.  */
static const char *
chosen_registry (const struct login_options *options,
                 const struct config *config)
{
  return options->registry != NULL && *options->registry != '\0'
             ? options->registry
             : config->dockerio_registry_url;
}

/* Ask the registry whether it takes USERNAME and PASSWORD.  Return 0 when it
   does, or when that cannot be told, for which DOUBT has the reason: who is
   offline logs in for later.  Otherwise return a negative errno with ERR
   set.  */
static int
check (const struct login_options *options, const struct config *config,
       const char *username, const char *password, struct error *doubt,
       struct error *err)
{
  AUTO_ERROR struct error problem = { 0 };
  struct registry_options registry;
  const char *place = chosen_registry (options, config);
  AUTO_FREE char *key = keystore_key (place);

  registry_options_from_config (&registry, config);
  registry.retries = 1;
  if (options->proxy != NULL)
    registry.proxy = options->proxy;
  /* The key has Docker Hub's address; elsewhere TLS may be left open.  */
  if (reference_host_is_docker_hub (strstr (key, "://") + 3))
    place = key;
  int status =
      registry_check_login (place, username, password, &registry, &problem);
  if (status < 0)
    {
      (void) error_move (err, &problem);
      return error_prefix (err, _ ("invalid credentials"));
    }
  if (status > 0)
    (void) error_move (doubt, &problem);
  return 0;
}

static int
run_login (struct invocation *invocation, struct error *err)
{
  const struct login_options *options = invocation->options;
  const struct config *config = invocation->config;

  AUTO_FREE char *username = get_username (options);
  AUTO_FREE char *password =
      username == NULL || *username == '\0' ? NULL : get_password (options);
  if (password == NULL || *password == '\0')
    return error_set (err, EINVAL, _ ("invalid credentials: the %s is empty"),
                      username == NULL || *username == '\0' ? _ ("user name")
                                                            : _ ("password"));
  if (strchr (username, ':') != NULL)
    return error_set (err, EINVAL,
                      _ ("invalid credentials: a user name has no colon"));
  if (is_upper_case (password))
    log_warning (_ ("password in uppercase Caps Lock ?"));

  AUTO_ERROR struct error doubt = { 0 };
  int status = check (options, config, username, password, &doubt, err);
  if (status == 0)
    status =
        keystore_store (config->keystore, chosen_registry (options, config),
                        username, password, err);
  if (status == 0 && doubt.number != 0)
    log_warning (_ ("credentials are kept without having been tried: %s"),
                 doubt.text);
  explicit_bzero (password, strlen (password));
  return status;
}

static int
run_logout (struct invocation *invocation, struct error *err)
{
  const struct login_options *options = invocation->options;
  const struct config *config = invocation->config;

  int status = keystore_remove (
      config->keystore, options->all ? NULL : chosen_registry (options, config),
      err);
  return status < 0 ? error_prefix (err, _ ("deleting credentials")) : 0;
}

const struct command command_login = {
  .name = "login",
  .summary = N_ ("keep a user name and a password for a registry"),
  .description = N_ (
      "What is not given is asked for. The registry is asked whether it takes "
      "the credentials; when it refuses them nothing is kept, when it cannot "
      "be reached they are kept with a warning. They are in the keystore, a "
      "file that only its owner can read; the password is encoded there, not "
      "encrypted.\n\n"
      " udocker login --username=me --password-stdin "
      "--registry=quay.io < secret"),
  .options = login_rows,
  .options_size = sizeof (struct login_options),
  .needs = NEEDS_CONFIG,
  .run = run_login,
};

const struct command command_logout = {
  .name = "logout",
  .summary = N_ ("forget the credentials for a registry"),
  .options = logout_rows,
  .options_size = sizeof (struct login_options),
  .needs = NEEDS_CONFIG,
  .run = run_logout,
};
