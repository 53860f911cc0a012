/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How devices are named.  */

#ifndef UDOCKER_PLATFORM_DEVICE_NAME_H
#define UDOCKER_PLATFORM_DEVICE_NAME_H

#include <stdbool.h>

/* Return whether TEXT is a kind of devices, VENDOR/CLASS; or the name of one,
   which begins and ends with a letter or digit.  */
bool device_kind_is_valid (const char *text);
bool device_name_is_valid (const char *text);

/* Return whether TEXT is a qualified name of the Container Device Interface,
   VENDOR/CLASS=NAME: a path is not.  */
bool device_name_is_qualified (const char *text);

#endif
