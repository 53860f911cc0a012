/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Who the program in a container is.

   The kernel knows only us.  A user who is known in the image is shown with
   its own name and home, but with our ids, so that it agrees with what others
   see of it; root is shown as root; numbers that nobody in the image has are
   shown as they were given, and so are those of an image that is to be left
   as it is.  Where that makes passwd or
   group of the image untrue, the container sees a corrected copy, which is
   made in memory: the entry of the user is replaced, or added in front of
   others with its uid, since lookups take the first that fits.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* The fields of a line of passwd.  A line of group has the first three.  */
enum account_field
{
  FIELD_NAME,
  FIELD_PASSWORD,
  FIELD_ID, /* uid in passwd, gid in group */
  FIELD_GID,
  FIELD_COMMENT,
  FIELD_HOME,
  FIELD_SHELL,
  FIELD_COUNT
};

/* A line taken apart; the texts borrow from it and end at ':' or its end.  */
struct account
{
  const char *line;
  size_t line_length;
  const char *text[FIELD_COUNT];
  size_t length[FIELD_COUNT];
  uint32_t id;
  uint32_t gid; /* only in passwd */
};

/* What --user says, taken apart; all owned, NULL and false when not said.  */
struct wish
{
  char *user;
  char *group;
  bool user_is_number, group_is_number;
  uint32_t uid, gid;
};

/* The files, and what is to be made of them.  */
struct accounts
{
  char *passwd, *group; /* contents, "" when there is none */
  bool on_host;         /* they are those of the host */
};

/* Read the number in the LENGTH bytes of TEXT into ID.  Return whether it is
   one that can be an id.  */
static bool
read_id (const char *text, size_t length, uint32_t *id)
{
  uint64_t value = 0;
  if (length == 0 || length > 10)
    return false;
  for (size_t i = 0; i < length; i++)
    {
      if (text[i] < '0' || text[i] > '9')
        return false;
      value = 10 * value + (uint64_t) (text[i] - '0');
    }
  *id = (uint32_t) value;
  return value < UINT32_MAX;
}

/* Take the line at LINE apart, one of passwd when PASSWD, else of group.
   Return whether it is an entry.  */
static bool
read_account (const char *line, bool passwd, struct account *account)
{
  *account = (struct account){ .line = line };
  account->line_length = strcspn (line, "\n");

  const char *end = line + account->line_length;
  const char *text = line;
  for (int i = 0; i < FIELD_COUNT; i++)
    {
      size_t length = strcspn (text, ":\n");
      account->text[i] = text;
      account->length[i] = length;
      text += length;
      text += text < end;
    }
  if (account->length[FIELD_NAME] == 0
      || !read_id (account->text[FIELD_ID], account->length[FIELD_ID],
                   &account->id))
    return false;
  return !passwd
         || read_id (account->text[FIELD_GID], account->length[FIELD_GID],
                     &account->gid);
}

/* Move *LINE to the line after it; false at the end.  */
static bool
next_line (const char **line)
{
  *line += strcspn (*line, "\n");
  *line += **line == '\n';
  return **line != '\0';
}

static bool
is_named (const struct account *account, const char *name)
{
  return strlen (name) == account->length[FIELD_NAME]
         && strncmp (account->text[FIELD_NAME], name, strlen (name)) == 0;
}

/* Find the entry with NAME, or where that is NULL with ID, in the contents
   TEXT of passwd (PASSWD) or group.  */
static bool
find_account (const char *text, bool passwd, const char *name, uint32_t id,
              struct account *account)
{
  const char *line = text;
  if (*line == '\0')
    return false;
  do
    if (read_account (line, passwd, account)
        && (name != NULL ? is_named (account, name) : account->id == id))
      return true;
  while (next_line (&line));
  return false;
}

/* Return whether TEXT can be the name of a user or group somewhere.  */
static bool
is_name (const char *text)
{
  if (text[0] == '\0' || text[0] == '-')
    return false;
  for (const char *c = text; *c != '\0'; c++)
    if ((unsigned char) *c <= ' ' || *c == 0x7f || strchr (":/,", *c) != NULL)
      return false;
  return true;
}

static int
bad_syntax (const char *specification, struct error *err)
{
  return error_set (err, EINVAL, _ ("invalid syntax for user %s"),
                    specification);
}

/* Take SPECIFICATION, "NAME", "UID", each with ":GROUP" or ":GID", apart.  Of
   these either may be empty, as images have it: root, and the user's own
   group.  */
static int
read_wish (const char *specification, struct wish *wish, struct error *err)
{
  size_t length = strcspn (specification, ":");
  if (length == 0)
    wish->user = xstrdup ("root");
  else
    wish->user = xstrndup (specification, length);
  wish->user_is_number = read_id (wish->user, length, &wish->uid);
  if (!wish->user_is_number
      && (!is_name (wish->user)
          || wish->user[strspn (wish->user, "0123456789")] == '\0'))
    return bad_syntax (specification, err);
  if (specification[length] == '\0' || specification[length + 1] == '\0')
    return 0;

  const char *group = specification + length + 1;
  size_t group_length = strlen (group);
  wish->group = xstrdup (group);
  wish->group_is_number = read_id (group, group_length, &wish->gid);
  if (!wish->group_is_number
      && (!is_name (group) || strspn (group, "0123456789") == group_length))
    return bad_syntax (specification, err);
  return 0;
}

static void
wish_release (struct wish *wish)
{
  free (wish->user);
  free (wish->group);
}

/* Return the contents of PATH here; "" when it cannot be read.  */
static char *
read_on_host (const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  char *text = NULL;
  (void) file_read (AT_FDCWD, path, &text, NULL, &ignored); /* or "" */
  return text != NULL ? text : xstrdup ("");
}

char *
run_own_name (void)
{
  char text[16384];
  struct account found;
  AUTO_CLOSE int fd = open ("/etc/passwd", O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read (fd, text, sizeof text - 1);
  if (size >= 0)
    {
      text[size] = '\0';
      if (find_account (text, true, NULL, getuid (), &found)
          && found.line + found.line_length < text + size)
        return xstrndup (found.text[FIELD_NAME], found.length[FIELD_NAME]);
    }
  const char *name = platform_user_name ();
  return xstrdup (name != NULL ? name : "");
}

/* Add to the passwd of the host in ACCOUNTS the entry of WISH, when only a
   directory service of the host knows it.  */
static void
ask_host (struct accounts *accounts, const struct wish *wish)
{
  struct account found;
  const char *name = wish->user_is_number ? NULL : wish->user;
  if (find_account (accounts->passwd, true, name, wish->uid, &found))
    return;
  const struct passwd *entry =
      name != NULL ? getpwnam (name) : getpwuid (wish->uid);
  if (entry == NULL)
    return;
  char *passwd = xasprintf ("%s:x:%u:%u:%s:%s:%s\n%s", entry->pw_name,
                            (unsigned) entry->pw_uid, (unsigned) entry->pw_gid,
                            entry->pw_gecos, entry->pw_dir, entry->pw_shell,
                            accounts->passwd);
  free (accounts->passwd);
  accounts->passwd = passwd;
}

/* Add to the group of the host in ACCOUNTS the group NAME or, where that is
   NULL, GID, when only a directory service of the host knows it.  */
static void
ask_host_group (struct accounts *accounts, const char *name, gid_t gid)
{
  struct account found;
  if (!accounts->on_host
      || find_account (accounts->group, false, name, gid, &found))
    return;
  const struct group *entry = name != NULL ? getgrnam (name) : getgrgid (gid);
  if (entry == NULL)
    return;
  char *group = xasprintf ("%s:x:%u:\n%s", entry->gr_name,
                           (unsigned) entry->gr_gid, accounts->group);
  free (accounts->group);
  accounts->group = group;
}

/* Fill USER from ACCOUNT, found for WISH.  With UNTOUCHED what says so is shown
   as it is, so that the numbers must be those.  */
static void
use_known (struct run_user *user, const struct account *account, bool untouched)
{
  user->name =
      xstrndup (account->text[FIELD_NAME], account->length[FIELD_NAME]);
  user->home =
      xstrndup (account->text[FIELD_HOME], account->length[FIELD_HOME]);
  user->shell =
      xstrndup (account->text[FIELD_SHELL], account->length[FIELD_SHELL]);
  user->comment =
      xstrndup (account->text[FIELD_COMMENT], account->length[FIELD_COMMENT]);
  bool own = untouched || account->id == 0 || strcmp (user->name, "root") == 0;
  user->uid = own ? account->id : geteuid ();
  user->gid = own ? account->gid : getegid ();
}

/* Return a name for the uid of WISH, which has none in ACCOUNTS; the caller
   frees it.  */
static char *
invent_name (const struct wish *wish, const struct accounts *accounts)
{
  struct account found;
  AUTO_FREE char *own = run_own_name ();
  const char *mine = wish->uid == 0 ? "root" : own;
  if ((wish->uid == 0 || wish->uid == getuid ()) && is_name (mine)
      && !find_account (accounts->passwd, true, mine, 0, &found))
    return xstrdup (mine);
  return xasprintf ("user%u", (unsigned) wish->uid);
}

/* Fill USER for WISH, whom nobody knows.  */
static void
use_unknown (struct run_user *user, const struct wish *wish,
             const struct accounts *accounts, bool bind_home)
{
  const char *home = bind_home ? platform_home () : NULL;
  bool is_root =
      wish->user_is_number ? wish->uid == 0 : strcmp (wish->user, "root") == 0;
  user->name = wish->user_is_number ? invent_name (wish, accounts)
                                    : xstrdup (wish->user);
  user->home = xstrdup (home != NULL ? home : "/");
  user->shell = xstrdup ("/bin/sh");
  user->comment = xstrdup ("*UDOCKER*");
  user->uid = is_root ? 0 : wish->user_is_number ? wish->uid : geteuid ();
  user->gid = is_root ? 0 : getegid ();
}

/* Give USER the group that WISH names, if it does.  */
static int
use_group (struct run_user *user, const struct wish *wish,
           const struct accounts *accounts, struct error *err)
{
  if (wish->group == NULL)
    return 0;
  struct account group;
  if (wish->group_is_number)
    user->gid = wish->gid;
  else if (find_account (accounts->group, false, wish->group, 0, &group))
    user->gid = group.id;
  else if (strcmp (wish->group, "root") == 0)
    user->gid = 0;
  else
    return error_set (err, ENOENT, _ ("group not found: %s"), wish->group);
  return 0;
}

/* Give USER its supplementary groups: those that we really have, since they
   decide what can be done; but root, who is made up, is only in its own.  */
static int
use_groups (struct run_user *user, struct error *err)
{
  if (user->uid == 0)
    {
      user->groups = xnmalloc (1, sizeof *user->groups);
      user->groups[0] = user->gid;
      user->group_count = 1;
      return 0;
    }
  int count = getgroups (0, NULL);
  if (count > 0)
    {
      user->groups = xnmalloc ((size_t) count, sizeof *user->groups);
      count = getgroups (count, user->groups);
    }
  if (count < 0)
    return error_set (err, errno, _ ("cannot find out your groups: %s"),
                      strerror (errno));
  user->group_count = (size_t) count;
  return 0;
}

/* Add to USER's groups those of LIST, names or numbers.  They are shown: what
   may be done does not change.  */
static int
show_groups (struct run_user *user, const struct run_list *list,
             const struct accounts *accounts, struct error *err)
{
  for (size_t i = 0; i < list->count; i++)
    {
      const char *word = list->items[i];
      struct account found;
      uint32_t gid;
      if (find_account (accounts->group, false, word, 0, &found))
        gid = found.id;
      else if (!read_id (word, strlen (word), &gid))
        return error_set (err, ENOENT, _ ("group not found: %s"), word);
      user->groups =
          xnrealloc (user->groups, user->group_count + 1, sizeof *user->groups);
      user->groups[user->group_count++] = gid;
    }
  return 0;
}

/* Return the contents of passwd with the entry of USER in it, which the
   caller frees, or NULL when TEXT says the truth already.  */
static char *
correct_passwd (const char *text, const struct run_user *user)
{
  struct account found;
  if (find_account (text, true, user->name, 0, &found) && found.id == user->uid
      && found.gid == user->gid
      && find_account (text, true, NULL, user->uid, &found)
      && is_named (&found, user->name))
    return NULL;

  AUTO_BUFFER (out);
  bool written = false;
  const char *line = text;
  do
    {
      bool valid = read_account (line, true, &found);
      bool same = valid && is_named (&found, user->name);
      /* The C library takes entries that are worse than ours may be.  */
      uint32_t id;
      bool fits = read_id (found.text[FIELD_ID], found.length[FIELD_ID], &id)
                  && id == user->uid;
      if (!written && (same || fits))
        {
          buffer_add_format (&out, "%s:x:%u:%u:%s:%s:%s\n", user->name,
                             (unsigned) user->uid, (unsigned) user->gid,
                             user->comment, user->home, user->shell);
          written = true;
        }
      if (!same && found.line_length > 0)
        {
          buffer_add (&out, found.line, found.line_length);
          buffer_add_char (&out, '\n');
        }
    }
  while (next_line (&line));
  if (!written)
    buffer_add_format (&out, "%s:x:%u:%u:%s:%s:%s\n", user->name,
                       (unsigned) user->uid, (unsigned) user->gid,
                       user->comment, user->home, user->shell);
  return buffer_take (&out);
}

/* Add to OUT, which holds the contents of group so far, an entry for GID,
   called NAME unless that is taken.  MEMBER may be NULL.  */
static void
add_group (struct buffer *out, const char *name, gid_t gid, const char *member)
{
  struct account found;
  const char *text = out->length > 0 ? out->data : "";
  if (find_account (text, false, NULL, gid, &found))
    return;
  bool taken = name == NULL || find_account (text, false, name, 0, &found);
  if (out->length > 0 && out->data[out->length - 1] != '\n')
    buffer_add_char (out, '\n');
  if (taken)
    buffer_add_format (out, "G%u:x:%u:%s\n", (unsigned) gid, (unsigned) gid,
                       member != NULL ? member : "");
  else
    buffer_add_format (out, "%s:x:%u:%s\n", name, (unsigned) gid,
                       member != NULL ? member : "");
}

/* Return the contents of group with the groups of USER in it, which the
   caller frees, or NULL when TEXT has them all.  */
static char *
correct_group (const char *text, const struct run_user *user)
{
  AUTO_BUFFER (out);
  buffer_add_string (&out, text);
  add_group (&out, user->name, user->gid, NULL);
  for (size_t i = 0; i < user->group_count; i++)
    add_group (&out, NULL, user->groups[i], user->name);
  return out.length > strlen (text) ? buffer_take (&out) : NULL;
}

/* Show in PLAN a passwd and a group in which its user is what it is.  */
static int
show_accounts (struct run_plan *plan, struct accounts *accounts,
               struct error *err)
{
  char *passwd = correct_passwd (accounts->passwd, &plan->user);
  char *group = correct_group (accounts->group, &plan->user);
  if (passwd == NULL && accounts->on_host)
    passwd = TAKE (accounts->passwd);
  if (group == NULL && accounts->on_host)
    group = TAKE (accounts->group);

  int status = 0;
  if (passwd != NULL)
    status = run_plan_add_file (plan, "/etc/passwd", passwd, err);
  if (group != NULL && status == 0)
    status = run_plan_add_file (plan, "/etc/group", group, err);
  else if (status < 0)
    free (group);
  return status;
}

/* Find out in ACCOUNTS who WISH is.  MADE_UP allows users that nobody
   knows, UNTOUCHED says that the accounts are not corrected.  */
static int
choose_user (struct run_plan *plan, const struct wish *wish,
             const struct accounts *accounts, bool made_up, bool untouched,
             bool bind_home, struct error *err)
{
  struct account found;
  const char *name = wish->user_is_number ? NULL : wish->user;
  bool known = find_account (accounts->passwd, true, name, wish->uid, &found);
  if (!known && !made_up)
    return error_set (err, ENOENT, _ ("user not found: %s"), wish->user);
  if (known)
    /* What really is mounted, such as passwd, is as it is.  */
    use_known (&plan->user, &found, untouched || plan->bundle != NULL);
  else
    use_unknown (&plan->user, wish, accounts, bind_home);
  if (plan->user.home[0] != '/')
    {
      free (plan->user.home);
      plan->user.home = xstrdup ("/");
    }

  int status = use_group (&plan->user, wish, accounts, err);
  return status < 0 ? status : use_groups (&plan->user, err);
}

int
run_plan_add_user (struct run_plan *plan, const struct run_request *request,
                   const char *specification, struct error *err)
{
  /* Who mounts one of the files has said what is to be seen.  */
  bool mounted = run_plan_binds (plan, "/etc/passwd")
                 || run_plan_binds (plan, "/etc/group");
  struct accounts accounts = { .on_host = request->host_accounts && !mounted };
  bool untouched = mounted || request->container_accounts;
  bool made_up =
      mounted || !(request->host_accounts || request->container_accounts);

  struct wish wish = { 0 };
  int status = read_wish (specification != NULL && specification[0] != '\0'
                              ? specification
                              : "root",
                          &wish, err);
  if (status == 0)
    {
      accounts.passwd = accounts.on_host ? read_on_host ("/etc/passwd")
                                         : run_plan_read (plan, "/etc/passwd");
      accounts.group = accounts.on_host ? read_on_host ("/etc/group")
                                        : run_plan_read (plan, "/etc/group");
      if (accounts.on_host)
        ask_host (&accounts, &wish);
      if (wish.group != NULL && !wish.group_is_number)
        ask_host_group (&accounts, wish.group, 0);
      for (size_t i = 0; i < request->groups.count; i++)
        ask_host_group (&accounts, request->groups.items[i], 0);
      status = choose_user (plan, &wish, &accounts, made_up, untouched,
                            request->bind_home, err);
    }
  if (status == 0)
    ask_host_group (&accounts, NULL, plan->user.gid);
  for (size_t i = 0; status == 0 && i < plan->user.group_count; i++)
    ask_host_group (&accounts, NULL, plan->user.groups[i]);
  if (status == 0)
    status = show_groups (&plan->user, &request->groups, &accounts, err);
  if (status == 0 && !untouched)
    status = show_accounts (plan, &accounts, err);
  free (accounts.passwd);
  free (accounts.group);
  wish_release (&wish);
  return status;
}
