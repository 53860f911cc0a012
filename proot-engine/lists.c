/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tasks whose calls that list directories stop only from some time on.

   Most containers never hold a device of fake root, and their listings should
   not stop.  Once there is one, each task installs a small filter before the
   next call of its own that stops; what it clones has that, too.  */

#include "proot-engine/tracer.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "lib/guest/calls.h"
#include "proot-engine/seccomp.h"

/* Put the filter into the scratch memory of TRACEE, in the form of the call
   at hand; *ADDRESS gets the place of its struct sock_fprog.  Return 0 or a
   negative errno.  */
static int
put_filter (struct tracer *tracer, struct tracee *tracee, uint64_t *address)
{
  const struct guest_ops *ops = tracee->task.guest->ops;
  struct sock_filter program[SECCOMP_LISTS_MAX];
  size_t count = (size_t) seccomp_build_lists (program);
  struct sock_fprog wide = { .len = (unsigned short) count };
  uint32_t narrow[2] = { (uint32_t) count, 0 };

  tracer->scratch_used = 0;
  int status =
      ops->scratch (&tracee->task, program, count * sizeof *program, address);
  if (status < 0)
    return status;
  wide.filter = (struct sock_filter *) (uintptr_t) *address;
  narrow[1] = (uint32_t) *address;
  if (tracee->call.abi == GUEST_ABI_NATIVE)
    status = ops->scratch (&tracee->task, &wide, sizeof wide, address);
  else
    status = ops->scratch (&tracee->task, narrow, sizeof narrow, address);
  return status < 0 ? status : tracer_flush_scratch (tracer, tracee, false);
}

bool
lists_install (struct tracer *tracer, struct tracee *tracee)
{
  struct registers registers = tracee->entry;
  uint64_t address;

  if (tracee->lists || tracer->every_call || !tracee->space->trampolines
      || tracee->task.ids.filters > 0
      || !guest_mends_lists (tracee->task.guest))
    return false;
  tracee->lists = true; /* or never will */
  if (put_filter (tracer, tracee, &address) < 0)
    return false;
  registers_set_number (
      &registers,
      guest_rule_number (guest_rule_find (GUEST_ABI_NATIVE, SYS_seccomp),
                         tracee->call.abi));
  registers_set_argument (&registers, 0, SECCOMP_SET_MODE_FILTER);
  registers_set_argument (&registers, 1, seccomp_flags ());
  registers_set_argument (&registers, 2, address);
  (void) registers_write (tracee->tid, &registers);
  tracee->installs = true;
  tracee->state = TRACEE_IN_CALL;
  return true;
}

void
lists_note (struct tracee *tracee)
{
  struct registers registers;

  tracee->installs = false;
  if (registers_read (tracee->tid, &registers) < 0)
    return;
  registers_repeat (&registers, &tracee->entry);
  (void) registers_write (tracee->tid, &registers);
}
