/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What a path of the contained program names.  */

#ifndef UDOCKER_LIB_GUEST_PATH_H
#define UDOCKER_LIB_GUEST_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/text.h"

/* How guest_resolve is to treat the last component, and more: bits.  */
enum guest_final
{
  GUEST_FINAL_FOLLOW = 0,     /* follow a final link */
  GUEST_FINAL_NOFOLLOW = 1,   /* do not, unless a slash follows it */
  GUEST_FINAL_CREATE = 2,     /* it is to be made, or to go: neither followed,
                                 even if a slash follows it, nor looked at;
                                 its directory must exist */
  GUEST_FINAL_EMPTY = 4,      /* an empty path is the directory itself */
  GUEST_FINAL_OBJECT = 8,     /* an O_PATH descriptor of the object is welcome:
                                 set when the call is carried out here */
  GUEST_FINAL_MISSING = 16,   /* the object may be missing (O_CREAT): a
                                 dangling link, if it is followed, is followed
                                 to what it would name */
  GUEST_FINAL_NO_LINKS = 32,  /* a link to be followed anywhere is ELOOP */
  GUEST_FINAL_NO_MAGIC = 128, /* the same for the magic ones of /proc */

  /* As openat2's RESOLVE_BENEATH, RESOLVE_IN_ROOT and RESOLVE_NO_XDEV, bindings
     being mounts: -EXDEV for what leads out of the directory, or across.  */
  GUEST_FINAL_BENEATH = 256,
  GUEST_FINAL_IN_ROOT = 512,
  GUEST_FINAL_NO_XDEV = 1024,

  /* The caller copes with what nobody has looked at, found's member unproved:
     a last component that may be a link though it is to be followed, because
     it looks at the link itself and then asks again without this; or a link
     anywhere, because it gives the path to openat2, which is told to meet
     none.  */
  GUEST_FINAL_TRY_LAST = 2048,
  GUEST_FINAL_TRY_ALL = 4096,

  /* A link was met when that was tried: begin with looking for it.  */
  GUEST_FINAL_IS_LINK = 8192
};

/* How the last component was written.  */
enum guest_last
{
  GUEST_LAST_NORMAL,
  GUEST_LAST_DOT,
  GUEST_LAST_DOTDOT,
  GUEST_LAST_ROOT /* only slashes */
};

/* Not in any binding: reached by a descriptor of a place outside.  */
#define GUEST_OUTSIDE UINT32_MAX

/* What a path names: ANCHOR, a descriptor of the engine's process, and below
   it a path without links, "." or "..".  */
struct guest_found
{
  /* Where PATH starts: the binding's descriptor, or that of the directory
     the path was relative to.  */
  int anchor;

  /* The object itself, opened with O_PATH, or -1 when it was not needed.
     Whoever has it need not look at ANCHOR and the path.  */
  int object;

  /* The binding it lies in, or GUEST_OUTSIDE.  */
  uint32_t binding;

  /* Where it starts at the current directory and BINDING is not known: the
     binding through which that was entered, 0 when that is not known.  */
  uint32_t through;

  /* When ".." came last: the binding from which it went up, or
     GUEST_OUTSIDE.  */
  uint32_t up_from;

  /* The path as the program wrote it, from the descriptor it gave, names the
     same for the kernel: the call can be run with its own arguments.  */
  bool untouched;

  /* TEXT is the whole guest path, not only what is below ANCHOR.  */
  bool absolute;

  /* It must be a directory: a slash or "." or ".." came last.  */
  bool directory;

  /* It is a binding's own place: it cannot be removed or renamed (EBUSY).  */
  bool mount;

  /* MISSING was asked for, and it is known not to be there.  */
  bool missing;

  /* It was not looked at: see GUEST_FINAL_TRY_LAST and _ALL.  */
  bool unproved;

  /* It is a directory that is only there because a binding lies below it.
     ANCHOR and the path lead nowhere.  */
  bool virtual;

  /* The last component is a magic link of /proc (fd/N, ns/X, ...) that has
     to be followed by the kernel.  */
  bool magic;

  uint8_t last; /* enum guest_last */

  /* Private: descriptors to be closed.  */
  int owned[2];

  /* The canonical guest path when ABSOLUTE (starts with a slash), otherwise
     a path below ANCHOR.  From offset PATH on it is the path below ANCHOR,
     empty for ANCHOR itself.  */
  uint32_t length;
  uint32_t path;
  char text[GUEST_PATH_SIZE + GUEST_NAME_MAX + 1];
};

/* Find what PATH, as TASK wrote it, names.  A relative PATH starts at TASK's
   descriptor DIR (GUEST_AT_CWD: the current directory).  FINAL is of enum
   guest_final bits.  Never leaves the container, however many ".." or links
   it meets; bindings cover what lies under them; errors are the kernel's, in
   the kernel's order.

   The last component need not exist, but for FOLLOW and OBJECT, where its
   absence may already be found out here.

   Return 0 with FOUND filled, to be given to guest_found_release; or
   -ENAMETOOLONG, -ELOOP, -ENOENT, -ENOTDIR, -EACCES, -EBADF, or what else
   the kernel said, with nothing to release.  FOUND may borrow descriptors of
   TASK.  Safe in a signal handler; makes system calls only through the
   engine's operations.  */
int guest_resolve (struct guest_task *task, int dir, const char *path,
                   unsigned int final, struct guest_found *found);

/* The same for the path at ADDRESS in TASK's memory; -EFAULT as well.  */
int guest_resolve_at (struct guest_task *task, int dir, uint64_t address,
                      unsigned int final, struct guest_found *found);

/* Close what FOUND holds.  */
void guest_found_release (struct guest *guest, struct guest_found *found);

/* Return the path below FOUND's anchor.  */
static inline const char *
guest_found_path (const struct guest_found *found)
{
  return found->text + found->path;
}

/* Write a host path that names FOUND, for a call that is run in the task or
   has no form with a descriptor, into the SIZE bytes at HOST.  A slash ends
   it where FOUND must be a directory.  What is too long is written as
   /proc/PID/fd/N/...: good only until FOUND is released.  Return its length,
   or -ENAMETOOLONG.  */
int guest_found_host (struct guest_task *task, const struct guest_found *found,
                      char *host, size_t size);

/* Write the guest path of FOUND into the SIZE bytes at PATH: what the task
   would see, chroot taken off.  Return its length; -ENOENT for what has none
   (outside, or a chroot left behind); -ENAMETOOLONG.  */
int guest_found_guest (struct guest_task *task, const struct guest_found *found,
                       char *path, size_t size);

/* Open FOUND in the engine's process with O_CLOEXEC and the FLAGS of open.
   Return the descriptor or a negative errno.  */
int guest_found_open (struct guest *guest, const struct guest_found *found,
                      int flags);

/* Fill the 18 64-bit words at STATUS with the host's struct stat (layout of
   the architecture) of FOUND.  Return 0 or a negative errno.  */
int guest_found_stat (struct guest *guest, const struct guest_found *found,
                      void *status);

/* Write where FOUND, a link, leads, as TASK is to see it (links of /proc tell
   the truth of the container), with a NUL into the SIZE bytes at TARGET.
   Return the length, -EINVAL when it is no link, or what else went wrong.  */
int guest_found_readlink (struct guest_task *task,
                          const struct guest_found *found, char *target,
                          size_t size);

/* Write the path of FOUND below /proc, when it is there and its name could be
   one of those whose text has to be changed (a cheap test comes first), into
   the SIZE bytes at PROC.  Return its length, or -ENOENT.  */
int guest_found_proc (struct guest *guest, const struct guest_found *found,
                      char *proc, size_t size);

/* Return the number of the binding that FOUND lies in, also when it was
   reached by a descriptor; GUEST_OUTSIDE when in none.  */
uint32_t guest_found_binding (struct guest *guest,
                              const struct guest_found *found);

/* Write the canonical form of the guest PATH, links followed (with
   GUEST_FINAL_NOFOLLOW: but for the last), into the SIZE bytes at CANONICAL:
   what a binding's guest path must be.  What is missing from some component
   on is taken as written.  Return its length or a negative errno.  */
int guest_canonical (struct guest_task *task, const char *path,
                     unsigned int final, char *canonical, size_t size);

/* Write what TASK sees as the name of the host path HOST of LENGTH bytes
   (canonical, as /proc shows it; " (deleted)" is kept) into the SIZE bytes at
   GUEST.  Return its length; -ENOENT when the container does not see it;
   -ENAMETOOLONG.  */
int guest_reverse (struct guest_task *task, const char *host, size_t length,
                   char *path, size_t size);

/* Write TASK's current directory, as getcwd tells it, into the SIZE bytes at
   PATH.  Return its length, -ENOENT when it is removed or not in the
   container, or -ERANGE.  */
int guest_current (struct guest_task *task, char *path, size_t size);

#endif
