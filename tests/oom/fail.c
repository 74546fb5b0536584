/*
 * fail - linked into a tool instead of nothing: the allocation that CD4ML_TEST_FAIL_ALLOC counts to fails.
 *
 * Built with -Wl,--wrap for malloc and its kin (see tests/tests.mk), so that calls of our library and tools are
 * counted, not those inside of libc and other libraries. When it happens, a byte is written to descriptor 9:
 * the test then knows that the run was not simply good.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/wrap.h"

static atomic_long n_calls;

bool wrap_must_fail(void)
{
	const char *text = getenv("CD4ML_TEST_FAIL_ALLOC");
	ssize_t ignored;

	if (!text || atomic_fetch_add(&n_calls, 1) + 1 != atol(text))
		return false;
	ignored = write(9, "x", 1);
	(void)ignored;
	errno = ENOMEM;
	return true;
}
