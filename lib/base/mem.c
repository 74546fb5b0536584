#define _DEFAULT_SOURCE /* madvise */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 8 << 20, HUGE_PAGE = 2 << 20 };

void *mem_new(size_t size, struct err *e)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		err_nomem(e);
	return p;
}

void *mem_array(size_t n, size_t size, struct err *e)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		err_nomem(e);
	return p;
}

void *mem_array_raw(size_t n, size_t size, struct err *e)
{
	void *p = NULL;
	size_t bytes;

	if (!__builtin_mul_overflow(n, size, &bytes))
		p = malloc(bytes ? bytes : 1);
	if (!p)
		err_nomem(e);
	return p;
}

void *mem_aligned(size_t n, size_t size, struct err *e)
{
	void *p = NULL;
	size_t bytes, align = 64;

	if (__builtin_mul_overflow(n, size, &bytes))
		bytes = SIZE_MAX; /* more than there is */
	if (bytes >= LARGE)
		align = HUGE_PAGE;
	if (posix_memalign(&p, align, bytes ? bytes : 64)) {
		err_nomem(e);
		return NULL;
	}
#ifdef MADV_HUGEPAGE
	/* an offer that the system may decline */
	if (bytes >= LARGE)
		(void)madvise(p, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
	return p;
}

void *mem_huge(size_t size, struct err *e)
{
	const size_t page = (size_t)2 << 20;
	size_t whole = size / page * page;
	void *p = NULL;

	if (posix_memalign(&p, size < page ? 64 : page, size ? size : 1)) {
		err_nomem(e);
		return NULL;
	}
#ifdef MADV_HUGEPAGE
	if (whole)
		madvise(p, whole, MADV_HUGEPAGE); /* a wish: nothing depends on it */
#endif
	return p;
}

int mem_grow(void *pp, size_t *cap, size_t need, size_t size, struct err *e)
{
	void *old, *p;
	size_t n, bytes;

	if (need <= *cap)
		return 0;
	n = *cap < 8 ? 8 : *cap;
	while (n < need)
		if (__builtin_mul_overflow(n, 2, &n))
			return err_nomem(e);
	if (__builtin_mul_overflow(n, size, &bytes))
		return err_nomem(e);
	memcpy(&old, pp, sizeof(old)); /* *pp is some other pointer type: no aliasing games */
	p = realloc(old, bytes);
	if (!p)
		return err_nomem(e);
	memcpy(pp, &p, sizeof(p));
	*cap = n;
	return 0;
}

char *mem_dup_n(const char *s, size_t len, struct err *e)
{
	char *p = len < SIZE_MAX ? malloc(len + 1) : NULL;

	if (!p) {
		err_nomem(e);
		return NULL;
	}
	if (len)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *mem_dup(const char *s, struct err *e)
{
	return mem_dup_n(s, strlen(s), e);
}
