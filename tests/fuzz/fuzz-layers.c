/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz the unpacking of layers: nothing outside of the root may change.
   Built with: src/image/unpack.c src/image/tree-writer.c src/image/tree.c
   Built with: src/image/layer-stream.c src/image/filters.c src/image/ladder.c
   Built with: src/image/archive-locale.c lib/owners/libowners.a
   Built with: lib/guest/libguest.a lib/base/libbase.a lib/gnulib/libgnu.a
   Built with: -larchive -lcrypto -lisal -lpthread

   The first byte says what the others are: one archive as it is, or a list of
   entries in a small language that soon makes links, whiteouts and names that
   lead out meet each other.  */

#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"
#include "src/image/tree.h"
#include "src/image/unpack.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

enum
{
  LAYER_MAXIMUM = 4
};

static char top[] = "/tmp/udocker-fuzz.XXXXXX";
static char outside[64];
static int root = -1;

static void
clean (void)
{
  struct error ignored = { 0 };

  (void) tree_remove (AT_FDCWD, top, true, &ignored);
}

static void
write_file (const char *directory, const char *name)
{
  char path[128];

  snprintf (path, sizeof path, "%s/%s", directory, name);
  int fd = open (path, O_WRONLY | O_CREAT, 0644);
  if (fd < 0 || write (fd, "precious", 8) != 8)
    abort ();
  close (fd);
}

static void
start (void)
{
  char path[128];

  if (mkdtemp (top) == NULL)
    abort ();
  atexit (clean);
  snprintf (outside, sizeof outside, "%s/outside", top);
  mkdir (outside, 0755);
  write_file (outside, "a");
  write_file (outside, "b");
  snprintf (path, sizeof path, "%s/root", top);
  mkdir (path, 0755);
  root = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* End the program if anything outside is not as it was made.  */
static void
check_outside (void)
{
  static const char *const names[] = { "a", "b" };
  static struct stat first[3];
  struct stat info;
  char path[128];
  int count = 0;

  DIR *stream = opendir (outside);
  while (readdir (stream) != NULL)
    count++;
  closedir (stream);
  if (count != 4)
    abort ();
  for (size_t i = 0; i < 3; i++)
    {
      snprintf (path, sizeof path, "%s/%s", outside, i < 2 ? names[i] : ".");
      if (stat (path, &info) < 0)
        abort ();
      if (first[i].st_ino == 0)
        first[i] = info;
      if (info.st_ctim.tv_sec != first[i].st_ctim.tv_sec
          || info.st_ctim.tv_nsec != first[i].st_ctim.tv_nsec
          || info.st_nlink != first[i].st_nlink)
        abort ();
    }
  stream = opendir (top);
  for (count = 0; readdir (stream) != NULL;)
    count++;
  closedir (stream);
  if (count != 4)
    abort ();
}

/* Take a byte from DATA, 0 at its end.  */
static unsigned
take (const uint8_t **data, const uint8_t *end)
{
  return *data < end ? *(*data)++ : 0;
}

/* Read a name of a few words into NAME.  */
static void
take_name (const uint8_t **data, const uint8_t *end, char *name, size_t size)
{
  const char *words[] = {
    "a",     "b",     "c",     "..",           ".",     "/", "/a",
    "../",   ".wh.a", ".wh.b", ".wh..wh..opq", outside, "d", "a/b",
    "../..", ".wh."
  };
  unsigned count = take (data, end) % 5;

  name[0] = '\0';
  for (unsigned i = 0; i <= count; i++)
    {
      const char *word =
          words[take (data, end) % (sizeof words / sizeof *words)];
      size_t length = strlen (name);
      if (length + strlen (word) + 2 < size)
        snprintf (name + length, size - length, "%s%s", i > 0 ? "/" : "", word);
    }
  if (name[0] == '\0')
    strcpy (name, "a");
}

/* Add to ARCHIVE the header of an entry.  */
static void
add_entry (struct buffer *archive, char type, const char *name,
           const char *target, unsigned mode)
{
  unsigned char block[512] = { 0 };
  unsigned sum = 0;

  snprintf ((char *) block, 100, "%s", name);
  snprintf ((char *) block + 100, 8, "%07o", mode);
  snprintf ((char *) block + 124, 12, "%011o", type == '0' ? 3u : 0u);
  snprintf ((char *) block + 136, 12, "%011o", 1234567890u);
  block[156] = (unsigned char) type;
  snprintf ((char *) block + 157, 100, "%s", target);
  memcpy (block + 257,
          "ustar\0"
          "00",
          8);
  memset (block + 148, ' ', 8);
  for (size_t i = 0; i < sizeof block; i++)
    sum += block[i];
  snprintf ((char *) block + 148, 8, "%06o", sum);
  buffer_add (archive, block, sizeof block);
  if (type == '0')
    {
      memset (block, 0, sizeof block);
      memcpy (block, "new", 3);
      buffer_add (archive, block, sizeof block);
    }
}

/* Make a descriptor of the SIZE bytes at DATA.  */
static int
make_file (const void *data, size_t size)
{
  int fd = memfd_create ("layer", MFD_CLOEXEC);

  if (fd < 0 || (size > 0 && write (fd, data, size) != (ssize_t) size))
    abort ();
  (void) lseek (fd, 0, SEEK_SET);
  return fd;
}

/* Make the layers that DATA describes.  Return their number.  */
static size_t
make_layers (const uint8_t *data, size_t size, struct unpack_layer *layers)
{
  static const char types[] = "0125603122500055";
  const uint8_t *end = data + size;
  struct buffer archive = { 0 };
  size_t count = 0;

  while (data < end && count < LAYER_MAXIMUM)
    {
      char name[100];
      char target[100];
      unsigned type = take (&data, end);

      if (type < 240)
        {
          take_name (&data, end, name, sizeof name);
          take_name (&data, end, target, sizeof target);
          add_entry (&archive, types[type % 16], name, target,
                     take (&data, end) * 16);
        }
      if (type >= 240 || data == end)
        {
          char zeros[1024] = { 0 };
          buffer_add (&archive, zeros, sizeof zeros);
          layers[count++] = (struct unpack_layer){
            .name = "layer", .fd = make_file (archive.data, archive.length)
          };
          buffer_clear (&archive);
        }
    }
  buffer_release (&archive);
  return count;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  struct unpack_layer layers[LAYER_MAXIMUM];
  struct error err = { 0 };
  size_t count = 1;

  if (size < 2)
    return 0;
  if (root < 0)
    start ();
  if (data[0] % 8 == 0)
    layers[0] = (struct unpack_layer){ .name = "layer",
                                       .fd = make_file (data + 1, size - 1) };
  else
    count = make_layers (data + 1, size - 1, layers);
  (void) unpack_layers (root, layers, count, NULL, NULL, NULL, &err);
  error_release (&err);
  for (size_t i = 0; i < count; i++)
    close (layers[i].fd);
  check_outside ();
  if (tree_clear (root, false, &err) < 0)
    {
      fprintf (stderr, "%s\n", err.text);
      abort ();
    }
  return 0;
}
