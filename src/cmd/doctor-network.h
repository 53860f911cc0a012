/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The part of 'udocker doctor' that needs the network.  There is one in
   udocker-full (doctor-network.c), and one in the light program that is never
   called (doctor-network-light.c).  */

#ifndef UDOCKER_CMD_DOCTOR_NETWORK_H
#define UDOCKER_CMD_DOCTOR_NETWORK_H

#include <stdbool.h>

struct config;

/* Is told of each registry that was asked: its URL, whether it WORKS, and the
   REASON why not, or something that is to be known, or NULL.  */
typedef void doctor_registry_function (void *data, const char *url, bool works,
                                       const char *reason);

/* Ask the registries that CONFIG names, mirrors included, and those of URLS,
   ended by NULL, whether they are there, and tell FUNCTION with DATA.  */
void doctor_ask_registries (const struct config *config,
                            const char *const *urls,
                            doctor_registry_function *function, void *data);

#endif
