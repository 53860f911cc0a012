# Programs that a sanitizer is part of: these map shadow memory at fixed places,
# have handlers of their own, and wrap system calls.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: gcc clang
# shellcheck shell=sh

cat > program.c << 'EOD'
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int plain;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int signals;

static void
on_signal (int number)
{
  (void) number;
  signals++;
}

static void *
work (void *argument)
{
  char name[40];
  struct stat st;
  int wrong = 0;
  snprintf (name, sizeof name, "dir/../f%d", (int) (long) argument);
  for (int i = 0; i < 50; i++)
    {
      int fd = open (name, O_CREAT | O_RDWR, 0600);
      wrong += fd < 0 || write (fd, name, 4) != 4 || fstat (fd, &st) < 0
               || st.st_size != 4 || close (fd) < 0 || stat (name, &st) < 0
               || unlink (name) < 0;
    }
  pthread_mutex_lock (&lock);
  plain += wrong;
  pthread_mutex_unlock (&lock);
  return NULL;
}

static void *
race (void *argument)
{
  for (int i = 0; i < 1000; i++)
    plain++;
  return argument;
}

static void
use (void)
{
  pthread_t threads[8];
  mkdir ("dir", 0700);
  signal (SIGUSR1, on_signal);
  for (long i = 0; i < 8; i++)
    pthread_create (&threads[i], NULL, work, (void *) i);
  for (int i = 0; i < 100; i++)
    kill (getpid (), SIGUSR1);
  for (int i = 0; i < 8; i++)
    pthread_join (threads[i], NULL);
  int status = 0;
  pid_t child = fork ();
  if (child == 0)
    {
      execl ("/bin/sh", "sh", "-c", "exit 7", (char *) NULL);
      _exit (99);
    }
  waitpid (child, &status, 0);
  DIR *directory = opendir ("/etc/apt");
  int entries = 0;
  while (directory != NULL && readdir (directory) != NULL)
    entries++;
  closedir (directory);
  FILE *pipe = popen ("echo from a pipe", "r");
  char line[40] = "";
  fgets (line, sizeof line, pipe);
  pclose (pipe);
  rmdir ("dir");
  printf ("wrong %d signals %d status %d entries %d %s", plain, signals > 0,
          WEXITSTATUS (status), entries > 2, line);
}

int
main (int count, char **list)
{
  const char *how = count > 1 ? list[1] : "";
  char *memory = malloc (10);
  use ();
  fflush (stdout);
  if (strcmp (how, "beyond") == 0)
    memory[10 + count - 2] = 1;
  if (strcmp (how, "unset") == 0 && memory[3] == 'x')
    puts ("x");
  if (strcmp (how, "overflow") == 0)
    printf ("%d\n", 0x7fffffff + count);
  if (strcmp (how, "race") == 0)
    {
      pthread_t threads[2];
      for (int i = 0; i < 2; i++)
        pthread_create (&threads[i], NULL, race, NULL);
      for (int i = 0; i < 2; i++)
        pthread_join (threads[i], NULL);
    }
  if (strcmp (how, "fault") == 0)
    *(volatile char *) (long) (count - 2) = 1;
  free (memory);
  return 3;
}
EOD

# sanitized COMPILER SANITIZER OPTION...: a sound run, and one with the fault
# that it is there for, and one with a fault of the processor.
sanitized ()
{
  echo "$1 $2"
  compiler=$1
  $compiler -g -O1 -w -pthread -fsanitize="$2" -o program program.c 2>&1
  shift 2
  LSAN_OPTIONS=detect_leaks=0 ASAN_OPTIONS=detect_leaks=0 ./program 2>&1
  echo "status $?"
  for how in "$@" fault; do
    ASAN_OPTIONS=detect_leaks=0 ./program "$how" > out 2> err
    echo "$how $?"
    cat out
    grep -o 'SUMMARY: [A-Za-z]*: [A-Za-z-]*\|runtime error: [a-z ]*' err \
      | head -n 1
  done
}
sanitized gcc address beyond
sanitized gcc thread race
sanitized gcc undefined overflow
sanitized clang address beyond
sanitized clang memory unset
sanitized clang thread race
sanitized clang undefined overflow
