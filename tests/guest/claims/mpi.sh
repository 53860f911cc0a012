# MPI: a program of two processes that talk to each other, by Open MPI and by
# MPICH.  They find each other through sockets and shared memory.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: mpicc.openmpi mpirun.openmpi mpicc.mpich mpirun.mpich gcc
# shellcheck shell=sh

cat > program.c << 'EOD'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main (int count, char **list)
{
  static int block[200000], other[200000];
  int rank, size, given, sum = 0;
  MPI_Init_thread (&count, &list, MPI_THREAD_SERIALIZED, &given);
  MPI_Comm_rank (MPI_COMM_WORLD, &rank);
  MPI_Comm_size (MPI_COMM_WORLD, &size);
  for (int i = 0; i < 500; i++)
    {
      int part = rank + i, all;
      MPI_Allreduce (&part, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      sum += all;
    }
  for (int i = 0; i < 200000; i++)
    block[i] = i + rank;
  MPI_Sendrecv (block, 200000, MPI_INT, 1 - rank, 1, other, 200000, MPI_INT,
                1 - rank, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_File file;
  MPI_File_open (MPI_COMM_WORLD, "shared", MPI_MODE_CREATE | MPI_MODE_RDWR,
                 MPI_INFO_NULL, &file);
  MPI_File_write_at_all (file, rank * (MPI_Offset) sizeof block, block, 200000,
                         MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_close (&file);
  printf ("rank %d of %d: sum %d, got %d\n", rank, size, sum, other[199999]);
  fflush (stdout);
  MPI_Barrier (MPI_COMM_WORLD);
  if (count > 1 && rank == 1)
    {
      sleep (1); /* launchers drop what they have not read by then */
      MPI_Abort (MPI_COMM_WORLD, 9);
    }
  MPI_Finalize ();
  return 0;
}
EOD
OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_ALLOW_RUN_AS_ROOT=1
OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 TMPDIR=$PWD
export OMPI_MCA_rmaps_base_oversubscribe OMPI_ALLOW_RUN_AS_ROOT \
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM TMPDIR
for way in openmpi mpich; do
  rm -f shared
  "mpicc.$way" -o "program.$way" program.c
  "mpirun.$way" -n 2 "./program.$way" > out 2> err
  echo "$way $?"
  sort out
  cksum shared
  "mpirun.$way" -n 2 "./program.$way" abort > out 2> err
  echo "$way $?"
  sort out | head -n 2
done
