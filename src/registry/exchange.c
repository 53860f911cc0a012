/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   One HTTP request and its answer, through libcurl.  */

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/registry/registry-private.h"

/* Redirects are followed here and not by libcurl, because of what must not
   follow: the Authorization header stays with the origin (scheme, host, port)
   it was made for, and TLS is not given up on the way.  libcurl's own rules
   on that differ between versions.  */

static void
forget_answer (struct exchange *exchange)
{
  exchange->result = CURLE_OK;
  exchange->status = 0;
  free (TAKE (exchange->media_type));
  free (TAKE (exchange->location));
  free (TAKE (exchange->digest_header));
  free (TAKE (exchange->link));
  free (TAKE (exchange->rate_limit));
  free (TAKE (exchange->rate_left));
  free (TAKE (exchange->rate_source));
  buffer_clear (&exchange->challenges);
  exchange->retry_after = -1;
  exchange->range_start = -1;
  exchange->range_total = -1;
  exchange->content_length = -1;
  exchange->is_too_big = false;
  buffer_clear (&exchange->body);
  exchange->curl_text[0] = '\0';
}

/* Return the text of a header's value at VALUE, up to END, without blanks
   around it, in memory that the caller frees.  */
static char *
trimmed (const char *value, const char *end)
{
  while (value < end && (*value == ' ' || *value == '\t'))
    value++;
  while (value < end
         && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'
             || end[-1] == '\n'))
    end--;
  return xasprintf ("%.*s", (int) (end - value), value);
}

/* Return the seconds that a Retry-After of VALUE asks to wait.  */
static long
seconds_of (const char *value)
{
  char *end = NULL;
  errno = 0;
  long seconds = strtol (value, &end, 10);
  if (end != value && *end == '\0' && errno == 0 && seconds >= 0)
    return seconds;
  time_t when = curl_getdate (value, NULL);
  if (when == (time_t) -1)
    return -1;
  time_t now = time (NULL);
  return when > now ? (long) (when - now) : 0;
}

/* Take the decimal number at TEXT; -1 when there is none.  */
static int64_t
number_of (const char *text)
{
  char *end = NULL;
  errno = 0;
  long long value = strtoll (text, &end, 10);
  return end == text || errno != 0 || value < 0 ? -1 : value;
}

/* Note the header NAME (of NAME_SIZE bytes) with VALUE, which is taken.  */
static void
note_header (struct exchange *exchange, const char *name, size_t name_size,
             char *value)
{
  AUTO_FREE char *owned = value;
  const struct
  {
    const char *name;
    char **place;
  } kept[] = {
    { "location", &exchange->location },
    { "link", &exchange->link },
    { "docker-content-digest", &exchange->digest_header },
    { "ratelimit-limit", &exchange->rate_limit },
    { "ratelimit-remaining", &exchange->rate_left },
    { "docker-ratelimit-source", &exchange->rate_source },
  };
#define IS(text)                                                               \
  (name_size == sizeof text - 1 && strncasecmp (name, text, name_size) == 0)

  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (strlen (kept[i].name) == name_size
        && strncasecmp (name, kept[i].name, name_size) == 0)
      {
        free (*kept[i].place);
        *kept[i].place = TAKE (owned);
        return;
      }
  if (IS ("content-type"))
    {
      value[strcspn (value, "; \t")] = '\0';
      for (char *p = value; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
          *p = (char) (*p - 'A' + 'a');
      free (exchange->media_type);
      exchange->media_type = TAKE (owned);
    }
  else if (IS ("www-authenticate"))
    {
      if (exchange->challenges.length > 0)
        buffer_add_string (&exchange->challenges, ", ");
      buffer_add_string (&exchange->challenges, value);
    }
  else if (IS ("retry-after"))
    exchange->retry_after = seconds_of (value);
  else if (IS ("content-length"))
    exchange->content_length = number_of (value);
  else if (IS ("content-range") && strncasecmp (value, "bytes ", 6) == 0)
    {
      exchange->range_start = number_of (value + 6);
      const char *slash = strchr (value, '/');
      if (slash != NULL)
        exchange->range_total = number_of (slash + 1);
    }
#undef IS
}

static size_t
receive_header (char *bytes, size_t unit, size_t count, void *data)
{
  struct exchange *exchange = data;
  size_t size = unit * count;

  /* Headers of earlier answers (100, those of a proxy) do not count.  */
  if (size >= 5 && strncasecmp (bytes, "HTTP/", 5) == 0)
    {
      forget_answer (exchange);
      const char *blank = memchr (bytes, ' ', size);
      if (blank != NULL)
        {
          AUTO_FREE char *code = trimmed (blank, bytes + size);
          exchange->status = strtol (code, NULL, 10);
        }
      return size;
    }
  const char *colon = memchr (bytes, ':', size);
  if (colon != NULL)
    note_header (exchange, bytes, (size_t) (colon - bytes),
                 trimmed (colon + 1, bytes + size));
  return size;
}

static size_t
receive_body (char *bytes, size_t unit, size_t count, void *data)
{
  struct exchange *exchange = data;
  size_t size = unit * count;
  bool is_good = exchange->status >= 200 && exchange->status < 300;

  if (is_good && exchange->sink != NULL)
    return exchange->sink (exchange->sink_data, exchange, bytes, size) ? size
                                                                       : 0;
  size_t limit = is_good ? exchange->body_max : ERROR_BODY_MAX;
  if (exchange->body.length + size > limit)
    {
      exchange->is_too_big = true;
      return is_good ? 0 : size;
    }
  buffer_add (&exchange->body, bytes, size);
  return size;
}

void
exchange_init (struct exchange *exchange, struct registry *registry)
{
  *exchange = (struct exchange){ .registry = registry };
  exchange->easy = curl_easy_init ();
  if (exchange->easy == NULL)
    xalloc_die ();
  exchange->body_max = 1 << 20;
  forget_answer (exchange);
}

void
exchange_release (struct exchange *exchange)
{
  forget_answer (exchange);
  buffer_release (&exchange->challenges);
  buffer_release (&exchange->body);
  curl_easy_cleanup (exchange->easy);
  curl_slist_free_all (exchange->headers);
  free (exchange->url);
  *exchange = (struct exchange){ 0 };
}

static void
add_header (struct exchange *exchange, const char *name, const char *value)
{
  AUTO_FREE char *line = xasprintf ("%s: %s", name, value);
  struct curl_slist *list = curl_slist_append (exchange->headers, line);
  if (list == NULL)
    xalloc_die ();
  exchange->headers = list;
}

/* Say what libcurl tells of a transfer, but for secrets and contents.  */
static int
show_traffic (CURL *easy, curl_infotype type, char *text, size_t size,
              void *data)
{
  (void) easy;
  (void) data;
  if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_IN
      && type != CURLINFO_HEADER_OUT)
    return 0;
  const char *mark = type == CURLINFO_TEXT        ? "*"
                     : type == CURLINFO_HEADER_IN ? "<"
                                                  : ">";
  for (size_t start = 0; start < size;)
    {
      const char *line = text + start;
      const char *end = memchr (line, '\n', size - start);
      size_t length = end == NULL ? size - start : (size_t) (end - line);
      start += length + 1;
      while (length > 0 && line[length - 1] == '\r')
        length--;
      size_t shown = length;
      const char *colon = memchr (line, ':', length);
      if (colon != NULL && colon - line >= 13
          && strncasecmp (colon - 13, "authorization", 13) == 0)
        shown = (size_t) (colon - line) + 1;
      if (length > 0)
        log_debug ("%s %.*s%s", mark, (int) shown, line,
                   shown < length ? " ..." : "");
    }
  return 0;
}

/* Set the options that are the same for every request.  */
static void
set_connection_options (struct exchange *exchange)
{
  CURL *easy = exchange->easy;
  const struct registry *registry = exchange->registry;

  curl_easy_reset (easy);
  curl_easy_setopt (easy, CURLOPT_PRIVATE, exchange);
  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, exchange->curl_text);
  curl_easy_setopt (easy, CURLOPT_HEADERFUNCTION, receive_header);
  curl_easy_setopt (easy, CURLOPT_HEADERDATA, exchange);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, receive_body);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, exchange);
  curl_easy_setopt (easy, CURLOPT_BUFFERSIZE, 512L * 1024);
  curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt (easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt (easy, CURLOPT_USERAGENT, registry->user_agent);
  curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT,
                    (long) registry->connect_timeout);
  curl_easy_setopt (easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt (easy, CURLOPT_LOW_SPEED_TIME,
                    (long) registry->stall_timeout);
  curl_easy_setopt (easy, CURLOPT_VERBOSE,
                    registry->options->verbose ? 1L : 0L);
  curl_easy_setopt (easy, CURLOPT_DEBUGFUNCTION, show_traffic);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt (easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
  if (registry->proxy != NULL)
    curl_easy_setopt (easy, CURLOPT_PROXY, registry->proxy);
  else if (registry->no_proxy)
    curl_easy_setopt (easy, CURLOPT_NOPROXY, "*");
  if (registry->ca_file != NULL)
    curl_easy_setopt (easy, CURLOPT_CAINFO, registry->ca_file);
  if (registry->ca_directory != NULL)
    curl_easy_setopt (easy, CURLOPT_CAPATH, registry->ca_directory);
  if (registry->unverified)
    {
      curl_easy_setopt (easy, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt (easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* Set what holds for the registry's own host only.  */
static void
set_host_options (struct exchange *exchange)
{
  CURL *easy = exchange->easy;
  const struct registry *registry = exchange->registry;
  size_t size = strlen (registry->url);

  if (exchange->is_elsewhere
      || strncmp (exchange->url, registry->url, size) != 0
      || exchange->url[size] != '/')
    return;
  if (registry->host_ca != NULL)
    curl_easy_setopt (easy, CURLOPT_CAINFO, registry->host_ca);
  if (registry->host_cert != NULL)
    curl_easy_setopt (easy, CURLOPT_SSLCERT, registry->host_cert);
  if (registry->host_cert != NULL && registry->host_key != NULL)
    curl_easy_setopt (easy, CURLOPT_SSLKEY, registry->host_key);
}

/* Make EXCHANGE's easy handle ready to ask for EXCHANGE->url.  */
static void
prepare (struct exchange *exchange)
{
  CURL *easy = exchange->easy;

  forget_answer (exchange);
  set_connection_options (exchange);
  set_host_options (exchange);
  curl_easy_setopt (easy, CURLOPT_URL, exchange->url);
  if (exchange->range[0] != '\0')
    curl_easy_setopt (easy, CURLOPT_RANGE, exchange->range);
  if (exchange->form != NULL)
    curl_easy_setopt (easy, CURLOPT_POSTFIELDS, exchange->form);
  if (exchange->is_head)
    curl_easy_setopt (easy, CURLOPT_NOBODY, 1L);
  curl_slist_free_all (exchange->headers);
  exchange->headers = NULL;
  if (exchange->accept != NULL)
    add_header (exchange, "Accept", exchange->accept);
  if (exchange->authorization != NULL && !exchange->is_elsewhere)
    add_header (exchange, "Authorization", exchange->authorization);
  curl_easy_setopt (easy, CURLOPT_HTTPHEADER, exchange->headers);
  curl_easy_setopt (easy, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
}

void
exchange_begin (struct exchange *exchange, const char *url)
{
  char *copy = xstrdup (url);
  free (exchange->url);
  exchange->url = copy;
  exchange->redirects = 0;
  exchange->is_elsewhere = false;
  prepare (exchange);
}

/* Return the part PART of URL, which the caller frees with curl_free, or NULL.
 */
static char *
url_part (CURLU *url, CURLUPart part)
{
  char *text = NULL;
  if (curl_url_get (url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
    return NULL;
  return text;
}

/* Return whether part PART of A and B is the same.  */
static bool
same_part (CURLU *a, CURLU *b, CURLUPart part)
{
  char *left = url_part (a, part);
  char *right = url_part (b, part);
  bool is_same = left != NULL && right != NULL && strcasecmp (left, right) == 0;
  curl_free (left);
  curl_free (right);
  return is_same;
}

/* Resolve LOCATION against the URL of EXCHANGE.  Return the absolute URL,
   which the caller frees, or NULL; tell whether it is the same ORIGIN and
   whether it GIVES_UP_TLS.  */
static char *
resolve (const struct exchange *exchange, const char *location, bool *origin,
         bool *gives_up_tls)
{
  CURLU *from = curl_url ();
  CURLU *to = curl_url ();
  char *result = NULL;

  if (from != NULL && to != NULL
      && curl_url_set (from, CURLUPART_URL, exchange->url, 0) == CURLUE_OK
      && curl_url_set (to, CURLUPART_URL, exchange->url, 0) == CURLUE_OK
      && curl_url_set (to, CURLUPART_URL, location, CURLU_URLENCODE)
             == CURLUE_OK)
    {
      char *text = NULL;
      char *scheme = url_part (to, CURLUPART_SCHEME);
      *origin = same_part (from, to, CURLUPART_SCHEME)
                && same_part (from, to, CURLUPART_HOST)
                && same_part (from, to, CURLUPART_PORT);
      *gives_up_tls = strncmp (exchange->url, "https:", 6) == 0
                      && (scheme == NULL || strcasecmp (scheme, "https") != 0);
      if (curl_url_get (to, CURLUPART_URL, &text, 0) == CURLUE_OK)
        result = xstrdup (text);
      curl_free (text);
      curl_free (scheme);
    }
  curl_url_cleanup (from);
  curl_url_cleanup (to);
  return result;
}

char *
exchange_path_of (const struct exchange *exchange, const char *target)
{
  bool unused = false;
  AUTO_FREE char *url = resolve (exchange, target, &unused, &unused);
  const char *host = url == NULL ? NULL : strstr (url, "://");
  const char *path = host == NULL ? NULL : strchr (host + 3, '/');

  return path == NULL ? NULL
                      : xasprintf ("%.*s", (int) strcspn (path, "#"), path);
}

int
exchange_redirect (struct exchange *exchange, struct error *err)
{
  long status = exchange->status;

  if (exchange->result != CURLE_OK || exchange->location == NULL
      || !(status == 301 || status == 302 || status == 303 || status == 307
           || status == 308))
    return 0;
  if (++exchange->redirects > REDIRECTS_MAX)
    return error_set (err, ELOOP, _ ("'%s' redirects too often"),
                      exchange->registry->url);

  bool is_same_origin = false;
  bool gives_up_tls = false;
  AUTO_FREE char *url =
      resolve (exchange, exchange->location, &is_same_origin, &gives_up_tls);
  if (url == NULL)
    return error_set (err, EBADMSG,
                      _ ("'%s' redirects to '%s', which is no URL to follow"),
                      exchange->registry->url, exchange->location);
  if (gives_up_tls && !exchange->registry->unverified)
    return error_set (err, EACCES,
                      _ ("'%s' redirects to '%s' without TLS; '--insecure'"
                         " follows it"),
                      exchange->registry->url, exchange->location);
  /* A form is only ever sent with a secret in it.  */
  if (!is_same_origin && exchange->form != NULL)
    return error_set (err, EACCES,
                      _ ("'%s' redirects to '%s', which is not told any"
                         " credentials"),
                      exchange->url, exchange->location);
  if (!is_same_origin)
    exchange->is_elsewhere = true;
  if (exchange->form != NULL && status != 307 && status != 308)
    exchange->form = NULL;
  log_debug ("redirected to %s", url);
  free (exchange->url);
  exchange->url = TAKE (url);
  prepare (exchange);
  return 1;
}

/* Run the request that EXCHANGE is prepared for to its end.  */
static void
perform (struct exchange *exchange)
{
  CURLM *multi = exchange->registry->multi;
  int running = 1;

  if (exchange->registry->is_busy)
    {
      /* The others wait: this is a token without which they get nowhere.  */
      exchange->result = curl_easy_perform (exchange->easy);
      return;
    }
  if (curl_multi_add_handle (multi, exchange->easy) != CURLM_OK)
    {
      exchange->result = CURLE_FAILED_INIT;
      return;
    }
  while (running > 0)
    {
      if (curl_multi_perform (multi, &running) != CURLM_OK)
        break;
      if (running > 0)
        (void) curl_multi_poll (multi, NULL, 0, 1000, NULL);
    }
  exchange->result = CURLE_FAILED_INIT;
  int left = 0;
  for (CURLMsg *message = curl_multi_info_read (multi, &left); message != NULL;
       message = curl_multi_info_read (multi, &left))
    if (message->msg == CURLMSG_DONE && message->easy_handle == exchange->easy)
      exchange->result = message->data.result;
  curl_multi_remove_handle (multi, exchange->easy);
}

int
exchange_run (struct exchange *exchange, const char *url, struct error *err)
{
  exchange_begin (exchange, url);
  for (;;)
    {
      perform (exchange);
      int status = exchange_redirect (exchange, err);
      if (status <= 0)
        return status;
    }
}

bool
exchange_may_pass (const struct exchange *exchange)
{
  switch (exchange->result)
    {
    case CURLE_OK:
      break;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      /* Most often a wrong name, and waiting does not make it right.  */
      return exchange->registry->is_reached;
    case CURLE_SSL_CONNECT_ERROR:
      return exchange->registry->is_reached;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
    }
  switch (exchange->status)
    {
    case 429:
      /* A limit that is used up is counted in hours.  */
      return exchange->retry_after >= 0 || exchange->rate_left == NULL
             || strtol (exchange->rate_left, NULL, 10) > 0;
    case 408:
    case 425:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
    }
}

unsigned int
exchange_retries (const struct exchange *exchange)
{
  const struct registry *registry = exchange->registry;
  bool is_hopeful = registry->is_reached;

  /* Who asks for headers alone can do without them.  */
  if (exchange->is_head)
    return 0;
  /* These pass rarely; and where nobody has answered yet, it is most often
     because nobody will.  */
  if (exchange->result == CURLE_OK)
    is_hopeful = exchange->status != 500 && exchange->status != 401
                 && exchange->status != 403;
  return is_hopeful || registry->retries < FEW_RETRIES ? registry->retries
                                                       : FEW_RETRIES;
}

/* Return TEXT, which is to go to a terminal, as one line in which nothing moves
   the cursor; the caller frees it.  */
static char *
one_line (const char *text)
{
  char *clean = xasprintf ("%.300s", text);
  for (char *p = clean; *p != '\0'; p++)
    if ((unsigned char) *p < ' ' || *p == 0x7f)
      *p = ' ';
  return clean;
}

/* Return the message in the body of an error, as the distribution
   specification forms it, or NULL.  The caller frees it.  */
static char *
message_in_body (const struct exchange *exchange)
{
  AUTO_JSON struct json_object *object = NULL;
  AUTO_ERROR struct error err = { 0 };

  if (exchange->body.length == 0
      || json_parse (exchange->body.data, exchange->body.length, "", &object,
                     &err)
             < 0)
    return NULL;
  struct json_object *list = json_member (object, "errors", json_type_array);
  struct json_object *first =
      list != NULL && json_object_array_length (list) > 0
          ? json_object_array_get_idx (list, 0)
          : object;
  const char *text = json_string (first, "message");
  if (text == NULL || *text == '\0')
    text = json_string (first, "details");
  if (text == NULL || *text == '\0')
    text = json_string (first, "code");
  if (text == NULL || *text == '\0')
    return NULL;

  return one_line (text);
}

/* Return what EXCHANGE says of a limit to requests, or NULL; the caller frees
   it.  */
static char *
rate_limit (const struct exchange *exchange)
{
  if (exchange->rate_limit == NULL && exchange->rate_left == NULL
      && exchange->rate_source == NULL)
    return NULL;
  AUTO_BUFFER (text);
  const struct
  {
    const char *name;
    const char *value;
  } parts[] = {
    { "ratelimit-limit", exchange->rate_limit },
    { "ratelimit-remaining", exchange->rate_left },
    { "docker-ratelimit-source", exchange->rate_source },
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (parts[i].value != NULL)
      {
        AUTO_FREE char *value = one_line (parts[i].value);
        buffer_add_format (&text, "%s%s: %s", text.length > 0 ? ", " : "",
                           parts[i].name, value);
      }
  return buffer_take (&text);
}

static const char *
status_name (long status)
{
  switch (status)
    {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return NULL;
    }
}

char *
exchange_trouble (const struct exchange *exchange)
{
  if (exchange->result != CURLE_OK)
    {
      AUTO_FREE char *text =
          xstrdup (exchange->curl_text[0] != '\0'
                       ? exchange->curl_text
                       : curl_easy_strerror (exchange->result));
      size_t size = strlen (text);
      while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '.'))
        text[--size] = '\0';
      return TAKE (text);
    }

  const char *name = status_name (exchange->status);
  AUTO_FREE char *message = message_in_body (exchange);
  AUTO_FREE char *limit =
      exchange->status == 429 ? rate_limit (exchange) : NULL;
  AUTO_FREE char *status = xasprintf (
      "HTTP %ld%s%s%s%s%s", exchange->status, name == NULL ? "" : " ",
      name == NULL ? "" : name, limit == NULL ? "" : " (",
      limit == NULL ? "" : limit, limit == NULL ? "" : ")");
  if (message != NULL)
    return xasprintf ("%s: %s", status, message);
  if (exchange->media_type != NULL
      && strcmp (exchange->media_type, "text/html") == 0)
    return xasprintf (_ ("%s, with a web page: it may not be a registry"),
                      status);
  return TAKE (status);
}

int
exchange_number (const struct exchange *exchange)
{
  switch (exchange->result)
    {
    case CURLE_OK:
      break;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return EHOSTUNREACH;
    case CURLE_COULDNT_CONNECT:
      return ECONNREFUSED;
    case CURLE_OPERATION_TIMEDOUT:
      return ETIMEDOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
      return EACCES;
    default:
      return EIO;
    }
  switch (exchange->status)
    {
    case 401:
    case 403:
      return EACCES;
    case 404:
      return ENOENT;
    case 429:
      return EBUSY;
    default:
      return EIO;
    }
}

unsigned int
exchange_delay (const struct exchange *exchange, unsigned int attempt)
{
  if (exchange->result == CURLE_OK && exchange->retry_after >= 0)
    return (unsigned int) (exchange->retry_after > 86400
                               ? 86400
                               : exchange->retry_after);
  if (exchange->result == CURLE_OK)
    return 1u << (attempt < 6 ? attempt - 1 : 5);
  /* A cut connection is best taken up again at once, the first time.  */
  return attempt <= 1 ? 0 : 1u << (attempt < 7 ? attempt - 2 : 5);
}

void
registry_sleep (unsigned int seconds)
{
  struct timespec left = { .tv_sec = (time_t) seconds };
  while (nanosleep (&left, &left) < 0 && errno == EINTR)
    continue;
}
