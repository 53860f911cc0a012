/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The files of the run plan that say how hosts are called and found:
   /etc/hosts, /etc/hostname and /etc/resolv.conf.  They are made in memory, of
   what the container would see otherwise, and only where an option asks for it.
 */

#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/container/run-private.h"
#include "xalloc.h"
#include "xstrndup.h"

#define BLANKS " \t"

/* Return whether TEXT is an address of version 4 or 6.  */
static bool
is_address (const char *text)
{
  struct in6_addr address;
  return inet_pton (AF_INET, text, &address) == 1
         || inet_pton (AF_INET6, text, &address) == 1;
}

/* Return whether TEXT, of LENGTH bytes, can stand in such a file as one
   word.  */
static bool
is_word (const char *text, size_t length)
{
  for (size_t i = 0; i < length; i++)
    if ((unsigned char) text[i] <= ' ' || text[i] == 0x7f || text[i] == '#')
      return false;
  return length > 0;
}

/* Show CONTENT, which is taken over, at PATH, unless the user has bound
   something there: that is what is to be seen.  OPTION asks for it.  */
static int
show (struct run_plan *plan, const char *option, const char *path,
      char *content, struct error *err)
{
  if (!run_plan_has_volume (plan, path))
    return run_plan_add_file (plan, path, content, err);
  log_warning (_ ("%s has no effect on '%s', which is a volume"), option, path);
  free (content);
  return 0;
}

/* Add to OUT the line of WORD, "NAME:ADDRESS" or "NAME=ADDRESS", an address of
   version 6 in brackets or not.  The container is in the host's network, so
   that the host's address there, which Docker calls host-gateway, is its
   own.  */
static int
add_host (struct buffer *out, const char *word, struct error *err)
{
  size_t length = strcspn (word, "=:");
  const char *rest = word + length;
  rest += *rest != '\0';
  size_t size = strlen (rest);
  AUTO_FREE char *address = size > 1 && rest[0] == '[' && rest[size - 1] == ']'
                                ? xstrndup (rest + 1, size - 2)
                            : strcmp (rest, "host-gateway") == 0
                                ? xstrdup ("127.0.0.1")
                                : xstrdup (rest);
  if (!is_word (word, length) || !is_address (address))
    return error_set (err, EINVAL,
                      _ ("invalid --add-host '%s': write it as NAME:ADDRESS"),
                      word);
  buffer_add_format (out, "%s\t%.*s\n", address, (int) length, word);
  return 0;
}

/* Show an /etc/hosts that knows the hosts asked for and the container's own
   name.  */
static int
add_hosts (struct run_plan *plan, const struct run_request *request,
           struct error *err)
{
  const char *name = request->host_name;
  if (request->hosts.count == 0 && name == NULL)
    return 0;
  AUTO_BUFFER (out);
  AUTO_FREE char *text = run_plan_read (plan, "/etc/hosts");
  buffer_add_string (&out, text[0] != '\0' ? text
                                           : "127.0.0.1\tlocalhost\n"
                                             "::1\tlocalhost\n");
  if (out.data[out.length - 1] != '\n')
    buffer_add_char (&out, '\n');
  if (name != NULL)
    {
      size_t length = strcspn (name, ".");
      buffer_add_format (&out, "127.0.1.1\t%s", name);
      if (name[length] != '\0' && length > 0)
        buffer_add_format (&out, " %.*s", (int) length, name);
      buffer_add_char (&out, '\n');
    }
  for (size_t i = 0; i < request->hosts.count; i++)
    {
      int status = add_host (&out, request->hosts.items[i], err);
      if (status < 0)
        return status;
    }
  return show (plan, request->hosts.count > 0 ? "--add-host" : "--hostname",
               "/etc/hosts", buffer_take (&out), err);
}

static int
add_host_name (struct run_plan *plan, const struct run_request *request,
               struct error *err)
{
  const char *name = request->host_name;
  if (name == NULL)
    return 0;
  if (!is_word (name, strlen (name)))
    return error_set (err, EINVAL, _ ("invalid --hostname '%s'"), name);
  if (strlen (name) > HOST_NAME_MAX)
    return error_set (err, ENAMETOOLONG,
                      _ ("invalid --hostname '%s': it has more than %d bytes"),
                      name, HOST_NAME_MAX);
  AUTO_BUFFER (out);
  buffer_add_format (&out, "%s\n", name);
  return show (plan, "--hostname", "/etc/hostname", buffer_take (&out), err);
}

/* A list of words that replaces the lines of resolv.conf that begin with
   KEYWORD.  */
struct resolver_lines
{
  const char *option, *keyword;
  const struct run_list *list;
  bool one_line; /* all words in one */
};

/* Return which of the COUNT LINES says what the line TEXT says otherwise, or
   COUNT.  */
static size_t
find_keyword (const char *text, const struct resolver_lines *lines,
              size_t count)
{
  size_t i = 0;
  text += strspn (text, BLANKS);
  size_t length = strcspn (text, BLANKS "\n");
  while (i < count
         && (lines[i].list->count == 0 || strlen (lines[i].keyword) != length
             || strncmp (lines[i].keyword, text, length) != 0))
    i++;
  return i;
}

/* Add to OUT what LINES say.  */
static int
add_lines (struct buffer *out, const struct resolver_lines *lines,
           struct error *err)
{
  const struct run_list *list = lines->list;
  bool open = false; /* a line is not ended */
  for (size_t i = 0; i < list->count; i++)
    {
      const char *word = list->items[i];
      if (!is_word (word, strlen (word))
          || (!lines->one_line && !is_address (word)))
        return error_set (err, EINVAL, _ ("invalid %s '%s'"), lines->option,
                          word);
      /* Docker's way to say that there is no domain to search in.  */
      if (strcmp (word, ".") == 0)
        continue;
      buffer_add_format (out, "%s %s", open ? "" : lines->keyword, word);
      open = lines->one_line;
      if (!open)
        buffer_add_char (out, '\n');
    }
  if (open)
    buffer_add_char (out, '\n');
  return 0;
}

/* Show an /etc/resolv.conf with what was asked for in the place of what is
   there.  */
static int
add_resolver (struct run_plan *plan, const struct run_request *request,
              struct error *err)
{
  const struct resolver_lines lines[] = {
    { "--dns", "nameserver", &request->dns, false },
    { "--dns-search", "search", &request->dns_search, true },
    { "--dns-option", "options", &request->dns_options, true },
  };
  const size_t count = sizeof lines / sizeof lines[0];
  if (request->dns.count + request->dns_search.count
          + request->dns_options.count
      == 0)
    return 0;

  AUTO_BUFFER (out);
  int status = 0;
  for (size_t i = 0; i < count && status == 0; i++)
    status = add_lines (&out, &lines[i], err);
  if (status < 0)
    return status;
  AUTO_FREE char *text = run_plan_read (plan, "/etc/resolv.conf");
  for (const char *line = text; *line != '\0';)
    {
      size_t length = strcspn (line, "\n");
      if (length > 0 && find_keyword (line, lines, count) == count)
        buffer_add_format (&out, "%.*s\n", (int) length, line);
      line += length;
      line += *line == '\n';
    }
  return show (plan, "--dns", "/etc/resolv.conf", buffer_take (&out), err);
}

int
run_plan_add_names (struct run_plan *plan, const struct run_request *request,
                    struct error *err)
{
  int status = add_hosts (plan, request, err);
  if (status == 0)
    status = add_host_name (plan, request, err);
  if (status == 0)
    status = add_resolver (plan, request, err);
  return status;
}
