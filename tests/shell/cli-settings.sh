# Settings: files, environment, command line.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

UDOCKER_NOSYSCONF=1
export UDOCKER_NOSYSCONF
unset TMPDIR

# setting NAME [WORD]...: the line about NAME that showconf prints.
setting ()
{
  setting_name=$1
  shift
  udocker "$@" showconf | grep "^$setting_name = "
}

run udocker showconf
is "status of showconf" "$status$stderr" 0
line=$(printf '%080d' 0 | tr 0 -)
is "it begins as users know it" "$(printf '%s\n' "$stdout" | head -n 2)" \
  "		Configuration options
$line"
is "and ends so" "$(printf '%s\n' "$stdout" | tail -n 1)" "$line"
not_ok "showconf makes no repository" test -e "$UDOCKER_DIR"

is "UDOCKER_DIR" "$(setting topdir)" "topdir = $UDOCKER_DIR"
is "what is derived from it" "$(setting layersdir)" \
  "layersdir = $UDOCKER_DIR/layers"
is "the keystore is below HOME" "$(setting keystore)" \
  "keystore = $HOME/.udocker/keystore"
is "without UDOCKER_DIR" "$(unset UDOCKER_DIR; setting topdir)" \
  "topdir = $HOME/.udocker"
is "a text" "$(setting tmpdir)" 'tmpdir = /tmp'
is "a list" "$(setting cmd)" "cmd = ['bash', '-i']"
is "a truth" "$(setting proot_killonexit)" 'proot_killonexit = True'
is "a choice" "$(setting runc_nomqueue)" 'runc_nomqueue = None'

mkdir "$HOME/.udocker" "$UDOCKER_DIR"
printf '[DEFAULT]\ntimeout = 1\nctimeout = 1\nhttp_agent = home\n' \
  > "$HOME/.udocker/udocker.conf"
is "udocker.conf below HOME" "$(setting timeout)" 'timeout = 1'
printf 'ctimeout = 2\nhttp_agent = top\n' > "$UDOCKER_DIR/udocker.conf"
is "TOPDIR/udocker.conf wins" "$(setting ctimeout)" 'ctimeout = 2'
is "and leaves the rest" "$(setting timeout)" 'timeout = 1'
echo 'http_agent = own' > own.conf
is "--config wins" "$(setting http_agent --config=own.conf)" \
  'http_agent = own'
is "UDOCKER_TMP" "$(UDOCKER_TMP=/var/tmp; export UDOCKER_TMP
  setting tmpdir)" 'tmpdir = /var/tmp'
is "TMPDIR" "$(TMPDIR=/var/tmp; export TMPDIR
  setting tmpdir)" 'tmpdir = /var/tmp'
is "--insecure" "$(setting http_insecure --insecure)" 'http_insecure = True'
is "-q" "$(setting verbose_level -q)" 'verbose_level = 1'
is "-D" "$(setting verbose_level -D 2> /dev/null)" 'verbose_level = 5'

# Every key and every variable that users of the Python tool may have set; the
# four that it does not know are marked by a plus sign.
keys='verbose_level homedir topdir bindir libdir docdir reposdir layersdir
containersdir tarball_release tarball installinfo installretry autoinstall
config keystore tmpdir cmd root_path user_path sysdirs_list dri_list
mountpoint_prefixes override_default_execution_mode default_execution_modes
+default_execution_mode proot_noseccomp proot_killonexit proot_link2symlink
+proot_fakeowner ld_so_cache fakechroot_so fakechroot_expand_symlinks fakechroot_libc
fakechroot_cmd_subst libc_search lib_dirs_list_nvidia +lib_dirs_list_amd
+lib_dirs_list_intel lib_dirs_list_essential
lib_dirs_list_append access_files use_proot_executable use_patchelf_executable
use_runc_executable use_crun_executable use_singularity_executable
use_qemu_executable runc_nomqueue runc_capabilities runc_subids
singularity_options valid_host_env invalid_host_env +launcher_host_env
+launcher_host_dirs
cpu_affinity_exec_tools
location http_proxy timeout download_timeout ctimeout http_agent http_insecure
use_curl_executable dockerio_index_url dockerio_registry_url docker_registries
+insecure_registries +registry_mirrors nvi_etc_list nvi_bin_list nvi_lib_list
nvi_dev_list'
printf '%s\n' "$keys" > keys
is "showconf shows all settings in the order that users know" \
  "$(udocker showconf | sed -n 's/ = .*//p' | tr '\n' ' ')" \
  "$(printf '%s ' $keys | tr -d +)"
while read -r variable key value; do
  is "$variable" "$(export "$variable=$value"; setting "$key")" \
    "$key = $value"
done << 'END'
UDOCKER_DIR topdir /x
UDOCKER_BIN bindir /x
UDOCKER_LIB libdir /x
UDOCKER_DOC docdir /x
UDOCKER_REPOS reposdir /x
UDOCKER_LAYERS layersdir /x
UDOCKER_CONTAINERS containersdir /x
UDOCKER_TMP tmpdir /x
UDOCKER_KEYSTORE keystore /x/y
UDOCKER_INDEX dockerio_index_url https://x
UDOCKER_REGISTRY dockerio_registry_url https://x
UDOCKER_TARBALL tarball https://x/y.tgz
UDOCKER_DEFAULT_EXECUTION_MODE override_default_execution_mode P2
UDOCKER_LOGLEVEL verbose_level 4
UDOCKER_USE_PROOT_EXECUTABLE use_proot_executable /x
UDOCKER_USE_RUNC_EXECUTABLE use_runc_executable /x
UDOCKER_USE_CRUN_EXECUTABLE use_crun_executable /x
UDOCKER_USE_SINGULARITY_EXECUTABLE use_singularity_executable /x
UDOCKER_USE_QEMU_EXECUTABLE use_qemu_executable /x
UDOCKER_USE_PATCHELF_EXECUTABLE use_patchelf_executable /x
UDOCKER_USE_CURL_EXECUTABLE use_curl_executable /x
UDOCKER_FAKECHROOT_SO fakechroot_so /x
UDOCKER_FAKECHROOT_LIBC fakechroot_libc /x
UDOCKER_FAKECHROOT_CMD_SUBST fakechroot_cmd_subst /a=/b
UDOCKER_FAKECHROOT_EXPAND_SYMLINKS fakechroot_expand_symlinks true
END
UDOCKER_TARBALL=x
export UDOCKER_TARBALL
run udocker -D showconf
is "what has no effect is said once, with -D" \
  "$(printf '%s\n' "$stderr" | grep -c "has no effect")" 1
unset UDOCKER_TARBALL
cat > old.conf << 'END'
[DEFAULT]
docker_registries = {'docker.io': ['a', 'b']}
autoinstall = False
tarball_release = 1.2.11
END
run udocker --config=old.conf showconf
is "settings of old files that mean nothing any more" "$status$stderr" 0
run udocker -D --config=old.conf showconf
is "  are told with -D" \
  "$(printf '%s\n' "$stderr" | grep -c "^Debug: old.conf: the setting '.*' has no effect$")" 3
if command -v python3 > /dev/null; then
  udocker showconf --format=json > conf.json
  is "showconf --format=json has all of them, with their types" \
    "$(python3 -c '
import json
conf = json.load(open("conf.json"))
print(sorted(conf) == sorted(open("keys").read().replace("+", "").split()),
      conf["cmd"], conf["timeout"], conf["proot_killonexit"],
      conf["runc_nomqueue"], conf["http_agent"])' \
      2>&1 < /dev/null)" "True ['bash', '-i'] 1 True None top"
fi

# Nothing comes from the current directory.
echo 'timeout = 99' > udocker.conf
echo 'timeout = 99' > u.conf
is "the current directory is not looked at" "$(setting timeout)" 'timeout = 1'

# What is wrong is said with its place.
run udocker --config="$work/none" showconf
is_error "--config of a missing file" 1 \
  "^Error: --config: cannot open '$work/none': No such file or directory\$"
run udocker --config="$work" showconf
is_error "--config of a directory" 1 "^Error: --config: .*'$work'"
echo 'timeout = soon' > own.conf
run udocker --config=own.conf showconf
is_error "a wrong type" 1 \
  "^Error: --config: own.conf:1: timeout must be a whole number, not 'soon'\$"
UDOCKER_LOGLEVEL=loud
export UDOCKER_LOGLEVEL
run udocker showconf
is_error "a wrong type in the environment" 1 \
  "^Error: UDOCKER_LOGLEVEL: verbose_level must be a whole number, not 'loud'\$"
unset UDOCKER_LOGLEVEL
printf '\ntopdri = /x\n' > own.conf
run udocker --config=own.conf showconf
is "an unknown key does no harm" "$status" 0
is "but is said" "$stderr" "Warning: own.conf:2: unknown setting 'topdri'"
run udocker -q --config=own.conf showconf
is "unless -q" "$stderr" ''
run env -u HOME -u UDOCKER_DIR udocker showconf
like "without HOME the password data base knows" "$status$stdout$stderr" \
  "^0|no home directory"

done_testing
