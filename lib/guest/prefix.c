/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Where the directories that paths begin with were found to lie, and who turns
   names.

   What is remembered of a directory is text: "/lib/x" lies at "/usr/lib/x",
   because "/lib" was a link.  The kernel still walks that text, so that it
   says itself when something was removed or is closed; wrong can only be that
   there is a link where there was none, or another, or none where there was
   one.  Which calls do that: those that make links, or remove them, or move
   them or directories that hold them.  (A directory of the text itself that is
   moved or removed is missed by the kernel.)  A call that only may be one of
   these, by what it found before it was run, counts the others meanwhile: none
   of them, so there was no link.

   A thread that dies while it turns names leaves its mark.  Others notice that
   its number is nobody's any more, and count its call as made.  */

#include "lib/guest/prefix.h"

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/path.h"
#include "lib/guest/text.h"

/* Turns.  */

/* Return whether no thread has the number TID any more, or one that has ended:
   with ASKS also where that is told by /proc alone.  */
static bool
is_gone (struct guest *guest, int tid, bool asks)
{
  char text[64];
  struct guest_text path;

  if (host_call (guest, K_NR_tkill, (uint64_t) tid, 0, 0, 0) == -K_ESRCH)
    return true;
  if (!asks)
    return false;
  /* Its parent has not asked what became of it.  */
  guest_text_init (&path, text, sizeof text);
  guest_text_add (&path, "/proc/");
  guest_text_add_number (&path, tid);
  guest_text_add (&path, "/stat");
  int fd = host_openat (guest, K_AT_FDCWD, text, 0);
  if (fd < 0)
    return false;
  int64_t size = host_call (guest, K_NR_read, host_fd (fd), host_pointer (text),
                            sizeof text - 1, 0);
  host_close (guest, fd);
  /* The state comes behind the command, which is in parentheses.  */
  while (size > 0 && text[size - 1] != ')')
    size--;
  return size > 0 && size + 1 < (int64_t) sizeof text
         && (text[size + 1] == 'Z' || text[size + 1] == 'X');
}

static void
count_turn (struct guest_turns *turns)
{
  (void) __atomic_add_fetch (&turns->generation, 1, __ATOMIC_SEQ_CST);
}

static void
clear_mark (struct guest_turns *turns, uint32_t index)
{
  (void) __atomic_and_fetch (&turns->turning, ~((uint64_t) 1 << index),
                             __ATOMIC_SEQ_CST);
  __atomic_store_n (&turns->turner[index], 0, __ATOMIC_SEQ_CST);
}

/* Let TASK have place INDEX, if nobody has it, or with DEAD who had it has
   gone. Return whether it has.  */
static bool
take_place (struct guest_task *task, uint32_t index, bool dead)
{
  struct guest_turns *turns = task->guest->turns;
  int32_t turner = __atomic_load_n (&turns->turner[index], __ATOMIC_RELAXED);

  if (turner != 0 && (!dead || !is_gone (task->guest, turner, true)))
    return false;
  if (!__atomic_compare_exchange_n (&turns->turner[index], &turner, task->tid,
                                    false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
    return false;
  if (turner != 0)
    count_turn (turns);
  return true;
}

void
guest_turn_begin (struct guest_task *task)
{
  struct guest_turns *turns = task->guest->turns;
  uint32_t first = (uint32_t) task->tid % GUEST_TURNERS;

  if (turns == NULL || task->turn != 0)
    return;
  for (int tries = 0; tries < 4; tries++)
    {
      for (uint32_t i = 0; i < GUEST_TURNERS; i++)
        {
          uint32_t index = (first + i) % GUEST_TURNERS;
          if (!take_place (task, index, tries > 0))
            continue;
          (void) __atomic_or_fetch (&turns->turning, (uint64_t) 1 << index,
                                    __ATOMIC_SEQ_CST);
          task->turn = (int) index + 1;
          return;
        }
      (void) host_call (task->guest, K_NR_sched_yield, 0, 0, 0, 0);
    }
  /* So many at once: then only counted, before and after.  */
  count_turn (turns);
  task->turn = -1;
}

void
guest_turn_end (struct guest_task *task, bool turned)
{
  struct guest_turns *turns = task->guest->turns;

  if (task->turn == 0)
    return;
  if (turned)
    count_turn (turns);
  if (task->turn > 0)
    clear_mark (turns, (uint32_t) task->turn - 1);
  task->turn = 0;
}

/* TURNS are not quiet: see whether the first who is at work has gone.  */
static void
look_after (struct guest_task *task, struct guest_turns *turns,
            uint64_t turning)
{
  uint32_t index = (uint32_t) __builtin_ctzll (turning);
  int32_t turner = __atomic_load_n (&turns->turner[index], __ATOMIC_RELAXED);

  if (turner == 0 || turner == task->tid
      || !is_gone (task->guest, turner, task->prefixes->waits++ % 32 == 31)
      || !__atomic_compare_exchange_n (&turns->turner[index], &turner,
                                       task->tid, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED))
    return;
  count_turn (turns);
  clear_mark (turns, index);
}

bool
guest_turns_are_quiet (struct guest_task *task, uint32_t *generation)
{
  struct guest_turns *turns = task->guest->turns;
  uint64_t turning = __atomic_load_n (&turns->turning, __ATOMIC_ACQUIRE);

  if (turning != 0)
    {
      look_after (task, turns, turning);
      return false;
    }
  *generation = __atomic_load_n (&turns->generation, __ATOMIC_ACQUIRE);
  return true;
}

void
guest_turn_watch (struct guest_task *task, struct guest_call *call)
{
  struct guest_turns *turns = task->guest->turns;

  if (turns == NULL)
    return;
  call->watches = true;
  call->quiet = __atomic_load_n (&turns->turning, __ATOMIC_ACQUIRE) == 0;
  call->generation = __atomic_load_n (&turns->generation, __ATOMIC_ACQUIRE);
}

void
guest_turn_watched (struct guest_task *task, struct guest_call *call)
{
  struct guest_turns *turns = task->guest->turns;

  if (!call->watches)
    return;
  call->watches = false;
  if (!call->quiet || __atomic_load_n (&turns->turning, __ATOMIC_ACQUIRE) != 0
      || __atomic_load_n (&turns->generation, __ATOMIC_ACQUIRE)
             != call->generation)
    count_turn (turns);
}

/* Prefixes.  */

enum
{
  WAYS = 4, /* places where one directory can be */
  SETS = 64 / WAYS,
  FIRST_SETS = 2
};

/* Return where what has the hash NUMBER may be in PREFIXES: WAYS places.  A new
   thread does with few, since each page that it touches costs more than a look
   at the way; afterwards most of these are not found any more.  */
static uint32_t
place_of (const struct guest_prefixes *prefixes, uint32_t number)
{
  return number % (prefixes->kept < FIRST_SETS * WAYS ? FIRST_SETS : SETS)
         * WAYS;
}

static uint64_t
word_at (const char *bytes)
{
  uint64_t word;
  __builtin_memcpy (&word, bytes, sizeof word);
  return word;
}

static uint32_t
hash (const char *path, size_t length)
{
  uint64_t value = length;
  size_t i = 0;

  for (; i + 8 <= length; i += 8)
    value = (value ^ word_at (path + i)) * 0x9e3779b97f4a7c15u;
  for (; i < length; i++)
    value = (value ^ (unsigned char) path[i]) * 0x100000001b3u;
  return (uint32_t) (value ^ value >> 32);
}

/* Return whether TASK may use what it remembers: its root is the container's,
   and nobody is turning names.  *GENERATION gets what entries must have.  */
static bool
may_use (struct guest_task *task, uint32_t *generation)
{
  if (task->prefixes == NULL || task->guest->turns == NULL
      || task->fs->root_length > 0 || !guest_turns_are_quiet (task, generation))
    return false;
  ++*generation;
  /* 0 is what empty ones have.  */
  return *generation != 0;
}

/* Return the entry of PATH, of LENGTH bytes, with GENERATION, or NULL.  */
static const struct guest_prefix *
find (const struct guest_prefixes *prefixes, uint32_t generation,
      const char *path, size_t length)
{
  uint32_t number = hash (path, length);
  const struct guest_prefix *entry =
      &prefixes->entry[place_of (prefixes, number)];

  for (int i = 0; i < WAYS; i++, entry++)
    if (entry->hash == number && entry->generation == generation
        && entry->length == length
        && guest_text_same (entry->text, path, length))
      return entry;
  return NULL;
}

const struct guest_prefix *
guest_prefix_find (struct guest_task *task, const char *path, size_t length)
{
  uint32_t generation;

  return may_use (task, &generation)
             ? find (task->prefixes, generation, path, length)
             : NULL;
}

/* Return the bit of links of PATH, which has LENGTH bytes, at least 2.  */
static uint64_t
link_bit (const char *path, size_t length)
{
  unsigned int last = (unsigned char) path[length - 1];
  unsigned int before = (unsigned char) path[length - 2];
  return (uint64_t) 1 << ((length * 7 + last + before * 5) % 64);
}

const struct guest_prefix *
guest_prefix_find_link (struct guest_task *task, const char *path,
                        size_t length)
{
  const struct guest_prefixes *prefixes = task->prefixes;
  uint32_t generation;

  if (length < 2 || !(prefixes->links & link_bit (path, length))
      || !may_use (task, &generation)
      || prefixes->links_generation != generation)
    return NULL;
  return find (prefixes, generation, path, length);
}

bool
guest_prefix_begin (struct guest_task *task, uint32_t *generation)
{
  return may_use (task, generation);
}

static void
note_link (struct guest_prefixes *prefixes, uint32_t generation,
           const char *path, size_t length)
{
  if (prefixes->links_generation != generation)
    prefixes->links = 0;
  prefixes->links_generation = generation;
  prefixes->links |= link_bit (path, length);
}

void
guest_prefix_keep (struct guest_task *task, uint32_t generation,
                   const char *path, size_t length, const char *found,
                   size_t found_length, uint32_t binding, bool is_link)
{
  struct guest_prefixes *prefixes = task->prefixes;
  uint32_t now;
  bool same = length == found_length && guest_text_same (path, found, length);
  size_t whole = length + (same ? 0 : found_length);

  if (length < 2 || length > UINT8_MAX || found_length > UINT8_MAX
      || whole > sizeof prefixes->entry->text || binding > UINT16_MAX
      || !may_use (task, &now) || now != generation)
    return;
  uint32_t number = hash (path, length);
  struct guest_prefix *set = &prefixes->entry[place_of (prefixes, number)];
  /* In the place of an old one, or of any.  */
  struct guest_prefix *entry = &set[prefixes->kept % WAYS];
  if (prefixes->kept < UINT32_MAX)
    prefixes->kept++;
  for (int i = WAYS; i-- > 0;)
    if (set[i].generation != generation)
      entry = &set[i];
  entry->generation = generation;
  entry->hash = number;
  entry->binding = (uint16_t) binding;
  entry->length = (uint8_t) length;
  entry->found_length = (uint8_t) found_length;
  entry->same = same;
  entry->holds_mounts =
      guest_view_below (task->guest->view, 0, found, found_length, NULL, NULL)
      > 0;
  guest_text_copy (entry->text, path, length);
  if (!same)
    guest_text_copy (entry->text + length, found, found_length);
  if (is_link)
    note_link (prefixes, generation, path, length);
}

const char *
guest_prefix_directory (struct guest_task *task, size_t *length)
{
  struct guest_prefixes *prefixes = task->prefixes;
  uint32_t changes = __atomic_load_n (&task->fs->cwd_changes, __ATOMIC_ACQUIRE);
  uint32_t generation;

  if (!may_use (task, &generation))
    return NULL;
  if (prefixes->directory_generation != generation
      || prefixes->directory_changes != changes)
    {
      char path[GUEST_PATH_SIZE];
      int size = guest_current (task, path, sizeof path);
      /* The root's is empty, as those of other directories end.  */
      size = size == 1 ? 0 : size;
      if (size < 0 || (size_t) size >= sizeof prefixes->directory)
        size = sizeof prefixes->directory;
      else
        for (int i = 0; i < size; i++)
          prefixes->directory[i] = path[i];
      prefixes->directory_length = (uint32_t) size;
      prefixes->directory_generation = generation;
      prefixes->directory_changes = changes;
    }
  *length = prefixes->directory_length;
  return *length < sizeof prefixes->directory ? prefixes->directory : NULL;
}
