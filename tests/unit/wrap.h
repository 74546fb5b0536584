/*
 * wrap - stands between our code and malloc with its kin: a program is linked with -Wl,--wrap for each (see
 * tests/tests.mk), so that calls of the library, tools and tests come here, not those inside of libc and other
 * libraries.
 */
#ifndef CD4ML_TESTS_WRAP_H
#define CD4ML_TESTS_WRAP_H

#include <stdbool.h>

/** The program's own: is this call to fail? Sets errno to ENOMEM then. Any thread. */
bool wrap_must_fail(void);

#endif
