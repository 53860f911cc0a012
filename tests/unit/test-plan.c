/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Test the run plan as bytes: what is written is read back, and nothing else
   is believed.  */

#include "lib/plan/plan-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "tests/unit/tap.h"

/* Write a plan with a record of every shape into WRITER and open it.  */
static int
write_sample (struct plan_writer *writer, struct plan *plan)
{
  const struct plan_binding binding = { "/host/dir", "/guest/dir",
                                        PLAN_BINDING_READ_ONLY };
  const struct plan_file file = { "/etc/passwd", "root:\0x\n", 8, 0644 };
  const struct plan_limit limit = { 7, 1024, UINT64_MAX };
  const struct plan_port port = { 8080, 80 };

  plan_writer_init (writer);
  plan_write_text (writer, PLAN_MODE, "P1");
  plan_write_text (writer, PLAN_ROOT, "/srv/root");
  plan_write_text (writer, PLAN_ARGUMENT, "echo");
  plan_write_text (writer, PLAN_ARGUMENT, "");
  plan_write_text (writer, PLAN_ARGUMENT, "a\nb'\\\033");
  plan_write_number (writer, PLAN_UID, 4294967294u);
  plan_write_number (writer, PLAN_GROUP, 5);
  plan_write_number (writer, PLAN_GROUP, 6);
  plan_write_binding (writer, &binding);
  plan_write_file (writer, &file);
  plan_write_limit (writer, &limit);
  plan_write_port (writer, &port);
  return plan_writer_finish (writer, plan);
}

static void
test_round_trip (void)
{
  struct plan_writer writer;
  struct plan plan;
  tap_is_number (write_sample (&writer, &plan), 0, "a plan opens");
  tap_is_string (plan_text (&plan, PLAN_ROOT, NULL), "/srv/root",
                 "a path is read");
  tap_is_string (plan_text (&plan, PLAN_KERNEL, "none"), "none",
                 "a text that is missing has its default");
  tap_is_number ((long long) plan_number (&plan, PLAN_UID, 0), 4294967294,
                 "a number is read");
  tap_is_number ((long long) plan_number (&plan, PLAN_GID, 17), 17,
                 "a number that is missing has its default");
  tap_is_number ((long long) plan_count (&plan, PLAN_ARGUMENT), 3,
                 "arguments are counted");

  struct plan_record record;
  size_t position = 0;
  const char *const arguments[] = { "echo", "", "a\nb'\\\033" };
  for (size_t i = 0; i < 3; i++)
    {
      bool found = plan_next_tag (&plan, PLAN_ARGUMENT, &position, &record);
      tap_ok (found && strcmp (record.text, arguments[i]) == 0,
              "argument %zu comes in order", i);
    }
  tap_ok (!plan_next_tag (&plan, PLAN_ARGUMENT, &position, &record),
          "and then no more");

  position = 0;
  tap_ok (plan_next_tag (&plan, PLAN_BINDING, &position, &record),
          "there is a binding");
  struct plan_binding binding = plan_record_binding (&record);
  tap_is_string (binding.host, "/host/dir", "binding's host path");
  tap_is_string (binding.guest, "/guest/dir", "binding's guest path");
  tap_is_number (binding.flags, PLAN_BINDING_READ_ONLY, "binding's flags");

  position = 0;
  tap_ok (plan_next_tag (&plan, PLAN_FILE, &position, &record),
          "there is a file");
  struct plan_file file = plan_record_file (&record);
  tap_is_string (file.guest, "/etc/passwd", "file's path");
  tap_ok (file.size == 8 && memcmp (file.content, "root:\0x\n", 8) == 0,
          "file's content, a NUL in it included");
  tap_is_number (file.mode, 0644, "file's mode");

  position = 0;
  tap_ok (plan_next_tag (&plan, PLAN_LIMIT, &position, &record),
          "there is a limit");
  struct plan_limit limit = plan_record_limit (&record);
  tap_ok (limit.resource == 7 && limit.soft == 1024 && limit.hard == UINT64_MAX,
          "limit's numbers");
  position = 0;
  tap_ok (plan_next_tag (&plan, PLAN_PORT, &position, &record),
          "there is a port");
  struct plan_port port = plan_record_port (&record);
  tap_ok (port.host == 8080 && port.guest == 80, "port's numbers");
  plan_writer_release (&writer);
}

static void
test_send (void)
{
  struct plan_writer writer;
  struct plan plan;
  (void) write_sample (&writer, &plan);
  int fd = plan_send (&plan);
  tap_ok (fd >= 0, "a plan is sent");
  tap_ok ((fcntl (fd, F_GETFD) & FD_CLOEXEC) != 0,
          "its descriptor is not inherited by accident");

  struct plan received;
  tap_is_number (plan_receive (fd, &received), 0, "it is received");
  tap_ok (received.size == plan.size
              && memcmp (received.bytes, plan.bytes, plan.size) == 0,
          "byte for byte");
  plan_receive_release (&received);
  tap_ok (write (fd, "x", 1) < 0, "nobody can change it meanwhile");
  (void) close (fd);
  tap_is_number (plan_receive (fd, &received), -EBADF,
                 "a closed descriptor is told");
  plan_writer_release (&writer);
}

static void
test_print (void)
{
  struct plan_writer writer;
  struct plan plan;
  (void) write_sample (&writer, &plan);
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream (&text, &size);
  if (stream == NULL)
    tap_bail ("open_memstream");
  plan_print (&plan, stream);
  fclose (stream);
  tap_is_string (text,
                 "mode: 'P1'\n"
                 "root: '/srv/root'\n"
                 "argument: 'echo'\n"
                 "argument: ''\n"
                 "argument: 'a\\nb\\'\\\\\\033'\n"
                 "uid: 4294967294\n"
                 "group: 5\n"
                 "group: 6\n"
                 "binding: '/host/dir' at '/guest/dir' read-only\n"
                 "file: '/etc/passwd' mode 0644, 8 bytes 'root:\\000x\\n'\n"
                 "limit: 7 soft 1024 hard 18446744073709551615\n"
                 "port: 8080 to 80\n",
                 "a plan is printed, control characters escaped");
  free (text);
  plan_writer_release (&writer);
}

/* Return what opening a plan of root, mode, argument and one more record of
   TAG with the SIZE bytes at CONTENT gives.  */
static int
open_with_record (uint32_t tag, const void *content, uint32_t size)
{
  static uint64_t space[512];
  struct plan_writer writer;
  struct plan plan;
  plan_writer_init (&writer);
  plan_write_text (&writer, PLAN_MODE, "P1");
  plan_write_text (&writer, PLAN_ROOT, "/");
  plan_write_text (&writer, PLAN_ARGUMENT, "x");
  (void) plan_writer_finish (&writer, &plan);

  unsigned char *bytes = (unsigned char *) space;
  size_t start = plan.size;
  size_t whole = start + (8 + (size_t) size + 1 + 7) / 8 * 8;
  memset (space, 0, sizeof space);
  memcpy (bytes, plan.bytes, start);
  memcpy (bytes + start, &tag, 4);
  memcpy (bytes + start + 4, &size, 4);
  if (size > 0)
    memcpy (bytes + start + 8, content, size);
  uint32_t total = (uint32_t) whole;
  memcpy (bytes + 12, &total, 4);
  plan_writer_release (&writer);
  return plan_open (&plan, bytes, whole);
}

static void
test_shapes (void)
{
#define RECORD(text) text, sizeof text - 1
  static const struct
  {
    const char *what;
    uint32_t tag;
    const char *content;
    uint32_t size;
    int status;
  } cases[] = {
    { "an unknown tag", 63, RECORD ("x"), -EPROTO },
    { "a huge tag", 0xffffffffu, RECORD ("x"), -EPROTO },
    { "tag zero", 0, RECORD ("x"), -EPROTO },
    { "a text", PLAN_KERNEL, RECORD ("6.1"), 0 },
    { "an empty text", PLAN_KERNEL, RECORD (""), 0 },
    { "a NUL in a text", PLAN_KERNEL, RECORD ("6\0001"), -EINVAL },
    { "a second of what occurs once", PLAN_ROOT, RECORD ("/"), -EINVAL },
    { "a path", PLAN_DIRECTORY, RECORD ("/a"), 0 },
    { "a relative path", PLAN_DIRECTORY, RECORD ("a"), -EINVAL },
    { "an empty path", PLAN_DIRECTORY, RECORD (""), -EINVAL },
    { "a number of four bytes", PLAN_UID, RECORD ("1234"), -EINVAL },
    { "a number of nine", PLAN_UID, RECORD ("123456789"), -EINVAL },
    { "a binding", PLAN_BINDING, RECORD ("\0\0\0\0\0\0\0\0/a\0/b"), 0 },
    { "a binding with an unknown flag", PLAN_BINDING,
      RECORD ("\0\0\0\1\0\0\0\0/a\0/b"), -EPROTO },
    { "a binding without guest path", PLAN_BINDING,
      RECORD ("\0\0\0\0\0\0\0\0/a"), -EINVAL },
    { "a binding at the root", PLAN_BINDING, RECORD ("\0\0\0\0\0\0\0\0/a\0/"),
      -EINVAL },
    { "a binding with a slash at the end", PLAN_BINDING,
      RECORD ("\0\0\0\0\0\0\0\0/a\0/b/"), -EINVAL },
    { "a binding with relative paths", PLAN_BINDING,
      RECORD ("\0\0\0\0\0\0\0\0a\0b"), -EINVAL },
    { "a binding that is cut short", PLAN_BINDING, RECORD ("\0\0\0"), -EINVAL },
    { "a file without content", PLAN_FILE, RECORD ("\0\0\0\0\2\0\0\0/a\0"), 0 },
    { "a file whose path ends outside", PLAN_FILE,
      RECORD ("\0\0\0\0\3\0\0\0/a\0"), -EINVAL },
    { "a file whose path has no end", PLAN_FILE,
      RECORD ("\0\0\0\0\2\0\0\0/abc"), -EINVAL },
    { "a file with a path of 4 GiB", PLAN_FILE,
      RECORD ("\0\0\0\0\xff\xff\xff\xff/abc"), -EINVAL },
    { "a file with an odd mode", PLAN_FILE, RECORD ("\0\0\1\0\2\0\0\0/a\0"),
      -EPROTO },
    { "a limit cut short", PLAN_LIMIT, RECORD ("\0\0\0\0"), -EINVAL },
    { "port zero", PLAN_PORT, RECORD ("\0\0\0\0\1\0\0\0"), -EINVAL },
    { "port 65536", PLAN_PORT, RECORD ("\1\0\0\0\0\0\1\0"), -EINVAL },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    tap_is_number (
        open_with_record (cases[i].tag, cases[i].content, cases[i].size),
        cases[i].status, cases[i].what);
}

/* Whatever byte of a plan is changed and wherever it is cut, opening it never
   leads astray: what opens can be walked through and printed.  */
static void
test_damage (void)
{
  struct plan_writer writer;
  struct plan plan;
  (void) write_sample (&writer, &plan);
  uint64_t *copy = malloc (plan.size + 8);
  FILE *sink = fopen ("/dev/null", "w");
  if (copy == NULL || sink == NULL)
    tap_bail ("no memory or no /dev/null");

  size_t opened = 0;
  size_t tried = 0;
  for (size_t i = 0; i < plan.size; i++)
    for (unsigned value = 0; value < 256; value += 5)
      {
        struct plan damaged;
        memcpy (copy, plan.bytes, plan.size);
        ((unsigned char *) copy)[i] = (unsigned char) value;
        tried++;
        if (plan_open (&damaged, copy, plan.size) == 0)
          {
            opened++;
            plan_print (&damaged, sink);
          }
      }
  tap_ok (opened < tried, "%zu damaged plans: %zu refused", tried,
          tried - opened);

  size_t good = 0;
  for (size_t size = 0; size < plan.size; size++)
    {
      struct plan cut;
      uint32_t claimed = (uint32_t) size;
      memcpy (copy, plan.bytes, plan.size);
      good += plan_open (&cut, copy, size) == 0;
      if (size >= PLAN_HEADER_SIZE)
        memcpy ((unsigned char *) copy + 12, &claimed, 4);
      if (plan_open (&cut, copy, size) == 0)
        plan_print (&cut, sink);
    }
  tap_is_number ((long long) good, 0, "every plan cut short is refused");
  free (copy);
  fclose (sink);
  plan_writer_release (&writer);
}

static void
test_writer (void)
{
  struct plan_writer writer;
  struct plan plan;

  plan_writer_init (&writer);
  tap_is_number (plan_writer_finish (&writer, &plan), -EINVAL,
                 "an empty plan is none");
  plan_writer_release (&writer);

  plan_writer_init (&writer);
  plan_write_text (&writer, PLAN_ROOT, "/");
  tap_is_number (plan_writer_finish (&writer, &plan), -EINVAL,
                 "a plan must say what to run");
  plan_writer_release (&writer);

  plan_writer_init (&writer);
  plan_write_number (&writer, PLAN_ROOT, 1);
  plan_write_text (&writer, PLAN_ROOT, "/");
  tap_is_number (plan_writer_finish (&writer, &plan), -EINVAL,
                 "a record of the wrong shape makes the writer fail");
  plan_writer_release (&writer);
}

int
main (void)
{
  test_round_trip ();
  test_send ();
  test_print ();
  test_shapes ();
  test_damage ();
  test_writer ();
  return tap_done ();
}
