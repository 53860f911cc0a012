/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   User namespaces with a range of ids: what is in there root may do with the
   files of all of them what root may.  */

#ifndef UDOCKER_PLATFORM_NAMESPACE_H
#define UDOCKER_PLATFORM_NAMESPACE_H

/* Ids of the host that this user may have, from /etc/subuid and /etc/subgid:
   FIRST and COUNT are of users, then of groups.  */
struct subids
{
  unsigned long first[2], count[2];
};

/* Find those of this user, and the programs newuidmap and newgidmap that map
   them.  Return 0, or -ENOENT with *REASON telling what is missing, and *REMEDY
   what would change that; the caller frees both.  */
int subids_find (struct subids *subids, char **reason, char **remedy);

/* Call FUNCTION (DATA) in a child process that is root of a user namespace
   where 0 is this user and the ids from 1 on are SUBIDS.  Return what it
   returns, 0 to 125, or a negative errno: -EPERM when the ids cannot be mapped,
   another one when there can be no namespace.  */
int namespace_run (const struct subids *subids, int (*function) (void *data),
                   void *data);

#endif
