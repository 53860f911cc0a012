/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz the resolution of guest paths: whatever the path, the tree and its
   links, what is found lies in the container.
   Built with: lib/guest/

   The input is a program: two bytes choose how to look, then come names,
   each ended by a NUL: the path, then targets for five links.  */

#include <stdint.h>

#include "tests/unit/guest-engine.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static char top[PATH_MAX];
static char root[PATH_MAX + 16], bound[PATH_MAX + 16];

static void
set_up (void)
{
  static bool done;
  const struct guest_mount mounts[] = { { root, "/", 0 },
                                        { bound, "/b/m", 0 },
                                        { "/proc", "/proc", 0 } };

  if (done)
    return;
  done = true;
  engine_make_directory (top);
  engine_shell ("cd %s; mkdir -p root/a/a root/b bound/a; echo f > root/f;"
                "echo f > bound/f; echo outside > outside",
                top);
  snprintf (root, sizeof root, "%s/root", top);
  snprintf (bound, sizeof bound, "%s/bound", top);
  if (engine_start (mounts, 3) < 0 || chdir (root) < 0)
    abort ();
}

/* Is the file of FOUND one of the container?  /proc is left out: what it
   leads to is the host's to say.  */
static void
check (const struct guest_found *found)
{
  char host[PATH_MAX], link[64];

  if (found->virtual || found->magic || !found->absolute
      || strncmp (found->text, "/proc", 5) == 0)
    return;
  int fd = guest_found_open (&engine_guest, found, O_PATH);
  if (fd < 0)
    return;
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink (link, host, sizeof host - 1);
  close (fd);
  if (length <= 0)
    abort ();
  host[length] = '\0';
  if (strncmp (host, root, strlen (root)) != 0
      && strncmp (host, bound, strlen (bound)) != 0)
    abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const links[] = { "l0", "l1", "a/l2", "a/a/l3",
                                       "../bound/l4" };
  char words[6][64] = { "" };
  struct guest_found found;
  size_t word = 0, at = 0;

  if (size < 3)
    return 0;
  set_up ();
  for (size_t i = 2; i < size && word < 6; i++)
    if (data[i] == '\0')
      {
        word++;
        at = 0;
      }
    else if (at < sizeof words[0] - 1)
      {
        words[word][at++] = (char) data[i];
        words[word][at] = '\0';
      }

  int here = open (root, O_PATH | O_CLOEXEC);
  for (size_t i = 0; i < 5; i++)
    {
      unlinkat (here, links[i], 0);
      if (words[i + 1][0] != '\0')
        (void) !symlinkat (words[i + 1], here, links[i]);
    }
  close (here);

  engine_without[0] = data[1] & 2 ? 437 : -1;
  engine_guest.missing = data[1] & 2 ? 1 : 0;
  if (data[1] & 4)
    strcpy (engine_fs.root, "/a");
  else
    engine_fs.root[0] = '\0';
  engine_fs.root_length = data[1] & 4 ? 2 : 0;
  unsigned int final = (data[0] & 0x3f)
                       | (data[1] & 1 ? GUEST_FINAL_NO_MAGIC : 0)
                       | (data[1] & 8 ? GUEST_FINAL_BENEATH : 0)
                       | (data[1] & 16 ? GUEST_FINAL_IN_ROOT : 0)
                       | (data[1] & 32 ? GUEST_FINAL_NO_XDEV : 0);
  if (guest_resolve (&engine_task, GUEST_AT_CWD, words[0], final, &found) == 0)
    {
      check (&found);
      guest_found_release (&engine_guest, &found);
    }
  return 0;
}
