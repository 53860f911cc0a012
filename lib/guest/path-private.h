/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What the files that deal with paths share: path.c walks (walk.h), found.c
   uses what was found, place.c goes from the host's names to the container's,
   proc-link.c knows what is special below /proc.  */

#ifndef UDOCKER_LIB_GUEST_PATH_PRIVATE_H
#define UDOCKER_LIB_GUEST_PATH_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest;
struct guest_task;
struct guest_found;
struct guest_text;
struct guest_view;

/* One component of a path.  */
struct guest_component
{
  const char *name;
  size_t length;
  const char *end; /* behind it and the slashes that follow */
  bool slash;      /* slashes follow */
  bool last;       /* nothing else follows */
};

/* Read the component at PATH into COMPONENT.  Return false at the end.  */
static inline bool
guest_next_component (const char *path, struct guest_component *component)
{
  while (*path == '/')
    path++;
  if (*path == '\0')
    return false;
  component->name = path;
  while (*path != '/' && *path != '\0')
    path++;
  component->length = (size_t) (path - component->name);
  component->slash = *path == '/';
  while (*path == '/')
    path++;
  component->end = path;
  component->last = *path == '\0';
  return true;
}

/* Do what guest_resolve (path.h) does, but be stopped by permission bits also
   where root of the container is not.  */
int guest_resolve_closed (struct guest_task *task, int dir, const char *path,
                          unsigned int final, struct guest_found *found);

/* Read where FD, a descriptor of the engine's, really is.  Return the length
   of the host path put into the SIZE bytes at HOST, or a negative errno;
   -ENOENT when it was removed.  */
int guest_host_place (struct guest *guest, int fd, char *host, size_t size);

/* Return the number of the binding that FD, a descriptor of the engine's, lies
   in, or lay in before it was removed: PREFERRED (0 for none) if it does in
   that one too.  GUEST_OUTSIDE when in none.  */
uint32_t guest_place_binding (struct guest *guest, int fd, uint32_t preferred);

/* Return whether all bindings through which the container sees the place of
   FD, a descriptor of the engine's, are read-only; or if it sees that through
   the binding PREFERRED (0 for none), whether that one is.  */
bool guest_place_is_read_only (struct guest *guest, int fd, uint32_t preferred);

/* Append to TEXT a path by which our descriptor FD is opened again, for a call
   that we make.  */
void guest_add_fd (const struct guest *guest, struct guest_text *text, int fd);

/* Append to TEXT a path that names our descriptor FD to the tasks.  Only where
   guest_shows_fd.  */
void guest_add_shown_fd (const struct guest *guest, struct guest_text *text,
                         int fd);

/* Return whether the tasks can reach our descriptors by a path.  */
bool guest_shows_fd (const struct guest *guest);

/* Open the relative PATH below DIR with FLAGS (K_O_PATH among them), as long as
   no component of it is a link or "..": with openat2 and the bits RESOLVE more,
   or where that is missing one component after the other.  Return the
   descriptor or a negative errno: -ELOOP for a link.  */
int guest_open_plainly (struct guest *guest, int dir, const char *path,
                        int flags, uint64_t resolve);

/* Get what TASK's descriptor DIR names; the current directory's is kept.
   OWNED gets the descriptor when it is to be closed, otherwise -1.  Return
   the descriptor (GUEST_AT_CWD stands for the engine's own current directory
   where both are one), or a negative errno.  */
int guest_get_base (struct guest_task *task, int dir, int *owned);

/* Write the canonical guest PATH of LENGTH bytes as TASK, whose root may be
   elsewhere, sees it into the SIZE bytes at SEEN.  Return its length, -ENOENT
   for what lies outside of TASK's root, or -ENAMETOOLONG.  */
int guest_take_off_root (struct guest_task *task, const char *path,
                         size_t length, char *seen, size_t size);

/* What a name below /proc is (proc(5)).  */
enum guest_proc_kind
{
  GUEST_PROC_PLAIN,
  GUEST_PROC_SELF,
  GUEST_PROC_THREAD_SELF,
  GUEST_PROC_EXE,
  GUEST_PROC_CWD,
  GUEST_PROC_ROOT,
  GUEST_PROC_MAGIC /* fd/N, ns/X, map_files/X */
};

/* Tell what PROC, a path below /proc, is; TID gets the task it belongs to
   where there is one.  */
enum guest_proc_kind guest_proc_classify (const char *proc, int *tid);

/* Return the path below the host's /proc of the PATH of LENGTH bytes in
   BINDING of VIEW (borrowed from PATH), or NULL when it is not there.  */
const char *guest_proc_below (const struct guest_view *view, uint32_t binding,
                              const char *path, size_t length);

/* Lists of a task's in /proc that have what is the engine's, too.  */
enum guest_proc_list
{
  GUEST_PROC_LIST_OTHER,
  GUEST_PROC_LIST_FDS, /* fd, fdinfo */
  GUEST_PROC_LIST_MAPS /* map_files */
};

/* Tell which list the directory PROC, a path below /proc, is, if it is one of a
   task of TASK's container.  */
enum guest_proc_list guest_proc_list (struct guest_task *task,
                                      const char *proc);

/* Return whether what LIST calls NAME, of LENGTH bytes, is the engine's.  */
bool guest_proc_is_own_name (const struct guest *guest,
                             enum guest_proc_list list, const char *name,
                             size_t length);

/* Return whether the TEXT of LENGTH bytes begins with the hexadecimal address
   of memory that is the engine's.  */
bool guest_proc_is_own_address (const struct guest *guest, const char *text,
                                size_t length);

/* Return whether PROC, a path below /proc, is for TASK not there: it names, or
   leads through, what is the engine's in a task of the container.  */
bool guest_proc_hides (struct guest_task *task, const char *proc);

/* Replace TARGET, of LENGTH bytes in a space of SIZE, what the link of /proc
   at PROC says to the engine, by what TASK is to see.  Return the new
   length.  */
int guest_proc_mend (struct guest_task *task, const char *proc, char *target,
                     int length, size_t size);

/* Return whether a link that says TARGET may be one that guest_proc_mend
   changes: a cheap test.  */
bool guest_proc_may_mend (const char *target);

/* Return whether the last component of PATH, of LENGTH bytes, is a name that
   a file of /proc whose text is rewritten can have.  */
bool guest_proc_is_rewritten (const char *path, size_t length);

#endif
