/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Names below /proc that say something else in the container: links to what
   a task runs or where it is, and files whose text is rewritten.  */

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"

const char *
guest_proc_below (const struct guest_view *view, uint32_t binding,
                  const char *path, size_t length)
{
  if (binding == GUEST_OUTSIDE)
    return NULL;

  const char *host = guest_view_host (view, binding);
  if (guest_text_equal (host, "/proc"))
    return path;
  if (guest_text_equal (host, "/")
      && guest_text_is_below (path, length, "proc", 4) && path[4] == '/')
    return path + 5;
  return NULL;
}

/* Return what follows the directory of a task in PROC, a path below /proc, and
   set TID; NULL when there is none.  */
static const char *
skip_task (const char *proc, int *tid)
{
  struct guest_component component;

  if (!guest_next_component (proc, &component) || component.last)
    return NULL;
  *tid = guest_text_number (component.name, component.length);
  if (*tid < 0)
    return NULL;

  const char *rest = component.end;
  if (guest_next_component (rest, &component) && !component.last
      && guest_text_is (component.name, component.length, "task")
      && guest_next_component (component.end, &component) && !component.last)
    {
      *tid = guest_text_number (component.name, component.length);
      rest = component.end;
    }
  return rest;
}

enum guest_proc_kind
guest_proc_classify (const char *proc, int *tid)
{
  struct guest_component component;

  if (guest_text_equal (proc, "self"))
    return GUEST_PROC_SELF;
  if (guest_text_equal (proc, "thread-self"))
    return GUEST_PROC_THREAD_SELF;
  const char *rest = skip_task (proc, tid);
  if (rest == NULL)
    return GUEST_PROC_PLAIN;
  if (guest_text_equal (rest, "exe"))
    return GUEST_PROC_EXE;
  if (guest_text_equal (rest, "cwd"))
    return GUEST_PROC_CWD;
  if (guest_text_equal (rest, "root"))
    return GUEST_PROC_ROOT;
  if (guest_next_component (rest, &component) && !component.last
      && (guest_text_is (component.name, component.length, "fd")
          || guest_text_is (component.name, component.length, "ns")
          || guest_text_is (component.name, component.length, "map_files"))
      && guest_next_component (component.end, &component) && component.last)
    return GUEST_PROC_MAGIC;
  return GUEST_PROC_PLAIN;
}

static bool
is_of_container (struct guest_task *task, int tid)
{
  return tid == task->tid || tid == task->pid
         || task->guest->ops->find_task (task->guest, tid) != NULL;
}

/* Return the number that the LENGTH hexadecimal digits at NAME begin with.  */
static uint64_t
read_address (const char *name, size_t length)
{
  uint64_t address = 0;
  for (size_t i = 0; i < length; i++)
    if (name[i] >= '0' && name[i] <= '9')
      address = address << 4 | (uint64_t) (name[i] - '0');
    else if (name[i] >= 'a' && name[i] <= 'f')
      address = address << 4 | (uint64_t) (name[i] - 'a' + 10);
    else
      break;
  return address;
}

bool
guest_proc_is_own_address (const struct guest *guest, const char *text,
                           size_t length)
{
  uint64_t address = read_address (text, length);
  return address >= guest->own.start && address < guest->own.end;
}

bool
guest_proc_is_own_name (const struct guest *guest, enum guest_proc_list list,
                        const char *name, size_t length)
{
  if (list == GUEST_PROC_LIST_MAPS)
    return guest_proc_is_own_address (guest, name, length);
  int fd = list == GUEST_PROC_LIST_FDS ? guest_text_number (name, length) : -1;
  return fd >= guest->own.first_fd && fd < guest->own.end_fd;
}

/* Return which list REST, what follows the directory of a task, is or begins
   with; COMPONENT gets it.  */
static enum guest_proc_list
find_list (const char *rest, struct guest_component *component)
{
  if (!guest_next_component (rest, component))
    return GUEST_PROC_LIST_OTHER;
  if (guest_text_is (component->name, component->length, "fd")
      || guest_text_is (component->name, component->length, "fdinfo"))
    return GUEST_PROC_LIST_FDS;
  return guest_text_is (component->name, component->length, "map_files")
             ? GUEST_PROC_LIST_MAPS
             : GUEST_PROC_LIST_OTHER;
}

enum guest_proc_list
guest_proc_list (struct guest_task *task, const char *proc)
{
  struct guest_component component;
  int tid;
  const char *rest = skip_task (proc, &tid);
  enum guest_proc_list list =
      rest == NULL ? GUEST_PROC_LIST_OTHER : find_list (rest, &component);

  return list != GUEST_PROC_LIST_OTHER && component.last
                 && is_of_container (task, tid)
             ? list
             : GUEST_PROC_LIST_OTHER;
}

bool
guest_proc_hides (struct guest_task *task, const char *proc)
{
  struct guest_component component;
  int tid;
  const char *rest =
      task->guest->own.end_fd > 0 ? skip_task (proc, &tid) : NULL;
  enum guest_proc_list list =
      rest == NULL ? GUEST_PROC_LIST_OTHER : find_list (rest, &component);

  return list != GUEST_PROC_LIST_OTHER
         && guest_next_component (component.end, &component)
         && guest_proc_is_own_name (task->guest, list, component.name,
                                    component.length)
         && is_of_container (task, tid);
}

int
guest_proc_mend (struct guest_task *task, const char *proc, char *target,
                 int length, size_t size)
{
  struct guest *guest = task->guest;
  char host[GUEST_PATH_SIZE];
  struct guest_text text;
  int tid = -1;
  enum guest_proc_kind kind = guest_proc_classify (proc, &tid);

  if (kind == GUEST_PROC_PLAIN)
    return length;
  guest_text_init (&text, host, sizeof host);
  if (kind == GUEST_PROC_SELF || kind == GUEST_PROC_THREAD_SELF)
    {
      guest_text_init (&text, target, size);
      guest_text_add_number (&text, task->pid);
      if (kind == GUEST_PROC_THREAD_SELF)
        {
          guest_text_add (&text, "/task/");
          guest_text_add_number (&text, task->tid);
        }
      return (int) text.length;
    }

  struct guest_task *other = tid == task->tid || tid == task->pid
                                 ? task
                                 : guest->ops->find_task (guest, tid);
  int mended = -K_ENOENT;
  if (kind == GUEST_PROC_EXE && other != NULL)
    {
      int whole = guest->ops->executable (other, host, sizeof host);
      if (whole > 0)
        mended = guest_take_off_root (task, host, (size_t) whole, target, size);
    }
  else if (kind == GUEST_PROC_ROOT && other != NULL)
    {
      const struct guest_fs *fs = other->fs;
      mended = guest_take_off_root (task, fs->root_length > 0 ? fs->root : "/",
                                    fs->root_length > 0 ? fs->root_length : 1,
                                    target, size);
    }
  else if (target[0] == '/')
    {
      /* Of several places the current directory is the one gone to.  */
      if (kind == GUEST_PROC_CWD && other != NULL
          && guest_current (other, host, sizeof host) > 0)
        {
          guest_text_init (&text, target, size);
          guest_text_add (&text, host);
          return (int) text.length;
        }
      guest_text_add_bytes (&text, target, (size_t) length);
      mended = guest_reverse (task, host, text.length, target, size);
      if (mended < 0)
        {
          guest_text_init (&text, target, size);
          guest_text_add (&text, host);
        }
    }
  return mended < 0 ? length : mended;
}

bool
guest_proc_may_mend (const char *target)
{
  return target[0] == '/' || (target[0] >= '0' && target[0] <= '9');
}

bool
guest_proc_is_rewritten (const char *path, size_t length)
{
  /* Not pointers: these would have to be relocated.  */
  static const char names[][12] = { "maps",     "smaps",      "numa_maps",
                                    "status",   "mounts",     "mountinfo",
                                    "hostname", "domainname", "osrelease",
                                    "version" };
  size_t start = length;

  while (start > 0 && path[start - 1] != '/')
    start--;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (guest_text_equal (path + start, names[i]))
      return true;
  return false;
}
