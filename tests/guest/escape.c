/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Try every call that takes a name on something that exists on the host and
   not in the container.  None may find it.

   usage: escape HOST-DIRECTORY

   The directory holds "file", "program" (executable), "socket" (listening) and
   "empty" (a directory).  Each success is a line on stdout; a last line says
   that all has been tried.  No security boundary is claimed: this finds calls
   that nobody translates.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>

static const char *directory;
static char file[PATH_MAX], program[PATH_MAX], empty[PATH_MAX], made[PATH_MAX],
    name_of_socket[PATH_MAX];

static void
must_fail (const char *what, long result)
{
  if (result >= 0)
    printf ("%s succeeds\n", what);
  fflush (stdout);
}

#define TRY(call) must_fail (#call, (long) (call))
#define RAW(nr, ...) must_fail ("call " #nr, syscall (nr, __VA_ARGS__))

static void
plain_calls (void)
{
  char buffer[4096];
  struct stat st;
  struct statfs fs;
  uint64_t how[3] = { O_RDONLY, 0, 0 };
  uint64_t how_links[3] = { O_RDONLY, 0, 4 };

  TRY (open (file, O_RDONLY));
  TRY (open (file, O_PATH));
  TRY (open (directory, O_PATH | O_DIRECTORY));
  TRY (creat (made, 0600));
  TRY (openat (AT_FDCWD, file, O_RDONLY));
  TRY (openat (12345, file, O_RDONLY));
  RAW (437, AT_FDCWD, file, how, 24);
  RAW (437, AT_FDCWD, file, how_links, 24);
  RAW (437, 12345, file, how, 24);
  TRY (stat (file, &st));
  TRY (lstat (file, &st));
  TRY (fstatat (12345, file, &st, AT_EMPTY_PATH));
  RAW (SYS_statx, AT_FDCWD, file, 0, 0x7ff, buffer);
  RAW (SYS_statx, 12345, file, AT_EMPTY_PATH, 0x7ff, buffer);
  TRY (access (file, F_OK));
  RAW (439, AT_FDCWD, file, F_OK, 0);
  RAW (439, 12345, file, F_OK, AT_EMPTY_PATH);
  TRY (chmod (file, 0600));
  RAW (452, AT_FDCWD, file, 0600, 0);
  TRY (chown (file, (uid_t) -1, (gid_t) -1));
  TRY (lchown (file, (uid_t) -1, (gid_t) -1));
  TRY (fchownat (AT_FDCWD, file, (uid_t) -1, (gid_t) -1, 0));
  TRY (truncate (file, 1));
  TRY (statfs (file, &fs));
  TRY (utimensat (AT_FDCWD, file, NULL, 0));
  RAW (SYS_utimensat, AT_FDCWD, file, NULL, 0);
#ifdef SYS_utime
  RAW (SYS_utime, file, NULL);
  RAW (SYS_utimes, file, NULL);
  RAW (SYS_futimesat, AT_FDCWD, file, NULL);
#endif
  TRY (mkdir (made, 0700));
  TRY (mknod (made, S_IFREG | 0600, 0));
  TRY (mkfifo (made, 0600));
  TRY (rmdir (empty));
  TRY (unlink (file));
  TRY (rename (file, made));
  TRY (rename (file, "got"));
  RAW (SYS_renameat2, AT_FDCWD, file, AT_FDCWD, "got", 0);
  TRY (link (file, "got"));
  TRY (linkat (AT_FDCWD, file, AT_FDCWD, "got", AT_SYMLINK_FOLLOW));
  TRY (symlink ("x", made));
  TRY (chdir (directory));
  TRY (chroot (directory));
  RAW (SYS_getxattr, file, "user.x", buffer, 10);
  RAW (SYS_listxattr, file, buffer, 100);
  RAW (SYS_setxattr, file, "user.x", "x", 1, 0);
  RAW (SYS_lsetxattr, file, "user.x", "x", 1, 0);
  RAW (SYS_removexattr, file, "user.x");
  uint64_t arguments[2] = { (uint64_t) (uintptr_t) buffer, 100 };
  RAW (463, AT_FDCWD, file, 0, "user.x", arguments, 16);
  RAW (464, AT_FDCWD, file, 0, "user.x", arguments, 16);
  RAW (465, AT_FDCWD, file, 0, buffer, 100);
  RAW (466, AT_FDCWD, file, 0, "user.x");
  RAW (468, AT_FDCWD, file, buffer, 24, 0);
  RAW (469, AT_FDCWD, file, buffer, 24, 0);
  int watch = inotify_init1 (0);
  TRY (inotify_add_watch (watch, directory, IN_ALL_EVENTS));
  unsigned handle[64] = { 128 };
  int mount_id;
  RAW (SYS_name_to_handle_at, AT_FDCWD, file, handle, &mount_id, 0);
  RAW (SYS_name_to_handle_at, AT_FDCWD, file, handle, &mount_id,
       AT_SYMLINK_FOLLOW);
  RAW (428, AT_FDCWD, file, 0);               /* open_tree */
  RAW (433, AT_FDCWD, directory, 0);          /* fspick */
  RAW (442, AT_FDCWD, directory, 0, how, 24); /* mount_setattr */
  RAW (467, AT_FDCWD, file, 0, NULL, 0);      /* open_tree_attr */
  RAW (SYS_acct, file);
  RAW (SYS_swapon, file, 0);
#ifdef SYS_uselib
  RAW (SYS_uselib, program);
#endif
  TRY (mount (directory, "/tmp", NULL, MS_BIND, NULL));
  RAW (SYS_pivot_root, directory, directory);
}

static void
sockets (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct iovec iov = { (void *) "x", 1 };
  struct msghdr message = { .msg_name = &address,
                            .msg_namelen = sizeof address,
                            .msg_iov = &iov,
                            .msg_iovlen = 1 };
  struct mmsghdr many = { message, 0 };
  int stream = socket (AF_UNIX, SOCK_STREAM, 0);
  int datagram = socket (AF_UNIX, SOCK_DGRAM, 0);

  if (strlen (name_of_socket) < sizeof address.sun_path)
    {
      memcpy (address.sun_path, name_of_socket, strlen (name_of_socket) + 1);
      TRY (connect (stream, (struct sockaddr *) &address, sizeof address));
    }
  if (strlen (made) < sizeof address.sun_path)
    {
      memcpy (address.sun_path, made, strlen (made) + 1);
      TRY (bind (stream, (struct sockaddr *) &address, sizeof address));
      TRY (sendto (datagram, "x", 1, 0, (struct sockaddr *) &address,
                   sizeof address));
      TRY (sendmsg (datagram, &message, 0));
      TRY (sendmmsg (datagram, &many, 1, 0));
    }
}

static void
run (const char *what, int how, const char *path)
{
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      char *argv[] = { (char *) "x", NULL };
      if (how == 0)
        execv (path, argv);
      else
        syscall (SYS_execveat, AT_FDCWD, path, argv, NULL, 0);
      _exit (77);
    }
  int status = 0;
  waitpid (child, &status, 0);
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 77)
    printf ("%s runs\n", what);
}

/* The ways around: links, dots, descriptors, directories that went away.  */
static void
detours (void)
{
  char path[PATH_MAX + 64], dots[PATH_MAX];
  struct stat st;
  size_t length = 0;

  for (int i = 0; i < 60; i++)
    length += (size_t) snprintf (dots + length, sizeof dots - length, "../");
  snprintf (path, sizeof path, "%s%.3000s", dots, file + 1);
  TRY (open (path, O_RDONLY));
  TRY (stat (path, &st));
  snprintf (path, sizeof path, "/proc/self/root%.3000s", file);
  TRY (open (path, O_RDONLY));
  snprintf (path, sizeof path, "/proc/self/cwd/%s%.3000s", dots, file + 1);
  TRY (open (path, O_RDONLY));
  snprintf (path, sizeof path, "/proc/self/root/..%.3000s", file);
  TRY (open (path, O_RDONLY));
  int root = open ("/", O_PATH | O_DIRECTORY);
  snprintf (path, sizeof path, "..%.3000s", file);
  TRY (openat (root, path, O_RDONLY));
  uint64_t how[3] = { O_RDONLY, 0, 16 };
  RAW (437, root, path, how, 24);
  how[2] = 0;
  RAW (437, root, path, how, 24);
  snprintf (path, sizeof path, "/proc/self/fd/%d/..%.3000s", root, file);
  TRY (open (path, O_RDONLY));
  unlink ("link");
  if (symlink (file, "link") == 0)
    {
      TRY (open ("link", O_RDONLY));
      TRY (stat ("link", &st));
      TRY (access ("link", F_OK));
      TRY (open ("./link", O_RDONLY));
      TRY (truncate ("link", 0));
      RAW (437, AT_FDCWD, "link", how, 24);
      run ("link", 0, "link");
    }
  unlink ("link");
  if (symlink (made, "link") == 0)
    TRY (open ("link", O_CREAT | O_WRONLY, 0600));
  unlink ("link");
  if (symlink (directory, "link") == 0)
    {
      TRY (open ("link/file", O_RDONLY));
      TRY (chdir ("link"));
      TRY (mkdir ("link/made", 0700));
      TRY (unlink ("link/file"));
      TRY (rename ("link/file", "got"));
    }
  unlink ("link");

  /* "..", from a directory that has no name any more.  */
  mkdir ("gone", 0700);
  mkdir ("gone/deep", 0700);
  if (chdir ("gone/deep") == 0)
    {
      rmdir ("../deep");
      rmdir ("../../gone");
      snprintf (path, sizeof path, "%s%.3000s", dots, file + 1);
      TRY (open (path, O_RDONLY));
      if (chdir ("..") == 0 && chdir ("..") == 0 && chdir ("..") == 0)
        TRY (open (path, O_RDONLY));
    }
  if (fchdir (root) == 0)
    for (int i = 0; i < 10; i++)
      if (chdir ("..") == 0)
        {
          snprintf (path, sizeof path, "%s", file + 1);
          TRY (open (path, O_RDONLY));
        }
}

/* Try to get from the directory DIR, which TEXT names, to the file by ".." and
   by its own name.  */
static void
climb_from (int dir, const char *text)
{
  char path[PATH_MAX + 64];
  char what[256];
  struct stat st;

  if (dir < 0)
    return;
  for (int i = 0; i < 20; i++)
    {
      size_t length = 0;
      for (int j = 0; j < i; j++)
        length +=
            (size_t) snprintf (path + length, sizeof path - length, "../");
      snprintf (path + length, sizeof path - length, "%.3000s", file + 1);
      snprintf (what, sizeof what, "openat from %.100s, %d up", text, i);
      must_fail (what, openat (dir, path, O_RDONLY));
      must_fail (what, fstatat (dir, path, &st, 0));
    }
}

/* The links of /proc that belong to processes of the host.  */
static void
processes (void)
{
  DIR *stream = opendir ("/proc");
  const struct dirent *entry;

  while (stream != NULL && (entry = readdir (stream)) != NULL)
    {
      static const char *const links[] = { "root",  "cwd",   "fd/0", "fd/1",
                                           "fd/2",  "fd/3",  "fd/4", "fd/5",
                                           "fd/6",  "fd/7",  "fd/8", "fd/9",
                                           "fd/10", "fd/11", "fd/12" };
      char path[PATH_MAX + 300];
      struct stat st;
      if (entry->d_name[0] < '0' || entry->d_name[0] > '9'
          || atoi (entry->d_name) == getpid ())
        continue;
      for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        {
          snprintf (path, sizeof path, "/proc/%.20s/%s%.3000s", entry->d_name,
                    links[i], file);
          TRY (open (path, O_RDONLY));
          TRY (stat (path, &st));
          TRY (access (path, F_OK));
          snprintf (path, sizeof path, "/proc/%.20s/%s", entry->d_name,
                    links[i]);
          int dir = open (path, O_PATH | O_DIRECTORY);
          climb_from (dir, path);
          if (dir >= 0)
            close (dir);
          snprintf (path, sizeof path, "/proc/%.20s/task/%.20s/%s%.3000s",
                    entry->d_name, entry->d_name, links[i], file);
          TRY (open (path, O_RDONLY));
        }
    }
  if (stream != NULL)
    closedir (stream);
}

/* Every way for openat2 to look at things.  */
static void
ways (void)
{
  static const char *const starts[] = { "", "/", "/proc/self/root/",
                                        "/proc/self/cwd/" };
  char path[PATH_MAX + 400];
  int root = open ("/", O_PATH | O_DIRECTORY);

  for (uint64_t resolve = 0; resolve < 64; resolve++)
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
      for (int up = 0; up < 4; up++)
        for (uint64_t flags = 0; flags < 2; flags++)
          {
            uint64_t how[3] = { flags ? O_PATH : O_RDONLY, 0, resolve };
            snprintf (path, sizeof path, "%s%.*s%.3000s", starts[i], up * 3,
                      "../../../../", file + 1);
            RAW (437, root, path, how, 24);
            RAW (437, AT_FDCWD, path, how, 24);
          }
  close (root);
}

/* Directories that move while others go up from them.  */
static void
races (void)
{
  char path[PATH_MAX + 400];
  size_t length = 0;

  mkdir ("race", 0700);
  mkdir ("race/a", 0700);
  mkdir ("race/a/b", 0700);
  mkdir ("race/a/b/c", 0700);
  for (int i = 0; i < 30; i++)
    length += (size_t) snprintf (path + length, sizeof path - length, "../");
  snprintf (path + length, sizeof path - length, "%.3000s", file + 1);
  pid_t child = fork ();
  if (child == 0)
    for (;;)
      {
        rename ("race/a/b", "race/b");
        rename ("race/b/c", "race/c");
        rename ("race/c", "race/b/c");
        rename ("race/b", "race/a/b");
      }
  int deep = open ("race/a/b/c", O_PATH | O_DIRECTORY);
  struct stat st;
  for (int i = 0; i < 2000; i++)
    {
      TRY (openat (deep, path, O_RDONLY));
      TRY (fstatat (deep, path, &st, 0));
    }
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  close (deep);
}

/* Other doors into the kernel.  */
static void
doors (void)
{
  unsigned char parameters[256] = { 0 };
  RAW (425, 8, parameters); /* io_uring_setup */
  RAW (426, 0, 0, 0, 0, NULL, 0);
  RAW (427, 0, 0, NULL, 0);
#ifdef __x86_64__
  RAW (0x40000000 | 2, file, O_RDONLY, 0);
  RAW (0x40000000 | 257, AT_FDCWD, file, O_RDONLY, 0);
  /* The 32-bit door takes addresses below 4 GiB.  */
  char *low = mmap ((void *) 0x10000000, 8192, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (low != MAP_FAILED)
    {
      static const int numbers[] = {
        5 /* open */, 106 /* stat */, 8, 39, 10, 33, 15, 12, 92
      };
      snprintf (low, 4096, "%s", file);
      for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        {
          long result = numbers[i];
          __asm__ volatile("int $0x80"
                           : "+a"(result)
                           : "b"(low), "c"(low + 4096), "d"(0)
                           : "memory", "r8", "r9", "r10", "r11");
          char what[32];
          snprintf (what, sizeof what, "int 0x80 of %d", numbers[i]);
          must_fail (what, (int) result);
        }
    }
#endif
  for (int number = 470; number < 1100; number++)
    must_fail ("an unknown call", syscall (number, AT_FDCWD, file, 0, 0));
}

int
main (int argc, char **argv)
{
  if (argc != 2)
    return 99;
  directory = argv[1];
  snprintf (file, sizeof file, "%.4000s/file", directory);
  snprintf (program, sizeof program, "%.4000s/program", directory);
  snprintf (empty, sizeof empty, "%.4000s/empty", directory);
  snprintf (made, sizeof made, "%.4000s/made", directory);
  snprintf (name_of_socket, sizeof name_of_socket, "%.4000s/socket", directory);
  plain_calls ();
  sockets ();
  run ("execve", 0, program);
  run ("execveat", 1, program);
  detours ();
  processes ();
  ways ();
  races ();
  doors ();
  puts ("all tried");
  return 0;
}
