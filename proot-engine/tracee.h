/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the tracer knows of each task, and of what tasks share.  */

#ifndef UDOCKER_PROOT_ENGINE_TRACEE_H
#define UDOCKER_PROOT_ENGINE_TRACEE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/guest/call.h"
#include "lib/guest/exec.h"
#include "proot-engine/arch/arch.h"
#include "proot-engine/loader/loader.h"

/* An address space: made by execve and by fork, shared by CLONE_VM.  */
struct space
{
  unsigned int references;

  /* The loader's text is mapped here, trampolines among it.  */
  bool trampolines;

  /* What the program, and the loader with it, is made for.  */
  enum guest_abi abi;

  /* Where the slots are that calls through each ABI can name; 0 when there are
     none yet.  */
  uint64_t slots[GUEST_ABI_COUNT];

  /* Which slots of the window belong to a task.  */
  uint64_t used[LOADER_SLOTS / 64];

  /* Guest path of the program.  */
  char executable[GUEST_PATH_SIZE];
};

/* Where a task is between two stops.  */
enum tracee_state
{
  TRACEE_NEW,     /* not yet both seen stopped and announced */
  TRACEE_RUNNING, /* nothing is expected of it */
  TRACEE_IN_CALL, /* its exit stop is to be waited for */
  TRACEE_LOADING  /* P2: the loader stub is at work, until its trap */
};

struct tracee
{
  struct tracee *next; /* in its bucket, or in the list of free ones */
  pid_t tid;
  struct guest_task task;
  struct space *space;
  enum tracee_state state;
  bool announced;     /* the parent's event was seen */
  bool stopped_first; /* its own first stop was seen */
  int first_signal;   /* of that stop */
  bool group_stopped;

  /* Held in a stop for the task with this number, or 0; whether that has
     been told of the stop.  */
  pid_t attached;
  bool told;

  /* The call at hand, from its entry stop until its exit stop.  */
  struct guest_call call;
  bool leaves;   /* guest_leave is to be called */
  bool answered; /* it runs for the program's filters only */
  bool filters;  /* it is about to install a filter of ours */
  bool restores; /* the registers of the entry stop are to be put back */
  bool maps;     /* it is a call of ours, for slots; then comes its own */
  bool installs; /* likewise, for a filter */
  struct registers entry;
  struct guest_exec *exec; /* an execve under way */

  /* Slots in a row that the execve uses.  */
  struct
  {
    int first, count;
  } run[3];

  /* Descriptors kept open until the loader has used them.  */
  int held[2];

  /* Its runtime has not left it yet; see adopt.h of trap-engine.  */
  bool adopted;

  /* Its call is made as if from elsewhere, where no filter minds; or it is the
     child of such a call, and begins at PLACE.  */
  bool sheltered;
  uint64_t place;

  /* It is forgotten when its program has been loaded (handover.h).  */
  bool leaving;

  /* Its filters let it stop at calls that list directories.  */
  bool lists;

  /* Scratch memory: slot number or -1, and how much of it this call takes.  */
  int slot;
  bool diverted; /* may still be in the slot's trampoline, from ENTRY on */

  /* Descriptor of the process for pidfd_getfd, or -1.  */
  int pidfd;

  /* Placement.  */
  uint32_t stops;         /* so far */
  uint32_t stops_at_tick; /* at the last tick */
  uint64_t burst;         /* when the last burst of stops ended */
  bool narrowed;
  cpu_set_t processors; /* what the guest has, while narrowed */
};

/* Everything there is.  */
struct tracees
{
  struct tracee *bucket[1024];
  struct tracee *spare;
  size_t count;
  size_t next_victim; /* bucket to look for a slot in */
};

/* Return the tracee TID or NULL.  */
struct tracee *tracees_find (struct tracees *tracees, pid_t tid);

/* Make a tracee TID: no space, no file-system state, no slot.  Return NULL
   when there is no memory.  */
struct tracee *tracees_add (struct tracees *tracees, pid_t tid);

/* Forget TRACEE and drop what it shares.  */
void tracees_remove (struct tracees *tracees, struct tracee *tracee);

/* Give TRACEE the new number TID, which no other has.  */
void tracees_renumber (struct tracees *tracees, struct tracee *tracee,
                       pid_t tid);

/* Make a space for TRACEE, of which it is the only user, in place of the one
   it has.  PARENT, when not NULL, is copied.  Return 0 or -ENOMEM.  */
int tracee_new_space (struct tracee *tracee, const struct space *parent);

/* Have TRACEE share SPACE.  */
void tracee_share_space (struct tracee *tracee, struct space *space);

/* Return where the stub of programs for ABI has its window.  */
uint64_t loader_window (enum guest_abi abi);

/* Return whether ADDRESS lies in the window of SPACE's loader.  */
bool space_has_in_window (const struct space *space, uint64_t address);

/* Return where TRACEE's slot is for the call at hand.  */
uint64_t tracee_slot_address (const struct tracee *tracee);

/* Give TRACEE a slot, if it has none; when all are taken, that of another of
   TRACEES which does not need it just now.  Return 0 or -ENOMEM.  */
int tracee_take_slot (struct tracees *tracees, struct tracee *tracee);

/* Find COUNT neighbouring free slots in SPACE, and take them.  Return the
   first or -ENOMEM.  */
int space_take_slots (struct space *space, int count);
void space_give_slots (struct space *space, int first, int count);

/* Read the file NAME of task TID in /proc into the SIZE bytes at TEXT, with a
   NUL.  Return whether there was something to read.  */
bool tracee_read_proc (pid_t tid, const char *name, char *text, size_t size);

/* Close what TRACEE holds for its loader.  */
void tracee_release_held (struct tracee *tracee);

/* Return the tracee that TASK is part of.  */
static inline struct tracee *
tracee_of (struct guest_task *task)
{
  return task->engine;
}

#endif
