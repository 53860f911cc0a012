/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What programs do with open files: maps, locks, files without a name, watches,
   copies in the kernel.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

static sigjmp_buf jump;
static volatile int fault_code;

static void
on_fault (int number, siginfo_t *info, void *context)
{
  (void) context;
  fault_code = info->si_code;
  siglongjmp (jump, number);
}

/* Read a byte that may not be there.  */
static void
touch (const char *what, volatile const char *place)
{
  int number = sigsetjmp (jump, 1);
  if (number == 0)
    printf ("%s: %d\n", what, *place);
  else
    printf ("%s: signal %d code %d\n", what, number, fault_code);
}

static void
maps (void)
{
  struct sigaction action = { .sa_sigaction = on_fault,
                              .sa_flags = SA_SIGINFO };
  sigaction (SIGBUS, &action, NULL);
  sigaction (SIGSEGV, &action, NULL);
  int fd = open ("shared", O_RDWR | O_CREAT, 0600);
  SAY ("ftruncate", ftruncate (fd, 8192));
  char *map = mmap (NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  pid_t child = fork ();
  if (child == 0)
    {
      int again = open ("dir/../shared", O_RDWR);
      char *other =
          mmap (NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0);
      memcpy (other + 5000, "from the child\n", 15);
      _exit (other[0] == 'p' ? 1 : 0);
    }
  say_child ("child with a map", child);
  printf ("seen %.14s\n", map + 5000);
  memcpy (map, "parent\n", 7);
  say_content ("in the file", open ("shared", O_RDONLY));
  SAY ("write to the file", pwrite (fd, "X", 1, 0));
  printf ("seen in the map %c\n", map[0]);
  SAY ("truncate by name", truncate ("shared", 4096));
  touch ("before the end", map + 100);
  touch ("behind the end", map + 5000);
  SAY ("grow", truncate ("shared", 8192));
  touch ("there again", map + 5000);
  SAY ("unlink", unlink ("shared"));
  touch ("without a name", map + 1);
  SAY ("msync", msync (map, 8192, MS_SYNC));
  SAY ("munmap", munmap (map, 8192));
  touch ("unmapped", map + 1);
  close (fd);
  fd = open ("shared", O_RDONLY | O_CREAT, 0600);
  printf ("writing to a file that is open for reading: %d\n",
          mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
              == MAP_FAILED);
  close (fd);

  /* A program that is mapped by somebody is run all the same.  */
  fd = open ("/proc/self/exe", O_RDONLY);
  struct stat st;
  fstat (fd, &st);
  map = mmap (NULL, (size_t) st.st_size, PROT_READ, MAP_SHARED, fd, 0);
  int copy = open ("program", O_RDWR | O_CREAT, 0700);
  SAY ("copy of the program",
       write (copy, map, (size_t) st.st_size) == st.st_size);
  close (copy);
  close (fd);
  copy = open ("program", O_RDONLY);
  char *again = mmap (NULL, (size_t) st.st_size, PROT_READ | PROT_EXEC,
                      MAP_PRIVATE, copy, 0);
  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      execl ("./program", "program", "play", (char *) NULL);
      _exit (errno);
    }
  say_child ("execve of a mapped file", child);
  printf ("the map is the file: %d\n",
          memcmp (map, again, (size_t) st.st_size) == 0);
  close (copy);
}

/* Try LOCK in a child and print how that went.  */
static void
try_in_child (const char *what, int command, struct flock lock)
{
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      int fd = open ("lock", O_RDWR);
      _exit (fcntl (fd, command, &lock) == 0 ? 0 : errno);
    }
  say_child (what, child);
}

static void
locks (void)
{
  int fd = open ("lock", O_RDWR | O_CREAT, 0600);
  int second = open ("./dir/../lock", O_RDWR);
  SAY ("flock", flock (fd, LOCK_EX | LOCK_NB));
  SAY ("flock of the same file", flock (second, LOCK_EX | LOCK_NB));
  SAY ("flock of its copy", flock (dup (fd), LOCK_EX | LOCK_NB));
  SAY ("unlock", flock (fd, LOCK_UN));
  SAY ("shared", flock (fd, LOCK_SH | LOCK_NB));
  SAY ("shared too", flock (second, LOCK_SH | LOCK_NB));
  SAY ("not alone", flock (second, LOCK_EX | LOCK_NB));
  flock (fd, LOCK_UN);
  flock (second, LOCK_UN);

  struct flock lock = { .l_type = F_WRLCK, .l_start = 0, .l_len = 10 };
  SAY ("lock of bytes", fcntl (fd, F_SETLK, &lock));
  SAY ("once more", fcntl (second, F_SETLK, &lock));
  try_in_child ("by another process", F_SETLK, lock);
  lock.l_start = 10;
  try_in_child ("other bytes", F_SETLK, lock);
  lock.l_start = 0;
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      struct flock asked = lock;
      fcntl (second, F_GETLK, &asked);
      _exit (asked.l_type == F_WRLCK && asked.l_pid == getppid () ? 3 : 4);
    }
  say_child ("who has it", child);
  close (dup (second)); /* closing any descriptor gives it up */
  try_in_child ("given up", F_SETLK, lock);

  SAY ("open file description lock", fcntl (fd, F_OFD_SETLK, &lock));
  SAY ("by the other description", fcntl (second, F_OFD_SETLK, &lock));
  try_in_child ("by another process", F_OFD_SETLK, lock);
  close (dup (second));
  SAY ("still there", fcntl (second, F_OFD_SETLK, &lock));
  struct flock asked = lock;
  SAY ("asked", fcntl (second, F_OFD_GETLK, &asked));
  printf ("type %d pid %d\n", asked.l_type == F_WRLCK, (int) asked.l_pid);
  lock.l_type = F_UNLCK;
  SAY ("unlocked", fcntl (fd, F_OFD_SETLK, &lock));

  /* A lock that is waited for, and given up by the end of its owner.  */
  int ends[2];
  if (pipe (ends) < 0)
    return;
  lock.l_type = F_WRLCK;
  child = fork ();
  if (child == 0)
    {
      int mine = open ("lock", O_RDWR);
      if (fcntl (mine, F_SETLK, &lock) < 0 || write (ends[1], "x", 1) != 1)
        _exit (1);
      poll (NULL, 0, 100);
      _exit (0);
    }
  char c;
  SAY ("locked by a child", read (ends[0], &c, 1));
  SAY ("waited for", fcntl (fd, F_SETLKW, &lock));
  say_child ("child", child);
  close (fd);
  close (second);
  close (ends[0]);
  close (ends[1]);
  SAY ("lease", fcntl (fd = open ("lock", O_RDONLY), F_SETLEASE, F_RDLCK));
  SAY ("asked", fcntl (fd, F_GETLEASE) == F_RDLCK);
  close (fd);
}

static void
nameless (void)
{
  char name[64];
  int fd = open ("dir", O_TMPFILE | O_RDWR, 0640);
  SAY ("O_TMPFILE", fd >= 0);
  if (fd < 0)
    return;
  SAY ("write", write (fd, "published\n", 10));
  snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
  SAY ("linkat",
       linkat (AT_FDCWD, name, AT_FDCWD, "dir/published", AT_SYMLINK_FOLLOW));
  say_content ("published", open ("dir/published", O_RDONLY));
  say_path ("dir/published");
  SAY ("once more",
       linkat (AT_FDCWD, name, AT_FDCWD, "dir/published", AT_SYMLINK_FOLLOW));
  SAY ("another name",
       linkat (AT_FDCWD, name, AT_FDCWD, "other", AT_SYMLINK_FOLLOW));
  say_path ("other");
  SAY ("without following", linkat (AT_FDCWD, name, AT_FDCWD, "third", 0));
  SAY ("by descriptor", linkat (fd, "", AT_FDCWD, "third", AT_EMPTY_PATH));
  say_path ("third");
  close (fd);
  fd = open ("dir", O_TMPFILE | O_WRONLY | O_EXCL, 0600);
  snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
  SAY ("linkat of one that is to stay nameless",
       linkat (AT_FDCWD, name, AT_FDCWD, "fourth", AT_SYMLINK_FOLLOW));
  close (fd);
  fd = open ("published-later", O_CREAT | O_RDWR, 0600);
  snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
  SAY ("linkat of an open file",
       linkat (AT_FDCWD, name, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW));
  unlink ("published-later");
  unlink ("linked");
  SAY ("linkat of a removed file",
       linkat (AT_FDCWD, name, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW));
  close (fd);
  SAY_OPEN ("O_TMPFILE to read", open ("dir", O_TMPFILE | O_RDONLY, 0600));
  SAY_OPEN ("O_TMPFILE in a file", open ("other", O_TMPFILE | O_RDWR, 0600));
  SAY_OPEN ("O_TMPFILE in nothing", open ("none", O_TMPFILE | O_RDWR, 0600));
}

/* Print the events that FD has; WATCH is the first of its watches.  */
static void
say_events (int fd, int watch)
{
  char buffer[4096] __attribute__ ((aligned (8)));
  struct pollfd ready = { fd, POLLIN, 0 };
  while (poll (&ready, 1, 0) > 0)
    {
      ssize_t length = read (fd, buffer, sizeof buffer);
      for (ssize_t at = 0; at < length;)
        {
          const struct inotify_event *event = (void *) (buffer + at);
          printf ("  watch %d mask %x %s\n", event->wd - watch, event->mask,
                  event->len > 0 ? event->name : "");
          at += (ssize_t) (sizeof *event + event->len);
        }
    }
}

static void
watches (void)
{
  int fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  int watch = inotify_add_watch (fd, "dir", IN_ALL_EVENTS);
  SAY ("watch", watch > 0);
  make_file ("dir/new", "text", 0600);
  SAY ("rename", rename ("dir/new", "dir/newer"));
  SAY ("move out", rename ("dir/newer", "outside"));
  SAY ("chmod", chmod ("dir", 0700));
  SAY ("mkdir", mkdir ("dir/sub", 0700));
  SAY ("rmdir", rmdir ("dir/sub"));
  SAY ("link in", link ("outside", "dir/back"));
  SAY ("symlink", symlink ("back", "dir/to-back"));
  SAY ("read", (long) (close (open ("dir/to-back", O_RDONLY))));
  SAY ("unlink", unlink ("dir/to-back"));
  say_events (fd, watch);
  SAY ("watch of a file that is not there",
       inotify_add_watch (fd, "none", IN_ALL_EVENTS));
  SAY ("of a link",
       symlink ("outside", "link")
           + (inotify_add_watch (fd, "link", IN_ATTRIB | IN_DONT_FOLLOW) > 0));
  SAY ("of a file only if a directory",
       inotify_add_watch (fd, "outside", IN_ALL_EVENTS | IN_ONLYDIR));
  SAY ("chmod through the link", chmod ("link", 0640));
  say_events (fd, watch);
  SAY ("of an absolute name",
       inotify_add_watch (fd, "/etc/passwd", IN_OPEN) > 0);
  SAY ("opened", close (open ("/etc/passwd", O_RDONLY)));
  say_events (fd, watch);
  SAY ("removed", inotify_rm_watch (fd, watch));
  say_events (fd, watch);
  close (fd);
  SAY_OPEN ("fanotify with permissions",
            fanotify_init (FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY));
  SAY_OPEN ("fanotify",
            fanotify_init (FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY));
  SAY ("fanotify_mark without a group",
       fanotify_mark (fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "dir"));
}

static void
copies (void)
{
  make_file ("source", "0123456789\n", 0600);
  int from = open ("source", O_RDONLY);
  int to = open ("target", O_RDWR | O_CREAT, 0600);
  loff_t at = 2;
  SAY ("copy_file_range", copy_file_range (from, &at, to, NULL, 4, 0));
  SAY ("sendfile", sendfile (to, from, NULL, 100));
  say_content ("both", open ("target", O_RDONLY));
  SAY ("fallocate", fallocate (to, 0, 0, 20000));
  SAY ("punch",
       fallocate (to, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096));
  say_path ("target");
  int ends[2];
  if (pipe (ends) < 0)
    return;
  at = 0;
  SAY ("splice", splice (from, &at, ends[1], NULL, 5, 0));
  char text[8];
  SAY ("read", read (ends[0], text, sizeof text));
  close (from);
  close (to);
  int memory = memfd_create ("sealed", MFD_ALLOW_SEALING);
  SAY ("seal", fcntl (memory, F_ADD_SEALS, F_SEAL_GROW));
  SAY ("grow", ftruncate (memory, 10));
  close (memory);
  for (int i = 20; i < 24; i++)
    dup2 (1, i);
  SAY ("close_range", (long) syscall (436, 20, 22, 0));
  SAY ("closed", fcntl (21, F_GETFD));
  SAY ("open", fcntl (23, F_GETFD));
  /* Whatever the engine keeps open is not among them.  */
  SAY ("close all", (long) syscall (436, 3, ~0u, 0));
  struct stat st;
  SAY ("stat afterwards", stat ("dir/../source", &st));
  SAY_OPEN ("open afterwards", open ("source", O_RDONLY));
}

int
main (int argc, char **argv)
{
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (argc > 1 && strcmp (argv[1], "play") == 0)
    {
      puts ("  started");
      return 17;
    }
  mkdir ("dir", 0755);
  maps ();
  locks ();
  nameless ();
  watches ();
  copies ();
  return 0;
}
