/*
 * fail - linked into a tool instead of nothing: the allocation that CD4ML_TEST_FAIL_ALLOC counts to fails.
 *
 * Built with -Wl,--wrap for malloc and its kin (see tests/tests.mk), so that calls of our library and tools are
 * counted, not those inside of libc and other libraries. When it happens, a byte is written to descriptor 9:
 * the test then knows that the run was not simply good.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
int __real_posix_memalign(void **p, size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __wrap_posix_memalign(void **p, size_t align, size_t size);

static atomic_long n_calls;

static int must_fail(void)
{
	const char *text = getenv("CD4ML_TEST_FAIL_ALLOC");
	ssize_t ignored;

	if (!text || atomic_fetch_add(&n_calls, 1) + 1 != atol(text))
		return 0;
	ignored = write(9, "x", 1);
	(void)ignored;
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return must_fail() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return must_fail() ? NULL : __real_aligned_alloc(align, size);
}

int __wrap_posix_memalign(void **p, size_t align, size_t size)
{
	return must_fail() ? ENOMEM : __real_posix_memalign(p, align, size);
}
