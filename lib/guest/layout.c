/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What the structures of system calls look like in the program's memory.  */

#include "lib/guest/layout.h"

#include "lib/guest/calls.h"
#include "lib/guest/ids.h"

/* What an id of 16 bits shows of one that has more.  */
#define OVERFLOW_ID 65534u

static bool
is_native (const struct guest_call *call)
{
  return call->abi == GUEST_ABI_NATIVE;
}

size_t
guest_word_size (const struct guest_call *call)
{
  return is_native (call) ? 8 : 4;
}

/* Return whether users and groups have 16 bits in CALL.  */
static bool
has_short_ids (const struct guest_call *call)
{
  return !is_native (call) && call->rule->layout != GUEST_LAYOUT_WIDE;
}

static uint16_t
short_id (uint32_t id)
{
  return (uint16_t) (id > UINT16_MAX ? OVERFLOW_ID : id);
}

static uint32_t
long_id (uint16_t id)
{
  return id == UINT16_MAX ? UINT32_MAX : id;
}

uint32_t
guest_argument_id (const struct guest_call *call, int index)
{
  return has_short_ids (call) ? long_id ((uint16_t) call->arg[index])
                              : (uint32_t) call->arg[index];
}

uint32_t
guest_shown_id (const struct guest_call *call, uint32_t id)
{
  return has_short_ids (call) ? short_id (id) : id;
}

int
guest_write_ids (struct guest_task *task, const struct guest_call *call,
                 uint64_t address, const uint32_t *ids, uint32_t count)
{
  const struct guest_ops *ops = task->guest->ops;
  uint16_t narrow[GUEST_GROUPS_MAX];

  if (!has_short_ids (call))
    return ops->write (task, address, ids, count * sizeof ids[0]);
  for (uint32_t i = 0; i < count; i++)
    narrow[i] = short_id (ids[i]);
  return ops->write (task, address, narrow, count * sizeof narrow[0]);
}

int
guest_read_ids (struct guest_task *task, const struct guest_call *call,
                uint64_t address, uint32_t *ids, uint32_t count)
{
  const struct guest_ops *ops = task->guest->ops;
  uint16_t narrow[GUEST_GROUPS_MAX];

  if (!has_short_ids (call))
    return ops->read (task, address, ids, count * sizeof ids[0]);
  int status = ops->read (task, address, narrow, count * sizeof narrow[0]);
  for (uint32_t i = 0; status == 0 && i < count; i++)
    ids[i] = long_id (narrow[i]);
  return status;
}

/* The three struct stat of i386: the first of all, the one of long words, and
   the one for big files.  */
struct old_stat
{
  uint16_t st_dev, st_ino, st_mode, st_nlink, st_uid, st_gid, st_rdev, pad;
  uint32_t st_size;
  uint32_t st_times[3];
};

struct word_stat
{
  uint32_t st_dev, st_ino;
  uint16_t st_mode, st_nlink, st_uid, st_gid;
  uint32_t st_rdev, st_size, st_blksize, st_blocks;
  uint32_t st_times[6];
  uint32_t unused[2];
};

struct wide_stat
{
  uint32_t st_dev[2];
  uint32_t pad0, st_ino_low;
  uint32_t st_mode, st_nlink, st_uid, st_gid;
  uint32_t st_rdev[2];
  uint32_t pad1, st_size[2], st_blksize, st_blocks[2];
  uint32_t st_times[6];
  uint32_t st_ino[2];
};

_Static_assert(sizeof (struct old_stat) == 32, "as in Linux");
_Static_assert(sizeof (struct word_stat) == 64, "as in Linux");
_Static_assert(sizeof (struct wide_stat) == 96, "as in Linux");

/* Write the two halves of VALUE.  */
static void
put_halves (uint32_t half[2], uint64_t value)
{
  half[0] = (uint32_t) value;
  half[1] = (uint32_t) (value >> 32);
}

/* Return device number DEVICE with 8 bits for each part, as it was once.  */
static uint16_t
old_device (uint64_t device)
{
  return (uint16_t) ((device >> 8 & 0xff) << 8 | (device & 0xff));
}

static int
form_old (struct old_stat *old, const struct k_stat *status)
{
  old->st_dev = old_device (status->st_dev);
  old->st_ino = (uint16_t) status->st_ino;
  old->st_mode = (uint16_t) status->st_mode;
  old->st_nlink = (uint16_t) status->st_nlink;
  old->st_uid = short_id (status->st_uid);
  old->st_gid = short_id (status->st_gid);
  old->st_rdev = old_device (status->st_rdev);
  old->pad = 0;
  old->st_size = (uint32_t) status->st_size;
  for (int i = 0; i < 3; i++)
    old->st_times[i] = (uint32_t) status->st_times[2 * i];
  return old->st_ino == status->st_ino && old->st_nlink == status->st_nlink
                 && status->st_dev < 1 << 16 && status->st_rdev < 1 << 16
             ? 0
             : -K_EOVERFLOW;
}

static int
form_words (struct word_stat *words, const struct k_stat *status)
{
  words->st_dev = (uint32_t) status->st_dev;
  words->st_ino = (uint32_t) status->st_ino;
  words->st_mode = (uint16_t) status->st_mode;
  words->st_nlink = (uint16_t) status->st_nlink;
  words->st_uid = short_id (status->st_uid);
  words->st_gid = short_id (status->st_gid);
  words->st_rdev = (uint32_t) status->st_rdev;
  words->st_size = (uint32_t) status->st_size;
  words->st_blksize = (uint32_t) status->st_blksize;
  words->st_blocks = (uint32_t) status->st_blocks;
  for (int i = 0; i < 6; i++)
    words->st_times[i] = (uint32_t) status->st_times[i];
  words->unused[0] = words->unused[1] = 0;
  return words->st_ino == status->st_ino && words->st_nlink == status->st_nlink
                 && (uint64_t) status->st_size <= INT32_MAX
             ? 0
             : -K_EOVERFLOW;
}

static void
form_wide (struct wide_stat *wide, const struct k_stat *status)
{
  put_halves (wide->st_dev, status->st_dev);
  wide->pad0 = wide->pad1 = 0;
  wide->st_ino_low = (uint32_t) status->st_ino;
  wide->st_mode = status->st_mode;
  wide->st_nlink = (uint32_t) status->st_nlink;
  wide->st_uid = status->st_uid;
  wide->st_gid = status->st_gid;
  put_halves (wide->st_rdev, status->st_rdev);
  put_halves (wide->st_size, (uint64_t) status->st_size);
  wide->st_blksize = (uint32_t) status->st_blksize;
  put_halves (wide->st_blocks, (uint64_t) status->st_blocks);
  for (int i = 0; i < 6; i++)
    wide->st_times[i] = (uint32_t) status->st_times[i];
  put_halves (wide->st_ino, status->st_ino);
}

int
guest_write_stat (struct guest_task *task, const struct guest_call *call,
                  uint64_t address, const struct k_stat *status)
{
  const struct guest_ops *ops = task->guest->ops;
  union
  {
    struct old_stat old;
    struct word_stat words;
    struct wide_stat wide;
  } form;

  if (is_native (call))
    return ops->write (task, address, status, sizeof *status);
  int error = 0;
  size_t size = sizeof form.words;
  switch ((enum guest_layout) call->rule->layout)
    {
    case GUEST_LAYOUT_OLD:
    case GUEST_LAYOUT_OLDER:
      error = form_old (&form.old, status);
      size = sizeof form.old;
      break;
    case GUEST_LAYOUT_WORDS:
      error = form_words (&form.words, status);
      break;
    case GUEST_LAYOUT_WIDE:
      form_wide (&form.wide, status);
      size = sizeof form.wide;
      break;
    }
  return error < 0 ? error : ops->write (task, address, &form, size);
}

/* The two struct statfs of i386.  */
struct word_statfs
{
  uint32_t f_type, f_bsize, f_counts[5], f_fsid[2], f_namelen, f_frsize,
      f_flags, f_spare[4];
};

struct wide_statfs
{
  uint32_t f_type, f_bsize, f_counts[5][2], f_fsid[2], f_namelen, f_frsize,
      f_flags, f_spare[4];
};

_Static_assert(sizeof (struct word_statfs) == 64, "as in Linux");
_Static_assert(sizeof (struct wide_statfs) == GUEST_STATFS64_SIZE,
               "as in Linux");

/* Return whether the count number INDEX of STATUS has room in 32 bits.  The
   numbers of files may be all ones, which say that they are not known.  */
static bool
count_fits (const struct k_statfs *status, int index)
{
  uint64_t count = status->f_counts[index];
  return count <= UINT32_MAX || (index >= 3 && count == UINT64_MAX);
}

int
guest_write_statfs (struct guest_task *task, const struct guest_call *call,
                    uint64_t address, const struct k_statfs *status)
{
  const struct guest_ops *ops = task->guest->ops;
  struct word_statfs words = { .f_type = (uint32_t) status->f_type };
  struct wide_statfs wide = { .f_type = (uint32_t) status->f_type };

  if (is_native (call))
    return ops->write (task, address, status, sizeof *status);
  words.f_bsize = wide.f_bsize = (uint32_t) status->f_bsize;
  words.f_namelen = wide.f_namelen = (uint32_t) status->f_namelen;
  words.f_frsize = wide.f_frsize = (uint32_t) status->f_frsize;
  words.f_flags = wide.f_flags = (uint32_t) status->f_flags;
  put_halves (words.f_fsid, status->f_fsid);
  put_halves (wide.f_fsid, status->f_fsid);
  bool fits = true;
  for (int i = 0; i < 5; i++)
    {
      fits = fits && count_fits (status, i);
      words.f_counts[i] = (uint32_t) status->f_counts[i];
      put_halves (wide.f_counts[i], status->f_counts[i]);
    }
  if (call->rule->layout == GUEST_LAYOUT_WIDE)
    return ops->write (task, address, &wide, sizeof wide);
  return fits ? ops->write (task, address, &words, sizeof words) : -K_EOVERFLOW;
}

int
guest_read_nanoseconds (struct guest_task *task, const struct guest_call *call,
                        uint64_t address, uint32_t nanoseconds[2])
{
  /* With 32 bits each, or with 64, of which the low ones count.  */
  uint32_t words[8];
  bool is_short = !is_native (call) && call->rule->layout != GUEST_LAYOUT_WIDE;
  size_t size = is_short ? 4 * sizeof words[0] : sizeof words;

  int status = task->guest->ops->read (task, address, words, size);
  if (status < 0)
    return status;
  nanoseconds[0] = words[is_short ? 1 : 2];
  nanoseconds[1] = words[is_short ? 3 : 6];
  return 0;
}

/* struct msghdr of i386, the struct iovec array of which the kernel reads
   itself.  */
struct word_msghdr
{
  uint32_t msg_name;
  int32_t msg_namelen;
  uint32_t msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags;
};

const struct guest_message_layout *
guest_message_layout (const struct guest_call *call)
{
  static const struct guest_message_layout native = {
    .size = sizeof (struct k_msghdr),
    .stride = sizeof (struct k_mmsghdr),
    .namelen = offsetof (struct k_msghdr, msg_namelen),
    .sent = offsetof (struct k_mmsghdr, msg_len),
    .control = 16,
  };
  static const struct guest_message_layout words = {
    .size = sizeof (struct word_msghdr),
    .stride = sizeof (struct word_msghdr) + 4,
    .namelen = offsetof (struct word_msghdr, msg_namelen),
    .sent = sizeof (struct word_msghdr),
    .control = 12,
  };
  return is_native (call) ? &native : &words;
}

int
guest_read_message (struct guest_task *task, const struct guest_call *call,
                    uint64_t address, struct k_msghdr *message)
{
  const struct guest_ops *ops = task->guest->ops;
  struct word_msghdr words;

  if (is_native (call))
    return ops->read (task, address, message, sizeof *message);
  int status = ops->read (task, address, &words, sizeof words);
  if (status < 0)
    return status;
  *message = (struct k_msghdr){
    .msg_name = words.msg_name,
    .msg_namelen = words.msg_namelen,
    .msg_iov = words.msg_iov,
    .msg_iovlen = words.msg_iovlen,
    .msg_control = words.msg_control,
    .msg_controllen = words.msg_controllen,
    .msg_flags = words.msg_flags,
  };
  return 0;
}

void
guest_form_message (const struct guest_call *call,
                    const struct k_msghdr *message, unsigned char *bytes)
{
  struct word_msghdr words = {
    .msg_name = (uint32_t) message->msg_name,
    .msg_namelen = message->msg_namelen,
    .msg_iov = (uint32_t) message->msg_iov,
    .msg_iovlen = (uint32_t) message->msg_iovlen,
    .msg_control = (uint32_t) message->msg_control,
    .msg_controllen = (uint32_t) message->msg_controllen,
    .msg_flags = message->msg_flags,
  };
  size_t size = guest_message_layout (call)->size;
  const unsigned char *from = is_native (call) ? (const unsigned char *) message
                                               : (const unsigned char *) &words;

  for (size_t i = 0; i < GUEST_MESSAGE_MAX; i++)
    bytes[i] = i < size ? from[i] : 0;
}

/* struct sock_fprog of i386.  */
struct word_program
{
  uint16_t count;
  uint32_t instructions;
};

int
guest_read_program (struct guest_task *task, const struct guest_call *call,
                    uint64_t address, struct k_program *program)
{
  const struct guest_ops *ops = task->guest->ops;
  struct word_program words;

  if (is_native (call))
    return ops->read (task, address, program, sizeof *program);
  int status = ops->read (task, address, &words, sizeof words);
  if (status == 0)
    *program = (struct k_program){ words.count, words.instructions };
  return status;
}

size_t
guest_form_program (const struct guest_call *call,
                    const struct k_program *program, unsigned char *bytes)
{
  struct word_program words = { program->count,
                                (uint32_t) program->instructions };

  if (is_native (call))
    {
      __builtin_memcpy (bytes, program, sizeof *program);
      return sizeof *program;
    }
  __builtin_memcpy (bytes, &words, sizeof words);
  return sizeof words;
}
