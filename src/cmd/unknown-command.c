/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What is said of a command that there is not.  */

#include <config.h>

#include "src/cmd/unknown-command.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/cmd/options.h"
#include "xalloc.h"

/* What Docker has commands for and udocker does in another way.  */
static const struct
{
  const char *names; /* with a blank around each */
  const char *advice;
} docker_commands[] = {
  { " attach ",
    N_ ("programs read and write where their 'udocker run' does; 'udocker exec"
        " CONTAINER COMMAND' runs one more in a container that runs") },
  { " start restart ",
    N_ ("'udocker run CONTAINER' starts what the container is for, with"
        " --detach in the background") },
  { " pause unpause stats port ",
    N_ ("a container is at work as long as its 'udocker run', which takes"
        " signals: 'udocker kill --signal=STOP' and CONT, say") },
  { " top ", N_ ("'udocker ps --running' lists what runs") },
  { " events ", N_ ("there is no daemon that could tell of them") },
  { " cp diff ",
    N_ ("the files of a container lie below the directory that 'udocker"
        " inspect -p CONTAINER' prints") },
  { " commit ",
    N_ ("'udocker export CONTAINER | udocker import - IMAGE' makes an image of"
        " a container") },
  { " build builder buildx ",
    N_ ("udocker makes no images of a Dockerfile; what buildah, podman or"
        " Docker built comes with 'udocker pull' or 'udocker load'") },
  { " push ",
    N_ ("udocker sends nothing to a registry; 'udocker save -o FILE IMAGE'"
        " writes an archive, which 'skopeo copy' can send") },
  { " history ",
    N_ ("'udocker inspect IMAGE' prints what an image says of itself") },
  { " info ",
    N_ ("'udocker showconf' prints the settings, 'udocker df' what is there") },
  { " image ",
    N_ ("there are no groups of commands, use 'udocker images', 'udocker"
        " pull', 'udocker rmi' and so on") },
  { " container ",
    N_ ("there are no groups of commands, use 'udocker ps', 'udocker run',"
        " 'udocker rm' and so on") },
  { " system ", N_ ("use 'udocker df' and 'udocker prune'") },
  { " volume ", N_ ("directories of this machine are volumes, 'udocker run -v"
                    " HOST:CONTAINER'") },
  { " network ", N_ ("containers share the network of this machine") },
  { " compose swarm service stack node secret plugin context ",
    N_ ("that takes a service with privileges, which udocker does without") },
};

/* Return what to say to who knows the command NAME of Docker, or NULL.  */
static const char *
find_advice (const char *name)
{
  size_t length = strlen (name);

  for (size_t i = 0; i < sizeof docker_commands / sizeof *docker_commands; i++)
    {
      const char *names = docker_commands[i].names;
      for (const char *at = names; length > 0 && (at = strstr (at, name)); at++)
        if (at[-1] == ' ' && at[length] == ' ')
          return _ (docker_commands[i].advice);
    }
  return NULL;
}

/* Return the command whose name is so close to NAME that it was probably
   meant, or NULL.  */
static const char *
find_nearest (const char *name)
{
  size_t count = 0;

  while (commands[count].name != NULL)
    count++;
  AUTO_FREE const char **names = xcalloc (count + 1, sizeof *names);
  for (size_t i = 0; i < count; i++)
    names[i] = commands[i].name;
  return options_nearest (name, names, count);
}

int
unknown_command (const char *name, struct error *err)
{
  const char *advice = find_advice (name);
  const char *nearest = advice == NULL ? find_nearest (name) : NULL;

  if (advice != NULL)
    return error_set (err, EINVAL, _ ("invalid command: %s; %s"), name, advice);
  if (nearest != NULL)
    return error_set (err, EINVAL,
                      _ ("invalid command: %s; did you mean '%s'?"), name,
                      nearest);
  return error_set (
      err, EINVAL, _ ("invalid command: %s; 'udocker help' lists the commands"),
      name);
}
