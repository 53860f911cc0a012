/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Find the container that run is to use, or make it.  */

#ifndef UDOCKER_CONTAINER_OBTAIN_H
#define UDOCKER_CONTAINER_OBTAIN_H

#include <stdbool.h>

struct config;
struct container;
struct error;
struct store;

/* When to fetch an image.  */
enum obtain_pull
{
  OBTAIN_MISSING, /* when neither container nor image is here */
  OBTAIN_NEVER,
  OBTAIN_ALWAYS, /* unless a container is named */
  OBTAIN_REUSE   /* as missing, but a container of the wanted name first */
};

/* What is wanted.  Texts are borrowed; NULL when not given.  */
struct obtain_request
{
  const char *target; /* container id, beginning of one, alias, or image */
  const char *name;   /* alias that the container is to have */
  enum obtain_pull pull;
  const char *platform; /* of the image to be fetched */
  const char *registry;
  const char *index;
  const char *proxy;
  bool keep_owners; /* a container that is made keeps those of the image */
};

/* Returned by obtain_container where this program cannot make containers and
   udocker-full has to.  */
#define OBTAIN_NEEDS_FULL 1

/* Returned by obtain_create when another process was quicker.  */
#define OBTAIN_AGAIN 2

/* Read TEXT ("missing", "never", "always", "reuse", "") into PULL.  Return 0,
   or -EINVAL with ERR set.  */
int obtain_read_pull (const char *text, enum obtain_pull *pull,
                      struct error *err);

/* What obtain_container found or made.  */
struct obtained
{
  struct container *container; /* container_close */
  int hold;                    /* as container_hold returns it */
  bool made;                   /* it is new */
};

/* Find what REQUEST names in STORE: with OBTAIN_REUSE the container of that
   name; then a container by alias, id or unique beginning of an id; then an
   image here, of which a new container is made; then an image that is pulled
   first.  A name that is wanted is given to it.  The container is in use
   (container_hold) from then on.

   Several processes may want the same at once: an image is pulled by one of
   them, and with OBTAIN_REUSE one makes the container, while the others say
   that they wait.  What somebody removes before it is in use is made again,
   with OBTAIN_REUSE.

   Return 0 with OBTAINED filled, or OBTAIN_NEEDS_FULL, nothing done, or a
   negative errno with ERR set and nothing left half made.  */
int obtain_container (struct store *store, const struct config *config,
                      const struct obtain_request *request,
                      struct obtained *obtained, struct error *err);

/* The part of obtain_container that makes things; there is one in udocker-full
   (obtain-create.c), and one in the light program that returns
   OBTAIN_NEEDS_FULL (obtain-light.c).  Make a container with the name that
   REQUEST wants.  Return 0 with *ID set, which the caller frees; or
   OBTAIN_AGAIN with ERR set when there is one by that name now and OBTAIN_REUSE
   takes it; or a negative errno with ERR set.  */
int obtain_create (struct store *store, const struct config *config,
                   const struct obtain_request *request, char **id,
                   struct error *err);

#endif
