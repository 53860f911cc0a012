/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker doctor: what works on this host, and what would change that.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/size.h"
#include "lib/elf/machine.h"
#include "src/cmd/command.h"
#include "src/cmd/doctor-network.h"
#include "src/cmd/format.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/container/run-temporary.h"
#include "src/engine/engine.h"
#include "src/image/store.h"
#include "src/platform/emulator.h"
#include "src/platform/host.h"
#include "src/platform/place.h"
#include "src/platform/probe.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern const struct command command_doctor;

struct doctor_options
{
  const char *format;
  bool network;
  struct option_list registries;
};

static const struct option_row doctor_rows[] = {
  {
      .name = "network",
      .kind = OPTION_FLAG,
      .help =
          N_ ("ask the registry and its mirrors that the settings name, too"),
      .target = OPTION_TARGET (struct doctor_options, network),
  },
  {
      .name = "registry",
      .kind = OPTION_LIST,
      .argument = N_ ("URL"),
      .help = N_ ("and this one"),
      .target = OPTION_TARGET (struct doctor_options, registries),
  },
  FORMAT_TABLE_ROW (struct doctor_options, format),
  { 0 },
};

/* Less than this is worth a word.  */
#define LITTLE_ROOM ((intmax_t) 1 << 30)
#define FEW_FILES 10000

/* Where findings go: to the list of OBJECT's that is being filled, or, when
   OBJECT is NULL, to the standard output.  */
struct findings
{
  struct json_object *object;
  struct json_object *list;
};

/* Begin the part KEY of FINDINGS, which is headed TITLE.  */
static void
begin (struct findings *findings, const char *key, const char *title)
{
  if (findings->object == NULL)
    {
      printf ("\n%s:\n", title);
      return;
    }
  findings->list = json_object_new_array ();
  json_object_object_add (findings->object, key, findings->list);
}

/* Report that NAME, in words TITLE, WORKS or does not, because of REASON; to
   change that, REMEDY.  Either may be NULL.  Return what programs read, to add
   more to, or NULL.  */
static struct json_object *
report (struct findings *findings, const char *name, const char *title,
        bool works, const char *reason, const char *remedy)
{
  if (findings->object == NULL)
    {
      printf ("  %-36s %s", title, works ? _ ("works") : _ ("does not work"));
      if (reason != NULL)
        printf (works ? " (%s)" : ": %s", reason);
      if (remedy != NULL)
        printf (_ ("; to change that, %s"), remedy);
      putchar ('\n');
      return NULL;
    }
  struct json_object *item = json_object_new_object ();
  format_add_text (item, "name", name);
  format_add_truth (item, "works", works);
  if (reason != NULL)
    format_add_text (item, "reason", reason);
  if (remedy != NULL)
    format_add_text (item, "remedy", remedy);
  json_object_array_add (findings->list, item);
  return item;
}

/* --- places --------------------------------------------------------------- */

/* Return what would let this user write to PLACE, which the caller frees.  */
static char *
way_in (const struct place *place)
{
  if (place->owner == 0)
    return xstrdup (_ ("use another place (UDOCKER_DIR)"));
  if (place->owner == geteuid ())
    return xasprintf (_ ("give yourself the permission (chmod u+rwx '%s')"),
                      place->nearest);
  const struct passwd *owner = getpwuid (place->owner);
  return xasprintf (_ ("use another place (UDOCKER_DIR), or have user %u%s%s%s,"
                       " the owner of '%s', let you write there"),
                    place->owner, owner == NULL ? "" : " (",
                    owner == NULL ? "" : owner->pw_name,
                    owner == NULL ? "" : ")", place->nearest);
}

/* Return why nothing can be written to PLACE, which the caller frees; *REMEDY,
   likewise, gets what would change that.  */
static char *
why_not_writable (const struct place *place, char **remedy)
{
  const char *reason = strerror (place->write_error);
  switch (place->write_error)
    {
    case ENOTDIR:
      *remedy = xasprintf (_ ("move '%s' away, or use another place"),
                           place->nearest);
      return xasprintf (_ ("'%s' is no directory"), place->nearest);
    case EACCES:
      *remedy = way_in (place);
      if (!place->enters)
        return xasprintf (_ ("you may not go into '%s' (its mode is %04o)"),
                          place->nearest, place->mode);
      break;
    case EROFS:
      *remedy = xstrdup (_ ("use another place, or have the administrator "
                            "mount it for writing"));
      break;
    case ENOSPC:
      *remedy = xstrdup (_ ("remove files there, or use another place"));
      if (place->inodes == 0)
        return xstrdup (_ ("no more files can be made there: its file system "
                           "has no inodes left"));
      break;
    case EDQUOT:
      *remedy = xstrdup (_ ("remove files of yours there, have the "
                            "administrator give you more, or use another "
                            "place"));
      return xasprintf (_ ("your quota there is used up (%s)"), reason);
    case EFBIG:
      *remedy = xstrdup (_ ("raise that limit (ulimit -f)"));
      return xasprintf (_ ("nothing can be written there: a limit lets files "
                           "have %jd bytes only (ulimit -f)"),
                        place->largest);
    case EMFILE:
      *remedy = xstrdup (_ ("raise the limit on open files (ulimit -n)"));
      break;
    default:
      *remedy = xstrdup (_ ("use another place"));
    }
  return xasprintf (_ ("nothing can be written there: %s"), reason);
}

/* What is wrong with PLACE, in words that the caller frees, or NULL; *REMEDY,
   likewise, gets what would change that.  */
static char *
complaint_of (const struct place *place, char **remedy)
{
  *remedy = NULL;
  if (!place->writable)
    return why_not_writable (place, remedy);
  if (!place->executes)
    {
      *remedy = xstrdup (_ ("use a place that is not mounted noexec"));
      return xstrdup (_ ("programs that lie there cannot run: the file system "
                         "is mounted noexec"));
    }
  if (!place->locks)
    {
      *remedy = xstrdup (
          _ ("use a file system with locks, or one process at a time"));
      return xstrdup (_ ("locks do not hold there"));
    }
  if (place->inodes >= 0 && place->inodes < FEW_FILES)
    {
      *remedy = xstrdup (_ ("remove files there, or use another place"));
      return xasprintf (_ ("only %jd more files can be made there"),
                        place->inodes);
    }
  return NULL;
}

/* Return, as the caller frees it, where PATH is and how much room there is in
   PLACE.  */
static char *
about_place (const struct place *place, const char *path)
{
  AUTO_FREE char *room =
      place->free < 0 ? xstrdup ("?") : size_text ((double) place->free);
  AUTO_BUFFER (about);
  if (strcmp (place->file_system, "?") == 0)
    buffer_add_string (&about, path);
  else
    buffer_add_format (&about, _ ("%s on %s, %s free"), path,
                       place->file_system, room);
  if (place->free >= 0 && place->free < LITTLE_ROOM)
    buffer_add_string (&about, _ (", which is little"));
  if (place->allowed >= 0 && place->write_error != EDQUOT)
    {
      AUTO_FREE char *allowed = size_text ((double) place->allowed);
      buffer_add_format (
          &about, _ (", of which your quota leaves less than %s"), allowed);
    }
  if (place->largest >= 0 && place->largest < LITTLE_ROOM
      && place->write_error != EFBIG)
    {
      AUTO_FREE char *largest = size_text ((double) place->largest);
      buffer_add_format (&about, _ (", in files of %s at most (ulimit -f)"),
                         largest);
    }
  if (!place->setuid && place->writable)
    buffer_add_string (&about, _ (", mounted nosuid"));
  return buffer_take (&about);
}

/* Report what the directory PATH, called NAME, is good for, with NOTE, which
   may be NULL.  It must EXECUTE where containers are, and be there if NEEDED.
   Return whether programs can run there.  */
static bool
report_place (struct findings *findings, const char *name, const char *title,
              const char *path, const char *note, bool execute, bool needed)
{
  struct place place;
  AUTO_FREE char *remedy = NULL;

  place_look (path, &place);
  bool missing = needed && !place.exists && place.write_error != EACCES
                 && place.write_error != ENOTDIR;
  bool enters = !needed || (place.exists && place.enters);
  bool executes = place.executes && enters;
  place.executes = place.executes || !execute;
  AUTO_FREE char *complaint =
      missing
          ? xasprintf (_ ("it is not there, and without it nothing can run"))
          : complaint_of (&place, &remedy);
  if (missing)
    remedy = xstrdup (_ ("make the container again from its image"));
  AUTO_FREE char *about = about_place (&place, path);
  AUTO_FREE char *reason = xasprintf (
      "%s%s%s%s%s%s", about,
      place.exists || needed || place.write_error == ENOTDIR
          ? ""
          : _ (", not there yet"),
      note == NULL ? "" : "; ", note == NULL ? "" : note,
      complaint == NULL ? "" : "; ", complaint == NULL ? "" : complaint);
  struct json_object *item =
      report (findings, name, title, complaint == NULL, reason, remedy);
  if (item != NULL)
    {
      format_add_text (item, "path", path);
      format_add_text (item, "file_system", place.file_system);
      format_add_truth (item, "exists", place.exists);
      format_add_truth (item, "writable", place.writable);
      format_add_truth (item, "executes", executes);
      format_add_truth (item, "setuid", place.setuid);
      format_add_truth (item, "locks", place.locks);
      format_add_number (item, "free", place.free);
      format_add_number (item, "allowed", place.allowed);
      format_add_number (item, "inodes", place.inodes);
    }
  place_release (&place);
  return executes;
}

/* Report the place of files that last as long as a run.  */
static void
report_temporary (struct findings *findings)
{
  const char *wish = getenv ("TMPDIR");
  const char *path = run_temporary_place ();
  AUTO_FREE char *note = NULL;
  if (wish != NULL && wish[0] != '\0' && strcmp (wish, path) != 0)
    note = xasprintf (_ ("TMPDIR names '%s', which cannot be used (%s)"), wish,
                      wish[0] != '/'                   ? _ ("it is no path")
                      : access (wish, W_OK | X_OK) < 0 ? strerror (errno)
                                                       : "");
  report_place (findings, "temporary", _ ("temporary files"), path, note, false,
                false);
}

/* Report the places that CONFIG names, and where CONTAINER, which may be NULL,
   lies.  Return whether programs can run where containers are.  */
static bool
report_places (struct findings *findings, const struct config *config,
               const struct container *container)
{
  begin (findings, "places", _ ("Places"));
  bool executes =
      container != NULL
          ? report_place (findings, "container", _ ("the container"),
                          container->root, NULL, true, true)
          : report_place (findings, "containers", _ ("containers"),
                          config->containersdir, NULL, true, false);
  report_place (findings, "layers", _ ("images"), config->layersdir, NULL,
                false, false);
  report_temporary (findings);
  return executes;
}

/* --- modes ---------------------------------------------------------------- */

/* Report all modes, as CONFIG has them, and which is recommended; none works
   unless programs of containers EXECUTE.  Return whether any does.  */
static bool
report_modes (struct findings *findings, const struct config *config,
              bool executes)
{
  begin (findings, "modes", _ ("Execution modes"));
  for (size_t i = 0; engines[i] != NULL; i++)
    for (const char *const *mode = engines[i]->modes; *mode != NULL; mode++)
      {
        AUTO_ERROR struct error why = { 0 };
        if (!executes)
          error_set (&why, ENOEXEC,
                     _ ("programs cannot run where containers lie"));
        bool works =
            executes && engine_try (engines[i], config, *mode, &why) == 0;
        report (findings, *mode, *mode, works, works ? NULL : why.text, NULL);
      }
  const char *best = executes ? engine_best_mode () : NULL;
  if (findings->object != NULL)
    json_object_object_add (findings->object, "recommended",
                            best == NULL ? NULL
                                         : json_object_new_string (best));
  else if (best != NULL)
    printf (
        _ ("  recommended: %s, with 'udocker setup --execmode=%s CONTAINER' "
           "or, for all, UDOCKER_DEFAULT_EXECUTION_MODE=%s\n"),
        best, best, best);
  return best != NULL;
}

/* --- a container ---------------------------------------------------------- */

/* Report whether the programs of an image for ARCHITECTURE run here.  */
static void
report_machine (struct findings *findings, const struct config *config,
                const char *architecture)
{
  const struct elf_machine *machine = elf_machine_find (architecture);
  const char *title = _ ("its programs");
  if (platform_runs (machine))
    {
      report (findings, "machine", title, true, architecture, NULL);
      return;
    }
  AUTO_FREE char *path =
      machine == NULL
          ? NULL
          : platform_find_emulator (machine, config->use_qemu_executable);
  AUTO_FREE char *reason =
      path != NULL
          ? xasprintf (_ ("%s, by %s in modes P and T"), architecture, path)
          : xasprintf (_ ("they are for %s, and there is no emulator"),
                       architecture);
  report (findings, "machine", title, path != NULL, reason,
          path != NULL ? NULL : _ ("install qemu-user-static"));
}

/* Report what runs in CONTAINER take.  */
static void
report_container (struct findings *findings, const struct config *config,
                  const struct container *container)
{
  AUTO_ERROR struct error why = { 0 };
  AUTO_FREE char *mode = NULL;
  AUTO_FREE char *text = NULL;
  AUTO_JSON struct json_object *metadata = NULL;
  const struct engine *engine = NULL;
  size_t size = 0;

  begin (findings, "container", _ ("The container"));
  int status = engine_mode_of (container, config, &mode, &why);
  const char *canonical = mode;
  if (status == 0)
    status = engine_find (mode, &engine, &canonical, &why);
  if (status == 0)
    status = engine_try (engine, config, canonical, &why);
  report (findings, "mode", _ ("its execution mode"), status == 0,
          status == 0 ? canonical : why.text, NULL);
  error_release (&why);
  if (container_read_metadata (container, &text, &size, &why) < 0
      || json_parse (text, size, container->id, &metadata, &why) < 0)
    return;
  const char *architecture = json_string (metadata, "architecture");
  if (architecture != NULL && architecture[0] != '\0')
    report_machine (findings, config, architecture);
}

/* --- programs of the host ------------------------------------------------- */

/* Report a program of the host that makes containers.  */
static void
report_runtime (void *data, const char *path, bool works, const char *reason)
{
  report (data, path, path, works, works ? NULL : reason, NULL);
}

/* Report those that engines could use: a mode works where one of them does.  */
static void
report_runtimes (struct findings *findings, const struct config *config)
{
  begin (findings, "runtimes", _ ("Programs that make containers"));
  for (size_t i = 0; engines[i] != NULL; i++)
    if (engines[i]->tell_programs != NULL)
      engines[i]->tell_programs (config, report_runtime, findings);
}

/* --- the rest ------------------------------------------------------------- */

static void
report_features (struct findings *findings)
{
  begin (findings, "features", _ ("What the kernel lets you do"));
  for (int id = 0; id < PROBE_COUNT; id++)
    {
      const struct probe_result *result = probe ((enum probe_id) id);
      report (findings, probe_name ((enum probe_id) id),
              probe_title ((enum probe_id) id), result->works, result->reason,
              result->remedy);
    }
}

static void
report_emulators (struct findings *findings, const struct config *config)
{
  static const char *const architectures[] = { "amd64",   "arm64",   "arm",
                                               "ppc64le", "riscv64", "s390x" };

  begin (findings, "emulators", _ ("Programs of other machines"));
  for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
    {
      const char *architecture = architectures[i];
      const struct elf_machine *machine = elf_machine_find (architecture);
      if (strcmp (architecture, platform_host ()->architecture) == 0)
        continue;
      AUTO_FREE char *path =
          platform_find_emulator (machine, config->use_qemu_executable);
      AUTO_FREE char *missing =
          xasprintf (_ ("there is no qemu-%s"), machine->emulator);
      report (findings, architecture, architecture, path != NULL,
              path != NULL ? path : missing,
              path != NULL ? NULL : _ ("install qemu-user-static"));
    }
}

/* What makes graphics processors usable in containers, by where it is.  */
static const struct
{
  const char *name;
  const char *title;
  const char *pattern;
} devices[] = {
  { "nvidia", N_ ("NVIDIA devices"), "/dev/nvidia[0-9]*" },
  { "amd", N_ ("AMD devices (ROCm)"), "/dev/kfd" },
  { "dri", N_ ("other devices for rendering"), "/dev/dri/render*" },
  { "cdi", N_ ("CDI specifications"), "{/etc,/var/run}/cdi/*.{json,yaml,yml}" },
};

/* Return what is wrong with PATH, a device or a specification of some, which
   the caller frees, or NULL; *REMEDY, likewise, gets what would change that. */
static char *
device_complaint (const char *path, char **remedy)
{
  struct stat st;
  const char *dot = strrchr (path, '.');
  bool is_json = dot != NULL && strcmp (dot, ".json") == 0;
  bool is_device = stat (path, &st) == 0 && S_ISCHR (st.st_mode);
  AUTO_CLOSE int fd =
      open (path, (is_device ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    {
      const char *reason = strerror (errno);
      const struct group *group =
          errno == EACCES && is_device ? getgrgid (st.st_gid) : NULL;
      if (group != NULL && (st.st_mode & 0060) == 0060)
        *remedy = xasprintf (_ ("have the administrator put you in the group "
                                "%s"),
                             group->gr_name);
      return xasprintf (_ ("'%s' cannot be opened (%s)"), path, reason);
    }
  AUTO_ERROR struct error why = { 0 };
  AUTO_JSON struct json_object *object = NULL;
  AUTO_FREE char *text = NULL;
  size_t size = 0;
  if (is_json
      && (file_read_fd (fd, path, &text, &size, &why) < 0
          || json_parse (text, size, path, &object, &why) < 0))
    {
      *remedy = xstrdup (_ ("have the administrator make it again (nvidia-ctk "
                            "cdi generate)"));
      return xstrdup (why.text);
    }
  return NULL;
}

/* Report what FOUND has of device kind I.  */
static void
report_found (struct findings *findings, size_t i, const glob_t *found)
{
  AUTO_BUFFER (list);
  AUTO_FREE char *complaint = NULL;
  AUTO_FREE char *remedy = NULL;
  for (size_t j = 0; j < found->gl_pathc; j++)
    {
      const char *path = found->gl_pathv[j];
      buffer_add_format (&list, "%s%s", j > 0 ? " " : "", path);
      if (complaint == NULL)
        complaint = device_complaint (path, &remedy);
    }
  report (findings, devices[i].name, _ (devices[i].title), complaint == NULL,
          complaint == NULL ? list.data : complaint, remedy);
}

static void
report_devices (struct findings *findings)
{
  begin (findings, "devices", _ ("Graphics processors"));
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
    {
      glob_t found = { 0 };
      if (glob (devices[i].pattern, GLOB_BRACE, NULL, &found) == 0)
        report_found (findings, i, &found);
      else if (findings->object == NULL)
        printf ("  %-36s %s\n", _ (devices[i].title), _ ("none here"));
      else
        report (findings, devices[i].name, NULL, false, _ ("none here"), NULL);
      globfree (&found);
    }
}

static void
report_registry (void *data, const char *url, bool works, const char *reason)
{
  report (data, url, url, works, reason, NULL);
}

/* Report what of the network OPTIONS ask for, if anything.  */
static void
report_network (struct findings *findings, const struct doctor_options *options,
                const struct config *config)
{
  AUTO_FREE const char **urls =
      xcalloc (options->registries.count + 1, sizeof *urls);
  if (!options->network && options->registries.count == 0)
    return;
  for (size_t i = 0; i < options->registries.count; i++)
    urls[i] = options->registries.items[i];
  begin (findings, "registries", _ ("Registries"));
  doctor_ask_registries (config, urls, report_registry, findings);
}

static int
run_doctor (struct invocation *invocation, struct error *err)
{
  const struct doctor_options *options = invocation->options;
  const struct config *config = invocation->config;
  const struct host *host = platform_host ();
  struct store *store = NULL;
  struct container *container = NULL;

  if ((options->network || options->registries.count > 0)
      && !command_is_full ())
    return platform_exec_part ("udocker-full", invocation->argv, err);
  if (invocation->operand_count > 0)
    {
      const struct store_paths paths = store_paths_of (config);
      int status = store_open (&paths, false, NULL, &store, err);
      if (status == 0)
        status = container_open (store, invocation->operands[0],
                                 CONTAINER_BY_PREFIX, &container, err);
      if (status < 0)
        {
          store_close (store);
          return status;
        }
    }
  /* Too large a report is an error and no end.  */
  (void) signal (SIGXFSZ, SIG_IGN);
  AUTO_JSON struct json_object *object =
      format_is_json (options->format) ? json_object_new_object () : NULL;
  struct findings findings = { .object = object };
  if (object != NULL)
    {
      format_add_text (object, "version", PACKAGE_VERSION);
      format_add_text (object, "kernel", host->release);
      format_add_text (object, "machine", host->machine);
    }
  else
    printf (_ ("udocker %s, Linux %s, %s\n"), PACKAGE_VERSION, host->release,
            host->machine);
  bool executes = report_places (&findings, config, container);
  bool works = report_modes (&findings, config, executes);
  if (container != NULL)
    report_container (&findings, config, container);
  report_features (&findings);
  report_runtimes (&findings, config);
  report_emulators (&findings, config);
  report_devices (&findings);
  report_network (&findings, options, config);
  container_close (container);
  store_close (store);
  if (object != NULL)
    format_print (object);
  return works ? 0 : 1;
}

const struct command command_doctor = {
  .name = "doctor",
  .operands = N_ ("[CONTAINER]"),
  .summary = N_ ("find out what works on this host"),
  .description = N_ (
      "Everything is tried by doing it, in processes that end at once, and "
      "nothing is left behind: the places where images and containers lie, or "
      "where CONTAINER does; each execution mode, and which one is "
      "recommended; what the kernel, the administrator and a sandbox around "
      "let you do; programs that make containers, and what each of them "
      "complains of; emulators for programs of other machines; graphics "
      "processors. What does not work is told with the reason and, where "
      "there is one, what would change that. The network is left alone unless "
      "it is asked for: --network asks the registry of Docker Hub, or the one "
      "that the settings have in its place, and mirrors; through the proxy "
      "that "
      "is set.\n\n"
      "The status is 1 when no mode works.\n\n"
      "With --format=json an object is printed with the members version, "
      "kernel, machine, recommended (a mode, or null) and the lists places, "
      "modes, features, runtimes, emulators, devices and, when asked for, "
      "container and "
      "registries, of "
      "objects with the members "
      "name and works, perhaps reason and remedy; places have path, "
      "file_system, exists, writable, executes, setuid, locks, and free, "
      "allowed (less than that by a quota) and inodes (-1: not known, or no "
      "limit) as well."),
  .options = doctor_rows,
  .options_size = sizeof (struct doctor_options),
  .max_operands = 1,
  .needs = NEEDS_CONFIG,
  .run = run_doctor,
};
