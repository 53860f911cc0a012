/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The table of all commands.  Compiled once for each of the two programs:
   the light one knows the names of all commands but contains only those that
   need neither the network nor archives.

   To add a command: its file, its line here, in src/local.mk and in
   po/POTFILES.in.  */

#include <config.h>

#include "src/cmd/command.h"

#include <string.h>

/* A command of both programs, and one of udocker-full only.  */
#define BOTH(command) &(command)
#ifdef UDOCKER_FULL
#  define FULL(command) &(command)
#else
#  define FULL(command) NULL
#endif

extern const struct command command_clone;
extern const struct command command_create;
extern const struct command command_exec;
extern const struct command command_export;
extern const struct command command_df;
extern const struct command command_doctor;
extern const struct command command_help;
extern const struct command command_images;
extern const struct command command_import;
extern const struct command command_inspect;
extern const struct command command_install;
extern const struct command command_kill;
extern const struct command command_load;
extern const struct command command_login;
extern const struct command command_logout;
extern const struct command command_logs;
extern const struct command command_manifest;
extern const struct command command_mkrepo;
extern const struct command command_name;
extern const struct command command_prune;
extern const struct command command_ps;
extern const struct command command_protect;
extern const struct command command_pull;
extern const struct command command_rename;
extern const struct command command_rm;
extern const struct command command_rmi;
extern const struct command command_rmname;
extern const struct command command_run;
extern const struct command command_save;
extern const struct command command_search;
extern const struct command command_setup;
extern const struct command command_showconf;
extern const struct command command_stop;
extern const struct command command_tag;
extern const struct command command_unprotect;
extern const struct command command_verify;
extern const struct command command_version;
extern const struct command command_wait;

const struct command_entry commands[] = {
  { "pull", FULL (command_pull) },
  { "load", FULL (command_load) },
  { "save", FULL (command_save) },
  { "create", FULL (command_create) },
  { "run", BOTH (command_run) },
  { "exec", BOTH (command_exec) },
  { "stop", BOTH (command_stop) },
  { "kill", BOTH (command_kill) },
  { "wait", BOTH (command_wait) },
  { "logs", BOTH (command_logs) },
  { "images", BOTH (command_images) },
  { "ps", BOTH (command_ps) },
  { "inspect", BOTH (command_inspect) },
  { "rm", BOTH (command_rm) },
  { "rmi", BOTH (command_rmi) },
  { "tag", BOTH (command_tag) },
  { "verify", FULL (command_verify) },
  { "name", BOTH (command_name) },
  { "rmname", BOTH (command_rmname) },
  { "rename", BOTH (command_rename) },
  { "clone", BOTH (command_clone) },
  { "export", FULL (command_export) },
  { "import", FULL (command_import) },
  { "protect", BOTH (command_protect) },
  { "unprotect", BOTH (command_unprotect) },
  { "df", BOTH (command_df) },
  { "prune", BOTH (command_prune) },
  { "doctor", BOTH (command_doctor) },
  { "setup", BOTH (command_setup) },
  { "search", FULL (command_search) },
  { "manifest", FULL (command_manifest) },
  { "install", FULL (command_install) },
  { "login", FULL (command_login) },
  { "logout", FULL (command_logout) },
  { "mkrepo", BOTH (command_mkrepo) },
  { "showconf", BOTH (command_showconf) },
  { "version", BOTH (command_version) },
  { "help", FULL (command_help) },
  { NULL, NULL },
};

bool
command_is_full (void)
{
#ifdef UDOCKER_FULL
  return true;
#else
  return false;
#endif
}

const struct command_entry *
command_find (const char *name)
{
  for (const struct command_entry *entry = commands; entry->name != NULL;
       entry++)
    if (strcmp (entry->name, name) == 0)
      return entry;
  return NULL;
}
