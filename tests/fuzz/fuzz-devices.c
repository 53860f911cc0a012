/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz specifications of devices: what is read of YAML is as shallow and small
   as JSON's may be, what is a specification can be applied, and mounts have
   places of their own.
   Built with: src/platform/yaml.c src/platform/cdi.c src/platform/cdi-edits.c
   Built with: src/platform/device-name.c src/platform/edits.c
   Built with: src/platform/library.c lib/base/json.c
   Built with: src/platform/libplatform.a lib/elf/libelfread.a
   Built with: lib/base/libbase.a lib/gnulib/libgnu.a -ljson-c -lyaml -lelf
 */

#include <config.h>

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/platform/cdi.h"
#include "src/platform/device-name.h"
#include "src/platform/edits.h"
#include "src/platform/yaml.h"
#include "xvasprintf.h"

/* No specification that fits into what the fuzzer makes is worth more.  */
#define NODES_MAX 200000

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Return how many nodes OBJECT has, aliases counted as what they stand for.  */
static size_t
count_nodes (struct json_object *object)
{
  size_t count = 1;
  if (json_object_is_type (object, json_type_array))
    for (size_t i = 0; i < json_object_array_length (object); i++)
      count += count_nodes (json_object_array_get_idx (object, i));
  else if (json_object_is_type (object, json_type_object))
    {
      json_object_object_foreach (object, key, member)
      {
        assert (key != NULL);
        count += count_nodes (member);
      }
    }
  return count;
}

static void
check_yaml (const char *text, size_t size)
{
  struct json_object *object = NULL;
  struct error err = { 0 };

  if (yaml_parse (text, size, "x", &object, &err) < 0)
    assert (err.text != NULL && object == NULL);
  else
    assert (count_nodes (object) <= NODES_MAX);
  json_object_put (object);
  error_release (&err);
}

/* Add all devices of KIND from CDI.  */
static void
check_devices (struct cdi *cdi, const char *kind)
{
  struct device_edits edits = { 0 };
  const char **names = cdi_devices (cdi, kind, true);

  for (size_t i = 0; names[i] != NULL; i++)
    {
      struct error err = { 0 };
      char *whole = xasprintf ("%s=%s", kind, names[i]);
      assert (device_name_is_qualified (whole));
      assert (cdi_add (cdi, whole, &edits, &err) == 0 || err.text != NULL);
      free (whole);
      error_release (&err);
    }
  struct error err = { 0 };
  assert (cdi_finish (cdi, &edits, &err) == 0 || err.text != NULL);
  error_release (&err);
  for (size_t i = 0; i < edits.mount_count; i++)
    {
      const char *guest = edits.mounts[i].guest;
      assert (edits_find (&edits, guest) == &edits.mounts[i]);
      assert (guest[0] == '/' && guest[1] != '\0' && guest[1] != '/');
      assert (strstr (guest, "/../") == NULL);
    }
  free (names);
  edits_release (&edits);
}

/* Read the bytes as the only file, called NAME, of a directory.  */
static void
check_file (const uint8_t *data, size_t size, const char *name)
{
  char directory[] = "/tmp/fuzz-devices.XXXXXX";
  if (mkdtemp (directory) == NULL)
    return;
  char *path = xasprintf ("%s/%s", directory, name);
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0 && write (fd, data, size) == (ssize_t) size)
    {
      const char *const directories[] = { directory };
      struct cdi *cdi = cdi_open (directories, 1);
      check_devices (cdi, "v.com/c");
      cdi_close (cdi);
    }
  if (fd >= 0)
    close (fd);
  unlink (path);
  rmdir (directory);
  free (path);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  char *text = malloc (size + 1);

  if (text == NULL)
    return 0;
  memcpy (text, data, size);
  text[size] = '\0';
  log_set_level (LOG_NOTHING);
  check_yaml (text, size);
  check_file (data, size, "a.json");
  check_file (data, size, "a.yaml");
  free (text);
  return 0;
}
