/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What a system call does in the container, whoever intercepted it.

   An engine intercepts a system call of the contained program, fills a
   struct guest_call and asks guest_enter what to do.  The handlers reach the
   program and the host only through struct guest_ops.  Nothing here
   allocates, uses errno or keeps state besides the structs below, which the
   engine owns.

   A call says through which ABI it was made; that decides what its number
   means and what structures look like in memory, whatever program made it:
   64-bit code may call as 32-bit code does.  Results and arguments are the
   same 64-bit numbers everywhere; an engine cuts arguments that come from
   32-bit registers.

   The life of a call in an engine:

     call = { .abi = ABI, .number = NR, .arg = { ... } };
     switch (guest_enter (task, &call))
       {
       case GUEST_PASS:     run it as it is; nothing else to do
       case GUEST_ANSWER:   do not run it, return call.result
       case GUEST_RUN:      run call.number with call.arg, give the program
                            its own argument registers back afterwards (also
                            when the kernel restarts the call); the result is
                            the kernel's
       case GUEST_RUN_EXIT: the same, then call.result = the kernel's result,
                            guest_leave (task, &call), return call.result;
                            but when guest_leave says so, run call.number
                            with call.arg again, and so on
       case GUEST_EXEC:     execve or execveat, untouched: see exec.h
       }

   Where the guest's member inside is set the call to be run may be another
   one than the program's (openat in the place of open), and guest_leave may
   want it to be run again; elsewhere neither happens.

   When a call of RUN_EXIT never returns (the task died) guest_leave is not
   called; the call is then simply forgotten.

   An engine may handle the calls of all tasks in one process of its own, or
   each in the task itself (member inside).  In the latter case many threads of
   many processes do so at once, and any of them may end at any moment.  What
   they have in common then lies behind the pointers of struct guest, in memory
   that all share, and is never locked: who reads it never waits, and whoever
   dies while changing it leaves it sound.  What lies in struct guest itself
   each process has of its own, copied by fork; its threads share it.  */

#ifndef UDOCKER_LIB_GUEST_CALL_H
#define UDOCKER_LIB_GUEST_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/fs.h"
#include "lib/guest/ids.h"
#include "lib/guest/owners.h"
#include "lib/guest/view.h"

struct guest;
struct guest_call;
struct guest_emulator;
struct guest_interpreters;
struct guest_ports;
struct guest_prefixes;
struct guest_rule;
struct guest_task;
struct guest_turns;

/* Every number of a call that exists lies below this.  */
#define GUEST_CALL_LIMIT 512

/* What a system call is made through.  */
enum guest_abi
{
  GUEST_ABI_NATIVE, /* the host's own 64-bit interface */
  GUEST_ABI_I386,   /* 32-bit x86 on x86_64 */
  GUEST_ABI_COUNT
};

/* AT_FDCWD: "the current directory" where a descriptor is asked for.  */
#define GUEST_AT_CWD (-100)

enum guest_verdict
{
  GUEST_PASS,
  GUEST_ANSWER,
  GUEST_RUN,
  GUEST_RUN_EXIT,
  GUEST_EXEC
};

/* What a user should know of what a program was refused.  */
enum guest_remark
{
  GUEST_REMARK_PTRACE /* it wants to trace another, or to be traced */
};

/* Signals of a task that the kernel does not know about as the program does:
   those in KNOWN, and what is true of them; bits by number less 1.  */
struct guest_signals
{
  uint64_t known;
  uint64_t pending, blocked, ignored, caught;
  uint64_t shared; /* pending for the process */
};

/* What an engine does for the handlers.  All of them return a negative errno
   on failure, and all can be called any number of times in one call.  */
struct guest_ops
{
  /* Copy SIZE bytes from ADDRESS in TASK's memory to BUFFER.
     Return 0, or -EFAULT.  */
  int (*read) (struct guest_task *task, uint64_t address, void *buffer,
               size_t size);

  /* Copy the string at ADDRESS in TASK's memory to BUFFER, with its NUL.
     Return its length, -EFAULT, or -ENAMETOOLONG when it has no NUL within
     SIZE bytes.  */
  int (*read_string) (struct guest_task *task, uint64_t address, char *buffer,
                      size_t size);

  /* Copy SIZE bytes from BUFFER to ADDRESS in TASK's memory.
     Return 0, or -EFAULT.  */
  int (*write) (struct guest_task *task, uint64_t address, const void *buffer,
                size_t size);

  /* Put SIZE bytes from BUFFER into TASK's scratch memory, where they stay
     until the call being handled has been run.  Never on the program's own
     stack.  ADDRESS gets their place there (aligned for uint64_t).  At least
     16 KiB can be put for one call.  Return 0, or -ENOMEM.  */
  int (*scratch) (struct guest_task *task, const void *buffer, size_t size,
                  uint64_t *address);

  /* Make the system call NUMBER of the host with arguments A to F in the
     engine's process.  Return its result.  */
  int64_t (*system_call) (struct guest *guest, long number, uint64_t a,
                          uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                          uint64_t f);

  /* Return a descriptor in the engine's process for what TASK's descriptor
     FD (GUEST_AT_CWD: its current directory) names, good for *at calls and
     AT_EMPTY_PATH (O_PATH is enough); *OWNED gets whether the caller has to
     close it.  An in-process engine returns FD itself, not owned.  Return
     -EBADF when TASK has no FD.  */
  int (*descriptor) (struct guest_task *task, int fd, bool *owned);

  /* Return the task with thread id TID, when it is one of this container,
     or NULL.  Serves /proc/TID/{root,cwd,exe}.  */
  struct guest_task *(*find_task) (struct guest *guest, int tid);

  /* Write the guest path of the program that TASK runs (after "#!": the
     interpreter; canonical) with a NUL into the SIZE bytes at BUFFER.
     Return its length, or -ENOENT.  */
  int (*executable) (struct guest_task *task, char *buffer, size_t size);

  /* Fill SIGNALS of TASK, for its status in /proc.  May be NULL where the
     kernel knows all signals.  */
  void (*signals) (struct guest_task *task, struct guest_signals *signals);

  /* Tell the user, who may wonder, what TASK was refused; once is enough.
     May be NULL.  */
  void (*remark) (struct guest_task *task, enum guest_remark remark);

  /* The file that the engine's descriptor FD names ought to have the permission
     bits MODE, but is given more for its owner: take these away when the
     container ends.  What is said of a file last counts.  May be NULL where the
     container's identity does not say UNLOCKS.  */
  void (*restore_mode) (struct guest *guest, int fd, uint32_t mode);

  /* TASK's socket FD is about to get the address of SIZE bytes at ADDRESS, as
     the container writes it: see that the container's ports lead to one of the
     host that is free.  May be NULL where they do not say SHARES.  */
  void (*share_port) (struct guest_task *task, int fd, const void *address,
                      size_t size);
};

/* A name that programs change: the last that was said is TEXT[(CURRENT - 1)
   % 4], if CURRENT is not 0.  Whoever says a new one draws a number first, so
   that no two write at one place.  */
struct guest_changed_name
{
  uint32_t drawn, current;
  char text[4][65];
};

/* What uname tells; the texts end with a NUL.  An empty text: the host's
   own.  */
struct guest_names
{
  char system[65];
  char node[65];
  char domain[65];
  char release[65];
  char version[65];
  char machine[65];

  /* What sethostname and setdomainname said since then, under fake root.
     Private to this room; zero at the start.  */
  struct guest_changed_name new_node, new_domain;
};

/* Directories of the host that names of sockets go through, by numbers of
   descriptors: entry I is at number SPARE + I of struct guest in each process
   that needs it.  CHANGES is odd while an entry is written.  */
#define GUEST_SPARE_SHARED 32
struct guest_directories
{
  uint32_t drawn;
  struct
  {
    uint32_t changes;
    char host[508];
  } entry[GUEST_SPARE_SHARED];
};

/* How the container's ids differ from the host's.  */
struct guest_identity
{
  /* The ids are emulated: everything below matters.  When not (the container
     runs under the host's own ids) id calls are not even stopped.  */
  bool emulated;

  /* Fake root: chown, mknod and the like succeed, and are remembered.  */
  bool root;

  /* Root of the container may use files of the host's user whatever their
     permission bits say; see unlock.h.  */
  bool unlocks;

  /* The ids that the engine really has, and those which the container sees
     as owner of the files that belong to them.  */
  uint32_t host_uid, host_gid;
  uint32_t uid, gid;
};

/* Everything that is one for a whole container run.  */
struct guest
{
  const struct guest_view *view;
  const int *anchors; /* O_PATH descriptors, one per binding of VIEW */
  const struct guest_ops *ops;
  struct guest_owners *owners;             /* NULL: nothing is remembered */
  struct guest_interpreters *interpreters; /* likewise; see exec.h */
  const struct guest_emulator *emulator;   /* NULL: none; see exec.h */
  bool copies_links; /* make copies where the host has no hard links */
  const struct guest_ports *ports; /* NULL: the host's own */
  struct guest_identity identity;
  struct guest_names *names; /* NULL: the host's own, and none can be set */
  struct guest_turns *turns; /* NULL: not kept; see prefix.h */

  /* Inside, zero at the start.  NULL: names of sockets that are too long for
     the host's addresses are not told as they were given.  */
  struct guest_directories *directories;

  /* Pid of the engine's process as the tasks' /proc shows it, for
     /proc/PID/fd/N where a host path is too long; 0 when that does not work
     (the tasks may not look into the engine).  Not used inside.  */
  int pid;

  /* Where, in the tasks' memory, the text of the engine's own lies by which
     programs of each ABI are loaded, from START to before END; 0 when the
     engine has none.  No call from there is the program's.  */
  struct
  {
    uint64_t start, end;
  } loader[GUEST_ABI_COUNT];

  /* The engine has a filter of system calls on the tasks.  */
  bool filtered;

  /* Programs of the ABIs besides the native one can be started here.  */
  bool starts[GUEST_ABI_COUNT];

  /* The engine runs in the tasks' own process: their descriptors are its
     own.  Otherwise it reaches them by /proc/TID/fd.  */
  bool inside;

  /* Inside: descriptors from this number on are out of the programs' way.
     What has to be open while a call is run is put there, so that the call
     gets the lowest free number: the first GUEST_SPARE_SHARED numbers are
     those of DIRECTORIES, and stay open.  0: there is no such place.  */
  int spare;

  /* Inside: what of the engine's own lies in every process of the container,
     and is shown to none of them: descriptors from FIRST_FD up to before
     END_FD, memory from START up to before END.  0: nothing.  */
  struct
  {
    int first_fd, end_fd;
    uint64_t start, end;
  } own;

  /* Not inside: descriptors of current directories are kept between calls
     while their numbers are below this: a limit on open files may be low.  */
  int keep_below;

  void *engine; /* the engine's own */

  /* Private to this room, filled by guest_start.  Descriptors of directories
     that names of sockets go through, or -1.  */
  int kept_directories[16];
  uint32_t next_directory;
  uint32_t missing; /* host features that are not there */
  bool hidden;      /* some binding has no place on disk */
  uint32_t listed_next;
  struct
  {
    int pid, fd;
    uint32_t next; /* binding */
    uint64_t inode;
  } listed[16]; /* directories of whose entries some have been told */
  /* Of each number of each ABI: row of the table and 1, or 0.  */
  uint16_t row[GUEST_ABI_COUNT][GUEST_CALL_LIMIT];
};

/* A thread of the container.  */
struct guest_task
{
  struct guest *guest;
  struct guest_fs *fs;
  int tid;
  int pid; /* thread group */
  struct guest_ids ids;
  bool linux32; /* its personality makes uname tell of a 32-bit machine */
  void *engine; /* the engine's own */

  /* What this thread knows of paths, in storage of the engine that begins
     zeroed; NULL: none.  Nobody else uses it.  See prefix.h.  */
  struct guest_prefixes *prefixes;

  /* Private to this room: that the call being run turns names (prefix.h), and
     descriptors of the engine's that its paths go through.  */
  int turn;
  uint32_t parked_count;
  int parked[8];
};

/* A call being handled.  */
struct guest_call
{
  /* In: ABI, number and arguments.  Out, for RUN and RUN_EXIT: what to
     run, through the same ABI.  */
  enum guest_abi abi;
  int number;
  uint64_t arg[6];

  /* Out, for ANSWER; in and out of guest_leave.  */
  int64_t result;

  /* Private to this room, from guest_enter to guest_leave.  */
  const struct guest_rule *rule;
  bool
      leaves; /* the rule's own function is to be called when it has been run */
  bool tries; /* what it is about was not looked at: ELOOP says that there is
                 a link */
  uint8_t careful; /* how often that happened: twice, and everything is */
  bool watches;    /* see prefix.h: others that turn names are counted */
  bool quiet;
  uint32_t generation;
  int given_number; /* as it was made */
  uint64_t given[6];
  uint64_t kept[4];
  bool packed;       /* a call within socketcall, of which ... */
  uint64_t inner[6]; /* ... these are the arguments */
};

/* Start GUEST, whose members but the private ones are filled: find out what
   the host's kernel can do.  Call it once, in the process that will make the
   system calls.  Return 0, or a negative errno when VIEW is not sound.  */
int guest_start (struct guest *guest);

/* Look again at what GUEST's view shows, after the engine gave it another
   one since guest_start.  */
void guest_view_changed (struct guest *guest);

/* Start TASK as the first of GUEST with file-system state FS (initialised)
   and IDS.  TID and PID are the caller's to fill.  */
void guest_task_init (struct guest_task *task, struct guest *guest,
                      struct guest_fs *fs, const struct guest_ids *ids);

/* Start CHILD as what PARENT cloned: ids copied, file-system state shared
   when FS is NULL (CLONE_FS), copied into FS otherwise.  TID, PID, the
   engine's own and PREFIXES (NULL until then) are the caller's to fill.  */
void guest_task_clone (struct guest_task *child,
                       const struct guest_task *parent, struct guest_fs *fs);

/* Let go of what TASK holds for a call that has been run, or when it has ended;
   its FS is the caller's to release.  Not inside a task's process it is early
   enough when the next call is entered, which does this.  */
void guest_task_release (struct guest_task *task);

/* Say what TASK's CALL means: see above.  Sets CALL's result or arguments
   accordingly.  A number without a rule is answered with -ENOSYS.  */
enum guest_verdict guest_enter (struct guest_task *task,
                                struct guest_call *call);

/* Mend the result of TASK's CALL after it ran, and remember what it did.
   Return whether it is to be run again, as it is now, and left again: only
   where the guest's member inside is set.  */
bool guest_leave (struct guest_task *task, struct guest_call *call);

/* Copy the node or the domain name that NAMES (which may be NULL) tell, empty
   for the host's own, to TEXT.  */
void guest_names_node (const struct guest_names *names, char text[65]);
void guest_names_domain (const struct guest_names *names, char text[65]);

#endif
