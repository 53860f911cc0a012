/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   The client side of a registry: manifests and blobs over HTTP.  */

#ifndef UDOCKER_REGISTRY_REGISTRY_H
#define UDOCKER_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct error;
struct reference;
struct registry;

/* How to reach a registry.  All strings are borrowed for the life of the
   registry and may be NULL; a zeroed structure is a good default.  */
struct registry_options
{
  const char *registry;   /* URL or HOST[:PORT] to ask when the name has no
                             host of its own (--registry); NULL: Docker Hub */
  const char *hub;        /* URL of Docker Hub's registry; NULL: the real one */
  const char *proxy;      /* proxy URL; NULL: the environment decides */
  const char *keystore;   /* file name of udocker's keystore, or NULL */
  const char *user_agent; /* NULL: udocker/VERSION */
  const char *const *insecure_hosts; /* NULL-terminated list of HOST[:PORT]
                                        that may be asked without TLS or
                                        with unverified TLS, or NULL */
  const char *const *mirrors;   /* NULL-terminated list of HOST=URL: ask URL
                                   for names at HOST; or NULL */
  unsigned int skipped_mirrors; /* so many of these were asked in vain */
  bool insecure;                /* do not verify certificates (--insecure) */
  bool verbose;                 /* libcurl tells on stderr what it does */
  unsigned int connect_timeout; /* seconds; 0: 10 */
  unsigned int timeout; /* seconds without a byte before a transfer counts as
                           dead; 0: 60 */
  unsigned int retries; /* how often a request that failed for a passing
                           reason is repeated; 0: 5 */
  unsigned int connections; /* at most so many at once; 0: 4 */
};

/* Fill OPTIONS with what CONFIG says, from which it borrows.  */
void registry_options_from_config (struct registry_options *options,
                                   const struct config *config);

/* A manifest, or an index, exactly as the registry sent it.  Start it as
   { 0 }; the caller frees it with registry_document_release.  */
struct registry_document
{
  char *bytes; /* followed by a NUL that is not counted */
  size_t size;
  char *media_type; /* without parameters, lower case; "" when not sent */
  char *digest;     /* sha256:... of BYTES, computed here; when the request
                       was by digest, that digest, verified */
};

void registry_document_release (struct registry_document *document);

/* One blob to be fetched.  */
struct registry_blob
{
  const char *digest;     /* valid per digest_is_valid */
  int64_t size;           /* from the manifest; -1 when unknown (schema 1) */
  const char *media_type; /* for messages and progress; may be NULL */
  void *data;             /* the caller's, not touched */
};

/* What registry_fetch_blobs asks and tells its caller.  The functions are
   called from registry_fetch_blobs, in its thread; all but BEGIN and END may
   be NULL.  */
struct registry_watch
{
  void *data;

  /* The transfer of BLOB is about to begin.  Return 0 with *FD set to a
     regular file open for reading and writing, 1 when this blob is not wanted
     after all, or a negative errno with ERR set, which stops everything.

     What the file already holds is taken for the beginning of the blob:
     hashed, and only the rest asked for; it is truncated and all is fetched
     anew when the registry does not do ranges or the result does not have the
     digest.  END follows for every BEGIN that returned 0.  */
  int (*begin) (void *data, const struct registry_blob *blob, int *fd,
                struct error *err);

  /* The transfer of BLOB is over.  STATUS is 0 when its file holds all of it,
     verified; -EBADMSG when what arrived was wrong (the file is empty); or
     another negative errno (the file keeps what arrived, for a later resume).
     The descriptor is not used any more.  Return 0, or a negative errno with
     ERR set, which stops everything (only when STATUS is 0; otherwise the
     result is ignored).  */
  int (*end) (void *data, const struct registry_blob *blob, int status,
              struct error *err);

  /* BLOB has DONE of TOTAL bytes (TOTAL is -1 when unknown).  Called when a
     transfer starts or restarts, and some ten times a second.  */
  void (*progress) (void *data, const struct registry_blob *blob, int64_t done,
                    int64_t total);

  /* BLOB's transfer failed for REASON and is tried again in SECONDS.  */
  void (*delayed) (void *data, const struct registry_blob *blob,
                   const char *reason, unsigned int seconds);
};

/* Make *REGISTRY ready to be asked for the image that REF names: decide which
   host and scheme, read credentials.  Nothing goes over the network yet.
   REF and OPTIONS are borrowed until registry_close.  Return 0, or a negative
   errno with ERR set (-EINVAL for a name no registry can have).  */
int registry_open (struct registry **registry, const struct reference *ref,
                   const struct registry_options *options, struct error *err);

/* The same for the registry or index at URL, [http[s]://]HOST[:PORT], for
   questions that are about no image.  Names of Docker Hub are not
   translated.  */
int registry_open_at (struct registry **registry, const char *url,
                      const struct registry_options *options,
                      struct error *err);

/* Close connections and free REGISTRY; NULL is accepted.  */
void registry_close (struct registry *registry);

/* Ask the registry at URL, as for registry_open_at, whether it takes USER with
   PASSWORD.  Return 0 when it does or lets everybody in; 1 when it cannot be
   told, with ERR set to the reason; -EACCES with ERR set when it refuses them;
   or another negative errno with ERR set when URL is none.  */
int registry_check_login (const char *url, const char *user,
                          const char *password,
                          const struct registry_options *options,
                          struct error *err);

/* Ask the registry at URL, as for registry_open_at, whether it is there, with the
   credentials that are kept for it.  Return 0 when it answers as a registry does,
   with *REFUSES whether it does so without letting this user in; or a negative
   errno with ERR set.  */
int registry_reach (const char *url, const struct registry_options *options,
                    bool *refuses, struct error *err);

/* Return the URL of the registry without path, as messages show it, for
   instance "https://registry-1.docker.io".  Borrowed.  */
const char *registry_url (const struct registry *registry);

/* What is asked of a registry that may have mirrors: return 0 or more, or a
   negative errno with ERR set.  It is asked again of the next one when the
   fault may be that of a mirror, so it must not keep half an answer.  */
typedef int registry_question (struct registry *registry, void *data,
                               struct error *err);

/* Ask QUESTION, with DATA, of the mirrors of REF's registry in turn, and in the
   end of that registry, until there is an answer.  Return it, or what the last
   one failed with.  */
int registry_ask_around (const struct reference *ref,
                         const struct registry_options *options,
                         registry_question *question, void *data,
                         struct error *err);

/* Fetch the manifest or index that REFERENCE (a tag or a digest) names, at
   most 8 MiB, into DOCUMENT.  A digest is verified.  Return 0, or a negative
   errno with ERR set: -ENOENT no such image, -EACCES not authorized, -EBADMSG
   not what was asked for, others for trouble on the way.  */
int registry_fetch_manifest (struct registry *registry, const char *reference,
                             struct registry_document *document,
                             struct error *err);

/* Return whether the registry says that TAG leads to the manifest or index with
   DIGEST.  When it cannot be told the answer is no.  Registries that limit
   pulls do not count this question.  */
bool registry_still_has (struct registry *registry, const char *tag,
                         const char *digest);

/* Fetch the COUNT BLOBS, several at a time, begun in the order given, each
   into the file that WATCH gives for it, hashing them while they arrive.  A
   cut connection is resumed where it broke.  Return 0 when every blob that
   WATCH wanted has been fetched, or a negative errno with ERR telling of the
   first failure, after which no other blob is begun and running ones are
   stopped.  */
int registry_fetch_blobs (struct registry *registry,
                          const struct registry_blob *blobs, size_t count,
                          const struct registry_watch *watch,
                          struct error *err);

/* Return the digest of SIZE BYTES by the algorithm in front of LIKE
   ("sha256:..." or NULL for that), in memory that the caller frees.  */
char *digest_of_bytes (const char *like, const void *bytes, size_t size);

#endif
