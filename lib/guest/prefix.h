/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Where the directories that paths begin with were found to lie.

   Nearly all paths that a program uses lie in a few directories.  A thread
   remembers of these, by the text that the program wrote, the path without
   links below a binding that it stands for.  A call on a file there then needs
   no look at the way any more.

   What is remembered becomes wrong when a link on the way is made, goes or
   leads elsewhere.  Programs of the container tell each other: whoever makes a
   call that may do so says that it is at work, and when it has been made, that
   one more was.  While anybody is at work nothing that is remembered is used,
   and what was remembered before the last such call is forgotten.  What others
   on the host do to the container's links meanwhile is not noticed: a guest
   without TURNS remembers nothing.  */

#ifndef UDOCKER_LIB_GUEST_PREFIX_H
#define UDOCKER_LIB_GUEST_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest_call;
struct guest_task;
struct guest_text;

#define GUEST_TURNERS 64

/* Shared by all tasks of a container, in zeroed memory.  Calls that turn names:
   how many have been made, and which threads are making one.  */
struct guest_turns
{
  uint64_t turning; /* bits: members of TURNER that are at work */
  uint32_t generation;
  int32_t turner[GUEST_TURNERS]; /* thread ids, 0: none */
};

/* What one path leads to.  TEXT has the path that the program wrote and behind
   it, where that is another, the canonical guest path.  Both are empty for the
   root.  */
struct guest_prefix
{
  uint32_t generation; /* of the turns, and 1; 0: nothing is here */
  uint32_t hash;
  uint16_t binding;     /* in which it lies */
  uint8_t length;       /* of the program's path */
  uint8_t found_length; /* of the other */
  bool same;            /* both are the same */
  bool holds_mounts;    /* some binding lies below it */
  char text[242];
};

/* Those of one thread, in zeroed memory of its own.  */
struct guest_prefixes
{
  uint32_t kept;  /* how often something was remembered */
  uint32_t waits; /* how often somebody was turning names */

  /* Links that come last in paths have entries, too: bits of those since
     LINKS_GENERATION, so that few other paths are looked up.  */
  uint32_t links_generation;
  uint64_t links;

  /* The current directory, as getcwd tells it, by the time of the turns and
     after so many changes of it (struct guest_fs).  */
  uint32_t directory_generation;
  uint32_t directory_changes;
  uint32_t directory_length;
  char directory[256];

  struct guest_prefix entry[64]; /* only the first few of a short program */
};

/* Return what TASK remembers of PATH, of LENGTH bytes, or NULL.  It stays until
   something else is remembered.  */
const struct guest_prefix *guest_prefix_find (struct guest_task *task,
                                              const char *path, size_t length);

/* The same of a path that may be a link, which is NULL at once for most.  */
const struct guest_prefix *guest_prefix_find_link (struct guest_task *task,
                                                   const char *path,
                                                   size_t length);

/* Return the canonical guest path in ENTRY, of found_length bytes.  */
static inline const char *
guest_prefix_path (const struct guest_prefix *entry)
{
  return entry->text + (entry->same ? 0 : entry->length);
}

/* TASK is about to look where a path leads, in order to remember it.  Return
   whether that is of use, with *GENERATION for guest_prefix_keep.  */
bool guest_prefix_begin (struct guest_task *task, uint32_t *generation);

/* Remember, if nobody turned names since GENERATION, that PATH, of LENGTH
   bytes, leads to FOUND, of FOUND_LENGTH, in BINDING.  IS_LINK: its last
   component is a link.  */
void guest_prefix_keep (struct guest_task *task, uint32_t generation,
                        const char *path, size_t length, const char *found,
                        size_t found_length, uint32_t binding, bool is_link);

/* Return the guest path of TASK's current directory, of *LENGTH bytes, or NULL
   where it is not known, has none, or a long one.  Not as TASK sees it where
   its root is elsewhere: NULL then.  */
const char *guest_prefix_directory (struct guest_task *task, size_t *length);

/* TASK is about to make a call that turns names.  Nothing where turns are not
   kept, or when that was said before.  */
void guest_turn_begin (struct guest_task *task);

/* The call has been made, and TURNED names, or not.  Nothing when none was
   begun.  */
void guest_turn_end (struct guest_task *task, bool turned);

/* TASK's CALL is about to do something to a file that was no link, nor a
   directory that is moved: note what others do meanwhile.  */
void guest_turn_watch (struct guest_task *task, struct guest_call *call);

/* It has been made: if others turned names meanwhile, it may have done so
   itself.  Nothing when it was not watched.  */
void guest_turn_watched (struct guest_task *task, struct guest_call *call);

/* Return whether nobody is turning names, with *GENERATION how often that was
   done.  TASK has prefixes.  */
bool guest_turns_are_quiet (struct guest_task *task, uint32_t *generation);

#endif
