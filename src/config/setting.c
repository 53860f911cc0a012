/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The table of all settings.  To add one: a row here and a member in struct
   config; files, environment, showconf and the manual follow.  */

#include <config.h>

#include "src/config/setting.h"

#include <string.h>
#include <strings.h>

#include "lib/base/i18n.h"
#include "src/config/config.h"

const struct setting settings[] = {
  {
      .name = "verbose_level",
      .type = SETTING_INTEGER,
      .variable = "UDOCKER_LOGLEVEL",
      .offset = offsetof (struct config, verbose_level),
      .default_text = "3",
      .help = N_ ("how much is said: 0 errors, 1 results, 2 warnings, 3 "
                  "information, 5 everything"),
  },
  {
      .name = "homedir",
      .type = SETTING_PATH,
      .offset = offsetof (struct config, homedir),
      .default_text = "",
      .help = N_ ("where the keystore and the user's configuration file are"),
  },
  {
      .name = "topdir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_DIR",
      .offset = offsetof (struct config, topdir),
      .default_text = "",
      .help = N_ ("the repository"),
  },
  {
      .name = "bindir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_BIN",
      .offset = offsetof (struct config, bindir),
      .default_text = "",
      .help = N_ ("programs of the repository"),
  },
  {
      .name = "libdir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_LIB",
      .offset = offsetof (struct config, libdir),
      .default_text = "",
      .help = N_ ("libraries of the repository"),
  },
  {
      .name = "docdir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_DOC",
      .offset = offsetof (struct config, docdir),
      .default_text = "",
      .help = N_ ("documents of the repository"),
  },
  {
      .name = "reposdir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_REPOS",
      .offset = offsetof (struct config, reposdir),
      .default_text = "",
      .help = N_ ("images of the repository"),
  },
  {
      .name = "layersdir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_LAYERS",
      .offset = offsetof (struct config, layersdir),
      .default_text = "",
      .help = N_ ("layers of the repository"),
  },
  {
      .name = "containersdir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_CONTAINERS",
      .offset = offsetof (struct config, containersdir),
      .default_text = "",
      .help = N_ ("containers of the repository"),
  },
  {
      .name = "tarball_release",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, tarball_release),
      .default_text = "",
  },
  {
      .name = "tarball",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_TARBALL",
      .offset = offsetof (struct config, tarball),
      .default_text = "",
  },
  {
      .name = "installinfo",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, installinfo),
      .default_text = "",
  },
  {
      .name = "installretry",
      .type = SETTING_INTEGER,
      .offset = offsetof (struct config, installretry),
      .default_text = "3",
  },
  {
      .name = "autoinstall",
      .type = SETTING_TRUTH,
      .offset = offsetof (struct config, autoinstall),
      .default_text = "True",
  },
  {
      .name = "config",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, config),
      .default_text = "udocker.conf",
  },
  {
      .name = "keystore",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_KEYSTORE",
      .offset = offsetof (struct config, keystore),
      .default_text = "keystore",
      .help = N_ ("file with the credentials: absolute, or below homedir"),
  },
  {
      .name = "tmpdir",
      .type = SETTING_PATH,
      .variable = "UDOCKER_TMP",
      .offset = offsetof (struct config, tmpdir),
      .default_text = "",
      .help = N_ ("directory for temporary files"),
  },
  {
      .name = "cmd",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, cmd),
      .default_text = "bash -i",
      .help = N_ ("command when neither image nor user gives one"),
  },
  {
      .name = "root_path",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, root_path),
      .default_text = "/usr/sbin:/sbin:/usr/bin:/bin",
      .help = N_ ("PATH of the container's root"),
  },
  {
      .name = "user_path",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, user_path),
      .default_text = "/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin",
      .help = N_ ("PATH of the container's other users"),
  },
  {
      .name = "sysdirs_list",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, sysdirs_list),
      .default_text = "/dev /proc /sys /etc/resolv.conf /etc/host.conf "
                      "/lib/modules",
      .help = N_ ("host files that containers see"),
  },
  {
      .name = "dri_list",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, dri_list),
      .default_text = "/usr/lib64/dri /lib64/dri /usr/lib/dri /lib/dri",
      .help = N_ ("directories that run --dri adds"),
  },
  {
      .name = "mountpoint_prefixes",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, mountpoint_prefixes),
      .default_text = "/etc",
      .help = N_ ("R modes: where single files may be bound"),
  },
  {
      .name = "override_default_execution_mode",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_DEFAULT_EXECUTION_MODE",
      .offset = offsetof (struct config, override_default_execution_mode),
      .default_text = "",
      .help = N_ ("mode of containers that have none"),
  },
  {
      .name = "default_execution_modes",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, default_execution_modes),
      .default_text = "{'DEFAULT': 'P1'}",
      .help =
          N_ ("the same by the machine of the host, such as x86_64 or arm64;"
              " DEFAULT is all others"),
  },
  {
      .name = "default_execution_mode",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, default_execution_mode),
      .default_text = "",
      .help = N_ ("the same, after the one above"),
  },
  {
      .name = "proot_noseccomp",
      .type = SETTING_CHOICE,
      .offset = offsetof (struct config, proot_noseccomp),
      .default_text = "None",
      .help = N_ ("P modes: do without seccomp"),
  },
  {
      .name = "proot_killonexit",
      .type = SETTING_TRUTH,
      .offset = offsetof (struct config, proot_killonexit),
      .default_text = "True",
      .help = N_ ("P modes: end all processes when the first one ends"),
  },
  {
      .name = "proot_link2symlink",
      .type = SETTING_TRUTH,
      .offset = offsetof (struct config, proot_link2symlink),
      .default_text = "False",
      .help = N_ ("P modes: make copies where hard links are not possible"),
  },
  {
      .name = "proot_fakeowner",
      .type = SETTING_TRUTH,
      .offset = offsetof (struct config, proot_fakeowner),
      .default_text = "False",
      .help = N_ ("P and T modes: keep owners and modes that root sets, as "
                  "'run --fakeowner' does"),
  },
  {
      .name = "ld_so_cache",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, ld_so_cache),
      .default_text = "/etc/ld.so.cache",
      .help = N_ ("F modes: the library cache in the container"),
  },
  {
      .name = "fakechroot_so",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_FAKECHROOT_SO",
      .offset = offsetof (struct config, fakechroot_so),
      .default_text = "",
      .help = N_ ("F modes: preload library instead of ours"),
  },
  {
      .name = "fakechroot_expand_symlinks",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_FAKECHROOT_EXPAND_SYMLINKS",
      .offset = offsetof (struct config, fakechroot_expand_symlinks),
      .default_text = "",
      .help = N_ ("F modes: expand symbolic links"),
  },
  {
      .name = "fakechroot_libc",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_FAKECHROOT_LIBC",
      .offset = offsetof (struct config, fakechroot_libc),
      .default_text = "",
      .help = N_ ("F modes: the C library in the container"),
  },
  {
      .name = "fakechroot_cmd_subst",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_FAKECHROOT_CMD_SUBST",
      .offset = offsetof (struct config, fakechroot_cmd_subst),
      .default_text =
          "/sbin/ldconfig=#RETURN(TRUE)#:/usr/sbin/ldconfig=#RETURN(TRUE)#",
      .help = N_ ("F modes: programs to replace"),
  },
  {
      .name = "libc_search",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, libc_search),
      .default_text = "/usr/lib64/libc.so.[0-9] "
                      "/usr/lib/x86_64-linux-gnu/libc.so.[0-9] "
                      "/lib64/libc.so.[0-9] /usr/lib/libc.so.[0-9] "
                      "/lib/libc.so.[0-9] /usr/libc.so.[0-9] /libc.so.[0-9] "
                      "/libc.so",
      .help = N_ ("F modes: where the C library may be"),
  },
  {
      .name = "lib_dirs_list_nvidia",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, lib_dirs_list_nvidia),
      .default_text = "/usr/lib/x86_64-linux-gnu /usr/lib64",
      .help = N_ ("host directories with NVIDIA libraries"),
  },
  {
      .name = "lib_dirs_list_amd",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, lib_dirs_list_amd),
      .default_text = "",
      .help = N_ ("host directories with AMD libraries"),
  },
  {
      .name = "lib_dirs_list_intel",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, lib_dirs_list_intel),
      .default_text = "",
      .help = N_ ("host directories with Intel libraries"),
  },
  {
      .name = "lib_dirs_list_essential",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, lib_dirs_list_essential),
      .default_text = "/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib64 "
                      "/usr/lib64 /lib /usr/lib",
      .help = N_ ("F modes: library directories in the container"),
  },
  {
      .name = "lib_dirs_list_append",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, lib_dirs_list_append),
      .default_text = ".",
      .help = N_ ("F modes: library directories behind these"),
  },
  {
      .name = "access_files",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, access_files),
      .default_text =
          "/sys/class/infiniband /dev/open-mx /dev/myri0 /dev/myri1 "
          "/dev/myri2 /dev/myri3 /dev/myri4 /dev/myri5 /dev/myri6 "
          "/dev/myri7 /dev/myri8 /dev/myri9 /dev/ipath /dev/kgni0 "
          "/dev/mic/scif /dev/scif",
      .help = N_ ("F modes: files that are always said to be accessible"),
  },
  {
      .name = "use_proot_executable",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_USE_PROOT_EXECUTABLE",
      .offset = offsetof (struct config, use_proot_executable),
      .default_text = "UDOCKER",
      .help = N_ ("P modes: program instead of ours"),
  },
  {
      .name = "use_patchelf_executable",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_USE_PATCHELF_EXECUTABLE",
      .offset = offsetof (struct config, use_patchelf_executable),
      .default_text = "UDOCKER",
      .help = N_ ("F modes: program instead of ours"),
  },
  {
      .name = "use_runc_executable",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_USE_RUNC_EXECUTABLE",
      .offset = offsetof (struct config, use_runc_executable),
      .default_text = "",
      .help = N_ ("R modes: the runtime; empty to search PATH"),
  },
  {
      .name = "use_crun_executable",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_USE_CRUN_EXECUTABLE",
      .offset = offsetof (struct config, use_crun_executable),
      .default_text = "",
      .help = N_ ("R modes: a runtime that is tried before that one"),
  },
  {
      .name = "use_singularity_executable",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_USE_SINGULARITY_EXECUTABLE",
      .offset = offsetof (struct config, use_singularity_executable),
      .default_text = "",
      .help = N_ ("S modes: the program; empty to search PATH"),
  },
  {
      .name = "use_qemu_executable",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_USE_QEMU_EXECUTABLE",
      .offset = offsetof (struct config, use_qemu_executable),
      .default_text = "",
      .help = N_ ("containers of another machine: the program of qemu-user; "
                  "empty to search PATH"),
  },
  {
      .name = "runc_nomqueue",
      .type = SETTING_CHOICE,
      .offset = offsetof (struct config, runc_nomqueue),
      .default_text = "None",
      .help = N_ ("R modes: do without the mqueue file system"),
  },
  {
      .name = "runc_capabilities",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, runc_capabilities),
      .default_text =
          "CAP_KILL CAP_NET_BIND_SERVICE CAP_CHOWN CAP_DAC_OVERRIDE "
          "CAP_FOWNER CAP_FSETID CAP_SETGID CAP_SETUID CAP_SETPCAP "
          "CAP_NET_RAW CAP_SYS_CHROOT CAP_MKNOD CAP_AUDIT_WRITE "
          "CAP_SETFCAP",
      .help = N_ ("R modes: capabilities in the container"),
  },
  {
      .name = "runc_subids",
      .type = SETTING_TRUTH,
      .variable = "UDOCKER_RUNC_SUBIDS",
      .offset = offsetof (struct config, runc_subids),
      .default_text = "False",
      .help = N_ ("mode R1: root of the container has the ids of /etc/subuid, "
                  "too; what it gives them is not yours until 'setup "
                  "--fixperm'"),
  },
  {
      .name = "singularity_options",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, singularity_options),
      .default_text = "-w",
      .help = N_ ("S modes: more options"),
  },
  {
      .name = "valid_host_env",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, valid_host_env),
      .default_text = "TERM PATH PROOT_TMP_DIR",
      .help = N_ ("host variables that containers get"),
  },
  {
      .name = "invalid_host_env",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, invalid_host_env),
      .default_text = "VTE_VERSION",
      .help = N_ ("host variables that they never get"),
  },
  {
      .name = "launcher_host_env",
      .variable = "UDOCKER_LAUNCHER_HOST_ENV",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, launcher_host_env),
      .default_text =
          "PMI_* PMIX_* PMI2_* PRTE_* OMPI_* MPI_LOCAL* MPIR_* MPICH_* "
          "I_MPI_* HYDRA_* HYDI_* MV2_* MVP_* UCX_* FI_* PSM2_* PSM3_* "
          "SLINGSHOT_* PALS_* ALPS_* PBS_* FLUX_* SLURM_* SLURMD_* SRUN_* "
          "LSB_* JSM_* SGE_* PE_HOSTFILE NSLOTS NHOSTS JOB_ID OAR_* COBALT_* "
          "_CONDOR_* OMP_* KMP_* GOMP_* CUDA_VISIBLE_DEVICES "
          "NVIDIA_VISIBLE_DEVICES "
          "ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES GPU_DEVICE_ORDINAL "
          "ZE_AFFINITY_MASK",
      .help = N_ ("patterns of variables of batch systems and MPI launchers "
                  "that containers get"),
  },
  {
      .name = "launcher_host_dirs",
      .variable = "UDOCKER_LAUNCHER_HOST_DIRS",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, launcher_host_dirs),
      .default_text =
          "SLURM_TMPDIR PMIX_SERVER_TMPDIR OMPI_MCA_orte_top_session_dir",
      .help = N_ ("variables with a directory of a batch system or MPI "
                  "launcher, which containers see"),
  },
  {
      .name = "cpu_affinity_exec_tools",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, cpu_affinity_exec_tools),
      .default_text =
          "[['numactl', '-C', '%s', '--'], ['taskset', '-c', '%s']]",
  },
  {
      .name = "location",
      .type = SETTING_PATH,
      .offset = offsetof (struct config, location),
      .default_text = "",
      .help = N_ ("as run --location"),
  },
  {
      .name = "http_proxy",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, http_proxy),
      .default_text = "",
      .help = N_ ("proxy: socks5://USER:PASSWORD@HOST:PORT"),
  },
  {
      .name = "timeout",
      .type = SETTING_INTEGER,
      .offset = offsetof (struct config, timeout),
      .default_text = "12",
      .help = N_ ("seconds that a request may take"),
  },
  {
      .name = "download_timeout",
      .type = SETTING_INTEGER,
      .offset = offsetof (struct config, download_timeout),
      .default_text = "1800",
      .help = N_ ("seconds that a file may take"),
  },
  {
      .name = "ctimeout",
      .type = SETTING_INTEGER,
      .offset = offsetof (struct config, ctimeout),
      .default_text = "6",
      .help = N_ ("seconds that a connection may take"),
  },
  {
      .name = "http_agent",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, http_agent),
      .default_text = "",
      .help = N_ ("what the user agent is called"),
  },
  {
      .name = "http_insecure",
      .type = SETTING_TRUTH,
      .offset = offsetof (struct config, http_insecure),
      .default_text = "False",
      .help = N_ ("do not verify TLS peers"),
  },
  {
      .name = "use_curl_executable",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_USE_CURL_EXECUTABLE",
      .offset = offsetof (struct config, use_curl_executable),
      .default_text = "",
  },
  {
      .name = "dockerio_index_url",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_INDEX",
      .offset = offsetof (struct config, dockerio_index_url),
      .default_text = "https://hub.docker.com",
      .help = N_ ("where to search"),
  },
  {
      .name = "dockerio_registry_url",
      .type = SETTING_TEXT,
      .variable = "UDOCKER_REGISTRY",
      .offset = offsetof (struct config, dockerio_registry_url),
      .default_text = "https://registry-1.docker.io",
      .help = N_ ("where to pull from"),
  },
  {
      .name = "docker_registries",
      .type = SETTING_TEXT,
      .offset = offsetof (struct config, docker_registries),
      .default_text = "{'docker.io': ['https://registry-1.docker.io', "
                      "'https://hub.docker.com']}",
  },
  {
      .name = "insecure_registries",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, insecure_registries),
      .default_text = "",
      .help = N_ ("registries to speak plain HTTP with: HOST[:PORT]"),
  },
  {
      .name = "registry_mirrors",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, registry_mirrors),
      .default_text = "",
      .help = N_ ("mirrors to ask before a registry: REGISTRY=URL"),
  },
  {
      .name = "nvi_etc_list",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, nvi_etc_list),
      .default_text = "",
      .help = N_ ("more NVIDIA files below /etc"),
  },
  {
      .name = "nvi_bin_list",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, nvi_bin_list),
      .default_text = "",
      .help = N_ ("more NVIDIA programs"),
  },
  {
      .name = "nvi_lib_list",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, nvi_lib_list),
      .default_text = "",
      .help = N_ ("how the names of more NVIDIA libraries begin"),
  },
  {
      .name = "nvi_dev_list",
      .type = SETTING_LIST,
      .offset = offsetof (struct config, nvi_dev_list),
      .default_text = "/dev/nvidia",
      .help = N_ ("how NVIDIA devices begin"),
  },
  { .name = NULL },
};

const struct setting *
setting_find (const char *name)
{
  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    if (strcmp (setting->name, name) == 0)
      return setting;
  return NULL;
}

bool
setting_read_truth (const char *text, bool *value)
{
  static const struct
  {
    const char *text;
    bool value;
  } words[] = {
    { "true", true },   { "yes", true }, { "on", true },   { "1", true },
    { "false", false }, { "no", false }, { "off", false }, { "0", false },
  };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcasecmp (text, words[i].text) == 0)
      {
        *value = words[i].value;
        return true;
      }
  return false;
}
