/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The table of owners, used by many threads of many processes at once, of
   which some are killed in the midst of it.  */

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/guest/attributes.h"
#include "lib/guest/kernel.h"
#include "lib/guest/owners.h"
#include "tests/unit/tap.h"

enum
{
  SLOTS = 1 << 12,
  ROOM = 64 << 20,
  FILES = 200, /* that all work on */
  THREADS = 3,
  PROCESSES = 4,
  ROUNDS = 20000, /* of a thread */
  KILLS = 150
};

/* What all processes share.  */
struct shared
{
  struct guest_owners owners;
  uint64_t torn;     /* records that were not as somebody put them */
  uint64_t lost;     /* what a thread alone said, and was not there later */
  uint64_t progress; /* rounds that were made */
  uint64_t slots[SLOTS];
  unsigned char room[ROOM] __attribute__ ((aligned (64)));
};

static struct shared *shared;

static void
begin (void)
{
  if (shared != NULL)
    (void) munmap (shared, sizeof *shared);
  shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (shared == MAP_FAILED)
    tap_bail ("no memory");
  guest_owners_init (&shared->owners, shared->slots, SLOTS, shared->room, ROOM);
}

static struct guest_file_key
key_of (uint64_t file)
{
  return (struct guest_file_key){ 1 + file % 3, 100 + file, 7 };
}

/* Return an owner all of whose members follow from NUMBER.  */
static struct guest_owner
owner_of (uint32_t number)
{
  return (struct guest_owner){
    .known =
        GUEST_OWNER_UID | GUEST_OWNER_GID | GUEST_OWNER_MODE | GUEST_OWNER_TYPE,
    .uid = number,
    .gid = ~number,
    .mode = K_S_IFCHR | (number & 07777),
    .rdev = (uint64_t) number * number,
  };
}

/* Return whether RECORD is what somebody put there for the file KEY.  */
static bool
is_whole (const struct guest_owner_record *record, struct guest_file_key key)
{
  struct guest_owner owner = owner_of (record->owner.uid);

  if (record->key.device != key.device || record->key.inode != key.inode)
    return false;
  /* An attribute may have been there first.  */
  if (record->owner.known == 0)
    return record->owner.uid == 0 && record->owner.rdev == 0;
  return record->key.birth == key.birth && record->owner.known == owner.known
         && record->owner.gid == owner.gid && record->owner.mode == owner.mode
         && record->owner.rdev == owner.rdev;
}

/* Return whether the attributes of RECORD are such as somebody set.  */
static bool
has_whole_attributes (const struct guest_owner_record *record)
{
  const struct guest_owners *owners = &shared->owners;
  int count = 0;

  for (const struct guest_attribute *attribute =
           guest_attribute_first (owners, record);
       attribute != NULL; attribute = guest_attribute_next (owners, attribute))
    {
      const char *value = guest_attribute_value (attribute);
      if (strncmp (guest_attribute_name (attribute), "trusted.", 8) != 0
          || attribute->name_length != 9 || ++count > 4)
        return false;
      for (size_t i = 1; i < attribute->size; i++)
        if (value[i] != value[0])
          return false;
    }
  return true;
}

static uint32_t
random_of (uint64_t *seed)
{
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t) (*seed >> 33);
}

/* One change or question, by SEED.  */
static void
make_round (uint64_t *seed)
{
  struct guest_owners *owners = &shared->owners;
  struct guest_owner_record record;
  struct guest_file_key key = key_of (random_of (seed) % FILES);
  uint32_t number = random_of (seed);
  char name[] = "trusted.a";
  char value[64];

  switch (random_of (seed) % 16)
    {
    case 0:
      guest_owners_drop (owners, key.device, key.inode);
      break;
    case 1:
    case 2:
    case 3:
    case 4:
      {
        struct guest_owner owner = owner_of (number);
        if (guest_owners_put (owners, &key, &owner) < 0)
          (void) __atomic_add_fetch (&shared->lost, 1, __ATOMIC_RELAXED);
        break;
      }
    case 5:
      name[8] = (char) ('a' + number % 4);
      memset (value, (int) (number >> 8 & 127), sizeof value);
      /* What attributes have taken is never given back.  */
      if (owners->room_used > ROOM / 4)
        break;
      (void) guest_attribute_set (owners, &key, name, value, number % 64);
      break;
    case 6:
      name[8] = (char) ('a' + number % 4);
      (void) guest_attribute_remove (owners, &key, name);
      break;
    default:
      if (guest_owners_find (owners, key.device, key.inode, &record)
          && (!is_whole (&record, key) || !has_whole_attributes (&record)))
        (void) __atomic_add_fetch (&shared->torn, 1, __ATOMIC_RELAXED);
    }
  (void) __atomic_add_fetch (&shared->progress, 1, __ATOMIC_RELAXED);
}

/* Work in rounds, as many as DATA says, 0: for ever.  Beside what all work on
   the thread has a file that nobody else knows.  */
static void *
work (void *data)
{
  static uint64_t count;
  uint64_t rounds = *(const uint64_t *) data;
  uint64_t own = ((uint64_t) getpid () << 8)
                 | (__atomic_add_fetch (&count, 1, __ATOMIC_RELAXED) & 255);
  uint64_t seed = own * 0x9e3779b97f4a7c15u;
  struct guest_file_key key = { 9, own, 7 };

  for (uint64_t i = 0; rounds == 0 || i < rounds; i++)
    {
      struct guest_owner_record record;
      make_round (&seed);
      if (i % 64 != 0)
        continue;
      struct guest_owner owner = owner_of ((uint32_t) i);
      if (guest_owners_put (&shared->owners, &key, &owner) < 0
          || !guest_owners_find (&shared->owners, 9, own, &record)
          || record.owner.uid != (uint32_t) i || !is_whole (&record, key))
        (void) __atomic_add_fetch (&shared->lost, 1, __ATOMIC_RELAXED);
    }
  return NULL;
}

/* Start a process with THREADS threads that make ROUNDS rounds each.  */
static pid_t
start (uint64_t rounds)
{
  pthread_t threads[THREADS];
  fflush (stdout);
  pid_t child = fork ();

  if (child != 0)
    return child;
  for (int i = 0; i < THREADS; i++)
    if (pthread_create (&threads[i], NULL, work, &rounds) != 0)
      _exit (99);
  for (int i = 0; i < THREADS; i++)
    (void) pthread_join (threads[i], NULL);
  _exit (0);
}

/* What the table has to be in the end, whatever happened.  */
static void
check (const char *when)
{
  struct guest_owners *owners = &shared->owners;
  struct guest_owner_record record, other;
  int doubles = 0, torn = 0, records = 0;

  for (size_t i = 0; i < SLOTS; i++)
    if (guest_owners_at (owners, i, &record))
      {
        records++;
        torn += !has_whole_attributes (&record);
        for (size_t j = i + 1; j < SLOTS && record.key.device < 9; j++)
          doubles += guest_owners_at (owners, j, &other)
                     && other.key.inode == record.key.inode
                     && other.key.device == record.key.device;
      }
  tap_ok (shared->torn == 0 && torn == 0, "%s: every record was whole", when);
  tap_is_number ((long long) shared->lost, 0,
                 "what was said by one alone was there");
  tap_is_number (doubles, 0, "no file has two");
  tap_ok (owners->live >= (size_t) records
              && owners->live <= (size_t) records + PROCESSES * THREADS + KILLS,
          "their number is known: %d", records);
  tap_ok (owners->room_used < ROOM / 2, "room is used again: %u bytes",
          owners->room_used);

  /* It can still be changed.  */
  struct guest_file_key key = key_of (1);
  struct guest_owner owner = owner_of (4711);
  tap_ok (guest_owners_put (owners, &key, &owner) == 0
              && guest_owners_find (owners, key.device, key.inode, &record)
              && record.owner.uid == 4711 && is_whole (&record, key),
          "and it goes on");
}

static void
test_together (void)
{
  pid_t child[PROCESSES];
  bool good = true;

  begin ();
  for (int i = 0; i < PROCESSES; i++)
    child[i] = start (ROUNDS);
  for (int i = 0; i < PROCESSES; i++)
    {
      int status = -1;
      good = child[i] > 0 && waitpid (child[i], &status, 0) == child[i]
             && status == 0 && good;
    }
  tap_ok (good, "%d processes with %d threads each", PROCESSES, THREADS);
  check ("together");
}

/* Wait until one more round than BEFORE was made by anybody.  */
static bool
goes_on (uint64_t before)
{
  for (int i = 0; i < 100000; i++)
    {
      if (__atomic_load_n (&shared->progress, __ATOMIC_RELAXED) > before + 50)
        return true;
      (void) usleep (100);
    }
  return false;
}

/* Processes that are killed, and one that is stopped, wherever they are: the
   others go on.  */
static void
test_killed (void)
{
  pid_t child[PROCESSES];
  bool good = true;

  begin ();
  for (int i = 0; i < PROCESSES; i++)
    child[i] = start (0);
  good = goes_on (0);
  for (int i = 0; i < KILLS && good; i++)
    {
      pid_t *one = &child[i % PROCESSES];
      (void) kill (*one, i % 5 == 4 ? SIGSTOP : SIGKILL);
      good = goes_on (__atomic_load_n (&shared->progress, __ATOMIC_RELAXED));
      (void) kill (*one, SIGKILL);
      good = waitpid (*one, NULL, 0) == *one && good;
      *one = start (0);
    }
  for (int i = 0; i < PROCESSES; i++)
    {
      (void) kill (child[i], SIGKILL);
      (void) waitpid (child[i], NULL, 0);
    }
  tap_ok (good, "nobody waits for who was killed or stopped");
  check ("killed");
}

/* A full table, and a full room.  */
static void
test_limits (void)
{
  static uint64_t slots[16];
  static uint64_t room[1024];
  struct guest_owners owners;
  struct guest_owner_record record;
  struct guest_owner owner = owner_of (1);
  int count = 0;

  guest_owners_init (&owners, slots, 16, room, sizeof room);
  while (count < 100)
    {
      struct guest_file_key key = { 1, 100 + (uint64_t) count, 1 };
      if (guest_owners_put (&owners, &key, &owner) < 0)
        break;
      count++;
    }
  tap_is_number (count, 12, "a table is full when three quarters are");
  struct guest_file_key key = { 1, 100, 1 };
  tap_is_number (guest_owners_put (&owners, &key, &owner), 0,
                 "what is there can change");
  for (int i = 0; i < 1000; i++)
    {
      owner = owner_of ((uint32_t) i);
      (void) guest_owners_put (&owners, &key, &owner);
    }
  tap_ok (guest_owners_find (&owners, 1, 100, &record)
              && record.owner.uid == 999,
          "as often as you like");
  guest_owners_drop (&owners, 1, 100);
  tap_ok (!guest_owners_find (&owners, 1, 100, &record), "dropped");
  tap_is_number ((long long) owners.live, 11, "and no longer counted");
  tap_is_number (guest_owners_put (&owners, &key, &owner), 0, "put again");
  struct guest_owner group = { .known = GUEST_OWNER_GID, .gid = 5 };
  guest_owners_put (&owners, &key, &group);
  tap_ok (guest_owners_find (&owners, 1, 100, &record)
              && record.owner.uid == 999 && record.owner.gid == 5,
          "what is known besides is kept");
  key.birth = 2;
  guest_owners_put (&owners, &key, &group);
  tap_ok (guest_owners_find (&owners, 1, 100, &record)
              && record.owner.known == GUEST_OWNER_GID,
          "but not of a file before it");

  memset (slots, 0, sizeof slots);
  guest_owners_init (&owners, slots, 16, room, 256);
  for (count = 0; count < 16; count++)
    {
      struct guest_file_key next = { 1, 200 + (uint64_t) count, 1 };
      if (guest_owners_put (&owners, &next, &owner) < 0)
        break;
    }
  tap_is_number (count, 248 / (int) sizeof record, "a room has an end, too");
  tap_is_number (
      guest_owners_put (&owners, &(struct guest_file_key){ 0, 1, 1 }, &owner),
      -K_ENOSPC, "no device, no record");
}

int
main (void)
{
  test_limits ();
  test_together ();
  test_killed ();
  return tap_done ();
}
