/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* How processes talk to each other: shared memory, messages and semaphores of
   POSIX and of System V, descriptors and credentials over sockets, descriptors
   of processes and of signals.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

static void
posix (void)
{
  char name[64];
  snprintf (name, sizeof name, "/udocker-test-%d", (int) getpid ());
  int fd = shm_open (name, O_RDWR | O_CREAT | O_EXCL, 0600);
  SAY ("shm_open", fd >= 0);
  SAY ("ftruncate", ftruncate (fd, 4096));
  int *shared = mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close (fd);
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      int again = shm_open (name, O_RDWR, 0);
      int *other =
          mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0);
      other[1] = 42;
      _exit (again < 0);
    }
  say_child ("child", child);
  printf ("shared %d\n", shared[1]);
  char path[128];
  snprintf (path, sizeof path, "/dev/shm%s", name);
  struct stat st;
  SAY ("in /dev/shm", stat (path, &st));
  printf ("size %ld mode %o\n", (long) st.st_size, st.st_mode & 07777);
  SAY ("shm_unlink", shm_unlink (name));
  SAY_OPEN ("gone", shm_open (name, O_RDWR, 0));

  sem_t *semaphore = sem_open (name, O_CREAT | O_EXCL, 0600, 0);
  SAY ("sem_open", semaphore != SEM_FAILED);
  child = fork ();
  if (child == 0)
    {
      sem_t *other = sem_open (name, 0);
      _exit (other == SEM_FAILED || sem_post (other) < 0);
    }
  SAY ("sem_wait", sem_wait (semaphore));
  say_child ("child", child);
  SAY ("sem_unlink", sem_unlink (name));

  struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 64 };
  mqd_t queue = mq_open (name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
  SAY ("mq_open", queue >= 0);
  child = fork ();
  if (child == 0)
    {
      mqd_t other = mq_open (name, O_WRONLY);
      _exit (mq_send (other, "message", 8, 3) < 0);
    }
  char text[64] = "";
  unsigned priority = 0;
  SAY ("mq_receive", mq_receive (queue, text, sizeof text, &priority));
  printf ("%s %u\n", text, priority);
  say_child ("child", child);
  SAY ("mq_unlink", mq_unlink (name));
  mq_close (queue);
}

static void
system_v (void)
{
  int id = shmget (IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  SAY ("shmget", id >= 0);
  int *shared = shmat (id, NULL, 0);
  SAY ("shmat", shared != (void *) -1);
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      int *other = shmat (id, NULL, 0);
      other[1] = 43;
      _exit (0);
    }
  say_child ("child", child);
  struct shmid_ds about;
  SAY ("IPC_STAT", shmctl (id, IPC_STAT, &about));
  printf ("shared %d attached %lu mine %d creator %d mode %o\n", shared[1],
          (unsigned long) about.shm_nattch, about.shm_perm.uid == getuid (),
          about.shm_cpid == getpid (), about.shm_perm.mode & 0777);
  SAY ("IPC_RMID", shmctl (id, IPC_RMID, NULL));
  SAY ("shmdt", shmdt (shared));

  id = semget (IPC_PRIVATE, 2, IPC_CREAT | 0600);
  SAY ("semget", id >= 0);
  child = fork ();
  if (child == 0)
    {
      struct sembuf up = { 1, 1, 0 };
      _exit (semop (id, &up, 1) < 0);
    }
  struct sembuf down = { 1, -1, 0 };
  SAY ("semop", semop (id, &down, 1));
  say_child ("child", child);
  struct semid_ds semaphores;
  SAY ("IPC_STAT", semctl (id, 0, IPC_STAT, &semaphores));
  printf ("mine %d\n", semaphores.sem_perm.uid == getuid ());
  SAY ("IPC_RMID", semctl (id, 0, IPC_RMID));

  id = msgget (IPC_PRIVATE, IPC_CREAT | 0600);
  SAY ("msgget", id >= 0);
  struct
  {
    long type;
    char text[16];
  } message = { 7, "hello" };
  child = fork ();
  if (child == 0)
    _exit (msgsnd (id, &message, sizeof message.text, 0) < 0);
  memset (&message, 0, sizeof message);
  SAY ("msgrcv", msgrcv (id, &message, sizeof message.text, 7, 0));
  printf ("%s\n", message.text);
  say_child ("child", child);
  SAY ("IPC_RMID", msgctl (id, IPC_RMID, NULL));
}

/* Send FD (when not negative) over SOCKET, with credentials when asked.  */
static long
send_with (int socket, int fd, int credentials)
{
  char control[CMSG_SPACE (sizeof (int)) + CMSG_SPACE (sizeof (struct ucred))];
  char byte = 'b';
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  memset (control, 0, sizeof control);
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct cmsghdr *header = CMSG_FIRSTHDR (&message);
  size_t used = 0;
  if (fd >= 0)
    {
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (sizeof (int));
      memcpy (CMSG_DATA (header), &fd, sizeof fd);
      used += CMSG_SPACE (sizeof (int));
      header = CMSG_NXTHDR (&message, header);
    }
  if (credentials)
    {
      struct ucred mine = { getpid (), getuid (), getgid () };
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_CREDENTIALS;
      header->cmsg_len = CMSG_LEN (sizeof mine);
      memcpy (CMSG_DATA (header), &mine, sizeof mine);
      used += CMSG_SPACE (sizeof mine);
    }
  message.msg_controllen = used;
  if (used == 0)
    message.msg_control = NULL;
  return sendmsg (socket, &message, 0);
}

static void
receive (const char *what, int socket, pid_t from)
{
  char control[256], byte;
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control };
  SAY (what, recvmsg (socket, &message, MSG_CMSG_CLOEXEC));
  for (struct cmsghdr *header = CMSG_FIRSTHDR (&message); header != NULL;
       header = CMSG_NXTHDR (&message, header))
    if (header->cmsg_type == SCM_RIGHTS)
      {
        int fd;
        memcpy (&fd, CMSG_DATA (header), sizeof fd);
        char name[64], text[PATH_MAX];
        snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t length = readlink (name, text, sizeof text);
        say_text ("  it is", text, length, errno);
        say_content ("  in it", fd);
      }
    else if (header->cmsg_type == SCM_CREDENTIALS)
      {
        struct ucred other;
        memcpy (&other, CMSG_DATA (header), sizeof other);
        printf ("  pid %d uid %d gid %d\n", other.pid == from,
                other.uid == getuid (), other.gid == getgid ());
      }
}

static void
sockets (void)
{
  int pair[2], yes = 1;
  make_file ("passed", "passed on\n", 0600);
  if (socketpair (AF_UNIX, SOCK_STREAM, 0, pair) < 0)
    return;
  SAY ("SO_PASSCRED",
       setsockopt (pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes));
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      int fd = open ("passed", O_RDONLY);
      _exit (send_with (pair[1], fd, 0) < 0 || send_with (pair[1], -1, 1) < 0
             || send_with (pair[1], fd, 1) < 0
             || send_with (pair[1], -1, 0) < 0);
    }
  receive ("a descriptor", pair[0], child);
  receive ("credentials", pair[0], child);
  receive ("both", pair[0], child);
  receive ("neither", pair[0], child);
  say_child ("child", child);
  struct ucred peer;
  socklen_t length = sizeof peer;
  SAY ("SO_PEERCRED",
       getsockopt (pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &length));
  printf ("pid %d uid %d gid %d\n", peer.pid == getpid (),
          peer.uid == getuid (), peer.gid == getgid ());
  close (pair[0]);
  close (pair[1]);

  /* A descriptor of a directory stays one of that directory.  */
  if (socketpair (AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
    return;
  mkdir ("dir", 0700);
  make_file ("dir/inner", "inner\n", 0600);
  child = fork ();
  if (child == 0)
    _exit (send_with (pair[1], open ("dir", O_PATH | O_DIRECTORY), 0) < 0);
  say_child ("child", child);
  char control[256], byte;
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control };
  int dir = -1;
  if (recvmsg (pair[0], &message, 0) == 1 && CMSG_FIRSTHDR (&message) != NULL)
    memcpy (&dir, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof dir);
  say_content ("below it", openat (dir, "inner", O_RDONLY));
  say_content ("and up", openat (dir, "../passed", O_RDONLY));
  close (dir);
  close (pair[0]);
  close (pair[1]);

  /* The longest abstract name, and a message over it.  */
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  memset (address.sun_path + 1, 'a', sizeof address.sun_path - 1);
  snprintf (address.sun_path + 1, 40, "udocker-%d/etc/passwd", (int) getpid ());
  int server = socket (AF_UNIX, SOCK_DGRAM, 0);
  int client = socket (AF_UNIX, SOCK_DGRAM, 0);
  SAY ("bind", bind (server, (struct sockaddr *) &address, sizeof address));
  SAY ("sendto", sendto (client, "text", 4, 0, (struct sockaddr *) &address,
                         sizeof address));
  char text[8];
  SAY ("recv", recv (server, text, sizeof text, 0));
  struct sockaddr_un back;
  length = sizeof back;
  SAY ("getsockname", getsockname (server, (struct sockaddr *) &back, &length));
  printf ("the same %d\n", memcmp (&address, &back, sizeof back) == 0);
  close (server);
  close (client);
}

static void
descriptors (void)
{
  fflush (stdout);
  int value = 5;
  pid_t child = fork ();
  if (child == 0)
    {
      value = 6;
      for (;;)
        pause ();
    }
  int fd = (int) syscall (434, child, 0);
  SAY ("pidfd_open", fd >= 0);
  struct iovec local = { &value, sizeof value };
  int seen = 0;
  for (int i = 0; i < 500 && value != 6; i++)
    {
      struct iovec mine = { &seen, sizeof seen };
      process_vm_readv (child, &mine, 1, &local, 1, 0);
      if (seen == 6)
        break;
      poll (NULL, 0, 10);
    }
  printf ("process_vm_readv %d\n", seen);
  int copy = (int) syscall (438, fd, 1, 0);
  SAY ("pidfd_getfd", copy >= 0 || errno == EPERM);
  if (copy >= 0)
    close (copy);
  SAY ("pidfd_send_signal", (long) syscall (424, fd, SIGTERM, NULL, 0));
  struct pollfd ready = { fd, POLLIN, 0 };
  SAY ("poll", fd < 0 ? -1 : poll (&ready, 1, 20000));
  siginfo_t info = { 0 };
  if (fd < 0)
    {
      /* Where there are none; its SIGCHLD must not hide that of the next.  */
      kill (child, SIGKILL);
      waitpid (child, NULL, 0);
    }
  SAY ("waitid P_PIDFD", waitid ((idtype_t) 3, (id_t) fd, &info, WEXITED));
  printf ("code %d status %d child %d uid %d\n", info.si_code, info.si_status,
          info.si_pid == child, info.si_uid == getuid ());
  close (fd);

  sigset_t set;
  sigemptyset (&set);
  sigaddset (&set, SIGUSR1);
  sigaddset (&set, SIGCHLD);
  sigprocmask (SIG_BLOCK, &set, NULL);
  fd = signalfd (-1, &set, SFD_CLOEXEC);
  child = fork ();
  if (child == 0)
    {
      kill (getppid (), SIGUSR1);
      _exit (4);
    }
  struct signalfd_siginfo got;
  int seen_usr1 = 0, seen_chld = 0;
  while (!seen_usr1 || !seen_chld)
    {
      if (read (fd, &got, sizeof got) != sizeof got)
        break;
      seen_usr1 += got.ssi_signo == SIGUSR1 && got.ssi_pid == (uint32_t) child;
      seen_chld += got.ssi_signo == SIGCHLD && got.ssi_status == 4;
    }
  printf ("signalfd %d %d\n", seen_usr1, seen_chld);
  say_child ("child", child);
  close (fd);
  sigprocmask (SIG_UNBLOCK, &set, NULL);

  int events = eventfd (0, EFD_CLOEXEC);
  int timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC);
  struct itimerspec soon = { { 0, 0 }, { 0, 20000000 } };
  SAY ("timerfd_settime", timerfd_settime (timer, 0, &soon, NULL));
  int all = epoll_create1 (EPOLL_CLOEXEC);
  struct epoll_event event = { EPOLLIN, { .fd = events } };
  SAY ("epoll_ctl", epoll_ctl (all, EPOLL_CTL_ADD, events, &event));
  event.data.fd = timer;
  SAY ("epoll_ctl", epoll_ctl (all, EPOLL_CTL_ADD, timer, &event));
  /* Signals that a task ignores wake it when it is traced, and this call does
     not begin again (BUGS of ptrace(2)).  */
  int count;
  do
    count = epoll_wait (all, &event, 1, 20000);
  while (count < 0 && errno == EINTR);
  SAY ("epoll_wait", count);
  printf ("the timer %d\n", event.data.fd == timer);
  close (all);
  close (timer);
  close (events);

  /* The death of a parent.  */
  int ends[2];
  if (pipe (ends) < 0)
    return;
  child = fork ();
  if (child == 0)
    {
      if (fork () == 0)
        {
          prctl (PR_SET_PDEATHSIG, SIGKILL);
          if (write (ends[1], "x", 1) == 1)
            for (;;)
              pause ();
        }
      char c;
      _exit (read (ends[0], &c, 1) != 1);
    }
  close (ends[1]);
  say_child ("parent", child);
  char c;
  SAY ("its child died with it", read (ends[0], &c, 1));
  close (ends[0]);
}

int
main (void)
{
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  posix ();
  system_v ();
  sockets ();
  descriptors ();
  return 0;
}
