/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What /proc tells of other processes of the container: another program, a
   directory gone to, a changed root, threads.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

static void *
sleep_on (void *argument)
{
  for (;;)
    pause ();
  return argument;
}

/* Print the file NAME of PID with NULs shown, up to its first LINES lines, or
   its lines with WORD.  */
static void
say_file (pid_t pid, const char *name, const char *word)
{
  char path[64], line[4096];
  snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, name);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  FILE *file = fd < 0 ? NULL : fdopen (fd, "r");
  int found = 0;
  if (file == NULL)
    {
      printf ("%s: error %d (%s)\n", name, errno, strerror (errno));
      return;
    }
  for (;;)
    {
      size_t length = 0;
      int c;
      while (length < sizeof line - 1 && (c = getc (file)) != EOF && c != '\n')
        line[length++] = c == '\0' ? '@' : (char) c;
      line[length] = '\0';
      if (length == 0 && feof (file))
        break;
      if (word == NULL || strncmp (line, word, strlen (word)) == 0)
        {
          printf ("%s: %s\n", name, line);
          found++;
        }
    }
  if (found == 0)
    printf ("%s: nothing\n", name);
  fclose (file);
}

static void
say_links (pid_t pid)
{
  static const char *const names[] = { "exe", "cwd", "root", "fd/9", "fd/10" };
  char path[64], text[PATH_MAX];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    {
      snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, names[i]);
      ssize_t length = readlink (path, text, sizeof text);
      say_text (names[i], text, length, errno);
      snprintf (path, sizeof path, "/proc/%d/task/%d/%s", (int) pid, (int) pid,
                names[i]);
      length = readlink (path, text, sizeof text);
      say_text ("of its task", text, length, errno);
    }
}

/* Whether the maps of PID have the program, by the path that it has here, and
   nothing of the host.  */
static void
say_maps (pid_t pid, const char *program)
{
  char path[64], line[4096];
  snprintf (path, sizeof path, "/proc/%d/maps", (int) pid);
  FILE *maps = fopen (path, "re");
  int named = 0, missing = 0;
  while (maps != NULL && fgets (line, sizeof line, maps) != NULL)
    {
      char *name = strchr (line, '/');
      if (name == NULL)
        continue;
      name[strcspn (name, "\n")] = '\0';
      named |= strcmp (name, program) == 0;
      missing += access (name, F_OK) != 0;
    }
  if (maps != NULL)
    fclose (maps);
  printf ("maps: the program %d\n", named);
  /* The loader of an engine is not of this world.  */
  printf ("maps: not here %d\n", missing > 1);
}

static void
say_all (pid_t pid, const char *program)
{
  char path[PATH_MAX];
  say_links (pid);
  say_file (pid, "cmdline", NULL);
  say_file (pid, "comm", NULL);
  say_file (pid, "environ", NULL);
  static const char *const words[] = {
    "Name:",      "Umask:", "Tgid:",    "Uid:",        "Gid:",
    "TracerPid:", "SigBlk", "Threads:", "NoNewPrivs:", "Seccomp:"
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp (words[i], "Tgid:") != 0)
      say_file (pid, "status", words[i]);
  say_maps (pid, program);
  struct stat own, other;
  snprintf (path, sizeof path, "/proc/%d/exe", (int) pid);
  SAY ("stat of exe", stat (path, &other));
  SAY ("stat of the program", stat (program, &own));
  printf ("the same %d\n",
          own.st_ino == other.st_ino && own.st_dev == other.st_dev);
  snprintf (path, sizeof path, "/proc/%d/cwd/file", (int) pid);
  say_content ("below cwd", open (path, O_RDONLY));
  snprintf (path, sizeof path, "/proc/%d/root/etc/passwd", (int) pid);
  SAY ("below root", access (path, R_OK));
  snprintf (path, sizeof path, "/proc/%d/root/../..%s", (int) pid, program);
  SAY ("above root", access (path, R_OK));
  snprintf (path, sizeof path, "/proc/%d/fd/9", (int) pid);
  say_content ("its descriptor", open (path, O_RDONLY));
  snprintf (path, sizeof path, "/proc/%d/fdinfo/9", (int) pid);
  SAY_OPEN ("about it", open (path, O_RDONLY));
  snprintf (path, sizeof path, "/proc/%d/task", (int) pid);
  DIR *tasks = opendir (path);
  int count = 0;
  for (struct dirent *entry; tasks != NULL && (entry = readdir (tasks));)
    count += entry->d_name[0] != '.';
  if (tasks != NULL)
    closedir (tasks);
  printf ("tasks %d\n", count);
}

/* Start PROGRAM as "NAME play" and wait until it says so.  */
static pid_t
start (const char *program, const char *name)
{
  int ends[2];
  char c;
  if (pipe (ends) < 0)
    exit (99);
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      char *environment[] = { (char *) "ONE=1", (char *) "TWO=2 3", NULL };
      umask (027);
      if (chdir ("dir") < 0 || dup2 (ends[1], 10) < 0)
        _exit (99);
      execle (program, name, "play", "two words", "", (char *) NULL,
              environment);
      _exit (errno);
    }
  close (ends[1]);
  if (read (ends[0], &c, 1) != 1)
    {
      puts ("it did not start");
      exit (99);
    }
  close (ends[0]);
  return child;
}

static int
play (void)
{
  pthread_t thread;
  dup2 (open ("file", O_RDONLY), 9);
  for (int i = 0; i < 3; i++)
    pthread_create (&thread, NULL, sleep_on, NULL);
  if (write (10, "x", 1) != 1)
    return 99;
  dup2 (9, 10);
  /* The reader sees an end of file by then.  */
  sleep_on (NULL);
  return 0;
}

int
main (int argc, char **argv)
{
  char here[PATH_MAX], program[PATH_MAX + 16];
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (argc > 1 && strcmp (argv[1], "play") == 0)
    return play ();
  if (getcwd (here, sizeof here) == NULL)
    return 99;
  mkdir ("dir", 0755);
  make_file ("dir/file", "of the other\n", 0644);
  snprintf (program, sizeof program, "%s/a program", here);
  static char buffer[1 << 16];
  int in = open ("/proc/self/exe", O_RDONLY);
  int out = open (program, O_CREAT | O_WRONLY, 0755);
  ssize_t length;
  while ((length = read (in, buffer, sizeof buffer)) > 0)
    if (write (out, buffer, (size_t) length) != length)
      return 99;
  close (in);
  close (out);
  pid_t other = start (program, "zeroth");
  char path[64], text[PATH_MAX];
  snprintf (path, sizeof path, "/proc/%d/fd/10", (int) other);
  /* Until it has come to rest.  */
  for (int i = 0; i < 1000; i++)
    {
      length = readlink (path, text, sizeof text);
      if (length > 0 && text[0] == '/')
        break;
      usleep (10000);
    }
  say_all (other, program);
  SAY ("rename", rename ("dir", "renamed"));
  SAY ("unlink", unlink ("renamed/file"));
  say_links (other);
  snprintf (path, sizeof path, "/proc/%d/fd/9", (int) other);
  say_content ("a removed file", open (path, O_RDONLY));
  SAY ("rename of the program", rename (program, "another"));
  SAY ("rmdir", rmdir ("renamed"));
  snprintf (path, sizeof path, "/proc/%d/cwd", (int) other);
  length = readlink (path, text, sizeof text);
  say_text ("a removed directory", text, length, errno);
  SAY ("open in it", open (path, O_RDONLY | O_DIRECTORY) >= 0);
  kill (other, SIGKILL);
  say_child ("the other", other);
  SAY ("gone", access (path, F_OK));
  return 0;
}
