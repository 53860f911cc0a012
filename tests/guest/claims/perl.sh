# Perl: files, processes, modules.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# needs: perl

perl -e '
use strict; use warnings; use Cwd; use File::Spec;
print getcwd(), " $0 $^X\n";
mkdir "dir" or die; open my $f, ">", "dir/file" or die; print $f "text\n";
close $f; print -s "dir/file", " ", -d "dir" ? 1 : 0, "\n";
symlink "dir/file", "soft" or die; print readlink "soft", "\n";
link "dir/file", "hard" or die; print +(stat "hard")[3], "\n";
rename "hard", "moved" or die; print join (" ", sort glob "*"), "\n";
open my $p, "-|", "echo piped; exit 3" or die; print <$p>; close $p;
print $? >> 8, "\n"; print `pwd`; system "exit 5"; print $? >> 8, "\n";
my $pid = fork; if (!$pid) { exec "sh", "-c", "exit 7"; }
waitpid $pid, 0; print $? >> 8, "\n";
print "missing: $!\n" unless open my $g, "<", "none";
chdir "dir" or die; print getcwd(), "\n"; chdir ".." or die;
opendir my $d, "/" or die; print scalar (grep { /^(usr|bin|etc)$/ } readdir $d), "\n";
unlink "soft", "moved", "dir/file"; rmdir "dir" or die; print "clean\n";
local $SIG{ALRM} = sub { print "alarm\n" }; alarm 1; select undef, undef, undef, 3;
'
echo "status $?"
perl -MPOSIX -e 'print ((POSIX::uname)[0], " ", POSIX::getcwd, "\n"); POSIX::_exit (4)'
echo "status $?"
perl -e 'kill 9, $$'; echo "status $?"
