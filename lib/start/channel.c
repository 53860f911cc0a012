/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What udocker and its first process in a container of an OCI runtime say to
   each other.  */

#include "lib/start/channel.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel takes for rt_sigaction; the rest is zero.  */
struct action
{
  uintptr_t handler;
  unsigned long flags;
  uintptr_t restorer;
  uint64_t mask;
};

enum
{
  SIGNALS = 64
};

void
channel_read_signals (struct channel_begin *begin)
{
  begin->blocked = begin->ignored = 0;
  (void) syscall (SYS_rt_sigprocmask, SIG_SETMASK, NULL, &begin->blocked,
                  sizeof begin->blocked); /* cannot fail */
  for (int number = 1; number <= SIGNALS; number++)
    {
      struct action action = { 0 };
      if (syscall (SYS_rt_sigaction, number, NULL, &action, sizeof action.mask)
              == 0
          && action.handler == (uintptr_t) SIG_IGN)
        begin->ignored |= (uint64_t) 1 << (number - 1);
    }
}

void
channel_set_signals (const struct channel_begin *begin)
{
  for (int number = 1; number <= SIGNALS; number++)
    {
      const bool ignored = (begin->ignored >> (number - 1) & 1) != 0;
      const struct action action = {
        .handler = (uintptr_t) (ignored ? SIG_IGN : SIG_DFL),
      };
      (void) syscall (SYS_rt_sigaction, number, &action, NULL,
                      sizeof action.mask); /* but for SIGKILL, SIGSTOP */
    }
  (void) syscall (SYS_rt_sigprocmask, SIG_SETMASK, &begin->blocked, NULL,
                  sizeof begin->blocked); /* cannot fail */
}

void
channel_read_limits (struct channel_begin *begin)
{
  for (int i = 0; i < CHANNEL_LIMITS; i++)
    (void) syscall (SYS_prlimit64, 0, i, NULL, &begin->limits[i]);
}

void
channel_set_limits (const struct channel_begin *begin)
{
  for (int i = 0; i < CHANNEL_LIMITS; i++)
    {
      struct channel_limit limit = begin->limits[i], now;
      if (syscall (SYS_prlimit64, 0, i, NULL, &now) < 0)
        continue;
      if (limit.hard > now.hard)
        limit.hard = now.hard; /* nobody without privileges gets more */
      if (limit.soft > limit.hard)
        limit.soft = limit.hard;
      (void) syscall (SYS_prlimit64, 0, i, &limit, NULL); /* or as it is */
    }
}

/* Return whether KIND is that of a signal.  */
static bool
is_signal (uint32_t kind)
{
  return kind == CHANNEL_SIGNAL || kind == CHANNEL_SIGNAL_ALL;
}

int
channel_send (int channel, enum channel_kind kind, int number, int passed)
{
  return channel_send_value (channel, kind, number, -1, passed);
}

int
channel_send_value (int channel, enum channel_kind kind, int number,
                    int64_t value, int passed)
{
  struct channel_message message = { kind, number, value };
  struct iovec part = { &message, sizeof message };
  union
  {
    struct cmsghdr head;
    char room[CMSG_SPACE (sizeof passed)];
  } control = { 0 };
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
  if (passed >= 0)
    {
      header.msg_control = &control;
      header.msg_controllen = sizeof control;
      struct cmsghdr *head = CMSG_FIRSTHDR (&header);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN (sizeof passed);
      memcpy (CMSG_DATA (head), &passed, sizeof passed);
    }
  int flags = MSG_NOSIGNAL | (is_signal (kind) ? MSG_DONTWAIT : 0);
  ssize_t size;
  do
    size = sendmsg (channel, &header, flags);
  while (size < 0 && errno == EINTR);
  return size < 0 ? -errno : 0;
}

int
channel_receive (int channel, struct channel_message *message, int *passed)
{
  struct iovec part = { message, sizeof *message };
  union
  {
    struct cmsghdr head;
    char room[CMSG_SPACE (sizeof *passed)];
  } control = { 0 };
  struct msghdr header = {
    .msg_iov = &part,
    .msg_iovlen = 1,
    .msg_control = &control,
    .msg_controllen = sizeof control,
  };
  *passed = -1;
  ssize_t size;
  do
    size = recvmsg (channel, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    return errno == EAGAIN ? 0 : -errno;
  if (size == 0)
    return -EPIPE;
  const struct cmsghdr *head = CMSG_FIRSTHDR (&header);
  if (head != NULL && head->cmsg_level == SOL_SOCKET
      && head->cmsg_type == SCM_RIGHTS)
    memcpy (passed, CMSG_DATA (head), sizeof *passed);
  if (size == (ssize_t) sizeof *message)
    return 1;
  if (*passed >= 0)
    (void) close (*passed); /* not ours */
  *passed = -1;
  return -EPROTO;
}

bool
channel_asks_to_end (int number)
{
  return number == SIGINT || number == SIGTERM || number == SIGHUP
         || number == SIGQUIT;
}
