# cmake: a project of C and C++ that is configured, built with two jobs, tested
# and installed.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: cmake make gcc g++
# shellcheck shell=sh

mkdir source
cat > source/CMakeLists.txt << 'EOD'
cmake_minimum_required (VERSION 3.10)
project (claim C CXX)
include (CheckIncludeFile)
include (CheckFunctionExists)
check_include_file (unistd.h HAVE_UNISTD)
check_function_exists (no_such_function HAVE_NONE)
find_package (Threads REQUIRED)
message (STATUS "unistd ${HAVE_UNISTD} none ${HAVE_NONE}")
foreach (i RANGE 1 12)
  file (WRITE ${CMAKE_BINARY_DIR}/part${i}.c "int part${i} (void) { return ${i}; }")
  list (APPEND parts ${CMAKE_BINARY_DIR}/part${i}.c)
endforeach ()
add_library (parts SHARED ${parts})
add_executable (program main.cc)
target_link_libraries (program parts Threads::Threads)
enable_testing ()
add_test (NAME good COMMAND program 12)
add_test (NAME bad COMMAND program 13)
install (TARGETS program parts)
EOD
cat > source/main.cc << 'EOD'
#include <cstdlib>
#include <iostream>
#include <thread>
extern "C" int part12 ();
int
main (int count, char **list)
{
  int part = 0;
  std::thread ([&] { part = part12 (); }).join ();
  std::cout << "part " << part << std::endl;
  return count > 1 && atoi (list[1]) == part ? 0 : 1;
}
EOD
cmake -S source -B build 2>&1 | grep -v '(.*s)$'
cmake --build build -j2 > log 2>&1
echo "built $?"
grep -c 'Building C' log
build/program
(cd build && ctest 2>&1) | grep 'tests passed'
cmake --install build --prefix "$PWD/installed" | sort
LD_LIBRARY_PATH=installed/lib installed/bin/program 12
echo "status $?"
