/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The handlers that rows of the table name, and what they share.  Private to
   this room.  */

#ifndef UDOCKER_LIB_GUEST_HANDLERS_H
#define UDOCKER_LIB_GUEST_HANDLERS_H

#include "lib/guest/call.h"
#include "lib/guest/calls.h"
#include "lib/guest/host.h"
#include "lib/guest/layout.h"
#include "lib/guest/path.h"
#include "lib/guest/record.h"
#include "lib/guest/unlock.h"

/* Bits of clone's flags: new namespaces, and the one that would make a child
   escape from a tracer.  */
#define CLONE_REFUSED 0x7e020000u
#define CLONE_NEWTIME 0x80u
#define CLONE_UNTRACED 0x00800000u
/* What waits for tasks that it has attached to: __WALL.  */
#define WAIT_ALL 0x40000000u

#define CLONE_FS 0x200u

/* Which calls within socketcall are not simply run: bits by their numbers
   there.  */
#define SOCKETCALL_HANDLED 0x1f98eeu

/* Answer CALL with RESULT.  */
static inline enum guest_verdict
guest_answer (struct guest_call *call, int64_t result)
{
  call->result = result;
  return GUEST_ANSWER;
}

/* Return argument INDEX of CALL as a descriptor; none is the current
   directory.  */
static inline int
guest_argument_fd (const struct guest_call *call, int index)
{
  return index < 0 ? GUEST_AT_CWD : (int) (uint32_t) call->arg[index];
}

/* Let RULE, or none, say what TASK's CALL means.  */
enum guest_verdict guest_enter_rule (struct guest_task *task,
                                     struct guest_call *call,
                                     const struct guest_rule *rule);

/* Where CALL is one that takes no descriptor and another is the same with one,
   make it that.  Return whether it was.  */
bool guest_form_at (struct guest_call *call);

/* Return the enum guest_final bits that path argument WHICH of CALL asks
   for.  */
unsigned int guest_path_final (const struct guest_call *call, int which);

/* Resolve path argument WHICH of CALL, as its rule says, into FOUND.  Where it
   is known to lie in a directory without links on the way, a look at what it is
   will do.  */
int guest_resolve_plain (struct guest_task *task, const struct guest_call *call,
                         int which, struct guest_found *found);

/* Resolve path argument WHICH of CALL with the FINAL bits.  */
int guest_resolve_argument (struct guest_task *task,
                            const struct guest_call *call, int which,
                            unsigned int final, struct guest_found *found);

/* Make path argument WHICH of CALL name FOUND for the kernel.  TASK takes
   over a descriptor of FOUND that the path needs.
   Return 0 or a negative errno.  */
int guest_put_path (struct guest_task *task, struct guest_call *call, int which,
                    struct guest_found *found);

/* Keep our descriptor FD open until TASK's call has been run; inside, where
   that is possible, out of the program's way.  Return its number then.  */
int guest_park (struct guest_task *task, int fd);

/* The plain handler: resolve the path arguments, refuse what the row and the
   bindings do not allow, run the call.  */
enum guest_verdict guest_enter_paths (struct guest_task *task,
                                      struct guest_call *call);

/* Return the bits TRIES, GUEST_FINAL_TRY_LAST or _ALL, if TASK's paths may be
   resolved with them, else 0: the errors of closed directories may be needed,
   which root of the container opens.  */
static inline unsigned int
guest_may_try (const struct guest_task *task, unsigned int tries)
{
  return guest_may_unlock (task) ? 0 : tries;
}

/* Fill STATUS with what the container is to see of FOUND, or of the file
   PATH below DIR with the FLAGS of newfstatat.  Return 0 or a negative
   errno.  */
int guest_stat_found (struct guest *guest, const struct guest_found *found,
                      struct k_stat *status);
int guest_stat_at (struct guest *guest, int dir, const char *path, int flags,
                   struct k_stat *status);

/* Return the group that what CALL makes at its path argument 0 gets from its
   directory, or UINT32_MAX when the host gives it the right one.  Costs
   nothing while no directory of the container has its set-group-id bit set and
   another group than the host knows.  */
uint32_t guest_inherited_group (struct guest_task *task,
                                const struct guest_call *call);

/* Let guest_leave_make remember of what CALL makes the ids of TASK or the
   inherited GROUP (or UINT32_MAX), where they are not what the container's own
   files show, and TYPE_AND_ADDED: the type of a device (its number is in
   kept[3]) and the permission bits that were added.  DIR and PATH are its
   arguments as given, PATH 0 when its result is a descriptor.  VERDICT is what
   would be done otherwise.  Return the verdict.  */
enum guest_verdict guest_make (struct guest_task *task, struct guest_call *call,
                               enum guest_verdict verdict, int dir,
                               uint64_t path, uint32_t group,
                               uint32_t type_and_added);

/* Under fake root, add to the *MODE of a file to be made the NEEDED bits, so
   that we are not locked out.  Return the bits that were added.  */
uint32_t guest_add_mode (const struct guest_task *task, uint64_t *mode,
                         uint32_t needed);

/* The host has changed the permission bits of the file at PLACE: remember them
   where that is needed, and take from us none that we need.  */
void guest_mode_changed (struct guest *guest, const struct guest_place *place);

/* Make, for FOUND, a file of /proc whose text tells too much of the host, a
   file in memory with what TASK is to read.  Return its descriptor, or a
   negative errno when FOUND is to be opened itself.  */
int guest_proc_content (struct guest_task *task,
                        const struct guest_found *found);

/* Write the whole guest path (chroot not taken off) of the directory that
   our descriptor FD is into the SIZE bytes at PATH.  Return its length or a
   negative errno.  */
int guest_place (struct guest *guest, int fd, char *path, size_t size);

/* Return a descriptor of ours for TASK's descriptor FD, as the engine's
   operation does; -EBADF also for what is none, and the current directory.  */
int guest_descriptor (struct guest_task *task, int fd, bool *owned);

/* Write /proc/TID/fd/FD of TASK into the SIZE bytes at PATH.  */
void guest_fd_path (const struct guest_task *task, int fd, char *path,
                    size_t size);

guest_enter_function guest_enter_access;
guest_enter_function guest_enter_as_is;
guest_enter_function guest_enter_bind;
guest_enter_function guest_enter_capget;
guest_enter_function guest_enter_capset;
guest_enter_function guest_enter_chdir;
guest_enter_function guest_enter_chmod;
guest_enter_function guest_enter_chown;
guest_enter_function guest_enter_chroot;
guest_enter_function guest_enter_clone;
guest_enter_function guest_enter_fchdir;
guest_enter_function guest_enter_fchmod;
guest_enter_function guest_enter_fchown;
guest_enter_function guest_enter_fstat;
guest_enter_function guest_enter_getcwd;
guest_enter_function guest_enter_getgroups;
guest_enter_function guest_enter_getid;
guest_enter_function guest_enter_getresgid;
guest_enter_function guest_enter_getresuid;
guest_enter_function guest_enter_getsockopt;
guest_enter_function guest_enter_getxattr;
guest_enter_function guest_enter_ipc;
guest_enter_function guest_enter_ipc_control;
guest_enter_function guest_enter_list;
guest_enter_function guest_enter_listxattr;
guest_enter_function guest_enter_make;
guest_enter_function guest_enter_mknod;
guest_enter_function guest_enter_mount;
guest_enter_function guest_enter_move;
guest_enter_function guest_enter_name;
guest_enter_function guest_enter_open;
guest_enter_function guest_enter_openat2;
guest_enter_function guest_enter_personality;
guest_enter_function guest_enter_prctl;
guest_enter_function guest_enter_ptrace;
guest_enter_function guest_enter_readlink;
guest_enter_function guest_enter_recvmmsg;
guest_enter_function guest_enter_recvmsg;
guest_enter_function guest_enter_remove;
guest_enter_function guest_enter_removexattr;
guest_enter_function guest_enter_seccomp;
guest_enter_function guest_enter_sendmmsg;
guest_enter_function guest_enter_sendmsg;
guest_enter_function guest_enter_sendto;
guest_enter_function guest_enter_setfsgid;
guest_enter_function guest_enter_setfsuid;
guest_enter_function guest_enter_setgid;
guest_enter_function guest_enter_setgroups;
guest_enter_function guest_enter_sethostname;
guest_enter_function guest_enter_setregid;
guest_enter_function guest_enter_setresgid;
guest_enter_function guest_enter_setresuid;
guest_enter_function guest_enter_setreuid;
guest_enter_function guest_enter_setuid;
guest_enter_function guest_enter_setxattr;
guest_enter_function guest_enter_socketcall;
guest_enter_function guest_enter_stat;
guest_enter_function guest_enter_statfs;
guest_enter_function guest_enter_statx;
guest_enter_function guest_enter_socket;
guest_enter_function guest_enter_times;
guest_enter_function guest_enter_umask;
guest_enter_function guest_enter_uname;
guest_enter_function guest_enter_unshare;
guest_enter_function guest_enter_wait;
guest_enter_function guest_enter_waitid;
guest_enter_function guest_enter_watch;

guest_leave_function guest_leave_as_root;
guest_leave_function guest_leave_chdir;
guest_leave_function guest_leave_getsockopt;
guest_leave_function guest_leave_link;
guest_leave_function guest_leave_ipc_control;
guest_leave_function guest_leave_list;
guest_leave_function guest_leave_make;
guest_leave_function guest_leave_name;
guest_leave_function guest_leave_personality;
guest_leave_function guest_leave_prctl;
guest_leave_function guest_leave_recvmsg;
guest_leave_function guest_leave_seccomp;
guest_leave_function guest_leave_sendmmsg;
guest_leave_function guest_leave_unshare;
guest_leave_function guest_leave_waitid;

/* Keep what CALL, link or linkat, is about, for guest_leave_link.  */
void guest_keep_link (struct guest_call *call);

struct guest_emulator;
struct guest_exec;

/* Have EMULATOR run the program that EXEC has found: its path member, which
   becomes empty, says how the emulator is to open it.  Return 0, -E2BIG or
   -ENAMETOOLONG.  */
int guest_exec_emulate (struct guest_exec *exec,
                        const struct guest_emulator *emulator);

#endif
