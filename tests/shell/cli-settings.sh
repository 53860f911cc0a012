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
