/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls about extended attributes.

   Those whose names begin with "security." or "trusted." only root can set:
   under fake root they are remembered in the file's record, and shown beside
   those that the file really has.

   The calls come in three forms: with a path, with a descriptor, and since
   Linux 6.13 with both and a structure for what sets or gets a value.  */

#include "lib/guest/attributes.h"
#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/read-only.h"
#include "lib/guest/record.h"

enum
{
  XATTR_CREATE = 1,
  XATTR_REPLACE = 2,
  XATTR_SIZE_MAX = 65536
};

/* Says after the path, or the descriptor, what is asked for.  */
struct request
{
  char name[GUEST_ATTRIBUTE_NAME_MAX + 1];
  uint64_t address; /* of the value, or of the list of names */
  uint64_t size;
  uint32_t flags;
};

/* The file that a call is about.  */
struct target
{
  struct guest_found found; /* where it has a path */
  int fd;
  bool owned;
  struct guest_place place;
};

/* The structure of setxattrat and getxattrat.  */
struct xattr_arguments
{
  uint64_t value;
  uint32_t size;
  uint32_t flags;
};

static bool
has_path (const struct guest_call *call)
{
  return call->rule->path[0].kind != GUEST_PATH_NONE;
}

static bool
has_structure (const struct guest_call *call)
{
  return has_path (call) && call->rule->path[0].dir >= 0;
}

/* Read the name that CALL gives into REQUEST.  */
static int
read_name (struct guest_task *task, const struct guest_call *call,
           struct request *request)
{
  int length = task->guest->ops->read_string (
      task, call->arg[has_structure (call) ? 3 : 1], request->name,
      sizeof request->name);
  if (length == -K_ENAMETOOLONG || length == 0)
    return -K_ERANGE;
  return length < 0 ? length : 0;
}

/* Read where the value is that CALL sets or gets into REQUEST.  */
static int
read_value_place (struct guest_task *task, const struct guest_call *call,
                  struct request *request)
{
  if (!has_structure (call))
    {
      request->address = call->arg[2];
      request->size = call->arg[3];
      request->flags = (uint32_t) call->arg[4];
      return 0;
    }
  struct xattr_arguments arguments;
  if (call->arg[5] < sizeof arguments)
    return -K_EINVAL;
  int status =
      task->guest->ops->read (task, call->arg[4], &arguments, sizeof arguments);
  if (status < 0)
    return status;
  request->address = arguments.value;
  request->size = arguments.size;
  request->flags = arguments.flags;
  return 0;
}

/* Return whether the attribute NAME, one that only root can set, is nothing
   but the prefix.  */
static bool
is_prefix_alone (const char *name)
{
  return name[name[0] == 's' ? 9 : 8] == '\0';
}

/* Return whether a task with IDS may set or remove the attribute NAME.  */
static bool
may_change (const struct guest_ids *ids, const char *name)
{
  return guest_ids_can (ids, guest_text_equal (name, "security.capability")
                                 ? GUEST_CAP_SETFCAP
                                 : GUEST_CAP_SYS_ADMIN);
}

/* Return whether a task with IDS is told of the attribute NAME.  */
static bool
may_see (const struct guest_ids *ids, const char *name)
{
  return name[0] != 't' || guest_ids_can (ids, GUEST_CAP_SYS_ADMIN);
}

static bool
has_records (struct guest *guest)
{
  if (!guest->identity.root || guest->owners == NULL)
    return false;
  guest_owners_look (guest->owners);
  return guest_owners_any (guest->owners);
}

static void
release_target (struct guest *guest, struct target *target)
{
  guest_found_release (guest, &target->found);
  if (target->owned)
    host_close (guest, target->fd);
}

/* Find the file that CALL is about.  */
static int
find_target (struct guest_task *task, const struct guest_call *call,
             struct target *target)
{
  target->fd = -1;
  target->owned = false;
  target->found.object = target->found.owned[0] = target->found.owned[1] = -1;
  if (!has_path (call))
    {
      target->found.virtual = false;
      target->fd = guest_descriptor (task, (int) (uint32_t) call->arg[0],
                                     &target->owned);
      if (target->fd < 0)
        return target->fd;
      target->place = guest_place_of_fd (target->fd);
      return 0;
    }
  int status = guest_resolve_argument (
      task, call, 0, guest_path_final (call, 0) | GUEST_FINAL_OBJECT,
      &target->found);
  if (status == 0)
    target->place = guest_place_of (&target->found);
  return status;
}

/* Find out the STATUS of TARGET, with *RESULT, and what is known of it.  Return
   whether anything is.  */
static bool
find_record (struct guest *guest, const struct target *target,
             struct k_stat *status, int *result,
             struct guest_owner_record *record)
{
  const struct guest_place *place = &target->place;
  *result = target->found.virtual
                ? -K_ENODATA
                : host_fstatat (guest, place->dir, place->path, status,
                                place->flags);
  return *result >= 0
         && guest_record_find (guest, place, status->st_dev, status->st_ino,
                               record);
}

/* Write a path to PROC by which calls follow to TARGET itself.  */
static int
name_object (struct guest *guest, struct target *target, char *proc,
             size_t size)
{
  struct guest_text text;
  int fd = target->fd >= 0 ? target->fd : target->found.object;

  if (target->found.virtual)
    return -K_ENODATA;
  if (fd < 0)
    {
      fd = guest_found_open (guest, &target->found, K_O_PATH);
      if (fd < 0)
        return fd;
      target->found.object = fd;
    }
  guest_text_init (&text, proc, size);
  guest_add_fd (guest, &text, fd);
  return 0;
}

/* Let CALL be made as it is, for its own kernel's answer.  */
static enum guest_verdict
leave_to_kernel (struct guest_task *task, struct guest_call *call)
{
  return has_path (call) ? guest_enter_paths (task, call) : GUEST_PASS;
}

/* Answer CALL with the LENGTH bytes at BYTES, for which REQUEST has room.  */
static enum guest_verdict
answer_bytes (struct guest_task *task, struct guest_call *call,
              const struct request *request, const void *bytes, size_t length)
{
  if (request->size == 0)
    return guest_answer (call, (int64_t) length);
  if (request->size < length)
    return guest_answer (call, -K_ERANGE);
  int status = task->guest->ops->write (task, request->address, bytes, length);
  return guest_answer (call, status < 0 ? status : (int64_t) length);
}

/* Read what the file itself has of path argument 0 into VALUE, which has room
   for what REQUEST wants: the value of its attribute, or with IS_LIST all
   names.  */
static int64_t
read_object (struct guest_task *task, const struct guest_call *call,
             const struct request *request, bool is_list, char *value)
{
  struct guest *guest = task->guest;
  char proc[40];
  struct target target;
  int64_t result = find_target (task, call, &target);

  if (result < 0)
    return result;
  result = name_object (guest, &target, proc, sizeof proc);
  if (result == 0 && !is_list)
    result = host_call (guest, K_NR_getxattr, host_pointer (proc),
                        host_pointer (request->name), host_pointer (value),
                        request->size);
  else if (result == 0)
    result = host_call (guest, K_NR_listxattr, host_pointer (proc),
                        host_pointer (value), request->size, 0);
  release_target (guest, &target);
  return result;
}

/* The same by the file's name alone, which takes no descriptor.  Return whether
   that is possible, with *RESULT.  */
static bool
read_by_name (struct guest_task *task, const struct guest_call *call,
              const struct request *request, bool is_list, char *value,
              int64_t *result)
{
  struct guest *guest = task->guest;
  const struct xattr_arguments arguments = { .value = host_pointer (value),
                                             .size = (uint32_t) request->size };
  struct guest_found found;

  if ((guest->missing & GUEST_LACKS_GETXATTRAT) || guest_may_unlock (task))
    return false;
  *result = guest_resolve_plain (task, call, 0, &found);
  if (*result < 0)
    return true;
  struct guest_place place = guest_place_of (&found);
  bool is_name = place.path[0] != '\0' && !found.virtual && !found.directory;
  if (is_name && is_list)
    *result = guest->ops->system_call (
        guest, K_NR_listxattrat, host_fd (place.dir), host_pointer (place.path),
        (uint64_t) place.flags, arguments.value, arguments.size, 0);
  else if (is_name)
    *result = guest->ops->system_call (
        guest, K_NR_getxattrat, host_fd (place.dir), host_pointer (place.path),
        (uint64_t) place.flags, host_pointer (request->name),
        host_pointer (&arguments), sizeof arguments);
  guest_found_release (guest, &found);
  return is_name;
}

/* Answer CALL with what the file itself has.  */
static enum guest_verdict
read_real (struct guest_task *task, struct guest_call *call,
           const struct request *request, bool is_list)
{
  char value[GUEST_PATH_SIZE];
  int64_t result;

  if (!read_by_name (task, call, request, is_list, value, &result))
    result = read_object (task, call, request, is_list, value);
  if (result <= 0)
    return guest_answer (call, result);
  return answer_bytes (task, call, request, value, (size_t) result);
}

/* Answer CALL with the attribute of REQUEST that is remembered.  Return
   whether there is one.  */
static bool
answer_remembered (struct guest_task *task, struct guest_call *call,
                   const struct request *request, enum guest_verdict *verdict)
{
  struct guest *guest = task->guest;
  const struct guest_attribute *attribute = NULL;
  struct target target;
  struct k_stat status;
  int result = find_target (task, call, &target);

  if (result < 0)
    return false;
  struct guest_owner_record record;
  if (find_record (guest, &target, &status, &result, &record)
      && may_see (&task->ids, request->name))
    attribute = guest_attribute_find (guest->owners, &record, request->name);
  if (attribute != NULL)
    *verdict =
        answer_bytes (task, call, request, guest_attribute_value (attribute),
                      attribute->size);
  release_target (guest, &target);
  return attribute != NULL;
}

/* getxattr and relatives.  */
enum guest_verdict
guest_enter_getxattr (struct guest_task *task, struct guest_call *call)
{
  struct request request;
  enum guest_verdict verdict;

  /* Of most files nothing is remembered.  */
  if (!has_records (task->guest) && (!has_path (call) || has_structure (call)))
    return leave_to_kernel (task, call);
  int status = read_name (task, call, &request);
  if (status == 0)
    status = read_value_place (task, call, &request);
  if (status < 0)
    return guest_answer (call, status);
  if (has_records (task->guest) && guest_attribute_is_privileged (request.name)
      && answer_remembered (task, call, &request, &verdict))
    return verdict;
  if (!has_path (call) || has_structure (call)
      || request.size > GUEST_PATH_SIZE)
    return leave_to_kernel (task, call);
  return read_real (task, call, &request, false);
}

/* Return whether NAME is among the LENGTH bytes of LIST, whose names end with
   NULs.  */
static bool
is_listed (const char *list, size_t length, const char *name)
{
  for (size_t i = 0; i < length;)
    {
      if (guest_text_equal (list + i, name))
        return true;
      while (i < length && list[i] != '\0')
        i++;
      i++;
    }
  return false;
}

/* Append to the *LENGTH bytes of LIST the names in RECORD that TASK may see, as
   far as there is room in its SIZE bytes.  */
static void
add_names (struct guest_task *task, const struct guest_owner_record *record,
           char *list, size_t size, size_t *length)
{
  const struct guest_owners *owners = task->guest->owners;
  const struct guest_attribute *attribute =
      guest_attribute_first (owners, record);

  for (; attribute != NULL;
       attribute = guest_attribute_next (owners, attribute))
    {
      const char *name = guest_attribute_name (attribute);
      if (!may_see (&task->ids, name) || is_listed (list, *length, name)
          || *length + attribute->name_length + 1 > size)
        continue;
      for (size_t i = 0; i <= attribute->name_length; i++)
        list[(*length)++] = name[i];
    }
}

/* listxattr and relatives.  */
enum guest_verdict
guest_enter_listxattr (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  int at = has_structure (call) ? 3 : 1;
  struct request request = { .address = call->arg[at],
                             .size = call->arg[at + 1] };
  struct target target;
  struct k_stat status;
  char proc[40];
  char list[GUEST_PATH_SIZE];
  int result;

  if (has_records (guest))
    {
      result = find_target (task, call, &target);
      if (result < 0)
        return guest_answer (call, result);
      struct guest_owner_record record;
      bool is_remembered =
          find_record (guest, &target, &status, &result, &record)
          && record.attributes != 0;
      size_t length = 0;
      if (is_remembered && name_object (guest, &target, proc, sizeof proc) == 0)
        {
          int64_t real = host_call (guest, K_NR_listxattr, host_pointer (proc),
                                    host_pointer (list), sizeof list, 0);
          length = real > 0 ? (size_t) real : 0;
          add_names (task, &record, list, sizeof list, &length);
        }
      release_target (guest, &target);
      if (is_remembered)
        return answer_bytes (task, call, &request, list, length);
    }
  if (!has_path (call) || has_structure (call)
      || request.size > GUEST_PATH_SIZE)
    return leave_to_kernel (task, call);
  return read_real (task, call, &request, true);
}

/* Return whether CALL changes an attribute, whose name REQUEST gets, that is
   only remembered; *STATUS what is wrong with it.  */
static bool
is_remembered_change (struct guest_task *task, const struct guest_call *call,
                      struct request *request, int *status)
{
  request->name[0] = '\0';
  if (!task->guest->identity.root || read_name (task, call, request) < 0)
    return false;
  if (!guest_attribute_is_privileged (request->name))
    return false;
  *status = !may_change (&task->ids, request->name) ? -K_EPERM
            : is_prefix_alone (request->name)       ? -K_EINVAL
                                                    : 0;
  return true;
}

/* Find the file of CALL, to be changed, as TARGET, and fill RECORD: its key,
   and what else is known of it.  */
static int
find_changed (struct guest_task *task, const struct guest_call *call,
              struct target *target, struct guest_owner_record *record)
{
  struct guest *guest = task->guest;
  struct k_stat status;
  int result = find_target (task, call, target);

  if (result < 0)
    return result;
  bool is_known = find_record (guest, target, &status, &result, record);
  if (has_path (call)
      && (target->found.virtual
          || guest_found_is_read_only (guest, &target->found)))
    result = -K_EROFS;
  if (result < 0)
    release_target (guest, target);
  else if (!is_known)
    *record = (struct guest_owner_record){
      .key = { status.st_dev, status.st_ino,
               guest_place_birth (guest, &target->place) },
    };
  return result;
}

/* Remember the attribute of REQUEST, whose value is at VALUE, for the file of
   CALL.  */
static int
remember (struct guest_task *task, const struct guest_call *call,
          const struct request *request, const void *value)
{
  struct guest *guest = task->guest;
  struct guest_owners *owners = guest->owners;
  struct guest_owner_record record;
  struct target target;
  int result = find_changed (task, call, &target, &record);

  if (result < 0)
    return result;
  if (owners == NULL)
    {
      release_target (guest, &target);
      return 0;
    }
  bool is_there = guest_attribute_find (owners, &record, request->name) != NULL;
  if (is_there && (request->flags & XATTR_CREATE))
    result = -K_EEXIST;
  else if (!is_there && (request->flags & XATTR_REPLACE))
    result = -K_ENODATA;
  else
    result = guest_attribute_set (owners, &record.key, request->name, value,
                                  (size_t) request->size);
  release_target (guest, &target);
  return result;
}

/* Set the access control list of the file of CALL to what REQUEST says, and
   remember the permission bits that it gives where that is needed.  Return
   whether that was done, with *RESULT what became of it.  */
static bool
set_access_list (struct guest_task *task, const struct guest_call *call,
                 const struct request *request, int *result)
{
  struct guest *guest = task->guest;
  struct guest_owner_record record;
  struct target target;
  char value[GUEST_ATTRIBUTE_VALUE_MAX];
  char proc[40];

  if (request->size > sizeof value
      || find_changed (task, call, &target, &record) < 0)
    return false; /* the kernel says what is wrong */
  *result = name_object (guest, &target, proc, sizeof proc);
  if (*result == 0)
    *result = guest->ops->read (task, request->address, value,
                                (size_t) request->size);
  if (*result == 0)
    *result = (int) guest->ops->system_call (
        guest, K_NR_setxattr, host_pointer (proc), host_pointer (request->name),
        host_pointer (value), request->size, request->flags, 0);
  if (*result == 0)
    guest_mode_changed (guest, &target.place);
  release_target (guest, &target);
  return true;
}

/* setxattr and relatives.  */
enum guest_verdict
guest_enter_setxattr (struct guest_task *task, struct guest_call *call)
{
  struct request request;
  char value[GUEST_ATTRIBUTE_VALUE_MAX];
  int status = 0;

  if (!is_remembered_change (task, call, &request, &status))
    {
      bool done = guest_text_equal (request.name, "system.posix_acl_access")
                  && read_value_place (task, call, &request) == 0
                  && set_access_list (task, call, &request, &status);
      return done ? guest_answer (call, status) : leave_to_kernel (task, call);
    }
  if (status == 0)
    status = read_value_place (task, call, &request);
  if (status == 0 && (request.flags & ~3u))
    status = -K_EINVAL;
  if (status == 0 && request.size > XATTR_SIZE_MAX)
    status = -K_E2BIG;
  if (status == 0 && request.size > sizeof value)
    status = -K_ENOSPC;
  if (status == 0 && request.size > 0)
    status = task->guest->ops->read (task, request.address, value,
                                     (size_t) request.size);
  if (status == 0)
    status = remember (task, call, &request, value);
  return guest_answer (call, status);
}

/* removexattr and relatives.  */
enum guest_verdict
guest_enter_removexattr (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  struct guest_owner_record record;
  struct request request;
  struct target target;
  int status = 0;

  if (!is_remembered_change (task, call, &request, &status))
    return leave_to_kernel (task, call);
  if (status == 0)
    status = find_changed (task, call, &target, &record);
  if (status < 0)
    return guest_answer (call, status);
  bool removed =
      record.attributes != 0
      && guest_attribute_remove (guest->owners, &record.key, request.name);
  release_target (guest, &target);
  return guest_answer (call, removed ? 0 : -K_ENODATA);
}
