/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What /proc tells a program about itself and its children.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <dirent.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

static void
read_all (const char *name, char *text, size_t size)
{
  int fd = open (name, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read (fd, text, size - 1);
  if (fd >= 0)
    close (fd);
  text[length < 0 ? 0 : length] = '\0';
  for (ssize_t i = 0; i < length; i++)
    if (text[i] == '\0')
      text[i] = '@';
}

static void *
thread_view (void *argument)
{
  char text[PATH_MAX], name[64];
  ssize_t length = readlink ("/proc/thread-self", text, sizeof text);
  snprintf (name, sizeof name, "%d/task/%d", (int) getpid (),
            (int) syscall (SYS_gettid));
  printf ("thread-self in a thread: %d\n",
          length == (ssize_t) strlen (name)
              && memcmp (text, name, (size_t) length) == 0);
  say_link ("/proc/thread-self/exe");
  say_link ("/proc/thread-self/cwd");
  prctl (PR_SET_NAME, "renamed");
  say_content ("comm", open ("/proc/thread-self/comm", O_RDONLY));
  return argument;
}

/* Read the link NAME, whose NUL is the last byte that there is.  */
static void
say_at_end_of_memory (const char *name)
{
  size_t size = (size_t) sysconf (_SC_PAGESIZE);
  char *memory = mmap (NULL, 2 * size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap (memory + size, size);
  char *end = memory + size - strlen (name) - 1;
  strcpy (end, name);
  say_link (end);
  memmove (end + 1, end, strlen (name));
  char text[PATH_MAX];
  SAY ("without an end", readlink (end + 1, text, sizeof text));
  munmap (memory, size);
}

static void
links (const char *here)
{
  char text[PATH_MAX], name[PATH_MAX + 64];
  say_link ("/proc/self/exe");
  say_link ("/proc/self/cwd");
  say_link ("/proc/self/root");
  ssize_t length = readlink ("/proc/self", text, sizeof text);
  snprintf (name, sizeof name, "%d", (int) getpid ());
  printf ("self: %d\n", length == (ssize_t) strlen (name)
                            && memcmp (text, name, (size_t) length) == 0);
  static const char *const by_pid[] = { "exe", "cwd", "root" };
  for (int i = 0; i < 3; i++)
    {
      snprintf (name, sizeof name, "/proc/%d/%s", (int) getpid (), by_pid[i]);
      length = readlink (name, text, sizeof text);
      say_text (by_pid[i], text, length, errno);
      snprintf (name, sizeof name, "/proc/%d/task/%d/%s", (int) getpid (),
                (int) getpid (), by_pid[i]);
      length = readlink (name, text, sizeof text);
      say_text (by_pid[i], text, length, errno);
      snprintf (name, sizeof name, "/proc/self/../%d/%s", (int) getpid (),
                by_pid[i]);
      length = readlink (name, text, sizeof text);
      say_text (by_pid[i], text, length, errno);
      snprintf (name, sizeof name, "/proc/self/%s", by_pid[i]);
      length = readlink (name, text, 3);
      say_text ("in three bytes", text, length, errno);
      struct stat st;
      SAY ("lstat", lstat (name, &st));
      printf ("is a link %d\n", S_ISLNK (st.st_mode));
    }

  SAY ("into no memory", readlink ("/proc/self/exe", (char *) 8, 100));
  SAY ("into nothing", readlink ("/proc/self/exe", text, 0));
  SAY ("longer", readlink ("/proc/self/exe/", text, sizeof text));
  say_at_end_of_memory ("/proc/self/exe");

  struct stat st, st2;
  SAY ("stat of exe", stat ("/proc/self/exe", &st));
  SAY ("stat of root", stat ("/proc/self/root", &st));
  stat ("/", &st2);
  printf ("root is /: %d\n", st.st_ino == st2.st_ino);
  SAY ("stat of cwd", stat ("/proc/self/cwd", &st));
  stat (".", &st2);
  printf ("cwd is .: %d\n", st.st_ino == st2.st_ino);
  snprintf (name, sizeof name, "/proc/self/root%s/file", here);
  say_content ("through root", open (name, O_RDONLY));
  say_content ("through cwd", open ("/proc/self/cwd/file", O_RDONLY));
  SAY_OPEN ("create through cwd",
            open ("/proc/self/cwd/made", O_CREAT | O_WRONLY, 0600));
  say_path ("made");
  SAY ("mkdir through root of another",
       mkdir ("/proc/thread-self/cwd/made-dir", 0700));
  say_path ("made-dir");
  SAY ("above root", stat ("/proc/self/root/../../..", &st));
  stat ("/", &st2);
  printf ("root/.. is /: %d\n", st.st_ino == st2.st_ino);
  SAY ("chdir to cwd", chdir ("/proc/self/cwd/made-dir"));
  say_link ("/proc/self/cwd");
  SAY ("chdir to root", chdir ("/proc/self/root"));
  say_link ("/proc/self/cwd");
  SAY ("chdir to /proc/self", chdir ("/proc/self"));
  length = readlink ("cwd", text, sizeof text);
  snprintf (name, sizeof name, "/proc/%d", (int) getpid ());
  printf ("cwd is it: %d\n", length == (ssize_t) strlen (name)
                                 && memcmp (text, name, (size_t) length) == 0);
  say_link ("exe");
  SAY ("chdir back", chdir (here));
  int fd = open ("/proc/self/exe", O_RDONLY);
  unsigned char magic[4] = { 0 };
  SAY ("read exe", read (fd, magic, 4));
  printf ("magic %d\n", memcmp (magic, "\177ELF", 4) == 0);
  close (fd);
  SAY_OPEN ("open exe nofollow",
            open ("/proc/self/exe", O_RDONLY | O_NOFOLLOW));
  fd = open ("/proc/self/exe", O_PATH | O_NOFOLLOW);
  length = readlinkat (fd, "", text, sizeof text);
  say_text ("readlinkat of it", text, length, errno);
  close (fd);
  fd = open ("/proc/self", O_RDONLY | O_DIRECTORY);
  length = readlinkat (fd, "exe", text, sizeof text);
  say_text ("readlinkat exe", text, length, errno);
  length = readlinkat (fd, "cwd", text, sizeof text);
  say_text ("readlinkat cwd", text, length, errno);
  close (fd);
}

static void
descriptors (const char *here)
{
  char name[64], text[PATH_MAX];
  int fd = open ("file", O_RDWR);
  int dir = open ("dir", O_RDONLY | O_DIRECTORY);
  int ends[2];
  if (pipe (ends) < 0)
    return;
  snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink (name, text, sizeof text);
  say_text ("fd of a file", text, length, errno);
  say_content ("opened again", open (name, O_RDONLY));
  snprintf (name, sizeof name, "/dev/fd/%d", fd);
  length = readlink (name, text, sizeof text);
  say_text ("/dev/fd", text, length, errno);
  say_content ("opened by /dev/fd", open (name, O_RDONLY));
  SAY ("rename", rename ("file", "dir/renamed"));
  length = readlink (name, text, sizeof text);
  say_text ("fd of a renamed file", text, length, errno);
  SAY ("unlink", unlink ("dir/renamed"));
  length = readlink (name, text, sizeof text);
  say_text ("fd of a removed file", text, length, errno);
  say_content ("opened again", open (name, O_RDONLY));
  SAY ("truncate it", truncate (name, 2));
  make_file ("file", "content\n", 0644);

  snprintf (name, sizeof name, "/proc/self/fd/%d", dir);
  length = readlink (name, text, sizeof text);
  say_text ("fd of a directory", text, length, errno);
  snprintf (name, sizeof name, "/proc/self/fd/%d/../file", dir);
  say_content ("through a directory", open (name, O_RDONLY));
  snprintf (name, sizeof name, "/proc/self/fd/%d/new", dir);
  SAY_OPEN ("create through a directory",
            open (name, O_CREAT | O_EXCL | O_WRONLY, 0600));
  say_path ("dir/new");
  SAY ("chdir to a directory's descriptor",
       (snprintf (name, sizeof name, "/proc/self/fd/%d", dir), chdir (name)));
  char *got = getcwd (text, sizeof text);
  say_text ("cwd", text, got == NULL ? -1 : (long) strlen (text), errno);
  SAY ("chdir back", chdir (here));
  snprintf (name, sizeof name, "/proc/self/fd/%d", ends[0]);
  length = readlink (name, text, sizeof text);
  printf ("pipe: %d\n", length > 6 && memcmp (text, "pipe:[", 6) == 0);
  struct stat st;
  SAY ("stat of a pipe", stat (name, &st));
  printf ("fifo %d\n", S_ISFIFO (st.st_mode));
  snprintf (name, sizeof name, "/proc/self/fd/%d", ends[1]);
  SAY_OPEN ("open a pipe", open (name, O_WRONLY));
  SAY ("stat of a closed one", stat ("/proc/self/fd/999", &st));
  SAY ("readlink of a closed one",
       readlink ("/proc/self/fd/999", text, sizeof text));
  int memory = (int) syscall (SYS_memfd_create, "mem", 0);
  snprintf (name, sizeof name, "/proc/self/fd/%d", memory);
  length = readlink (name, text, sizeof text);
  say_text ("memory", text, length, errno);
  SAY_OPEN ("open memory", open (name, O_RDWR));
  DIR *stream = opendir ("/proc/self/fd");
  int count = 0;
  for (struct dirent *entry; stream != NULL && (entry = readdir (stream));)
    count += entry->d_name[0] != '.';
  if (stream != NULL)
    closedir (stream);
  printf ("descriptors: %d\n", count);
  snprintf (name, sizeof name, "/proc/self/fdinfo/%d", memory);
  SAY_OPEN ("fdinfo", open (name, O_RDONLY));
  close (memory);
  close (fd);
  close (dir);
  close (ends[0]);
  close (ends[1]);
}

static void
texts (void)
{
  char text[65536];
  read_all ("/proc/self/cmdline", text, sizeof text);
  printf ("cmdline '%s'\n", text);
  read_all ("/proc/self/comm", text, sizeof text);
  printf ("comm '%s'", text);
  putenv ((char *) "X=1");
  read_all ("/proc/self/environ", text, sizeof text);
  printf ("environ has MARK: %d\n", strstr (text, "MARK=here") != NULL);
  FILE *maps = fopen ("/proc/self/maps", "re");
  char line[1024];
  int stack = 0, vdso = 0;
  while (maps != NULL && fgets (line, sizeof line, maps) != NULL)
    {
      stack |= strstr (line, "[stack]") != NULL;
      vdso |= strstr (line, "[vdso]") != NULL;
    }
  if (maps != NULL)
    fclose (maps);
  printf ("maps: stack %d vdso %d\n", stack, vdso);
  FILE *status = fopen ("/proc/self/status", "re");
  while (status != NULL && fgets (line, sizeof line, status) != NULL)
    if (strncmp (line, "Name:", 5) == 0 || strncmp (line, "Uid:", 4) == 0
        || strncmp (line, "Gid:", 4) == 0 || strncmp (line, "Umask:", 6) == 0
        || strncmp (line, "Threads:", 8) == 0)
      fputs (line, stdout);
  if (status != NULL)
    fclose (status);
  struct utsname name;
  uname (&name);
  printf ("uname %s %s\n", name.sysname, name.machine);
  read_all ("/proc/sys/kernel/osrelease", text, sizeof text);
  text[strcspn (text, "\n")] = '\0';
  printf ("osrelease agrees: %d\n", strcmp (text, name.release) == 0);
}

static void
say_sets (const char *path)
{
  char line[1024];
  FILE *status = fopen (path, "re");
  while (status != NULL && fgets (line, sizeof line, status) != NULL)
    if (strncmp (line, "Sig", 3) == 0 && strncmp (line, "SigQ", 4) != 0)
      fputs (line, stdout);
  if (status != NULL)
    fclose (status);
}

static void
on_signal (int number)
{
  (void) number;
}

/* What a process, and one of its children, wants of signals.  */
static void
signals (void)
{
  static const int some[] = {
    SIGSYS, SIGSEGV, SIGILL, SIGBUS, SIGUSR1, SIGALRM
  };
  char path[64];
  sigset_t set, old;
  int ends[2];
  puts ("by default");
  say_sets ("/proc/self/status");
  for (size_t i = 0; i < sizeof some / sizeof *some; i++)
    signal (some[i], i % 2 ? SIG_IGN : on_signal);
  sigemptyset (&set);
  for (size_t i = 0; i < sizeof some / sizeof *some; i += 3)
    sigaddset (&set, some[i]);
  sigprocmask (SIG_BLOCK, &set, &old);
  raise (some[0]);
  puts ("changed");
  say_sets ("/proc/self/status");
  say_sets ("/proc/thread-self/status");
  if (pipe (ends) < 0)
    return;
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      char c;
      signal (SIGBUS, SIG_DFL);
      signal (SIGUSR1, SIG_IGN);
      sigaddset (&set, SIGILL);
      sigprocmask (SIG_SETMASK, &set, NULL);
      dup2 (open ("/dev/null", O_RDONLY), ends[1]);
      read (ends[0], &c, 1);
      pause ();
      _exit (0);
    }
  close (ends[1]);
  char c;
  while (read (ends[0], &c, 1) > 0)
    continue;
  snprintf (path, sizeof path, "/proc/%d/status", (int) child);
  puts ("the child");
  say_sets (path);
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  close (ends[0]);
  sigprocmask (SIG_SETMASK, &old, NULL);
  for (size_t i = 0; i < sizeof some / sizeof *some; i++)
    signal (some[i], SIG_DFL);
}

static void
memory_layout (void)
{
  printf ("entry known %d, base known %d, page %lu, secure %lu\n",
          getauxval (AT_ENTRY) != 0, getauxval (AT_BASE) != 0,
          getauxval (AT_PAGESZ), getauxval (AT_SECURE));
  const char *name = (const char *) getauxval (AT_EXECFN);
  printf ("execfn %s\n", name == NULL ? "none" : name);
  printf ("vdso %d random %d platform %s\n", getauxval (AT_SYSINFO_EHDR) != 0,
          getauxval (AT_RANDOM) != 0,
          getauxval (AT_PLATFORM) == 0
              ? "none"
              : (const char *) getauxval (AT_PLATFORM));
  printf ("uid %lu euid %lu gid %lu egid %lu\n", getauxval (AT_UID),
          getauxval (AT_EUID), getauxval (AT_GID), getauxval (AT_EGID));
  const ElfW (Phdr) *header = (const ElfW (Phdr) *) getauxval (AT_PHDR);
  int loads = 0, phdr_right = 1;
  unsigned long bias = 0;
  for (unsigned long i = 0; i < getauxval (AT_PHNUM); i++)
    {
      loads += header[i].p_type == PT_LOAD;
      if (header[i].p_type == PT_PHDR)
        bias = (unsigned long) header - header[i].p_vaddr;
    }
  for (unsigned long i = 0; i < getauxval (AT_PHNUM); i++)
    if (header[i].p_type == PT_INTERP)
      phdr_right =
          access ((const char *) (bias + header[i].p_vaddr), X_OK) == 0;
  printf ("loads %d, interpreter where it says %d\n", loads, phdr_right);
}

static void
children (void)
{
  char name[64], text[PATH_MAX];
  int ends[2], ready[2];
  char c = 'x';
  if (pipe (ends) < 0 || pipe (ready) < 0)
    return;
  pid_t child = fork ();
  if (child == 0)
    {
      close (ends[1]);
      if (chdir ("dir") < 0 || write (ready[1], &c, 1) < 0
          || read (ends[0], &c, 1) < 0)
        _exit (1);
      _exit (0);
    }
  close (ends[0]);
  close (ready[1]);
  SAY ("the child is ready", read (ready[0], &c, 1));
  close (ready[0]);
  static const char *const names[] = { "exe", "cwd", "root" };
  for (int i = 0; i < 3; i++)
    {
      snprintf (name, sizeof name, "/proc/%d/%s", (int) child, names[i]);
      ssize_t length = readlink (name, text, sizeof text);
      snprintf (name, sizeof name, "child's %s", names[i]);
      say_text (name, text, length, errno);
    }
  snprintf (name, sizeof name, "/proc/%d/cwd/inner", (int) child);
  say_content ("through a child's cwd", open (name, O_RDONLY));
  snprintf (name, sizeof name, "/proc/%d/root/etc/passwd", (int) child);
  SAY ("through a child's root", access (name, R_OK));
  snprintf (name, sizeof name, "/proc/%d/fd/%d", (int) child, ends[0]);
  SAY ("a child's descriptor", readlink (name, text, sizeof text) > 0);
  close (ends[1]);
  say_child ("child", child);
  snprintf (name, sizeof name, "/proc/%d/exe", (int) child);
  SAY ("gone", readlink (name, text, sizeof text));
}

int
main (int argc, char **argv)
{
  char here[PATH_MAX];
  setvbuf (stdout, NULL, _IOLBF, 0);
  umask (022);
  if (argc < 2)
    {
      setenv ("MARK", "here", 1);
      execl ("/proc/self/exe", argv[0], "two words", "", "last", (char *) NULL);
      return 99;
    }
  if (getcwd (here, sizeof here) == NULL)
    return 99;
  mkdir ("dir", 0755);
  make_file ("file", "content\n", 0644);
  make_file ("dir/inner", "inner\n", 0644);
  links (here);
  descriptors (here);
  texts ();
  memory_layout ();
  signals ();
  pthread_t thread;
  pthread_create (&thread, NULL, thread_view, NULL);
  pthread_join (thread, NULL);
  children ();
  return 0;
}
