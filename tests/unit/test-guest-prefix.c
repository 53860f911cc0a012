/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What threads remember of directories: that it saves calls, and that it is
   never noticed otherwise.  */

#include <signal.h>
#include <sys/mman.h>

#include "tests/unit/guest-engine.h"
#include "tests/unit/tap.h"

static char top[PATH_MAX];
static char root[PATH_MAX + 16];
static char bound[PATH_MAX + 16];
static struct guest_turns *turns; /* shared with children */

static void
start (bool fakes)
{
  const struct guest_mount mounts[] = {
    { root, "/", 0 },
    { bound, "/m", 0 },
    { bound, "/v/deep/m", 0 },
    { "/proc", "/proc", 0 },
  };
  struct guest_ids ids;

  engine_inside = true;
  if (engine_start (mounts, sizeof mounts / sizeof mounts[0]) < 0)
    tap_bail ("cannot start");
  memset (turns, 0, sizeof *turns);
  engine_guest.turns = turns;
  engine_guest.identity.host_uid = getuid ();
  engine_guest.identity.host_gid = getgid ();
  if (!fakes)
    return;
  engine_guest.identity.emulated = engine_guest.identity.root = true;
  guest_ids_init (&ids, 0, 0, NULL, 0);
  engine_task.ids = ids;
}

/* Begin with an empty tree.  */
static void
make_tree (void)
{
  engine_make_directory (top);
  snprintf (root, sizeof root, "%s/root", top);
  snprintf (bound, sizeof bound, "%s/bound", top);
  engine_shell ("cd %s; mkdir -p root/m root/etc bound/a root/usr/lib/x;"
                "ln -s usr/lib root/lib; echo 1 > root/usr/lib/x/file;"
                "ln -s file root/usr/lib/x/link; echo 2 > root/etc/passwd;"
                "mkdir root/other root/other/x; echo 3 > root/other/x/file;"
                "ln -s ../../etc root/usr/lib/up; echo 4 > bound/a/file",
                top);
}

static void
remove_tree (void)
{
  if (chdir ("/") == 0)
    engine_shell ("chmod -R u+rwx %s; rm -rf %s", top, top);
}

/* What a call found: the file's number, or a negative errno.  */
static long long
stat_of (const char *path, int flags)
{
  struct stat st;
  int64_t result = engine_call (SYS_newfstatat, FD (AT_FDCWD), P (path),
                                P (&st), (uint64_t) flags, 0, 0);
  return result < 0 ? result : (long long) st.st_ino;
}

static long long
statx_of (const char *path)
{
  struct statx st;
  int64_t result = engine_call (SYS_statx, FD (AT_FDCWD), P (path), 0,
                                STATX_INO, P (&st), 0);
  return result < 0 ? result : (long long) st.stx_ino;
}

static long long
open_of (const char *path, int flags)
{
  struct stat st = { .st_ino = 0 };
  int64_t fd = engine_call (SYS_openat, FD (AT_FDCWD), P (path),
                            (uint64_t) flags | O_NONBLOCK, 0644, 0, 0);
  if (fd < 0)
    return fd;
  int kept = fcntl ((int) fd, F_GETFL);
  int shown = flags & (O_ACCMODE | O_PATH | O_NOFOLLOW | O_DIRECTORY);
  if ((flags & O_PATH) == 0
      && (kept & (O_ACCMODE | O_NOFOLLOW | O_DIRECTORY)) != shown)
    st.st_ino = 1;
  else
    fstat ((int) fd, &st);
  close ((int) fd);
  return (long long) st.st_ino;
}

/* Return how many calls of the host, the one that is run included, the last of
   TIMES same calls costs.  */
static long
cost (int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, int times)
{
  unsigned long before = 0;
  int64_t result = 0;
  bool runs = false;

  for (int i = 0; i < times; i++)
    {
      struct guest_call call = { .number = number, .arg = { a, b, c, d } };
      engine_scratch_used = 0;
      before = engine_calls;
      enum guest_verdict verdict = guest_enter (&engine_task, &call);
      runs = verdict != GUEST_ANSWER;
      result = engine_run (&call, verdict);
      if (number == SYS_openat && result >= 0)
        close ((int) result);
    }
  return (long) (engine_calls - before) + runs;
}

static void
test_costs (const char *kind)
{
  static const struct
  {
    const char *what, *path;
  } paths[] = {
    { "a file", "/usr/lib/x/file" },
    { "by a link", "/lib/x/file" },
    { "a missing file", "/usr/lib/x/no" },
    { "missing, by a link", "/lib/x/no" },
    { "in a binding", "/m/a/file" },
    { "of the root", "/usr" },
    { "a link", "/usr/lib/x/link" },
    { "a link by a link", "/lib/x/link" },
  };
  struct stat st;
  char text[64];

  if (engine_guest.missing & 1)
    {
      tap_skip (kind, "no openat2, without which calls cost more");
      return;
    }
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    {
      const char *path = paths[i].path;
      tap_is_number (
          cost (SYS_newfstatat, FD (AT_FDCWD), P (path), P (&st), 0, 3), 1,
          paths[i].what);
      tap_is_number (cost (SYS_openat, FD (AT_FDCWD), P (path), O_RDONLY, 0, 3),
                     1, "  open");
      tap_is_number (cost (SYS_faccessat, FD (AT_FDCWD), P (path), F_OK, 0, 3),
                     1, "  access");
      tap_is_number (cost (SYS_readlinkat, FD (AT_FDCWD), P (path), P (text),
                           sizeof text, 3),
                     1, "  readlink");
    }
  tap_is_number (
      cost (SYS_faccessat, FD (AT_FDCWD), P ("/lib/x/file"), R_OK, 0, 3), 1,
      "what may be read");
  tap_is_number (cost (SYS_newfstatat, FD (AT_FDCWD), P ("/lib"), P (&st),
                       AT_SYMLINK_NOFOLLOW, 3),
                 1, "lstat");
  if (chdir (root) != 0)
    tap_bail ("no root");
  tap_is_number (cost (SYS_newfstatat, FD (AT_FDCWD), P ("etc"), P (&st), 0, 1),
                 1, "a name in the directory");
  tap_is_number (
      cost (SYS_openat, FD (AT_FDCWD), P ("usr/lib/x/file"), O_RDONLY, 0, 1), 1,
      "open from there");
  if (engine_call (SYS_chdir, P ("/usr"), 0, 0, 0, 0, 0) != 0)
    tap_bail ("no directory");
  tap_is_number (
      cost (SYS_newfstatat, FD (AT_FDCWD), P ("lib/x/file"), P (&st), 0, 3), 1,
      "stat from there");
  tap_is_number (cost (SYS_newfstatat, FD (AT_FDCWD), P ("lib/x/link"), P (&st),
                       AT_SYMLINK_NOFOLLOW, 3),
                 1, "lstat from there");
  if (chdir ("/") != 0)
    tap_bail ("no root");
  tap_note ("%s", kind);
}

/* The ways in which what is remembered becomes wrong, one by one.  */
static void
test_turns (void)
{
  long long file = stat_of ("/usr/lib/x/file", 0);
  long long other = stat_of ("/other/x/file", 0);

  tap_ok (file > 0 && other > 0 && file != other, "two files");
  tap_is_number (stat_of ("/lib/x/file", 0), file, "by a link");
  tap_is_number (stat_of ("/lib/x/link", 0), file, "by another at the end");
  engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/lib"), 0, 0, 0, 0);
  tap_is_number (stat_of ("/lib/x/file", 0), -ENOENT, "the link has gone");
  engine_call (SYS_symlinkat, P ("other"), FD (AT_FDCWD), P ("/lib"), 0, 0, 0);
  tap_is_number (stat_of ("/lib/x/file", 0), other, "it leads elsewhere");
  engine_call (SYS_symlinkat, P ("usr/lib"), FD (AT_FDCWD), P ("/lib.new"), 0,
               0, 0);
  engine_call (SYS_renameat, FD (AT_FDCWD), P ("/lib.new"), FD (AT_FDCWD),
               P ("/lib"), 0, 0);
  tap_is_number (stat_of ("/lib/x/file", 0), file, "it was replaced");
  engine_call (SYS_renameat2, FD (AT_FDCWD), P ("/other/x"), FD (AT_FDCWD),
               P ("/usr/lib/x"), RENAME_EXCHANGE, 0);
  tap_is_number (stat_of ("/lib/x/file", 0), other,
                 "directories change places");
  tap_is_number (stat_of ("/other/x/file", 0), file, "both of them");
  engine_call (SYS_renameat, FD (AT_FDCWD), P ("/other/x"), FD (AT_FDCWD),
               P ("/other/y"), 0, 0);
  tap_is_number (stat_of ("/other/x/file", 0), -ENOENT, "one is moved");
  engine_call (SYS_symlinkat, P ("/usr/lib/x"), FD (AT_FDCWD), P ("/other/x"),
               0, 0, 0);
  tap_is_number (stat_of ("/other/x/file", 0), other, "a link in its place");

  /* A directory that holds a link comes where another was.  */
  engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/new"), 0755, 0, 0, 0);
  engine_call (SYS_symlinkat, P ("/other/y"), FD (AT_FDCWD), P ("/new/d"), 0, 0,
               0);
  engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/old"), 0755, 0, 0, 0);
  engine_call (SYS_mkdirat, FD (AT_FDCWD), P ("/old/d"), 0755, 0, 0, 0);
  tap_is_number (stat_of ("/old/d/file", 0), -ENOENT, "nothing there");
  engine_call (SYS_renameat, FD (AT_FDCWD), P ("/old"), FD (AT_FDCWD),
               P ("/older"), 0, 0);
  engine_call (SYS_renameat, FD (AT_FDCWD), P ("/new"), FD (AT_FDCWD),
               P ("/old"), 0, 0);
  tap_is_number (stat_of ("/old/d/file", 0), file, "but by a link that came");

  /* A hard link to a link.  */
  engine_call (SYS_unlinkat, FD (AT_FDCWD), P ("/older/d"), AT_REMOVEDIR, 0, 0,
               0);
  tap_is_number (stat_of ("/older/d/file", 0), -ENOENT, "nothing there");
  engine_call (SYS_linkat, FD (AT_FDCWD), P ("/old/d"), FD (AT_FDCWD),
               P ("/older/d"), 0, 0);
  tap_is_number (stat_of ("/older/d/file", 0), file, "a link has two names");

  /* A file takes the place of a link.  */
  engine_call (SYS_symlinkat, P ("other/y"), FD (AT_FDCWD), P ("/short"), 0, 0,
               0);
  tap_is_number (stat_of ("/short/file", 0), file, "by a link");
  open_of ("/plain", O_WRONLY | O_CREAT);
  engine_call (SYS_renameat, FD (AT_FDCWD), P ("/plain"), FD (AT_FDCWD),
               P ("/short"), 0, 0);
  tap_is_number (stat_of ("/short/file", 0), -ENOTDIR, "a file in its place");

  /* What a descriptor leads to is another thing tomorrow.  */
  char path[64];
  int fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/other/y"),
                              O_RDONLY | O_DIRECTORY, 0, 0, 0);
  snprintf (path, sizeof path, "/proc/self/fd/%d/file", fd);
  tap_is_number (stat_of (path, 0), file, "by a descriptor");
  close (fd);
  tap_is_number (stat_of (path, 0), -ENOENT, "that is closed");
  fd = (int) engine_call (SYS_openat, FD (AT_FDCWD), P ("/usr/lib/x"),
                          O_RDONLY | O_DIRECTORY, 0, 0, 0);
  tap_is_number (stat_of (path, 0), other, "and leads elsewhere");
  engine_call (SYS_chdir, P ("/other/y"), 0, 0, 0, 0, 0);
  tap_is_number (stat_of ("/proc/self/cwd/file", 0), file, "by the directory");
  engine_call (SYS_chdir, P ("/usr/lib/x"), 0, 0, 0, 0, 0);
  tap_is_number (stat_of ("/proc/self/cwd/file", 0), other, "that changes");
  close (fd);

  /* A directory that a link was found in is closed.  */
  if (!engine_guest.identity.root && getuid () != 0)
    {
      engine_call (SYS_fchmodat, FD (AT_FDCWD), P ("/older"), 0, 0, 0, 0);
      tap_is_number (stat_of ("/older/d/file", 0), -EACCES, "closed");
      engine_call (SYS_fchmodat, FD (AT_FDCWD), P ("/older"), 0755, 0, 0, 0);
      tap_is_number (stat_of ("/older/d/file", 0), file, "and open again");
    }
}

/* Random changes and questions.  */

static uint64_t seed;

static uint32_t
random_number (uint32_t limit)
{
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t) (seed >> 33) % limit;
}

/* Write a random path to TEXT, absolute most of the time.  */
static void
random_path (char text[128])
{
  static const char *const names[] = { "a", "b", "c", "d", "f", "l", "k" };
  static const char *const starts[] = { "/",          "/",   "/",  "/m/",
                                        "/v/deep/m/", "/v/", "//", "" };
  static const char *const odd[] = { "..", ".", "", "v", "m", "deep" };
  uint32_t count = 1 + random_number (4);

  strcpy (text, starts[random_number (8)]);
  for (uint32_t i = 0; i < count; i++)
    {
      strcat (text, random_number (12) == 0 ? odd[random_number (6)]
                                            : names[random_number (7)]);
      if (i + 1 < count || random_number (12) == 0)
        strcat (text, "/");
    }
}

/* Change something.  */
static void
change (void)
{
  char one[128], other[128];
  random_path (one);
  random_path (other);

  switch (random_number (12))
    {
    case 0:
    case 1:
    case 2:
      engine_call (SYS_mkdirat, FD (AT_FDCWD), P (one), 0755, 0, 0, 0);
      break;
    case 3:
      engine_call (SYS_unlinkat, FD (AT_FDCWD), P (one), AT_REMOVEDIR, 0, 0, 0);
      break;
    case 4:
    case 5:
      engine_call (SYS_symlinkat,
                   P (random_number (2) == 0 ? other : other + 1),
                   FD (AT_FDCWD), P (one), 0, 0, 0);
      break;
    case 6:
      engine_call (SYS_unlinkat, FD (AT_FDCWD), P (one), 0, 0, 0, 0);
      break;
    case 7:
      engine_call (SYS_renameat, FD (AT_FDCWD), P (one), FD (AT_FDCWD),
                   P (other), 0, 0);
      break;
    case 8:
      engine_call (SYS_renameat2, FD (AT_FDCWD), P (one), FD (AT_FDCWD),
                   P (other), RENAME_EXCHANGE, 0);
      break;
    case 9:
      engine_call (SYS_linkat, FD (AT_FDCWD), P (one), FD (AT_FDCWD), P (other),
                   0, 0);
      break;
    case 11:
      engine_call (SYS_chdir, P (one), 0, 0, 0, 0, 0);
      break;
    case 10:
      open_of (one, O_WRONLY | O_CREAT);
      break;
    }
}

/* Ask QUESTION of PATH.  */
static long long
ask (const char *path, uint32_t question)
{
  char text[128];

  switch (question)
    {
    case 0:
    case 1:
      return stat_of (path, 0);
    case 2:
      return stat_of (path, AT_SYMLINK_NOFOLLOW);
    case 3:
      return open_of (path, O_RDONLY);
    case 4:
      return open_of (path, O_RDONLY | O_NOFOLLOW);
    case 5:
      return open_of (path, O_PATH | O_NOFOLLOW);
    case 6:
      return open_of (path, O_RDONLY | O_DIRECTORY);
    case 7:
      return statx_of (path);
    case 8:
      return engine_call (SYS_faccessat, FD (AT_FDCWD), P (path), R_OK, 0, 0,
                          0);
    }
  return engine_call (SYS_readlinkat, FD (AT_FDCWD), P (path), P (text),
                      sizeof text, 0, 0);
}

/* Ask the same of who remembers and of who does not.  Return whether both say
   the same.  */
static bool
ask_both (uint64_t *answers)
{
  char path[128];
  uint32_t question = random_number (10);
  random_path (path);

  long long remembers = ask (path, question);
  engine_task.prefixes = NULL;
  long long looks = ask (path, question);
  engine_task.prefixes = &engine_prefixes;
  *answers += looks >= 0;
  if (remembers != looks)
    tap_note ("seed %llu: question %u of '%s': %lld, not %lld",
              (unsigned long long) seed, question, path, remembers, looks);
  return remembers == looks;
}

static void
test_random (bool fakes, uint32_t rounds)
{
  uint64_t answers = 0;
  bool same = true;

  start (fakes);
  if (chdir (bound) != 0)
    tap_bail ("no directory");
  engine_strays = 0;
  for (uint32_t i = 0; same && i < rounds; i++)
    {
      if (random_number (3) == 0)
        change ();
      for (int j = 0; same && j < 4; j++)
        same = ask_both (&answers);
    }
  tap_ok (same, "random changes are noticed%s", fakes ? ", as root" : "");
  tap_ok (answers > rounds / 4, "much was there: %llu answers",
          (unsigned long long) answers);
  tap_is_number ((long long) engine_strays, 0, "and no descriptor stays open");
}

/* Another process that changes something whenever it is told so.  */
static void
be_changer (int from, int to)
{
  char told;

  memset (&engine_prefixes, 0, sizeof engine_prefixes);
  engine_task.tid = engine_task.pid = (int) getpid ();
  while (read (from, &told, 1) == 1)
    {
      seed = seed * 3 + (unsigned char) told;
      change ();
      if (write (to, &told, 1) != 1)
        break;
    }
  _exit (0);
}

static void
test_processes (uint32_t rounds)
{
  int there[2], back[2];
  uint64_t answers = 0;
  bool same = true;

  start (false);
  if (pipe (there) != 0 || pipe (back) != 0)
    tap_bail ("no pipe");
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      close (there[1]);
      close (back[0]);
      be_changer (there[0], back[1]);
    }
  close (there[0]);
  close (back[1]);
  for (uint32_t i = 0; same && i < rounds; i++)
    {
      char word = (char) i;
      same = write (there[1], &word, 1) == 1 && read (back[0], &word, 1) == 1;
      for (int j = 0; same && j < 6; j++)
        same = ask_both (&answers);
    }
  tap_ok (same, "what another process changes is noticed");
  close (there[1]);
  close (back[0]);
  waitpid (child, NULL, 0);
}

/* Who dies in the midst of a change does not leave the others without what
   they remember for ever.  */
static void
test_dead (void)
{
  remove_tree ();
  make_tree ();
  start (false);
  uint32_t before = turns->generation;
  pid_t child = fork ();
  if (child == 0)
    {
      engine_task.tid = (int) getpid ();
      guest_turn_begin (&engine_task);
      raise (SIGKILL);
    }
  waitpid (child, NULL, WNOWAIT | WEXITED);
  siginfo_t info;
  waitid (P_PID, (id_t) child, &info, WEXITED | WNOWAIT);
  tap_ok (turns->turning != 0, "it is at work, as far as is known");
  for (int i = 0; i < 100 && turns->turning != 0; i++)
    stat_of ("/lib/x/file", 0);
  tap_ok (turns->turning == 0 && turns->generation != before,
          "its call counts as made, though nobody has asked for it yet");
  waitpid (child, NULL, 0);

  /* All places are taken by who has gone.  */
  for (int i = 0; i < GUEST_TURNERS; i++)
    turns->turner[i] = child;
  turns->turning = ~(uint64_t) 0;
  guest_turn_begin (&engine_task);
  tap_ok (engine_task.turn > 0, "a place is taken over");
  guest_turn_end (&engine_task, true);
  for (int i = 0; i < 100 && turns->turning != 0; i++)
    stat_of ("/lib/x/file", 0);
  tap_ok (turns->turning == 0, "all are cleared in the end");

  /* All places are taken by who lives.  */
  for (int i = 0; i < GUEST_TURNERS; i++)
    turns->turner[i] = (int32_t) getppid ();
  before = turns->generation;
  guest_turn_begin (&engine_task);
  uint32_t between = turns->generation;
  guest_turn_end (&engine_task, true);
  tap_ok (between != before && turns->generation != between
              && engine_task.turn == 0,
          "or counted without a place");
}

int
main (void)
{
  turns = mmap (NULL, sizeof *turns, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (turns == MAP_FAILED)
    tap_bail ("no memory");
  const char *given = getenv ("PREFIX_SEED");
  seed = given != NULL ? strtoull (given, NULL, 0) : 1;
  for (int fakes = 0; fakes < 2; fakes++)
    {
      make_tree ();
      start (fakes);
      test_costs (fakes ? "as root" : "as a user");
      test_turns ();
      remove_tree ();
      make_tree ();
      test_random (fakes, 20000);
      remove_tree ();
    }
  make_tree ();
  test_processes (5000);
  test_dead ();
  remove_tree ();
  return tap_done ();
}
