/* Built with MPI=1: see tree/comm.h. MPI's own errors end all processes, as its default is. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "tree/comm.h"

enum { AT_ONCE = 1 << 26 }; /* MPI counts in int */

static void sum(int64_t *v, size_t n)
{
	for (; n > 0; v += n < AT_ONCE ? n : AT_ONCE, n -= n < AT_ONCE ? n : AT_ONCE)
		MPI_Allreduce(MPI_IN_PLACE, v, n < AT_ONCE ? (int)n : AT_ONCE, MPI_INT64_T, MPI_SUM,
			MPI_COMM_WORLD);
}

static void sum_counts(uint32_t *v, size_t n)
{
	for (; n > 0; v += n < AT_ONCE ? n : AT_ONCE, n -= n < AT_ONCE ? n : AT_ONCE)
		MPI_Allreduce(MPI_IN_PLACE, v, n < AT_ONCE ? (int)n : AT_ONCE, MPI_UINT32_T,
			MPI_SUM, MPI_COMM_WORLD);
}

static void most(float *v, size_t n)
{
	MPI_Allreduce(MPI_IN_PLACE, v, (int)n, MPI_FLOAT, MPI_MAX, MPI_COMM_WORLD);
}

static void give(void *p, size_t len, int from)
{
	char *at = p;

	for (size_t done = 0; done < len; done += AT_ONCE)
		MPI_Bcast(at + done, len - done < AT_ONCE ? (int)(len - done) : AT_ONCE, MPI_BYTE,
			from, MPI_COMM_WORLD);
}

/** Each process gives its piece to all: pieces may be longer than what MPI can count. */
static void gather(const void *p, const size_t *lens, int size, void *all)
{
	char *at = all;
	int rank;

	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	for (int i = 0; i < size; i++) {
		if (i == rank && lens[i])
			memcpy(at, p, lens[i]);
		give(at, lens[i], i);
		at += lens[i];
	}
}

static void end(void)
{
	MPI_Finalize();
}

static const struct tree_comm_calls calls = { sum, sum_counts, most, gather, give, end };

struct tree_comm *tree_comm_start(void)
{
	static struct tree_comm c; /* there can be one only, as MPI itself */
	int provided;

	/* without mpirun there is nobody to meet, and MPI would take a tenth of a second to see it */
	if (!getenv("OMPI_COMM_WORLD_SIZE") && !getenv("PMI_SIZE"))
		return NULL;
	MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
	MPI_Comm_rank(MPI_COMM_WORLD, &c.rank);
	MPI_Comm_size(MPI_COMM_WORLD, &c.size);
	c.calls = &calls;
	if (c.size > 1)
		return &c;
	MPI_Finalize();
	return NULL;
}
