/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Unit tests of lib/base.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/lock.h"
#include "lib/base/path.h"
#include "tests/unit/tap.h"

static void
test_errors (void)
{
  AUTO_ERROR struct error err = { 0 };
  AUTO_ERROR struct error other = { 0 };

  tap_is_number (error_set (&err, ENOENT, "no %s", "x"), -ENOENT,
                 "setting an error returns its number, negated");
  tap_is_number (error_prefix (&err, "box %d", 7), -ENOENT,
                 "a prefix keeps the number");
  tap_is_number (error_hint (&err, "look below"), -ENOENT,
                 "a hint keeps the number");
  tap_is_string (err.text, "box 7: no x; look below", "the sentence is whole");
  error_set (&err, EIO, "again %s", err.text);
  tap_is_string (err.text, "again box 7: no x; look below",
                 "an error can be made from itself");
  tap_is_number (error_move (&other, &err), -EIO, "an error can be moved");
  tap_ok (err.text == NULL && err.number == 0, "the source is empty then");
}

static void
test_buffers (void)
{
  AUTO_BUFFER (buffer);

  for (int i = 0; i < 1000; i++)
    buffer_add_format (&buffer, "%d,", i);
  tap_is_number ((long long) buffer.length, 3890, "a buffer grows");
  tap_ok (buffer.data[buffer.length] == '\0', "and ends with a NUL");
  buffer_clear (&buffer);
  buffer_add (&buffer, "a\0b", 3);
  tap_is_number ((long long) buffer.length, 3, "NUL bytes are bytes");
  AUTO_FREE char *text = buffer_take (&buffer);
  tap_ok (memcmp (text, "a\0b", 4) == 0 && buffer.data == NULL,
          "what is taken is the caller's");
  AUTO_FREE char *empty = buffer_take (&buffer);
  tap_is_string (empty, "", "an empty buffer gives an empty string");
}

static void
test_json_text (void)
{
  static const struct
  {
    const char *text;
    int status;
    const char *printed;
  } cases[] = {
    { "{}", 0, "{}\n" },
    { " [1, 2] \n", 0, "[\n    1,\n    2\n]\n" },
    { "7", 0, "7\n" },
    { "{\"b\":1,\"a\":\"\xc3\xa9/\xf0\x9f\x98\x80\"}", 0,
      "{\n    \"a\": \"\\u00e9/\\ud83d\\ude00\",\n    \"b\": 1\n}\n" },
    { "\"\\u0000\\n\\\"\"", 0, "\"\\u0000\\n\\\"\"\n" },
    { "{\"a\":1} x", -EBADMSG, NULL },
    { "{\"a\":1", -EBADMSG, NULL },
    { "<html>", -EBADMSG, NULL },
    { "", -EBADMSG, NULL },
    { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
      "]]]]]]]]",
      -EBADMSG, NULL },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      AUTO_ERROR struct error err = { 0 };
      AUTO_JSON struct json_object *value = NULL;
      int status = json_parse (cases[i].text, strlen (cases[i].text), "it",
                               &value, &err);

      tap_is_number (status, cases[i].status, "JSON is accepted or refused");
      if (status < 0)
        continue;
      AUTO_FREE char *printed = json_pretty (value);
      tap_is_string (printed, cases[i].printed, "and printed again");
    }
}

static void
test_json_members (void)
{
  static const char text[] =
      "{\"s\":\"x\",\"n\":5,\"z\":\"a\\u0000b\",\"o\":{}}";
  AUTO_ERROR struct error err = { 0 };
  AUTO_JSON struct json_object *value = NULL;

  if (json_parse (text, sizeof text - 1, "it", &value, &err) < 0)
    tap_bail (err.text);
  tap_is_string (json_string (value, "s"), "x", "a string member is found");
  tap_ok (json_string (value, "n") == NULL, "a number is not a string");
  tap_ok (json_string (value, "z") == NULL, "a NUL inside is refused");
  tap_is_number (json_integer (value, "n", -1), 5, "a number is found");
  tap_is_number (json_integer (value, "q", -1), -1, "or the default");
  tap_ok (json_member (value, "o", json_type_object) != NULL,
          "an object is found");
  tap_ok (json_member (NULL, "o", json_type_object) == NULL,
          "nothing is in nothing");
}

static void
test_files (int dir)
{
  AUTO_ERROR struct error err = { 0 };
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  tap_is_number (file_make_directories (dir, "a/b/c", 0700, &err), 0,
                 "directories are made with their parents");
  tap_is_number (file_make_directories (dir, "a/b/c", 0700, &err), 0,
                 "and making them again is fine");
  tap_is_number (file_replace (dir, "a/b/f", "x\0y", 3, 0640, &err), 0,
                 "a file is written");
  tap_is_number (file_read (dir, "a/b/f", &text, &size, &err), 0,
                 "and read back");
  tap_ok (size == 3 && memcmp (text, "x\0y", 4) == 0, "as it was");

  struct stat status;
  tap_ok (fstatat (dir, "a/b/f", &status, 0) == 0
              && (status.st_mode & 07777) == 0640,
          "with its mode");
  tap_is_number (file_make_directories (dir, "a/b/f", 0700, &err), -ENOTDIR,
                 "a file is no directory");
  tap_is_number (file_make_directories (dir, "a/b/f/g", 0700, &err), -ENOTDIR,
                 "nor is what lies below one");
  (void) fchmodat (dir, "a/b", 0500, 0);
  tap_is_number (file_make_directories (dir, "a/b/none/g", 0700, &err), -EACCES,
                 "where nothing may be made, that is the reason");
  (void) fchmodat (dir, "a/b", 0700, 0);
  tap_is_number (file_replace (dir, "none/f", "", 0, 0600, &err), -ENOENT,
                 "no directory, no file");
  tap_is_number (file_read (dir, "none", &text, NULL, &err), -ENOENT,
                 "what is missing is said");
  if (mkfifoat (dir, "fifo", 0600) < 0)
    tap_bail ("cannot make a FIFO");
  tap_is_number (file_read (dir, "fifo", &text, NULL, &err), -EINVAL,
                 "a FIFO is refused without waiting");
  tap_ok (symlinkat ("target", dir, "link") == 0, "a link is made");
  AUTO_FREE char *target = file_read_link (dir, "link");
  tap_is_string (target, "target", "and read");
}

static void
test_locks (int dir)
{
  AUTO_ERROR struct error err = { 0 };
  int first = lock_take (dir, "lock", "the test", false, &err);

  tap_ok (first >= 0, "a lock is taken");
  tap_is_number (lock_take (dir, "lock", "the test", false, &err), -EWOULDBLOCK,
                 "not twice");
  tap_is_string (err.text, "the test is in use by another process",
                 "and it says what is in use");
  close (first);

  AUTO_CLOSE int one = lock_share (dir, "lock", "the test", false, &err);
  AUTO_CLOSE int two = lock_share (dir, "lock", "the test", false, &err);
  tap_ok (one >= 0 && two >= 0, "several may share a lock");
  tap_is_number (lock_take (dir, "lock", "the test", false, &err), -EWOULDBLOCK,
                 "but not with an owner");
}

static void
test_hashes (void)
{
  /* The values that FNV-1a is published with.  */
  tap_ok (hash_text ("") == 0xcbf29ce484222325, "the hash of nothing");
  tap_ok (hash_text ("a") == 0xaf63dc4c8601ec8c, "of a letter");
  tap_ok (hash_text ("foobar") == 0x85944171f73967e8, "of a word");
}

static void
test_paths (void)
{
  static const struct
  {
    const char *path;
    enum path_parents parents;
    const char *normal;
  } cases[] = {
    { "//a/./b//", PATH_PARENTS_KEPT, "/a/b" },
    { "/a/../b/...", PATH_PARENTS_KEPT, "/a/../b/..." },
    { "/a/../b", PATH_PARENTS_REFUSED, NULL },
    { "/a/..b/b..", PATH_PARENTS_REFUSED, "/a/..b/b.." },
    { "/a/b/../../../c", PATH_PARENTS_TAKEN, "/c" },
    { "/a/..", PATH_PARENTS_TAKEN, "/" },
    { "/a/b/..", PATH_PARENTS_TAKEN, "/a" },
    { "/", PATH_PARENTS_REFUSED, "/" },
    { "a/b", PATH_PARENTS_KEPT, NULL },
    { "", PATH_PARENTS_TAKEN, NULL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      AUTO_FREE char *normal = path_normalize (cases[i].path, cases[i].parents);
      bool same = normal == NULL || cases[i].normal == NULL
                      ? normal == cases[i].normal
                      : strcmp (normal, cases[i].normal) == 0;
      tap_ok (same, "'%s' as a normal path", cases[i].path);
    }
}

int
main (void)
{
  char directory[] = "base.XXXXXX";

  test_errors ();
  test_buffers ();
  test_json_text ();
  test_json_members ();
  test_hashes ();
  test_paths ();

  const char *where = getenv ("TMPDIR");
  if (chdir (where != NULL ? where : "/tmp") < 0 || mkdtemp (directory) == NULL)
    tap_bail ("cannot make a temporary directory");
  AUTO_CLOSE int dir = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  test_files (dir);
  test_locks (dir);

  static const char *const made[] = { "lock",  "link", "fifo", "a/b/f",
                                      "a/b/c", "a/b",  "a" };
  for (size_t i = 0; i < sizeof made / sizeof *made; i++)
    unlinkat (dir, made[i], i < 4 ? 0 : AT_REMOVEDIR);
  tap_ok (rmdir (directory) == 0, "nothing else was left behind");
  return tap_done ();
}
