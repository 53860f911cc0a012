/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Write a run plan and pass it from one program to the next.  */

#ifndef _GNU_SOURCE
#  define _GNU_SOURCE 1
#endif

#include "lib/plan/plan-write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Kernel interface that older headers lack.  */
#ifndef MFD_CLOEXEC
#  define MFD_CLOEXEC 1u
#  define MFD_ALLOW_SEALING 2u
#endif
#ifndef F_ADD_SEALS
#  define F_ADD_SEALS 1033
#endif
#define ALL_SEALS 15 /* no more seals, no shrinking, growing, writing */

#define ALIGNMENT 8u

void
plan_writer_init (struct plan_writer *writer)
{
  *writer = (struct plan_writer){ 0 };
}

void
plan_writer_release (struct plan_writer *writer)
{
  free (writer->bytes);
  plan_writer_init (writer);
}

/* Make room for SIZE zero bytes at the end of WRITER and return them, or
   return NULL once it has failed.  */
static unsigned char *
extend (struct plan_writer *writer, size_t size)
{
  if (writer->status < 0)
    return NULL;
  if (size > PLAN_SIZE_MAX - writer->size)
    {
      writer->status = -EFBIG;
      return NULL;
    }
  if (size > writer->room - writer->size)
    {
      size_t room = 2 * (writer->size + size) + 8192;
      unsigned char *bytes = realloc (writer->bytes, room);
      if (bytes == NULL)
        {
          writer->status = -ENOMEM;
          return NULL;
        }
      writer->bytes = bytes;
      writer->room = room;
    }
  unsigned char *place = writer->bytes + writer->size;
  memset (place, 0, size);
  writer->size += size;
  return place;
}

/* Append the header of a record with TAG, which must have SHAPE.  Return the
   place for its LENGTH bytes, or NULL.  */
static unsigned char *
begin_record (struct plan_writer *writer, enum plan_tag tag,
              enum plan_shape shape, size_t length)
{
  const struct plan_tag_fact *fact = plan_tag_fact (tag);
  bool fits =
      fact != NULL
      && (fact->shape == shape
          || (shape == PLAN_SHAPE_TEXT && fact->shape == PLAN_SHAPE_PATH));
  if (!fits && writer->status == 0)
    writer->status = -EINVAL;
  if (length >= PLAN_SIZE_MAX && writer->status == 0)
    writer->status = -EFBIG;
  if (writer->size == 0)
    (void) extend (writer, PLAN_HEADER_SIZE); /* failure sticks */

  size_t size = 8 + length + 1;
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  unsigned char *place = extend (writer, size);
  if (place == NULL)
    return NULL;

  uint32_t head[2] = { (uint32_t) tag, (uint32_t) length };
  memcpy (place, head, sizeof head);
  return place + sizeof head;
}

void
plan_write_text (struct plan_writer *writer, enum plan_tag tag,
                 const char *text)
{
  size_t length = strlen (text);
  unsigned char *place = begin_record (writer, tag, PLAN_SHAPE_TEXT, length);
  if (place != NULL)
    memcpy (place, text, length);
}

void
plan_write_number (struct plan_writer *writer, enum plan_tag tag,
                   uint64_t number)
{
  unsigned char *place =
      begin_record (writer, tag, PLAN_SHAPE_NUMBER, sizeof number);
  if (place != NULL)
    memcpy (place, &number, sizeof number);
}

void
plan_write_binding (struct plan_writer *writer,
                    const struct plan_binding *binding)
{
  size_t host = strlen (binding->host) + 1;
  size_t guest = strlen (binding->guest);
  unsigned char *place =
      begin_record (writer, PLAN_BINDING, PLAN_SHAPE_BINDING, 8 + host + guest);
  if (place == NULL)
    return;
  memcpy (place, &binding->flags, 4);
  memcpy (place + 8, binding->host, host);
  memcpy (place + 8 + host, binding->guest, guest);
}

void
plan_write_file (struct plan_writer *writer, const struct plan_file *file)
{
  size_t guest = strlen (file->guest);
  if (file->size >= PLAN_SIZE_MAX || guest >= PLAN_SIZE_MAX)
    {
      if (writer->status == 0)
        writer->status = -EFBIG;
      return;
    }
  unsigned char *place = begin_record (writer, PLAN_FILE, PLAN_SHAPE_FILE,
                                       8 + guest + 1 + file->size);
  if (place == NULL)
    return;
  uint32_t head[2] = { file->mode, (uint32_t) guest };
  memcpy (place, head, sizeof head);
  memcpy (place + 8, file->guest, guest);
  if (file->size > 0)
    memcpy (place + 8 + guest + 1, file->content, file->size);
}

void
plan_write_limit (struct plan_writer *writer, const struct plan_limit *limit)
{
  unsigned char *place =
      begin_record (writer, PLAN_LIMIT, PLAN_SHAPE_LIMIT, 24);
  if (place == NULL)
    return;
  memcpy (place, &limit->resource, 4);
  memcpy (place + 8, &limit->soft, 8);
  memcpy (place + 16, &limit->hard, 8);
}

void
plan_write_port (struct plan_writer *writer, const struct plan_port *port)
{
  unsigned char *place = begin_record (writer, PLAN_PORT, PLAN_SHAPE_PORT, 8);
  if (place == NULL)
    return;
  memcpy (place, &port->host, 4);
  memcpy (place + 4, &port->guest, 4);
}

int
plan_writer_finish (struct plan_writer *writer, struct plan *plan)
{
  if (writer->status < 0)
    return writer->status;
  if (writer->size == 0)
    return -EINVAL;

  uint32_t tail[2] = { PLAN_VERSION, (uint32_t) writer->size };
  memcpy (writer->bytes, PLAN_MAGIC, 8);
  memcpy (writer->bytes + 8, tail, sizeof tail);
  writer->status = plan_open (plan, writer->bytes, writer->size);
  return writer->status;
}

int
plan_open_nameless (const char *name, bool *sealable)
{
  *sealable = false;
#ifdef SYS_memfd_create
  int fd =
      (int) syscall (SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd >= 0)
    {
      *sealable = true;
      return fd;
    }
  if (errno != ENOSYS && errno != EPERM && errno != EACCES)
    return -errno;
#endif
  /* Kernels before 3.17, and sandboxes that do not know the call.  */
  char path[PATH_MAX];
  const char *directory = getenv ("PROOT_TMP_DIR");
  if (directory == NULL)
    directory = getenv ("TMPDIR");
  int length = snprintf (path, sizeof path, "%s/udocker-XXXXXX",
                         directory != NULL ? directory : "/tmp");
  if (length < 0 || (size_t) length >= sizeof path)
    return -ENAMETOOLONG;
  int file = mkostemp (path, O_CLOEXEC);
  if (file < 0)
    return -errno;
  (void) unlink (path); /* at worst an empty file of ours stays */
  return file;
}

int
plan_put (int fd, bool sealable, const struct plan *plan)
{
  int status = 0;
  size_t done = 0;
  while (done < plan->size && status == 0)
    {
      ssize_t part =
          pwrite (fd, plan->bytes + done, plan->size - done, (off_t) done);
      if (part >= 0)
        done += (size_t) part;
      else if (errno != EINTR)
        status = -errno;
    }
  if (status == 0 && sealable && fcntl (fd, F_ADD_SEALS, ALL_SEALS) < 0)
    status = -errno;
  return status;
}

int
plan_send (const struct plan *plan)
{
  bool sealable = false;
  int fd = plan_open_nameless (PLAN_FILE_NAME, &sealable);
  if (fd < 0)
    return fd;
  int status = plan_put (fd, sealable, plan);
  if (status < 0)
    {
      (void) close (fd); /* nothing of value in it */
      return status;
    }
  return fd;
}

int
plan_receive (int fd, struct plan *plan)
{
  struct stat st;
  if (fstat (fd, &st) < 0)
    return -errno;
  if (!S_ISREG (st.st_mode) || st.st_size < (off_t) PLAN_HEADER_SIZE)
    return -EINVAL;
  if (st.st_size > (off_t) PLAN_SIZE_MAX)
    return -EFBIG;

  size_t size = (size_t) st.st_size;
  unsigned char *bytes = malloc (size);
  if (bytes == NULL)
    return -ENOMEM;

  int status = 0;
  size_t done = 0;
  while (done < size && status == 0)
    {
      ssize_t part = pread (fd, bytes + done, size - done, (off_t) done);
      if (part > 0)
        done += (size_t) part;
      else if (part == 0)
        status = -EINVAL;
      else if (errno != EINTR)
        status = -errno;
    }
  if (status == 0)
    status = plan_open (plan, bytes, size);
  if (status < 0)
    free (bytes);
  return status;
}

void
plan_receive_release (struct plan *plan)
{
  free ((void *) (uintptr_t) plan->bytes); /* ours, const only for readers */
  *plan = (struct plan){ 0 };
}
