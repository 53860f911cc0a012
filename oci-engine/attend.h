/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Stay beside the program, as the first process of its container.  */

#ifndef UDOCKER_OCI_ENGINE_ATTEND_H
#define UDOCKER_OCI_ENGINE_ATTEND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* The signal that tells this process that its parent has died.  */
#define ATTEND_ORPHANED SIGRTMAX

/* Stay until CHILD, the leader of a process group, has ended; return its exit
   status, 128+N if signal N ended it.  Meanwhile do what comes over CHANNEL
   (lib/start/channel.h), tell udocker when CHILD is stopped, and take away who
   has ended; with LINED go on with the line (line.h), too.  With udocker, and
   with PARENT, which this process has had, or 0 where it does not see it,
   everything here ends.  All signals are blocked.  */
int attend (pid_t child, int channel, pid_t parent, bool lined);

#endif
