/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker ps --running: list what runs.  */

#include <config.h>

#include "src/cmd/ps-running.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/cmd/format.h"
#include "src/container/container.h"
#include "src/container/running.h"
#include "src/container/runs.h"
#include "xvasprintf.h"

/* Return the name of the user that RUN shows, which the caller frees.  */
static char *
user_of (const struct running *run)
{
  struct plan_record record;
  for (size_t at = 0;
       plan_next_tag (&run->plan, PLAN_ENVIRONMENT, &at, &record);)
    if (strncmp (record.text, "USER=", 5) == 0 && record.text[5] != '\0')
      return xasprintf ("%s", record.text + 5);
  return xasprintf ("%u", (unsigned) plan_number (&run->plan, PLAN_UID, 0));
}

/* Make '?' of what a terminal would not show as it is: images and others who
   share a repository choose names.  */
static char *
make_plain (char *text)
{
  for (char *c = text; c != NULL && *c != '\0'; c++)
    if ((unsigned char) *c < ' ' || *c == 0x7f)
      *c = '?';
  return text;
}

/* Add to TEXT the words of RUN's program with blanks between them.  */
static void
add_command (struct buffer *text, const struct running *run)
{
  struct plan_record record;
  for (size_t at = 0; plan_next_tag (&run->plan, PLAN_ARGUMENT, &at, &record);)
    {
      if (text->length > 0)
        buffer_add_char (text, ' ');
      buffer_add_string (text, record.text);
    }
}

/* Put when RUN was started, in the form of ISO 8601, into the SIZE bytes at
   TEXT.  */
static void
write_time (const struct running *run, char *text, size_t size)
{
  time_t started = run_member_time (&run->members[0]);
  struct tm when;
  if (localtime_r (&started, &when) == NULL
      || strftime (text, size, "%Y-%m-%dT%H:%M:%S%z", &when) == 0)
    text[0] = '\0';
}

static void
print_run (const struct running *run)
{
  char since[64];
  AUTO_BUFFER (command);
  AUTO_FREE char *user = user_of (run);
  add_command (&command, run);
  write_time (run, since, sizeof since);
  printf ("%-36.36s %7d %-8s %-24s %s\n", run->container,
          (int) run->members[0].pid, make_plain (user), since,
          command.length > 0 ? make_plain (command.data) : "");
}

/* Add RUN to LIST as an object.  */
static void
add_run (struct json_object *list, const struct running *run)
{
  char since[64];
  struct plan_record record;
  struct json_object *item = json_object_new_object ();
  struct json_object *command = json_object_new_array ();
  struct json_object *processes = json_object_new_array ();
  AUTO_FREE char *user = user_of (run);
  write_time (run, since, sizeof since);
  for (size_t at = 0; plan_next_tag (&run->plan, PLAN_ARGUMENT, &at, &record);)
    json_object_array_add (command, json_object_new_string (record.text));
  for (size_t i = 0; i < run->member_count; i++)
    json_object_array_add (processes,
                           json_object_new_int (run->members[i].pid));
  format_add_text (item, "id", run->container);
  format_add_number (item, "pid", run->members[0].pid);
  format_add_text (item, "user", user);
  format_add_text (item, "since", since);
  format_add_text (item, "mode", plan_text (&run->plan, PLAN_MODE, ""));
  json_object_object_add (item, "command", command);
  json_object_object_add (item, "processes", processes);
  json_object_array_add (list, item);
}

/* Show that the container ID of STORE runs on another machine, if it does, in
   LIST or, if that is NULL, on stdout.  */
static void
show_elsewhere (struct store *store, const char *id, struct json_object *list)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct container *container = NULL;
  if (container_open (store, id, CONTAINER_BY_NAME, &container, &ignored) < 0)
    return;
  AUTO_FREE char *machine = container_machine (container);
  container_close (container);
  if (machine == NULL)
    return;
  if (list == NULL)
    {
      printf ("%-36.36s %7s %-8s %-24s (on %s)\n", id, "-", "-", "-",
              make_plain (machine));
      return;
    }
  struct json_object *item = json_object_new_object ();
  format_add_text (item, "id", id);
  format_add_text (item, "machine", machine);
  json_object_array_add (list, item);
}

int
ps_running (struct store *store, bool is_json, struct error *err)
{
  AUTO_JSON struct json_object *list =
      is_json ? json_object_new_array () : NULL;
  struct container_entry *entries = NULL;
  size_t count = 0;
  struct runs runs;
  int status = container_list (store, &entries, &count, err);
  if (status < 0 || !log_says (LOG_RESULT))
    {
      container_entries_free (entries, count);
      return status;
    }
  runs_find (store, NULL, &runs);
  if (!is_json)
    printf ("%-36.36s %7s %-8s %-24s %s\n", "CONTAINER ID", "PID", "USER",
            "SINCE", "COMMAND");
  for (size_t i = 0; i < count; i++)
    {
      for (size_t j = 0; j < runs.count; j++)
        if (strcmp (runs.list[j].container, entries[i].id) == 0)
          {
            if (is_json)
              add_run (list, &runs.list[j]);
            else
              print_run (&runs.list[j]);
          }
      show_elsewhere (store, entries[i].id, list);
    }
  if (is_json)
    format_print (list);
  runs_release (&runs);
  container_entries_free (entries, count);
  return 0;
}
