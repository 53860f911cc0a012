/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What the structures of system calls look like in the program's memory.

   Handlers know one form of each structure, that of the host's own interface
   (kernel.h).  These functions bring it to and from the form that a call
   wants: that depends on the ABI through which the call was made, whatever
   program made it, and on its row, because i386 has had several forms of the
   same (enum guest_layout).  The rules for what does not fit are Linux's.
   Private to this room.  */

#ifndef UDOCKER_LIB_GUEST_LAYOUT_H
#define UDOCKER_LIB_GUEST_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/kernel.h"

/* Return how many bytes a pointer, a long and a size_t of CALL have.  */
size_t guest_word_size (const struct guest_call *call);

/* Return argument INDEX of CALL, a user or group: UINT32_MAX where the
   program says -1.  */
uint32_t guest_argument_id (const struct guest_call *call, int index);

/* Return how CALL shows the user or group ID as its result: where it has 16
   bits, one that does not fit is 65534.  */
uint32_t guest_shown_id (const struct guest_call *call, uint32_t id);

/* Copy the COUNT (GUEST_GROUPS_MAX at most) users or groups IDS to or from
   ADDRESS in TASK's memory, as CALL has them.  Return 0 or -EFAULT.  */
int guest_write_ids (struct guest_task *task, const struct guest_call *call,
                     uint64_t address, const uint32_t *ids, uint32_t count);
int guest_read_ids (struct guest_task *task, const struct guest_call *call,
                    uint64_t address, uint32_t *ids, uint32_t count);

/* Copy STATUS to ADDRESS in TASK's memory as the struct stat of CALL.
   Return 0, -EFAULT, or -EOVERFLOW when something has no room in it.  */
int guest_write_stat (struct guest_task *task, const struct guest_call *call,
                      uint64_t address, const struct k_stat *status);

/* What statfs64 wants as the size of its structure.  */
#define GUEST_STATFS64_SIZE 84

/* The same for struct statfs.  */
int guest_write_statfs (struct guest_task *task, const struct guest_call *call,
                        uint64_t address, const struct k_statfs *status);

/* Copy the nanoseconds of the two struct timespec at ADDRESS in TASK's memory
   to NANOSECONDS.  Return 0 or -EFAULT.  */
int guest_read_nanoseconds (struct guest_task *task,
                            const struct guest_call *call, uint64_t address,
                            uint32_t nanoseconds[2]);

/* Where things are in the messages (struct mmsghdr, which a struct msghdr
   begins) and control messages (struct cmsghdr) of an ABI: sizes and offsets
   in bytes.  */
struct guest_message_layout
{
  uint8_t size;    /* of struct msghdr */
  uint8_t stride;  /* of struct mmsghdr */
  uint8_t namelen; /* offset of msg_namelen */
  uint8_t sent;    /* offset of msg_len */
  uint8_t control; /* size of struct cmsghdr, whose last two members are level
                      and type */
};

/* Return the layout of the messages of CALL.  */
const struct guest_message_layout *
guest_message_layout (const struct guest_call *call);

/* The most bytes that struct mmsghdr has anywhere.  */
#define GUEST_MESSAGE_MAX 64

/* Copy the struct msghdr at ADDRESS in TASK's memory to MESSAGE.  Return 0 or
   -EFAULT.  */
int guest_read_message (struct guest_task *task, const struct guest_call *call,
                        uint64_t address, struct k_msghdr *message);

/* Write MESSAGE in the form of CALL to the GUEST_MESSAGE_MAX BYTES; struct
   mmsghdr's own member becomes 0.  */
void guest_form_message (const struct guest_call *call,
                         const struct k_msghdr *message, unsigned char *bytes);

/* Copy the struct sock_fprog at ADDRESS in TASK's memory to PROGRAM.  Return 0
   or -EFAULT.  */
int guest_read_program (struct guest_task *task, const struct guest_call *call,
                        uint64_t address, struct k_program *program);

/* Write PROGRAM in the form of CALL to BYTES, which have room for the native
   one.  Return how many bytes it has.  */
size_t guest_form_program (const struct guest_call *call,
                           const struct k_program *program,
                           unsigned char *bytes);

#endif
