/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Permission bits that are given back in the end.  */

#ifndef UDOCKER_LIB_START_MODES_H
#define UDOCKER_LIB_START_MODES_H

#include <stdint.h>

/* Have the file that the descriptor FD names get the permission bits MODE when
   this process exits, if it then has these and more bits for its owner.  What
   is said of a file last counts.  It is found by the path that it has now.
   Without memory nothing is done.  */
void modes_restore (int fd, uint32_t mode);

#endif
