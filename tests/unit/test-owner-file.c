/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Owners that outlive a run: the file.  */

#include "lib/owners/owner-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/guest/attributes.h"
#include "tests/unit/tap.h"

#define DEVICE 5
#define NAME OWNER_FILE_NAME

static char directory[] = "/tmp/owner-file.XXXXXX";
static int dir;

static int
set_owner (struct owner_file *file, uint64_t inode, uint64_t birth,
           uint32_t uid)
{
  struct guest_file_key key = { DEVICE, inode, birth };
  struct guest_owner owner = { .known = GUEST_OWNER_UID, .uid = uid };
  return guest_owners_put (&file->table, &key, &owner);
}

/* Return the user that FILE knows for INODE, -1 when it knows none.  */
static long
owner_of (struct owner_file *file, uint64_t inode)
{
  guest_owners_look (&file->table);
  struct guest_owner_record record;
  return !guest_owners_find (&file->table, DEVICE, inode, &record)
                 || !(record.owner.known & GUEST_OWNER_UID)
             ? -1
             : (long) record.owner.uid;
}

/* Return the length of the value of attribute ATTRIBUTE of INODE, or -1.  */
static long
attribute_of (struct owner_file *file, uint64_t inode, const char *attribute)
{
  struct guest_owner_record record;
  const struct guest_attribute *found =
      guest_owners_find (&file->table, DEVICE, inode, &record)
          ? guest_attribute_find (&file->table, &record, attribute)
          : NULL;
  return found == NULL ? -1 : found->size;
}

static int
open_file (struct owner_file *file, enum owner_file_mode mode)
{
  int status = owner_file_init (file);
  return status < 0 ? status : owner_file_open (file, dir, NAME, DEVICE, mode);
}

static off_t
size_now (void)
{
  struct stat status;
  return fstatat (dir, NAME, &status, 0) < 0 ? -1 : status.st_size;
}

static void
test_outlives (void)
{
  struct owner_file file;
  tap_is_number (open_file (&file, OWNER_FILE_READ), -ENOENT,
                 "nothing to be read yet");
  owner_file_release (&file);
  tap_is_number (open_file (&file, OWNER_FILE_WRITE), 0, "made");
  set_owner (&file, 10, 1, 33);
  set_owner (&file, 11, 1, 34);
  set_owner (&file, 11, 1, 35);
  const struct guest_file_key key_of_it = { DEVICE, 10, 1 };
  guest_attribute_set (&file.table, &key_of_it, "trusted.a", "value", 5);
  guest_attribute_set (&file.table, &key_of_it, "trusted.b", "", 0);
  guest_attribute_set (&file.table, &key_of_it, "trusted.gone", "x", 1);
  guest_attribute_remove (&file.table, &key_of_it, "trusted.gone");
  set_owner (&file, 12, 1, 36);
  guest_owners_forget (&file.table, DEVICE, 12);
  set_owner (&file, 13, 1, 37);
  set_owner (&file, 13, 2, 38);
  struct guest_file_key other = { DEVICE + 1, 20, 1 };
  struct guest_owner owner = { .known = GUEST_OWNER_UID, .uid = 1 };
  guest_owners_put (&file.table, &other, &owner);
  owner_file_release (&file);

  tap_is_number (open_file (&file, OWNER_FILE_READ), 0, "read");
  tap_is_number (owner_of (&file, 10), 33, "an owner");
  tap_is_number (owner_of (&file, 11), 35, "the last one counts");
  tap_is_number (owner_of (&file, 12), -1, "what was forgotten");
  tap_is_number (owner_of (&file, 13), 38, "a later file of that number");
  tap_is_number (owner_of (&file, 20), -1, "not on other devices");
  tap_is_number (attribute_of (&file, 10, "trusted.a"), 5, "an attribute");
  tap_is_number (attribute_of (&file, 10, "trusted.b"), 0, "an empty one");
  tap_is_number (attribute_of (&file, 10, "trusted.gone"), -1, "a removed one");
  off_t before = size_now ();
  set_owner (&file, 30, 1, 1);
  tap_is_number (size_now (), before, "reading keeps nothing");
  owner_file_release (&file);
}

static void
test_together (void)
{
  struct owner_file one, other;
  open_file (&one, OWNER_FILE_WRITE);
  open_file (&other, OWNER_FILE_WRITE);
  set_owner (&one, 40, 1, 1);
  tap_is_number (owner_of (&other, 40), 1, "another run sees it at once");
  set_owner (&other, 40, 1, 2);
  set_owner (&other, 41, 1, 3);
  set_owner (&one, 42, 1, 4);
  tap_is_number (owner_of (&one, 40), 2, "and the other way round");
  tap_is_number (owner_of (&one, 41), 3, "between what it kept itself");
  tap_is_number (owner_of (&other, 42), 4, "after what it kept itself");
  owner_file_release (&one);
  owner_file_release (&other);

  /* Processes that append at the same time.  */
  enum
  {
    PROCESSES = 4,
    FILES = 500
  };
  for (uint64_t i = 0; i < PROCESSES; i++)
    if (fork () == 0)
      {
        int failures = open_file (&one, OWNER_FILE_WRITE) < 0;
        for (uint64_t j = 0; j < FILES; j++)
          failures +=
              set_owner (&one, 1000 + i * FILES + j, 1, (uint32_t) j) < 0;
        owner_file_release (&one);
        _exit (failures > 0);
      }
  int bad = 0;
  for (int i = 0; i < PROCESSES; i++)
    {
      int status;
      bad += wait (&status) < 0 || status != 0;
    }
  tap_is_number (bad, 0, "processes append at once");
  open_file (&one, OWNER_FILE_READ);
  long found = 0;
  for (uint64_t i = 0; i < PROCESSES * FILES; i++)
    found += owner_of (&one, 1000 + i) == (long) (i % FILES);
  tap_is_number (found, PROCESSES * FILES, "and nothing is lost");
  owner_file_release (&one);
}

static void
test_damage (void)
{
  struct owner_file file;
  off_t whole = size_now ();
  int fd = openat (dir, NAME, O_WRONLY);

  /* A crash: the end is missing, or zeros are where records were.  */
  if (ftruncate (fd, whole - 30) < 0)
    tap_bail ("cannot truncate");
  tap_is_number (open_file (&file, OWNER_FILE_WRITE), 0, "a cut end");
  tap_is_number (owner_of (&file, 10), 33, "leaves the rest");
  set_owner (&file, 50, 1, 9);
  owner_file_release (&file);
  open_file (&file, OWNER_FILE_READ);
  tap_is_number (owner_of (&file, 50), 9, "and takes new ones");
  owner_file_release (&file);

  char zeros[64] = "";
  char garbage[64];
  memset (garbage, 0xa5, sizeof garbage);
  if (pwrite (fd, zeros, sizeof zeros, 4096) < 0
      || pwrite (fd, garbage, sizeof garbage, 4096 + 64) < 0)
    tap_bail ("cannot damage");
  open_file (&file, OWNER_FILE_READ);
  tap_is_number (owner_of (&file, 10), -1, "a damaged record is no record");
  tap_is_number (owner_of (&file, 50), 9, "those behind it are");
  owner_file_release (&file);

  if (pwrite (fd, "X", 1, 0) < 0)
    tap_bail ("cannot damage");
  tap_is_number (open_file (&file, OWNER_FILE_WRITE), -EINVAL,
                 "another kind of file");
  owner_file_release (&file);
  close (fd);
  unlinkat (dir, NAME, 0);
  fd = openat (dir, NAME, O_WRONLY | O_CREAT, 0600);
  close (fd);
  tap_is_number (open_file (&file, OWNER_FILE_WRITE), 0,
                 "a file that was made but not begun");
  owner_file_release (&file);
}

static void
test_short (void)
{
  struct owner_file file, user;
  open_file (&file, OWNER_FILE_WRITE);
  for (uint32_t i = 0; i < 30000; i++)
    set_owner (&file, 60 + i % 3, 1, i);
  const struct guest_file_key key_of_it = { DEVICE, 60, 1 };
  guest_attribute_set (&file.table, &key_of_it, "trusted.a", "value", 5);
  off_t big = size_now ();
  open_file (&user, OWNER_FILE_WRITE);
  owner_file_release (&file);
  open_file (&file, OWNER_FILE_WRITE);
  tap_is_number (size_now (), big, "a log in use stays as it is");
  owner_file_release (&file);
  owner_file_release (&user);
  tap_is_number (open_file (&file, OWNER_FILE_WRITE), 0, "a long log");
  tap_ok (size_now () < 8192, "becomes short");
  tap_is_number (owner_of (&file, 60), 29997, "with all that it said");
  tap_is_number (attribute_of (&file, 60, "trusted.a"), 5, "attributes too");
  set_owner (&file, 61, 1, 7);
  owner_file_release (&file);
  open_file (&file, OWNER_FILE_READ);
  tap_is_number (owner_of (&file, 61), 7, "and goes on");
  tap_is_number (owner_of (&file, 62), 29999, "from there");
  owner_file_release (&file);
}

static void
test_key (void)
{
  struct guest_owner_record record;
  struct guest_file_key key, same;
  struct stat status;
  struct owner_file file;
  tap_is_number (owner_file_key (dir, NAME, 0, &key), 0, "the key of a file");
  fstatat (dir, NAME, &status, 0);
  tap_ok (key.device == status.st_dev && key.inode == status.st_ino,
          "is its number");
  owner_file_key (dir, NAME, 0, &same);
  tap_ok (same.birth == key.birth, "and its birth");
  owner_file_init (&file);
  struct guest_owner owner = { .known = GUEST_OWNER_UID, .uid = 3 };
  guest_owners_put (&file.table, &key, &owner);
  tap_ok (owner_file_find (&file, dir, NAME, 0, &status, &record), "found");
  key.birth++;
  guest_owners_put (&file.table, &key, &owner);
  tap_ok (!owner_file_find (&file, dir, NAME, 0, &status, &record),
          "not for one that was born at another time");
  owner_file_release (&file);
}

int
main (void)
{
  if (mkdtemp (directory) == NULL)
    tap_bail ("cannot make a directory");
  dir = open (directory, O_RDONLY | O_DIRECTORY);
  test_outlives ();
  test_together ();
  test_damage ();
  test_short ();
  test_key ();
  unlinkat (dir, NAME, 0);
  close (dir);
  rmdir (directory);
  return tap_done ();
}
