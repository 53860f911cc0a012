/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Run a program in another root through an engine, by handing it a plan, with
   nothing in between: what enter-root does with the kernel's own means.

   usage: enter-engine [-0] [-i UID:GID] [-k RELEASE] [-x] [-m MODE]
                       [-b HOST[:GUEST[:ro]]]... ENGINE ROOT DIRECTORY PROGRAM
                       [ARGUMENT]...

   The container shows the ids of the caller, or with -0 root's, or those of -i,
   and the machine's /proc, /sys and /dev where ROOT has directories for them;
   -k has the kernel have another release, and -x ends all with the program. The
   environment goes along.  The exit status is the engine's.  */

#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"

extern char **environ;

static void
die (const char *what)
{
  fprintf (stderr, "enter-engine: %s\n", what);
  exit (125);
}

static void
bind (struct plan_writer *writer, char *text)
{
  char *colon = strchr (text, ':');
  if (colon != NULL)
    *colon = '\0';
  struct plan_binding binding = { .host = text,
                                  .guest = colon != NULL ? colon + 1 : text };
  char *more = colon != NULL ? strchr (colon + 1, ':') : NULL;
  if (more != NULL)
    {
      *more = '\0';
      binding.flags = PLAN_BINDING_READ_ONLY;
    }
  plan_write_binding (writer, &binding);
}

int
main (int argc, char **argv)
{
  struct plan_writer writer;
  const char *mode = "P1";
  const char *kernel = NULL;
  unsigned int uid = getuid (), gid = getgid ();
  bool kill = false;
  char *bindings[32];
  int binding_count = 0;
  int option;
  while ((option = getopt (argc, argv, "+0i:k:xm:b:")) != -1)
    if (option == '0')
      uid = gid = 0;
    else if (option == 'i' && sscanf (optarg, "%u:%u", &uid, &gid) == 2)
      continue;
    else if (option == 'k')
      kernel = optarg;
    else if (option == 'x')
      kill = true;
    else if (option == 'm')
      mode = optarg;
    else if (option == 'b' && binding_count < 32)
      bindings[binding_count++] = optarg;
    else
      die ("usage");
  if (argc - optind < 4)
    die ("usage");
  const char *engine = argv[optind];
  char *root = realpath (argv[optind + 1], NULL);
  if (root == NULL)
    die ("no such root");

  plan_writer_init (&writer);
  plan_write_text (&writer, PLAN_ROOT, root);
  plan_write_text (&writer, PLAN_MODE, mode);
  plan_write_text (&writer, PLAN_DIRECTORY, argv[optind + 2]);
  for (int i = optind + 3; i < argc; i++)
    plan_write_text (&writer, PLAN_ARGUMENT, argv[i]);
  for (char **entry = environ; *entry != NULL; entry++)
    plan_write_text (&writer, PLAN_ENVIRONMENT, *entry);
  plan_write_number (&writer, PLAN_UID, uid);
  plan_write_number (&writer, PLAN_GID, gid);
  if (kernel != NULL)
    plan_write_text (&writer, PLAN_KERNEL, kernel);
  if (kill)
    plan_write_number (&writer, PLAN_KILL_ON_EXIT, 1);
  plan_write_number (&writer, PLAN_HOST_UID, getuid ());
  plan_write_number (&writer, PLAN_HOST_GID, getgid ());
  static const char *const system_directories[] = { "/proc", "/sys", "/dev" };
  for (int i = 0; i < 3; i++)
    {
      char target[4096];
      struct stat st;
      snprintf (target, sizeof target, "%s%s", root, system_directories[i]);
      if (stat (target, &st) == 0)
        plan_write_binding (
            &writer, &(struct plan_binding){ .host = system_directories[i],
                                             .guest = system_directories[i] });
    }
  for (int i = 0; i < binding_count; i++)
    bind (&writer, bindings[i]);

  struct plan plan;
  int status = plan_writer_finish (&writer, &plan);
  int fd = status < 0 ? status : plan_send (&plan);
  if (fd < 0 || fcntl (fd, F_SETFD, 0) < 0)
    die ("cannot make the plan");
  char text[32];
  snprintf (text, sizeof text, "--plan-fd=%d", fd);
  execl (engine, engine, text, (char *) NULL);
  die (strerror (errno));
}
