/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tests of lib/guest inside the processes of a container: what an engine there
   must not do to the program whose descriptors and memory are its own.  */

#include <dirent.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/time.h>

#include "tests/unit/guest-engine.h"
#include "tests/unit/tap.h"

static char top[PATH_MAX];
static char root[PATH_MAX + 16];
static char data[PATH_MAX + 16];
static char outside[PATH_MAX + 16];

static void
make_tree (void)
{
  engine_make_directory (top);
  engine_shell ("cd %s; mkdir root data outside outside/sub; cd root;"
                "mkdir -p etc usr/bin usr/lib tmp data; echo root > etc/passwd;"
                "ln -s usr/bin bin; ln -s passwd etc/link;"
                "ln -s ../usr/bin/sh tmp/sh; ln -s /nowhere/at/all dangling;"
                "echo x > usr/bin/sh; echo f > ../data/file;"
                "echo o > ../outside/sub/file",
                top);
  snprintf (root, sizeof root, "%s/root", top);
  snprintf (data, sizeof data, "%s/data", top);
  snprintf (outside, sizeof outside, "%s/outside", top);
}

/* Start anew; with ROOT the container's is faked.  */
static void
start (bool fakes)
{
  const struct guest_mount mounts[] = {
    { root, "/", 0 },
    { data, "/data", 0 },
    { "/proc", "/proc", 0 },
    { "/dev", "/dev", 0 },
  };
  struct guest_ids ids;

  if (engine_start (mounts, sizeof mounts / sizeof mounts[0]) < 0)
    tap_bail ("cannot start");
  engine_guest.identity.host_uid = getuid ();
  engine_guest.identity.host_gid = getgid ();
  if (!fakes)
    return;
  engine_guest.identity.emulated = engine_guest.identity.root = true;
  guest_ids_init (&ids, 0, 0, NULL, 0);
  engine_task.ids = ids;
}

/* Open PATH from DIR with FLAGS, and close it again.  Return whether that
   worked.  */
static bool
opens (int dir, const char *path, int flags)
{
  int64_t fd = engine_call (SYS_openat, FD (dir), P (path), (uint64_t) flags,
                            0644, 0, 0);
  if (fd >= 0)
    close ((int) fd);
  return fd >= 0;
}

/* Every way of opening gives the lowest number that is free, and nothing else
   stays open (engine_strays counts what does).  */
static void
test_numbers (const char *kind)
{
  char path[64];
  int elsewhere = open (outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int hole = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  int above = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  engine_strays = 0;
  close (hole); /* a number that is free below others */
  tap_ok (opens (AT_FDCWD, "/etc/passwd", O_RDONLY), "%s: a file", kind);
  tap_ok (opens (AT_FDCWD, "/etc/link", O_RDONLY), "%s: by a link", kind);
  tap_ok (opens (AT_FDCWD, "/bin/sh", O_RDONLY), "%s: by a link on the way",
          kind);
  tap_ok (opens (AT_FDCWD, "/tmp/../tmp/sh", O_RDONLY), "%s: up", kind);
  tap_ok (opens (AT_FDCWD, "/data/file", O_RDONLY), "%s: in a binding", kind);
  tap_ok (opens (AT_FDCWD, "/", O_RDONLY | O_DIRECTORY), "%s: the root", kind);
  tap_ok (opens (AT_FDCWD, "/data", O_RDONLY | O_DIRECTORY), "%s: a binding",
          kind);
  tap_ok (opens (AT_FDCWD, "/etc/new", O_WRONLY | O_CREAT | O_EXCL),
          "%s: a new file", kind);
  tap_ok (opens (AT_FDCWD, "/etc/new", O_RDWR | O_CREAT | O_TRUNC),
          "%s: an old file", kind);
  tap_ok (!opens (AT_FDCWD, "/dangling", O_RDONLY), "%s: a dangling link",
          kind);
  tap_ok (!opens (AT_FDCWD, "/dangling", O_WRONLY | O_CREAT),
          "%s: where it leads there is no directory", kind);
  tap_ok (!opens (AT_FDCWD, "/etc/link", O_RDONLY | O_NOFOLLOW), "%s: no link",
          kind);
  tap_ok (opens (AT_FDCWD, "/etc/link", O_PATH | O_NOFOLLOW),
          "%s: a link itself", kind);
  tap_ok (opens (AT_FDCWD, "/proc/self/status", O_RDONLY),
          "%s: a text that is rewritten", kind);
  tap_ok (opens (AT_FDCWD, "/proc/self/maps", O_RDONLY), "%s: another", kind);
  tap_ok (opens (AT_FDCWD, "/proc/self/stat", O_RDONLY), "%s: one that is not",
          kind);
  snprintf (path, sizeof path, "/proc/self/fd/%d", above);
  tap_ok (opens (AT_FDCWD, path, O_RDONLY), "%s: by a descriptor", kind);
  snprintf (path, sizeof path, "/proc/self/fd/%d/sub/file", elsewhere);
  tap_ok (opens (AT_FDCWD, path, O_RDONLY), "%s: below a descriptor", kind);
  tap_ok (opens (elsewhere, "sub/file", O_RDONLY), "%s: outside", kind);
  tap_ok (opens (elsewhere, "sub/../sub/file", O_RDONLY),
          "%s: up and down outside", kind);
  tap_ok (opens (elsewhere, "../outside/sub", O_RDONLY), "%s: up outside",
          kind);
  tap_is_number ((long long) engine_strays, 0, "all with the right number");

  /* What is run with such a path and makes none.  */
  struct stat st;
  snprintf (path, sizeof path, "/proc/self/fd/%d/sub/dir", elsewhere);
  tap_is_number (
      engine_call (SYS_mkdirat, FD (AT_FDCWD), P (path), 0755, 0, 0, 0), 0,
      "mkdir below a descriptor");
  tap_is_number (
      engine_call (SYS_newfstatat, FD (AT_FDCWD), P (path), P (&st), 0, 0, 0),
      0, "stat");
  tap_is_number (engine_call (SYS_unlinkat, FD (AT_FDCWD), P (path),
                              AT_REMOVEDIR, 0, 0, 0),
                 0, "rmdir");
  tap_is_number (engine_call (SYS_truncate, P ("/etc/new"), 3, 0, 0, 0, 0), 0,
                 "truncate");
  tap_is_number (
      engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/etc/new"), 0, 0, 0, 0), 0,
      "unlink");
  tap_is_number (engine_call (SYS_readlinkat, FD (AT_FDCWD), P ("/bin"),
                              P (path), 64, 0, 0),
                 7, "readlink");
  tap_is_number ((long long) engine_strays, 0, "nothing stays open");
  tap_ok (fcntl (ENGINE_SPARE, F_GETFD) < 0, "nor out of the way");
  close (elsewhere);
  close (above);
}

/* A text that is rewritten is opened as any file.  */
static void
test_content (void)
{
  char text[4096];
  int fd =
      (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/proc/self/status"),
                         O_RDONLY | O_CLOEXEC, 0, 0, 0);
  ssize_t size = read (fd, text, sizeof text - 1);
  text[size > 0 ? size : 0] = '\0';
  tap_ok (strstr (text, "Seccomp:\t0\n") != NULL,
          "its text is the container's");
  tap_is_number (fcntl (fd, F_GETFD), FD_CLOEXEC, "it goes with execve");
  tap_is_number (fcntl (fd, F_GETFL) & O_ACCMODE, O_RDONLY, "it is read only");
  close (fd);
  fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/proc/self/status"),
                          O_RDONLY, 0, 0, 0);
  tap_is_number (fcntl (fd, F_GETFD), 0, "or stays");
  close (fd);
}

/* A program that has opened all that it may.  */
static void
test_full (const char *kind)
{
  struct rlimit old;
  struct stat st;
  struct statfs fs;
  char text[64];
  int fd[64];
  int count = 0;

  getrlimit (RLIMIT_NOFILE, &old);
  struct rlimit low = { (rlim_t) engine_lowest () + 4, old.rlim_max };
  setrlimit (RLIMIT_NOFILE, &low);
  while (count < 64
         && (fd[count] = open ("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
    count++;

  static const char *const there[] = { "/etc/passwd", "/etc/link",
                                       "/bin/sh",     "/data/file",
                                       "/tmp/sh",     "/",
                                       "/etc/",       "/bin/../bin/sh" };
  for (size_t i = 0; i < sizeof there / sizeof *there; i++)
    tap_ok (engine_call (SYS_newfstatat, FD (AT_FDCWD), P (there[i]), P (&st),
                         0, 0, 0)
                == 0,
            "%s: stat %s", kind, there[i]);
  tap_is_number (engine_call (SYS_newfstatat, FD (AT_FDCWD), P ("/etc/nothing"),
                              P (&st), 0, 0, 0),
                 -ENOENT, "what is missing is missing");
  tap_is_number (engine_call (SYS_newfstatat, FD (AT_FDCWD), P ("/etc/passwd/"),
                              P (&st), 0, 0, 0),
                 -ENOTDIR, "and a file no directory");
  tap_is_number (engine_call (SYS_newfstatat, FD (AT_FDCWD), P ("/bin"),
                              P (&st), AT_SYMLINK_NOFOLLOW, 0, 0),
                 0, "lstat");
  tap_ok (S_ISLNK (st.st_mode), "of a link");
  tap_is_number (
      engine_call (SYS_faccessat, FD (AT_FDCWD), P ("/bin/sh"), R_OK, 0, 0, 0),
      0, "access");
  tap_is_number (engine_call (SYS_readlinkat, FD (AT_FDCWD), P ("/bin"),
                              P (text), sizeof text, 0, 0),
                 7, "readlink");
  tap_is_number (engine_call (SYS_statfs, P ("/etc"), P (&fs), 0, 0, 0, 0), 0,
                 "statfs");
  tap_is_number (engine_call (SYS_chdir, P ("/bin"), 0, 0, 0, 0, 0), 0,
                 "chdir");
  tap_is_number (engine_call (SYS_getcwd, P (text), sizeof text, 0, 0, 0, 0), 9,
                 "getcwd");
  tap_is_number (
      engine_call (SYS_newfstatat, FD (AT_FDCWD), P ("sh"), P (&st), 0, 0, 0),
      0, "stat from there");
  tap_is_number (
      engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/tmp/made"), 0755, 0, 0, 0),
      0, "mkdir");
  tap_is_number (engine_call (SYS_renameat, FD (AT_FDCWD), P ("/tmp/made"),
                              FD (AT_FDCWD), P ("/etc/made"), 0, 0),
                 0, "rename");
  tap_is_number (engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/etc/made"),
                              AT_REMOVEDIR, 0, 0, 0),
                 0, "rmdir");
  tap_is_number (engine_call (SYS_openat, FD (AT_FDCWD), P ("/etc/passwd"),
                              O_RDONLY, 0, 0, 0),
                 -EMFILE, "open says what is wrong");
  while (count > 0)
    close (fd[--count]);
  setrlimit (RLIMIT_NOFILE, &old);
  if (chdir ("/") != 0)
    tap_bail ("no root");
}

/* Calls without a descriptor are made in the form of those with one, by the
   binding's; what they are run with names nothing of the host.  */
static void
test_forms (void)
{
#ifdef SYS_open
  const struct
  {
    int number;
    uint64_t arg[3];
    int becomes;
    int dir, path; /* arguments */
  } cases[] = {
    { SYS_open, { P ("/bin/sh"), O_RDONLY, 0 }, SYS_openat, 0, 1 },
    { SYS_creat, { P ("/tmp/new"), 0600, 0 }, SYS_openat, 0, 1 },
    { SYS_mkdir, { P ("/tmp/new"), 0700, 0 }, SYS_mkdirat, 0, 1 },
    { SYS_rmdir, { P ("/tmp"), 0, 0 }, SYS_unlinkat, 0, 1 },
    { SYS_unlink, { P ("/bin/sh"), 0, 0 }, SYS_unlinkat, 0, 1 },
    { SYS_rename, { P ("/bin/sh"), P ("/bin/x"), 0 }, SYS_renameat, 2, 3 },
    { SYS_link, { P ("/bin/sh"), P ("/bin/x"), 0 }, SYS_linkat, 2, 3 },
    { SYS_symlink, { P ("text"), P ("/bin/x"), 0 }, SYS_symlinkat, 1, 2 },
    { SYS_chmod, { P ("/bin/sh"), 0700, 0 }, SYS_fchmodat, 0, 1 },
    { SYS_chown, { P ("/bin/sh"), 1, 1 }, SYS_fchownat, 0, 1 },
    { SYS_lchown, { P ("/bin/sh"), 1, 1 }, SYS_fchownat, 0, 1 },
    { SYS_mknod, { P ("/tmp/new"), S_IFIFO | 0600, 0 }, SYS_mknodat, 0, 1 },
    { SYS_utimes, { P ("/bin/sh"), 0, 0 }, SYS_futimesat, 0, 1 },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      struct guest_call call = { .number = cases[i].number };
      for (int j = 0; j < 3; j++)
        call.arg[j] = cases[i].arg[j];
      engine_scratch_used = 0;
      enum guest_verdict verdict = guest_enter (&engine_task, &call);
      const char *path = (const char *) (uintptr_t) call.arg[cases[i].path];
      tap_ok ((verdict == GUEST_RUN || verdict == GUEST_RUN_EXIT)
                  && (call.number == cases[i].becomes
                      || (call.number == 437 && cases[i].becomes == SYS_openat))
                  && (int) call.arg[cases[i].dir] == engine_anchors[0]
                  && path[0] != '/',
              "call %d becomes %d of '%s'", cases[i].number, call.number, path);
      guest_task_release (&engine_task);
    }
#else
  tap_skip ("old calls", "this architecture has none");
#endif
}

/* Return how many entries of the directory PATH lie from FIRST up to before
   END, as numbers in BASE, and set ALL to how many there are.  ROOM is how much
   is asked for at once.  */
static int
count_listed (const char *path, unsigned long first, unsigned long end,
              int base, size_t room, int *all)
{
  union
  {
    char bytes[4096];
    struct dirent64 entry;
  } buffer;
  int found = 0;
  int64_t size;
  int fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P (path),
                              O_RDONLY | O_DIRECTORY, 0, 0, 0);
  *all = fd < 0 ? fd : 0;
  while (
      (size = engine_call (SYS_getdents64, FD (fd), P (&buffer), room, 0, 0, 0))
      > 0)
    for (int64_t at = 0; at < size;)
      {
        const struct dirent64 *entry =
            (const struct dirent64 *) (const void *) (buffer.bytes + at);
        char *rest;
        unsigned long number = strtoul (entry->d_name, &rest, base);
        found += rest != entry->d_name && number >= first && number < end;
        ++*all;
        at += entry->d_reclen;
      }
  close (fd);
  return found;
}

/* What is the engine's own in the program's process is not shown to it.  */
static void
test_own (void)
{
  static const char *const lists[] = { "/proc/self/fd", "/proc/self/fdinfo",
                                       "/proc/thread-self/fd", "/dev/fd" };
  static const size_t rooms[] = { 4096, 100, 24 };
  enum
  {
    OWN = 4 /* anchors */
  };
  static char text[4 << 20]; /* of a sanitizer there is much */
  char path[64];
  struct stat st;
  int all = 0;
  int all_before = 0;

  char *memory =
      mmap (NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned long start_of = (unsigned long) memory;
  for (int shown = 1; shown >= 0; shown--)
    {
      if (!shown)
        {
          engine_guest.own.first_fd = ENGINE_FDS;
          engine_guest.own.end_fd = ENGINE_FDS + OWN;
          engine_guest.own.start = start_of;
          engine_guest.own.end = start_of + 4096;
        }
      for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t j = 0; j < sizeof rooms / sizeof *rooms; j++)
          {
            tap_ok (count_listed (lists[i], ENGINE_FDS, ENGINE_FDS + OWN, 10,
                                  rooms[j], &all)
                        == (shown ? OWN : 0),
                    "%s, by %zu, shown %d", lists[i], rooms[j], shown);
            if (shown)
              all_before = all;
            else
              tap_is_number (all, all_before - OWN, "and no other is missing");
          }
      tap_is_number (count_listed ("/proc/self/map_files", start_of,
                                   start_of + 4096, 16, 4096, &all),
                     0, "anonymous memory is none of map_files");
      static const char *const ways[][2] = {
        { "/proc/self/fd", "" },        { "/proc/self/fdinfo", "" },
        { "/proc/thread-self/fd", "" }, { "/dev/fd", "" },
        { "/proc/self/fd", "/etc" },
      };
      for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        {
          snprintf (path, sizeof path, "%s/%d%s", ways[i][0], ENGINE_FDS,
                    ways[i][1]);
          long long expected = shown ? 0 : -ENOENT;
          tap_ok (engine_call (SYS_newfstatat, FD (AT_FDCWD), P (path), P (&st),
                               0, 0, 0)
                      == expected,
                  "stat %s, shown %d", path, shown);
          tap_is_number (engine_call (SYS_newfstatat, FD (AT_FDCWD), P (path),
                                      P (&st), AT_SYMLINK_NOFOLLOW, 0, 0),
                         expected, "lstat");
          tap_is_number (opens (AT_FDCWD, path, O_RDONLY), shown, "open");
        }
      int fd = (int) engine_call (SYS_openat, FD (AT_FDCWD),
                                  P ("/proc/self/smaps"), O_RDONLY, 0, 0, 0);
      ssize_t size, length = 0;
      while (
          (size = read (fd, text + length, sizeof text - 1 - (size_t) length))
          > 0)
        length += size;
      text[length] = '\0';
      close (fd);
      snprintf (path, sizeof path, "%lx-%lx", start_of, start_of + 4096);
      tap_is_number (strstr (text, path) != NULL, shown, "in smaps");
      int headers = 0, flags = 0;
      for (const char *line = text; line != NULL && *line != '\0';
           line = strchr (line, '\n'), line += line != NULL)
        {
          headers += strchr ("0123456789abcdef", *line) != NULL;
          flags += strncmp (line, "VmFlags:", 8) == 0;
        }
      tap_ok (headers == flags, "with all that belongs to it: %d, %d", headers,
              flags);
    }
  tap_ok (!opens (AT_FDCWD, "/proc/1/fd/0", O_RDONLY),
          "what is another's is not looked at");
  munmap (memory, 4096);
}

int
main (void)
{
  make_tree ();
  for (int fakes = 0; fakes < 2; fakes++)
    {
      start (fakes);
      test_numbers (fakes ? "root" : "user");
      test_full (fakes ? "root" : "user");
    }
  test_content ();
  start (false);
  test_forms ();
  start (false);
  test_own ();
  engine_without[0] = 437;
  start (false);
  test_numbers ("no openat2");
  test_full ("no openat2");
  if (chdir ("/") == 0)
    engine_shell ("rm -rf %s", top);
  return tap_done ();
}
