/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What names name: links, dots, slashes, lengths, dangling ends.

   With an argument all relative names are made absolute, which takes other
   ways through an engine.  */

#define _GNU_SOURCE 1
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char here[PATH_MAX];
static int absolute;

/* Return NAME, or the absolute form of it, which is overwritten by the fourth
   call after this one.  */
static const char *
name_for (const char *name)
{
  static char names[4][2 * PATH_MAX];
  static int next;
  if (!absolute || name[0] == '/' || name[0] == '\0')
    return name;
  char *text = names[next++ % 4];
  snprintf (text, sizeof names[0], "%s/%s", here, name);
  return text;
}

#define access(name, ...) access (name_for (name), __VA_ARGS__)
#define chmod(name, ...) chmod (name_for (name), __VA_ARGS__)
#define execl(name, ...) execl (name_for (name), __VA_ARGS__)
#define faccessat(dir, name, ...) faccessat (dir, name_for (name), __VA_ARGS__)
#define getxattr(name, ...) getxattr (name_for (name), __VA_ARGS__)
#define lgetxattr(name, ...) lgetxattr (name_for (name), __VA_ARGS__)
#define listxattr(name, ...) listxattr (name_for (name), __VA_ARGS__)
#define link(name, other) link (name_for (name), name_for (other))
#define linkat(dir, name, dir2, other, flags)                                  \
  linkat (dir, name_for (name), dir2, name_for (other), flags)
#define lstat(name, ...) lstat (name_for (name), __VA_ARGS__)
#define mkdir(name, ...) mkdir (name_for (name), __VA_ARGS__)
#define mkfifo(name, ...) mkfifo (name_for (name), __VA_ARGS__)
#define mknod(name, ...) mknod (name_for (name), __VA_ARGS__)
#define open(name, ...) open (name_for (name), __VA_ARGS__)
#define readlink(name, ...) readlink (name_for (name), __VA_ARGS__)
#define rename(name, other) rename (name_for (name), name_for (other))
#define rmdir(name) rmdir (name_for (name))
#define stat(name, ...) stat (name_for (name), __VA_ARGS__)
#define symlink(target, name) symlink (target, name_for (name))
#define truncate(name, ...) truncate (name_for (name), __VA_ARGS__)
#define unlink(name) unlink (name_for (name))
#define unlinkat(dir, name, ...) unlinkat (dir, name_for (name), __VA_ARGS__)
#define utimensat(dir, name, ...) utimensat (dir, name_for (name), __VA_ARGS__)

#include "report.h"

static void
link_to (const char *target, const char *name)
{
  if (symlink (target, name) < 0)
    printf ("symlink '%s': %s\n", name, strerror (errno));
}

static void
make_world (void)
{
  char text[PATH_MAX + 32];
  mkdir ("dir", 0755);
  mkdir ("dir/sub", 0755);
  mkdir ("dir/sub/deep", 0755);
  mkdir ("closed", 0755);
  make_file ("closed/file", "hidden\n", 0644);
  make_file ("file", "content\n", 0644);
  make_file ("dir/sub/file", "below\n", 0600);
  make_file ("no-read", "secret\n", 0);
  SAY ("setxattr of a file", setxattr ("file", "user.colour", "blue", 4, 0));
  SAY ("setxattr of a directory", setxattr ("dir", "user.colour", "red", 3, 0));
  link_to ("file", "relative");
  snprintf (text, sizeof text, "%s/file", here);
  link_to (text, "absolute");
  snprintf (text, sizeof text, "%s/dir", here);
  link_to (text, "absolute-dir");
  link_to ("dir", "relative-dir");
  link_to ("dir/", "slash-dir");
  link_to ("file/", "slash-file");
  link_to ("../../../../../../../../../../../../etc/passwd", "above");
  link_to ("/../../etc/passwd", "above-absolute");
  link_to ("/", "root");
  link_to (".", "dot");
  link_to ("..", "dotdot");
  link_to ("loop", "loop");
  link_to ("loop-b", "loop-a");
  link_to ("loop-a", "loop-b");
  link_to ("nowhere", "dangling");
  snprintf (text, sizeof text, "%s/nowhere-absolute", here);
  link_to (text, "dangling-absolute");
  link_to ("nowhere/below", "dangling-deep");
  link_to ("dir/new-by-link", "creates");
  link_to ("../file", "dir/up");
  link_to ("../../relative-dir/sub/../up", "dir/sub/around");
  link_to ("sub/deep/../../../file", "dir/through");
  link_to ("/proc/self", "proc");
  /* A chain of 45 links, of which the kernel follows 40.  */
  link_to ("file", "chain-0");
  for (int i = 1; i <= 45; i++)
    {
      char name[32], target[32];
      snprintf (name, sizeof name, "chain-%d", i);
      snprintf (target, sizeof target, "chain-%d", i - 1);
      link_to (target, name);
    }
  chmod ("closed", 0);
}

/* Say what is seen of an attribute of the file NAME, and of its names.  */
static void
say_attribute (const char *name)
{
  char value[64], what[PATH_MAX + 32];
  snprintf (what, sizeof what, "attribute of '%s'", name);
  SAY (what, getxattr (name, "user.colour", value, sizeof value));
  snprintf (what, sizeof what, "of '%s' itself", name);
  SAY (what, lgetxattr (name, "user.colour", value, 2));
  snprintf (what, sizeof what, "names of '%s'", name);
  SAY (what, listxattr (name, value, name[0] == '/' ? 0 : sizeof value));
}

static void
look (void)
{
  static const char *const names[] = { "file",
                                       "./file",
                                       "file/",
                                       "file/.",
                                       "file/..",
                                       "file/x",
                                       "dir",
                                       "dir/",
                                       "dir/.",
                                       "dir/..",
                                       "dir//sub///file",
                                       "dir/sub/../sub/file",
                                       "dir/none/../sub",
                                       "relative",
                                       "relative/",
                                       "absolute",
                                       "absolute/",
                                       "absolute-dir",
                                       "absolute-dir/",
                                       "absolute-dir/sub/file",
                                       "absolute-dir/..",
                                       "relative-dir",
                                       "relative-dir/",
                                       "relative-dir/sub/deep/../file",
                                       "slash-dir",
                                       "slash-dir/sub",
                                       "slash-file",
                                       "above",
                                       "above-absolute",
                                       "root",
                                       "root/",
                                       "root/tmp",
                                       "root/../tmp",
                                       "root/etc/passwd",
                                       "dot",
                                       "dot/file",
                                       "dotdot",
                                       "dot/dot/dot/dot/file",
                                       "loop",
                                       "loop/",
                                       "loop/x",
                                       "loop-a",
                                       "dangling",
                                       "dangling/",
                                       "dangling/x",
                                       "dangling-absolute",
                                       "dangling-deep",
                                       "dir/up",
                                       "dir/sub/around",
                                       "dir/through",
                                       "closed",
                                       "closed/file",
                                       "closed/..",
                                       "closed/../file",
                                       "no-read",
                                       "chain-38",
                                       "chain-39",
                                       "chain-40",
                                       "chain-45",
                                       "",
                                       "/",
                                       "/.",
                                       "/..",
                                       "//",
                                       "/../../..",
                                       "/../etc/passwd",
                                       "/etc/passwd/",
                                       "none",
                                       "none/",
                                       "none/none",
                                       "...",
                                       ".",
                                       "..",
                                       "./",
                                       "../.",
                                       " ",
                                       "proc/comm/x" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    say_path (names[i]);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    say_attribute (names[i]);

  static const char *const links[] = {
    "relative", "absolute",      "root",     "dot",   "loop",
    "dangling", "relative-dir/", "file",     "dir",   "none",
    "",         "dir/up",        "closed/x", "above", "above-absolute",
    "slash-dir"
  };
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    say_link (links[i]);

  static const char *const reads[] = { "file",
                                       "relative",
                                       "absolute",
                                       "dir/up",
                                       "dir/sub/around",
                                       "no-read",
                                       "dangling",
                                       "loop",
                                       "dir",
                                       "file/",
                                       "root/etc/hostname-none",
                                       "dir/through",
                                       "chain-39",
                                       "chain-41" };
  for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
    say_content (reads[i], open (reads[i], O_RDONLY | O_CLOEXEC));
}

static void
lengths (void)
{
  char name[300];
  memset (name, 'n', sizeof name);
  static const size_t sizes[] = { 254, 255, 256 };
  for (size_t i = 0; i < 3; i++)
    {
      char what[64];
      name[sizes[i]] = '\0';
      snprintf (what, sizeof what, "create a name of %zu", sizes[i]);
      SAY_OPEN (what, open (name, O_CREAT | O_WRONLY, 0644));
      snprintf (what, sizeof what, "mkdir below a name of %zu", sizes[i]);
      char below[310];
      snprintf (below, sizeof below, "%s/x", name);
      SAY (what, mkdir (below, 0755));
      snprintf (what, sizeof what, "unlink a name of %zu", sizes[i]);
      SAY (what, unlink (name));
      name[sizes[i]] = 'n';
    }

  static const size_t totals[] = { 4093, 4094, 4095, 4096, 5000 };
  for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
    {
      static char path[6000];
      char what[64];
      struct stat st;
      memset (path, '/', totals[i]);
      memcpy (path + totals[i] - 3, "etc", 3);
      path[totals[i]] = '\0';
      snprintf (what, sizeof what, "stat of %zu bytes", totals[i]);
      SAY (what, stat (path, &st));
      snprintf (what, sizeof what, "open of %zu bytes", totals[i]);
      SAY_OPEN (what, open (path, O_RDONLY));
      snprintf (what, sizeof what, "readlink of %zu bytes", totals[i]);
      SAY (what, readlink (path, name, sizeof name));
      snprintf (what, sizeof what, "symlink to %zu bytes", totals[i]);
      SAY (what, symlink (path, "long-link"));
      say_path ("long-link");
      SAY ("unlink", unlink ("long-link"));
      snprintf (what, sizeof what, "exec of %zu bytes", totals[i]);
      SAY (what, execl (path, "x", (char *) NULL));
    }
}

/* Directories nested so deeply that no absolute name reaches the end.  */
static void
deep (void)
{
  char name[201];
  int was_absolute = absolute;
  absolute = 0;
  memset (name, 'd', 200);
  name[200] = '\0';
  int depth = 0;
  for (; depth < 30; depth++)
    if (mkdir (name, 0755) < 0 || chdir (name) < 0)
      break;
  printf ("depth %d\n", depth);
  static char text[8192];
  char *got = getcwd (text, sizeof text);
  say_text ("getcwd in the depth", "",
            got == NULL ? -1 : (long) strlen (got) - (long) strlen (here),
            errno);
  make_file ("bottom", "bottom\n", 0644);
  say_path ("bottom");
  say_path ("../bottom");
  SAY ("link", link ("bottom", "second"));
  SAY ("rename", rename ("second", "third"));
  say_content ("read", open ("third", O_RDONLY));
  SAY ("unlink", unlink ("third"));
  SAY ("unlink", unlink ("bottom"));
  while (depth-- > 0)
    if (chdir ("..") < 0 || rmdir (name) < 0)
      {
        printf ("cannot climb: %s\n", strerror (errno));
        break;
      }
  got = getcwd (text, sizeof text);
  printf ("back: %d\n", got != NULL && strcmp (got, here) == 0);
  absolute = was_absolute;
}

/* Where the stack has not grown to yet, and grows to for the kernel.  */
static void *
below_stack (long bytes)
{
  return (char *) __builtin_frame_address (0) - bytes;
}

static void
stack (void)
{
  errno = 0;
  long got = syscall (SYS_getcwd, below_stack (200000), 4096);
  printf ("getcwd below the stack: %d, %s\n", got == (long) strlen (here) + 1,
          strerror (errno));
  SAY ("readlink below the stack",
       syscall (SYS_readlinkat, AT_FDCWD, "relative", below_stack (300000), 64));
  SAY ("fstatat below the stack",
       fstatat (AT_FDCWD, "dir", below_stack (400000), 0));
  SAY ("a path below the stack",
       syscall (SYS_mkdirat, AT_FDCWD, below_stack (500000), 0755));
  SAY ("far below the stack",
       syscall (SYS_readlinkat, AT_FDCWD, "relative", below_stack (1L << 33), 64));
}

static void
create (void)
{
  SAY_OPEN ("O_CREAT through a dangling link",
            open ("creates", O_CREAT | O_WRONLY, 0640));
  say_path ("dir/new-by-link");
  SAY_OPEN ("O_CREAT|O_EXCL on a link",
            open ("creates", O_CREAT | O_EXCL | O_WRONLY, 0640));
  SAY_OPEN ("O_CREAT|O_EXCL on a dangling link",
            open ("dangling", O_CREAT | O_EXCL | O_WRONLY, 0640));
  SAY_OPEN ("O_CREAT|O_NOFOLLOW on a dangling link",
            open ("dangling", O_CREAT | O_NOFOLLOW | O_WRONLY, 0640));
  SAY_OPEN ("O_CREAT|O_NOFOLLOW of a new name",
            open ("new-nofollow", O_CREAT | O_NOFOLLOW | O_WRONLY, 0640));
  say_path ("new-nofollow");
  SAY_OPEN ("O_CREAT|O_NOFOLLOW below a directory",
            open ("dir/new-nofollow", O_CREAT | O_NOFOLLOW | O_WRONLY, 0640));
  say_path ("dir/new-nofollow");
  SAY_OPEN ("O_CREAT|O_NOFOLLOW of a link",
            open ("relative", O_CREAT | O_NOFOLLOW | O_WRONLY, 0640));
  SAY_OPEN (
      "O_CREAT|O_EXCL|O_NOFOLLOW of a new name",
      open ("dir/new-excl", O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0640));
  SAY_OPEN ("O_CREAT|O_PATH of a new name",
            open ("dir/new-path", O_CREAT | O_PATH, 0640));
  SAY_OPEN ("O_CREAT|O_DIRECTORY of a new name",
            open ("dir/new-dir", O_CREAT | O_DIRECTORY, 0640));
  SAY_OPEN ("O_CREAT through an absolute dangling link",
            open ("dangling-absolute", O_CREAT | O_WRONLY, 0604));
  say_path ("nowhere-absolute");
  SAY_OPEN ("O_CREAT with a slash", open ("new/", O_CREAT | O_WRONLY, 0644));
  SAY_OPEN ("O_CREAT of a directory", open ("dir", O_CREAT | O_WRONLY, 0644));
  SAY_OPEN ("O_CREAT of a directory to read",
            open ("dir", O_CREAT | O_RDONLY, 0644));
  SAY_OPEN ("O_CREAT below a missing directory",
            open ("none/new", O_CREAT | O_WRONLY, 0644));
  SAY_OPEN ("O_CREAT below a file",
            open ("file/new", O_CREAT | O_WRONLY, 0644));
  SAY_OPEN ("O_CREAT in a closed directory",
            open ("closed/new", O_CREAT | O_WRONLY, 0644));
  SAY_OPEN ("O_DIRECTORY on a file", open ("file", O_RDONLY | O_DIRECTORY));
  SAY_OPEN ("O_DIRECTORY on a link to a directory",
            open ("relative-dir", O_RDONLY | O_DIRECTORY));
  SAY_OPEN ("O_DIRECTORY|O_NOFOLLOW on a link to a directory",
            open ("relative-dir", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  SAY_OPEN ("O_NOFOLLOW on a link", open ("relative", O_RDONLY | O_NOFOLLOW));
  SAY_OPEN ("O_NOFOLLOW on a link with a slash",
            open ("relative-dir/", O_RDONLY | O_NOFOLLOW));
  SAY_OPEN ("O_PATH|O_NOFOLLOW on a link",
            open ("relative", O_PATH | O_NOFOLLOW));
  SAY_OPEN ("O_PATH on what cannot be read", open ("no-read", O_PATH));
  SAY_OPEN ("O_TMPFILE", open ("dir", O_TMPFILE | O_RDWR, 0600));
  SAY_OPEN ("O_TMPFILE on a file", open ("file", O_TMPFILE | O_RDWR, 0600));
  SAY_OPEN ("open a directory to write", open ("dir", O_WRONLY));
  SAY_OPEN ("O_TRUNC", open ("file", O_WRONLY | O_TRUNC));
  say_path ("file");
  SAY_OPEN ("no such flags", open ("file", O_RDONLY | 0x40000000));

  umask (027);
  SAY_OPEN ("create below umask 027", open ("masked", O_CREAT | O_RDWR, 0666));
  say_path ("masked");
  SAY ("mkdir below umask 027", mkdir ("masked-dir", 0777));
  say_path ("masked-dir");
  umask (022);

  SAY ("mkdir of what is there", mkdir ("dir", 0755));
  SAY ("mkdir of a file", mkdir ("file", 0755));
  SAY ("mkdir of a link", mkdir ("relative-dir", 0755));
  SAY ("mkdir of a dangling link", mkdir ("dangling", 0755));
  SAY ("mkdir of a dangling link with a slash", mkdir ("dangling/", 0755));
  SAY ("mkdir with a slash", mkdir ("made/", 0755));
  SAY ("mkdir of dot", mkdir (".", 0755));
  SAY ("mkdir of dot dot", mkdir ("dir/..", 0755));
  SAY ("mkdir of root", mkdir ("/", 0755));
  SAY ("mkdir of nothing", mkdir ("", 0755));
  SAY ("mkdir through a link", mkdir ("relative-dir/made", 0700));
  say_path ("dir/made");
  SAY ("mkfifo", mkfifo ("fifo", 0600));
  SAY ("mkfifo of a dangling link", mkfifo ("dangling", 0600));
  SAY ("mknod of a file", mknod ("plain", S_IFREG | 0600, 0));
  say_path ("fifo");
  say_path ("plain");
  SAY ("symlink over a link", symlink ("x", "dangling"));
  SAY ("symlink with a slash", symlink ("x", "new-link/"));
  SAY ("symlink to nothing", symlink ("", "new-link"));
  SAY ("symlink to a host-looking place",
       symlink ("/tmp/../tmp/./x", "verbatim"));
  say_link ("verbatim");
}

static void
change (void)
{
  SAY ("link", link ("file", "hard"));
  say_path ("hard");
  SAY ("link of a link", link ("relative", "hard-link"));
  say_path ("hard-link");
  SAY ("link over", link ("file", "hard"));
  SAY ("link of a directory", link ("dir", "hard-dir"));
  SAY ("link with a slash", link ("file", "hard2/"));
  SAY ("link of none", link ("none", "hard2"));
  SAY ("linkat follow", linkat (AT_FDCWD, "relative", AT_FDCWD, "hard-followed",
                                AT_SYMLINK_FOLLOW));
  say_path ("hard-followed");
  SAY ("rename a link", rename ("hard-link", "moved-link"));
  say_path ("moved-link");
  SAY ("rename onto a directory", rename ("hard", "dir"));
  SAY ("rename a directory onto a file", rename ("made", "hard"));
  SAY ("rename into itself", rename ("dir", "dir/sub/dir"));
  SAY ("rename with a slash", rename ("hard/", "hard2"));
  SAY ("rename a directory with a slash", rename ("made/", "made2/"));
  say_path ("made2");
  SAY ("rename a link with a slash", rename ("relative-dir/", "made3"));
  SAY ("rename onto a full directory", rename ("made2", "dir"));
  SAY ("rename dot", rename (".", "elsewhere"));
  SAY ("rename to dot dot", rename ("made2", ".."));
  SAY ("rename root", rename ("/", "elsewhere"));
  SAY ("rename none", rename ("none", "none2"));
  SAY ("rename onto itself", rename ("hard", "hard"));
  SAY ("unlink a directory", unlink ("made2"));
  SAY ("unlink a link", unlink ("moved-link"));
  SAY ("unlink with a slash", unlink ("hard/"));
  SAY ("unlink a link with a slash", unlink ("relative-dir/"));
  SAY ("rmdir a link", rmdir ("relative-dir"));
  SAY ("rmdir a link with a slash", rmdir ("relative-dir/"));
  SAY ("rmdir a file", rmdir ("hard"));
  SAY ("rmdir dot", rmdir ("made2/."));
  SAY ("rmdir dot dot", rmdir ("dir/sub/.."));
  SAY ("rmdir full", rmdir ("dir"));
  SAY ("rmdir root", rmdir ("/"));
  SAY ("rmdir with a slash", rmdir ("made2/"));
  SAY ("unlinkat", unlinkat (AT_FDCWD, "dir/made", AT_REMOVEDIR));
  SAY ("chmod through a link", chmod ("relative", 0640));
  say_path ("file");
  SAY ("chmod a dangling link", chmod ("dangling", 0640));
  SAY ("truncate through a link", truncate ("absolute", 5));
  say_path ("file");
  SAY ("truncate a directory", truncate ("dir", 5));
  SAY ("access a dangling link", access ("dangling", F_OK));
  SAY ("access R", access ("no-read", R_OK));
  SAY ("access F", access ("no-read", F_OK));
  SAY ("access X", access ("file", X_OK));
  SAY ("access X of a directory", access ("dir", X_OK));
  SAY ("access with a wrong mode", access ("file", 64));
  SAY ("faccessat nofollow a dangling link",
       faccessat (AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
  struct timespec times[2] = { { 1000, 0 }, { 2000, 0 } };
  struct stat st;
  SAY ("utimensat of a link",
       utimensat (AT_FDCWD, "relative", times, AT_SYMLINK_NOFOLLOW));
  lstat ("relative", &st);
  printf ("link time %ld\n", (long) st.st_mtime);
  SAY ("utimensat through a link", utimensat (AT_FDCWD, "relative", times, 0));
  stat ("file", &st);
  printf ("file time %ld\n", (long) st.st_mtime);
  int fd = open ("dir", O_RDONLY | O_DIRECTORY);
  SAY ("utimensat of a descriptor",
       syscall (SYS_utimensat, fd, NULL, times, 0));
  fstat (fd, &st);
  printf ("directory time %ld\n", (long) st.st_mtime);
  close (fd);
}

/* Which of several things that are wrong is told.  */
static void
order (void)
{
  SAY ("mkdir of a dangling link and a dot", mkdir ("dangling/.", 0755));
  say_path ("dangling");
  SAY ("symlink", symlink ("dir", "to-dir"));
  SAY ("rename of a link and a dot", rename ("to-dir/.", "elsewhere"));
  SAY ("rename to a link and a dot", rename ("file", "to-dir/."));
  SAY ("rename below a file, to a dot", rename ("file/x", "dir/."));
  SAY ("rename of a file to it and a dot", rename ("dir", "file/."));
  SAY ("rmdir of a file and a dot", rmdir ("file/."));
  SAY ("unlink of a dot", unlink ("dir/."));
  SAY ("unlink of dots", unlink ("dir/.."));
  SAY ("unlink of a root", unlink ("/"));
  SAY_OPEN ("create a file and a slash", open ("file/", O_CREAT, 0644));
  SAY_OPEN ("create a missing one and a slash",
            open ("missing/", O_CREAT, 0644));
  SAY ("an empty link below a file", symlink ("", "file/x"));
  SAY ("link of a missing file to below a file", link ("missing", "file/x"));
}

int
main (int argc, char **argv)
{
  (void) argv;
  umask (022);
  if (getcwd (here, sizeof here) == NULL)
    return 99;
  absolute = argc > 1;
  make_world ();
  look ();
  lengths ();
  deep ();
  stack ();
  create ();
  change ();
  order ();
  chmod ("closed", 0755);
  return 0;
}
