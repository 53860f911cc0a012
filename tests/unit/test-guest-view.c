/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tests of lib/guest/view.h: what a view of many bindings says is what its
   questions mean.  */

#include "lib/guest/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/guest/text.h"
#include "tests/unit/tap.h"

enum
{
  MOUNTS = 40,
  ROUNDS = 300,
  QUESTIONS = 300,
  PATH = 64
};

static char hosts[MOUNTS][PATH];
static char guests[MOUNTS][PATH];
static struct guest_mount mounts[MOUNTS];
static uint64_t memory[4096];
static const struct guest_view *view = (const void *) memory;

static unsigned int
pick (unsigned int limit)
{
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned int) (state >> 33) % limit;
}

/* Write a random path of up to DEPTH components, "/" for none.  */
static void
make_path (char *path, unsigned int depth)
{
  static const char *const names[] = { "a", "b", "a-b", "a.", "ab", "c" };
  *path = '\0';
  for (unsigned int i = pick (depth + 1); i > 0; i--)
    sprintf (path + strlen (path), "/%s", names[pick (6)]);
  if (*path == '\0')
    strcpy (path, "/");
}

static bool
is_below (const char *path, const char *prefix)
{
  return guest_text_is_below (path, strlen (path), prefix, strlen (prefix));
}

/* The deepest binding above PATH.  */
static uint32_t
cover (const char *path)
{
  uint32_t best = 0;
  for (uint32_t i = 0; i < view->binding_count; i++)
    if (is_below (path, guest_view_guest (view, i))
        && view->binding[i].guest_length >= view->binding[best].guest_length)
      best = i;
  return best;
}

/* The first binding from FROM on that is strictly below PATH, or 0.  */
static uint32_t
below (const char *path, uint32_t from)
{
  for (uint32_t i = from > 0 ? from : 1; i < view->binding_count; i++)
    if (is_below (guest_view_guest (view, i), path)
        && strcmp (guest_view_guest (view, i), path) != 0)
      return i;
  return 0;
}

/* Write to GUEST the name that binding INDEX gives to the host PATH.  Return
   whether that is what is seen there.  */
static bool
reverse_by (uint32_t index, const char *path, char *guest)
{
  const char *host = guest_view_host (view, index);
  const char *own = guest_view_guest (view, index);

  if (!is_below (path, host))
    return false;
  const char *rest = path + (strcmp (host, "/") == 0 ? 0 : strlen (host));
  snprintf (guest, PATH, "%s%s", strcmp (own, "/") == 0 ? "" : own,
            strcmp (rest, "/") == 0 ? "" : rest);
  if (*guest == '\0')
    strcpy (guest, "/");
  return cover (guest) == index;
}

/* The guest's name of the host PATH: that of the root, else of the binding
   with the longest host path, if nothing covers it there.  Return whether
   there is one.  */
static bool
reverse (const char *path, char *guest)
{
  uint32_t order[MOUNTS] = { 0 };
  uint32_t count = 1;
  for (uint32_t length = PATH; length > 0; length--)
    for (uint32_t i = 1; i < view->binding_count; i++)
      if (view->binding[i].host_length == length)
        order[count++] = i;
  for (uint32_t i = 0; i < count; i++)
    if (reverse_by (order[i], path, guest))
      return true;
  return false;
}

/* Whether the host PATH is read-only, for who came through PREFERRED.  */
static bool
is_read_only (const char *path, uint32_t preferred)
{
  char guest[PATH];
  bool is_seen = false;

  if (preferred > 0 && preferred < view->binding_count
      && reverse_by (preferred, path, guest))
    return view->binding[preferred].flags & GUEST_BINDING_READ_ONLY;
  for (uint32_t i = 0; i < view->binding_count; i++)
    if (reverse_by (i, path, guest))
      {
        if (!(view->binding[i].flags & GUEST_BINDING_READ_ONLY))
          return false;
        is_seen = true;
      }
  return is_seen;
}

/* Whether BINDING is right for who goes up from the host PATH.  */
static bool
is_outer (uint32_t binding, const char *path)
{
  char guest[PATH];
  size_t best = 0;
  bool is_source = false;

  for (uint32_t i = 0; i < view->binding_count; i++)
    {
      size_t length = view->binding[i].host_length;
      is_source |= strcmp (guest_view_host (view, i), path) == 0;
      if (length > 1 && length < strlen (path) && (best == 0 || length < best)
          && reverse_by (i, path, guest))
        best = length;
    }
  if (!is_source || best == 0)
    return binding == 0;
  return view->binding[binding].host_length == best
         && reverse_by (binding, path, guest);
}

static bool
mentions (const char *name)
{
  char wanted[PATH + 2];
  char guest[PATH + 2];
  snprintf (wanted, sizeof wanted, "/%s/", name);
  for (uint32_t i = 1; i < view->binding_count; i++)
    {
      snprintf (guest, sizeof guest, "%s/", guest_view_guest (view, i));
      if (strstr (guest, wanted) != NULL)
        return true;
    }
  return false;
}

/* Make a view of some random mounts.  */
static bool
build (void)
{
  size_t count = 1 + pick (MOUNTS - 1);
  for (size_t i = 0; i < count; i++)
    {
      make_path (hosts[i], 4);
      make_path (guests[i], 4);
      mounts[i] =
          (struct guest_mount){ hosts[i], guests[i],
                                pick (2) ? GUEST_BINDING_READ_ONLY : 0 };
    }
  strcpy (guests[pick ((unsigned int) count)], "/");
  return guest_view_build (memory, sizeof memory, mounts, count) == 0
         && guest_view_is_sound (memory, sizeof memory);
}

/* Ask VIEW something and say whether it answers right.  */
static bool
ask (void)
{
  static const char *const names[] = { "a", "b", "ab", "x", "a-b", "-b" };
  char path[PATH], seen[PATH], expected[PATH];
  make_path (path, 5);
  size_t length = strlen (path);
  uint32_t from = pick (view->binding_count + 2);
  const char *name = names[pick (6)];

  if (guest_view_cover (view, path, length) != cover (path))
    return false;
  if (guest_view_below (view, from, path, length, NULL, NULL)
      != below (path, from))
    return false;
  if (guest_view_mentions (view, name, strlen (name)) != mentions (name))
    return false;
  if (!is_outer (guest_view_outer (view, path, length), path))
    return false;
  if (guest_view_is_read_only (view, path, length, from)
      != is_read_only (path, from))
    return false;
  int got = guest_view_reverse (view, path, length, 0, seen, sizeof seen);
  if (!reverse (path, expected))
    return got == -ENOENT;
  return got == (int) strlen (expected) && strcmp (seen, expected) == 0;
}

int
main (void)
{
  unsigned int built = 0;
  unsigned int wrong = 0;
  unsigned int covers = 0;

  for (unsigned int i = 0; i < ROUNDS; i++)
    {
      built += build ();
      for (unsigned int j = 0; j < QUESTIONS; j++)
        wrong += !ask ();
      /* Which mount each binding was made of: the last of its path.  */
      for (uint32_t j = 0; j < view->binding_count; j++)
        covers += strcmp (mounts[view->binding[j].mount].host,
                          guest_view_host (view, j))
                  != 0;
    }
  tap_is_number (built, ROUNDS, "views of random mounts are built");
  tap_is_number (wrong, 0, "and answer as their questions mean");
  tap_is_number (covers, 0, "and know what they were built of");

  struct guest_view *wild = (struct guest_view *) memory;
  wild->name_mask = 1u << 20;
  tap_ok (!guest_view_is_sound (memory, sizeof memory), "a wild table is seen");
  return tap_done ();
}
