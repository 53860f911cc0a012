# Rules of make syntax-check that are our own.   -*- makefile -*-
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

manual_title = Containers without privileges
url_dir_list = https://github.com/indigo-dc/udocker/releases
gnulib_dir = /usr/share/gnulib
VC_LIST_ALWAYS_EXCLUDE_REGEX = ^(COPYING|tests/fixtures/|po/.*\.po$$)

# gnulib's rules that are for other habits than ours.
local-checks-to-skip = \
  sc_GPL_version \
  sc_bindtextdomain \
  sc_cast_of_argument_to_free \
  sc_copyright_check \
  sc_error_message_uppercase \
  sc_immutable_NEWS \
  sc_prohibit_assert_without_use \
  sc_indent \
  sc_prohibit_gnu_make_extensions \
  sc_prohibit_magic_number_exit \
  sc_prohibit_strcmp \
  sc_prohibit_stat_st_blocks \
  sc_prohibit_test_minus_ao \
  sc_require_test_exit_idiom \
  sc_tight_scope \
  sc_two_space_separator_in_usage \
  sc_unportable_grep_q

# Comments name arguments in capitals: "to TO".
exclude_file_name_regexp--sc_prohibit_doubled_word = ^(lib/|proot-engine/|trap-engine/|tests/unit/|cfg\.mk)
exclude_file_name_regexp--sc_file_system = \
  ^tests/(registry|guest/claims/java)\.sh$$
# Rooms and programs without gnulib.
bare_files = ^(lib/(guest|load|owners|plan|elf|start)|preload|proot-engine|trap-engine|oci-engine|tests)/
exclude_file_name_regexp--sc_require_config_h = $(bare_files)
exclude_file_name_regexp--sc_require_config_h_first = $(bare_files)
exclude_file_name_regexp--sc_prohibit_atoi_atof = ^(tests|proot-engine)/
exclude_file_name_regexp--sc_prohibit_path_max_allocation = $(bare_files)
exclude_file_name_regexp--sc_prohibit_always_true_header_tests = ^
exclude_file_name_regexp--sc_prohibit_intprops_without_use = ^
exclude_file_name_regexp--sc_trailing_blank = \.patch$$|^tests/shell/create-
exclude_file_name_regexp--sc_prohibit_strncpy = ^tests/
exclude_file_name_regexp--sc_prohibit_dirent_without_use = ^(tests|proot-engine)/
exclude_file_name_regexp--sc_prohibit_signal_without_use = ^(tests|proot-engine)/
exclude_file_name_regexp--sc_prohibit_stddef_without_use = ^(tests|proot-engine)/
exclude_file_name_regexp--sc_prohibit_strings_without_use = ^tests/
exclude_file_name_regexp--sc_prohibit_xalloc_without_use = ^tests/

# Calls are written with a space.
_gl_translatable_string_re = \b(N?_|P_|n?gettext) *\([^)"]*("|$$)

# All C files of ours, tests excepted.
c_files = $$($(VC_LIST_EXCEPT) | $(GREP) '\.[ch]$$' | $(GREP) -v '^tests/')

# The arrows between rooms.
sc_layering:
	@LC_ALL=C $(AWK) -f build-aux/ud-layers $(c_files) || \
	  { echo '$(ME): an include goes against the arrows of HACKING' 1>&2; \
	    exit 1; }

# lib/guest, preload and the loader have no libc to lean on.
bare_headers = (stddef|stdint|stdbool|stdarg|stdnoreturn|limits|elf|linux/[a-z0-9_/]*|asm/[a-z0-9_]*)\.h
sc_bare_rooms:
	@bad=$$($(VC_LIST_EXCEPT) \
	    | $(GREP) -E '^(lib/guest|lib/load|preload|proot-engine/loader|trap-engine)/.*\.[chS]$$' \
	    | $(GREP) -v '^trap-engine/launcher/' \
	    | xargs -r $(GREP) -nE '^ *# *include *[<"]' /dev/null \
	    | $(GREP) -vE '[<"](lib/guest|lib/load|lib/plan|lib/elf|preload|proot-engine/loader|trap-engine)/[^>"]*[>"]' \
	    | $(GREP) -vE '<$(bare_headers)>'); \
	test -z "$$bad" || { echo "$$bad"; \
	  echo '$(ME): a bare room includes what it must not' 1>&2; exit 1; }
	@bad=$$($(VC_LIST_EXCEPT) \
	    | $(GREP) -E '^(lib/guest|lib/load|preload|proot-engine/loader|trap-engine)/.*\.[ch]$$' \
	    | $(GREP) -v '^trap-engine/launcher/' \
	    | xargs -r $(GREP) -nE \
	      '\<((malloc|calloc|realloc|free|printf|fprintf|snprintf|getenv|setlocale) *\(|errno *=)' \
	      /dev/null); \
	test -z "$$bad" || { echo "$$bad"; \
	  echo '$(ME): a bare room leans on libc' 1>&2; exit 1; }

# Calls that nobody needs.
sc_banned_calls:
	@bad=$$($(GREP) -nE \
	    '(^|[^a-z_0-9."-])(strcpy|stpcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|system|popen|alloca|gets|mktemp|tmpnam|tempnam) \(' \
	    $(c_files) | $(GREP) -vE ':[0-9]+: *(/?\*|   [A-Za-z])'); \
	test -z "$$bad" || { echo "$$bad"; \
	  echo '$(ME): do not use these calls' 1>&2; exit 1; }

# One way to fail: only src/main.c prints errors, through lib/base/log.c.  The
# engines are programs of their own.
sc_only_main_prints_errors:
	@bad=$$($(GREP) -nE '\<(perror|err|errx|warn|warnx|error) \(|[^"[:alnum:]_]stderr[^"[:alnum:]_]' \
	    $(c_files) | $(GREP) -E '^(src|lib)/' \
	    | $(GREP) -vE '^(src/main\.c|lib/base/log\.[ch]|lib/start/message\.c|src/[a-z]+/progress[a-z-]*\.[ch]):' \
	    | $(GREP) -vE ':[0-9]+: *(/?\*|   [A-Za-z])|/\* stderr-ok|; +/\*.*stderr'); \
	test -z "$$bad" || { echo "$$bad"; \
	  echo '$(ME): return an error instead; src/main.c prints it' 1>&2; \
	  exit 1; }
	@bad=$$($(GREP) -nE '\<log_error \(' $(c_files) \
	    | $(GREP) -vE '^(src/main\.c|src/cmd/[a-z-]*\.c|lib/base/log\.[ch]):'); \
	test -z "$$bad" || { echo "$$bad"; \
	  echo '$(ME): only main.c and commands with many operands say errors' \
	    1>&2; exit 1; }

# Descriptors are born close-on-exec.
sc_cloexec:
	@bad=$$($(GREP) -nE '\<(open|openat) \([^;]*O_(RDONLY|RDWR|WRONLY|PATH)[^;]*;' \
	    $(c_files) | $(GREP) -E '^(src|lib/base)/' | $(GREP) -vE 'CLOEXEC|flags'); \
	test -z "$$bad" || { echo "$$bad"; \
	  echo '$(ME): O_CLOEXEC is missing' 1>&2; exit 1; }

# Each file says its licence; rooms that are mapped into programs of other
# people are under the LGPL.
sc_licence:
	@for file in $$($(VC_LIST_EXCEPT) \
	    | $(GREP) -E '\.([chS]|sh|am|ac|m4|mk|exp)$$|bootstrap'); do \
	  case $$file in \
	    */local.mk | tests/lib/* | tests/config/*) continue ;; \
	    trap-engine/launcher/*) want=GPL-3.0-or-later ;; \
	    lib/guest/* | lib/load/* | lib/plan/* | preload/* \
	      | trap-engine/* | proot-engine/loader/*) want=LGPL-2.1-or-later ;; \
	    *) want=GPL-3.0-or-later ;; \
	  esac; \
	  head -n 5 $$file | $(GREP) -q "SPDX-License-Identifier: $$want" \
	    && head -n 8 $$file | $(GREP) -q 'Copyright (C) 20' \
	    || echo "$$file: $$want"; \
	done > sc-licence.tmp; \
	cat sc-licence.tmp; test ! -s sc-licence.tmp; status=$$?; \
	rm -f sc-licence.tmp; test $$status = 0 || \
	  { echo '$(ME): the licence is missing or another one' 1>&2; exit 1; }

# UDOCKER_<PATH>_H, for src with or without that word.
sc_header_guard:
	@status=0; for file in $$($(VC_LIST_EXCEPT) | $(GREP) '\.h$$'); do \
	  guard=$$(echo $${file#src/} | tr 'a-z/.-' 'A-Z___'); \
	  $(GREP) -qE "^#ifndef UDOCKER_(SRC_)?$$guard$$" $$file \
	    || { echo "$$file: no UDOCKER_$$guard"; status=1; }; \
	done; \
	test $$status = 0 || \
	  { echo '$(ME): a header guard is missing or has another name' 1>&2; \
	    exit 1; }

# Sources and tests that no local.mk names are never built.
sc_all_listed:
	@status=0; for file in $$($(VC_LIST_EXCEPT) | $(GREP) -E \
	    '^(lib|src|proot-engine|preload|trap-engine|oci-engine|tests/unit|tests/fuzz)/.*\.[chS]$$|^tests/(shell|guest)/.*\.sh$$'); do \
	  $(GREP) -qF $$file $$($(VC_LIST_EXCEPT) | $(GREP) 'local\.mk$$') \
	    || { echo "$$file"; status=1; }; \
	done; \
	test $$status = 0 || \
	  { echo '$(ME): no local.mk names these files' 1>&2; exit 1; }

# Write the files with translatable text to po/POTFILES.in.
update-potfiles:
	@{ echo '# Files with messages to translate.'; \
	   $(VC_LIST_EXCEPT) | $(GREP) -E '^(src|lib|proot-engine)/.*\.[ch]$$' \
	     | xargs perl -ne '/$(_gl_translatable_string_re)/ and $$s{$$ARGV}=1; END { print "$$_\n" for sort keys %s }'; \
	 } > po/POTFILES.in.new && mv po/POTFILES.in.new po/POTFILES.in
.PHONY: update-potfiles

# Tools that judge before people do.
lint: all
	@build-aux/ud-lint $(LINT_TOOLS)

# Formatting as .clang-format has it (clang-format 14).
format-check:
	@$(VC_LIST_EXCEPT) | $(GREP) '\.[ch]$$' \
	  | xargs clang-format --dry-run --Werror
.PHONY: lint format-check

# Nothing here has submodules.
submodule-checks =
gl_public_submodule_commit =
