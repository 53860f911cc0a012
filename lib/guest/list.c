/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Directories that list what the host does not know: entries which are only
   there because something is bound below them, and devices of fake root; and
   those of /proc that list what is the engine's.

   Entries that are added come first: the call that reads a directory from its
   start is answered with them alone, and the directory remembered, so that the
   next call from there passes.  Nothing has to be known of the kernel's own
   offsets.  Containers whose bindings all have a place on disk do not stop at
   these calls until the first device is made.

   From then on the types in all lists are looked at after the call, since
   programs such as find do not ask again for what a list tells them.  Only
   what the host says is an ordinary file can be a device, and the numbers of
   files in the list say which of them has a record: the others cost nothing
   besides.

   Where the engine has descriptors in the tasks, every list is looked at after
   the call.  One whose first entry is called otherwise than descriptors are
   costs no call of ours.  */

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/record.h"

enum
{
  DIRECTORY_TYPE = 4,
  FILE_TYPE = 8,
  SEEK_CURRENT = 1
};

void
guest_view_changed (struct guest *guest)
{
  const struct guest_view *view = guest->view;

  guest->hidden = false;
  for (uint32_t i = 1; !guest->hidden && i < view->binding_count; i++)
    {
      uint32_t parent = view->binding[i].parent;
      uint32_t skip = parent == 0 ? 1 : view->binding[parent].guest_length + 1;
      struct k_stat status;
      if (host_fstatat (guest, guest->anchors[parent],
                        guest_view_guest (view, i) + skip, &status,
                        K_AT_SYMLINK_NOFOLLOW)
          < 0)
        guest->hidden = true;
    }
}

/* The entries being made.  */
struct listing
{
  char bytes[GUEST_PATH_SIZE];
  size_t size; /* that the program has room for */
  size_t length;
  size_t word; /* bytes of the inode and of the offset, and what entries are
                  aligned to */
  bool is_old; /* getdents, not getdents64 */
};

/* Add an entry.  Return whether it fits.  */
static bool
add_entry (struct listing *listing, uint64_t inode, char type, const char *name,
           size_t name_length)
{
  size_t word = listing->word;
  size_t start = 2 * word + 2 + !listing->is_old;
  size_t whole = (start + name_length + 1 + listing->is_old + word - 1) & -word;
  char *entry = listing->bytes + listing->length;

  if (whole > listing->size - listing->length)
    return false;
  for (size_t i = 0; i < whole; i++)
    entry[i] = '\0';
  for (size_t i = 0; i < word; i++)
    entry[i] = (char) (inode >> 8 * i);
  entry[2 * word] = (char) (whole & 0xff);
  entry[2 * word + 1] = (char) (whole >> 8);
  entry[listing->is_old ? whole - 1 : start - 1] = type;
  for (size_t i = 0; i < name_length; i++)
    entry[start + i] = name[i];
  listing->length += whole;
  return true;
}

/* Add what the directory FD, guest path PATH, lacks on disk, from binding
   FROM on.  Return the first that did not fit, or how many there are.  */
static uint32_t
add_hidden (struct guest *guest, int fd, const char *path, size_t length,
            uint32_t from, struct listing *listing)
{
  const struct guest_view *view = guest->view;
  const char *name = NULL;
  const char *last = NULL;
  size_t name_length = 0;
  size_t last_length = 0;

  for (uint32_t i = from;
       (i = guest_view_below (view, i, path, length, &name, &name_length)) > 0;
       i++)
    {
      char entry[GUEST_NAME_MAX + 1];
      struct guest_text text;
      struct k_stat status;
      bool same = last != NULL && last_length == name_length;
      for (size_t c = 0; same && c < name_length; c++)
        same = last[c] == name[c];
      last = name;
      last_length = name_length;
      guest_text_init (&text, entry, sizeof entry);
      guest_text_add_bytes (&text, name, name_length);
      if (same || text.overflows
          || host_fstatat (guest, fd, entry, &status, K_AT_SYMLINK_NOFOLLOW)
                 != -K_ENOENT)
        continue;

      bool is_mount = name[name_length] == '\0';
      bool is_file = is_mount && (view->binding[i].flags & GUEST_BINDING_FILE);
      status.st_ino = 1;
      if (is_mount)
        (void) host_fstatat (guest, guest->anchors[i], "", &status,
                             K_AT_EMPTY_PATH);
      if (!add_entry (listing, status.st_ino,
                      is_file ? FILE_TYPE : DIRECTORY_TYPE, name, name_length))
        return i;
    }
  return view->binding_count;
}

/* Return from which binding on TASK's directory FD is to be listed, and forget
   it.  */
static uint32_t
take_next (struct guest_task *task, int fd, uint64_t inode)
{
  struct guest *guest = task->guest;
  size_t count = sizeof guest->listed / sizeof guest->listed[0];

  for (size_t i = 0; i < count; i++)
    if (guest->listed[i].pid == task->pid && guest->listed[i].fd == fd
        && guest->listed[i].inode == inode)
      {
        guest->listed[i].pid = 0;
        return guest->listed[i].next;
      }
  return 0;
}

/* Note that TASK's directory FD is to be listed from binding NEXT on.  */
static void
note_next (struct guest_task *task, int fd, uint64_t inode, uint32_t next)
{
  struct guest *guest = task->guest;
  size_t count = sizeof guest->listed / sizeof guest->listed[0];

  guest->listed_next = (guest->listed_next + 1) % (uint32_t) count;
  guest->listed[guest->listed_next].pid = task->pid;
  guest->listed[guest->listed_next].fd = fd;
  guest->listed[guest->listed_next].inode = inode;
  guest->listed[guest->listed_next].next = next;
}

/* Fill LISTING for TASK's directory FD, open as OURS.  The kernel's place in
   it stays at the beginning while what it does not know is told, so that we
   have to keep our own.  */
static void
fill_listing (struct guest_task *task, int fd, int ours,
              struct listing *listing)
{
  struct guest *guest = task->guest;
  struct k_stat status;
  char path[GUEST_PATH_SIZE];

  if (host_call (guest, K_NR_lseek, host_fd (ours), 0, SEEK_CURRENT, 0) != 0)
    return;
  int length = guest_place (guest, ours, path, sizeof path);
  if (length <= 0
      || guest_view_below (guest->view, 0, path, (size_t) length, NULL, NULL)
             == 0)
    return;
  if (host_fstatat (guest, ours, "", &status, K_AT_EMPTY_PATH) < 0)
    return;
  uint32_t next = take_next (task, fd, status.st_ino);
  if (next < guest->view->binding_count)
    next = add_hidden (guest, ours, path, (size_t) length, next, listing);
  if (listing->length > 0)
    note_next (task, fd, status.st_ino, next);
}

/* Start LISTING, empty, as CALL has entries.  */
static void
start_listing (struct listing *listing, const struct guest_call *call)
{
  uint32_t size = (uint32_t) call->arg[2];

  listing->length = 0;
  listing->size = size < sizeof listing->bytes ? size : sizeof listing->bytes;
  listing->is_old = call->rule->number[GUEST_X86_64] == 78;
  listing->word = listing->is_old ? guest_word_size (call) : 8;
}

/* getdents, getdents64.  */
enum guest_verdict
guest_enter_list (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  struct listing listing;
  int fd = (int) (uint32_t) call->arg[0];
  bool is_mended = guest->own.end_fd > 0
                   || (guest->owners != NULL && guest->owners->has_types);
  bool owned = false;
  int ours = guest->hidden ? guest_descriptor (task, fd, &owned) : -1;

  start_listing (&listing, call);
  if (ours >= 0)
    fill_listing (task, fd, ours, &listing);
  if (owned)
    host_close (guest, ours);
  if (listing.length == 0)
    return is_mended ? GUEST_RUN_EXIT : GUEST_PASS;
  int status =
      guest->ops->write (task, call->arg[1], listing.bytes, listing.length);
  return guest_answer (call, status < 0 ? status : (int64_t) listing.length);
}

/* Return the type in lists of the file with INODE that the directory FD of
   DEVICE calls NAME, or 0 when it is not one of fake root's devices.  */
static char
faked_type (struct guest *guest, int fd, const char *name, uint64_t device,
            uint64_t inode)
{
  const struct guest_place place = { fd, name, K_AT_SYMLINK_NOFOLLOW };
  struct guest_owner_record record;

  if (!guest_record_find (guest, &place, device, inode, &record)
      || !(record.owner.known & GUEST_OWNER_TYPE))
    return 0;
  return (char) ((record.owner.mode & K_S_IFMT) >> 12);
}

/* An entry as the kernel wrote it.  */
struct entry
{
  const char *bytes;
  size_t size;
  const char *name;
  size_t name_length;
  size_t type; /* where its byte of the type is */
};

/* Read the ENTRY at AT of LISTING.  Return false when no whole one is
   there.  */
static bool
read_entry (const struct listing *listing, size_t at, struct entry *entry)
{
  size_t word = listing->word;
  size_t start = 2 * word + 2 + !listing->is_old;
  size_t left = listing->length - at;
  const unsigned char *bytes = (const unsigned char *) listing->bytes + at;

  if (left <= start)
    return false;
  entry->bytes = listing->bytes + at;
  entry->size = bytes[2 * word] | (size_t) bytes[2 * word + 1] << 8;
  if (entry->size <= start || entry->size > left)
    return false;
  entry->name = entry->bytes + start;
  entry->name_length = guest_text_length (entry->name, entry->size - start);
  entry->type = listing->is_old ? entry->size - 1 : start - 1;
  /* Or another thread writes there.  */
  return entry->name_length < entry->size - start;
}

/* Mend the types of the whole entries at the beginning of LISTING, which lies
   at ADDRESS of TASK and is of the directory FD of DEVICE.  Return their
   size.  */
static size_t
mend_entries (struct guest_task *task, const struct listing *listing,
              uint64_t address, int fd, uint64_t device)
{
  struct entry entry;
  size_t at = 0;

  for (; read_entry (listing, at, &entry); at += entry.size)
    {
      uint64_t inode = 0;
      for (size_t i = 0; i < listing->word; i++)
        inode |= (uint64_t) (unsigned char) entry.bytes[i] << 8 * i;
      char faked = 0;
      if (entry.bytes[entry.type] == FILE_TYPE)
        faked = faked_type (task->guest, fd, entry.name, device, inode);
      if (faked != 0)
        (void) task->guest->ops->write (task, address + at + entry.type, &faked,
                                        1);
    }
  return at;
}

/* Mend the types of the LEFT bytes that CALL has listed of TASK's directory,
   our FD.  */
static void
mend_types (struct guest_task *task, const struct guest_call *call, int fd,
            uint64_t left)
{
  struct listing listing;
  struct k_stat status;
  uint64_t address = call->arg[1];

  if (host_fstatat (task->guest, fd, "", &status, K_AT_EMPTY_PATH) < 0)
    return;
  while (left > 0)
    {
      start_listing (&listing, call);
      listing.length =
          left < sizeof listing.bytes ? left : sizeof listing.bytes;
      if (task->guest->ops->read (task, address, listing.bytes, listing.length)
          < 0)
        break;
      size_t done = mend_entries (task, &listing, address, fd, status.st_dev);
      if (done == 0)
        break;
      address += done;
      left -= done;
    }
}

/* Return whether a descriptor, or a mapping, could have the name of ENTRY.  */
static bool
is_own_like (const struct entry *entry)
{
  for (size_t i = 0; i < entry->name_length; i++)
    if ((entry->name[i] < '0' || entry->name[i] > '9')
        && (entry->name[i] < 'a' || entry->name[i] > 'f')
        && entry->name[i] != '-')
      return false;
  return true;
}

/* Tell which list of /proc that has what is the engine's TASK's directory, our
   FD, is, LISTING being the beginning of what it has.  */
static enum guest_proc_list
find_kind (struct guest_task *task, int fd, const struct listing *listing)
{
  struct entry entry;
  char host[GUEST_PATH_SIZE];
  size_t at = 0;

  while (read_entry (listing, at, &entry) && entry.name[0] == '.')
    at += entry.size;
  if (at < listing->length
      && (!read_entry (listing, at, &entry) || !is_own_like (&entry)))
    return GUEST_PROC_LIST_OTHER;
  int length = guest_host_place (task->guest, fd, host, sizeof host);
  return length > 6 && guest_text_is_below (host, (size_t) length, "/proc", 5)
             ? guest_proc_list (task, host + 6)
             : GUEST_PROC_LIST_OTHER;
}

/* Leave out of what CALL of TASK has listed, of KIND, what is the engine's.
   Return the new size.  */
static uint64_t
leave_out (struct guest_task *task, const struct guest_call *call,
           enum guest_proc_list kind)
{
  struct guest *guest = task->guest;
  uint64_t from = call->arg[1];
  uint64_t to = from;
  uint64_t end = from + (uint64_t) call->result;
  struct listing listing;
  struct entry entry;

  while (from < end)
    {
      size_t at = 0;
      start_listing (&listing, call);
      listing.length =
          end - from < sizeof listing.bytes ? end - from : sizeof listing.bytes;
      if (guest->ops->read (task, from, listing.bytes, listing.length) < 0)
        break;
      for (; read_entry (&listing, at, &entry); at += entry.size)
        if (!guest_proc_is_own_name (guest, kind, entry.name,
                                     entry.name_length))
          {
            if (to != from + at
                && guest->ops->write (task, to, entry.bytes, entry.size) < 0)
              return to - call->arg[1];
            to += entry.size;
          }
      if (at == 0)
        break;
      from += at;
    }
  return to - call->arg[1];
}

/* If TASK's directory, our FD, is one of /proc that has what is the engine's,
   leave that out of what CALL has listed, and go on with the directory when
   nothing else was there.  */
static void
hide_own (struct guest_task *task, struct guest_call *call, int fd)
{
  struct guest *guest = task->guest;
  struct listing listing;

  start_listing (&listing, call);
  listing.length = (uint64_t) call->result < sizeof listing.bytes
                       ? (size_t) call->result
                       : sizeof listing.bytes;
  if (guest->ops->read (task, call->arg[1], listing.bytes, listing.length) < 0)
    return;
  enum guest_proc_list kind = find_kind (task, fd, &listing);
  while (kind != GUEST_PROC_LIST_OTHER && call->result > 0)
    {
      uint64_t size = leave_out (task, call, kind);
      if (size > 0)
        {
          call->result = (int64_t) size;
          return;
        }
      /* Inside: the program's descriptors and memory are ours.  */
      call->result = host_call (guest, call->number, call->arg[0], call->arg[1],
                                call->arg[2], 0);
    }
}

void
guest_leave_list (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  bool owned = false;

  if (call->result <= 0)
    return;
  int fd = guest_descriptor (task, (int) (uint32_t) call->arg[0], &owned);
  if (fd < 0)
    return;
  if (guest->owners != NULL && guest->owners->has_types)
    mend_types (task, call, fd, (uint64_t) call->result);
  if (guest->own.end_fd > 0)
    hide_own (task, call, fd);
  if (owned)
    host_close (guest, fd);
}
