/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Where a process is: getcwd and chdir, directories that were moved, removed
   or closed, and descriptors of directories.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

static void
say_cwd (const char *what)
{
  char text[PATH_MAX];
  char *got = getcwd (text, sizeof text);
  say_text (what, text, got == NULL ? -1 : (long) strlen (text), errno);
}

static void *
move_thread (void *name)
{
  SAY ("chdir in a thread", chdir (name));
  say_cwd ("cwd in a thread");
  return NULL;
}

static void *
unshared_thread (void *name)
{
  SAY ("unshare fs", unshare (CLONE_FS));
  SAY ("chdir in an unshared thread", chdir (name));
  say_cwd ("cwd in an unshared thread");
  umask (077);
  return NULL;
}

static void
run_thread (void *(*function) (void *), const char *name)
{
  pthread_t thread;
  pthread_create (&thread, NULL, function, (void *) name);
  pthread_join (thread, NULL);
}

/* Receive a descriptor that a child sends from elsewhere, and use it.  */
static void
passed_descriptor (void)
{
  int pair[2];
  if (socketpair (AF_UNIX, SOCK_STREAM, 0, pair) < 0)
    return;
  char byte = 'x';
  struct iovec iov = { &byte, 1 };
  union
  {
    char space[CMSG_SPACE (sizeof (int))];
    struct cmsghdr align;
  } control;
  struct msghdr message = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof control.space };
  pid_t child = fork ();
  if (child == 0)
    {
      int fd = open ("a/b", O_RDONLY | O_DIRECTORY);
      struct cmsghdr *header = CMSG_FIRSTHDR (&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (sizeof (int));
      memcpy (CMSG_DATA (header), &fd, sizeof fd);
      _exit (sendmsg (pair[0], &message, 0) == 1 ? 0 : 1);
    }
  say_child ("sender", child);
  SAY ("recvmsg", recvmsg (pair[1], &message, 0));
  int fd;
  memcpy (&fd, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof fd);
  say_content ("through a passed descriptor", openat (fd, "file", O_RDONLY));
  say_content ("above a passed descriptor", openat (fd, "../../top", O_RDONLY));
  SAY ("fchdir to it", fchdir (fd));
  say_cwd ("cwd");
  if (chdir ("../..") < 0)
    puts ("lost");
  close (fd);
  close (pair[0]);
  close (pair[1]);
}

int
main (void)
{
  char here[PATH_MAX], text[PATH_MAX];
  struct stat st;
  umask (022);
  if (getcwd (here, sizeof here) == NULL)
    return 99;
  mkdir ("a", 0755);
  mkdir ("a/b", 0755);
  mkdir ("a/b/c", 0755);
  mkdir ("closed", 0755);
  mkdir ("search-only", 0711);
  make_file ("top", "top\n", 0644);
  make_file ("a/b/file", "in b\n", 0644);
  make_file ("search-only/file", "found\n", 0644);
  if (symlink ("a/b", "link") < 0 || symlink ("/", "root") < 0)
    return 99;

  say_cwd ("start");
  SAY ("getcwd short", syscall (SYS_getcwd, text, 3));
  SAY ("getcwd of 0", syscall (SYS_getcwd, text, 0));
  SAY ("getcwd exact", syscall (SYS_getcwd, text, strlen (here) + 1));
  SAY ("getcwd one less", syscall (SYS_getcwd, text, strlen (here)));
  SAY ("getcwd to nowhere", syscall (SYS_getcwd, NULL, 100));
  SAY ("chdir through a link", chdir ("link"));
  say_cwd ("cwd is physical");
  SAY ("chdir ..", chdir (".."));
  say_cwd ("cwd");
  SAY ("chdir above everything", chdir ("../../../../../../../../../../.."));
  say_cwd ("cwd");
  SAY ("chdir ..", chdir (".."));
  say_cwd ("cwd");
  stat ("..", &st);
  struct stat st2;
  stat ("/", &st2);
  printf (".. of / is /: %d\n",
          st.st_ino == st2.st_ino && st.st_dev == st2.st_dev);
  SAY ("chdir back", chdir (here));
  SAY ("chdir root link", chdir ("root"));
  say_cwd ("cwd");
  SAY ("chdir back", chdir (here));
  SAY ("chdir none", chdir ("none"));
  SAY ("chdir file", chdir ("top"));
  SAY ("chdir nothing", chdir (""));
  say_cwd ("cwd unchanged");

  int fd = open ("a/b", O_RDONLY | O_DIRECTORY);
  int path_fd = open ("a", O_PATH);
  SAY ("fchdir", fchdir (fd));
  say_cwd ("cwd");
  SAY ("fchdir O_PATH", fchdir (path_fd));
  say_cwd ("cwd");
  SAY ("chdir back", chdir (here));
  int top = open ("top", O_RDONLY);
  SAY ("fchdir of a file", fchdir (top));
  close (top);

  /* Moved below us.  */
  SAY ("chdir", chdir ("a/b/c"));
  SAY ("rename a parent", rename ("../../../a", "../../../z"));
  say_cwd ("cwd follows");
  say_content ("relative", open ("../file", O_RDONLY));
  SAY_OPEN ("descriptor of a moved directory", openat (fd, "file", O_RDONLY));
  SAY_OPEN ("above a moved directory", openat (fd, "../../top", O_RDONLY));
  SAY ("rename back", rename ("../../../z", "../../../a"));
  say_cwd ("cwd follows back");

  /* Removed below us.  */
  SAY ("rmdir of here", rmdir ("../c"));
  say_cwd ("cwd of a removed directory");
  SAY ("stat .", stat (".", &st));
  SAY ("stat ..", stat ("..", &st));
  SAY_OPEN ("open .", open (".", O_RDONLY));
  SAY_OPEN ("create in it", open ("new", O_CREAT | O_WRONLY, 0644));
  SAY ("mkdir in it", mkdir ("new", 0755));
  SAY ("chdir .", chdir ("."));
  SAY ("fstatat empty", fstatat (AT_FDCWD, "", &st, AT_EMPTY_PATH));
  say_link ("/proc/self/cwd");
  say_entries ("list it", open (".", O_RDONLY));
  SAY ("chdir out", chdir ("../../.."));
  say_cwd ("cwd");
  SAY ("chdir back", chdir (here));
  mkdir ("a/b/c", 0755);

  /* Removed and made anew: another directory.  */
  SAY ("chdir", chdir ("a/b/c"));
  rmdir ("../c");
  mkdir ("../c", 0755);
  say_cwd ("cwd of a replaced directory");
  SAY ("stat of a missing name", stat ("x", &st));
  SAY ("chdir back", chdir (here));

  /* Closed.  */
  SAY ("chdir to search only", chdir ("search-only"));
  SAY ("chmod 0", chmod (".", 0));
  say_cwd ("cwd of a closed directory");
  SAY ("stat inside", stat ("file", &st));
  SAY ("stat .", stat (".", &st));
  SAY_OPEN ("open .", open (".", O_RDONLY));
  SAY ("chdir .", chdir ("."));
  SAY ("chdir ..", chdir (".."));
  SAY ("chdir back", chdir (here));
  SAY ("chdir to a closed directory", chdir ("search-only"));
  SAY ("chmod", chmod ("search-only", 0111));
  SAY ("chdir to search only", chdir ("search-only"));
  say_content ("inside", open ("file", O_RDONLY));
  SAY_OPEN ("open .", open (".", O_RDONLY));
  say_cwd ("cwd");
  SAY ("chdir back", chdir (here));
  chmod ("search-only", 0755);
  chmod ("closed", 0444);
  SAY ("stat below r--", stat ("closed/x", &st));
  SAY ("chdir to r--", chdir ("closed"));
  say_entries ("list r--", open ("closed", O_RDONLY));
  chmod ("closed", 0755);

  /* Threads share it until they say otherwise.  */
  run_thread (move_thread, "a/b");
  say_cwd ("cwd after a thread moved");
  SAY ("chdir back", chdir (here));
  run_thread (unshared_thread, "a/b");
  say_cwd ("cwd after an unshared thread moved");
  SAY_OPEN ("create", open ("mask", O_CREAT | O_WRONLY, 0666));
  say_path ("mask");
  pid_t child = fork ();
  if (child == 0)
    {
      SAY ("chdir in a child", chdir ("a/b"));
      say_cwd ("cwd in a child");
      _exit (0);
    }
  say_child ("child", child);
  say_cwd ("cwd after a child moved");

  say_entries ("list", open (".", O_RDONLY));
  say_entries ("list a/b", open ("a/b", O_RDONLY));
  say_entries ("list a link", open ("link", O_RDONLY));
  say_entries ("list by descriptor", openat (path_fd, "b", O_RDONLY));
  SAY ("mkdirat", mkdirat (fd, "made", 0700));
  SAY ("fstatat", fstatat (fd, "../b/made", &st, 0));
  SAY ("fstatat above",
       fstatat (fd, "../../../../../../../../../etc/passwd", &st, 0));
  SAY ("unlinkat", unlinkat (fd, "made", AT_REMOVEDIR));
  SAY ("fstatat of a bad descriptor", fstatat (777, "x", &st, 0));
  SAY ("fstatat absolute of a bad descriptor", fstatat (777, "/", &st, 0));
  SAY ("fstatat below a file", fstatat (path_fd, "b/file/x", &st, 0));
  passed_descriptor ();
  say_cwd ("end");
  return 0;
}
