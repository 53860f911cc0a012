/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls with socket addresses: names of AF_UNIX sockets are paths, ports may
   have other numbers on the host, and credentials that sockets carry are ids.

   A host path that is too long for an address (107 bytes) is written below
   /proc/PID/fd/N, where N is a descriptor of ours: of the binding, or of the
   socket's directory.  The kernel gives such a name back long after the call,
   so the last of these directories stay open.

   Inside a task's process it is /proc/self/fd/N.  All processes have the
   bindings at the same numbers.  A directory gets a number that is the same in
   all of them, too, by a list that they share; where it is needed it is opened
   there, out of the program's way.  */

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/port.h"
#include "lib/guest/read-only.h"

/* An address and how long it is.  */
struct address
{
  struct k_sockaddr_un un;
  uint64_t length;
};

enum
{
  FAMILY_SIZE = 2,
  SOL_SOCKET = 1,
  SO_PEERCRED = 17,
  SCM_CREDENTIALS = 2,
  CONTROL_MAX = 4096
};

struct credentials
{
  int32_t pid;
  uint32_t uid, gid;
};

/* Read the LENGTH bytes of an address at PLACE.  Return 1 when it is a path
   of AF_UNIX, which ADDRESS then holds with a NUL in PATH; 0 when it is
   something else; a negative errno.  */
static int
read_address (struct guest_task *task, uint64_t place, uint64_t length,
              char path[K_UNIX_PATH_MAX + 1])
{
  struct k_sockaddr_un un;

  if (place == 0 || length <= FAMILY_SIZE || length > sizeof un)
    return 0;
  int status = task->guest->ops->read (task, place, &un, (size_t) length);
  if (status < 0)
    return status;
  if (un.sun_family != K_AF_UNIX || un.sun_path[0] == '\0')
    return 0;
  for (uint64_t i = 0; i < length - FAMILY_SIZE; i++)
    path[i] = un.sun_path[i];
  path[length - FAMILY_SIZE] = '\0';
  return 1;
}

/* Return the number that the directory HOST has in all processes, or -1.  */
static int
draw_directory (struct guest *guest, const char *host)
{
  struct guest_directories *directories = guest->directories;
  const uint32_t count =
      sizeof directories->entry / sizeof directories->entry[0];

  if (directories == NULL || guest->spare == 0
      || guest_text_length (host, sizeof directories->entry->host)
             >= sizeof directories->entry->host)
    return -1;
  for (uint32_t i = 0; i < count; i++)
    if (!(__atomic_load_n (&directories->entry[i].changes, __ATOMIC_ACQUIRE)
          & 1)
        && guest_text_equal (directories->entry[i].host, host))
      return guest->spare + (int) i;
  for (uint32_t tries = 0; tries < count; tries++)
    {
      uint32_t index =
          __atomic_fetch_add (&directories->drawn, 1, __ATOMIC_RELAXED) % count;
      uint32_t *changes = &directories->entry[index].changes;
      uint32_t before = __atomic_load_n (changes, __ATOMIC_RELAXED);
      /* Who writes it may have died.  */
      if ((before & 1)
          || !__atomic_compare_exchange_n (changes, &before, before + 1, false,
                                           __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        continue;
      char *to = directories->entry[index].host;
      size_t i = 0;
      do
        to[i] = host[i];
      while (host[i++] != '\0');
      __atomic_store_n (changes, before + 2, __ATOMIC_RELEASE);
      return guest->spare + (int) index;
    }
  return -1;
}

/* Keep FD, the directory HOST, for a name that goes through it, in TASK's own
   process.  Return the number to use.  */
static int
share_directory (struct guest_task *task, int fd, const char *host)
{
  struct guest *guest = task->guest;
  int number = draw_directory (guest, host);

  if (number < 0
      || host_call (guest, K_NR_dup3, host_fd (fd), host_fd (number),
                    K_O_CLOEXEC, 0)
             < 0)
    return guest_park (task, fd);
  host_close (guest, fd);
  return number;
}

/* Append to TEXT what the names of our descriptors begin with in addresses.  */
static void
add_fd_prefix (const struct guest *guest, struct guest_text *text)
{
  guest_text_add (text, "/proc/");
  if (guest->inside)
    guest_text_add (text, "self");
  else
    guest_text_add_number (text, guest->pid);
  guest_text_add (text, "/fd/");
}

/* Put the path of a descriptor FD of ours, and PATH below it, into ADDRESS.
   Return whether it fits.  */
static bool
fill_by_fd (struct guest *guest, struct address *address, int fd,
            const char *path)
{
  struct guest_text text;
  char name[K_UNIX_PATH_MAX + 1];

  guest_text_init (&text, name, sizeof name);
  add_fd_prefix (guest, &text);
  guest_text_add_number (&text, fd);
  if (path[0] != '\0')
    {
      guest_text_add_char (&text, '/');
      guest_text_add (&text, path);
    }
  /* Where there is no room for the NUL it need not be there: unix(7).  */
  size_t size = text.length < K_UNIX_PATH_MAX ? text.length + 1 : text.length;
  for (size_t i = 0; i < size; i++)
    address->un.sun_path[i] = name[i];
  address->length = FAMILY_SIZE + size;
  return !text.overflows;
}

/* Keep FD, a directory, open for names that go through it, and return the
   descriptor to use: FD, or an older one of the same directory.  */
static int
keep_directory (struct guest *guest, int fd)
{
  struct k_stat status, other;
  uint32_t count =
      sizeof guest->kept_directories / sizeof *guest->kept_directories;

  if (host_fstatat (guest, fd, "", &status, K_AT_EMPTY_PATH) < 0)
    return fd;
  for (uint32_t i = 0; i < count; i++)
    if (guest->kept_directories[i] >= 0
        && host_fstatat (guest, guest->kept_directories[i], "", &other,
                         K_AT_EMPTY_PATH)
               == 0
        && other.st_dev == status.st_dev && other.st_ino == status.st_ino)
      {
        host_close (guest, fd);
        return guest->kept_directories[i];
      }
  int *place = &guest->kept_directories[guest->next_directory++ % count];
  host_close (guest, *place);
  *place = fd;
  return fd;
}

/* Write the host path of our descriptor FD, as names of sockets have it, into
   the SIZE bytes at PLACE.  Return whether it is known.  */
static bool
place_descriptor (struct guest *guest, int fd, char *place, size_t size)
{
  struct guest_text text;
  char link[K_UNIX_PATH_MAX + 1];

  if (!guest->inside)
    {
      guest_text_init (&text, link, sizeof link);
      guest_add_fd (guest, &text, fd);
      return host_readlinkat (guest, K_AT_FDCWD, link, place, size) > 0;
    }
  for (uint32_t i = 0; i < guest->view->binding_count; i++)
    if (guest->anchors[i] == fd)
      {
        guest_text_init (&text, place, size);
        guest_text_add (&text, guest_view_host (guest->view, i));
        return true;
      }
  const struct guest_directories *directories = guest->directories;
  const int count =
      (int) (sizeof directories->entry / sizeof directories->entry[0]);
  int index = fd - guest->spare;
  if (directories == NULL || index < 0 || index >= count)
    return false;
  const uint32_t *changes = &directories->entry[index].changes;
  uint32_t before = __atomic_load_n (changes, __ATOMIC_ACQUIRE);
  guest_text_init (&text, place, size);
  guest_text_add_bytes (
      &text, directories->entry[index].host,
      guest_text_length (directories->entry[index].host,
                         sizeof directories->entry->host - 1));
  __atomic_thread_fence (__ATOMIC_ACQUIRE);
  return before != 0 && !(before & 1)
         && __atomic_load_n (changes, __ATOMIC_RELAXED) == before;
}

/* HOST, in SIZE bytes, is a name that the kernel gave.  If it goes through a
   descriptor of ours put what that is in its place.  */
static void
expand_descriptor (struct guest *guest, char *host, size_t size)
{
  char prefix[K_UNIX_PATH_MAX + 1];
  char place[GUEST_PATH_SIZE];
  struct guest_text text;

  if (!guest_shows_fd (guest))
    return;
  guest_text_init (&text, prefix, sizeof prefix);
  add_fd_prefix (guest, &text);
  size_t start = text.length;
  if (!guest_text_is (host, start, prefix))
    return;
  size_t end = start;
  while (host[end] >= '0' && host[end] <= '9')
    end++;
  int fd = guest_text_number (host + start, end - start);
  if (fd < 0 || (host[end] != '/' && host[end] != '\0')
      || !place_descriptor (guest, fd, place, sizeof place))
    return;
  struct guest_text whole = { .bytes = place,
                              .size = sizeof place,
                              .length =
                                  guest_text_length (place, sizeof place) };
  guest_text_add (&whole, host + end);
  if (whole.overflows)
    return;
  guest_text_init (&text, host, size);
  guest_text_add (&text, place);
}

/* Fill ADDRESS with a host path that names FOUND.  */
static int
fill_address (struct guest_task *task, struct guest_found *found,
              struct address *address)
{
  struct guest *guest = task->guest;
  char host[GUEST_PATH_SIZE];
  int length = guest_found_host (task, found, host, sizeof host);

  address->un.sun_family = K_AF_UNIX;
  if (length < 0)
    return length;
  if (length < K_UNIX_PATH_MAX)
    {
      for (int i = 0; i <= length; i++)
        address->un.sun_path[i] = host[i];
      address->length = FAMILY_SIZE + (uint64_t) length + 1;
      return 0;
    }
  if (!guest_shows_fd (guest))
    return -K_ENAMETOOLONG;
  if (found->binding != GUEST_OUTSIDE
      && fill_by_fd (guest, address, found->anchor, guest_found_path (found)))
    return 0;

  /* The directory, and the name in it.  */
  int slash = length;
  while (host[slash - 1] != '/')
    slash--;
  host[slash - 1] = '\0';
  int fd = host_openat (guest, K_AT_FDCWD, host, K_O_PATH | K_O_DIRECTORY);
  if (fd < 0)
    return fd;
  fd = guest->inside ? share_directory (task, fd, host)
                     : keep_directory (guest, fd);
  return fill_by_fd (guest, address, fd, host + slash) ? 0 : -K_ENAMETOOLONG;
}

/* Replace the port in the address *PLACE of LENGTH bytes by the host's.  Where
   NEW a socket gets that address, otherwise it is somebody's, perhaps on
   another machine.  Return as translate_address.  */
static int
translate_port (struct guest_task *task, uint64_t *place, uint64_t length,
                bool new)
{
  const struct guest_ports *ports = task->guest->ports;
  uint64_t bytes[K_SOCKADDR_MAX / 8];

  if (ports == NULL || *place == 0 || length > sizeof bytes)
    return 0;
  int status = task->guest->ops->read (task, *place, bytes, (size_t) length);
  if (status < 0)
    return status;
  if (!guest_port_translate (ports, bytes, (size_t) length, true, !new))
    return 0;
  status = task->guest->ops->scratch (task, bytes, (size_t) length, place);
  return status < 0 ? status : 1;
}

/* Replace the address *PLACE of *LENGTH bytes by what names the same for the
   kernel.  Return 0 when nothing is to be done, 1 when it was replaced, a
   negative errno.  */
static int
translate_address (struct guest_task *task, uint64_t *place, uint64_t *length,
                   bool creates)
{
  char path[K_UNIX_PATH_MAX + 1];
  struct guest_found found;
  struct address address;
  int status = read_address (task, *place, *length, path);

  if (status == 0)
    return translate_port (task, place, *length, creates);
  if (status < 0)
    return status;
  status =
      guest_resolve (task, GUEST_AT_CWD, path,
                     creates ? GUEST_FINAL_CREATE : GUEST_FINAL_FOLLOW, &found);
  if (status < 0)
    return status;
  if (creates && guest_found_is_read_only (task->guest, &found))
    status = -K_EROFS;
  else if (creates && found.virtual)
    status = -K_EADDRINUSE;
  else if (!found.untouched)
    status = fill_address (task, &found, &address);
  guest_found_release (task->guest, &found);
  if (status < 0 || found.untouched)
    return status;

  status = task->guest->ops->scratch (task, &address.un,
                                      (size_t) address.length, place);
  if (status < 0)
    return status;
  *length = address.length;
  return 1;
}

/* Handle the address at argument AT, its length behind it.  */
static enum guest_verdict
enter_address (struct guest_task *task, struct guest_call *call, int at,
               bool creates)
{
  uint64_t length = (uint32_t) call->arg[at + 1];
  int status = translate_address (task, &call->arg[at], &length, creates);

  if (status < 0)
    return guest_answer (call, status);
  if (status == 0)
    return GUEST_PASS;
  call->arg[at + 1] = length;
  return GUEST_RUN;
}

/* CALL, a bind, may want a port that is taken: let the engine see to it.  */
static void
share_port (struct guest_task *task, const struct guest_call *call)
{
  const struct guest_ports *ports = task->guest->ports;
  uint64_t length = (uint32_t) call->arg[2];
  uint64_t bytes[K_SOCKADDR_MAX / 8];

  if (ports != NULL && ports->shares && length <= sizeof bytes
      && task->guest->ops->read (task, call->arg[1], bytes, (size_t) length)
             == 0)
    task->guest->ops->share_port (task, guest_argument_fd (call, 0), bytes,
                                  (size_t) length);
}

/* bind, connect.  */
enum guest_verdict
guest_enter_bind (struct guest_task *task, struct guest_call *call)
{
  bool creates = call->rule->number[GUEST_X86_64] == 49;
  if (creates)
    share_port (task, call);
  return enter_address (task, call, 1, creates);
}

enum guest_verdict
guest_enter_sendto (struct guest_task *task, struct guest_call *call)
{
  return enter_address (task, call, 4, false);
}

/* Let VISIT change every credential in the SIZE bytes of CONTROL messages of
   CALL.  Return whether there was one.  */
static bool
each_credential (struct guest *guest, const struct guest_call *call,
                 char *control, uint64_t size,
                 void (*visit) (struct guest *, struct credentials *))
{
  uint64_t header = guest_message_layout (call)->control;
  uint64_t word = guest_word_size (call);
  bool any = false;

  for (uint64_t at = 0; at + header <= size;)
    {
      uint64_t length = 0;
      int32_t kind[2]; /* level and type */
      __builtin_memcpy (&length, control + at, word);
      __builtin_memcpy (kind, control + at + word, sizeof kind);
      if (length < header || length > size - at)
        break;
      if (kind[0] == SOL_SOCKET && kind[1] == SCM_CREDENTIALS
          && length >= header + sizeof (struct credentials))
        {
          visit (guest,
                 (struct credentials *) (void *) (control + at + header));
          any = true;
        }
      at += (length + word - 1) & -word;
    }
  return any;
}

static void
make_real (struct guest *guest, struct credentials *credentials)
{
  credentials->uid = guest->identity.host_uid;
  credentials->gid = guest->identity.host_gid;
}

static void
make_shown (struct guest *guest, struct credentials *credentials)
{
  const struct guest_task *sender =
      credentials->pid > 0 ? guest->ops->find_task (guest, credentials->pid)
                           : NULL;
  if (sender != NULL)
    {
      credentials->uid = sender->ids.euid;
      credentials->gid = sender->ids.egid;
      return;
    }
  if (credentials->uid == guest->identity.host_uid)
    credentials->uid = guest->identity.uid;
  if (credentials->gid == guest->identity.host_gid)
    credentials->gid = guest->identity.gid;
}

/* Replace the credentials that MESSAGE of CALL sends by those that we have.
   Return as translate_address.  */
static int
translate_control (struct guest_task *task, const struct guest_call *call,
                   struct k_msghdr *message)
{
  struct guest *guest = task->guest;
  uint64_t control[CONTROL_MAX / 8];
  uint64_t size = message->msg_controllen;

  if (!guest->identity.emulated || message->msg_control == 0
      || size < guest_message_layout (call)->control || size > sizeof control)
    return 0;
  int status =
      guest->ops->read (task, message->msg_control, control, (size_t) size);
  if (status < 0)
    return status;
  if (!each_credential (guest, call, (char *) control, size, make_real))
    return 0;
  status =
      guest->ops->scratch (task, control, (size_t) size, &message->msg_control);
  return status < 0 ? status : 1;
}

/* Make what MESSAGE of CALL sends right for the kernel.  Return as
   translate_address.  */
static int
translate_message (struct guest_task *task, const struct guest_call *call,
                   struct k_msghdr *message)
{
  uint64_t length = (uint32_t) message->msg_namelen;
  int name = translate_address (task, &message->msg_name, &length, false);

  if (name < 0)
    return name;
  message->msg_namelen = (int32_t) length;
  int control = translate_control (task, call, message);
  return control < 0 ? control : name | control;
}

enum guest_verdict
guest_enter_sendmsg (struct guest_task *task, struct guest_call *call)
{
  struct k_msghdr message;
  unsigned char bytes[GUEST_MESSAGE_MAX];
  int status = guest_read_message (task, call, call->arg[1], &message);

  if (status == 0)
    status = translate_message (task, call, &message);
  if (status < 0)
    return guest_answer (call, status);
  if (status == 0)
    return GUEST_PASS;
  guest_form_message (call, &message, bytes);
  status = task->guest->ops->scratch (
      task, bytes, guest_message_layout (call)->size, &call->arg[1]);
  return status < 0 ? guest_answer (call, status) : GUEST_RUN;
}

/* At most so many messages are sent by one sendmmsg that has names: the
   kernel may send fewer than asked anyway.  */
#define MESSAGES_MAX 8

enum guest_verdict
guest_enter_sendmmsg (struct guest_task *task, struct guest_call *call)
{
  unsigned char bytes[MESSAGES_MAX * GUEST_MESSAGE_MAX];
  size_t stride = guest_message_layout (call)->stride;
  int status = 0;
  uint64_t count = (uint32_t) call->arg[2];
  uint64_t asked = count;
  int changed = 0;

  if (count > MESSAGES_MAX)
    count = MESSAGES_MAX;
  if (count == 0)
    return GUEST_PASS;
  for (uint64_t i = 0; status >= 0 && i < count; i++)
    {
      struct k_msghdr message;
      status =
          guest_read_message (task, call, call->arg[1] + i * stride, &message);
      if (status == 0)
        status = translate_message (task, call, &message);
      if (status > 0)
        changed = 1;
      if (status >= 0)
        guest_form_message (call, &message, bytes + i * stride);
    }
  if (status < 0)
    return guest_answer (call, status);
  if (!changed && asked == count)
    return GUEST_PASS;
  call->kept[1] = call->arg[1];
  call->arg[2] = count;
  status = task->guest->ops->scratch (task, bytes, (size_t) count * stride,
                                      &call->arg[1]);
  call->kept[2] = call->arg[1];
  return status < 0 ? guest_answer (call, status) : GUEST_RUN_EXIT;
}

void
guest_leave_sendmmsg (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ops *ops = task->guest->ops;
  const struct guest_message_layout *layout = guest_message_layout (call);

  /* How much of each message was sent.  */
  for (int64_t i = 0; i < call->result; i++)
    {
      uint32_t sent;
      uint64_t offset = (uint64_t) i * layout->stride + layout->sent;
      if (ops->read (task, call->kept[2] + offset, &sent, sizeof sent) < 0
          || ops->write (task, call->kept[1] + offset, &sent, sizeof sent) < 0)
        break;
    }
}

/* Turn the port in the address of LENGTH bytes that the kernel put at PLACE
   into the container's.  OWN: it is that of a socket of the container;
   otherwise it may be another machine's, which has its own ports.  */
static void
mend_port (struct guest_task *task, uint64_t place, uint64_t length, bool own)
{
  const struct guest_ports *ports = task->guest->ports;
  uint64_t bytes[K_SOCKADDR_MAX / 8];

  if (ports != NULL && length <= sizeof bytes
      && task->guest->ops->read (task, place, bytes, (size_t) length) == 0
      && guest_port_translate (ports, bytes, (size_t) length, false, !own))
    (void) task->guest->ops->write (task, place, bytes, (size_t) length);
}

/* Turn the address of *LENGTH bytes that the kernel put at PLACE, where
   CAPACITY bytes have room, into what TASK is to see; OWN: it is that of a
   socket of the container.  Return whether *LENGTH changed.  */
static bool
mend_address (struct guest_task *task, uint64_t place, uint32_t *length,
              uint64_t capacity, bool own)
{
  char host[GUEST_PATH_SIZE];
  char path[GUEST_PATH_SIZE];
  /* A name that fills its place is ended by the byte behind it.  */
  struct
  {
    struct k_sockaddr_un un;
    char end;
  } whole = { .un = { .sun_family = K_AF_UNIX } };
  uint64_t there = *length < capacity ? *length : capacity;

  /* The kernel ends a name that fills its place behind it.  */
  int status = read_address (
      task, place, there > sizeof whole.un ? sizeof whole.un : there, host);
  if (status == 0)
    mend_port (task, place, there, own);
  if (status <= 0 || host[0] != '/')
    return false;
  expand_descriptor (task->guest, host, sizeof host);
  int seen = guest_reverse (
      task, host, guest_text_length (host, sizeof host - 1), path, sizeof path);
  if (seen < 0 || seen > K_UNIX_PATH_MAX)
    return false;
  for (int i = 0; i < seen; i++)
    whole.un.sun_path[i] = path[i];
  *length = (uint32_t) seen + 1 + FAMILY_SIZE;
  (void) task->guest->ops->write (
      task, place, &whole, *length < capacity ? *length : (size_t) capacity);
  return true;
}

/* Return the argument with the address of a call that tells one.  */
static int
name_argument (const struct guest_call *call)
{
  return call->rule->number[GUEST_X86_64] == 45 ? 4 : 1; /* recvfrom */
}

/* getsockname, getpeername, accept, accept4, recvfrom.  */
enum guest_verdict
guest_enter_name (struct guest_task *task, struct guest_call *call)
{
  int at = name_argument (call);
  uint32_t capacity = 0;

  if (call->arg[at] == 0 || call->arg[at + 1] == 0
      || task->guest->ops->read (task, call->arg[at + 1], &capacity,
                                 sizeof capacity)
             < 0
      || capacity <= FAMILY_SIZE || capacity > INT32_MAX)
    return GUEST_PASS;
  call->kept[0] = capacity;
  return GUEST_RUN_EXIT;
}

void
guest_leave_name (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ops *ops = task->guest->ops;
  int at = name_argument (call);
  uint32_t length;

  if (call->result < 0
      || ops->read (task, call->arg[at + 1], &length, sizeof length) < 0)
    return;
  bool own = call->rule->number[GUEST_X86_64] == 51; /* getsockname */
  if (mend_address (task, call->arg[at], &length, call->kept[0], own))
    (void) ops->write (task, call->arg[at + 1], &length, sizeof length);
}

enum guest_verdict
guest_enter_recvmsg (struct guest_task *task, struct guest_call *call)
{
  struct k_msghdr message;

  if (guest_read_message (task, call, call->arg[1], &message) < 0)
    return GUEST_PASS;
  if (message.msg_name == 0
      && (!task->guest->identity.emulated || message.msg_control == 0))
    return GUEST_PASS;
  call->kept[0] = (uint32_t) message.msg_namelen;
  call->kept[1] = 1;
  return GUEST_RUN_EXIT;
}

enum guest_verdict
guest_enter_recvmmsg (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  call->kept[0] = 0;
  call->kept[1] = 0;
  return GUEST_RUN_EXIT;
}

/* Mend the message header of CALL at PLACE, where a name had room for CAPACITY
   bytes (0: not known, so for what is there).  */
static void
mend_message (struct guest_task *task, const struct guest_call *call,
              uint64_t place, uint64_t capacity)
{
  struct guest *guest = task->guest;
  const struct guest_ops *ops = guest->ops;
  struct k_msghdr message;
  uint64_t control[CONTROL_MAX / 8];

  const struct guest_message_layout *layout = guest_message_layout (call);

  if (guest_read_message (task, call, place, &message) < 0)
    return;
  if (message.msg_name != 0)
    {
      uint32_t length = (uint32_t) message.msg_namelen;
      if (mend_address (task, message.msg_name, &length,
                        capacity > 0 ? capacity : length, false))
        (void) ops->write (task, place + layout->namelen, &length,
                           sizeof length);
    }
  if (!guest->identity.emulated || message.msg_control == 0
      || message.msg_controllen < layout->control
      || message.msg_controllen > sizeof control
      || ops->read (task, message.msg_control, control,
                    (size_t) message.msg_controllen)
             < 0)
    return;
  if (each_credential (guest, call, (char *) control, message.msg_controllen,
                       make_shown))
    (void) ops->write (task, message.msg_control, control,
                       (size_t) message.msg_controllen);
}

/* recvmsg, recvmmsg.  */
void
guest_leave_recvmsg (struct guest_task *task, struct guest_call *call)
{
  if (call->kept[1])
    {
      if (call->result >= 0)
        mend_message (task, call, call->arg[1], call->kept[0]);
      return;
    }
  size_t stride = guest_message_layout (call)->stride;
  for (int64_t i = 0; i < call->result; i++)
    mend_message (task, call, call->arg[1] + (uint64_t) i * stride, 0);
}

enum guest_verdict
guest_enter_getsockopt (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  return call->arg[1] == SOL_SOCKET && call->arg[2] == SO_PEERCRED
             ? GUEST_RUN_EXIT
             : GUEST_PASS;
}

void
guest_leave_getsockopt (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ops *ops = task->guest->ops;
  struct credentials credentials;
  uint32_t size;

  if (call->result < 0 || ops->read (task, call->arg[4], &size, sizeof size) < 0
      || size < sizeof credentials
      || ops->read (task, call->arg[3], &credentials, sizeof credentials) < 0)
    return;
  make_shown (task->guest, &credentials);
  (void) ops->write (task, call->arg[3], &credentials, sizeof credentials);
}

/* socket: the kernel's audit takes messages of real root alone, and programs
   of root take that refusal for a failure: say that it has no audit.  */
enum guest_verdict
guest_enter_socket (struct guest_task *task, struct guest_call *call)
{
  enum
  {
    AF_NETLINK = 16,
    NETLINK_AUDIT = 9
  };
  if (task->guest->identity.root && (uint32_t) call->arg[0] == AF_NETLINK
      && (uint32_t) call->arg[2] == NETLINK_AUDIT)
    return guest_answer (call, -K_EPROTONOSUPPORT);
  return GUEST_PASS;
}
