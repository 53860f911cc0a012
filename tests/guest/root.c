/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What root may do, and sees of it afterwards.  To be compared with what real
   root sees in a chroot.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <grp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

static void
say_ids (const char *what)
{
  uid_t r, e, s;
  gid_t gr, ge, gs;
  gid_t groups[64];
  getresuid (&r, &e, &s);
  getresgid (&gr, &ge, &gs);
  int count = getgroups (64, groups);
  printf ("%s: uid %u %u %u gid %u %u %u groups", what, r, e, s, gr, ge, gs);
  for (int i = 0; i < count; i++)
    printf (" %u", groups[i]);
  puts ("");
}

static void
say_owner (const char *name)
{
  struct stat st;
  if (lstat (name, &st) < 0)
    {
      say_result (name, -1, errno);
      return;
    }
  printf ("%s: %o %u:%u", name, (unsigned) st.st_mode, st.st_uid, st.st_gid);
  if (S_ISCHR (st.st_mode) || S_ISBLK (st.st_mode))
    printf (" device %u,%u", major (st.st_rdev), minor (st.st_rdev));
  puts ("");
}

static void
owners (void)
{
  make_file ("file", "content\n", 0644);
  mkdir ("dir", 0755);
  if (symlink ("file", "link") < 0 || link ("file", "hard") < 0)
    return;
  say_owner ("file");
  say_owner ("dir");
  say_owner ("link");
  SAY ("chown", chown ("file", 33, 44));
  say_owner ("file");
  say_owner ("hard");
  SAY ("chown of a part", chown ("file", (uid_t) -1, 55));
  say_owner ("file");
  SAY ("lchown", lchown ("link", 7, 8));
  say_owner ("link");
  say_owner ("file");
  SAY ("chown through a link", chown ("link", 9, 10));
  say_owner ("file");
  int fd = open ("file", O_RDWR);
  SAY ("fchown", fchown (fd, 1234567, 7654321));
  struct stat st;
  fstat (fd, &st);
  printf ("fstat %u:%u\n", st.st_uid, st.st_gid);
  SAY ("fchownat empty", fchownat (fd, "", 3, 4, AT_EMPTY_PATH));
  say_owner ("file");
  int dir = open (".", O_RDONLY | O_DIRECTORY);
  SAY ("fchownat", fchownat (dir, "dir", 11, 12, 0));
  say_owner ("dir");
  SAY ("fchownat nofollow",
       fchownat (dir, "link", 13, 14, AT_SYMLINK_NOFOLLOW));
  say_owner ("link");
  SAY ("chown of none", chown ("none", 1, 1));
  SAY ("rename", rename ("file", "dir/moved"));
  say_owner ("dir/moved");
  say_owner ("hard");
  SAY ("unlink one name", unlink ("dir/moved"));
  say_owner ("hard");
  SAY ("unlink the other", unlink ("hard"));
  close (fd);
  for (int i = 0; i < 20; i++)
    {
      make_file ("again", "", 0644);
      if (lstat ("again", &st) < 0 || st.st_uid != 0 || st.st_gid != 0)
        printf ("a new file inherits %u:%u\n", st.st_uid, st.st_gid);
      unlink ("again");
    }
  unsigned char buffer[256] = { 0 };
  uint32_t ids[2];
  if (syscall (SYS_statx, AT_FDCWD, "dir", 0, 0x7ff, buffer) == 0)
    {
      memcpy (ids, buffer + 20, sizeof ids);
      printf ("statx %u:%u\n", ids[0], ids[1]);
    }
}

static void
modes (void)
{
  make_file ("tool", "x", 0755);
  SAY ("chmod set-id", chmod ("tool", 06755));
  say_owner ("tool");
  SAY ("chown clears set-id", chown ("tool", 5, 5));
  say_owner ("tool");
  SAY ("chmod 0", chmod ("tool", 0));
  say_owner ("tool");
  SAY_OPEN ("root opens mode 0", open ("tool", O_RDWR));
  SAY ("root accesses mode 0", access ("tool", R_OK | W_OK));
  SAY ("root may not run it", access ("tool", X_OK));
  mkdir ("closed", 0700);
  make_file ("closed/file", "found\n", 0600);
  SAY ("chmod of a directory 0", chmod ("closed", 0));
  say_owner ("closed");
  say_content ("root looks inside", open ("closed/file", O_RDONLY));
  SAY_OPEN ("root creates inside",
            open ("closed/new", O_CREAT | O_WRONLY, 0600));
  SAY ("root removes inside", unlink ("closed/new"));
  SAY ("sticky", chmod ("closed", 01777));
  say_owner ("closed");
}

static void
devices (void)
{
  SAY ("mknod c", mknod ("char", S_IFCHR | 0666, makedev (1, 3)));
  say_owner ("char");
  SAY ("mknod b", mknod ("block", S_IFBLK | 0660, makedev (7, 0)));
  say_owner ("block");
  SAY ("mknod p", mknod ("pipe", S_IFIFO | 0600, 0));
  say_owner ("pipe");
  SAY ("mknod f", mknod ("regular", S_IFREG | 0640, 0));
  say_owner ("regular");
  SAY ("mknod over", mknod ("char", S_IFCHR | 0666, makedev (1, 3)));
  SAY ("rename a device", rename ("char", "char2"));
  say_owner ("char2");
  SAY ("chown a device", chown ("char2", 0, 6));
  SAY ("chmod a device", chmod ("char2", 0600));
  say_owner ("char2");
  SAY ("unlink a device", unlink ("char2"));
}

/* Say what type the entry NAME of the current directory has in its list.  */
static void
say_listed (const char *name)
{
  DIR *stream = opendir (".");
  int type = -1;
  for (struct dirent *entry;
       stream != NULL && (entry = readdir (stream)) != NULL;)
    if (strcmp (entry->d_name, name) == 0)
      type = entry->d_type;
  if (stream != NULL)
    closedir (stream);
  printf ("%s is listed with type %d\n", name, type);
}

/* What find -type and its like go by instead of asking for every file.  */
static void
types (void)
{
  mkdir ("types", 0755);
  mkdir ("types/dir", 0755);
  if (chdir ("types") < 0)
    return;
  mknod ("char", S_IFCHR | 0666, makedev (1, 3));
  mknod ("block", S_IFBLK | 0660, makedev (8, 0));
  mkfifo ("pipe", 0600);
  make_file ("file", "x", 0644);
  say_listed ("char");
  say_listed ("block");
  say_listed ("pipe");
  say_listed ("file");
  say_listed ("dir");
  SAY ("link a device", link ("char", "dir/linked"));
  SAY ("move a device", rename ("block", "dir/moved"));
  unlink ("char");
  make_file ("char", "x", 0644);
  say_listed ("char");
  if (chdir ("dir") < 0)
    return;
  say_listed ("linked");
  say_listed ("moved");
  if (chdir ("../..") < 0)
    return;
}

static void in_child (const char *what, void (*function) (void));

static void
inheritance (void)
{
  mkdir ("set", 0755);
  SAY ("chown of a directory", chown ("set", 0, 77));
  SAY ("chmod set-gid", chmod ("set", 02775));
  say_owner ("set");
  mkdir ("set/dir", 0755);
  make_file ("set/file", "x", 0644);
  if (symlink ("file", "set/link") < 0)
    return;
  SAY ("mknod", mknod ("set/null", S_IFCHR | 0600, makedev (1, 3)));
  say_owner ("set/dir");
  say_owner ("set/file");
  say_owner ("set/link");
  say_owner ("set/null");
  mkdir ("set/dir/deeper", 0700);
  say_owner ("set/dir/deeper");
  int dir = open ("set/dir", O_RDONLY | O_DIRECTORY);
  close (openat (dir, "by-descriptor", O_CREAT | O_WRONLY, 0600));
  close (dir);
  say_owner ("set/dir/by-descriptor");
  make_file ("plain", "x", 0644);
  say_owner ("plain");
  SAY ("chgrp", chown ("set/dir", (uid_t) -1, 78));
  make_file ("set/dir/other", "x", 0644);
  say_owner ("set/dir/other");
  SAY ("chmod without", chmod ("set/dir", 0755));
  make_file ("set/dir/none", "x", 0644);
  say_owner ("set/dir/none");
}

static void
masks (void)
{
  umask (0777);
  mkdir ("masked", 0777);
  close (open ("masked/file", O_CREAT | O_WRONLY, 0666));
  SAY_OPEN ("root opens what a umask closed", open ("masked/file", O_RDWR));
  say_owner ("masked");
  say_owner ("masked/file");
  umask (0277);
  SAY ("mkfifo", mkfifo ("masked/fifo", 0666));
  say_owner ("masked/fifo");
  umask (022);
  close (open ("masked/open", O_CREAT | O_WRONLY, 0666));
  say_owner ("masked/open");
}

/* Say what attributes NAME has, by name in alphabetic order.  */
static void
say_attributes (const char *name)
{
  char list[1024];
  char *names[16];
  int count = 0;
  ssize_t length = llistxattr (name, list, sizeof list);
  printf ("%s:", name);
  for (ssize_t at = 0; at < length && count < 16;
       at += (ssize_t) strlen (list + at) + 1)
    /* What the host's own policy puts on every file is of no interest.  */
    if (strcmp (list + at, "security.selinux") != 0)
      names[count++] = list + at;
  for (int i = 0; i < count; i++)
    for (int j = i + 1; j < count; j++)
      if (strcmp (names[i], names[j]) > 0)
        {
          char *other = names[i];
          names[i] = names[j];
          names[j] = other;
        }
  for (int i = 0; i < count; i++)
    {
      char value[256];
      ssize_t size = lgetxattr (name, names[i], value, sizeof value);
      printf (" %s=%.*s", names[i], (int) (size < 0 ? 0 : size), value);
    }
  puts ("");
}

#define NAME "trusted.udocker-test"

static void
see_as_user (void)
{
  char value[16];
  SAY ("setuid", setuid (1000));
  SAY ("trusted as a user", (int) getxattr ("tagged", NAME, value, 16));
  SAY ("set trusted as a user", setxattr ("tagged", NAME, "no", 2, 0));
  SAY ("remove trusted as a user", removexattr ("tagged", NAME));
  say_attributes ("tagged");
}

static void
attributes (void)
{
  /* CAP_NET_RAW, permitted and effective, as setcap writes it.  */
  static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 0x20 };
  char value[64];
  make_file ("tagged", "x", 0755);
  if (symlink ("tagged", "tag-link") < 0)
    return;
  SAY ("set", setxattr ("tagged", NAME, "one", 3, XATTR_CREATE));
  SAY ("create again", setxattr ("tagged", NAME, "two", 3, XATTR_CREATE));
  SAY ("replace", setxattr ("tagged", NAME, "three", 5, XATTR_REPLACE));
  SAY ("replace none", setxattr ("tagged", NAME "2", "x", 1, XATTR_REPLACE));
  SAY ("no name", setxattr ("tagged", "trusted.", "x", 1, 0));
  SAY ("bad flags", setxattr ("tagged", NAME, "x", 1, 64));
  say_attributes ("tagged");
  SAY ("size", (int) getxattr ("tagged", NAME, NULL, 0));
  SAY ("too small", (int) getxattr ("tagged", NAME, value, 2));
  SAY ("of none", (int) getxattr ("tagged", NAME "2", value, sizeof value));
  SAY ("on a link", lsetxattr ("tag-link", NAME, "link", 4, 0));
  say_attributes ("tag-link");
  SAY ("through a link", setxattr ("tag-link", NAME, "file", 4, 0));
  say_attributes ("tagged");
  int fd = open ("tagged", O_RDWR);
  SAY ("by descriptor", fsetxattr (fd, NAME "3", "", 0, 0));
  SAY ("got by descriptor", (int) fgetxattr (fd, NAME, value, sizeof value));
  char list[256];
  SAY ("listed by descriptor",
       flistxattr (fd, list, sizeof list) == llistxattr ("tagged", list, 256));
  say_attributes ("tagged");
  in_child ("as a user", see_as_user);
  SAY ("remove by descriptor", fremovexattr (fd, NAME "3"));
  SAY ("remove", removexattr ("tagged", NAME));
  SAY ("remove none", removexattr ("tagged", NAME));
  SAY ("remove from none", removexattr ("nothing", NAME));
  close (fd);
  say_attributes ("tagged");

  SAY ("capability",
       setxattr ("tagged", "security.capability", capability, 20, 0));
  SAY ("size of the capability",
       (int) getxattr ("tagged", "security.capability", NULL, 0));
  SAY ("rename", rename ("tagged", "tagged2"));
  SAY ("size after rename",
       (int) getxattr ("tagged2", "security.capability", NULL, 0));
  SAY ("chown", chown ("tagged2", 5, 5));
  SAY ("chown takes it",
       (int) getxattr ("tagged2", "security.capability", NULL, 0));
  SAY ("unlink", unlink ("tagged2"));
  make_file ("tagged2", "x", 0644);
  say_attributes ("tagged2");
}

static void
in_child (const char *what, void (*function) (void))
{
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      function ();
      fflush (stdout);
      _exit (0);
    }
  say_child (what, child);
}

static void
become_user (void)
{
  SAY ("setgroups", setgroups (2, (gid_t[]){ 100, 200 }));
  say_ids ("after setgroups");
  SAY ("setgid", setgid (100));
  SAY ("setuid", setuid (1000));
  say_ids ("after setuid");
  SAY ("setuid back", setuid (0));
  SAY ("seteuid back", seteuid (0));
  SAY ("setgroups as a user", setgroups (0, NULL));
  SAY ("setgid as a user", setgid (0));
  SAY ("chown as a user", chown ("regular", 1000, 1000));
  say_ids ("still");
  pid_t child = fork ();
  if (child == 0)
    {
      say_ids ("in a child");
      fflush (stdout);
      _exit (0);
    }
  say_child ("child", child);
}

static void
effective_only (void)
{
  SAY ("setegid", setegid (100));
  SAY ("seteuid", seteuid (1000));
  say_ids ("effective");
  SAY ("chown", chown ("regular", 1000, 1000));
  SAY ("seteuid back", seteuid (0));
  SAY ("setegid back", setegid (0));
  say_ids ("back");
  SAY ("setreuid", setreuid (5, 6));
  say_ids ("setreuid");
  SAY ("setresuid", setresuid (5, 5, 5));
  SAY ("setresuid to others", setresuid (7, 7, 7));
  say_ids ("end");
}

static void
saved (void)
{
  SAY ("setresgid", setresgid (1, 2, 3));
  SAY ("setresuid", setresuid (1, 2, 0));
  say_ids ("saved");
  SAY ("setresuid from saved", setresuid ((uid_t) -1, 0, (uid_t) -1));
  say_ids ("again root");
  SAY ("setfsuid", setfsuid (9));
  SAY ("setfsuid again", setfsuid (0));
  SAY ("setuid -1", setuid ((uid_t) -1));
  SAY ("setresuid of none", setresuid ((uid_t) -1, (uid_t) -1, (uid_t) -1));
  say_ids ("end");
}

static void
keep (void)
{
  SAY ("keepcaps", prctl (PR_SET_KEEPCAPS, 1, 0, 0, 0));
  SAY ("setresuid", setresuid (1000, 1000, 1000));
  say_ids ("kept");
}

/* Who is at the other end of a socket.  */
static void
peers (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX,
                                 .sun_path = "peer-socket" };
  int server = socket (AF_UNIX, SOCK_STREAM, 0);
  SAY ("bind", bind (server, (struct sockaddr *) &address, sizeof address));
  SAY ("chmod of a socket", chmod ("peer-socket", 0777));
  SAY ("listen", listen (server, 1));
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      char byte;
      int client = socket (AF_UNIX, SOCK_STREAM, 0);
      if (setgid (100) == 0 && setuid (1000) == 0
          && connect (client, (struct sockaddr *) &address, sizeof address)
                 == 0)
        (void) !read (client, &byte, 1);
      _exit (0);
    }
  int peer = accept (server, NULL, NULL);
  struct ucred who = { 0 };
  socklen_t size = sizeof who;
  SAY ("peer", getsockopt (peer, SOL_SOCKET, SO_PEERCRED, &who, &size));
  printf ("it is %u:%u, %s\n", who.uid, who.gid,
          who.pid == child ? "the child" : "somebody else");
  close (peer);
  say_child ("peer", child);
}

/* What rpm does before it starts a script.  */
static void
isolate (void)
{
  SAY ("mount without", mount ("none", "dir", "none-such", 0, NULL) == -1);
  SAY ("unshare", unshare (CLONE_NEWNS | CLONE_NEWNET));
  SAY ("private", mount ("/", "/", NULL, MS_REC | MS_PRIVATE, NULL));
  SAY ("in memory", mount ("none", "dir", "tmpfs", 0, NULL));
  SAY ("on a file", mount ("none", "regular", "tmpfs", 0, NULL));
  SAY ("on nothing", mount ("none", "nothing", "tmpfs", 0, NULL));
  make_file ("dir/inside", "x", 0644);
  SAY ("writable", access ("dir/inside", W_OK));
  SAY ("setuid", setuid (1000));
  SAY ("as a user", mount ("none", "dir", "tmpfs", 0, NULL));
  SAY ("unshare as a user", unshare (CLONE_NEWNS));
}

static void
others (void)
{
  SAY ("chroot", chroot ("."));
  SAY ("chdir /", chdir ("/"));
  say_path ("/regular");
  char text[PATH_MAX];
  char *got = getcwd (text, sizeof text);
  say_text ("cwd", text, got == NULL ? -1 : (long) strlen (text), errno);
  say_path ("/../../regular");
  say_path ("/etc/passwd");
  say_path ("/proc/self/exe");
}

int
main (void)
{
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  setgroups (0, NULL);
  say_ids ("start");
  owners ();
  modes ();
  devices ();
  types ();
  inheritance ();
  masks ();
  attributes ();
  in_child ("become a user", become_user);
  in_child ("effective only", effective_only);
  in_child ("saved ids", saved);
  in_child ("keep capabilities", keep);
  peers ();
  in_child ("isolate", isolate);
  in_child ("others", others);
  say_ids ("end");
  return 0;
}
