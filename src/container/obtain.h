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

/* Read TEXT ("missing", "never", "always", "reuse", "") into PULL.  Return 0,
   or -EINVAL with ERR set.  */
int obtain_read_pull (const char *text, enum obtain_pull *pull,
                      struct error *err);

/* Find what REQUEST names in STORE: with OBTAIN_REUSE the container of that
   name; then a container by alias, id or unique beginning of an id; then an
   image here, of which a new container is made; then an image that is pulled
   first.  A name that is wanted is given to it.

   Return 0 with *CONTAINER open (container_close) and *MADE telling whether
   it is new, or OBTAIN_NEEDS_FULL, nothing done, or a negative errno with ERR
   set and nothing left half made.  */
int obtain_container (struct store *store, const struct config *config,
                      const struct obtain_request *request,
                      struct container **container, bool *made,
                      struct error *err);

/* The part of obtain_container that makes things; there is one in udocker-full
   (obtain-create.c), and one in the light program that returns
   OBTAIN_NEEDS_FULL (obtain-light.c).  IMAGE is as typed.  Give the container
   NAME unless that is NULL, set *ID, which the caller frees, and return
   0, or a negative errno with ERR set.  */
int obtain_create (struct store *store, const struct config *config,
                   const struct obtain_request *request, char **id,
                   struct error *err);

#endif
