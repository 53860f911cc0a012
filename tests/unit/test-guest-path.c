/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tests of lib/guest: views and what paths name, without any engine.  */

#include "tests/unit/guest-engine.h"
#include "tests/unit/tap.h"

static char top[PATH_MAX];

/* What guest_resolve is to say, with and without openat2.  */
static const struct
{
  const char *path;
  unsigned int final;
  const char *guest; /* canonical guest path; NULL: an error */
  int status;
} cases[] = {
  { "/", 0, "/", 0 },
  { "//", 0, "/", 0 },
  { "/..", 0, "/", 0 },
  { "/../../etc/passwd", 0, "/etc/passwd", 0 },
  { "/etc/../../etc/passwd", 0, "/etc/passwd", 0 },
  { "/etc/./passwd", 0, "/etc/passwd", 0 },
  { "/etc//passwd", 0, "/etc/passwd", 0 },
  { "", 0, NULL, -ENOENT },
  { "/etc/none", 0, NULL, -ENOENT },
  { "/etc/none", GUEST_FINAL_MISSING, "/etc/none", 0 },
  { "/etc/none", GUEST_FINAL_CREATE, "/etc/none", 0 },
  { "/none/x", GUEST_FINAL_CREATE, NULL, -ENOENT },
  { "/etc/passwd/x", 0, NULL, -ENOTDIR },
  { "/etc/passwd/", 0, NULL, -ENOTDIR },
  { "/etc/passwd/.", 0, NULL, -ENOTDIR },
  { "/etc/passwd/..", 0, NULL, -ENOTDIR },
  { "/etc/passwd/../passwd", 0, NULL, -ENOTDIR },
  { "/bin/sh", 0, "/usr/bin/sh", 0 },
  { "/bin", 0, "/usr/bin", 0 },
  { "/bin", GUEST_FINAL_NOFOLLOW, "/bin", 0 },
  { "/bin/", GUEST_FINAL_NOFOLLOW, "/usr/bin", 0 },
  { "/bin/..", 0, "/usr", 0 },
  { "/abs/sh", 0, "/usr/bin/sh", 0 },
  { "/abs/../..", 0, "/", 0 },
  { "/usr/escape/etc/passwd", 0, "/etc/passwd", 0 },
  { "/loop", 0, NULL, -ELOOP },
  { "/loop", GUEST_FINAL_NOFOLLOW, "/loop", 0 },
  { "/loop/x", 0, NULL, -ELOOP },
  { "/dangling", 0, NULL, -ENOENT },
  { "/dangling", GUEST_FINAL_MISSING, "/etc/made", 0 },
  { "/dangling", GUEST_FINAL_NOFOLLOW, "/dangling", 0 },
  { "/dangling", GUEST_FINAL_CREATE, "/dangling", 0 },
  { "/chain0", 0, "/etc/passwd", 0 },
  { "/long39", 0, "/etc/passwd", 0 },
  { "/long40", 0, NULL, -ELOOP },
  { "/filelink/x", 0, NULL, -ENOTDIR },
  { "/filelink/", 0, NULL, -ENOTDIR },
  /* Bindings: /data is host data, /data/sub another, /opt/deep/er a third
     whose parents do not exist, /etc/hosts a file.  */
  { "/data", 0, "/data", 0 },
  { "/data/file", 0, "/data/file", 0 },
  { "/data/..", 0, "/", 0 },
  { "/data/sub/../file", 0, "/data/file", 0 },
  { "/data/sub/in", 0, "/data/sub/in", 0 },
  { "/data/sub/..", 0, "/data", 0 },
  { "/data/up/etc/passwd", 0, "/etc/passwd", 0 },
  { "/data/top", 0, "/etc/passwd", 0 },
  { "/todata/file", 0, "/data/file", 0 },
  { "/todata/sub/in", 0, "/data/sub/in", 0 },
  { "/todata/../etc", 0, "/etc", 0 },
  { "/data/hidden", 0, NULL, -ENOENT },
  { "/opt/deep", 0, "/opt/deep", 0 },
  { "/opt/deep/er/x", 0, "/opt/deep/er/x", 0 },
  { "/opt/deep/er/../er/x", 0, "/opt/deep/er/x", 0 },
  { "/opt/deep/..", 0, "/opt", 0 },
  { "/opt/deep/none", 0, NULL, -ENOENT },
  { "/opt/deep/new", GUEST_FINAL_CREATE, NULL, -EROFS },
  { "/etc/hosts", 0, "/etc/hosts", 0 },
  { "/etc/hosts/", 0, NULL, -ENOTDIR },
  { "/etc/hosts/x", 0, NULL, -ENOTDIR },
  { "/etc/tohosts", 0, "/etc/hosts", 0 },
};

static void
make_tree (void)
{
  engine_make_directory (top);
  engine_shell (
      "cd %s; mkdir root host host2 host3; cd root;"
      "mkdir -p etc usr/bin tmp data opt; echo root > etc/passwd;"
      "echo sh > usr/bin/sh; ln -s usr/bin bin; ln -s /usr/bin abs;"
      "ln -s ../../../.. usr/escape; ln -s loop loop;"
      "ln -s /etc/made dangling; ln -s etc/passwd filelink;"
      "ln -s chain1 chain0; ln -s /chain2 chain1; ln -s ./etc/passwd chain2;"
      "ln -s etc/passwd long0; i=0; while test $i -lt 40; do"
      " j=$((i + 1)); ln -s long$i long$j; i=$j; done;"
      "echo hidden > data/hidden; ln -s data todata;"
      "ln -s hosts etc/tohosts; cd ..;"
      "echo f > host/file; mkdir host/sub; ln -s ../.. host/up;"
      "ln -s /etc/passwd host/top; echo in > host2/in; echo x > host3/x;"
      "echo hosts > hosts",
      top);
}

static int
start (void)
{
  static char host[5][PATH_MAX + 16];
  const struct guest_mount mounts[] = {
    { host[2], "/data/sub", 0 },
    { host[0], "/", 0 },
    { host[3], "/opt/deep/er", 0 },
    { host[1], "/data", 0 },
    { host[4], "/etc/hosts", GUEST_BINDING_FILE },
    { "/proc", "/proc", 0 },
  };
  snprintf (host[0], sizeof host[0], "%s/root", top);
  snprintf (host[1], sizeof host[1], "%s/host", top);
  snprintf (host[2], sizeof host[2], "%s/host2", top);
  snprintf (host[3], sizeof host[3], "%s/host3", top);
  snprintf (host[4], sizeof host[4], "%s/hosts", top);
  return engine_start (mounts, sizeof mounts / sizeof mounts[0]);
}

static void
check_case (const char *how, const char *path, unsigned int final,
            const char *guest, int expected)
{
  struct guest_found found;
  char got[PATH_MAX] = "";
  int status = guest_resolve (&engine_task, GUEST_AT_CWD, path, final, &found);

  if (status == 0)
    {
      if (guest_found_guest (&engine_task, &found, got, sizeof got) < 0)
        strcpy (got, "(none)");
      guest_found_release (&engine_guest, &found);
    }
  if (!tap_ok (status == expected
                   && (guest == NULL || strcmp (got, guest) == 0),
               "%s: '%s' with %u", how, path, final))
    tap_note ("  got %d '%s', expected %d '%s'", status, got, expected,
              guest != NULL ? guest : "");
}

static void
test_cases (const char *how)
{
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
      check_case (how, cases[i].path, cases[i].final, cases[i].guest,
                  cases[i].status);
      if (cases[i].status == 0
          || (cases[i].final & (GUEST_FINAL_CREATE | GUEST_FINAL_MISSING)))
        continue;
      check_case (how, cases[i].path, cases[i].final | GUEST_FINAL_OBJECT,
                  cases[i].guest, cases[i].status);
    }
}

/* The same as absolute, but from a current directory.  */
static void
test_relative (const char *how)
{
  static const struct
  {
    const char *cwd, *path;
    unsigned int final;
    const char *guest;
    int status;
    bool untouched;
  } relative[] = {
    { "root", "etc/passwd", 0, "/etc/passwd", 0, false }, /* etc: mentioned */
    { "root/etc", "passwd", 0, "/etc/passwd", 0, true },
    { "root/etc", ".", 0, "/etc", 0, true },
    { "root/etc", "./passwd", 0, "/etc/passwd", 0, true },
    { "root/etc", "..", 0, "/", 0, false },
    { "root/etc", "../..", 0, "/", 0, false },
    { "root/etc", "../../usr/bin/sh", 0, "/usr/bin/sh", 0, false },
    { "root/etc", "hosts", 0, "/etc/hosts", 0, false },
    { "root/etc", "none", 0, NULL, -ENOENT, false },
    { "root/etc", "none", GUEST_FINAL_CREATE, "/etc/none", 0, true },
    { "root/etc", "passwd/..", 0, NULL, -ENOTDIR, false },
    { "root", "bin", GUEST_FINAL_NOFOLLOW, "/bin", 0, true },
    { "root", "bin/sh", 0, "/usr/bin/sh", 0, false },
    { "root", "abs/sh", 0, "/usr/bin/sh", 0, false },
    { "root", "data/file", 0, "/data/file", 0, false },
    { "root", "opt/deep/er/x", 0, "/opt/deep/er/x", 0, false },
    { "host", "file", 0, "/data/file", 0, true },
    { "host", "../etc/passwd", 0, "/etc/passwd", 0, false },
    { "host", "sub/in", 0, "/data/sub/in", 0, false },
    { "host2", "../file", 0, "/data/file", 0, false },
    { "host2", "in", 0, "/data/sub/in", 0, true },
  };
  for (size_t i = 0; i < sizeof relative / sizeof relative[0]; i++)
    {
      struct guest_found found;
      char cwd[PATH_MAX + 16];
      snprintf (cwd, sizeof cwd, "%s/%s", top, relative[i].cwd);
      if (chdir (cwd) < 0)
        {
          tap_ok (false, "chdir to %s", cwd);
          continue;
        }
      check_case (how, relative[i].path, relative[i].final, relative[i].guest,
                  relative[i].status);
      if (!(engine_guest.missing & 1) && relative[i].status == 0
          && guest_resolve (&engine_task, GUEST_AT_CWD, relative[i].path,
                            relative[i].final, &found)
                 == 0)
        {
          tap_ok (found.untouched == relative[i].untouched,
                  "'%s' in %s is %stouched", relative[i].path, relative[i].cwd,
                  relative[i].untouched ? "un" : "");
          guest_found_release (&engine_guest, &found);
        }
    }
}

/* Where there are no bindings the kernel itself can tell the truth.  */
static void
test_against_kernel (void)
{
  static const char *const parts[] = { "etc",  "passwd", "..",       ".",
                                       "",     "bin",    "sh",       "usr",
                                       "abs",  "escape", "dangling", "loop",
                                       "none", "chain0", "filelink", "tmp" };
  char root[PATH_MAX + 16];
  snprintf (root, sizeof root, "%s/root", top);
  const struct guest_mount mounts[] = { { root, "/", 0 } };
  unsigned int seed = 1;
  int wrong = 0;
  const int count = 20000;

  if (engine_start (mounts, 1) < 0)
    {
      tap_ok (false, "a view of the root alone");
      return;
    }
  if (engine_guest.missing & 1)
    {
      tap_ok (true, "same as the kernel # SKIP no openat2");
      return;
    }
  for (int i = 0; i < count; i++)
    {
      char path[512] = "";
      seed = seed * 1103515245 + 12345;
      unsigned int words = 1 + (seed >> 16) % 6;
      for (unsigned int w = 0; w < words; w++)
        {
          seed = seed * 1103515245 + 12345;
          strcat (path, "/");
          strcat (path, parts[(seed >> 16) % (sizeof parts / sizeof *parts)]);
        }
      unsigned int nofollow = seed >> 20 & 1;
      struct guest_found found;
      struct stat ours, theirs;
      struct
      {
        uint64_t flags, mode, resolve;
      } how = { O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0u), 0, 16 };
      engine_without[0] = i & 1 ? 437 : -1;
      engine_guest.missing = i & 1 ? 1 : 0;

      int status =
          guest_resolve (&engine_task, GUEST_AT_CWD, path,
                         (nofollow ? GUEST_FINAL_NOFOLLOW : GUEST_FINAL_FOLLOW)
                             | GUEST_FINAL_OBJECT,
                         &found);
      if (status == 0)
        {
          status = guest_found_stat (&engine_guest, &found, &ours);
          guest_found_release (&engine_guest, &found);
        }
      /* A rename elsewhere on the machine interferes with "..".  */
      int fd = -1;
      do
        fd = (int) syscall (437, engine_anchors[0], path, &how, sizeof how);
      while (fd < 0 && errno == EAGAIN);
      int expected = fd < 0 ? -errno : 0;
      if (fd >= 0)
        {
          fstat (fd, &theirs);
          close (fd);
        }
      if (status != expected || (status == 0 && ours.st_ino != theirs.st_ino))
        {
          if (wrong++ < 10)
            tap_note ("  '%s' (%s): got %d, the kernel %d", path,
                      nofollow ? "nofollow" : "follow", status, expected);
        }
    }
  engine_without[0] = -1;
  tap_is_number (wrong, 0, "random paths mean what the kernel says");
}

static void
test_limits (void)
{
  char path[PATH_MAX + 8];

  memset (path, 'a', sizeof path);
  path[0] = '/';
  path[256] = '\0';
  check_case ("limits", path, GUEST_FINAL_MISSING, path, 0);
  check_case ("limits", path, 0, NULL, -ENOENT);
  path[256] = 'a';
  path[257] = '\0';
  check_case ("limits", path, 0, NULL, -ENAMETOOLONG);
  for (size_t i = 0; i + 1 < sizeof path; i += 2)
    memcpy (path + i, "./", 2);
  path[0] = '/';
  path[1] = '/';
  path[4095] = '\0';
  check_case ("limits", path, 0, "/", 0);
  path[4095] = '/';
  path[4096] = '\0';
  check_case ("limits", path, 0, NULL, -ENAMETOOLONG);
}

static void
test_reverse (void)
{
  static const struct
  {
    const char *host, *guest;
  } reverse[] = {
    { "root", "/" },
    { "root/etc", "/etc" },
    { "root/data/x", NULL },
    { "host", "/data" },
    { "host/file", "/data/file" },
    { "host/sub", NULL },
    { "host2/in", "/data/sub/in" },
    { "hosts", "/etc/hosts" },
    { "rooty", NULL },
    { "", NULL },
    { "root/etc/hosts", NULL },
  };
  for (size_t i = 0; i < sizeof reverse / sizeof reverse[0]; i++)
    {
      char host[PATH_MAX + 32], guest[PATH_MAX] = "";
      snprintf (host, sizeof host, "%s%s%s", top,
                reverse[i].host[0] != '\0' ? "/" : "", reverse[i].host);
      int status = guest_reverse (&engine_task, host, strlen (host), guest,
                                  sizeof guest);
      if (!tap_ok (reverse[i].guest == NULL
                       ? status == -ENOENT
                       : status == (int) strlen (reverse[i].guest)
                             && strcmp (guest, reverse[i].guest) == 0,
                   "reverse of %s", reverse[i].host))
        tap_note ("  got %d '%s'", status, guest);
    }
}

static void
test_proc (void)
{
  char path[PATH_MAX + 32], pid[32], got[PATH_MAX] = "";
  struct guest_found found;

  snprintf (pid, sizeof pid, "/proc/%d", (int) getpid ());
  snprintf (path, sizeof path, "/proc/%d/task/%d", (int) getpid (),
            (int) getpid ());
  check_case ("proc", "/proc/self", 0, pid, 0);
  check_case ("proc", "/proc/self", GUEST_FINAL_NOFOLLOW, "/proc/self", 0);
  check_case ("proc", "/proc/thread-self", 0, path, 0);
  check_case ("proc", "/proc/self/root/etc/passwd", 0, "/etc/passwd", 0);
  check_case ("proc", "/proc/self/root", 0, "/", 0);
  check_case ("proc", "/proc/self/exe", 0, "/usr/bin/sh", 0);
  snprintf (path, sizeof path, "%s/root/etc", top);
  if (chdir (path) < 0)
    tap_ok (false, "chdir");
  check_case ("proc", "/proc/self/cwd/passwd", 0, "/etc/passwd", 0);
  check_case ("proc", "/proc/self/cwd", 0, "/etc", 0);
  snprintf (path, sizeof path, "%s/root/etc/passwd", top);
  int fd = open (path, O_RDONLY);
  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  int status = guest_resolve (&engine_task, GUEST_AT_CWD, path, 0, &found);
  tap_ok (status == 0 && found.magic, "fd/N is left to the kernel");
  guest_found_release (&engine_guest, &found);
  status = guest_resolve (&engine_task, GUEST_AT_CWD, path,
                          GUEST_FINAL_NOFOLLOW | GUEST_FINAL_OBJECT, &found);
  if (status == 0)
    status = guest_found_readlink (&engine_task, &found, got, sizeof got);
  tap_ok (status > 0 && strcmp (got, "/etc/passwd") == 0,
          "fd/N tells the guest path");
  guest_found_release (&engine_guest, &found);
  close (fd);

  static const struct
  {
    const char *link, *target;
  } links[] = { { "/proc/self/exe", "/usr/bin/sh" },
                { "/proc/self/cwd", "/etc" },
                { "/proc/self/root", "/" },
                { "/proc/self/task", NULL },
                { "/proc/mounts", "self/mounts" } };
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
    {
      got[0] = '\0';
      status =
          guest_resolve (&engine_task, GUEST_AT_CWD, links[i].link,
                         GUEST_FINAL_NOFOLLOW | GUEST_FINAL_OBJECT, &found);
      if (status == 0)
        {
          status = guest_found_readlink (&engine_task, &found, got, sizeof got);
          guest_found_release (&engine_guest, &found);
        }
      if (!tap_ok (links[i].target == NULL ? status == -EINVAL
                                           : strcmp (got, links[i].target) == 0,
                   "readlink %s", links[i].link))
        tap_note ("  got %d '%s'", status, got);
    }
}

static void
test_chroot (void)
{
  strcpy (engine_fs.root, "/usr");
  engine_fs.root_length = 4;
  check_case ("chroot", "/", 0, "/", 0);
  check_case ("chroot", "/bin/sh", 0, "/bin/sh", 0);
  check_case ("chroot", "/..", 0, "/", 0);
  check_case ("chroot", "/escape/bin", 0, "/bin", 0);
  check_case ("chroot", "/etc", 0, NULL, -ENOENT);
  check_case ("chroot", "/data", 0, NULL, -ENOENT);
  engine_fs.root[0] = '\0';
  engine_fs.root_length = 0;
}

static void
test_view (void)
{
  const struct guest_mount bad[][2] = {
    { { "/x", "/a", 0 }, { "/y", "/b", 0 } }, /* no root */
    { { "/x", "/", 0 }, { "y", "/b", 0 } },   /* not absolute */
    { { "/x", "/", 0 }, { "/y", "/b/", 0 } }, /* not normal */
    { { "/x", "/", 0 }, { "/y", "/b/../c", 0 } },
    { { "/x", "/", 0 }, { "/y", "//b", 0 } },
  };
  static uint64_t memory[512], copy[512];

  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    tap_ok (guest_view_build (memory, sizeof memory, bad[i], 2) == -EINVAL,
            "view %zu is refused", i);

  const struct guest_mount good[] = { { "/r", "/", 0 },
                                      { "/one", "/a", 0 },
                                      { "/b", "/a/b", 0 },
                                      { "/two", "/a", GUEST_BINDING_READ_ONLY },
                                      { "/ab", "/a-b", 0 } };
  tap_ok (guest_view_build (memory, 8, good, 5) == -ENOSPC, "too small");
  tap_ok (guest_view_build (memory, sizeof memory, good, 5) == 0, "built");
  memcpy (copy, memory, sizeof copy);
  const struct guest_view *view = (const struct guest_view *) copy;
  tap_ok (guest_view_is_sound (copy, sizeof copy), "a copy is sound");
  tap_is_number (view->binding_count, 4, "the last of the same wins");
  tap_ok (strcmp (guest_view_host (view, 1), "/two") == 0, "and is that");
  tap_ok (view->read_only, "one is read-only");
  tap_is_number (guest_view_cover (view, "/a/b/c", 6), 2, "deepest covers");
  tap_is_number (guest_view_cover (view, "/a/bc", 5), 1, "whole components");
  tap_is_number (guest_view_cover (view, "/ab", 3), 0, "not by prefix");
  tap_is_number (view->binding[2].parent, 1, "lies in /a");
  tap_is_number (view->binding[3].parent, 0, "lies in the root");
  const char *name;
  size_t length;
  tap_is_number (guest_view_below (view, 0, "/", 1, &name, &length), 1,
                 "first below the root");
  tap_ok (length == 1 && name[0] == 'a', "its name");
  tap_is_number (guest_view_below (view, 0, "/a/b", 4, NULL, NULL), 0,
                 "nothing below");
  struct guest_view *wild = (struct guest_view *) copy;
  wild->binding[1].host = 1u << 30;
  tap_ok (!guest_view_is_sound (copy, sizeof copy), "a wild offset is seen");
}

static void
test_paths (void)
{
  if (!tap_is_number (start (), 0, "start"))
    return;
  test_cases ("openat2");
  test_relative ("openat2");
  test_limits ();
  test_reverse ();
  test_proc ();
  test_chroot ();

  engine_without[0] = 437;
  tap_is_number (start (), 0, "start without openat2");
  test_cases ("walk");
  test_relative ("walk");
  test_proc ();
  test_chroot ();
  engine_without[0] = -1;

  test_against_kernel ();
}

int
main (void)
{
  make_tree ();
  test_view ();
  engine_executable = "/usr/bin/sh";
  for (int inside = 0; inside < 2; inside++)
    {
      engine_inside = inside > 0;
      tap_note (engine_inside ? "inside" : "beside");
      test_paths ();
    }
  if (chdir ("/") == 0)
    engine_shell ("rm -rf %s", top);
  return tap_done ();
}
