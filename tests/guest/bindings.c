/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Bindings are mounts: what lies under them is hidden, their places cannot be
   removed, and links and renames do not cross them.

   A directory (with "inner", "sub/below" and links in it) is bound at
   ../place/dir, again at ../place/second, its sub at ../place/nested/sub and
   its file inner at ../place/file.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <dirent.h>
#include <stdint.h>

static void
say_cwd (const char *what)
{
  char text[PATH_MAX];
  char *got = getcwd (text, sizeof text);
  say_text (what, text, got == NULL ? -1 : (long) strlen (text), errno);
}

static void
list (const char *name)
{
  char what[PATH_MAX];
  snprintf (what, sizeof what, "list '%.300s'", name);
  say_entries (what, open (name, O_RDONLY | O_DIRECTORY));
}

/* Look for PATH from DIR in all ways of openat2.  */
static void
say_ways (int dir, const char *path)
{
  for (uint64_t resolve = 0; resolve < 32; resolve++)
    {
      const uint64_t how[3] = { O_PATH | O_CLOEXEC, 0, resolve };
      char what[PATH_MAX];
      struct stat st;
      int fd;
      /* A ".." may have to be tried again when anybody on this machine renames
         something.  */
      do
        fd = (int) syscall (437, dir, path, how, sizeof how);
      while (fd < 0 && errno == EAGAIN && !(resolve & 32));
      snprintf (what, sizeof what, "openat2 '%.100s' %d", path, (int) resolve);
      if (fd < 0 || fstat (fd, &st) < 0)
        say_result (what, -1, errno);
      else
        say_stat (what, &st);
      if (fd >= 0)
        close (fd);
    }
}

int
main (int argc, char **argv)
{
  struct stat st;
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (chdir ("../place") < 0)
    return 99;
  say_cwd ("start");
  list (".");
  list ("dir");
  list ("nested");
  list ("nested/sub");

  static const char *const names[] = { "dir",
                                       "dir/inner",
                                       "dir/sub/below",
                                       "dir/..",
                                       "dir/../outer",
                                       "dir/sub/../../outer",
                                       "dir/hidden",
                                       "file",
                                       "file/",
                                       "dir/up",
                                       "dir/absolute",
                                       "dir/relative",
                                       "dir/out",
                                       "nested/sub",
                                       "nested/sub/below",
                                       "nested/sub/..",
                                       "nested/sub/../only-nested",
                                       "link-to-dir",
                                       "link-to-dir/inner",
                                       "link-to-file",
                                       "second/sub/below",
                                       "dir/sub/../../second/inner" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    say_path (names[i]);
  static const char *const links[] = { "dir/up", "dir/absolute", "dir/out",
                                       "link-to-dir" };
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    say_link (links[i]);
  say_content ("file", open ("file", O_RDONLY));
  say_content ("dir/up", open ("dir/up", O_RDONLY));
  say_content ("dir/absolute", open ("dir/absolute", O_RDONLY));
  say_content ("dir/out", open ("dir/out", O_RDONLY));

  SAY ("chdir", chdir ("dir/sub"));
  say_cwd ("cwd in a binding");
  say_link ("/proc/self/cwd");
  say_content ("../inner", open ("../inner", O_RDONLY));
  say_content ("../../outer", open ("../../outer", O_RDONLY));
  SAY ("chdir ../..", chdir ("../.."));
  say_cwd ("cwd above it");
  SAY ("chdir again", chdir ("second"));
  say_cwd ("cwd in the same by another name");
  SAY ("chdir ..", chdir (".."));
  say_cwd ("cwd");
  SAY ("chdir", chdir ("nested/sub"));
  say_cwd ("cwd");
  SAY ("chdir ..", chdir (".."));
  say_cwd ("cwd");
  say_path ("only-nested");
  SAY ("chdir ..", chdir (".."));

  int fd = open ("dir", O_RDONLY | O_DIRECTORY);
  say_content ("below a descriptor", openat (fd, "sub/below", O_RDONLY));
  say_content ("above a descriptor", openat (fd, "../outer", O_RDONLY));
  SAY ("fchdir", fchdir (fd));
  say_cwd ("cwd");
  SAY ("chdir ..", chdir (".."));
  close (fd);

  SAY ("rmdir", rmdir ("dir"));
  SAY ("rmdir with a slash", rmdir ("dir/"));
  SAY ("unlink", unlink ("dir"));
  SAY ("unlink a file", unlink ("file"));
  SAY ("rename", rename ("dir", "moved"));
  SAY ("rename a file", rename ("file", "moved"));
  SAY ("rename over a file", rename ("outer", "file"));
  SAY ("rename over", rename ("empty", "dir"));
  SAY ("rename out", rename ("dir/inner", "moved"));
  SAY ("rename in", rename ("outer", "dir/moved"));
  SAY ("rename inside", rename ("dir/inner", "dir/moved"));
  SAY ("rename back", rename ("dir/moved", "dir/inner"));
  SAY ("rename from one to the other", rename ("dir/inner", "second/moved"));
  SAY ("link out", link ("dir/inner", "moved"));
  SAY ("link in", link ("outer", "dir/moved"));
  SAY ("link inside", link ("dir/inner", "dir/moved"));
  SAY ("unlink", unlink ("dir/moved"));
  SAY ("mkdir over", mkdir ("dir", 0755));
  SAY ("symlink over", symlink ("x", "dir"));
  SAY_OPEN ("create over", open ("file", O_CREAT | O_EXCL | O_WRONLY, 0644));
  SAY_OPEN ("create in", open ("dir/new", O_CREAT | O_WRONLY, 0644));
  say_path ("second/new");
  SAY ("unlink it elsewhere", unlink ("second/new"));
  say_path ("dir/new");
  SAY ("mkdir in", mkdir ("dir/made", 0755));
  SAY ("rename across the same disk", rename ("second/made", "dir/made2"));
  SAY ("rmdir it", rmdir ("second/made"));
  SAY ("truncate a file", truncate ("file", 3));
  say_path ("dir/inner");
  SAY ("chmod", chmod ("dir", 0700));
  say_path ("dir");
  static const char *const ways[] = {
    "dir",         "dir/inner", "dir/..",         "dir/../dir/inner",
    "dir/up",      "dir/out",   "dir/absolute",   "dir/relative",
    "link-to-dir", "/dir",      "/dir/sub/below", "../place/dir/inner",
    "nested/sub",  "file",      "nested/sub/..",  "/proc/self",
    "dir/missing", "file/x",    "dir/sub/../.."
  };
  fd = open (".", O_PATH | O_DIRECTORY);
  /* This one is bound elsewhere as well.  */
  int inner = open ("dir/sub", O_PATH | O_DIRECTORY);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    {
      say_ways (fd, ways[i]);
      say_ways (inner, ways[i]);
    }
  say_ways (inner, "..");
  say_ways (inner, "../inner");
  say_ways (inner, "below");
  close (fd);
  close (inner);

  /* As who walks a tree goes down and up.  */
  fd = open ("dir", O_RDONLY | O_DIRECTORY);
  inner = openat (fd, "sub", O_RDONLY | O_DIRECTORY);
  say_content ("down and up", openat (inner, "../inner", O_RDONLY));
  SAY ("fchdir", fchdir (inner));
  SAY ("chdir ..", chdir (".."));
  say_path ("inner");
  SAY ("chdir ..", chdir (".."));
  say_cwd ("cwd");
  close (fd);
  close (inner);

  /* The whole machine, and a name there.  */
  if (argc > 1)
    {
      char name[PATH_MAX];
      snprintf (name, sizeof name, "machine%.4000s", argv[1]);
      say_path (name);
      say_content ("by the machine", open (name, O_RDONLY));
      SAY ("a link across", link (name, "across"));
      SAY ("a rename across", rename (name, "across"));
      SAY ("down", chdir ("machine"));
      say_cwd ("cwd");
      SAY ("further", chdir ("tmp"));
      say_cwd ("cwd");
      SAY ("up", chdir ("../.."));
      say_cwd ("cwd");
      SAY ("rmdir", rmdir ("machine"));
      say_path ("machine/proc/self/status");
    }
  SAY ("stat", stat ("dir", &st));
  return 0;
}
