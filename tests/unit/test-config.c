/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tests of settings: values, files, precedence.  */

#include <config.h>

#include "src/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "src/config/literal.h"
#include "src/config/setting.h"
#include "tests/unit/tap.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Lists: what people write and what it means, items between bars.  */
static const struct
{
  const char *text;
  const char *expected; /* NULL: no list */
} lists[] = {
  { "", "" },
  { "None", "" },
  { "a b  c", "|a|b|c" },
  { "a, b c,d", "|a|b c|d" },
  { "'a b', \"c\"", "|a b|c" },
  { "[]", "" },
  { "()", "" },
  { "['a', \"b c\", 'd',]", "|a|b c|d" },
  { "('a',)", "|a" },
  { "['a'\n'b',\n 'c']", "|ab|c" },
  { "['it\\'s', 'a\\\\b']", "|it's|a\\b" },
  { "[['taskset', '-c'], ['x']]", "|taskset -c|x" },
  { "[1, two]", "|1|two" },
  { "['a'", NULL },
  { "['a", NULL },
  { "['a' b]", NULL },
  { "['a'] x", NULL },
  { "['a', , 'b']", NULL },
  { "[[['a']]]", NULL },
};

/* Members of dictionaries: the one called "b".  */
static const struct
{
  const char *text;
  const char *expected; /* NULL: there is none */
} members[] = {
  { "", NULL },
  { "{}", NULL },
  { "{'a': '1', 'b': '2'}", "2" },
  { "{ \"b\" : \"2\" , 'c': '3' }", "2" },
  { "{'bb': '1', 'b': ''}", "" },
  { "a=1 b=2", "2" },
  { "a=1,b=2,c=3", "2" },
  { "b", NULL },
  { "{'a' 'b': '2'}", NULL },
  { "{'b': }", NULL },
  { "{'b: '2'}", NULL },
};

static void
test_members (void)
{
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
    {
      AUTO_FREE char *value = literal_find (members[i].text, "b");
      const char *expected = members[i].expected;
      tap_ok (expected == NULL ? value == NULL
                               : value != NULL && strcmp (value, expected) == 0,
              "member of %s", members[i].text);
    }
}

static void
test_lists (void)
{
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    {
      struct config_list list = { 0 };
      AUTO_BUFFER (out);
      bool good = literal_read_list (lists[i].text, &list);

      buffer_add_string (&out, "");
      for (size_t j = 0; j < list.count; j++)
        buffer_add_format (&out, "|%s", list.items[j]);
      AUTO_BUFFER (what); /* in one line */
      literal_print_text (&what, lists[i].text);
      tap_is_string (good ? out.data : NULL, lists[i].expected, what.data);
      literal_release_list (&list);
    }
}

/* Files: text, and what becomes of some settings or the error.  */
static const struct
{
  const char *text;
  const char *key;
  const char *expected; /* the line of showconf, or the error */
} files[] = {
  { "", "timeout", "timeout = 12" },
  { "timeout = 20\n", "timeout", "timeout = 20" },
  { "[DEFAULT]\ntimeout=20", "timeout", "timeout = 20" },
  { "[DEFAULT]\ntimeout : '20'\n", "timeout", "timeout = 20" },
  { "[DEFAULT]\r\ntimeout = 20\r\n", "timeout", "timeout = 20" },
  { "\xef\xbb\xbf[DEFAULT]\ntimeout = 20\n", "timeout", "timeout = 20" },
  { "TimeOut = 20\n", "timeout", "timeout = 20" },
  { "# timeout = 20\n; timeout = 21\n", "timeout", "timeout = 12" },
  { "[other]\ntimeout = 20\n", "timeout", "timeout = 12" },
  { "[other]\nnonsense\n[DEFAULT]\ntimeout = 20\n", "timeout", "timeout = 20" },
  { "timeout = 20\ntimeout = 30\n", "timeout", "timeout = 30" },
  { "autoinstall = False\n", "autoinstall", "autoinstall = False" },
  { "proot_killonexit = no\n", "proot_killonexit", "proot_killonexit = False" },
  { "proot_noseccomp = True\n", "proot_noseccomp", "proot_noseccomp = True" },
  { "proot_noseccomp = None\n", "proot_noseccomp", "proot_noseccomp = None" },
  { "sysdirs_list = ['/dev',\n  '/proc']\n", "sysdirs_list",
    "sysdirs_list = ['/dev', '/proc']" },
  { "sysdirs_list = ['/dev',\n  # why not\n  '/proc']\ntimeout = 1\n",
    "sysdirs_list", "sysdirs_list = ['/dev', '/proc']" },
  { "sysdirs_list =\n  /dev\n  /proc\n\n", "sysdirs_list",
    "sysdirs_list = ['/dev', '/proc']" },
  { "cmd = /bin/sh -l\n", "cmd", "cmd = ['/bin/sh', '-l']" },
  { "http_proxy =\n", "http_proxy", "http_proxy = " },
  { "http_proxy = \"socks5://u:p@h:1\"\n", "http_proxy",
    "http_proxy = socks5://u:p@h:1" },
  { "http_agent = 100%% %d %(timeout)s\n", "http_agent",
    "http_agent = 100% %d 12" },
  { "topdir = /a\nbindir = %(topdir)s/b\n", "bindir", "bindir = /a/b" },
  { "unknown_key = 1\ntimeout = 20\n", "timeout", "timeout = 20" },
  { "default_execution_mode = F3\n", "default_execution_mode",
    "default_execution_mode = F3" },

  { "timeout = soon\n", NULL,
    "x.conf:1: timeout must be a whole number, not 'soon'" },
  { "timeout = 99999999999\n", NULL,
    "x.conf:1: timeout must be a whole number, not '99999999999'" },
  { "\n\nautoinstall = maybe\n", NULL,
    "x.conf:3: autoinstall must be True or False, not 'maybe'" },
  { "proot_noseccomp = 7\n", NULL,
    "x.conf:1: proot_noseccomp must be True, False or None, not '7'" },
  { "sysdirs_list = ['/dev'\n", NULL,
    "x.conf:1: sysdirs_list must be a list, not '['/dev''" },
  { "topdir = here\n", NULL,
    "x.conf:1: topdir must be an absolute path, not 'here'" },
  { "http_agent = %(nothing)s\n", NULL,
    "x.conf:1: '%(nothing)s' names no setting" },
  { "just words\n", NULL, "x.conf:1: 'just words' is no 'key = value'" },
};

/* Return the line about KEY that showconf prints for CONFIG; the caller frees
   it.  */
static char *
shown (const struct config *config, const char *key)
{
  AUTO_BUFFER (all);
  AUTO_FREE char *start = xasprintf ("\n%s = ", key);

  buffer_add_char (&all, '\n');
  config_print (config, &all);
  const char *line = strstr (all.data, start);
  if (line == NULL)
    return xstrdup ("no such line");
  line++;
  return xasprintf ("%.*s", (int) strcspn (line, "\n"), line);
}

static void
test_files (void)
{
  static const struct config_command_line nothing = { 0 };

  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    {
      struct config config = { 0 };
      AUTO_ERROR struct error err = { 0 };

      if (config_load (&config, &nothing, &err) < 0)
        tap_bail (err.text);
      int status = config_read_text (&config, files[i].text, "x.conf", &err);
      if (files[i].key == NULL)
        tap_is_string (status == -EINVAL ? err.text : "no error",
                       files[i].expected, files[i].expected);
      else
        {
          AUTO_FREE char *line = shown (&config, files[i].key);
          tap_is_string (status == 0 ? line : err.text, files[i].expected,
                         files[i].expected);
        }
      config_release (&config);
    }
}

static void
write_file (const char *path, const char *text)
{
  AUTO_ERROR struct error err = { 0 };

  if (file_replace (AT_FDCWD, path, text, strlen (text), 0644, &err) < 0)
    tap_bail (err.text);
}

/* Check that KEY is shown as EXPECTED with COMMAND_LINE.  */
static void
check (const struct config_command_line *command_line, const char *key,
       const char *expected, const char *what)
{
  struct config config = { 0 };
  AUTO_ERROR struct error err = { 0 };

  int status = config_load (&config, command_line, &err);
  AUTO_FREE char *line = status < 0 ? NULL : shown (&config, key);
  tap_is_string (status < 0 ? err.text : line, expected, what);
  config_release (&config);
}

static void
test_precedence (const char *home)
{
  struct config_command_line line = { 0 };
  AUTO_FREE char *top = xasprintf ("%s/top", home);
  AUTO_FREE char *own = xasprintf ("%s/own.conf", home);
  AUTO_FREE char *user = xasprintf ("%s/.udocker", home);
  AUTO_FREE char *user_file = xasprintf ("%s/udocker.conf", user);
  AUTO_FREE char *top_file = xasprintf ("%s/udocker.conf", top);
  AUTO_FREE char *user_top = xasprintf ("topdir = %s", user);
  AUTO_FREE char *top_top = xasprintf ("topdir = %s", top);
  AUTO_FREE char *top_bin = xasprintf ("bindir = %s/bin", top);
  AUTO_FREE char *keystore = xasprintf ("keystore = %s/keystore", user);

  mkdir (top, 0755);
  mkdir (user, 0755);
  check (&line, "topdir", user_top, "the repository is below HOME");
  check (&line, "keystore", keystore, "and so is the keystore");

  write_file (user_file, "timeout = 1\nctimeout = 1\nhttp_agent = 1\n"
                         "verbose_level = 1\n");
  check (&line, "timeout", "timeout = 1", "the user's file is read");

  write_file (top_file, "ctimeout = 2\nhttp_agent = 2\nverbose_level = 2\n"
                        "topdir = /elsewhere\n");
  setenv ("UDOCKER_DIR", top, 1);
  check (&line, "timeout", "timeout = 1", "the user's file is still read");
  check (&line, "ctimeout", "ctimeout = 2",
         "the file in the directory of UDOCKER_DIR wins");
  check (&line, "topdir", top_top, "but does not move it");
  check (&line, "bindir", top_bin, "directories follow the top directory");

  line.repository = "/nowhere";
  check (&line, "topdir", "topdir = /nowhere", "--repo beats UDOCKER_DIR");
  check (&line, "ctimeout", "ctimeout = 1", "and its file is not read then");
  line.repository = NULL;

  write_file (own, "http_agent = 3\nverbose_level = 3\n");
  line.file = own;
  check (&line, "http_agent", "http_agent = 3", "--config wins");
  setenv ("UDOCKER_LOGLEVEL", "4", 1);
  check (&line, "verbose_level", "verbose_level = 4", "a variable wins");
  line.debug = true;
  check (&line, "verbose_level", "verbose_level = 5", "-D wins");

  setenv ("UDOCKER_LOGLEVEL", "loud", 1);
  check (&line, "verbose_level",
         "UDOCKER_LOGLEVEL: verbose_level must be a whole number, not 'loud'",
         "a variable of the wrong type");
  unsetenv ("UDOCKER_LOGLEVEL");
  line.file = "/nowhere/at/all";
  check (&line, "verbose_level",
         "--config: cannot open '/nowhere/at/all': No such file or directory",
         "--config of a missing file");
  line.file = NULL;

  setenv ("UDOCKER_DIR", "relative", 1);
  AUTO_FREE char *here = getcwd (NULL, 0);
  AUTO_FREE char *relative = xasprintf ("topdir = %s/relative", here);
  check (&line, "topdir", relative, "a relative UDOCKER_DIR");
  setenv ("UDOCKER_DIR", "/a/b///", 1);
  check (&line, "topdir", "topdir = /a/b", "slashes at the end");
  unsetenv ("UDOCKER_DIR");

  setenv ("UDOCKER_USE_PROOT_EXECUTABLE", "", 1);
  check (&line, "use_proot_executable",
         "use_proot_executable = ", "an empty program means PATH");
  unsetenv ("UDOCKER_USE_PROOT_EXECUTABLE");
  setenv ("UDOCKER_REGISTRY", "", 1);
  check (&line, "dockerio_registry_url",
         "dockerio_registry_url = https://registry-1.docker.io",
         "another empty variable is not set");
}

/* Every setting has a default of its type, and its name once.  */
static void
test_table (void)
{
  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    if (setting_find (setting->name) != setting)
      tap_ok (false, "%s is in the table once", setting->name);
  tap_ok (setting_find ("nothing") == NULL, "no setting 'nothing'");
}

int
main (void)
{
  char home[] = "/tmp/test-config.XXXXXX";

  log_set_level (LOG_NOTHING);
  if (mkdtemp (home) == NULL)
    tap_bail ("no temporary directory");

  /* Nothing of the machine's may be seen.  */
  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    if (setting->variable != NULL)
      unsetenv (setting->variable);
  unsetenv ("TMPDIR");
  setenv ("UDOCKER_NOSYSCONF", "1", 1);
  setenv ("HOME", home, 1);

  test_table ();
  test_members ();
  test_lists ();
  test_files ();
  test_precedence (home);

  static const char *const made[] = { ".udocker/udocker.conf", ".udocker",
                                      "top/udocker.conf", "top", "own.conf" };
  for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
    {
      AUTO_FREE char *path = xasprintf ("%s/%s", home, made[i]);
      (void) remove (path);
    }
  (void) rmdir (home);
  return tap_done ();
}
