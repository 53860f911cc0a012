/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Test the run plan: who, where, what and with which environment, in a root
   made here.  */

#include <config.h>

#include "src/container/run-plan.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/plan/plan-write.h"
#include "src/config/config.h"
#include "src/container/run-private.h"
#include "tests/unit/tap.h"
#include "xvasprintf.h"

static char top[] = "/tmp/udocker-test-XXXXXX";
static char *root;
static struct config settings;

/* Make the file PATH below the test's directory with the SIZE bytes of CONTENT
   and MODE.  */
static void
make_bytes (const char *path, const char *content, size_t size, mode_t mode)
{
  struct error err = { 0 };
  char *whole = xasprintf ("%s%s", top, path);
  char *slash = strrchr (whole, '/');
  *slash = '\0';
  if (file_make_directories (AT_FDCWD, whole, 0755, &err) < 0)
    tap_bail (err.text);
  *slash = '/';
  int fd = open (whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0 || file_write_all (fd, content, size) < 0 || fchmod (fd, mode) < 0
      || close (fd) < 0)
    tap_bail (whole);
  free (whole);
}

static void
make_file (const char *path, const char *content, mode_t mode)
{
  make_bytes (path, content, strlen (content), mode);
}

static void
make_directory (const char *path)
{
  struct error err = { 0 };
  char *whole = xasprintf ("%s%s", top, path);
  if (file_make_directories (AT_FDCWD, whole, 0755, &err) < 0)
    tap_bail (err.text);
  free (whole);
}

static void
make_link (const char *target, const char *path)
{
  char *whole = xasprintf ("%s%s", top, path);
  if (symlink (target, whole) < 0)
    tap_bail (whole);
  free (whole);
}

static void
make_root (void)
{
  if (mkdtemp (top) == NULL)
    tap_bail ("mkdtemp");
  root = xasprintf ("%s/root", top);
  make_file ("/root/usr/bin/true", "#!/bin/sh\n", 0755);
  make_file ("/root/usr/bin/noexec", "#!/bin/sh\n", 0644);
  /* A program for the Alpha.  */
  make_bytes ("/root/usr/bin/foreign",
              "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x26\x90xxxxxxx", 27, 0755);
  make_file ("/root/etc/passwd",
             "root:x:0:0:root:/root:/bin/sh\n"
             "# a comment\n"
             "broken:line\n"
             "alice:x:1234:1234:Alice:/home/alice:/bin/bash\n"
             "first.last:x:1235:100:Dots:/home/dots:/bin/sh\n"
             "homeless:x:1236:1236::relative:/bin/sh\n",
             0644);
  make_file ("/root/etc/group", "root:x:0:\nstaff:x:50:\nalice:x:1234:\n",
             0644);
  make_directory ("/root/root");
  make_directory ("/root/home/alice");
  make_directory ("/root/dev");
  make_directory ("/outside/secret");
  make_file ("/outside/tool", "#!/bin/sh\n", 0755);
  make_file ("/outside/vars",
             "# comment\n\n  A = spaced \nB=from file\n"
             "IMAGE=file\n\r\nUDOCKER_TEST_HOST\nC\n",
             0644);
  make_link ("usr/bin", "/root/bin");
  make_link ("/home/alice", "/root/absolute");
  make_link ("../../../../../../home", "/root/etc/up");
  make_link ("loop", "/root/loop");
  make_link ("/nowhere/at/all", "/root/dangling");
  char *outside = xasprintf ("%s/outside", top);
  make_link (outside, "/root/escape");
  free (outside);
  make_link ("/data", "/root/to-data");
}

/* Make a plan of REQUEST, in our root unless it says another.  Return what
   run_plan_make does; TEXT, which the caller frees, is the error's.  */
static int
make_plan (struct run_request request, struct run_plan *plan, int *status,
           char **text)
{
  static const char *const command[] = { "true" };
  struct error err = { 0 };
  if (request.root == NULL)
    request.root = root;
  if (request.command.count == 0)
    request.command = (struct run_list){ command, 1 };
  request.mode = "P1";
  int failure = run_plan_make (plan, &request, NULL, &settings, status, &err);
  *text = err.text;
  return failure;
}

static const char *
environment_of (const struct run_plan *plan, const char *name)
{
  return run_plan_environment (plan, name);
}

/* The first lines of the made-up file at PATH in PLAN that begin with NAME and
   a colon, or NULL; the caller frees it.  */
static char *
line_of (const struct run_plan *plan, const char *path, const char *name)
{
  for (size_t i = 0; i < plan->file_count; i++)
    if (strcmp (plan->files[i].guest, path) == 0)
      {
        const char *line = plan->files[i].content;
        size_t length = strlen (name);
        while (strncmp (line, name, length) != 0 || line[length] != ':')
          {
            line += strcspn (line, "\n");
            if (*line++ == '\0' || *line == '\0')
              return NULL;
          }
        return xasprintf ("%.*s", (int) strcspn (line, "\n"), line);
      }
  return NULL;
}

static void
test_users (void)
{
  const unsigned u = geteuid ();
  const unsigned g = getegid ();
  struct
  {
    const char *user;
    const char *name; /* NULL: refused */
    unsigned uid, gid;
    const char *home;
    const char *passwd; /* the user's line in a made-up passwd, or NULL */
  } cases[] = {
    { NULL, "root", 0, 0, "/root", NULL },
    { "root", "root", 0, 0, "/root", NULL },
    { "0", "root", 0, 0, "/root", NULL },
    { "0:0", "root", 0, 0, "/root", NULL },
    { "root:staff", "root", 0, 50, "/root", "root:x:0:50:root:/root:/bin/sh" },
    { "alice", "alice", u, g, "/home/alice", "" },
    { "1234", "alice", u, g, "/home/alice", "" },
    { "alice:staff", "alice", u, 50, "/home/alice", "" },
    { "alice:77", "alice", u, 77, "/home/alice", "" },
    { "first.last", "first.last", u, g, "/home/dots", "" },
    { "homeless", "homeless", u, g, "/", "" },
    { "bob", "bob", u, g, "/", "" },
    { "4000", "user4000", 4000, g, "/", "user4000:x:4000:" },
    { "4000:5000", "user4000", 4000, 5000, "/",
      "user4000:x:4000:5000:*UDOCKER*:/:/bin/sh" },
    { "name@domain", "name@domain", u, g, "/", "" },
    { "alice:nogroup-here", NULL, 0, 0, NULL, NULL },
    { ":", "root", 0, 0, "/root", NULL },
    { "alice:", "alice", u, g, "/home/alice", "" },
    { ":staff", "root", 0, 50, "/root", "root:x:0:50:root:/root:/bin/sh" },
    { "-x", NULL, 0, 0, NULL, NULL },
    { "a b", NULL, 0, 0, NULL, NULL },
    { "a:b:c", NULL, 0, 0, NULL, NULL },
    { "a/b", NULL, 0, 0, NULL, NULL },
    { "4294967295", NULL, 0, 0, NULL, NULL },
    { "99999999999", NULL, 0, 0, NULL, NULL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
      struct run_plan plan;
      struct run_request request = { .user = cases[i].user };
      char *text = NULL;
      int status = 0;
      const char *shown = cases[i].user != NULL ? cases[i].user : "(none)";
      int failure = make_plan (request, &plan, &status, &text);
      if (cases[i].name == NULL)
        tap_ok (failure < 0 && status == 125, "user '%s' is refused: %s", shown,
                text != NULL ? text : "");
      else if (tap_ok (failure == 0, "user '%s' is known%s", shown,
                       text != NULL ? text : ""))
        {
          tap_is_string (plan.user.name, cases[i].name, "  by its name");
          tap_is_number (plan.user.uid, cases[i].uid, "  uid");
          tap_is_number (plan.user.gid, cases[i].gid, "  gid");
          tap_is_string (plan.user.home, cases[i].home, "  home");
          tap_is_string (environment_of (&plan, "HOME"), cases[i].home,
                         "  HOME");
          tap_is_string (environment_of (&plan, "USER"), cases[i].name,
                         "  USER");
          char *line = line_of (&plan, "/etc/passwd", cases[i].name);
          char *start =
              xasprintf ("%s:x:%u:%u:", plan.user.name,
                         (unsigned) plan.user.uid, (unsigned) plan.user.gid);
          if (cases[i].passwd == NULL)
            tap_ok (line == NULL, "  the image's passwd is left alone");
          else
            tap_ok (
                line != NULL && strncmp (line, start, strlen (start)) == 0
                    && strncmp (line, cases[i].passwd, strlen (cases[i].passwd))
                           == 0,
                "  passwd says so: %s", line != NULL ? line : "(none)");
          free (line);
          free (start);
        }
      free (text);
      if (failure == 0)
        run_plan_release (&plan);
    }
}

static void
test_accounts (void)
{
  struct run_plan plan;
  char *text = NULL;
  int status = 0;
  struct run_request request = { .user = "alice" };
  (void) make_plan (request, &plan, &status, &text);
  char *alice = line_of (&plan, "/etc/passwd", "alice");
  const char *passwd = NULL;
  for (size_t i = 0; i < plan.file_count; i++)
    if (strcmp (plan.files[i].guest, "/etc/passwd") == 0)
      passwd = plan.files[i].content;
  const char *first = passwd != NULL ? strstr (passwd, "alice:") : NULL;
  tap_ok (first != NULL && strstr (first + 1, "\nalice:") == NULL,
          "a known name is there once, with our id: %s", alice);
  tap_ok (passwd != NULL && strstr (passwd, "# a comment\nbroken:line\n"),
          "other lines stay as they are");
  free (alice);
  run_plan_release (&plan);

  request = (struct run_request){ .user = "bob", .container_accounts = true };
  tap_ok (make_plan (request, &plan, &status, &text) < 0 && status == 125
              && strcmp (text, "user not found: bob") == 0,
          "--containerauth wants a known user");
  free (text);
  request.user = "alice";
  tap_ok (make_plan (request, &plan, &status, &text) == 0
              && plan.file_count == 0,
          "--containerauth makes nothing up");
  run_plan_release (&plan);

  request = (struct run_request){ .user = "root", .host_accounts = true };
  tap_ok (make_plan (request, &plan, &status, &text) == 0
              && plan.file_count == 2,
          "--hostauth shows the host's files");
  run_plan_release (&plan);
  request.user = "no-such-user-anywhere";
  int failure = make_plan (request, &plan, &status, &text);
  tap_ok (failure < 0 && status == 125,
          "--hostauth wants a user of the host: %s", text);
  free (text);

  /* A file of the user's stays as it is.  */
  char *volume = xasprintf ("%s/root/etc/passwd:/etc/passwd", top);
  const char *volumes[] = { volume };
  request = (struct run_request){ .user = "bob", .volumes = { volumes, 1 } };
  tap_ok (make_plan (request, &plan, &status, &text) == 0
              && plan.file_count == 0,
          "nothing is made up over a mounted passwd");
  run_plan_release (&plan);
  free (volume);

  char *empty = xasprintf ("%s/empty", top);
  make_file ("/empty/bin/true", "#!", 0755);
  request = (struct run_request){ .root = empty };
  tap_ok (make_plan (request, &plan, &status, &text) == 0 && plan.user.uid == 0
              && strcmp (plan.user.name, "root") == 0,
          "root is root without a passwd, too");
  run_plan_release (&plan);
  free (empty);
}

static void
test_environment (void)
{
  setenv ("UDOCKER_TEST_HOST", "from host", 1);
  setenv ("VTE_VERSION", "1", 1);
  char *file = xasprintf ("%s/outside/vars", top);
  const char *words[] = { "X=1",
                          "X=2",
                          " Y=y ",
                          "1BAD=x",
                          "=x",
                          "SP ACE=x",
                          "UDOCKER_TEST_HOST",
                          "EMPTY=",
                          "USER=me",
                          "B=over file",
                          "HOME=/elsewhere" };
  const char *files[] = { file };
  struct run_request request = {
    .environment = { words, sizeof words / sizeof words[0] },
    .environment_files = { files, 1 },
  };
  struct run_plan plan;
  char *text = NULL;
  int status = 0;
  log_set_level (LOG_NOTHING);
  if (make_plan (request, &plan, &status, &text) < 0)
    tap_bail (text);
  log_set_level (LOG_WARNING);
  static const struct
  {
    const char *name, *value;
  } cases[] = {
    { "X", "2" },
    { "Y", "y " },
    { "1BAD", NULL },
    { "", NULL },
    { "SP ACE", NULL },
    { "UDOCKER_TEST_HOST", "from host" },
    { "EMPTY", "" },
    { "USER", "me" },
    { "LOGNAME", "root" },
    { "A", "spaced" },
    { "B", "over file" },
    { "IMAGE", "file" },
    { "C", "" },
    { "#", NULL },
    { "HOME", "/elsewhere" },
    { "SHLVL", "0" },
    { "PS1", "#" },
    { "container_uuid", "" },
    { "container_execmode", "P1" },
    { "VTE_VERSION", NULL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    tap_is_string (environment_of (&plan, cases[i].name), cases[i].value,
                   cases[i].name);
  tap_is_string (environment_of (&plan, "container_root"), root,
                 "container_root");
  tap_is_string (environment_of (&plan, "PATH"), settings.root_path, "PATH");
  run_plan_release (&plan);

  request = (struct run_request){ .host_environment = "*", .user = "alice" };
  (void) make_plan (request, &plan, &status, &text);
  tap_is_string (environment_of (&plan, "UDOCKER_TEST_HOST"), "from host",
                 "--hostenv passes all on");
  tap_is_string (environment_of (&plan, "VTE_VERSION"), NULL,
                 "but for what is of no use inside");
  tap_is_string (environment_of (&plan, "PATH"), settings.user_path,
                 "and the container has its own PATH");
  tap_is_string (environment_of (&plan, "HOME"), "/home/alice", "and HOME");
  run_plan_release (&plan);

  const char *missing[] = { "/does/not/exist" };
  request = (struct run_request){ .environment_files = { missing, 1 } };
  int failure = make_plan (request, &plan, &status, &text);
  tap_ok (failure < 0 && status == 125, "a missing file is told: %s", text);
  free (text);
  free (file);
}

static void
test_volumes (void)
{
  struct
  {
    const char *volume; /* OUT stands for the outside directory */
    const char *guest;  /* NULL: refused */
    unsigned flags;
  } cases[] = {
    { "OUT:/data", "/data", 0 },
    { "OUT:/data:ro", "/data", PLAN_BINDING_READ_ONLY },
    { "OUT:/data:rw", "/data", 0 },
    { "OUT:/data:nofollow,ro", "/data",
      PLAN_BINDING_READ_ONLY | PLAN_BINDING_NO_FOLLOW },
    { "OUT:/data:Z", "/data", 0 },
    { "OUT:/to-data", "/data", 0 }, /* see below: /data is bound by then */
    { "OUT:/to-data:nofollow", "/to-data", PLAN_BINDING_NO_FOLLOW },
    { "OUT://deep///er/./x/", "/deep/er/x", 0 },
    { "OUT:/absolute/x", "/home/alice/x", 0 },
    { "OUT:/dangling", "/dangling", 0 },
    { "OUT:/escape/x", "OUT/x", 0 },
    { "OUT:/etc/up/alice", "/home/alice", 0 },
    { "OUT", "OUT", 0 },
    { "OUT:", "OUT", 0 },
    { "OUT:/data:wrong", NULL, 0 },
    { "OUT:/data:ro:", NULL, 0 },
    { "OUT:/", NULL, 0 },
    { "OUT://.//", NULL, 0 },
    { "OUT:data", NULL, 0 },
    { "OUT:/a/../b", NULL, 0 },
    { "relative:/x", NULL, 0 },
    { ":/x", NULL, 0 },
    { "/does/not/exist:/x", NULL, 0 },
    { "OUT:/loop/x", NULL, 0 },
    { "OUT:/etc/passwd/x", NULL, 0 },
  };
  make_directory ("/root/data");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
      bool out = strncmp (cases[i].volume, "OUT", 3) == 0;
      char *volume = xasprintf ("%s%s%s", out ? top : "", out ? "/outside" : "",
                                cases[i].volume + (out ? 3 : 0));
      const char *volumes[] = { volume };
      struct run_request request = { .volumes = { volumes, 1 },
                                     .no_system_volumes = true };
      struct run_plan plan;
      char *text = NULL;
      int status = 0;
      int failure = make_plan (request, &plan, &status, &text);
      if (cases[i].guest == NULL)
        tap_ok (failure < 0 && status == 125, "volume '%s' is refused: %s",
                cases[i].volume, text != NULL ? text : "");
      else if (tap_ok (failure == 0, "volume '%s' is taken%s", cases[i].volume,
                       text != NULL ? text : ""))
        {
          bool guest_out = strncmp (cases[i].guest, "OUT", 3) == 0;
          char *guest = xasprintf ("%s%s%s", guest_out ? top : "",
                                   guest_out ? "/outside" : "",
                                   cases[i].guest + (guest_out ? 3 : 0));
          const struct run_binding *last =
              &plan.bindings[plan.binding_count - 1];
          tap_is_string (last->guest, guest, "  at its place");
          tap_is_number (last->flags, cases[i].flags | PLAN_BINDING_TRUE,
                         "  flags");
          free (guest);
        }
      if (failure == 0)
        run_plan_release (&plan);
      free (text);
      free (volume);
    }
}

/* Return how many bindings of PLAN are at GUEST.  */
static int
count_bindings (const struct run_plan *plan, const char *guest)
{
  int count = 0;
  for (size_t i = 0; i < plan->binding_count; i++)
    count += strcmp (plan->bindings[i].guest, guest) == 0;
  return count;
}

static void
test_system_volumes (void)
{
  struct run_plan plan;
  char *text = NULL;
  int status = 0;
  struct run_request request = { 0 };
  (void) make_plan (request, &plan, &status, &text);
  tap_is_number (count_bindings (&plan, "/dev"), 1, "/dev is bound");
  run_plan_release (&plan);

  const char *out[] = { "/dev", "/nothing" };
  request.no_volumes = (struct run_list){ out, 2 };
  log_set_level (LOG_NOTHING);
  (void) make_plan (request, &plan, &status, &text);
  log_set_level (LOG_WARNING);
  tap_is_number (count_bindings (&plan, "/dev"), 0, "--novol leaves it out");
  run_plan_release (&plan);

  char *mine = xasprintf ("%s/outside:/dev", top);
  const char *volumes[] = { mine };
  request = (struct run_request){ .volumes = { volumes, 1 } };
  (void) make_plan (request, &plan, &status, &text);
  tap_is_number (count_bindings (&plan, "/dev"), 1,
                 "what the user binds there is not covered");
  run_plan_release (&plan);
  free (mine);

  const char *devices[] = { "/dev/null:rwm" };
  request = (struct run_request){ .devices = { devices, 1 },
                                  .no_system_volumes = true };
  (void) make_plan (request, &plan, &status, &text);
  tap_is_number (count_bindings (&plan, "/dev/null"), 1,
                 "a device is bound without /dev");
  run_plan_release (&plan);
  devices[0] = "/etc/passwd";
  tap_ok (make_plan (request, &plan, &status, &text) < 0
              && strcmp (text, "not a device: /etc/passwd") == 0,
          "a file is no device");
  free (text);
}

static void
test_directories (void)
{
  char *volume = xasprintf ("%s/outside:/vol/deep", top);
  const char *volumes[] = { volume };
  static const struct
  {
    const char *typed;
    const char *found; /* NULL: refused */
  } cases[] = {
    { NULL, "/root" },
    { "/", "/" },
    { "/home/alice", "/home/alice" },
    { "/absolute/../..", "/" },
    { "/absolute/", "/home/alice" },
    { "/../../home", "/home" },
    { "/vol/deep/secret", "/vol/deep/secret" },
    { "/vol", "/vol" }, /* is there only for the volume */
    { "/vol/deep/..", "/vol" },
    { "/escape", NULL }, /* there is nothing of the host */
    { "/missing", NULL },
    { "/etc/passwd", NULL },
    { "/etc/passwd/", NULL },
    { "/loop", NULL },
    { "relative", NULL },
    { "/vol/other", NULL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
      struct run_request request = { .directory = cases[i].typed,
                                     .volumes = { volumes, 1 } };
      struct run_plan plan;
      char *text = NULL;
      int status = 0;
      int failure = make_plan (request, &plan, &status, &text);
      const char *shown = cases[i].typed != NULL ? cases[i].typed : "(none)";
      if (cases[i].found == NULL)
        tap_ok (failure < 0 && status == 125, "directory %s is refused: %s",
                shown, text != NULL ? text : "");
      else if (tap_ok (failure == 0, "directory %s%s", shown,
                       text != NULL ? text : ""))
        tap_is_string (plan.directory, cases[i].found, "  is this");
      if (failure == 0)
        run_plan_release (&plan);
      free (text);
    }
  free (volume);
}

static void
test_programs (void)
{
  char *volume = xasprintf ("%s/outside:/opt", top);
  const char *volumes[] = { volume };
  static const struct
  {
    const char *typed, *path;
    const char *found;
    int status;
  } cases[] = {
    { "true", NULL, "/usr/bin/true", 0 },
    { "true", "/bin:/usr/bin", "/bin/true", 0 },
    { "true", "/missing::/bin", "/bin/true", 0 },
    { "true", "", NULL, 127 },
    { "/bin/true", NULL, "/bin/true", 0 },
    { "bin/true", NULL, "/bin/true", 0 },
    { "./usr/../bin/true", NULL, "/./usr/../bin/true", 0 },
    { "/opt/tool", NULL, "/opt/tool", 0 },
    { "tool", "/bin:/opt", "/opt/tool", 0 },
    { "tool", "bin:opt", "/opt/tool", 0 },
    { "missing", NULL, NULL, 127 },
    { "/bin/missing", NULL, NULL, 127 },
    { "/etc/passwd/x", NULL, NULL, 127 },
    { "/escape/tool", NULL, NULL, 127 },
    { "noexec", NULL, NULL, 126 },
    { "/bin/noexec", NULL, NULL, 126 },
    { "/home", NULL, NULL, 126 },
    { "/", NULL, NULL, 126 },
    { "foreign", NULL, NULL, 126 },
    { "/loop", NULL, NULL, 126 },
    { "", NULL, NULL, 127 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
      char *path =
          xasprintf ("PATH=%s", cases[i].path != NULL ? cases[i].path : "");
      const char *environment[] = { path };
      const char *command[] = { cases[i].typed, "argument" };
      struct run_request request = {
        .command = { command, 2 },
        .directory = "/",
        .volumes = { volumes, 1 },
        .environment = { environment, cases[i].path != NULL },
      };
      struct run_plan plan;
      char *text = NULL;
      int status = 0;
      int failure = make_plan (request, &plan, &status, &text);
      if (cases[i].found == NULL)
        tap_ok (failure < 0 && status == cases[i].status,
                "'%s' ends with %d: %s", cases[i].typed, cases[i].status,
                text != NULL ? text : "");
      else if (tap_ok (failure == 0, "'%s' is found%s", cases[i].typed,
                       text != NULL ? text : ""))
        {
          tap_is_string (plan.program, cases[i].found, "  there");
          tap_is_string (plan.arguments[0], cases[i].typed,
                         "  and called as typed");
        }
      if (failure == 0)
        run_plan_release (&plan);
      free (text);
      free (path);
    }
  free (volume);
}

static void
test_entry_points (void)
{
  struct run_plan plan;
  char *text = NULL;
  int status = 0;
  const char *command[] = { "a b" };
  struct run_request request = { .entry_point = "  /bin/true  x ",
                                 .command = { command, 1 } };
  (void) make_plan (request, &plan, &status, &text);
  tap_ok (plan.argument_count == 3
              && strcmp (plan.arguments[0], "/bin/true") == 0
              && strcmp (plan.arguments[1], "x") == 0
              && strcmp (plan.arguments[2], "a b") == 0,
          "an entry point is split at blanks, the command follows");

  /* What the engine gets is a plan.  */
  struct plan_writer writer;
  struct plan bytes;
  plan_writer_init (&writer);
  run_plan_write (&plan, &writer);
  tap_is_number (plan_writer_finish (&writer, &bytes), 0,
                 "the plan can be written");
  tap_is_string (plan_text (&bytes, PLAN_PROGRAM, NULL), "/bin/true",
                 "with the program in it");
  plan_writer_release (&writer);
  run_plan_release (&plan);

  request = (struct run_request){ .root = "/does/not/exist" };
  int failure = make_plan (request, &plan, &status, &text);
  tap_ok (failure < 0 && status == 125, "a missing root is told: %s", text);
  free (text);
}

static void
remove_root (void)
{
  char name[] = "rm";
  char option[] = "-rf";
  char *const arguments[] = { name, option, top, NULL };
  pid_t pid = fork ();
  if (pid == 0)
    {
      execvp (name, arguments);
      _exit (127);
    }
  (void) waitpid (pid, NULL, 0);
}

int
main (void)
{
  struct error err = { 0 };
  static const struct config_command_line command_line = { .quiet = true };
  unsetenv ("UDOCKER_DIR");
  unsetenv ("XDG_RUNTIME_DIR");
  if (config_load (&settings, &command_line, &err) < 0)
    tap_bail (err.text);
  log_set_level (LOG_WARNING);
  make_root ();

  test_users ();
  test_accounts ();
  test_environment ();
  test_volumes ();
  test_system_volumes ();
  test_directories ();
  test_programs ();
  test_entry_points ();

  config_release (&settings);
  free (root);
  remove_root ();
  return tap_done ();
}
