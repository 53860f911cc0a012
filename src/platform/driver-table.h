/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The makers of graphics processors, and what belongs to their drivers.  */

#ifndef UDOCKER_PLATFORM_DRIVER_TABLE_H
#define UDOCKER_PLATFORM_DRIVER_TABLE_H

#include <stdbool.h>

/* What a container may be given, after the capabilities that NVIDIA's images
   ask for in NVIDIA_DRIVER_CAPABILITIES.  */
enum driver_capability
{
  DRIVER_COMPUTE = 1 << 0,
  DRIVER_UTILITY = 1 << 1,
  DRIVER_GRAPHICS = 1 << 2,
  DRIVER_VIDEO = 1 << 3,
  DRIVER_NGX = 1 << 4,
  DRIVER_ALL = (1 << 5) - 1
};

/* What a file of a driver is for.  */
struct driver_item
{
  const char *name;
  unsigned capabilities;
};

/* A maker.  Lists are ended by NULL, or an item without a name, and may be
   missing.  */
struct driver_vendor
{
  const char *name;  /* as --gpus=driver=NAME has it */
  const char *title; /* for people */
  const char *kind;  /* what specifications of devices call its processors */

  /* Of devices: those of one kind for each processor, or NULL when these are
     nodes for rendering; what it alone has; its number on the PCI bus, which
     tells whose nodes for rendering are.  */
  const char *processors;
  const char *const *nodes;
  const char *const *used; /* those of NODES that all programs use */
  unsigned pci_vendor;

  /* Libraries, by patterns of their names up to ".so", and where they are
     besides where the linker looks: patterns of directories, of each the last
     one counts; below the directory that VARIABLE names, too.  */
  const struct driver_item *libraries;
  const char *const *places;
  const char *variable;

  /* Modules that a library loads from a directory "dri" beside the others.  */
  const struct driver_item *modules;

  /* Programs, by name or path, which go to /usr/bin; files by patterns, which
     stay where they are, and with them the libraries that those which register
     a driver (*.icd, icd.d/) name by a path.  */
  const struct driver_item *programs;
  const struct driver_item *files;

  /* Files, or libraries by name, by which a container that has parts of the
     driver itself is known: it keeps them, as the kernel's interface does not
     change with the driver.  NULL: the host's are always needed.  */
  const struct driver_item *own;

  /* Variables that tell programs which processors are theirs: by a word for all
     or numbers; by numbers or names; and one that has them counted as the nodes
     are.  Each may be NULL.  */
  const char *all_variable, *some_variable, *order_variable;
  bool only_numbers; /* these are all that SOME_VARIABLE takes */

  unsigned usual; /* capabilities when none are asked for */
  bool must_have; /* nothing can be done without libraries of the host */
};

/* All of them, the more important first; ended by one without a name.  */
extern const struct driver_vendor driver_vendors[];

#endif
