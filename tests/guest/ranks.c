/* Processes of MPI that talk to each other.
   SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   usage: ranks [STATUS]

   With STATUS the last one ends with that.  */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int
main (int count, char **list)
{
  static int sent[300000], got[300000];
  int rank, size, sum = 0;
  MPI_Init (&count, &list);
  MPI_Comm_rank (MPI_COMM_WORLD, &rank);
  MPI_Comm_size (MPI_COMM_WORLD, &size);
  for (int i = 0; i < 200; i++)
    {
      int part = rank + i, all;
      MPI_Allreduce (&part, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      sum += all;
    }
  for (int i = 0; i < 300000; i++)
    sent[i] = i + rank;
  MPI_Sendrecv (sent, 300000, MPI_INT, (rank + 1) % size, 1, got, 300000,
                MPI_INT, (rank + size - 1) % size, 1, MPI_COMM_WORLD,
                MPI_STATUS_IGNORE);
  printf ("rank %d of %d: sum %d, got %d\n", rank, size, sum, got[299999]);
  fflush (stdout);
  MPI_Barrier (MPI_COMM_WORLD);
  MPI_Finalize ();
  return count > 1 && rank == size - 1 ? atoi (list[1]) : 0;
}
