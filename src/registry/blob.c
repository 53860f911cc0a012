/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Fetch blobs: several at once, hashed on the way, resumed after a cut.  */

/* A few jobs share one multi handle; each has a blob, its file, the hash of
   what the file holds so far, and one exchange at a time.  The hash always
   stands for exactly the bytes [0, done) of the file, so a cut costs nothing
   but the bytes that were under way: the next request asks for "done-" with
   the same hash.  What an earlier run left in the file is hashed first and
   not trusted: when the whole then has not the right digest it is thrown away
   once, and the blob fetched from its beginning.

   Nothing is believed of the server's headers but what can be checked: the
   place a range starts at, and the size, which the manifest told.  Requests
   always begin at the registry, never at a URL it redirected to before, since
   such URLs run out.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/registry/reference.h"
#include "src/registry/registry-private.h"

enum
{
  JOBS_MAX = 32,
  PROGRESS_INTERVAL = 100, /* milliseconds */
  PATIENCE = 180,          /* seconds; see registry.c */
  WRITE_BEHIND = 8 << 20,  /* bytes after which they are sent to the disk */
};

enum job_state
{
  JOB_IDLE,
  JOB_RUNNING, /* its exchange is in the multi handle */
  JOB_WAITING, /* until its time */
};

struct fetch;

/* One blob on its way.  */
struct job
{
  enum job_state state;
  struct fetch *fetch;
  const struct registry_blob *blob;
  struct exchange exchange;
  int fd;
  EVP_MD_CTX *hash;
  int64_t done;        /* bytes in the file and in the hash */
  int64_t flushed;     /* bytes that are on their way to the disk */
  int64_t done_before; /* DONE when the request was sent */
  bool has_old_bytes;  /* some are from an earlier run */
  bool body_has_begun;
  bool is_too_long;
  bool is_web_page;
  bool is_misplaced;       /* the server sent another range */
  int write_error;         /* errno, when the file could not be written */
  unsigned int attempts;   /* failed requests since the last byte */
  unsigned int refusals;   /* 401 answers */
  unsigned int generation; /* of the authorization that was sent */
  int64_t wait_until;      /* milliseconds */
  int64_t progress_due;
};

/* One call of registry_fetch_blobs.  */
struct fetch
{
  struct registry *registry;
  const struct registry_watch *watch;
  const struct registry_blob *blobs;
  size_t count;
  size_t next;
  struct job jobs[JOBS_MAX];
  size_t job_count;
};

static int64_t
milliseconds (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
tell_progress (struct job *job)
{
  const struct registry_watch *watch = job->fetch->watch;

  job->progress_due = milliseconds () + PROGRESS_INTERVAL;
  if (watch->progress != NULL)
    watch->progress (watch->data, job->blob, job->done, job->blob->size);
}

static void
restart_hash (struct job *job)
{
  bool is_512 = strncmp (job->blob->digest, "sha512:", 7) == 0;

  if (EVP_DigestInit_ex (job->hash, is_512 ? EVP_sha512 () : EVP_sha256 (),
                         NULL)
      != 1)
    xalloc_die ();
  job->done = 0;
  job->flushed = 0;
}

/* Forget what JOB's file holds.  Return 0 or a negative errno.  */
static int
start_anew (struct job *job)
{
  restart_hash (job);
  job->has_old_bytes = false;
  while (ftruncate (job->fd, 0) < 0)
    if (errno != EINTR)
      return -errno;
  return 0;
}

/* Hash what JOB's file holds from an earlier run.  */
static int
take_up (struct job *job)
{
  enum
  {
    CHUNK = 256 * 1024
  };
  AUTO_FREE char *bytes = xmalloc (CHUNK);

  restart_hash (job);
  for (;;)
    {
      ssize_t count = pread (job->fd, bytes, CHUNK, (off_t) job->done);
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        return -errno;
      if (count == 0)
        break;
      EVP_DigestUpdate (job->hash, bytes, (size_t) count);
      job->done += count;
      if (job->blob->size >= 0 && job->done > job->blob->size)
        return start_anew (job);
    }
  job->has_old_bytes = job->done > 0;
  return 0;
}

/* Return whether JOB's bytes have the digest they must have; the text of
   theirs, which the caller frees, in FOUND.  */
static bool
has_right_digest (struct job *job, char **found)
{
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  AUTO_BUFFER (text);

  EVP_DigestFinal_ex (job->hash, value, &count);
  buffer_add (&text, job->blob->digest, 7);
  for (unsigned int i = 0; i < count; i++)
    buffer_add_format (&text, "%02x", value[i]);
  bool is_right = strcmp (text.data, job->blob->digest) == 0;
  *found = buffer_take (&text);
  return is_right;
}

/* Write SIZE BYTES where JOB is.  Return 0 or an errno.  */
static int
write_bytes (struct job *job, const char *bytes, size_t size)
{
  int64_t place = job->done;

  while (size > 0)
    {
      ssize_t count = pwrite (job->fd, bytes, size, (off_t) place);
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        return count < 0 ? errno : EIO;
      bytes += count;
      place += count;
      size -= (size_t) count;
    }
  return 0;
}

/* Have the kernel begin to write to the disk what JOB's file got, so that who
   makes the blob visible has not to wait for all of it.  */
static void
write_behind (struct job *job)
{
#ifdef SYNC_FILE_RANGE_WRITE
  if (job->done - job->flushed < WRITE_BEHIND)
    return;
  (void) sync_file_range (job->fd, job->flushed, job->done - job->flushed,
                          SYNC_FILE_RANGE_WRITE);
  job->flushed = job->done;
#else
  (void) job;
#endif
}

/* The first bytes of an answer are there: see that they belong behind what
   JOB has.  */
static bool
begin_body (struct job *job, const struct exchange *exchange)
{
  job->body_has_begun = true;
  /* No layer is one; a portal that wants a log-in is.  */
  if (exchange->media_type != NULL
      && strcmp (exchange->media_type, "text/html") == 0)
    {
      job->is_web_page = true;
      return false;
    }
  if (exchange->status == 206)
    {
      if (exchange->range_start != job->done)
        job->is_misplaced = true;
      return !job->is_misplaced;
    }
  if (job->done > 0)
    {
      log_debug ("%s: the registry sends all of it again", job->blob->digest);
      job->write_error = -start_anew (job);
    }
  return job->write_error == 0;
}

static bool
receive (void *data, const struct exchange *exchange, const char *bytes,
         size_t size)
{
  struct job *job = data;

  if (!job->body_has_begun && !begin_body (job, exchange))
    return false;
  if (job->blob->size >= 0 && (int64_t) size > job->blob->size - job->done)
    {
      job->is_too_long = true;
      return false;
    }
  job->write_error = write_bytes (job, bytes, size);
  if (job->write_error != 0)
    return false;
  EVP_DigestUpdate (job->hash, bytes, size);
  job->done += (int64_t) size;
  write_behind (job);
  return true;
}

/* Send JOB's request.  */
static int
send_request (struct job *job, struct error *err)
{
  struct registry *registry = job->fetch->registry;
  struct exchange *exchange = &job->exchange;
  AUTO_FREE char *url = xasprintf ("%s/v2/%s/blobs/%s", registry->url,
                                   registry->repository, job->blob->digest);

  exchange->range[0] = '\0';
  if (job->done > 0)
    snprintf (exchange->range, sizeof exchange->range, "%lld-",
              (long long) job->done);
  exchange->sink = receive;
  exchange->sink_data = job;
  exchange->authorization = registry->authorization;
  job->generation = registry->generation;
  job->body_has_begun = false;
  job->is_too_long = false;
  job->is_web_page = false;
  job->is_misplaced = false;
  job->write_error = 0;
  job->done_before = job->done;
  exchange_begin (exchange, url);
  if (curl_multi_add_handle (registry->multi, exchange->easy) != CURLM_OK)
    return error_set (err, EIO, _ ("libcurl takes no more requests"));
  job->state = JOB_RUNNING;
  tell_progress (job);
  return 0;
}

/* Let go of JOB's blob, which came to STATUS.  */
static int
end_job (struct job *job, int status, struct error *err)
{
  const struct registry_watch *watch = job->fetch->watch;
  AUTO_ERROR struct error ignored = { 0 };

  if (job->state == JOB_RUNNING)
    curl_multi_remove_handle (job->fetch->registry->multi, job->exchange.easy);
  job->state = JOB_IDLE;
  return watch->end (watch->data, job->blob, status,
                     status == 0 ? err : &ignored);
}

/* Say in ERR that JOB's blob cannot be had because of TROUBLE.  */
static int
blob_trouble (const struct job *job, int number, const char *trouble,
              struct error *err)
{
  const struct registry *registry = job->fetch->registry;

  return error_set (
      err, number, _ ("in download: blob %s of '%s' from registry '%s': %s"),
      job->blob->digest, registry->repository, registry->url, trouble);
}

/* All bytes of JOB's blob are there.  Return 1 when it must be fetched anew,
   0 when it is finished, or a negative errno with ERR set.  */
static int
complete (struct job *job, struct error *err)
{
  AUTO_FREE char *found = NULL;

  if (has_right_digest (job, &found))
    {
      tell_progress (job);
      return end_job (job, 0, err);
    }
  bool is_old = job->has_old_bytes;
  int status = start_anew (job);
  if (status < 0)
    return blob_trouble (job, -status, strerror (-status), err);
  if (is_old)
    {
      log_debug ("%s: what an earlier pull left is of no use",
                 job->blob->digest);
      return 1;
    }
  AUTO_FREE char *trouble =
      xasprintf (_ ("what came has the digest %s"), found);
  return blob_trouble (job, EBADMSG, trouble, err);
}

/* Take the next blob that is wanted into the idle JOB and start it.  Return 1
   when there is none, 0, or a negative errno with ERR set.  */
static int
start_next (struct fetch *fetch, struct job *job, struct error *err)
{
  while (fetch->next < fetch->count)
    {
      const struct registry_blob *blob = &fetch->blobs[fetch->next++];
      int fd = -1;
      int status = fetch->watch->begin (fetch->watch->data, blob, &fd, err);
      if (status < 0)
        return status;
      if (status > 0)
        continue;

      job->blob = blob;
      job->fd = fd;
      job->attempts = 0;
      job->refusals = 0;
      job->state = JOB_WAITING; /* it is to be ended from here on */
      job->wait_until = INT64_MAX;
      status = take_up (job);
      if (status < 0)
        return blob_trouble (job, -status, strerror (-status), err);
      if (blob->size >= 0 && job->done == blob->size
          && (job->done > 0 || blob->size == 0))
        {
          status = complete (job, err);
          if (status < 0)
            return status;
          if (status == 0)
            continue;
        }
      return send_request (job, err);
    }
  return 1;
}

/* JOB's request failed for TROUBLE that may pass.  Arrange for another one,
   or fail.  */
static int
try_again (struct job *job, const char *trouble, int number, struct error *err)
{
  const struct registry_watch *watch = job->fetch->watch;

  if (job->done > job->done_before)
    job->attempts = 0;
  job->attempts++;
  unsigned int seconds = exchange_delay (&job->exchange, job->attempts);
  if (job->attempts > exchange_retries (&job->exchange) || seconds > PATIENCE)
    return blob_trouble (job, number, trouble, err);
  log_debug ("%s: %s; again in %u s from byte %lld", job->blob->digest, trouble,
             seconds, (long long) job->done);
  if (seconds > 0 && watch->delayed != NULL)
    watch->delayed (watch->data, job->blob, trouble, seconds);
  job->state = JOB_WAITING;
  job->wait_until = milliseconds () + (int64_t) seconds * 1000;
  return 0;
}

/* JOB was answered 401.  */
static int
answer_refusal (struct job *job, struct error *err)
{
  struct registry *registry = job->fetch->registry;

  /* Another job may have got a new token meanwhile.  */
  if (job->generation == registry->generation)
    {
      if (++job->refusals > 2)
        {
          AUTO_FREE char *trouble = exchange_trouble (&job->exchange);
          return blob_trouble (job, EACCES, trouble, err);
        }
      int status = registry_authenticate (
          registry, &job->exchange, job->exchange.authorization != NULL, err);
      if (status < 0)
        return status;
    }
  return send_request (job, err);
}

/* JOB's transfer was stopped by receive.  */
static int
explain_stop (struct job *job, struct error *err)
{
  if (job->write_error != 0)
    return error_set (err, job->write_error,
                      _ ("in download: blob %s cannot be written: %s"),
                      job->blob->digest, strerror (job->write_error));
  if (job->is_web_page)
    return blob_trouble (job, EBADMSG,
                         _ ("a web page came instead: it is no registry"), err);
  if (job->is_too_long)
    {
      (void) start_anew (job);
      AUTO_FREE char *trouble =
          xasprintf (_ ("file size mismatch: more than the %lld bytes that"
                        " the manifest tells"),
                     (long long) job->blob->size);
      return blob_trouble (job, EBADMSG, trouble, err);
    }
  /* Misplaced: ask for all of it.  */
  if (job->done > 0)
    {
      int status = start_anew (job);
      if (status == 0)
        return send_request (job, err);
      return blob_trouble (job, -status, strerror (-status), err);
    }
  return blob_trouble (job, EBADMSG, _ ("another part came than was asked"),
                       err);
}

/* JOB's request is over, and removed from the multi handle.  Go on from
   there.  Return 0, or a negative errno with ERR set.  */
static int
proceed (struct job *job, struct error *err)
{
  struct exchange *exchange = &job->exchange;
  struct registry *registry = job->fetch->registry;

  int status = exchange_redirect (exchange, err);
  if (status < 0)
    return status;
  if (status > 0)
    {
      if (curl_multi_add_handle (registry->multi, exchange->easy) != CURLM_OK)
        return error_set (err, EIO, _ ("libcurl takes no more requests"));
      job->state = JOB_RUNNING;
      return 0;
    }
  if (job->write_error != 0 || job->is_too_long || job->is_web_page
      || job->is_misplaced)
    return explain_stop (job, err);

  long code = exchange->result == CURLE_OK ? exchange->status : 0;
  bool is_good = code == 200 || code == 206;
  if (is_good && (job->blob->size < 0 || job->done == job->blob->size))
    {
      status = complete (job, err);
      return status > 0 ? send_request (job, err) : status;
    }
  if (is_good)
    {
      /* The server ended early without breaking the protocol.  */
      AUTO_FREE char *trouble =
          xasprintf (_ ("file size mismatch: %lld bytes instead of %lld"),
                     (long long) job->done, (long long) job->blob->size);
      exchange->result = CURLE_PARTIAL_FILE;
      return try_again (job, trouble, EBADMSG, err);
    }
  if (code == 416 && job->done > 0)
    {
      status = start_anew (job);
      if (status < 0)
        return blob_trouble (job, -status, strerror (-status), err);
      return send_request (job, err);
    }
  if (code == 401 && !exchange->is_elsewhere)
    return answer_refusal (job, err);

  AUTO_FREE char *trouble = exchange_trouble (exchange);
  int number = code == 404 ? ENOENT : code == 403 ? EACCES : EIO;
  /* A place we were sent to refuses: the address may have run out.  */
  bool is_stale = exchange->is_elsewhere && (code == 401 || code == 403);
  if (is_stale || exchange_may_pass (exchange))
    return try_again (job, trouble, number, err);
  return blob_trouble (job, number, trouble, err);
}

/* Look after jobs that are through with a request.  */
static int
collect (struct fetch *fetch, struct error *err)
{
  CURLM *multi = fetch->registry->multi;
  int left = 0;

  for (CURLMsg *message = curl_multi_info_read (multi, &left); message != NULL;
       message = curl_multi_info_read (multi, &left))
    {
      if (message->msg != CURLMSG_DONE)
        continue;
      CURL *easy = message->easy_handle;
      CURLcode result = message->data.result;
      for (size_t i = 0; i < fetch->job_count; i++)
        {
          struct job *job = &fetch->jobs[i];
          if (job->state != JOB_RUNNING || job->exchange.easy != easy)
            continue;
          curl_multi_remove_handle (multi, easy);
          job->state = JOB_WAITING;
          job->wait_until = INT64_MAX;
          job->exchange.result = result;
          int status = proceed (job, err);
          if (status < 0)
            {
              if (job->state != JOB_IDLE)
                (void) end_job (job, status, err);
              return status;
            }
          break;
        }
    }
  return 0;
}

/* Start what can be started now.  Return the number of jobs at work, or a
   negative errno with ERR set.  NEXT gets the milliseconds until something is
   due.  */
static int
start_due (struct fetch *fetch, int *next, struct error *err)
{
  int64_t now = milliseconds ();
  int64_t due = now + 1000;
  int active = 0;

  for (size_t i = 0; i < fetch->job_count; i++)
    {
      struct job *job = &fetch->jobs[i];
      int status = 0;
      if (job->state == JOB_IDLE)
        status = start_next (fetch, job, err);
      else if (job->state == JOB_WAITING && job->wait_until <= now)
        status = send_request (job, err);
      if (status < 0)
        {
          if (job->state != JOB_IDLE)
            (void) end_job (job, status, err);
          return status;
        }
      if (job->state == JOB_IDLE)
        continue;
      active++;
      if (job->state == JOB_WAITING && job->wait_until < due)
        due = job->wait_until;
      if (job->state == JOB_RUNNING && job->progress_due <= now)
        tell_progress (job);
      if (job->state == JOB_RUNNING && job->progress_due < due)
        due = job->progress_due;
    }
  *next = due > now ? (int) (due - now) : 0;
  return active;
}

/* Return whether start_due has something to do at once.  libcurl itself wakes
   up for requests that were just added.  */
static bool
can_start (const struct fetch *fetch)
{
  int64_t now = milliseconds ();
  bool is_active = false;
  bool is_idle = false;

  for (size_t i = 0; i < fetch->job_count; i++)
    {
      const struct job *job = &fetch->jobs[i];
      if (job->state == JOB_IDLE)
        is_idle = true;
      else
        is_active = true;
      if (job->state == JOB_WAITING && job->wait_until <= now)
        return true;
    }
  return !is_active || (is_idle && fetch->next < fetch->count);
}

static int
run_fetch (struct fetch *fetch, struct error *err)
{
  CURLM *multi = fetch->registry->multi;

  for (;;)
    {
      int wait = 0;
      int running = 0;
      int active = start_due (fetch, &wait, err);
      if (active <= 0)
        return active;
      CURLMcode code = curl_multi_perform (multi, &running);
      if (code != CURLM_OK)
        return error_set (err, EIO, "libcurl: %s", curl_multi_strerror (code));
      int status = collect (fetch, err);
      if (status < 0)
        return status;
      if (!can_start (fetch))
        (void) curl_multi_poll (multi, NULL, 0, wait, NULL);
    }
}

int
registry_fetch_blobs (struct registry *registry,
                      const struct registry_blob *blobs, size_t count,
                      const struct registry_watch *watch, struct error *err)
{
  /* The manifest may have been here, and this the first that is asked.  */
  registry_settle_scheme (registry);
  struct fetch *fetch = XZALLOC (struct fetch);
  fetch->registry = registry;
  fetch->watch = watch;
  fetch->blobs = blobs;
  fetch->count = count;
  fetch->job_count =
      registry->connections < JOBS_MAX ? registry->connections : JOBS_MAX;
  if (fetch->job_count > count)
    fetch->job_count = count;
  for (size_t i = 0; i < fetch->job_count; i++)
    {
      struct job *job = &fetch->jobs[i];
      job->fetch = fetch;
      exchange_init (&job->exchange, registry);
      job->hash = EVP_MD_CTX_new ();
      if (job->hash == NULL)
        xalloc_die ();
    }

  /* A file that hits a limit is an error to be told, not a death.  */
  struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction before;
  sigaction (SIGXFSZ, &ignore, &before);
  registry->is_busy = true;
  int status = run_fetch (fetch, err);
  for (size_t i = 0; i < fetch->job_count; i++)
    {
      struct job *job = &fetch->jobs[i];
      if (job->state != JOB_IDLE)
        (void) end_job (job, -ECANCELED, err);
      exchange_release (&job->exchange);
      EVP_MD_CTX_free (job->hash);
    }
  registry->is_busy = false;
  sigaction (SIGXFSZ, &before, NULL);
  free (fetch);
  return status < 0 ? status : 0;
}
