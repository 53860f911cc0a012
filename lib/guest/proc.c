/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Files of /proc whose text tells of the host what the container sees
   otherwise: maps and its relatives (paths), status (ids, capabilities,
   the tracer), mounts and mountinfo (bindings), the machine's names.

   When one is opened to be read, the real text is rewritten line by line into
   a file in memory, and that is opened in its place: the task gets a picture
   of the moment, with offsets, poll and mmap as of any file.  What cannot be
   done so (no memory files, a task that may not look into the engine) is left
   as it is.  */

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"

enum file_kind
{
  FILE_PLAIN,
  FILE_MAPS,   /* maps, smaps, numa_maps: paths */
  FILE_STATUS, /* status: ids and more */
  FILE_MOUNTS, /* mounts: what is where */
  FILE_MOUNTINFO,
  FILE_VERSION, /* version: the release */
  FILE_NODE,    /* sys/kernel/hostname */
  FILE_DOMAIN,  /* sys/kernel/domainname */
  FILE_RELEASE  /* sys/kernel/osrelease */
};

/* A file being rewritten.  */
struct rewrite
{
  struct guest_task *task;
  struct guest_task *subject;   /* whose file it is */
  struct guest_signals signals; /* of SUBJECT, for its status */
  enum file_kind kind;
  bool hides; /* what is told of the engine's memory */
  int from, to;
  struct guest_text out;
  char out_bytes[GUEST_PATH_SIZE];

  /* For mounts: the binding, the deepest mount it lies in and its line, how
     many mounts inside bindings were written.  */
  uint32_t binding;
  uint32_t inner;
  size_t depth;
  size_t best_length;
  char best[GUEST_PATH_SIZE];
};

static bool
ends_with (const char *text, size_t length, const char *end)
{
  size_t tail = guest_text_length (end, 64);
  return length >= tail && guest_text_equal (text + length - tail, end);
}

/* Tell what the file PATH (of LENGTH bytes) below /proc is; TID gets the task
   that it is about, or -1.  */
static enum file_kind
classify (const char *path, size_t length, int *tid)
{
  size_t digits = 0;
  size_t slash = length;

  *tid = -1;
  if (guest_text_equal (path, "version"))
    return FILE_VERSION;
  if (guest_text_equal (path, "sys/kernel/hostname"))
    return FILE_NODE;
  if (guest_text_equal (path, "sys/kernel/domainname"))
    return FILE_DOMAIN;
  if (guest_text_equal (path, "sys/kernel/osrelease"))
    return FILE_RELEASE;

  while (path[digits] >= '0' && path[digits] <= '9')
    digits++;
  while (slash > 0 && path[slash - 1] != '/')
    slash--;
  if (digits == 0 || path[digits] != '/' || slash == 0)
    return FILE_PLAIN;
  *tid = guest_text_number (path, digits);
  if (slash - 1 > digits)
    {
      /* Only PID/task/TID/NAME is deeper.  */
      size_t start = digits + 6;
      if (slash < start + 2 || !guest_text_is (path + digits, 6, "/task/"))
        return FILE_PLAIN;
      *tid = guest_text_number (path + start, slash - 1 - start);
      if (*tid < 0)
        return FILE_PLAIN;
    }
  if (guest_text_equal (path + slash, "status"))
    return FILE_STATUS;
  if (guest_text_equal (path + slash, "maps")
      || guest_text_equal (path + slash, "smaps")
      || guest_text_equal (path + slash, "numa_maps"))
    return FILE_MAPS;
  if (guest_text_equal (path + slash, "mounts"))
    return FILE_MOUNTS;
  if (guest_text_equal (path + slash, "mountinfo"))
    return FILE_MOUNTINFO;
  return FILE_PLAIN;
}

/* Write out what has gathered.  */
static int
flush (struct rewrite *rewrite)
{
  struct guest *guest = rewrite->task->guest;
  size_t done = 0;

  while (done < rewrite->out.length)
    {
      int64_t count = host_call (guest, K_NR_write, host_fd (rewrite->to),
                                 host_pointer (rewrite->out.bytes + done),
                                 rewrite->out.length - done, 0);
      if (count <= 0)
        return count < 0 ? (int) count : -K_ENOSPC;
      done += (size_t) count;
    }
  guest_text_cut (&rewrite->out, 0);
  return 0;
}

/* Append the LENGTH bytes at BYTES to what is written.  */
static int
put (struct rewrite *rewrite, const char *bytes, size_t length)
{
  while (length > 0)
    {
      size_t room = rewrite->out.size - rewrite->out.length - 1;
      size_t count = length < room ? length : room;
      guest_text_add_bytes (&rewrite->out, bytes, count);
      bytes += count;
      length -= count;
      if (length > 0)
        {
          int status = flush (rewrite);
          if (status < 0)
            return status;
        }
    }
  return 0;
}

static int
put_number (struct rewrite *rewrite, uint64_t number)
{
  char digits[24];
  struct guest_text text;
  guest_text_init (&text, digits, sizeof digits);
  guest_text_add_number (&text, (int64_t) number);
  return put (rewrite, digits, text.length);
}

/* Return whether LINE of maps begins what is told of a mapping.  */
static bool
is_header (const char *line, size_t length)
{
  return length > 0
         && ((line[0] >= '0' && line[0] <= '9')
             || (line[0] >= 'a' && line[0] <= 'f'));
}

/* Rewrite a line of maps, which begins what is told of a mapping or goes on:
   its path, if it has one.  */
static int
rewrite_maps (struct rewrite *rewrite, const char *line, size_t length)
{
  static const char deleted[] = " (deleted)";
  char path[GUEST_PATH_SIZE];
  size_t start = 0;
  size_t end = length;

  while (start < length && line[start] != '/')
    start++;
  if (start == length || !is_header (line, length))
    return put (rewrite, line, length);
  if (ends_with (line, length, deleted))
    end -= sizeof deleted - 1;
  for (size_t i = start; start > 5 && i < end; i++)
    if (line[i] == ' ' && guest_text_is (line + start - 5, 5, "file="))
      end = i; /* numa_maps goes on behind it */

  int seen = guest_reverse (rewrite->task, line + start, end - start, path,
                            sizeof path);
  if (seen < 0)
    return put (rewrite, line, length);
  int status = put (rewrite, line, start);
  if (status == 0)
    status = put (rewrite, path, (size_t) seen);
  return status < 0 ? status : put (rewrite, line + end, length - end);
}

/* Write LABEL and the COUNT NUMBERS, each behind a tab.  */
static int
put_numbers (struct rewrite *rewrite, const char *label,
             const uint32_t *numbers, uint32_t count, char separator)
{
  int status = put (rewrite, label, guest_text_length (label, 64));
  if (status == 0)
    status = put (rewrite, "\t", 1);
  for (uint32_t i = 0; status == 0 && i < count; i++)
    {
      status = put_number (rewrite, numbers[i]);
      if (status == 0 && (separator == ' ' || i + 1 < count))
        status = put (rewrite, &separator, 1);
    }
  return status;
}

static int
put_set (struct rewrite *rewrite, const char *label, uint64_t set)
{
  char digits[17];
  for (int i = 0; i < 16; i++)
    digits[i] = "0123456789abcdef"[set >> (60 - 4 * i) & 15];
  int status = put (rewrite, label, guest_text_length (label, 64));
  if (status == 0)
    status = put (rewrite, "\t", 1);
  return status < 0 ? status : put (rewrite, digits, 16);
}

/* Return the set that the LENGTH digits at TEXT say.  */
static uint64_t
read_set (const char *text, size_t length)
{
  uint64_t set = 0;
  for (size_t i = 0; i < length; i++)
    {
      unsigned int digit = text[i] >= 'a' ? (unsigned int) (text[i] - 'a') + 10
                                          : (unsigned int) (text[i] - '0');
      if (digit < 16) /* or the tab in front */
        set = set << 4 | digit;
    }
  return set;
}

/* If the LINE of status, whose LABEL bytes are its name, has a set of signals,
   write it with what the engine knows of them.  Return 1 then, 0 if not, or a
   negative errno.  */
static int
rewrite_signals (struct rewrite *rewrite, const char *line, size_t label,
                 size_t length)
{
  const struct guest_signals *signals = &rewrite->signals;
  const struct
  {
    char label[8], text[8];
    uint64_t set;
  } sets[] = { { "SigPnd", "SigPnd:", signals->pending },
               { "ShdPnd", "ShdPnd:", signals->shared },
               { "SigBlk", "SigBlk:", signals->blocked },
               { "SigIgn", "SigIgn:", signals->ignored },
               { "SigCgt", "SigCgt:", signals->caught } };

  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
    if (signals->known != 0 && guest_text_is (line, label, sets[i].label))
      {
        uint64_t set = read_set (line + label + 1, length - label - 1);
        int status =
            put_set (rewrite, sets[i].text,
                     (set & ~signals->known) | (sets[i].set & signals->known));
        return status < 0 ? status : 1;
      }
  return 0;
}

/* Rewrite a line of status.  */
static int
rewrite_status (struct rewrite *rewrite, const char *line, size_t length)
{
  const struct guest_ids *ids = &rewrite->subject->ids;
  const struct guest *guest = rewrite->task->guest;
  uint32_t zero = 0;
  uint32_t privileges = ids->no_new_privileges;
  uint32_t filters = ids->filters;
  uint32_t mode = filters > 0 ? 2 : 0;
  uint32_t uids[4] = { ids->uid, ids->euid, ids->suid, ids->fsuid };
  uint32_t gids[4] = { ids->gid, ids->egid, ids->sgid, ids->fsgid };
  size_t label = 0;

  while (label < length && line[label] != ':')
    label++;
  int written = rewrite_signals (rewrite, line, label, length);
  if (written != 0)
    return written < 0 ? written : 0;
  if (!guest->inside && guest_text_is (line, label, "TracerPid"))
    return put_numbers (rewrite, "TracerPid:", &zero, 1, '\t');
  if (!guest->inside && guest_text_is (line, label, "State")
      && length > label + 2 && line[label + 2] == 't')
    return put (rewrite, "State:\tR (running)", 18); /* by our stop */
  if (guest_text_is (line, label, "NoNewPrivs"))
    return put_numbers (rewrite, "NoNewPrivs:", &privileges, 1, '\t');
  if (guest_text_is (line, label, "Seccomp"))
    return put_numbers (rewrite, "Seccomp:", &mode, 1, '\t');
  if (guest_text_is (line, label, "Seccomp_filters"))
    return put_numbers (rewrite, "Seccomp_filters:", &filters, 1, '\t');
  if (!guest->identity.emulated)
    return put (rewrite, line, length);
  if (guest_text_is (line, label, "Uid"))
    return put_numbers (rewrite, "Uid:", uids, 4, '\t');
  if (guest_text_is (line, label, "Gid"))
    return put_numbers (rewrite, "Gid:", gids, 4, '\t');
  if (guest_text_is (line, label, "Groups"))
    return put_numbers (rewrite, "Groups:", ids->group, ids->group_count, ' ');
  if (guest_text_is (line, label, "CapInh"))
    return put_set (rewrite, "CapInh:", ids->inheritable);
  if (guest_text_is (line, label, "CapPrm"))
    return put_set (rewrite, "CapPrm:", ids->permitted);
  if (guest_text_is (line, label, "CapEff"))
    return put_set (rewrite, "CapEff:", ids->effective);
  if (guest_text_is (line, label, "CapBnd"))
    return put_set (rewrite, "CapBnd:", ids->bounding);
  if (guest_text_is (line, label, "CapAmb"))
    return put_set (rewrite, "CapAmb:", ids->ambient);
  return put (rewrite, line, length);
}

/* Rewrite the line of version: "Linux version RELEASE ...".  */
static int
rewrite_version (struct rewrite *rewrite, const char *line, size_t length)
{
  const char *release = rewrite->task->guest->names->release;
  size_t start = 0;

  for (int i = 0; i < 2; i++)
    {
      while (start < length && line[start] != ' ')
        start++;
      start += start < length;
    }
  size_t end = start;
  while (end < length && line[end] != ' ')
    end++;
  int status = put (rewrite, line, start);
  if (status == 0)
    status = put (rewrite, release, guest_text_length (release, 65));
  return status < 0 ? status : put (rewrite, line + end, length - end);
}

/* Rewrite one line of maps, status or version; WHOLE: it ends with a newline.
 */
static int
rewrite_line (struct rewrite *rewrite, const char *line, size_t length,
              bool whole)
{
  if (rewrite->kind == FILE_MAPS && is_header (line, length))
    rewrite->hides =
        guest_proc_is_own_address (rewrite->task->guest, line, length);
  if (rewrite->hides)
    return 0;
  int status = rewrite->kind == FILE_MAPS ? rewrite_maps (rewrite, line, length)
               : rewrite->kind == FILE_VERSION
                   ? rewrite_version (rewrite, line, length)
                   : rewrite_status (rewrite, line, length);
  return status == 0 && whole ? put (rewrite, "\n", 1) : status;
}

/* Give each line of the file to VISIT.  */
static int
each_line (struct rewrite *rewrite,
           int (*visit) (struct rewrite *, const char *line, size_t length,
                         bool whole))
{
  struct guest *guest = rewrite->task->guest;
  char buffer[2 * GUEST_PATH_SIZE];
  size_t length = 0;
  bool at_end = false;

  while (!at_end || length > 0)
    {
      size_t used = 0;
      int64_t count = 0;
      if (!at_end)
        count = host_call (guest, K_NR_read, host_fd (rewrite->from),
                           host_pointer (buffer + length),
                           sizeof buffer - 1 - length, 0);
      if (count < 0)
        return (int) count;
      at_end = at_end || count == 0;
      length += (size_t) count;
      buffer[length] = '\0';
      for (;;)
        {
          size_t end = used;
          while (end < length && buffer[end] != '\n')
            end++;
          if (end == used && end == length)
            break;
          if (end == length && !at_end && used > 0)
            break; /* the rest of the line is still to be read */
          bool whole = end < length;
          buffer[end] = '\0';
          int status = visit (rewrite, buffer + used, end - used, whole);
          if (status < 0)
            return status;
          used = whole ? end + 1 : end;
        }
      for (size_t i = used; i < length; i++)
        buffer[i - used] = buffer[i];
      length -= used;
    }
  return 0;
}

/* The fields of a line of mountinfo that matter.  */
enum
{
  MOUNT_DEVICE,
  MOUNT_ROOT,
  MOUNT_POINT,
  MOUNT_OPTIONS,
  MOUNT_TYPE,
  MOUNT_SOURCE,
  MOUNT_SUPER,
  MOUNT_FIELDS
};

struct mount
{
  const char *field[MOUNT_FIELDS];
  size_t length[MOUNT_FIELDS];
};

/* Take the LINE of LENGTH bytes apart.  Return whether it is sound.  */
static bool
parse_mount (const char *line, size_t length, struct mount *mount)
{
  size_t at = 0;
  int number = -2; /* id and parent come first */
  bool is_behind = false;

  while (at < length && number < MOUNT_FIELDS)
    {
      size_t start = at;
      while (at < length && line[at] != ' ')
        at++;
      if (number == MOUNT_TYPE && !is_behind)
        is_behind = at - start == 1 && line[start] == '-';
      else
        {
          if (number >= 0)
            {
              mount->field[number] = line + start;
              mount->length[number] = at - start;
            }
          number++;
        }
      at++;
    }
  return number == MOUNT_FIELDS;
}

/* Write a line for MOUNT, which the container sees at GUEST; BELOW, of
   BELOW_LENGTH bytes, is how far below the mount that is.  */
static int
put_mount (struct rewrite *rewrite, const struct mount *mount, uint32_t id,
           uint32_t parent, const char *guest, const char *below,
           size_t below_length, bool read_only)
{
  char line[3 * GUEST_PATH_SIZE];
  struct guest_text text;
  size_t skip = read_only && mount->length[MOUNT_OPTIONS] >= 2 ? 2 : 0;
  bool is_info = rewrite->kind == FILE_MOUNTINFO;

  guest_text_init (&text, line, sizeof line);
  if (is_info)
    {
      guest_text_add_number (&text, id);
      guest_text_add_char (&text, ' ');
      guest_text_add_number (&text, parent);
      guest_text_add_char (&text, ' ');
      guest_text_add_bytes (&text, mount->field[MOUNT_DEVICE],
                            mount->length[MOUNT_DEVICE]);
      guest_text_add_char (&text, ' ');
      if (below_length == 0 || mount->length[MOUNT_ROOT] > 1)
        guest_text_add_bytes (&text, mount->field[MOUNT_ROOT],
                              mount->length[MOUNT_ROOT]);
      guest_text_add_bytes (&text, below, below_length);
    }
  else
    guest_text_add_bytes (&text, mount->field[MOUNT_SOURCE],
                          mount->length[MOUNT_SOURCE]);
  guest_text_add_char (&text, ' ');
  guest_text_add (&text, guest);
  guest_text_add_char (&text, ' ');
  if (!is_info)
    {
      guest_text_add_bytes (&text, mount->field[MOUNT_TYPE],
                            mount->length[MOUNT_TYPE]);
      guest_text_add_char (&text, ' ');
    }
  guest_text_add_bytes (&text, "ro", skip);
  guest_text_add_bytes (&text, mount->field[MOUNT_OPTIONS] + skip,
                        mount->length[MOUNT_OPTIONS] - skip);
  for (int i = MOUNT_TYPE; is_info && i < MOUNT_FIELDS; i++)
    {
      guest_text_add (&text, i == MOUNT_TYPE ? " - " : " ");
      guest_text_add_bytes (&text, mount->field[i], mount->length[i]);
    }
  guest_text_add (&text, is_info ? "\n" : " 0 0\n");
  return text.overflows ? 0 : put (rewrite, line, text.length);
}

/* Keep LINE if its mount is the deepest so far that the binding lies in.  */
static int
choose_mount (struct rewrite *rewrite, const char *line, size_t length,
              bool whole)
{
  const struct guest_view *view = rewrite->task->guest->view;
  struct mount mount;

  if (!whole || length >= sizeof rewrite->best
      || !parse_mount (line, length, &mount)
      || mount.length[MOUNT_POINT] < rewrite->depth
      || !guest_text_is_below (guest_view_host (view, rewrite->binding),
                               view->binding[rewrite->binding].host_length,
                               mount.field[MOUNT_POINT],
                               mount.length[MOUNT_POINT]))
    return 0;
  rewrite->depth = mount.length[MOUNT_POINT];
  rewrite->best_length = length;
  for (size_t i = 0; i < length; i++)
    rewrite->best[i] = line[i];
  return 0;
}

/* Write a line for a mount of the host that the container sees inside a
   binding.  */
static int
put_inner_mount (struct rewrite *rewrite, const char *line, size_t length,
                 bool whole)
{
  const struct guest_view *view = rewrite->task->guest->view;
  struct mount mount;
  char guest[GUEST_PATH_SIZE];

  if (!whole || !parse_mount (line, length, &mount))
    return 0;
  int seen =
      guest_view_reverse (view, mount.field[MOUNT_POINT],
                          mount.length[MOUNT_POINT], 0, guest, sizeof guest);
  if (seen < 0)
    return 0;
  uint32_t binding = guest_view_cover (view, guest, (size_t) seen);
  if (view->binding[binding].guest_length == (uint32_t) seen)
    return 0; /* has its line */
  seen = guest_reverse (rewrite->task, mount.field[MOUNT_POINT],
                        mount.length[MOUNT_POINT], guest, sizeof guest);
  if (seen < 0)
    return 0;
  return put_mount (rewrite, &mount, GUEST_BINDING_LIMIT + ++rewrite->inner,
                    binding + 1, guest, "", 0, false);
}

/* Return what TASK, whose root may be elsewhere, sees binding INDEX at; NULL
   when it does not.  */
static const char *
seen_place (const struct guest_task *task, uint32_t index)
{
  const struct guest_view *view = task->guest->view;
  const struct guest_fs *fs = task->fs;
  const char *guest = guest_view_guest (view, index);

  if (!guest_text_is_below (guest, view->binding[index].guest_length, fs->root,
                            fs->root_length))
    return NULL;
  guest += fs->root_length;
  return guest[0] != '\0' ? guest : "/";
}

/* Write what is mounted as the container sees it: a line for each binding,
   then for each mount of the host inside them.  */
static int
write_mounts (struct rewrite *rewrite)
{
  struct guest *guest = rewrite->task->guest;
  const struct guest_view *view = guest->view;
  int status = 0;

  for (uint32_t i = 0; status == 0 && i <= view->binding_count; i++)
    {
      rewrite->from =
          host_openat (guest, K_AT_FDCWD, "/proc/self/mountinfo", 0);
      if (rewrite->from < 0)
        return rewrite->from;
      rewrite->binding = i;
      rewrite->depth = 0;
      rewrite->best_length = 0;
      status = each_line (rewrite, i < view->binding_count ? choose_mount
                                                           : put_inner_mount);
      host_close (guest, rewrite->from);

      struct mount mount;
      const char *seen;
      if (status < 0 || i == view->binding_count
          || !parse_mount (rewrite->best, rewrite->best_length, &mount))
        continue;
      seen = seen_place (rewrite->task, i);
      if (seen == NULL)
        continue;
      const char *host = guest_view_host (view, i);
      size_t skip = rewrite->depth > 1 ? rewrite->depth : 0;
      size_t below = view->binding[i].host_length - skip;
      if (view->binding[i].host_length == 1)
        below = 0;
      status = put_mount (
          rewrite, &mount, i + 1, i == 0 ? 0 : view->binding[i].parent + 1,
          seen, host + skip, below,
          (view->binding[i].flags & GUEST_BINDING_READ_ONLY) != 0);
    }
  return status < 0 ? status : flush (rewrite);
}

/* Write the name of KIND that the container is told.  Return -ENOENT when it
   is the host's own.  */
static int
write_name (struct rewrite *rewrite)
{
  const struct guest_names *names = rewrite->task->guest->names;
  char text[65];
  const char *name = text;

  if (rewrite->kind == FILE_NODE)
    guest_names_node (names, text);
  else if (rewrite->kind == FILE_DOMAIN)
    guest_names_domain (names, text);
  else
    name = names != NULL ? names->release : "";
  if (name[0] == '\0')
    return -K_ENOENT;
  int status = put (rewrite, name, guest_text_length (name, 65));
  if (status == 0)
    status = put (rewrite, "\n", 1);
  return status < 0 ? status : flush (rewrite);
}

/* Fill REWRITE->to from FOUND.  */
static int
rewrite_file (struct rewrite *rewrite, const struct guest_found *found)
{
  struct guest *guest = rewrite->task->guest;

  guest_text_init (&rewrite->out, rewrite->out_bytes,
                   sizeof rewrite->out_bytes);
  if (rewrite->kind == FILE_MOUNTS || rewrite->kind == FILE_MOUNTINFO)
    return write_mounts (rewrite);
  if (rewrite->kind != FILE_MAPS && rewrite->kind != FILE_STATUS
      && rewrite->kind != FILE_VERSION)
    return write_name (rewrite);
  if (rewrite->kind == FILE_VERSION
      && (guest->names == NULL || guest->names->release[0] == '\0'))
    return -K_ENOENT;
  rewrite->from = guest_found_open (guest, found, 0);
  if (rewrite->from < 0)
    return rewrite->from;
  int status = each_line (rewrite, rewrite_line);
  host_close (guest, rewrite->from);
  return status < 0 ? status : flush (rewrite);
}

int
guest_proc_content (struct guest_task *task, const struct guest_found *found)
{
  struct guest *guest = task->guest;
  char proc[GUEST_NAME_MAX];
  struct rewrite rewrite;
  int tid;

  if (!guest_shows_fd (guest))
    return -K_ENOENT;
  int length = guest_found_proc (guest, found, proc, sizeof proc);
  if (length <= 0)
    return -K_ENOENT;
  rewrite.task = task;
  rewrite.subject = task;
  rewrite.inner = 0;
  rewrite.hides = false;
  rewrite.kind = classify (proc, (size_t) length, &tid);
  if (rewrite.kind == FILE_PLAIN)
    return -K_ENOENT;
  if (tid >= 0)
    rewrite.subject = tid == task->tid || tid == task->pid
                          ? task
                          : guest->ops->find_task (guest, tid);
  if (rewrite.subject == NULL)
    return -K_ENOENT;
  rewrite.signals.known = 0;
  if (rewrite.kind == FILE_STATUS && guest->ops->signals != NULL)
    guest->ops->signals (rewrite.subject, &rewrite.signals);

  rewrite.to = (int) host_call (guest, K_NR_memfd_create, host_pointer ("proc"),
                                1 /* CLOEXEC */, 0, 0);
  if (rewrite.to < 0)
    return rewrite.to;
  int status = rewrite_file (&rewrite, found);
  if (status < 0)
    {
      host_close (guest, rewrite.to);
      return status;
    }
  return rewrite.to;
}
