/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Settings: built-in defaults, files, environment, command line.  */

#ifndef UDOCKER_CONFIG_CONFIG_H
#define UDOCKER_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;
struct json_object;

/* A setting that is a list of texts.  */
struct config_list
{
  char **items; /* COUNT texts, then NULL; never NULL once loaded */
  size_t count;
};

/* A setting that is yes, no, or left to us.  */
enum config_choice
{
  CONFIG_UNSET,
  CONFIG_NO,
  CONFIG_YES
};

/* All settings.  Their names in files, environment variables, types and
   defaults are the table in config.c.  Texts are never NULL unless said so;
   directories are absolute.  Times are in seconds.  */
struct config
{
  int verbose_level;

  /* Where things are.  The directories of the repository are derived from
     topdir unless they were set on their own.  */
  char *homedir;
  char *topdir;
  char *bindir;
  char *libdir;
  char *docdir;
  char *reposdir;
  char *layersdir;
  char *containersdir;
  char *keystore; /* path of the file, derived from homedir */
  char *tmpdir;

  /* What runs, and how.  */
  struct config_list cmd;
  char *root_path;
  char *user_path;
  struct config_list sysdirs_list;
  struct config_list dri_list;
  struct config_list mountpoint_prefixes;
  char *override_default_execution_mode; /* "" for none */
  char *default_execution_mode;          /* "" for none */
  char *default_execution_modes;         /* by machine, for literal_find */
  enum config_choice proot_noseccomp;
  bool proot_killonexit;
  bool proot_link2symlink;
  bool proot_fakeowner;
  char *ld_so_cache;
  char *fakechroot_so;              /* "" for our own */
  char *fakechroot_expand_symlinks; /* "" for none */
  char *fakechroot_libc;            /* "" for none */
  char *fakechroot_cmd_subst;
  struct config_list libc_search;
  struct config_list lib_dirs_list_nvidia;
  struct config_list lib_dirs_list_amd;
  struct config_list lib_dirs_list_intel;
  struct config_list lib_dirs_list_essential;
  struct config_list lib_dirs_list_append;
  struct config_list access_files;
  char *use_proot_executable;
  char *use_patchelf_executable;
  char *use_runc_executable;
  char *use_crun_executable;
  char *use_singularity_executable;
  char *use_qemu_executable;
  enum config_choice runc_nomqueue;
  struct config_list runc_capabilities;
  bool runc_subids;
  struct config_list singularity_options;
  struct config_list valid_host_env;
  struct config_list invalid_host_env;
  struct config_list launcher_host_env;  /* patterns, as are the two above */
  struct config_list launcher_host_dirs; /* names of variables */
  struct config_list cpu_affinity_exec_tools;
  char *location; /* "" for none */

  /* The network.  */
  char *http_proxy; /* "" for none */
  int timeout;
  int download_timeout;
  int ctimeout;
  char *http_agent;
  bool http_insecure;
  char *dockerio_index_url;
  char *dockerio_registry_url;
  struct config_list insecure_registries; /* HOST[:PORT] to speak http with */
  struct config_list registry_mirrors;    /* REGISTRY=URL */

  /* Vendor files.  */
  struct config_list nvi_etc_list;
  struct config_list nvi_bin_list;
  struct config_list nvi_lib_list;
  struct config_list nvi_dev_list;

  /* Kept for configuration files of the Python tool; no effect.  */
  char *tarball;
  char *tarball_release;
  struct config_list installinfo;
  int installretry;
  bool autoinstall;
  char *use_curl_executable;
  char *config;
  char *docker_registries;

  /* Said on the command line only.  */
  bool allow_root;
  bool repository_given; /* --repo: must be there, is never made */
};

/* What the general options of the command line say.  */
struct config_command_line
{
  const char *repository; /* --repo, or NULL */
  const char *file;       /* --config, or NULL */
  bool quiet;
  bool debug;
  bool insecure;
  bool allow_root;
};

/* Read the settings into CONFIG, which the caller starts as { 0 } and
   releases, also after a failure: defaults, then /etc/udocker.conf,
   ~/.udocker/udocker.conf, udocker.conf in the top directory, the file of
   --config, then UDOCKER_* variables, then the command line; the later wins.
   The first three files may be missing, the last must exist.  UDOCKER_NOSYSCONF
   leaves out /etc/udocker.conf.  Nothing is ever read from the current
   directory.  What is wrong in a file is said with file and line.  Return 0 or
   a negative errno with ERR set.  */
int config_load (struct config *config,
                 const struct config_command_line *command_line,
                 struct error *err);

/* Free what CONFIG holds.  */
void config_release (struct config *config);

/* Read TEXT, the contents of a configuration file called NAME in messages,
   over the settings in CONFIG.  Return 0 or -EINVAL with ERR set.  */
int config_read_text (struct config *config, const char *text, const char *name,
                      struct error *err);

/* Append to OUT what showconf prints: a line "key = value" for each setting,
   values in Python notation, in the order users know.  */
void config_print (const struct config *config, struct buffer *out);

/* Return the settings in CONFIG as a JSON object whose members have their
   types (a choice that is left to us is null), a reference that the caller
   puts.  */
struct json_object *config_to_json (const struct config *config);

#endif
