/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tests of lib/guest's handlers, without any engine: calls are entered, run
   if the verdict says so, and left.  */

#include <dirent.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include "tests/unit/guest-engine.h"
#include "tests/unit/tap.h"

static char top[PATH_MAX];
static char root[PATH_MAX + 16];
static char data[PATH_MAX + 16];
static char rodata[PATH_MAX + 16];

static void
make_tree (void)
{
  engine_make_directory (top);
  engine_shell ("cd %s; mkdir root data ro; cd root;"
                "mkdir -p etc usr/bin tmp data mnt; echo root > etc/passwd;"
                "ln -s usr/bin bin; ln -s passwd etc/link;"
                "ln -s /etc/made dangling; echo x > usr/bin/sh;"
                "chmod 755 usr/bin/sh; chmod 644 etc/passwd;"
                "echo f > ../data/file; echo r > ../ro/file",
                top);
  snprintf (root, sizeof root, "%s/root", top);
  snprintf (data, sizeof data, "%s/data", top);
  snprintf (rodata, sizeof rodata, "%s/ro", top);
}

/* Start anew; UID is what the container sees, or -1 for the host's own.  */
static void
start (int uid)
{
  const struct guest_mount mounts[] = {
    { root, "/", 0 },
    { data, "/data", 0 },
    { rodata, "/ro", GUEST_BINDING_READ_ONLY },
    { "/proc", "/proc", 0 },
    { "/dev", "/dev", 0 },
  };
  struct guest_ids ids;

  if (engine_start (mounts, sizeof mounts / sizeof mounts[0]) < 0)
    {
      printf ("Bail out! cannot start\n");
      exit (99);
    }
  engine_guest.identity.host_uid = getuid ();
  engine_guest.identity.host_gid = getgid ();
  if (uid >= 0)
    {
      engine_guest.identity.emulated = true;
      engine_guest.identity.root = uid == 0;
      engine_guest.identity.uid = (uint32_t) uid;
      engine_guest.identity.gid = (uint32_t) uid;
      guest_ids_init (&ids, (uint32_t) uid, (uint32_t) uid, NULL, 0);
      engine_task.ids = ids;
    }
}

static int
stat_of (const char *path, struct stat *status)
{
  memset (status, 0, sizeof *status);
  return (int) engine_call (SYS_newfstatat, FD (AT_FDCWD), P (path), P (status),
                            AT_SYMLINK_NOFOLLOW, 0, 0);
}

static void
test_reading (void)
{
  struct stat st, real;
  char path[PATH_MAX + 64], buffer[PATH_MAX];
  struct statfs fs;
  uint64_t statx_buffer[32];

  snprintf (path, sizeof path, "%s/etc/passwd", root);
  stat (path, &real);
  tap_is_number (stat_of ("/etc/passwd", &st), 0, "stat");
  tap_ok (st.st_ino == real.st_ino && st.st_uid == 0 && st.st_gid == 0,
          "of the right file, which belongs to root");
  tap_is_number (stat_of ("/etc/link", &st), 0, "stat of a link");
  tap_ok (S_ISLNK (st.st_mode), "that is not followed");
  tap_is_number (engine_call (SYS_newfstatat, FD (AT_FDCWD), P ("/etc/link"),
                              P (&st), 0, 0, 0),
                 0, "and of what it leads to");
  tap_ok (st.st_ino == real.st_ino, "the file");
  tap_is_number (stat_of ("/etc/none", &st), -ENOENT, "what is missing");
  tap_is_number (engine_call (SYS_newfstatat, FD (AT_FDCWD), P ("/etc/passwd"),
                              8, 0, 0, 0),
                 -EFAULT, "a bad buffer");
  tap_is_number (
      engine_call (SYS_newfstatat, FD (AT_FDCWD), 8, P (&st), 0, 0, 0), -EFAULT,
      "a bad path");
  int fd = open (path, O_RDONLY);
  tap_is_number (engine_call (SYS_newfstatat, FD (fd), P (""), P (&st),
                              AT_EMPTY_PATH, 0, 0),
                 0, "stat of a descriptor");
  tap_ok (st.st_ino == real.st_ino && st.st_uid == 0, "its owner too");
  memset (&st, 0, sizeof st);
  tap_is_number (engine_call (SYS_fstat, FD (fd), P (&st), 0, 0, 0, 0), 0,
                 "fstat");
  tap_ok (st.st_uid == 0, "its owner");
  tap_is_number (engine_call (SYS_fstat, 999, P (&st), 0, 0, 0, 0), -EBADF,
                 "of no descriptor");
  close (fd);
  tap_is_number (engine_call (332 > 0 ? SYS_statx : 0, FD (AT_FDCWD),
                              P ("/etc/passwd"), 0, 0x7ff, P (statx_buffer), 0),
                 0, "statx");
  tap_ok (((uint32_t *) statx_buffer)[5] == 0, "its owner");

  tap_is_number (engine_call (SYS_faccessat, FD (AT_FDCWD), P ("/etc/passwd"),
                              R_OK | W_OK, 0, 0, 0),
                 0, "root may read and write");
  tap_is_number (engine_call (SYS_faccessat, FD (AT_FDCWD), P ("/etc/passwd"),
                              X_OK, 0, 0, 0),
                 -EACCES, "but not run what nobody may");
  tap_is_number (
      engine_call (SYS_faccessat, FD (AT_FDCWD), P ("/bin/sh"), X_OK, 0, 0, 0),
      0, "only what somebody may");
  tap_is_number (engine_call (439, FD (AT_FDCWD), P ("/dangling"), F_OK,
                              AT_SYMLINK_NOFOLLOW, 0, 0),
                 (engine_guest.missing & 4) != 0 ? -ENOSYS : 0,
                 "faccessat2 of a dangling link");
  tap_is_number (
      engine_call (SYS_faccessat, FD (AT_FDCWD), P ("/ro/file"), W_OK, 0, 0, 0),
      -EROFS, "a read-only binding cannot be written");

  memset (buffer, 'x', sizeof buffer);
  tap_is_number (engine_call (SYS_readlinkat, FD (AT_FDCWD), P ("/etc/link"),
                              P (buffer), sizeof buffer, 0, 0),
                 6, "readlink");
  tap_ok (memcmp (buffer, "passwdx", 7) == 0, "its target, no NUL");
  tap_is_number (engine_call (SYS_readlinkat, FD (AT_FDCWD), P ("/etc/link"),
                              P (buffer), 3, 0, 0),
                 3, "cut at the buffer's size");
  tap_is_number (engine_call (SYS_readlinkat, FD (AT_FDCWD), P ("/etc/passwd"),
                              P (buffer), 10, 0, 0),
                 -EINVAL, "of no link");
  tap_is_number (engine_call (SYS_readlinkat, FD (AT_FDCWD), P ("/etc/link"),
                              P (buffer), 0, 0, 0),
                 -EINVAL, "into nothing");

  tap_is_number (engine_call (SYS_statfs, P ("/proc"), P (&fs), 0, 0, 0, 0), 0,
                 "statfs");
  tap_ok (fs.f_type == 0x9fa0, "of proc");
  /* A directory that has no name in the container any more.  */
  engine_shell ("mkdir -p %s/tmp/gone/deep", root);
  snprintf (path, sizeof path, "%s/tmp/gone/deep", root);
  int gone = open (path, O_RDONLY | O_DIRECTORY);
  engine_shell ("rm -r %s/tmp/gone", root);
  snprintf (path, sizeof path, "/proc/self/fd/%d/.", gone);
  int lowest = dup (0);
  close (lowest);
  for (int i = 0; i < 3; i++)
    (void) engine_call (SYS_statfs, P (path), P (&fs), 0, 0, 0, 0);
  int later = dup (0);
  close (later);
  tap_is_number (later, lowest, "which leaves no descriptor open");
  close (gone);
  tap_is_number (engine_call (SYS_getxattr, P ("/etc/passwd"), P ("user.x"),
                              P (buffer), sizeof buffer, 0, 0)
                     < 0,
                 1, "an attribute that is not there");
}

static void
test_directory (void)
{
  char buffer[PATH_MAX];
  struct stat st;

  tap_is_number (engine_call (SYS_chdir, P ("/bin"), 0, 0, 0, 0, 0), 0,
                 "chdir");
  tap_is_number (
      engine_call (SYS_getcwd, P (buffer), sizeof buffer, 0, 0, 0, 0), 9,
      "getcwd counts its NUL");
  tap_ok (strcmp (buffer, "/usr/bin") == 0, "and tells the guest path");
  tap_is_number (engine_call (SYS_getcwd, P (buffer), 8, 0, 0, 0, 0), -ERANGE,
                 "into too little");
  tap_is_number (stat_of ("sh", &st), 0, "a relative path");
  tap_is_number (stat_of ("../../etc/passwd", &st), 0, "up and down");
  tap_is_number (engine_call (SYS_chdir, P ("/data"), 0, 0, 0, 0, 0), 0,
                 "into a binding");
  engine_call (SYS_getcwd, P (buffer), sizeof buffer, 0, 0, 0, 0);
  tap_ok (strcmp (buffer, "/data") == 0, "which has its own name");
  tap_is_number (engine_call (SYS_chdir, P (".."), 0, 0, 0, 0, 0), 0, "up");
  engine_call (SYS_getcwd, P (buffer), sizeof buffer, 0, 0, 0, 0);
  tap_ok (strcmp (buffer, "/") == 0, "to the guest's directory");
  tap_is_number (engine_call (SYS_chdir, P ("/etc/passwd"), 0, 0, 0, 0, 0),
                 -ENOTDIR, "a file is no directory");
  engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/tmp/gone"), 0755, 0, 0, 0);
  engine_call (SYS_chdir, P ("/tmp/gone"), 0, 0, 0, 0, 0);
  engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/tmp/gone"), AT_REMOVEDIR, 0, 0,
               0);
  tap_is_number (
      engine_call (SYS_getcwd, P (buffer), sizeof buffer, 0, 0, 0, 0), -ENOENT,
      "a directory that was removed");
  engine_call (SYS_chdir, P ("/"), 0, 0, 0, 0, 0);

  tap_is_number (engine_call (SYS_chroot, P ("/usr"), 0, 0, 0, 0, 0), 0,
                 "chroot");
  tap_is_number (stat_of ("/bin/sh", &st), 0, "changes the root");
  tap_is_number (stat_of ("/../etc/passwd", &st), -ENOENT, "for good");
  engine_fs.root[0] = '\0';
  engine_fs.root_length = 0;
}

static void
test_changing (void)
{
  struct stat st;
  char path[PATH_MAX + 64];

  int fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/dangling"),
                              O_CREAT | O_WRONLY, 0644, 0, 0);
  snprintf (path, sizeof path, "%s/etc/made", root);
  tap_ok (fd >= 0 && access (path, F_OK) == 0,
          "open makes what a dangling link leads to, inside");
  close (fd);
  tap_is_number (engine_call (SYS_openat, FD (AT_FDCWD), P ("/dangling"),
                              O_CREAT | O_EXCL | O_WRONLY, 0644, 0, 0),
                 -EEXIST, "but not with O_EXCL");
  tap_is_number (engine_call (SYS_openat, FD (AT_FDCWD), P ("/etc/link"),
                              O_RDONLY | O_NOFOLLOW, 0, 0, 0),
                 -ELOOP, "O_NOFOLLOW");
  fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/tmp/nofollow"),
                          O_CREAT | O_RDWR | O_NOFOLLOW, 0644, 0, 0);
  tap_ok (fd >= 0, "which makes what is missing");
  close (fd);
  tap_is_number (engine_call (SYS_openat, FD (AT_FDCWD), P ("/etc/link"),
                              O_CREAT | O_RDWR | O_NOFOLLOW, 0644, 0, 0),
                 -ELOOP, "but follows nothing then");
  tap_is_number (
      engine_call (SYS_openat, FD (AT_FDCWD), P ("/ro/file"), O_RDWR, 0, 0, 0),
      -EROFS, "writing in a read-only binding");
  fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/ro/file"),
                          O_RDONLY | O_CREAT, 0644, 0, 0);
  tap_ok (fd >= 0, "reading there, even with O_CREAT");
  tap_is_number (engine_call (SYS_fchmod, FD (fd), 0600, 0, 0, 0, 0), -EROFS,
                 "a descriptor does not help to change it");
  tap_is_number (engine_call (SYS_utimensat, FD (fd), 0, 0, 0, 0, 0), -EROFS,
                 "nor its times");
  tap_is_number (
      engine_call (SYS_fsetxattr, FD (fd), P ("user.x"), P ("y"), 1, 0, 0),
      -EROFS, "nor attributes");
  tap_is_number (engine_call (SYS_ioctl, FD (fd), 0x40086602, 0, 0, 0, 0),
                 -EROFS, "nor flags");
  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  tap_is_number (
      engine_call (SYS_openat, FD (AT_FDCWD), P (path), O_RDWR, 0, 0, 0),
      -EROFS, "nor does its link below /proc");
  tap_is_number (engine_call (SYS_truncate, P (path), 1, 0, 0, 0, 0), -EROFS,
                 "in any call");
  close (fd);
  tap_is_number (engine_call (SYS_openat, FD (AT_FDCWD), P ("/ro/new"),
                              O_RDONLY | O_CREAT, 0644, 0, 0),
                 -EROFS, "but nothing new");
  tap_is_number (
      engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/ro/d"), 0755, 0, 0, 0),
      -EROFS, "no directory either");
  tap_is_number (
      engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/dangling"), 0755, 0, 0, 0),
      -EEXIST, "mkdir does not follow");
  tap_is_number (engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/data"),
                              AT_REMOVEDIR, 0, 0, 0),
                 -EBUSY, "a binding cannot be removed");
  tap_is_number (engine_call (SYS_renameat2, FD (AT_FDCWD), P ("/data"),
                              FD (AT_FDCWD), P ("/other"), 0, 0),
                 -EBUSY, "nor renamed");
  tap_is_number (engine_call (SYS_renameat2, FD (AT_FDCWD), P ("/tmp"),
                              FD (AT_FDCWD), P ("/data"), 0, 0),
                 -EBUSY, "nor replaced");
  tap_is_number (engine_call (SYS_renameat2, FD (AT_FDCWD), P ("/data/file"),
                              FD (AT_FDCWD), P ("/tmp/file"), 0, 0),
                 -EXDEV, "rename between bindings");
  tap_is_number (engine_call (SYS_linkat, FD (AT_FDCWD), P ("/data/file"),
                              FD (AT_FDCWD), P ("/tmp/file"), 0, 0),
                 -EXDEV, "link between bindings");
  tap_is_number (engine_call (SYS_renameat2, FD (AT_FDCWD), P ("/etc/made"),
                              FD (AT_FDCWD), P ("/bin/made"), 0, 0),
                 0, "rename inside one");
  snprintf (path, sizeof path, "%s/usr/bin/made", root);
  tap_ok (access (path, F_OK) == 0, "gets where it should");
  tap_is_number (engine_call (SYS_symlinkat, P ("/etc/passwd"), FD (AT_FDCWD),
                              P ("/tmp/new"), 0, 0, 0),
                 0, "symlink");
  snprintf (path, sizeof path, "%s/tmp/new", root);
  char target[64] = "";
  tap_ok (readlink (path, target, sizeof target - 1) == 11
              && strcmp (target, "/etc/passwd") == 0,
          "keeps its text");
  tap_is_number (
      engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/tmp/new"), 0, 0, 0, 0), 0,
      "unlink");
  tap_is_number (stat_of ("/etc/passwd", &st), 0, "of the link alone");
  tap_is_number (engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/tmp/."),
                              AT_REMOVEDIR, 0, 0, 0),
                 -EINVAL, "rmdir of a dot");

  struct
  {
    uint64_t flags, mode, resolve;
  } how = { O_RDONLY, 0, 0 };
  fd = (int) engine_call (437, FD (AT_FDCWD), P ("/etc/link"), P (&how),
                          sizeof how, 0, 0);
  if (engine_guest.missing & 1)
    tap_ok (true, "openat2 # SKIP not there");
  else
    tap_ok (fd >= 0, "openat2");
  close (fd);
  how.resolve = 4;
  tap_is_number (engine_call (437, FD (AT_FDCWD), P ("/etc/link"), P (&how),
                              sizeof how, 0, 0),
                 -ELOOP, "RESOLVE_NO_SYMLINKS");
}

/* Count how often NAME is in the directory PATH; *TYPE gets its type.  */
static int
find_entries (const char *path, const char *name, int *type)
{
  char buffer[2048];
  int found = 0;
  int fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P (path),
                              O_RDONLY | O_DIRECTORY, 0, 0, 0);
  int64_t length;

  while ((length = engine_call (SYS_getdents64, FD (fd), P (buffer),
                                sizeof buffer, 0, 0, 0))
         > 0)
    for (int64_t at = 0; at < length;)
      {
        uint16_t size;
        memcpy (&size, buffer + at + 16, sizeof size);
        if (strcmp (buffer + at + 19, name) == 0)
          {
            found++;
            *type = buffer[at + 18];
          }
        at += size;
      }
  close (fd);
  return found;
}

static int
count_entries (const char *path, const char *name)
{
  int type;
  return find_entries (path, name, &type);
}

/* Return the type that NAME has in the directory PATH, or -1.  */
static int
type_of_entry (const char *path, const char *name)
{
  int type = -1;
  (void) find_entries (path, name, &type);
  return type;
}

static void
test_listing (void)
{
  tap_ok (engine_guest.hidden, "bindings without a place are noticed");
  tap_is_number (count_entries ("/", "data"), 1, "one that has a place");
  tap_is_number (count_entries ("/", "ro"), 1, "one that has none");
  tap_is_number (count_entries ("/", "ro"), 1, "again");
  tap_is_number (count_entries ("/", "etc"), 1, "an ordinary entry");
  tap_is_number (count_entries ("/etc", "ro"), 0, "not elsewhere");
  tap_is_number (count_entries ("/", ".."), 1, "dot dot");
}

static void
test_owners (void)
{
  struct guest_owner_record record;
  struct stat st, real;
  char path[PATH_MAX + 64];

  snprintf (path, sizeof path, "%s/usr/bin/sh", root);
  tap_is_number (
      engine_call (SYS_fchownat, FD (AT_FDCWD), P ("/bin/sh"), 33, 44, 0, 0), 0,
      "chown");
  stat_of ("/usr/bin/sh", &st);
  tap_ok (st.st_uid == 33 && st.st_gid == 44, "is remembered");
  stat (path, &real);
  tap_ok (real.st_uid == getuid (), "and not done");
  tap_is_number (engine_call (SYS_fchownat, FD (AT_FDCWD), P ("/bin/sh"),
                              (uint32_t) -1, 55, 0, 0),
                 0, "chgrp");
  stat_of ("/usr/bin/sh", &st);
  tap_ok (st.st_uid == 33 && st.st_gid == 55, "keeps the user");
  tap_is_number (
      engine_call (SYS_fchmodat, FD (AT_FDCWD), P ("/bin/sh"), 0, 0, 0, 0), 0,
      "chmod 0");
  stat_of ("/usr/bin/sh", &st);
  stat (path, &real);
  tap_ok ((st.st_mode & 07777) == 0 && (real.st_mode & 07777) == 0600,
          "is shown, but does not lock us out");
  tap_is_number (
      engine_call (SYS_fchmodat, FD (AT_FDCWD), P ("/bin/sh"), 04755, 0, 0, 0),
      0, "chmod with set-uid");
  stat_of ("/usr/bin/sh", &st);
  tap_ok ((st.st_mode & 07777) == 04755, "is shown");
  engine_call (SYS_fchownat, FD (AT_FDCWD), P ("/bin/sh"), 1, 1, 0, 0);
  stat_of ("/usr/bin/sh", &st);
  tap_ok ((st.st_mode & 07777) == 0755, "chown takes the bit away");

  int made = (int) engine_call (SYS_mknodat, FD (AT_FDCWD), P ("/tmp/null"),
                                S_IFCHR | 0666, makedev (1, 3), 0, 0);
  tap_is_number (made, 0, "mknod of a device");
  stat_of ("/tmp/null", &st);
  tap_ok (S_ISCHR (st.st_mode) && st.st_rdev == makedev (1, 3),
          "is remembered");
  tap_is_number (type_of_entry ("/tmp", "null"), DT_CHR, "and listed as one");
  engine_call (SYS_mknodat, FD (AT_FDCWD), P ("/tmp/disk"), S_IFBLK | 0660,
               makedev (8, 0), 0, 0);
  tap_is_number (type_of_entry ("/tmp", "disk"), DT_BLK, "so are disks");
  engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/tmp/disk"), 0, 0, 0, 0);
  engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/tmp/null"), 0, 0, 0, 0);
  int type = DT_REG;
  for (int i = 0; i < 20 && type == DT_REG; i++)
    {
      char name[16];
      snprintf (name, sizeof name, "plain%d", i);
      snprintf (path, sizeof path, "/tmp/%s", name);
      close ((int) engine_call (SYS_openat, FD (AT_FDCWD), P (path),
                                O_CREAT | O_WRONLY, 0644, 0, 0));
      type = type_of_entry ("/tmp", name);
    }
  tap_is_number (type, DT_REG, "and no file that takes the inode of one");

  /* What would lock us out when it is made.  */
  tap_is_number (
      engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/tmp/shut"), 0, 0, 0, 0), 0,
      "mkdir without permissions");
  stat_of ("/tmp/shut", &st);
  tap_is_number (st.st_mode & 07777, 0, "shows none");
  tap_is_number (engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/tmp/shut/in"),
                              0755, 0, 0, 0),
                 0, "and does not keep root out");
  int shut = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/tmp/shut/f"),
                                O_CREAT | O_WRONLY, 0040, 0, 0);
  close (shut);
  stat_of ("/tmp/shut/f", &st);
  tap_ok (shut >= 0 && (st.st_mode & 07777) == 0040, "neither does a file");
  shut = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/tmp/shut/f"),
                            O_RDWR, 0, 0, 0);
  tap_ok (shut >= 0, "which root can open again");
  close (shut);

  /* Once it really has its permissions nothing is remembered.  */
  shut = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/tmp/late"),
                            O_CREAT | O_WRONLY, 0, 0, 0);
  stat_of ("/tmp/late", &st);
  tap_ok (
      (st.st_mode & 07777) == 0
          && guest_owners_find (&engine_owners, st.st_dev, st.st_ino, &record),
      "a file without permissions is remembered");
  engine_call (SYS_fchmod, (uint64_t) shut, 0644, 0, 0, 0, 0);
  close (shut);
  stat_of ("/tmp/late", &st);
  tap_ok (
      (st.st_mode & 07777) == 0644
          && !guest_owners_find (&engine_owners, st.st_dev, st.st_ino, &record),
      "and forgotten when it gets them");

  /* What another user of the container makes is that user's.  */
  engine_task.ids.fsuid = engine_task.ids.fsgid = 77;
  shut = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/tmp/other"),
                            O_CREAT | O_WRONLY, 0644, 0, 0);
  close (shut);
  stat_of ("/tmp/other", &st);
  tap_ok (st.st_uid == 77 && st.st_gid == 77, "a file of another user");
  engine_call (SYS_symlinkat, P ("x"), FD (AT_FDCWD), P ("/tmp/otherlink"), 0,
               0, 0);
  stat_of ("/tmp/otherlink", &st);
  tap_ok (st.st_uid == 77 && S_ISLNK (st.st_mode), "a link of another user");
  engine_task.ids.fsuid = engine_task.ids.fsgid = 0;
  stat_of ("/tmp/other", &st);
  tap_is_number (st.st_uid, 77, "whoever looks");

  /* A file that takes the inode of one with a record.  */
  int fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/tmp/reused"),
                              O_CREAT | O_WRONLY, 0644, 0, 0);
  close (fd);
  engine_call (SYS_fchownat, FD (AT_FDCWD), P ("/tmp/reused"), 7, 7, 0, 0);
  engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/tmp/reused"), 0, 0, 0, 0);
  for (int i = 0; i < 20; i++)
    {
      char name[32];
      snprintf (name, sizeof name, "/tmp/again%d", i);
      fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P (name),
                              O_CREAT | O_WRONLY, 0644, 0, 0);
      close (fd);
      stat_of (name, &st);
      if (st.st_uid != 0)
        break;
    }
  tap_is_number (st.st_uid, 0, "a reused inode inherits nothing");
  tap_is_number (engine_call (SYS_setxattr, P ("/etc/passwd"),
                              P ("security.test"), P ("x"), 1, 0, 0),
                 0, "security attributes seem to be set");
  fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/etc/passwd"),
                          O_RDONLY, 0, 0, 0);
  tap_is_number (engine_call (SYS_fchown, FD (fd), 9, 9, 0, 0, 0), 0, "fchown");
  stat_of ("/etc/passwd", &st);
  tap_is_number (st.st_uid, 9, "is remembered");
  tap_is_number (engine_call (SYS_fchmod, FD (fd), 0400, 0, 0, 0, 0), 0,
                 "fchmod");
  stat_of ("/etc/passwd", &st);
  tap_is_number (st.st_mode & 07777, 0400, "is shown");
  close (fd);
}

/* Read the file PATH as the container does; put its text into BUFFER.  */
static void
read_all (const char *path, char *buffer, size_t size)
{
  size_t length = 0;
  ssize_t count = 1;
  int fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P (path), O_RDONLY, 0,
                              0, 0);
  while (fd >= 0 && count > 0 && length < size - 1)
    {
      count = read (fd, buffer + length, size - 1 - length);
      length += count > 0 ? (size_t) count : 0;
    }
  buffer[length] = '\0';
  close (fd);
}

static void
test_proc_text (void)
{
  static char text[1 << 20];

  read_all ("/proc/self/status", text, sizeof text);
  tap_ok (strstr (text, "\nUid:\t0\t0\t0\t0\n") != NULL,
          "status tells the container's ids");
  tap_ok (strstr (text, "\nTracerPid:\t0\n") != NULL
              && strstr (text, "\nThreads:\t") != NULL,
          "and what else there is");
  char path[PATH_MAX + 64];
  snprintf (path, sizeof path, "%s/etc/passwd", root);
  int fd = open (path, O_RDONLY);
  void *place = mmap (NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  close (fd);
  read_all ("/proc/thread-self/maps", text, sizeof text);
  tap_ok (strstr (text, " /etc/passwd\n") != NULL && strstr (text, top) == NULL
              && strstr (text, "[stack]") != NULL,
          "maps tells guest paths");
  munmap (place, 4096);
  read_all ("/proc/self/mounts", text, sizeof text);
  const char *inside = strstr (text, " /data ");
  tap_ok (strstr (text, " / ") != NULL && inside != NULL
              && strstr (text, top) == NULL,
          "mounts tells bindings");
  const char *kept = strstr (text, " /ro ");
  kept = kept != NULL ? strchr (kept + 5, ' ') : NULL;
  tap_ok (kept != NULL && strncmp (kept, " ro", 3) == 0,
          "and which are read-only");
  read_all ("/proc/self/mountinfo", text, sizeof text);
  tap_ok (strstr (text, " /data ") != NULL && strstr (text, " - ") != NULL
              && strstr (text, " /proc ") != NULL,
          "mountinfo too");
  read_all ("/proc/sys/kernel/hostname", text, sizeof text);
  tap_ok (strlen (text) > 1, "the host's name");
  strcpy (engine_names.node, "inside");
  read_all ("/proc/sys/kernel/hostname", text, sizeof text);
  tap_ok (strcmp (text, "inside\n") == 0, "or the container's");
  engine_names.node[0] = '\0';
}

static void
test_ids (void)
{
  uint32_t r = 1, e = 1, s = 1;
  uint32_t groups[3] = { 5, 6, 7 };
  uint32_t header[2] = { 0x20080522, 0 };
  uint32_t sets[6] = { 0 };
  struct utsname name;

  tap_is_number (engine_call (SYS_getuid, 0, 0, 0, 0, 0, 0), 0, "getuid");
  tap_is_number (engine_call (SYS_setgroups, 3, P (groups), 0, 0, 0, 0), 0,
                 "setgroups");
  memset (groups, 0, sizeof groups);
  tap_is_number (engine_call (SYS_getgroups, 3, P (groups), 0, 0, 0, 0), 3,
                 "getgroups");
  tap_ok (groups[0] == 5 && groups[2] == 7, "the same");
  tap_is_number (engine_call (SYS_getgroups, 2, P (groups), 0, 0, 0, 0),
                 -EINVAL, "into too little");
  tap_is_number (engine_call (SYS_capget, P (header), P (sets), 0, 0, 0, 0), 0,
                 "capget");
  tap_ok (sets[0] == 0xffffffff && sets[3] == 0x1ff, "root has them all");
  tap_is_number (
      engine_call (SYS_setresuid, (uint32_t) -1, 100, (uint32_t) -1, 0, 0, 0),
      0, "seteuid");
  tap_is_number (engine_call (SYS_setgroups, 0, 0, 0, 0, 0, 0), -EPERM,
                 "loses the effective capabilities");
  tap_is_number (
      engine_call (SYS_setresuid, (uint32_t) -1, 0, (uint32_t) -1, 0, 0, 0), 0,
      "and back");
  tap_is_number (engine_call (SYS_setgroups, 0, 0, 0, 0, 0, 0), 0,
                 "gains them");
  tap_is_number (engine_call (SYS_setgid, 100, 0, 0, 0, 0, 0), 0, "setgid");
  tap_is_number (engine_call (SYS_setuid, 100, 0, 0, 0, 0, 0), 0, "setuid");
  tap_is_number (engine_call (SYS_getresuid, P (&r), P (&e), P (&s), 0, 0, 0),
                 0, "getresuid");
  tap_ok (r == 100 && e == 100 && s == 100, "sets all three");
  tap_is_number (engine_call (SYS_setuid, 0, 0, 0, 0, 0, 0), -EPERM,
                 "for good");
  tap_is_number (
      engine_call (SYS_fchownat, FD (AT_FDCWD), P ("/data/file"), 3, 3, 0, 0),
      -EPERM, "who is not root cannot chown");
  start (0);
  engine_task.ids.keep_capabilities = false;
  tap_is_number (engine_call (SYS_prctl, 8, 1, 0, 0, 0, 0), 0,
                 "PR_SET_KEEPCAPS");
  engine_call (SYS_setresuid, 5, 5, 5, 0, 0, 0);
  tap_ok (engine_task.ids.permitted != 0 && engine_task.ids.effective == 0,
          "keeps the permitted set");
  start (0);
  tap_is_number (engine_call (SYS_sethostname, P ("inside"), 6, 0, 0, 0, 0), 0,
                 "sethostname");
  tap_is_number (engine_call (SYS_uname, P (&name), 0, 0, 0, 0, 0), 0, "uname");
  tap_ok (strcmp (name.nodename, "inside") == 0
              && strcmp (name.sysname, "Linux") == 0,
          "tells it");
  tap_is_number (engine_call (SYS_prctl, 4, 0, 0, 0, 0, 0), 0,
                 "PR_SET_DUMPABLE");
  tap_is_number (engine_call (SYS_prctl, 3, 0, 0, 0, 0, 0), 0,
                 "PR_GET_DUMPABLE");
  tap_is_number (engine_call (SYS_unshare, 0x10000000, 0, 0, 0, 0, 0), -EPERM,
                 "no namespaces");
  tap_is_number (engine_call (SYS_clone, 0x10000000, 0, 0, 0, 0, 0), -EPERM,
                 "by clone neither");
  tap_is_number (engine_call (435, 0, 0, 0, 0, 0, 0), -ENOSYS, "clone3");
  tap_is_number (engine_call (425, 0, 0, 0, 0, 0, 0), -ENOSYS, "io_uring");
  tap_is_number (engine_call (500, 0, 0, 0, 0, 0, 0), -ENOSYS,
                 "a number of the future");
  struct guest_ids ids = engine_task.ids;
  guest_ids_init (&ids, 100, 100, NULL, 0);
  tap_ok (guest_ids_exec (&ids, 04755, 0, 0) && ids.euid == 0 && ids.uid == 100
              && guest_ids_can (&ids, GUEST_CAP_CHOWN),
          "a set-uid program of root makes root");
}

static socklen_t
address (struct sockaddr_un *un, const char *path)
{
  memset (un, 0, sizeof *un);
  un->sun_family = AF_UNIX;
  strcpy (un->sun_path, path);
  return (socklen_t) (2 + strlen (path) + 1);
}

static void
test_sockets (void)
{
  struct sockaddr_un un;
  char path[2 * PATH_MAX + 64];
  socklen_t length = address (&un, "/tmp/socket");
  int server = socket (AF_UNIX, SOCK_STREAM, 0);
  int client = socket (AF_UNIX, SOCK_STREAM, 0);

  tap_is_number (engine_call (SYS_bind, FD (server), P (&un), length, 0, 0, 0),
                 0, "bind");
  snprintf (path, sizeof path, "%s/tmp/socket", root);
  tap_ok (access (path, F_OK) == 0, "makes the socket inside");
  tap_is_number (listen (server, 5), 0, "listen");
  tap_is_number (
      engine_call (SYS_connect, FD (client), P (&un), length, 0, 0, 0), 0,
      "connect");
  memset (&un, 0, sizeof un);
  length = sizeof un;
  tap_is_number (
      engine_call (SYS_getsockname, FD (server), P (&un), P (&length), 0, 0, 0),
      0, "getsockname");
  tap_ok (strcmp (un.sun_path, "/tmp/socket") == 0 && length == 14,
          "tells the guest path");
  length = sizeof un;
  memset (&un, 0, sizeof un);
  tap_is_number (
      engine_call (SYS_getpeername, FD (client), P (&un), P (&length), 0, 0, 0),
      0, "getpeername");
  tap_ok (strcmp (un.sun_path, "/tmp/socket") == 0, "too");
  length = address (&un, "/tmp/socket");
  tap_is_number (engine_call (SYS_bind, FD (client), P (&un), length, 0, 0, 0),
                 -EADDRINUSE, "bind where something is");
  close (server);
  close (client);

  /* Datagrams, with a directory whose host path is too long.  */
  char deep[PATH_MAX] = "/tmp";
  for (int i = 0; i < 4; i++)
    {
      strcat (deep, "/a-rather-long-name-01");
      engine_call (SYS_mkdirat, FD (AT_FDCWD), P (deep), 0755, 0, 0, 0);
    }
  strcat (deep, "/s");
  int receiver = socket (AF_UNIX, SOCK_DGRAM, 0);
  int sender = socket (AF_UNIX, SOCK_DGRAM, 0);
  length = address (&un, deep);
  tap_is_number (
      engine_call (SYS_bind, FD (receiver), P (&un), length, 0, 0, 0), 0,
      "bind with a long host path");
  snprintf (path, sizeof path, "%s%s", root, deep);
  tap_ok (access (path, F_OK) == 0, "makes it in the right place");
  tap_is_number (
      engine_call (SYS_sendto, FD (sender), P ("hello"), 5, 0, P (&un), length),
      5, "sendto");
  char buffer[16] = "";
  tap_ok (recv (receiver, buffer, sizeof buffer, MSG_DONTWAIT) == 5, "arrives");
  struct iovec vector = { .iov_base = buffer, .iov_len = 5 };
  struct msghdr message = {
    .msg_name = &un, .msg_namelen = length, .msg_iov = &vector, .msg_iovlen = 1
  };
  tap_is_number (
      engine_call (SYS_sendmsg, FD (sender), P (&message), 0, 0, 0, 0), 5,
      "sendmsg");
  struct mmsghdr two[2] = { { .msg_hdr = message }, { .msg_hdr = message } };
  tap_is_number (engine_call (SYS_sendmmsg, FD (sender), P (two), 2, 0, 0, 0),
                 2, "sendmmsg sends both");
  tap_is_number (two[0].msg_len, 5, "and tells how much");
  close (sender);
  sender = socket (AF_UNIX, SOCK_DGRAM, 0);
  length = address (&un, "/tmp/sender");
  engine_call (SYS_bind, FD (sender), P (&un), length, 0, 0, 0);
  length = address (&un, deep);
  while (recv (receiver, buffer, sizeof buffer, MSG_DONTWAIT) >= 0)
    continue;
  engine_call (SYS_sendto, FD (sender), P ("hi"), 2, 0, P (&un), length);
  memset (&un, 0, sizeof un);
  message.msg_name = &un;
  message.msg_namelen = sizeof un;
  tap_is_number (engine_call (SYS_recvmsg, FD (receiver), P (&message),
                              MSG_DONTWAIT, 0, 0, 0),
                 2, "recvmsg");
  tap_ok (strcmp (un.sun_path, "/tmp/sender") == 0 && message.msg_namelen == 14,
          "tells the sender's guest path");
  close (sender);
  close (receiver);

  int pair[2];
  struct ucred credentials;
  length = sizeof credentials;
  tap_is_number (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), 0, "a pair");
  tap_is_number (engine_call (SYS_getsockopt, FD (pair[0]), SOL_SOCKET,
                              SO_PEERCRED, P (&credentials), P (&length), 0),
                 0, "SO_PEERCRED");
  tap_ok (credentials.uid == 0 && credentials.gid == 0,
          "tells the container's ids");
  close (pair[0]);
  close (pair[1]);
}

/* All that is tested on a kernel as it is.  */
static void
test_all (void)
{
  make_tree ();
  start (0);
  test_reading ();
  test_directory ();
  test_changing ();
  test_sockets ();
  test_listing ();
  test_proc_text ();
  test_owners ();
  test_ids ();
  tap_is_number ((long long) engine_strays, 0,
                 "descriptors are left as by the kernel");
  if (chdir ("/") == 0)
    engine_shell ("rm -rf %s", top);
}

/* And on an old one.  */
static void
test_old (void)
{
  engine_without[0] = 437;
  engine_without[1] = 439;
  engine_without[2] = SYS_statx;
  make_tree ();
  start (0);
  tap_ok ((engine_guest.missing & 7) == 7, "is noticed");
  engine_without[2] = -1;
  engine_guest.missing = 5;
  test_reading ();
  test_directory ();
  test_changing ();
  test_owners ();
  tap_is_number ((long long) engine_strays, 0,
                 "descriptors are left as by the kernel");
  engine_without[0] = engine_without[1] = -1;
  if (chdir ("/") == 0)
    engine_shell ("rm -rf %s", top);
}

int
main (void)
{
  for (int inside = 0; inside < 2; inside++)
    {
      engine_inside = inside > 0;
      tap_note (engine_inside ? "inside" : "beside");
      test_all ();
      tap_note ("an old kernel");
      test_old ();
    }
  return tap_done ();
}
